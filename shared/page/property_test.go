package page_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/page/pagetest"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// same compares what a caller can see; a list that is nil is as empty as one that is not.
func same(t *rapid.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

func text(s page.State) string { return string(wire.Marshal(&s)) }

// story tells a random story and calls each after every command.
func story(t *rapid.T, each func(before page.State, c page.Command, events []page.Event, err *fault.Error,
	after page.State)) {
	a := &pagetest.Author{Space: 1}
	s, at := a.Page(), pagetest.Start
	for range 1 + rapid.IntRange(0, 40).Draw(t, "commands") {
		at = a.Later(t, at)
		c := a.Command(t, s, at)
		before := s
		events, err := page.DecideAs(s, c, at, a.ID())
		for i := range events {
			s = page.Evolve(s, &events[i])
		}
		each(before, c, events, err, s)
	}
}

func TestARefusedCommandChangesNothingAndSaysWhy(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		story(t, func(before page.State, c page.Command, events []page.Event, err *fault.Error, after page.State) {
			if err == nil {
				return
			}
			if len(events) != 0 {
				t.Fatalf("%s was refused (%v) with events %+v", c.Kind(), err, events)
			}
			if text(before) != text(after) {
				t.Fatalf("%s was refused and changed the page", c.Kind())
			}
			switch err.Code {
			case fault.Invalid, fault.Conflict, fault.NotFound:
			default:
				t.Fatalf("%s is refused as %s", c.Kind(), err.Code)
			}
			if err.Message == "" || err.Code == fault.Invalid && len(err.Fields) == 0 {
				t.Fatalf("%s is refused without a reason: %+v", c.Kind(), err)
			}
			for _, f := range err.Fields {
				if f.Name == "" || f.Message == "" {
					t.Fatalf("%s names no field or no reason: %+v", c.Kind(), err)
				}
			}
		})
	})
}

func TestEveryAcceptedSequenceIsGaplessAndKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		story(t, func(before page.State, c page.Command, events []page.Event, err *fault.Error, after page.State) {
			at := before.At
			for i, e := range events {
				if e.Seq != before.Seq+int64(i)+1 {
					t.Fatalf("%s: event %d of %d has seq %d after %d", c.Kind(), i, len(events), e.Seq, before.Seq)
				}
				if e.At < at || e.Command == "" || e.FrameType() == "" {
					t.Fatalf("%s: %+v after %s", c.Kind(), e, at)
				}
				at = e.At
			}
			if after.Seq != before.Seq+int64(len(events)) || after.At != at {
				t.Fatalf("%s: %d at %s, then %d events, then %d at %s", c.Kind(), before.Seq, before.At, len(events),
					after.Seq, after.At)
			}
			wellFormed(t, &after)
		})
	})
}

// wellFormed is what holds of every page at any time.
func wellFormed(t *rapid.T, s *page.State) {
	t.Helper()
	ids := map[string]bool{}
	for i := range s.Services {
		svc := &s.Services[i]
		if err := svc.Check(); err != nil || ids[svc.ID] || svc.Version < 1 || svc.Since > s.At ||
			svc.CreatedAt > s.At {
			t.Fatalf("service %+v: %v", svc, err)
		}
		ids[svc.ID] = true
		if i > 0 && s.Services[i-1].Position > svc.Position {
			t.Fatalf("services out of order: %+v", s.Services)
		}
		for k := range svc.Days {
			d := svc.Days[k]
			if k > 0 && svc.Days[k-1].Day >= d.Day || d.Degraded+d.Partial+d.Major+d.Maintenance > int64(wire.Day) {
				t.Fatalf("days of %s: %+v", svc.ID, svc.Days)
			}
		}
	}
	for i := range s.Incidents {
		in := &s.Incidents[i]
		if (in.Postmortem != "" || in.Excluded != "") && in.Active() ||
			(in.Postmortem == "") != (in.PostmortemAt == nil) {
			t.Fatalf("explained or excluded too early: %+v", in)
		}
		if in.Check() != nil || len(in.Services) == 0 || len(in.Updates) == 0 || in.Active() != (in.ResolvedAt == nil) {
			t.Fatalf("incident %+v", in)
		}
		if i > 0 && s.Incidents[i-1].CreatedAt < in.CreatedAt {
			t.Fatal("incidents are not newest first")
		}
		if last := in.Updates[len(in.Updates)-1]; last.Status != in.Status {
			t.Fatalf("an incident is %s and its timeline ends in %s", in.Status, last.Status)
		}
		if !in.Active() {
			continue
		}
		// While it is active nobody makes the service better than operational's neighbour by hand.
		for _, a := range in.Services {
			if svc, there := s.Service(a.ID); there && svc.Status == status.Operational && a.To != status.Operational {
				t.Fatalf("%s is operational while incident %s is active on it", svc.ID, in.ID)
			}
		}
	}
	for i := range s.Maintenances {
		m := &s.Maintenances[i]
		if m.Check() != nil || len(m.Services) == 0 || m.Over() != (m.CompletedAt != nil) || m.Running() &&
			m.StartedAt == nil {
			t.Fatalf("maintenance %+v", m)
		}
	}
}

func TestEveryEventSurvivesItsJSONAndItsFrameWithItsEffect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var logged, heard, last page.State
		story(t, func(before page.State, c page.Command, events []page.Event, _ *fault.Error, after page.State) {
			if last = after; logged.Seq == 0 {
				logged, heard = before, before
			}
			for i := range events {
				var e page.Event
				if err := wire.UnmarshalStrict(wire.Marshal(&events[i]), &e); err != nil {
					t.Fatalf("the log is refused: %v", err)
				}
				same(t, "event from the log", events[i], e)
				logged = page.Evolve(logged, &e)

				frame := events[i].Frame()
				f, err := page.FromFrame(frame)
				if err != nil {
					t.Fatalf("frame %s is refused: %v", frame, err)
				}
				same(t, "event from its frame", told(events[i]), *f)
				heard = page.Evolve(heard, f)
			}
		})
		same(t, "state by the log", last, logged)
		same(t, "state by frames", last, heard)
	})
}

// told is an event as its frame tells it: what it deletes goes without its words.
func told(e page.Event) page.Event {
	switch e.Type {
	case page.ServiceDeleted:
		gone := *e.Service
		gone.Name, gone.Description, gone.Group = "", "", ""
		e.Service, e.Withdrawn = &gone, true
	case page.IncidentDeleted:
		gone := *e.Incident
		gone.Title, gone.Description, gone.Postmortem, gone.Excluded = "", "", "", ""
		gone.Translations = nil
		e.Incident, e.Withdrawn = &gone, true
	case page.MaintenanceDeleted:
		gone := *e.Maintenance
		gone.Title, gone.Description, gone.Translations = "", "", nil
		e.Maintenance, e.Withdrawn = &gone, true
	default:
		if isDeletion(e.Type) { // of a noun that has no line here
			e = e.Today((&page.State{}).Words())
			e.Withdrawn = true
		}
	}
	return e
}

func TestAStateSurvivesItsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var last page.State
		story(t, func(_ page.State, _ page.Command, _ []page.Event, _ *fault.Error, after page.State) { last = after })
		once := text(last)
		var back page.State
		if err := wire.UnmarshalStrict([]byte(once), &back); err != nil {
			t.Fatalf("a state is refused: %v", err)
		}
		same(t, "state", last, back)
		if twice := text(back); once != twice {
			t.Fatalf("written twice:\n%s\n%s", once, twice)
		}
	})
}

func TestAStateIsAssembledFromItsRowsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var last page.State
		story(t, func(_ page.State, _ page.Command, _ []page.Event, _ *fault.Error, after page.State) { last = after })
		mixed := last
		mixed.Services = rapid.Permutation(last.Services).Draw(t, "services")
		mixed.Incidents = rapid.Permutation(last.Incidents).Draw(t, "incidents")
		mixed.Maintenances = rapid.Permutation(last.Maintenances).Draw(t, "maintenances")
		same(t, "state", last, page.Assemble(mixed))
	})
}

func TestACommandSurvivesItsJSONWithItsVerdict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := &pagetest.Author{Space: 1}
		s, at := a.Page(), pagetest.Start
		for range 1 + rapid.IntRange(0, 40).Draw(t, "commands") {
			at = a.Later(t, at)
			c := a.Command(t, s, at)
			kept, bad := page.UnmarshalCommand(page.MarshalCommand(c))
			if bad != nil {
				t.Fatalf("%s is refused: %v", page.MarshalCommand(c), bad)
			}
			events, err := page.Decide(s, c, at)
			again, err2 := page.Decide(s, kept, at)
			same(t, "verdict on "+c.Kind(), err, err2)
			same(t, "events of "+c.Kind(), events, again)
			for i := range events {
				s = page.Evolve(s, &events[i])
			}
		}
	})
}

// Every state that was ever handed out still reads as it did then.
func TestNeitherDecideNorEvolveChangesAStateItWasGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type memory struct {
			s    page.State
			text string
		}
		var seen []memory
		story(t, func(before page.State, _ page.Command, events []page.Event, _ *fault.Error, after page.State) {
			seen = append(seen, memory{before, text(before)})
			s := before
			for i := range events {
				s = page.Evolve(s, &events[i])
				seen = append(seen, memory{s, text(s)})
			}
			// a second future of the same state
			_ = page.Evolve(before, &page.Event{Seq: before.Seq + 1, At: before.At})
		})
		for i, m := range seen {
			if got := text(m.s); got != m.text {
				t.Fatalf("state %d of %d was\n%s\nand is\n%s", i, len(seen), m.text, got)
			}
		}
	})
}

// Two futures of one state do not see each other: the browser decides its queue again and again on the same base.
func TestTwoFuturesOfOneStateDoNotMix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := &pagetest.Author{Space: 1}
		s, at := a.Page(), pagetest.Start
		go1 := func(s page.State, n int) page.State {
			for range n {
				at = a.Later(t, at)
				events, _ := page.Decide(s, a.Command(t, s, at), at)
				for i := range events {
					s = page.Evolve(s, &events[i])
				}
			}
			return s
		}
		base := go1(s, rapid.IntRange(1, 15).Draw(t, "past"))
		one := go1(base, 5)
		said := text(one)
		two := go1(base, 5)
		if text(one) != said {
			t.Fatalf("the first future was changed by the second:\n%s\n%s", said, text(one))
		}
		_ = two
	})
}
