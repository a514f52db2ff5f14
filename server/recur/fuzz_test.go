package recur

import (
	"testing"
	"time"

	"statuspage/shared/status"
)

// FuzzRule looks for a rule that breaks the library behind it, or keeps it busy: anybody who may plan maintenance writes one.
func FuzzRule(f *testing.F) {
	for _, rule := range []string{"FREQ=DAILY", "FREQ=MONTHLY;BYDAY=2TU", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=WEEKLY;INTERVAL=2;UNTIL=20270101T000000Z", "FREQ=YEARLY;BYYEARDAY=-366;WKST=SU;BYSETPOS=-1",
		"FREQ=DAILY;COUNT=99999999999", "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO", "FREQ=YEARLY;BYEASTER=1"} {
		f.Add(rule, "Europe/Berlin", "2026-03-28T02:30")
	}
	f.Fuzz(func(t *testing.T, text, zone, start string) {
		r := Rule{RRule: text, Zone: zone, Start: start}
		var c status.Checks
		if r.Check(&c); c.Err() != nil {
			return
		}
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		began, last := time.Now(), from
		times := r.After(from, from.AddDate(2, 0, 0), 10)
		if took := time.Since(began); took > 5*time.Second {
			t.Fatalf("%q takes %s", text, took)
		}
		if len(times) > 10 {
			t.Fatalf("%d times", len(times))
		}
		for _, at := range times {
			if !at.After(last) || at.After(from.AddDate(2, 0, 0)) {
				t.Fatalf("%q: %s behind %s", text, at, last)
			}
			last = at
		}
	})
}
