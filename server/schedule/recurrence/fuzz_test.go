package recurrence

import (
	"testing"
	"time"

	"statuspage/shared/status"
)

// FuzzRule holds what a rule costs, in days that are looked at: anybody who may plan maintenance writes one. Nothing
// breaks, no day is looked at twice, and times ascend.
func FuzzRule(f *testing.F) {
	for _, rule := range []string{"FREQ=DAILY", "FREQ=MONTHLY;BYDAY=2TU", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
		"FREQ=WEEKLY;INTERVAL=2;UNTIL=20270101T000000Z", "FREQ=YEARLY;BYYEARDAY=-366;WKST=SU;BYSETPOS=-1",
		"FREQ=DAILY;COUNT=99999999999", "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO", "FREQ=YEARLY;BYEASTER=1",
		"FREQ=MONTHLY;BYDAY=53MO", "FREQ=YEARLY;BYDAY=53MO,-53SU;BYSETPOS=-366",
		"FREQ=DAILY;INTERVAL=999999999999", "FREQ=WEEKLY;INTERVAL=0;WKST=SU;BYDAY=SU",
		"FREQ=YEARLY;BYWEEKNO=-53,53,1"} {
		f.Add(rule, "Europe/Berlin", "2026-03-28T02:30")
	}
	f.Add("FREQ=DAILY", "UTC", "2100-12-31T23:59")
	f.Fuzz(func(t *testing.T, text, zone, start string) {
		r := Rule{RRule: text, Zone: zone, Start: start}
		var strict, c status.Checks
		r.Check(&strict)
		if r.Read(&c); c.Err() != nil {
			return
		}
		n, looked := walk(t, &r)
		if looked > maxDays {
			t.Errorf("%q: %d days were looked at", text, looked)
		}
		if strict.Err() == nil && n == 0 && r.until.After(r.option.Dtstart.AddDate(maxYears, 0, 0)) {
			t.Errorf("%q is taken and never comes", text)
		}
		last := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		until := last.AddDate(2, 0, 0)
		times := r.After(last, until, 10)
		if len(times) > 10 {
			t.Fatalf("%d times", len(times))
		}
		for _, at := range times {
			if !at.After(last) || at.After(until) {
				t.Fatalf("%q: %s behind %s", text, at, last)
			}
			last = at
		}
	})
}

// walk follows a rule to its end: how many times it has, and how many days were looked at for them.
func walk(t *testing.T, r *Rule) (n, looked int) {
	days := daysOf(r.option)
	for last := (time.Time{}); ; n++ {
		wall, more := days.next()
		if !more {
			return n, days.looked
		}
		if !wall.After(last) || wall.Before(r.option.Dtstart) {
			t.Fatalf("%q: %v behind %v", r.RRule, wall, last)
		}
		last = wall
	}
}
