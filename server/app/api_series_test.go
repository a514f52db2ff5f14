package app_test

import (
	"context"
	"testing"
	"time"
)

const seriesFields = "id title description services rrule time_zone starts_at duration_minutes notify created_at"

func TestMaintenanceThatComesAgainIsPlannedAheadOnce(t *testing.T) {
	acme := world(t).org()
	api := acme.service("API")
	first := time.Now().UTC().AddDate(0, 0, 2)
	body := j{"title": "Patch day", "description": "We patch.", "services": []string{api}, "rrule": "FREQ=WEEKLY", "time_zone": "UTC",
		"starts_at": first.Format("2006-01-02") + "T22:00", "duration_minutes": 90, "notify": false}
	made := acme.post("/api/v1/recurring-maintenances/", body).keys("", seriesFields).has("rrule", "FREQ=WEEKLY").has("duration_minutes", 90)
	path := "/api/v1/recurring-maintenances/" + made.str("id") + "/"
	if read := acme.get(path); string(read.raw) != string(made.raw) {
		t.Errorf("read %s", read.raw)
	}
	windows := acme.get("/api/v1/maintenances/?upcoming=true").has("count", 9) // in the next 60 days
	windows.has("results.8.scheduled_for", first.Format("2006-01-02")+"T22:00:00Z").has("results.8.scheduled_until", first.Format("2006-01-02")+"T23:30:00Z").
		has("results.7.scheduled_for", first.AddDate(0, 0, 7).Format("2006-01-02")+"T22:00:00Z").has("results.0.title", "Patch day").has("results.0.services.0.id", api)
	// What was deleted stays deleted, and nothing is planned twice.
	acme.do("DELETE", "/api/v1/maintenances/"+windows.str("results.3.id")+"/", nil).is(204)
	acme.app.Desk.PlanSeries(context.Background())
	acme.get("/api/v1/maintenances/?upcoming=true").has("count", 8)
	acme.get("/api/v1/recurring-maintenances/").has("count", 1)
	acme.get("/api/v1/audit-log/?object="+made.str("id")).has("results.0.action", "create_series")

	for field, value := range map[string]any{"rrule": "FREQ=HOURLY", "time_zone": "Mars/Olympus", "starts_at": "tomorrow", "duration_minutes": 0, "title": "",
		"services": []string{}} {
		bad := j{}
		for k, v := range body {
			bad[k] = v
		}
		bad[field] = value
		acme.do("POST", "/api/v1/recurring-maintenances/", bad).refuses(422, field)
	}
	other := acme.site.org()
	other.do("GET", path, nil).refuses(404)
	other.do("DELETE", path, nil).refuses(404)
	acme.join("member").do("DELETE", path, nil).refuses(403)
	acme.do("DELETE", path, nil).is(204)
	acme.do("GET", path, nil).refuses(404)
	acme.get("/api/v1/maintenances/?upcoming=true").has("count", 8)
}
