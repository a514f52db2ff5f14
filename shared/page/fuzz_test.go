package page_test

import (
	"testing"

	"pgregory.net/rapid"

	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/page/pagetest"
	"statuspage/shared/wire"
)

// FuzzDecide tells stories that coverage chooses.
func FuzzDecide(f *testing.F) {
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) {
		story(t, func(before page.State, c page.Command, events []page.Event, err *fault.Error, after page.State) {
			if err != nil && len(events) > 0 || after.Seq != before.Seq+int64(len(events)) {
				t.Fatalf("%s: %v with %d events, from %d to %d", c.Kind(), err, len(events), before.Seq, after.Seq)
			}
			wellFormed(t, &after)
		})
	}))
}

// FuzzCommand: whatever is accepted as a command is decided or refused, and means the same when it is kept and read
// again.
func FuzzCommand(f *testing.F) {
	a := &pagetest.Author{}
	base, id := withService(f, a)
	const now = pagetest.Start + wire.Hour
	for _, c := range []page.Command{
		&page.CreateService{ID: a.ID(), Name: "x"}, &page.EditService{ID: id, Status: ptr("major_outage")},
		&page.OpenIncident{ID: a.ID(), UpdateID: a.ID(), Title: "x", Service: &id, ToState: "major_outage"},
		&page.OpenIncident{ID: a.ID(), UpdateID: a.ID(), Title: "x",
			Services: []page.Move{{ID: id, To: "partial_outage"}}},
		&page.PlanMaintenance{ID: a.ID(), Title: "x", Services: []string{id}, ScheduledFor: now, ScheduledUntil: now +
			wire.Hour},
		&page.EditPage{Accent: ptr("#0a66c2"), TimeZone: ptr("Europe/Paris")},
	} {
		f.Add(page.MarshalCommand(c))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		c, err := page.UnmarshalCommand(in)
		if err != nil {
			return
		}
		kept, err := page.UnmarshalCommand(page.MarshalCommand(c))
		if err != nil {
			t.Fatalf("%q is accepted, and refused when it was kept: %v", in, err)
		}
		one, bad := page.Decide(base, c, now)
		two, bad2 := page.Decide(base, kept, now)
		if (bad == nil) != (bad2 == nil) || bad != nil && bad.Message != bad2.Message || len(one) != len(two) {
			t.Fatalf("%q: %v %v, when it was kept %v %v", in, one, bad, two, bad2)
		}
		s := base
		for i := range one {
			if string(wire.Marshal(&one[i])) != string(wire.Marshal(&two[i])) {
				t.Fatalf("%q: events differ", in)
			}
			s = page.Evolve(s, &one[i])
		}
		if s.Seq != base.Seq+int64(len(one)) {
			t.Fatalf("%q: seq %d after %d events on %d", in, s.Seq, len(one), base.Seq)
		}
	})
}

// FuzzFrame: what is taken for an event is about something, and is the same event when it is sent again.
func FuzzFrame(f *testing.F) {
	a := &pagetest.Author{}
	base, id := withService(f, a)
	events, _ := page.Decide(base, &page.OpenIncident{ID: a.ID(), UpdateID: a.ID(), Title: "x", Service: &id,
		ToState: "major_outage"}, pagetest.Start)
	for i := range events {
		f.Add(events[i].Frame())
	}
	birth := a.Birth()
	f.Add(birth.Frame())
	f.Fuzz(func(t *testing.T, in []byte) {
		e, err := page.FromFrame(in)
		if err != nil {
			return
		}
		if e.FrameType() == "" {
			t.Fatalf("%q is read as an event of no known type", in)
		}
		again, err := page.FromFrame(e.Frame())
		if err != nil || string(again.Frame()) != string(e.Frame()) {
			t.Fatalf("%q is sent on as %s: %v", in, e.Frame(), err)
		}
		_ = page.Evolve(base, e)
	})
}

// withService is a page with one service.
func withService(f *testing.F, a *pagetest.Author) (page.State, string) {
	s, id := a.Page(), a.ID()
	events, err := page.Decide(s, &page.CreateService{ID: id, Name: "API"}, pagetest.Start)
	if err != nil {
		f.Fatal(err)
	}
	return page.Evolve(s, &events[0]), id
}
