package page_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"statuspage/shared/page"
	"statuspage/shared/page/pagetest"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const (
	ours   = "00000000-0000-7000-8000-00000000000a"
	theirs = "00000000-0000-7000-8000-00000000000b"
)

// worlds are one page with services of others, and the page on which they never were.
type worlds struct {
	whole, less page.State
	hidden      map[string]bool // services
	ears, alone ear             // readers of ours in each
}

// ear is a reader's copy of the view, which follows what it is told.
type ear struct {
	copy page.State
	told []string
}

func (e *ear) hear(t *rapid.T, before, after page.State, ev *page.Event) {
	t.Helper()
	was, is := page.View(before, []string{ours}), page.View(after, []string{ours})
	told, whole := ev.In(&was, &is)
	switch {
	case whole:
		e.copy = is
		e.told = append(e.told, "whole "+neutral(is))
	case told != nil:
		x := *told
		x.Seq = 0
		e.told = append(e.told, string(x.Frame()))
		f, err := page.FromFrame(told.Frame())
		if err != nil {
			t.Fatalf("%s is no frame: %v", told.Frame(), err)
		}
		e.copy = page.Evolve(e.copy, f)
	}
	e.copy.Seq, e.copy.At = is.Seq, is.At
	same(t, "the reader's copy", neutral(is), neutral(e.copy))
}

// neutral is all that a state tells, but for the number of its last event.
func neutral(s page.State) string {
	s.Seq = 0
	return text(s)
}

// without is a command as it is given where the hidden services never were; nil where it is not given at all.
func (w *worlds) without(c page.Command) page.Command {
	moves := func(list []page.Move) []page.Move {
		return slices.DeleteFunc(slices.Clone(list), func(m page.Move) bool { return w.hidden[m.ID] })
	}
	switch x := c.(type) {
	case *page.CreateService:
		if slices.Equal(x.Audiences, []string{theirs}) {
			return nil
		}
	case *page.EditService:
		if w.hidden[x.ID] {
			return nil
		}
	case *page.DeleteService:
		if w.hidden[page.TargetOf(x)] {
			return nil
		}
	case *page.OpenIncident:
		less := *x
		if less.Services = moves(x.Services); x.Service != nil && w.hidden[*x.Service] {
			less.Service = nil
		}
		if less.Service == nil && len(less.Services) == 0 {
			return nil
		}
		return &less
	case *page.UpdateIncident:
		less := *x
		less.Services = w.moved(x.ID, x.Services, moves(x.Services))
		return &less
	case *page.EditIncident:
		less := *x
		less.Services = w.moved(x.ID, x.Services, moves(x.Services))
		return &less
	case *page.PlanMaintenance:
		less := *x
		less.Services = slices.DeleteFunc(slices.Clone(x.Services), func(id string) bool { return w.hidden[id] })
		if len(less.Services) == 0 {
			return nil
		}
		return &less
	case *page.EditMaintenance:
		if x.Services != nil {
			less := *x
			list := slices.DeleteFunc(slices.Clone(*x.Services), func(id string) bool { return w.hidden[id] })
			less.Services = &list
			return &less
		}
	}
	return c
}

// moved are the moves that are left without those of hidden services. Those that change nothing are not among them then:
// nobody gives a command only for these.
func (w *worlds) moved(incident string, all, left []page.Move) []page.Move {
	in, there := w.less.Incident(incident)
	if !there || len(left) == len(all) {
		return left
	}
	return slices.DeleteFunc(left, func(m page.Move) bool {
		return slices.ContainsFunc(in.Services, func(a status.Affected) bool { return a.ID == m.ID && a.To == m.To })
	})
}

// unseen says that a command is about something that is only in the whole page, and stays unseen.
func (w *worlds) unseen(c page.Command) bool {
	id := page.TargetOf(c)
	spec := page.Known(c)
	if id == "" || spec == nil || spec.Effect == page.Creates {
		return false
	}
	if m, is := c.(*page.EditMaintenance); is && m.Services != nil &&
		slices.ContainsFunc(*m.Services, func(id string) bool { return !w.hidden[id] }) {
		return false // it would come to light
	}
	there, _ := w.whole.Object(spec.Noun, id)
	less, _ := w.less.Object(spec.Noun, id)
	return there != nil && less == nil
}

// give gives a command to both pages, unless only one of them takes it.
func (w *worlds) give(t *rapid.T, c page.Command, at status.Time, id string) {
	if x, is := c.(*page.CreateService); is {
		if _, taken := w.whole.Incident(x.ID); taken {
			return // what is told of the one is not told of the other
		}
		if x.Position == nil {
			n := int64(w.whole.Seq)
			x.Position = &n
		}
		x.Audiences = pickAudiences(t)
	}
	bare := w.without(c)
	if w.unseen(c) {
		bare = nil
	}
	events, err := page.DecideAs(w.whole, c, at, id)
	if err != nil || len(events) == 0 {
		return
	}
	if x, is := c.(*page.CreateService); is && bare == nil {
		w.hidden[x.ID] = true
	}
	if bare != nil {
		few, err := page.DecideAs(w.less, bare, at, id)
		if err != nil || len(few) == 0 {
			return
		}
		for i := range few {
			before := w.less
			w.less = page.Evolve(w.less, &few[i])
			w.alone.hear(t, before, w.less, &few[i])
		}
	}
	for i := range events {
		before := w.whole
		w.whole = page.Evolve(w.whole, &events[i])
		w.ears.hear(t, before, w.whole, &events[i])
	}
}

func pickAudiences(t *rapid.T) []string {
	return rapid.SampledFrom([][]string{nil, {ours}, {theirs}, {theirs}, {ours, theirs}}).Draw(t, "audiences")
}

// A reader is told the same, document by document and frame by frame, whether services that are for others are there
// or not. Only the numbers of events say that something happened. CONTRACT 8.
func TestAReaderComputesNothingAboutServicesOfOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := &pagetest.Author{Space: 1}
		s, at := a.Page(), pagetest.Start
		s.Org.Access.Divided = true
		w := &worlds{whole: s, less: s, hidden: map[string]bool{}}
		w.ears.copy, w.alone.copy = page.View(s, []string{ours}), page.View(s, []string{ours})
		for range 1 + rapid.IntRange(0, 60).Draw(t, "commands") {
			at = max(at, a.Later(t, at)) // one clock: a page holds its time, and would hold both
			c := a.Command(t, w.whole, at)
			w.give(t, c, at, a.ID())
			same(t, "view", neutral(page.View(w.less, []string{ours})), neutral(page.View(w.whole, []string{ours})))
			same(t, "told", w.alone.told, w.ears.told)
		}
	})
}

// What a view shows names no audience, and nothing that only others see.
func TestAViewNamesNoAudienceAndNoServiceOfOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := &pagetest.Author{Space: 1}
		s, at := a.Page(), pagetest.Start
		s.Org.Access.Divided = true
		w := &worlds{whole: s, less: s, hidden: map[string]bool{}}
		w.ears.copy, w.alone.copy = page.View(s, []string{ours}), page.View(s, []string{ours})
		for range 30 {
			at = max(at, a.Later(t, at))
			w.give(t, a.Command(t, w.whole, at), at, a.ID())
		}
		for _, mine := range [][]string{nil, {ours}, {ours, theirs}} {
			view := page.View(w.whole, mine)
			said := string(wire.Marshal(&view))
			for _, id := range []string{ours, theirs} {
				if strings.Contains(said, id) {
					t.Fatalf("%v is told of audience %s: %s", mine, id, said)
				}
			}
			for i := range view.Services {
				if view.Services[i].Position != int64(i) {
					t.Fatalf("%v is told how many services are between: %s", mine, said)
				}
			}
			for id := range w.hidden {
				if !slices.Contains(mine, theirs) && strings.Contains(said, id) {
					t.Fatalf("%v is told of service %s: %s", mine, id, said)
				}
			}
			if again := page.View(view, mine); text(again) != text(view) {
				t.Fatalf("a view of a view is another one:\n%s\n%s", text(view), text(again))
			}
		}
	})
}

// What comes to light for a reader, or leaves it, is told as the whole view.
func TestAServiceThatComesToLightIsToldWhole(t *testing.T) {
	a := &pagetest.Author{Space: 1}
	s, at := a.Page(), pagetest.Start
	s.Org.Access.Divided = true
	give := func(c page.Command) []page.Event {
		t.Helper()
		d, err := page.DecideWhole(s, c, at, a.ID())
		if err != nil {
			t.Fatal(err)
		}
		s = d.After(s)
		return d.Events
	}
	service, incident := a.ID(), a.ID()
	give(&page.CreateService{ID: service, Name: "Ledger", Audiences: []string{theirs}})
	give(&page.OpenIncident{ID: incident, UpdateID: a.ID(), Title: "Secret", Service: &service, ToState: status.Major})
	for _, to := range [][]string{{ours}, {theirs}, {}} {
		before := page.View(s, []string{ours})
		events := give(&page.EditService{ID: service, Audiences: &to})
		after := page.View(s, []string{ours})
		if told, whole := events[0].In(&before, &after); !whole || told != nil {
			t.Errorf("for %v it is told as %v", to, told)
		}
		if seen := len(after.Incidents) == 1; seen == slices.Equal(to, []string{theirs}) {
			t.Errorf("for %v the incident is seen: %t", to, seen)
		}
	}
}

func TestAudiencesAreOfADividedPageAlone(t *testing.T) {
	a := &pagetest.Author{Space: 1}
	s := a.Page()
	c := &page.CreateService{ID: a.ID(), Name: "Ledger", Audiences: []string{theirs}}
	if _, err := page.Decide(s, c, pagetest.Start); err == nil || err.Fields[0].Name != "audiences" {
		t.Errorf("a page that everybody sees whole takes a service for some: %v", err)
	}
	s.Org.Access.Divided = true
	c.Audiences = slices.Repeat([]string{theirs}, status.MaxAudiences+1)
	if _, err := page.Decide(s, c, pagetest.Start); err == nil || err.Fields[0].Name != "audiences" {
		t.Errorf("a service is for %d audiences: %v", len(c.Audiences), err)
	}
}
