package page_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"statuspage/shared/page"
	"statuspage/shared/status"
)

// CONTRACT 4: the two messages that every client gets, field for field.
func TestTheTwoMessagesOfTheContract(t *testing.T) {
	d, ids := newDiary(t, "API")
	events, _ := page.Decide(d.s, &page.OpenIncident{ID: d.ID(), UpdateID: d.ID(), Title: "Down",
		Description: "All of it", Service: &ids[0], ToState: "major_outage"}, d.now)
	var got []map[string]any
	for i := range events {
		var f map[string]any
		if err := json.Unmarshal(events[i].Frame(), &f); err != nil {
			t.Fatal(err)
		}
		got = append(got, f)
	}
	only := func(from any, keys ...string) map[string]any {
		out := map[string]any{}
		for _, k := range keys {
			out[k] = from.(map[string]any)[k]
		}
		return out
	}
	for i, want := range []map[string]any{
		{"type": "service_status_update", "seq": float64(d.s.Seq + 1), "data": map[string]any{
			"id": ids[0], "status": "major_outage", "name": "API", "description": "",
			"status_display": "Major Outage"}},
		{"type": "incident_update", "seq": float64(d.s.Seq + 2), "data": map[string]any{
			"id": events[1].Incident.ID, "status": "investigating", "title": "Down", "description": "All of it",
			"status_display": "Investigating",
			"service":        map[string]any{"id": ids[0], "name": "API"}}},
	} {
		keys := make([]string, 0, 6)
		for k := range want["data"].(map[string]any) {
			keys = append(keys, k)
		}
		seen := only(got[i], "type", "seq")
		seen["data"] = only(got[i]["data"], keys...)
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Error(diff)
		}
	}
}

func TestEveryEventHasAMessageTypeThatClientsKnow(t *testing.T) {
	for event, want := range map[page.EventType]string{
		"page_created": "page_update", "page_changed": "page_update",
		"service_created": "service_status_update", "service_changed": "service_status_update",
		"service_deleted": "service_deleted",
		"incident_opened": "incident_update", "incident_updated": "incident_update",
		"incident_resolved": "incident_update",
		"incident_edited":   "incident_update", "incident_deleted": "incident_deleted",
		"maintenance_planned": "maintenance_update", "maintenance_changed": "maintenance_update",
		"maintenance_moved":   "maintenance_update",
		"maintenance_deleted": "maintenance_update",
	} {
		if got := (&page.Event{Type: event}).FrameType(); got != want {
			t.Errorf("%s is sent as %q, want %q", event, got, want)
		}
	}
}

func TestAMessageThatIsNoEventIsNotFolded(t *testing.T) {
	for _, in := range []string{
		`{"type":"hello","seq":2,"epoch":"e","region":"local"}`,
		// no event: nothing says what happened
		`{"type":"service_status_update","seq":2,"data":{"id":"x","status":"operational"}}`,
		`{"type":"service_status_update","seq":2,"event":"service_changed"}`,
		`{"type":"x","seq":2,"event":"service_painted","data":{"id":"x"}}`,
		`{"type":"x","seq":2,"event":"service_changed","data":null}`,
		`{"seq":2,"event":"service_changed","data":[]}`,
		`7`, ``,
	} {
		if e, err := page.FromFrame([]byte(in)); err == nil {
			t.Errorf("%s is read as %+v", in, e)
		}
	}
}

func TestADeletedWindowSaysSoInItsMessage(t *testing.T) {
	e := page.Event{Seq: 2, Type: page.MaintenanceDeleted, Maintenance: &status.Maintenance{ID: "m"}}
	var f struct{ Data struct{ Deleted bool } }
	if err := json.Unmarshal(e.Frame(), &f); err != nil || !f.Data.Deleted {
		t.Errorf("%s", e.Frame())
	}
	e.Type = page.MaintenanceMoved
	if err := json.Unmarshal(e.Frame(), &f); err != nil || f.Data.Deleted {
		t.Errorf("%s", e.Frame())
	}
}
