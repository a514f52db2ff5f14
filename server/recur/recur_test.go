package recur

import (
	"strings"
	"testing"
	"time"

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
		{"weekly into summer time", "FREQ=WEEKLY;BYDAY=SU", "Europe/Berlin", "2026-03-15T22:00", "2026-03-01T00:00:00Z", "03-15T21:00Z 03-22T21:00Z 03-29T20:00Z 04-05T20:00Z"},
		{"weekly out of summer time", "FREQ=WEEKLY;BYDAY=SU", "Europe/Berlin", "2026-10-18T22:00", "2026-10-01T00:00:00Z", "10-18T20:00Z 10-25T21:00Z 11-01T21:00Z 11-08T21:00Z"},
		{"a time that the clock jumps over", "FREQ=DAILY", "Europe/Berlin", "2026-03-28T02:30", "2026-03-01T00:00:00Z", "03-28T01:30Z 03-29T01:30Z 03-30T00:30Z 03-31T00:30Z"},
		{"a time that comes twice", "FREQ=DAILY", "Europe/Berlin", "2026-10-24T02:30", "2026-10-01T00:00:00Z", "10-24T00:30Z 10-25T00:30Z 10-26T01:30Z 10-27T01:30Z"},
		{"the second Tuesday in New York", "FREQ=MONTHLY;BYDAY=2TU", "America/New_York", "2026-02-01T20:00", "2026-01-01T00:00:00Z", "02-11T01:00Z 03-11T00:00Z 04-15T00:00Z 05-13T00:00Z"},
		{"south of the equator", "RRULE:FREQ=DAILY;INTERVAL=2", "Australia/Sydney", "2026-10-02T09:00", "2026-10-01T00:00:00Z", "10-01T23:00Z 10-03T22:00Z 10-05T22:00Z 10-07T22:00Z"},
		{"an end", "FREQ=DAILY;COUNT=2", "UTC", "2026-01-31T00:00", "2026-01-01T00:00:00Z", "01-31T00:00Z 02-01T00:00Z"},
		{"behind a moment", "FREQ=YEARLY", "UTC", "2020-02-29T12:00", "2024-02-29T12:00:00Z", "02-29T12:00Z"},
	} {
		if got := times(t, Rule{RRule: c.rule, Zone: c.zone, Start: c.start}, c.after, "2030-01-01T00:00:00Z", 4); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
	if got := times(t, Rule{RRule: "FREQ=DAILY", Zone: "UTC", Start: "2026-01-01T00:00"}, "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z", 9); got != "01-02T00:00Z 01-03T00:00Z" {
		t.Errorf("up to a horizon: %s", got)
	}
}

func TestARuleThatNobodyCouldKeepIsRefused(t *testing.T) {
	good := Rule{RRule: "FREQ=DAILY", Zone: "Europe/Paris", Start: "2026-01-31T22:00"}
	for field, change := range map[string][]func(*Rule){
		"rrule": {
			func(r *Rule) { r.RRule = "" }, func(r *Rule) { r.RRule = "every day" }, func(r *Rule) { r.RRule = "FREQ=HOURLY" },
			func(r *Rule) { r.RRule = "FREQ=SECONDLY" }, func(r *Rule) { r.RRule = "FREQ=DAILY;BYHOUR=3" }, func(r *Rule) { r.RRule = "FREQ=DAILY;BYMONTH=99" },
			func(r *Rule) { r.RRule = "FREQ=DAILY;INTERVAL=-1" }, func(r *Rule) { r.RRule = "FREQ=DAILY\nDTSTART:20200101T000000Z" },
			func(r *Rule) { r.RRule = "FREQ=YEARLY;BYEASTER=0" },
		},
		"time_zone": {func(r *Rule) { r.Zone = "Mars/Olympus" }, func(r *Rule) { r.Zone = "" }, func(r *Rule) { r.Zone = "Local" }, func(r *Rule) { r.Zone = "../etc/passwd" }},
		"starts_at": {func(r *Rule) { r.Start = "0000-01-01T00:00" }, func(r *Rule) { r.Start = "2026-01-31T22:00:00Z" }, func(r *Rule) { r.Start = "2026-02-30T22:00" }, func(r *Rule) { r.Start = "" }},
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
	r := Rule{RRule: "FREQ=DAILY", Zone: "UTC", Start: "2026-01-01T00:00"} // it was never checked: there is nothing to iterate
	if got := r.After(time.Now(), time.Now().AddDate(1, 0, 0), 3); got != nil {
		t.Errorf("got %v", got)
	}
}
