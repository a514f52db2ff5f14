package wire

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestTimesAreWrittenAsPackageTimeWritesThem(t *testing.T) {
	for _, s := range []string{
		"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.001Z", "1999-12-31T23:59:59.999Z", "2000-02-29T12:00:00Z",
		"2023-02-28T23:59:59Z",
		"2024-02-29T00:00:00.5Z", "2024-03-01T00:00:00Z", "2100-02-28T23:59:59Z", "2100-03-01T00:00:00.01Z",
		"9999-12-31T23:59:59.999Z",
	} {
		want, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := ParseTime(s)
		if !ok || int64(got) != want.UnixMilli() {
			t.Errorf("%s is read as %d, %v, want %d", s, got, ok, want.UnixMilli())
		}
		if again, ok := ParseTime(got.String()); !ok || again != got {
			t.Errorf("%s is written %s and read back as %d, %v", s, got, again, ok)
		}
		if Date(got.DayNumber()) != want.Format(time.DateOnly) {
			t.Errorf("the day of %s is %s", s, Date(got.DayNumber()))
		}
	}
}

func TestTimesThatAreNone(t *testing.T) {
	for _, s := range []string{
		"", "2026", "2026-01-31", "2026-01-31T14:00:00", "2026-01-31 14:00:00Z", "2026-02-29T00:00:00Z",
		"2100-02-29T00:00:00Z",
		"2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-04-31T00:00:00Z",
		"2026-01-01T24:00:00Z",
		"2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00,5Z",
		"2026-01-01T00:00:00ZZ",
		"2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00+0100",
		"2026-01-01T00:00:00 01:00",
		"1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "+026-01-01T00:00:00Z",
		"2026-01-01T00:00:0xZ",
	} {
		if got, ok := ParseTime(s); ok {
			t.Errorf("%q is read as %s", s, got)
		}
	}
}

func TestEveryMomentIsWrittenAndReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := Time(rapid.Int64Range(0, int64(lastMoment)).Draw(t, "at"))
		want := time.UnixMilli(int64(at)).UTC()
		text := want.Format("2006-01-02T15:04:05")
		if ms := want.Nanosecond(); ms != 0 {
			text += want.Format(".000")
		}
		if at.String() != text+"Z" {
			t.Fatalf("%d is written %s, package time says %sZ", at, at, text)
		}
		if back, ok := ParseTime(at.String()); !ok || back != at {
			t.Fatalf("%s is read as %d, not %d", at, back, at)
		}
		if day := at.DayNumber(); day != want.Unix()/86_400 || Date(day) != want.Format(time.DateOnly) {
			t.Fatalf("the day of %s is %d, %s", at, day, Date(day))
		}
	})
}

func TestMomentsBeforeTheEpochAreCountedDownwards(t *testing.T) {
	for ms, want := range map[Time]int64{-1: -1, -Day: -1, -Day - 1: -2, 0: 0, Day - 1: 0, Day: 1} {
		if got := ms.DayNumber(); got != want {
			t.Errorf("day of %d is %d, want %d", ms, got, want)
		}
		if got := time.UnixMilli(int64(ms)).UTC().Format("2006-01-02T15:04:05"); !strings.HasPrefix(ms.String(), got) {
			t.Errorf("%d is written %s, want %s", ms, ms, got)
		}
	}
}

// rfc3339 is its section 5.6, which package time does not hold hours of one digit against.
var rfc3339 = regexp.MustCompile(`^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$`)

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2026-01-31T14:00:00Z", "2026-01-31t14:00:00.123456z", "2026-02-29T00:00:00+05:30",
		"1970-01-01T00:00:00-23:59", "9999-12-31T23:59:59.999Z", "2056-02-29T0:00:00+02:30"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := ParseTime(s)
		var want time.Time
		// RFC 3339 lets T and Z be small; package time does not.
		err := want.UnmarshalText([]byte(strings.ToUpper(s)))
		known := err == nil && rfc3339.MatchString(s) && want.Year() >= 1970 && Time(want.UnixMilli()).Valid()
		if ok != known || ok && int64(got) != want.UnixMilli() {
			t.Fatalf("%q: %d %v, package time: %s, %v", s, got, ok, want, err)
		}
	})
}

func TestIntegersAreWrittenAndReadBack(t *testing.T) {
	for n, s := range map[int64]string{0: "0", -1: "-1", 1234567890: "1234567890",
		-9223372036854775808: "-9223372036854775808", 9223372036854775807: "9223372036854775807"} {
		if got := Itoa(n); got != s {
			t.Errorf("%d is written %s", n, got)
		}
	}
	for s, want := range map[string]int64{"0": 0, "-0": 0, "-17": -17, "999999999999999999": 999999999999999999} {
		if n, ok := Atoi(s); !ok || n != want {
			t.Errorf("%q is read as %d, %v", s, n, ok)
		}
	}
	for _, s := range []string{"", "-", "+1", "1.0", "1e3", "x", "1000000000000000000", "--1"} {
		if n, ok := Atoi(s); ok {
			t.Errorf("%q is read as %d", s, n)
		}
	}
}
