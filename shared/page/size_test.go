package page_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/page/pagetest"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// answered is how long the page is in the answer of a database over HTTP, without the services' records: a row is JSON,
// in a string of JSON.
func answered(t interface{ Fatal(...any) }, s page.State) int64 {
	s.Services = slices.Clone(s.Services)
	for i := range s.Services {
		s.Services[i].Days = nil
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text(s)); err != nil {
		t.Fatal(err)
	}
	return int64(b.Len())
}

func TestThePagesBytesAreKeptCountOfAndAreNeverTooFew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		story(t, func(_ page.State, c page.Command, _ []page.Event, _ *fault.Error, after page.State) {
			counted, kept := page.Assemble(after).Bytes, answered(t, after)
			if after.Bytes != counted || after.Bytes < kept {
				t.Fatalf("after %s the page has %d bytes by its own count, %d counted anew, %d in an answer", c.Kind(),
					after.Bytes, counted, kept)
			}
			var read page.State
			if err := wire.Unmarshal(wire.Marshal(&after), &read); err != nil || read.Bytes != after.Bytes {
				t.Fatalf("read again, it has %d bytes, not %d (%v)", read.Bytes, after.Bytes, err)
			}
		})
	})
}

func TestTextsAreCountedAsADatabaseAnswersThem(t *testing.T) {
	for _, body := range []string{strings.Repeat(`"`, 10_000), strings.Repeat(`\`, 10_000),
		strings.Repeat("\n\t\r", 3_000), strings.Repeat("数", 19_000)} {
		s := long(t, 1, 1, "x"+body)
		if kept := answered(t, s); s.Bytes < kept || s.Bytes > 3*kept/2+10_000 {
			t.Errorf("%.5q: %d bytes, and %d in an answer", body, s.Bytes, kept)
		}
	}
}

// crammed is a page that has so many bytes, or just more, by events that nobody decided: of an older version.
func crammed(t *testing.T, bytes int64) (page.State, *pagetest.Author) {
	t.Helper()
	a := &pagetest.Author{Space: 1}
	s, service := a.Page(), a.ID()
	at := pagetest.Start
	do := func(c page.Command) {
		at++
		events, err := page.Decide(s, c, at)
		if err != nil {
			t.Fatal(err)
		}
		for i := range events {
			s = page.Evolve(s, &events[i])
		}
	}
	do(&page.CreateService{ID: service, Name: "API", Description: "It answers."})
	do(&page.CreateService{ID: a.ID(), Name: "Web"})
	for range 3 {
		do(&page.OpenIncident{ID: a.ID(), UpdateID: a.ID(), Title: "Down", Description: "Down.",
			Services: []page.Move{{ID: service, To: status.Major}}})
		do(&page.EditService{ID: service, Status: nil, Position: new(int64)})
		do(&page.UpdateIncident{ID: s.Incidents[0].ID, UpdateID: a.ID(), Status: "resolved"})
	}
	do(&page.PlanMaintenance{ID: a.ID(), Title: "Work", Description: "Work.", Services: []string{service},
		ScheduledFor: at + 1000, ScheduledUntil: at + 2000})
	do(&page.OpenIncident{ID: a.ID(), UpdateID: a.ID(), Title: "Down", Description: "Down.",
		Services: []page.Move{{ID: service, To: status.Major}}})
	for s.Bytes < bytes {
		at++
		in := s.Incidents[0]
		in.Updates, in.Version, in.UpdatedAt = nil, in.Version+1, at
		body := strings.Repeat("x", int(min(bytes-s.Bytes, 60_000)))
		s = page.Evolve(s, &page.Event{Seq: s.Seq + 1, Type: page.IncidentUpdated, At: at, Incident: &in,
			Update: &status.Update{ID: a.ID(), Status: in.Status, Body: body, CreatedAt: at}})
	}
	return s, a
}

func TestAFullPageTakesNoMoreButWhatEndsOrShortensSomething(t *testing.T) {
	words, few := strings.Repeat("x", 5_000), strings.Repeat("x", 1_900)
	for _, much := range []int64{page.MaxBytes, 3 * page.MaxBytes} {
		s, a := crammed(t, much)
		open, over, window, service, well := s.Incidents[0], s.Incidents[1], s.Maintenances[0], s.Services[0],
			s.Services[1]
		for name, c := range map[string]struct {
			command page.Command
			field   string // "" is taken
		}{
			"a service": {&page.CreateService{ID: a.ID(), Name: "Web", Description: words},
				"description"},
			"a service without words": {&page.CreateService{ID: a.ID(), Name: "Web"}, "name"},
			"a longer description":    {&page.EditService{ID: service.ID, Description: &words}, "description"},
			"a longer name":           {&page.EditService{ID: service.ID, Name: ptr("Application")}, "name"},
			"a group":                 {&page.EditService{ID: service.ID, Group: ptr("Core")}, "group"},
			"a shorter name":          {&page.EditService{ID: service.ID, Name: ptr("A")}, ""},
			"a place":                 {&page.EditService{ID: service.ID, Position: ptr(int64(9))}, ""},
			"a service is deleted":    {dropped(&page.DeleteService{}, service.ID), ""},
			"an incident": {&page.OpenIncident{ID: a.ID(), UpdateID: a.ID(), Title: "Down",
				Description: words, Service: &well.ID, ToState: status.Major}, "description"},
			"one that is over": {&page.OpenIncident{ID: a.ID(), UpdateID: a.ID(), Title: "Down",
				StartedAt: ptr(pagetest.Start), ResolvedAt: ptr(pagetest.Start + 1), Resolution: words,
				ResolutionID: a.ID(), Service: &service.ID, ToState: status.Major}, "resolution"},
			"an update": {&page.UpdateIncident{ID: open.ID, UpdateID: a.ID(), Body: "x"}, "body"},
			"a move with many words": {&page.UpdateIncident{ID: open.ID, UpdateID: a.ID(),
				Status: "identified", Body: words}, "body"},
			"a move with few words": {&page.UpdateIncident{ID: open.ID, UpdateID: a.ID(),
				Status: "identified", Body: few}, ""},
			"a resolution": {&page.UpdateIncident{ID: open.ID, UpdateID: a.ID(), Status: "resolved",
				Body: few}, ""},
			"a resolution by an edit": {&page.EditIncident{ID: open.ID, UpdateID: a.ID(),
				Status: ptr("resolved"), Message: &few}, ""},
			"a resolution and a longer title": {&page.EditIncident{ID: open.ID, UpdateID: a.ID(),
				Status: ptr("resolved"), Message: &few, Description: &few}, "description"},
			"a message":     {&page.EditIncident{ID: open.ID, UpdateID: a.ID(), Message: &words}, "message"},
			"a post-mortem": {&page.EditIncident{ID: over.ID, Postmortem: &words}, "postmortem"},
			"an exclusion": {&page.EditIncident{ID: over.ID, Excluded: ptr("It was ours.")},
				"excluded_reason"},
			"a shorter text": {&page.CorrectUpdate{ID: open.ID, UpdateID: open.Updates[1].ID, Body: "x"}, ""},
			"a longer text": {&page.CorrectUpdate{ID: open.ID, UpdateID: open.Updates[0].ID, Body: words},
				"body"},
			"an incident is deleted": {dropped(&page.DeleteIncident{}, open.ID), ""},
			"a window": {&page.PlanMaintenance{ID: a.ID(), Title: "Work", Description: words,
				Services: []string{service.ID}, ScheduledFor: s.At + 1, ScheduledUntil: s.At + 2}, "description"},
			"a longer window": {&page.EditMaintenance{ID: window.ID, Title: ptr("More work")}, "title"},
			"other times":     {&page.EditMaintenance{ID: window.ID, ScheduledUntil: ptr(s.At + 9000)}, ""},
			"a window begins": {&page.EditMaintenance{ID: window.ID, UpdateID: a.ID(), Status: ptr("in_progress"),
				Message: &few}, ""},
			"a window is told of": {&page.EditMaintenance{ID: window.ID, UpdateID: a.ID(), Message: &few}, "message"},
			"a window is deleted": {dropped(&page.DeleteMaintenance{}, window.ID), ""},
			"an announcement":     {&page.EditPage{Announcement: &words}, "announcement"},
			"another zone":        {&page.EditPage{TimeZone: ptr("Europe/Paris"), URL: ptr("https://example.com")}, ""},
		} {
			events, err := page.Decide(s, c.command, s.At+1)
			switch {
			case c.field == "" && (err != nil || len(events) == 0):
				t.Errorf("%s is refused: %v", name, err)
			case c.field != "" && (err == nil || err.Code != fault.TooLarge || len(err.Fields) != 1 ||
				err.Fields[0].Name != c.field || !strings.Contains(err.Message, "4 MB")):
				t.Errorf("%s is answered %+v, want too_large on %s", name, err, c.field)
			}
		}
	}
}

func TestAPageIsFullAtItsLimitAndNotBefore(t *testing.T) {
	s, a := crammed(t, page.MaxBytes-2_000)
	room := page.MaxBytes - s.Bytes
	update := func(n int64) *page.UpdateIncident {
		return &page.UpdateIncident{ID: s.Incidents[0].ID, UpdateID: a.ID(), Body: strings.Repeat("x", int(n))}
	}
	events, err := page.Decide(s, update(1), s.At+1)
	if err != nil {
		t.Fatal(err)
	}
	entry := page.Evolve(s, &events[0]).Bytes - s.Bytes - 1
	if _, err := page.Decide(s, update(room-entry), s.At+1); err != nil {
		t.Errorf("what fits is refused: %v", err)
	}
	if _, err := page.Decide(s, update(room-entry+1), s.At+1); err == nil || err.Code != fault.TooLarge {
		t.Errorf("one byte more is answered %v", err)
	}
}

type remover interface {
	page.Command
	Remove(id string, version *int64)
}

func dropped(c remover, id string) page.Command {
	c.Remove(id, nil)
	return c
}
