package site

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

var run = regexp.MustCompile(`M(\d+)\.15 [\d.]+h(\d+)`)

// drawn reads a strip back: the kind of each of its days.
func drawn(t *testing.T, s strip) []string {
	t.Helper()
	days := make([]string, span)
	for _, path := range strings.Split(string(s.Bars()), "<path ")[1:] {
		class := strings.Split(path, `"`)[1]
		for _, m := range run.FindAllStringSubmatch(path, -1) {
			from, _ := strconv.Atoi(m[1])
			n, _ := strconv.Atoi(m[2])
			for i := from; i < from+n; i++ {
				if days[i] != "" {
					t.Fatalf("day %d is drawn twice", i)
				}
				days[i] = class
			}
		}
	}
	return days
}

func TestAStripDrawsEachDayOnceAsItWas(t *testing.T) {
	midnight := status.Time(today.DayNumber()) * day
	svc := &status.Service{Status: status.Operational, CreatedAt: midnight - 30*day + wire.Hour,
		Since: midnight - 30*day + wire.Hour}
	svc.Move(status.Partial, midnight-10*day+23*wire.Hour)
	svc.Move(status.Operational, midnight-9*day+wire.Hour)
	svc.Move(status.UnderMaintenance, midnight-5*day)
	svc.Move(status.Major, midnight-5*day+wire.Minute)
	svc.Move(status.Operational, midnight-5*day+3*wire.Minute)
	svc.Move(status.Degraded, midnight+wire.Hour)
	s := serviceStrip(svc, today, status.DefaultWeights)
	want := map[int]string{89: "b-degraded", 84: "b-major", 80: "b-partial", 79: "b-partial"}
	for i, got := range drawn(t, s) {
		w := want[i]
		if w == "" && i < 59 {
			w = "b-none"
		} else if w == "" {
			w = "b-operational"
		}
		if got != w {
			t.Errorf("day %d is %s, want %s", i, got, w)
		}
	}
	if s.Known != 31 || s.Blank() != 59 || s.Label() != "Trouble on 4 of 31 days" ||
		s.From() != wire.Date(today.DayNumber()-89) {
		t.Errorf("%d known, %d blank, %q", s.Known, s.Blank(), s.Label())
	}
	if what := s.Trouble[2].What; what != "Major Outage 2 minutes, Under Maintenance 1 minute" {
		t.Errorf("in words: %q", what)
	}
}

func TestAGroupShowsItsWorst(t *testing.T) {
	well := &status.Service{Status: status.Operational, CreatedAt: ago(24 * 100), Since: ago(24 * 100)}
	ill := &status.Service{Status: status.Major, CreatedAt: ago(24 * 2), Since: ago(24)}
	members := []row{{well, "", serviceStrip(well, today, status.DefaultWeights)},
		{ill, "", serviceStrip(ill, today, status.DefaultWeights)}}
	got := drawn(t, groupStrip(members, status.DefaultWeights))
	if got[0] != "b-operational" || got[87] != "b-operational" || got[88] != "b-major" || got[89] != "b-major" {
		t.Errorf("got %v", got)
	}
	if members[0].Strip.days[89].Worst != status.Operational {
		t.Error("the group changed its member's record")
	}
}

func TestANewServiceSaysSinceWhen(t *testing.T) {
	for hours, want := range map[float64]string{1: "Since today", 24 * 3: "Since 20 November 2026",
		24 * 200: "90 days ago"} {
		svc := &status.Service{Status: status.Operational, CreatedAt: ago(hours), Since: ago(hours)}
		if got := serviceStrip(svc, today, status.DefaultWeights).Start(); got != want {
			t.Errorf("%v hours: %q, want %q", hours, got, want)
		}
	}
}

func TestTheBannerHasTheColourOfTheWorst(t *testing.T) {
	state := trouble(t)
	_, body := open(t, nil, state).get(t, "/status/acme")
	if !strings.Contains(body, `id="banner" data-state="partial_outage"`) ||
		!strings.Contains(body, "<h1 id=\"words\">Minor Service Outage") {
		t.Error("a partial outage is told in another colour")
	}
	if _, body := open(t, nil, empty(t)).get(t, "/status/"+empty(t).Org.Slug); !strings.Contains(body,
		`id="banner" data-state="unknown"`) {
		t.Error("a page without services claims something")
	}
	svc := &state.Services[1] // Website: maintenance on the 3rd, an outage on the 7th
	days := serviceStrip(svc, today, status.DefaultWeights).Newest()
	if len(days) != 2 || days[0].Day < days[1].Day {
		t.Errorf("%+v", days)
	}
}
