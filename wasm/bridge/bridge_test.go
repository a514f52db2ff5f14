package bridge_test

import (
	"encoding/json"
	"testing"

	"statuspage/shared/page"
	"statuspage/shared/page/pagetest"
	"statuspage/shared/wire"
	"statuspage/wasm/bridge"
)

// FuzzCall: every message gets an answer that is JSON, with a value or a reason; none breaks the rules.
func FuzzCall(f *testing.F) {
	a := &pagetest.Author{}
	s := a.Page()
	service := &page.CreateService{ID: a.ID(), Name: "API"}
	events, err := page.Decide(s, service, pagetest.Start)
	if err != nil {
		f.Fatal(err)
	}
	s = page.Evolve(s, &events[0])
	state := string(wire.Marshal(&s))
	for _, in := range []string{
		`{"op":"load","state":` + state + `}`,
		`{"op":"fold","frame":` + string(events[0].Frame()) + `}`,
		`{"op":"decide","at":1769868000000,"id":"x","command":` +
			string(page.MarshalCommand(&page.EditService{ID: service.ID, Status: new(string)})) + `}`,
		`{"op":"queue","queue":[{"id":"a","at":"2026-01-31T14:00:00Z","command":` +
			string(page.MarshalCommand(service)) + `},{"id":"b"}]}`,
		`{"op":"uptime","at":"2026-01-31T14:00:00Z","service":"` + service.ID + `","days":90}`,
	} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var core bridge.Core
		core.Call([]byte(`{"op":"load","state":` + state + `}`))
		var answer struct {
			Value *json.RawMessage
			Error *struct{ Code, Detail string }
		}
		out := core.Call(in)
		if err := json.Unmarshal(out, &answer); err != nil {
			t.Fatalf("%q is answered %q: %v", in, out, err)
		}
		if (answer.Value == nil) == (answer.Error == nil) {
			t.Fatalf("%q is answered %s", in, out)
		}
		if answer.Error != nil && (answer.Error.Code == "internal" || answer.Error.Detail == "") {
			t.Fatalf("%q broke the rules: %s", in, out)
		}
	})
}

func TestWhatWaitsIsDecidedInOrderOnTopOfWhatTheServerSaid(t *testing.T) {
	a := &pagetest.Author{}
	s := a.Page()
	var core bridge.Core
	ask := func(in string) (answer struct {
		Value struct {
			Seq  int64
			View struct {
				Seq       int64
				Indicator string
				Services  []struct {
					Status string
					Next   []string
				}
			}
			Verdicts []struct {
				ID     string
				Events []struct{ Type string }
				Error  *struct{ Code string }
			}
			Events []struct{ Type string }
		}
		Error *struct{ Code, Detail string }
	}) {
		t.Helper()
		if err := json.Unmarshal(core.Call([]byte(in)), &answer); err != nil {
			t.Fatal(err)
		}
		return answer
	}
	id, incident := a.ID(), a.ID()
	create := string(page.MarshalCommand(&page.CreateService{ID: id, Name: "API"}))
	open := string(page.MarshalCommand(&page.OpenIncident{ID: incident, UpdateID: a.ID(), Title: "x", Service: &id,
		ToState: "major_outage"}))
	resolve := string(page.MarshalCommand(&page.UpdateIncident{ID: incident, UpdateID: a.ID(), Status: "resolved"}))
	at := `"at":"2026-01-31T15:00:00Z"`
	ask(`{"op":"load","state":` + string(wire.Marshal(&s)) + `}`)

	// A chain: the second builds on the first, which the server has not seen yet.
	got := ask(`{"op":"queue","queue":[{"id":"1",` + at + `,"command":` + create + `},{"id":"2",` + at + `,"command":` +
		open + `}]}`).Value
	if len(got.Verdicts) != 2 || got.Verdicts[0].Error != nil || got.Verdicts[1].Error != nil ||
		got.View.Indicator != "critical" {
		t.Fatalf("the chain: %+v", got)
	}
	if s := got.View.Services[0]; s.Status != "major_outage" || len(s.Next) != 0 {
		t.Errorf("the service: %+v", s)
	}
	// What would happen next is seen, and nothing has happened.
	if got := ask(`{"op":"decide",` + at + `,"command":` + resolve + `}`).Value; len(got.Events) != 2 ||
		got.View.Indicator != "none" {
		t.Errorf("the preview: %+v", got)
	}
	if again := ask(`{"op":"decide",` + at + `,"command":` + resolve + `}`).Value; len(again.Events) != 2 {
		t.Errorf("a preview changed something: %+v", again)
	}
	// Without the first, the second does not hold; each has its own verdict.
	got = ask(`{"op":"queue","queue":[{"id":"2",` + at + `,"command":` + open + `},{"id":"1",` + at + `,"command":` +
		create + `}]}`).Value
	if got.Verdicts[0].Error == nil || got.Verdicts[0].Error.Code != "not_found" || got.Verdicts[1].Error != nil {
		t.Errorf("the other order: %+v", got.Verdicts)
	}
	// The server says what it did; a message that comes twice counts once, and one that comes too early not at all.
	events, _ := page.Decide(s, &page.CreateService{ID: id, Name: "API"}, pagetest.Start)
	frame := string(events[0].Frame())
	for range 2 {
		if got := ask(`{"op":"fold","frame":` + frame + `}`); got.Value.Seq != 2 {
			t.Errorf("folded: %+v", got)
		}
	}
	events[0].Seq = 9
	if got := ask(`{"op":"fold","frame":` + string(events[0].Frame()) + `}`); got.Error == nil ||
		got.Error.Code != "conflict" || got.Error.Detail != "Event 3 is missing." {
		t.Errorf("a gap: %+v", got)
	}
	// The first of the queue is done already: the rest still holds on top of it.
	if got := ask(`{"op":"queue","queue":[{"id":"2",` + at + `,"command":` + open + `}]}`).Value; got.View.Seq != 4 ||
		got.Verdicts[0].Error != nil {
		t.Errorf("after the server's word: %+v", got)
	}
}
