package app_test

import (
	"fmt"
	"strings"
	"testing"

	"statuspage/shared/page"
)

// TestAFullPageIsRefusedInWordsAndCanBeCleaned fills a page through the API, and then comes in by every way.
func TestAFullPageIsRefusedInWordsAndCanBeCleaned(t *testing.T) {
	s := world(t)
	acme, other := s.org(), s.org()
	service, long := acme.service("API"), strings.Repeat("\"\n", 10_000)
	window := acme.post("/api/v1/maintenances/", j{"title": "Work", "services": []string{service},
		"scheduled_for": "2099-01-01T00:00:00Z", "scheduled_until": "2099-01-01T01:00:00Z"}).str("id")
	incident := acme.post("/api/v1/incidents/",
		j{"title": "Down", "services": []j{{"id": service, "to_state": "major_outage"}}}).str("id")
	updates := "/api/v1/incidents/" + incident + "/updates/"
	full, taken := acme.do("POST", updates, j{"body": long}), 0
	for ; full.code == 201; taken++ {
		full = acme.do("POST", updates, j{"body": fmt.Sprint(taken, " ", long[:19_990])})
	}
	if full.code != 413 || taken < 40 || taken > page.MaxBytes/80_000+1 {
		t.Fatalf("after %d updates: %d %.300s", taken, full.code, full.raw)
	}
	for left := 19_990; full.code == 413 && left > 0; left -= 1_000 { // to the brim
		full = acme.do("POST", updates, j{"body": long[:left]})
	}
	for name, c := range map[string]struct {
		path  string
		body  j
		field string
	}{
		"an update": {updates, j{"body": long[:4_000]}, "body"},
		"a service": {"/api/v1/services/", j{"name": "Web", "description": long[:4_000]}, "description"},
		"a window": {"/api/v1/maintenances/", j{"title": "Work", "description": long[:4_000],
			"services": []string{service}, "scheduled_for": "2099-01-01T00:00:00Z",
			"scheduled_until": "2099-01-01T01:00:00Z"}, "description"},
		"a window over": {"/api/v1/maintenances/", j{"title": "Work", "description": long[:4_000],
			"services": []string{service}, "scheduled_for": "2026-01-01T00:00:00Z",
			"scheduled_until": "2026-01-01T01:00:00Z"}, "description"},
	} {
		acme.do("POST", c.path, c.body, "Idempotency-Key", name).is(413).has("code", "too_large").
			has("errors.0.field", c.field)
	}
	acme.do("PATCH", "/api/v1/organization/", j{"announcement": long[:4_000]}).is(413).
		has("errors.0.field", "announcement")
	acme.do("PATCH", "/api/v1/maintenances/"+window+"/", j{"message": long[:4_000]}).is(413).
		has("errors.0.field", "message")
	// Nobody else is concerned, and what is there is told.
	other.post("/api/v1/services/", j{"name": "Web", "description": long[:4_000]})
	for _, path := range []string{"/status/" + acme.slug, "/status/" + acme.slug + "/api/v2/summary.json",
		"/api/v1/public/" + acme.slug + "/summary/", "/status/" + acme.slug + "/incidents/" + incident} {
		s.nobody().get(path)
	}
	snapshot := acme.get("/api/v1/snapshot/")
	if len(snapshot.raw) < page.MaxBytes/4 {
		t.Errorf("the snapshot has %d bytes", len(snapshot.raw))
	}
	// What ends or shortens something is taken.
	acme.do("PATCH", "/api/v1/maintenances/"+window+"/", j{"status": "in_progress", "message": "It begins."}).is(200)
	acme.do("POST", updates, j{"status": "resolved", "body": "It is over."}).is(201)
	acme.do("DELETE", "/api/v1/maintenances/"+window+"/", nil).is(204)
	acme.do("PATCH", "/api/v1/organization/", j{"time_zone": "Europe/Paris"}).is(200)
	acme.do("POST", "/api/v1/services/", j{"name": "Web", "description": long}).is(413)
	acme.do("DELETE", "/api/v1/incidents/"+incident+"/", nil).is(204)
	acme.do("POST", "/api/v1/services/", j{"name": "Web", "description": long}).is(201)
}
