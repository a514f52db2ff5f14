package recurrence

import (
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"

	"statuspage/shared/status"
)

func times(t *testing.T, r Rule, after, until string, n int) string {
	t.Helper()
	var c status.Checks
	if r.Check(&c); c.Err() != nil {
		t.Fatalf("%+v: %v", r, c.Err())
	}
	from, err := time.Parse(time.RFC3339, after)
	if err != nil {
		t.Fatal(err)
	}
	to, err := time.Parse(time.RFC3339, until)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, at := range r.After(from, to, n) {
		out = append(out, at.Format("01-02T15:04Z"))
	}
	return strings.Join(out, " ")
}

func TestTimesStayWhereTheClockOfThePlaceSaysOverChangesOfIt(t *testing.T) {
	for _, c := range []struct{ what, rule, zone, start, after, want string }{
		{"weekly into summer time", "FREQ=WEEKLY;BYDAY=SU", "Europe/Berlin", "2026-03-15T22:00", "2026-03-01T00:00:00Z",
			"03-15T21:00Z 03-22T21:00Z 03-29T20:00Z 04-05T20:00Z"},
		{"weekly out of summer time", "FREQ=WEEKLY;BYDAY=SU", "Europe/Berlin", "2026-10-18T22:00",
			"2026-10-01T00:00:00Z", "10-18T20:00Z 10-25T21:00Z 11-01T21:00Z 11-08T21:00Z"},
		{"a time that the clock jumps over", "FREQ=DAILY", "Europe/Berlin", "2026-03-28T02:30", "2026-03-01T00:00:00Z",
			"03-28T01:30Z 03-29T01:30Z 03-30T00:30Z 03-31T00:30Z"},
		{"a time that comes twice", "FREQ=DAILY", "Europe/Berlin", "2026-10-24T02:30", "2026-10-01T00:00:00Z",
			"10-24T00:30Z 10-25T00:30Z 10-26T01:30Z 10-27T01:30Z"},
		{"the second Tuesday in New York", "FREQ=MONTHLY;BYDAY=2TU", "America/New_York", "2026-02-01T20:00",
			"2026-01-01T00:00:00Z", "02-11T01:00Z 03-11T00:00Z 04-15T00:00Z 05-13T00:00Z"},
		{"south of the equator", "RRULE:FREQ=DAILY;INTERVAL=2", "Australia/Sydney", "2026-10-02T09:00",
			"2026-10-01T00:00:00Z", "10-01T23:00Z 10-03T22:00Z 10-05T22:00Z 10-07T22:00Z"},
		{"an end", "FREQ=DAILY;COUNT=2", "UTC", "2026-01-31T00:00", "2026-01-01T00:00:00Z",
			"01-31T00:00Z 02-01T00:00Z"},
		{"behind a moment", "FREQ=YEARLY", "UTC", "2020-02-29T12:00", "2024-02-29T12:00:00Z", "02-29T12:00Z"},
	} {
		if got := times(t, Rule{RRule: c.rule, Zone: c.zone, Start: c.start}, c.after, "2030-01-01T00:00:00Z",
			4); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
	if got := times(t, Rule{RRule: "FREQ=DAILY", Zone: "UTC", Start: "2026-01-01T00:00"}, "2026-01-01T00:00:00Z",
		"2026-01-03T00:00:00Z", 9); got != "01-02T00:00Z 01-03T00:00Z" {
		t.Errorf("up to a horizon: %s", got)
	}
}

func TestARuleThatNobodyCouldKeepIsRefused(t *testing.T) {
	good := Rule{RRule: "FREQ=DAILY", Zone: "Europe/Paris", Start: "2026-01-31T22:00"}
	for field, change := range map[string][]func(*Rule){
		"rrule": {
			func(r *Rule) { r.RRule = "" }, func(r *Rule) { r.RRule = "every day" },
			func(r *Rule) { r.RRule = "FREQ=HOURLY" },
			func(r *Rule) { r.RRule = "FREQ=SECONDLY" }, func(r *Rule) { r.RRule = "FREQ=DAILY;BYHOUR=3" },
			func(r *Rule) { r.RRule = "FREQ=DAILY;BYMONTH=99" },
			func(r *Rule) { r.RRule = "FREQ=DAILY;INTERVAL=-1" },
			func(r *Rule) { r.RRule = "FREQ=DAILY\nDTSTART:20200101T000000Z" },
			func(r *Rule) { r.RRule = "FREQ=YEARLY;BYEASTER=0" },
		},
		"time_zone": {func(r *Rule) { r.Zone = "Mars/Olympus" }, func(r *Rule) { r.Zone = "" },
			func(r *Rule) { r.Zone = "Local" }, func(r *Rule) { r.Zone = "../etc/passwd" }},
		"starts_at": {func(r *Rule) { r.Start = "0000-01-01T00:00" },
			func(r *Rule) { r.Start = "2026-01-31T22:00:00Z" }, func(r *Rule) { r.Start = "2026-02-30T22:00" },
			func(r *Rule) { r.Start = "" }},
	} {
		for i, f := range change {
			r := good
			f(&r)
			var c status.Checks
			r.Check(&c)
			if err := c.Err(); err == nil || err.Fields[0].Name != field {
				t.Errorf("%s %d, %+v: %v", field, i, r, err)
			}
		}
	}
}

func TestARuleThatBreaksItsReaderEndsThere(t *testing.T) {
	// it was never checked: there is nothing to iterate
	r := Rule{RRule: "FREQ=DAILY", Zone: "UTC", Start: "2026-01-01T00:00"}
	if got := r.After(time.Now(), time.Now().AddDate(1, 0, 0), 3); got != nil {
		t.Errorf("got %v", got)
	}
}

// maxDays is how many days a rule may be looked at for: those of its years, in the first and the last whole.
const maxDays = 366 * (maxYears + 2)

func TestARuleThatNobodyCanKeepIsRefusedInNoTime(t *testing.T) {
	for rule, word := range map[string]string{
		"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30":               "no day", // 42 s in the library
		"FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30":                "no day",
		"FREQ=DAILY;BYMONTH=4,6,9,11;BYMONTHDAY=31":         "no day",
		"FREQ=DAILY;INTERVAL=7;BYDAY=MO":                    "no day", // it starts on a Thursday
		"FREQ=MONTHLY;INTERVAL=12;BYMONTH=2":                "no day", // it starts in January
		"FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6":                  "no day",
		"FREQ=YEARLY;BYWEEKNO=20;BYMONTH=1":                 "no day",
		"FREQ=DAILY;INTERVAL=0":                             "INTERVAL",
		"FREQ=DAILY;COUNT=0":                                "COUNT",
		"FREQ=DAILY;COUNT=-3":                               "COUNT",
		"FREQ=DAILY;COUNT=3;UNTIL=20300101T000000Z":         "not both",
		"FREQ=DAILY;FREQ=WEEKLY":                            "once",
		"FREQ=DAILY;DTSTART=20200101T000000Z":               "RFC 5545",
		"FREQ=MONTHLY;BYDAY=53MO":                           "BYDAY", // a panic in the library
		"FREQ=MONTHLY;BYDAY=-6MO":                           "BYDAY",
		"FREQ=YEARLY;BYMONTH=3;BYDAY=6MO":                   "BYDAY",
		"FREQ=YEARLY;BYDAY=0MO":                             "1 or more",
		"FREQ=WEEKLY;BYDAY=2MO":                             "goes with",
		"FREQ=DAILY;BYDAY=-1MO":                             "goes with",
		"FREQ=YEARLY;BYWEEKNO=3;BYDAY=1MO":                  "goes with",
		"FREQ=WEEKLY;BYMONTHDAY=3":                          "BYMONTHDAY",
		"FREQ=MONTHLY;BYYEARDAY=3":                          "BYYEARDAY",
		"FREQ=DAILY;BYWEEKNO=3":                             "BYWEEKNO",
		"FREQ=DAILY;BYSETPOS=1":                             "BYSETPOS",
		"FREQ=WEEKLY;WKST=2MO":                              "WKST",
		"FREQ=DAILY;BYMONTHDAY=0":                           "RFC 5545",
		"FREQ=DAILY;BYDAY=" + strings.Repeat("MO,", 200000): "RFC 5545",
	} {
		r := Rule{RRule: rule, Zone: "UTC", Start: "2026-01-01T10:00"}
		var c status.Checks
		r.Check(&c)
		if err := c.Err(); err == nil || err.Fields[0].Name != "rrule" || !strings.Contains(err.Message, word) {
			t.Errorf("%.60s: %v", rule, err)
		}
	}
}

// What was taken once is followed, at the same price.
func TestAStoredRuleThatWouldBeRefusedNowIsStillFollowed(t *testing.T) {
	for rule, n := range map[string]int{"FREQ=DAILY;INTERVAL=0": 3, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30": 0,
		"FREQ=MONTHLY;BYDAY=53MO": 0, "FREQ=YEARLY;BYDAY=53MO": 3} {
		r := Rule{RRule: rule, Zone: "UTC", Start: "2026-01-01T10:00"}
		var c status.Checks
		if r.Read(&c); c.Err() != nil {
			t.Fatalf("%s: %v", rule, c.Err())
		}
		if got := r.After(time.Time{}, time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC), 3); len(got) != n {
			t.Errorf("%s: %v", rule, got)
		}
	}
}

// The library that reads the rules also follows them. Where it is right and ends, both name the same days.
func TestDaysAreThoseOfTheLibrary(t *testing.T) {
	for _, rule := range []string{
		"FREQ=DAILY", "FREQ=DAILY;INTERVAL=10;COUNT=5", "FREQ=DAILY;BYMONTH=1;BYDAY=MO,FR", "FREQ=DAILY;BYMONTHDAY=-1",
		"FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=TU,SU", "FREQ=WEEKLY;INTERVAL=2;WKST=MO;BYDAY=TU,SU",
		"FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=-1",
		"FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1,2;WKST=WE", "FREQ=WEEKLY;INTERVAL=3;BYMONTH=1,7",
		"FREQ=MONTHLY", "FREQ=MONTHLY;BYDAY=2TU", "FREQ=MONTHLY;BYDAY=-1FR",
		"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR",
		"FREQ=MONTHLY;BYMONTHDAY=31", "FREQ=MONTHLY;INTERVAL=18;BYMONTHDAY=10,-2,15", "FREQ=MONTHLY;BYDAY=5WE",
		"FREQ=MONTHLY;BYSETPOS=3,-1;BYDAY=SA,SU",
		"FREQ=YEARLY", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=YEARLY;BYDAY=20MO",
		"FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3,10", "FREQ=YEARLY;BYYEARDAY=1,100,-1",
		"FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", "FREQ=YEARLY;BYWEEKNO=20,53,-1;WKST=SU",
		"FREQ=YEARLY;BYMONTH=1,2;BYDAY=TU;BYSETPOS=1,-1",
		"FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYMONTHDAY=2,3,4,5,6,7,8;BYDAY=TU",
	} {
		for _, start := range []string{"2026-01-01T10:00", "2024-02-29T23:30", "2027-12-31T00:00", "2025-08-03T12:00"} {
			r := Rule{RRule: rule, Zone: "UTC", Start: start}
			var c status.Checks
			if r.Read(&c); c.Err() != nil {
				t.Fatalf("%s: %v", rule, c.Err())
			}
			theirs, err := rrule.NewRRule(*r.option)
			if err != nil {
				t.Fatal(err)
			}
			next, ours := theirs.Iterator(), daysOf(r.option)
			for i := range 300 {
				want, more := next()
				got, also := ours.next()
				if more != also || more && !got.Equal(want) {
					t.Fatalf("%s from %s: number %d is %v %v, want %v %v", rule, start, i, got, also, want, more)
				}
				if !more {
					break
				}
			}
		}
	}
}
