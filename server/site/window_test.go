package site

import (
	"strings"
	"testing"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

func TestAWindowSaysHowLongAndHowSoon(t *testing.T) {
	s, services := company(t)
	soon := s.plan(ago(5), today+3*day+wire.Hour, today+3*day+3*wire.Hour, "Soon", "", services["API"])
	st := open(t, nil, s.state)
	for _, path := range []string{"/status/acme", "/status/acme/incidents/" + soon} {
		_, body := st.get(t, path)
		for _, words := range []string{">2 hours · begins ", ">in 3 days</time>",
			`href="/status/acme/calendar.ics?window=` + soon + `"`} {
			if !strings.Contains(body, words) {
				t.Errorf("%s: no %q", path, words)
			}
		}
	}
	v := windowView{Maintenance: &status.Maintenance{Status: status.InProgress, ScheduledFor: today - wire.Hour,
		ScheduledUntil: today + 90*wire.Minute}, now: today}
	if got := string(v.Soon()); !strings.HasPrefix(got, "ends ") || !strings.Contains(got, ">in 1 hour<") {
		t.Errorf("%q", got)
	}
	if v.now = v.ScheduledUntil; v.Soon() != "" {
		t.Error("one that is late has an end in the future")
	}
}
