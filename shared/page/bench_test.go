package page_test

import (
	"strings"
	"testing"

	"statuspage/shared/page"
	"statuspage/shared/page/pagetest"
	"statuspage/shared/status"
)

// long is a page of n services and n incidents, with so many updates each.
func long(tb testing.TB, n, updates int, body string) page.State {
	tb.Helper()
	a := &pagetest.Author{Space: 1}
	s, at := a.Page(), pagetest.Start
	do := func(c page.Command) {
		at++
		events, err := page.Decide(s, c, at)
		if err != nil {
			tb.Fatal(err)
		}
		for i := range events {
			s = page.Evolve(s, &events[i])
		}
	}
	for range n {
		service, incident := a.ID(), a.ID()
		do(&page.CreateService{ID: service, Name: "API"})
		do(&page.OpenIncident{ID: incident, UpdateID: a.ID(), Title: "Down", Description: body, Service: &service,
			ToState: status.Major})
		for range updates {
			do(&page.UpdateIncident{ID: incident, UpdateID: a.ID(), Body: body})
		}
	}
	return s
}

// BenchmarkDecide measures a decision with what follows from it. What it costs depends on how many objects the page
// has, since lists are copied, and not on how long their timelines are.
func BenchmarkDecide(b *testing.B) {
	for _, c := range []struct {
		name       string
		n, updates int
		body       string
	}{{"small", 1, 1, "Down."}, {"objects", 90, 1, "Down."}, {"long", 90, 60, strings.Repeat("x", 300)}} {
		b.Run(c.name, func(b *testing.B) {
			s := long(b, c.n, c.updates, c.body)
			update := &page.UpdateIncident{ID: s.Incidents[0].ID, UpdateID: (&pagetest.Author{Space: 2}).ID(),
				Body: strings.Repeat("x", 300)}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := page.Decide(s, update, s.At+1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestADecisionTakesSoManyAllocations holds a decision, and the state that follows from it, to what they need: a number
// that grew is a copy that nobody asked for. A smaller one is written down here.
func TestADecisionTakesSoManyAllocations(t *testing.T) {
	s := long(t, 20, 5, "Down.")
	update := &page.UpdateIncident{ID: s.Incidents[0].ID, UpdateID: (&pagetest.Author{Space: 2}).ID(), Body: "We look."}
	var events []page.Event
	if n := testing.AllocsPerRun(200, func() {
		made, err := page.Decide(s, update, s.At+1)
		if err != nil {
			t.Fatal(err)
		}
		events = made
	}); n != decideAllocs {
		t.Errorf("a decision takes %g allocations, not %d", n, decideAllocs)
	}
	if n := testing.AllocsPerRun(200, func() { page.Evolve(s, &events[0]) }); n != evolveAllocs {
		t.Errorf("what follows from an event takes %g allocations, not %d", n, evolveAllocs)
	}
}

const decideAllocs, evolveAllocs = 17, 3
