package page_test

import (
	"encoding/json"
	"strings"
	"testing"

	"statuspage/shared/page"
)

// The table says of each command what the command's own code says of itself.
func TestTheTableOfCommandsAgreesWithTheCommands(t *testing.T) {
	kinds, routes := map[string]bool{}, map[string]bool{}
	for _, row := range page.Commands {
		c := row.New()
		if c.Kind() != row.Kind || kinds[row.Kind] {
			t.Errorf("%s makes a %s, or is there twice", row.Kind, c.Kind())
		}
		kinds[row.Kind] = true
		if known := page.Known(c); known == nil || known.Kind != row.Kind {
			t.Errorf("%s is known as %+v", row.Kind, known)
		}
		if row.Noun.Blank() == nil {
			t.Errorf("%s is about a %q, which there is not", row.Kind, row.Noun)
		}
		if row.Does == "" || row.Did == "" {
			t.Errorf("%s has no words", row.Kind)
		}
		if route := row.Method + " " + row.Path; row.Method != "" && routes[route] {
			t.Errorf("%s is there twice", route)
		} else {
			routes[route] = true
		}
		checkParts(t, row, c)
	}
}

// checkParts holds a command's places to its path, to its effect and to its JSON.
func checkParts(t *testing.T, row page.Spec, c page.Command) {
	t.Helper()
	p := page.PartsOf(c)
	byID := strings.Contains(row.Path, "/:id")
	if byID && (p.ID.Text == nil || p.Version == nil) {
		t.Errorf("%s: the path has an id, and the command has no place for it or for the version that was read",
			row.Kind)
	}
	if (row.Effect == page.Creates) != (p.ID.Text != nil && p.Version == nil) {
		t.Errorf("%s: what creates an object has an id and no version, and nothing else has", row.Kind)
	}
	if (row.Effect == page.Adds || strings.Contains(row.Path, "/:update")) != (p.Entry.Text != nil) {
		t.Errorf("%s: its entry is %v", row.Kind, p.Entry)
	}
	if row.Hears != page.AsAsked && p.Notify != nil {
		t.Errorf("%s says whether subscribers hear, and is not asked", row.Kind)
	}
	if p.Version != nil {
		*p.Version = nil
	}
	places := p.Made
	for _, place := range []page.Place{p.ID, p.Entry} {
		if place.Text != nil {
			places = append(places, place)
		}
	}
	for _, place := range places {
		*place.Text = "the id"
		var written map[string]any
		if err := json.Unmarshal(page.MarshalCommand(c), &written); err != nil || written[place.Field] != "the id" {
			t.Errorf("%s has its id not at %q: %v %v", row.Kind, place.Field, written, err)
		}
		*place.Text = ""
	}
	page.FillIDs(c, func() string { return "new" })
	for _, place := range p.Made {
		if *place.Text != "new" {
			t.Errorf("%s: %s is not filled in", row.Kind, place.Field)
		}
	}
}

// A command of a type that wraps one of this package's is none: it would be decided as one thing and audited as
// another.
func TestOnlyTheTablesOwnCommandsAreKnown(t *testing.T) {
	type wrapped struct{ page.Command }
	for _, row := range page.Commands {
		if page.Known(wrapped{row.New()}) != nil {
			t.Errorf("a wrapped %s is known", row.Kind)
		}
	}
	if page.Known(nil) != nil {
		t.Error("nothing is known")
	}
}

func TestTheTableOfEventsHasEachOnce(t *testing.T) {
	seen := map[page.EventType]bool{}
	for _, row := range page.Events {
		if seen[row.Type] || row.Frame == "" || row.Happened == "" {
			t.Errorf("%+v is there twice, or lacks something", row)
		}
		seen[row.Type] = true
		if e := (page.Event{Type: row.Type}); e.FrameType() != row.Frame {
			t.Errorf("%s goes as %s", row.Type, e.FrameType())
		}
	}
	if e := (page.Event{Type: "of_a_newer_version"}); e.FrameType() != "" {
		t.Error("what is not known has a frame")
	}
}
