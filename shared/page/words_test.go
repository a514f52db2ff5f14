package page_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// texts are all that an object says: every text that stands in it, and not what it is.
func texts(s *page.State) map[string]bool {
	said := map[string]bool{"": true}
	add := func(list ...string) {
		for _, x := range list {
			said[x] = true
		}
	}
	told := func(list []status.Translation) {
		for _, t := range list {
			for _, text := range t.Texts() {
				add(*text)
			}
		}
	}
	add(s.Org.Name, s.Org.Description, s.Org.URL, s.Org.Hostname, s.Org.Announcement, s.Org.Logo)
	for _, x := range s.Services {
		add(x.Name, x.Description, x.Group)
	}
	for _, x := range s.Incidents {
		add(x.Title, x.Description, x.Postmortem, x.Excluded)
		told(x.Translations)
		for _, a := range x.Services {
			add(a.Name)
		}
		for _, u := range x.Updates {
			add(u.Body)
			told(u.Translations)
			for _, a := range u.Services {
				add(a.Name)
			}
		}
	}
	for _, x := range s.Maintenances {
		add(x.Title, x.Description)
		told(x.Translations)
		for _, a := range x.Services {
			add(a.Name)
		}
		for _, u := range x.Updates {
			add(u.Body)
			told(u.Translations)
		}
	}
	return said
}

// What is told again is told in today's words, and whoever folds it comes to today's page, from wherever he starts.
func TestWhatIsToldAgainHasTodaysWordsAndLeadsToTodaysPage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var events []page.Event
		var states []page.State
		var withdrawn []bool
		var last page.State
		story(t, func(before page.State, _ page.Command, some []page.Event, _ *fault.Error, after page.State) {
			for i := range some {
				states = append(states, before)
				withdrawn = append(withdrawn, page.Withdraws(&before, &some[i]))
				before = page.Evolve(before, &some[i])
			}
			events, last = append(events, some...), after
		})
		said, words := texts(&last), last.Words()
		for from := range events {
			client := states[from]
			for i := from; i < len(events); i++ {
				e := events[i].Today(words)
				if e.Seq != events[i].Seq || e.Type != events[i].Type || e.At != events[i].At {
					t.Fatalf("%+v is told as %+v", events[i], e)
				}
				one := page.Evolve(page.State{}, &e)
				for text := range texts(&one) {
					if !said[text] {
						t.Fatalf("event %d, %s, still says %q", e.Seq, e.Type, text)
					}
				}
				if text := string(e.Frame()); e.Withdrawn == (text == string(events[i].Frame())) &&
					events[i].Seq != 0 && !isDeletion(e.Type) {
					t.Fatalf("withdrawn is %v in %s, which was %s", e.Withdrawn, text, events[i].Frame())
				}
				heard, err := page.FromFrame(e.Frame())
				if err != nil {
					t.Fatal(err)
				}
				client = page.Evolve(client, heard)
			}
			same(t, "who comes back", last, client)
		}
		// Nothing is withdrawn unless some event says so.
		for i := range events {
			next := page.Evolve(states[i], &events[i])
			if text := gone(texts(&states[i]), &next); text != "" && !withdrawn[i] {
				t.Fatalf("%s takes %q away and does not say so", events[i].Type, text)
			}
		}
	})
}

func isDeletion(t page.EventType) bool { return strings.HasSuffix(string(t), "_deleted") }

// gone is a text that was said and is not any more.
func gone(before map[string]bool, after *page.State) string {
	now := texts(after)
	for text := range before {
		if !now[text] {
			return text
		}
	}
	return ""
}

// A window that was moved to another service says no more of the one that it was planned for than there is of it now.
func TestAServiceThatLeftAWindowIsToldByTodaysName(t *testing.T) {
	d, ids := newDiary(t, "Secret project", "API")
	window := d.ID()
	planned := &page.PlanMaintenance{ID: window, Title: "Work", Services: ids, ScheduledFor: d.now + wire.Day,
		ScheduledUntil: d.now + 2*wire.Day}
	events := d.decides(planned)
	other := []string{ids[1]}
	moved := d.decides(&page.EditMaintenance{ID: window, Services: &other})
	gone := &page.DeleteService{}
	gone.Remove(ids[0], nil)
	d.decides(gone)
	if again := events[0].Today(d.s.Words()); !again.Withdrawn || again.Maintenance.Services[0].Name != "" ||
		again.Maintenance.Services[1].Name != "API" {
		t.Errorf("it is told as %s", again.Frame())
	}
	if again := moved[0].Today(d.s.Words()); again.Withdrawn {
		t.Errorf("it is told as %s", again.Frame())
	}
}

// decides carries a command out and gives its events.
func (d *diary) decides(c page.Command) []page.Event {
	d.Helper()
	events, err := page.Decide(d.s, c, d.now)
	if err != nil {
		d.Fatalf("%s: %v", c.Kind(), err)
	}
	for i := range events {
		d.s = page.Evolve(d.s, &events[i])
	}
	return events
}
