package app_test

import (
	"context"
	"testing"
	"time"
)

const seriesFields = "id title description services rrule time_zone starts_at duration_minutes notify created_at version next_starts"

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

func TestASeriesThatIsChangedPlansAnew(t *testing.T) {
	acme := world(t).org()
	api, web := acme.service("API"), acme.service("Web")
	first := time.Now().UTC().AddDate(0, 0, 2)
	day := func(n int) string { return first.AddDate(0, 0, n).Format("2006-01-02") }
	made := acme.post("/api/v1/recurring-maintenances/", j{"title": "Patch day", "services": []string{api}, "rrule": "FREQ=WEEKLY", "time_zone": "UTC",
		"starts_at": day(0) + "T22:00", "duration_minutes": 90}).has("version", 1).has("next_starts.1", day(7)+"T22:00:00Z")
	path := "/api/v1/recurring-maintenances/" + made.str("id") + "/"
	before := acme.get("/api/v1/maintenances/?upcoming=true").has("count", 9)
	// The second was moved by hand, the third begins now.
	moved, begun := before.str("results.7.id"), before.str("results.6.id")
	acme.patch("/api/v1/maintenances/"+moved+"/", j{"scheduled_for": day(8) + "T01:00:00Z", "scheduled_until": day(8) + "T02:00:00Z"})
	acme.patch("/api/v1/maintenances/"+begun+"/", j{"status": "in_progress"})

	acme.patch(path, j{"title": "Patch day"}, "If-Match", `"1"`).has("version", 1) // nothing changes
	acme.get("/api/v1/maintenances/?upcoming=true").has("count", 8)
	acme.patch(path, j{"rrule": "FREQ=WEEKLY;INTERVAL=2", "starts_at": day(1) + "T23:00", "services": []string{web}}, "If-Match", `"1"`).has("version", 2).
		has("title", "Patch day").has("next_starts.1", day(15)+"T23:00:00Z")
	after := acme.get("/api/v1/maintenances/?upcoming=true").has("count", 5)
	after.has("results.4.scheduled_for", day(1)+"T23:00:00Z").has("results.3.scheduled_for", day(15)+"T23:00:00Z").has("results.4.services.0.id", web)
	acme.do("GET", "/api/v1/maintenances/"+moved+"/", nil).refuses(404)
	acme.get("/api/v1/maintenances/"+begun+"/").has("status", "in_progress")
	acme.app.Desk.PlanSeries(context.Background())
	acme.get("/api/v1/maintenances/?upcoming=true").has("count", 5)

	// Back to what it was: the same starts are planned again under a version of their own.
	acme.patch(path, j{"rrule": "FREQ=WEEKLY", "starts_at": day(0) + "T22:00"}).has("version", 3)
	acme.get("/api/v1/maintenances/?upcoming=true").has("count", 9)
	acme.get("/api/v1/audit-log/?object="+made.str("id")).has("results.0.action", "edit_series").has("results.0.before.rrule", "FREQ=WEEKLY;INTERVAL=2")

	acme.do("PATCH", path, j{"title": "x"}, "If-Match", `"1"`).refuses(409)
	acme.do("PATCH", path, j{"rrule": "FREQ=HOURLY"}).refuses(422, "rrule")
	acme.do("PATCH", path, j{"services": []string{}}).refuses(422, "services")
	acme.site.org().do("PATCH", path, j{"title": "Mine"}).refuses(404)
}
