package app_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"statuspage/server/racetest"
)

const seriesFields = "id title description services rrule time_zone starts_at duration_minutes notify created_at " +
	"version next_starts"

func TestMaintenanceThatComesAgainIsPlannedAheadOnce(t *testing.T) {
	acme := world(t).org()
	api := acme.service("API")
	first := time.Now().UTC().AddDate(0, 0, 2)
	body := j{"title": "Patch day", "description": "We patch.", "services": []string{api}, "rrule": "FREQ=WEEKLY",
		"time_zone": "UTC",
		"starts_at": first.Format("2006-01-02") + "T22:00", "duration_minutes": 90, "notify": false}
	made := acme.post("/api/v1/recurring-maintenances/", body).keys("", seriesFields).has("rrule", "FREQ=WEEKLY").
		has("duration_minutes", 90)
	path := "/api/v1/recurring-maintenances/" + made.str("id") + "/"
	if read := acme.get(path); string(read.raw) != string(made.raw) {
		t.Errorf("read %s", read.raw)
	}
	windows := acme.get("/api/v1/maintenances/?upcoming=true").has("count", 9) // in the next 60 days
	windows.has("results.0.scheduled_for", first.Format("2006-01-02")+"T22:00:00Z").has("results.0.scheduled_until",
		first.Format("2006-01-02")+"T23:30:00Z").
		has("results.1.scheduled_for", first.AddDate(0, 0, 7).Format("2006-01-02")+"T22:00:00Z").
		has("results.8.title", "Patch day").has("results.8.services.0.id", api)
	// What was deleted stays deleted, and nothing is planned twice.
	acme.do("DELETE", "/api/v1/maintenances/"+windows.str("results.3.id")+"/", nil).is(204)
	acme.app.UseCases.PlanSeries(context.Background())
	acme.get("/api/v1/maintenances/?upcoming=true").has("count", 8)
	acme.get("/api/v1/recurring-maintenances/").has("count", 1)
	acme.get("/api/v1/audit-log/?object="+made.str("id")).has("results.0.action", "create_series")

	for field, value := range map[string]any{"rrule": "FREQ=HOURLY", "time_zone": "Mars/Olympus",
		"starts_at": "tomorrow", "duration_minutes": 0, "title": "",
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
	made := acme.post("/api/v1/recurring-maintenances/", j{"title": "Patch day", "services": []string{api},
		"rrule": "FREQ=WEEKLY", "time_zone": "UTC",
		"starts_at": day(0) + "T22:00", "duration_minutes": 90}).has("version", 1).
		has("next_starts.1", day(7)+"T22:00:00Z")
	path := "/api/v1/recurring-maintenances/" + made.str("id") + "/"
	before := acme.get("/api/v1/maintenances/?upcoming=true").has("count", 9)
	// The second was moved by hand, the third begins now.
	moved, begun := before.str("results.1.id"), before.str("results.2.id")
	acme.patch("/api/v1/maintenances/"+moved+"/", j{"scheduled_for": day(8) + "T01:00:00Z", "scheduled_until": day(8) +
		"T02:00:00Z"})
	acme.patch("/api/v1/maintenances/"+begun+"/", j{"status": "in_progress"})

	acme.patch(path, j{"title": "Patch day"}, "If-Match", `"1"`).has("version", 1) // nothing changes
	acme.get("/api/v1/maintenances/?upcoming=true").has("count", 8)
	acme.patch(path, j{"rrule": "FREQ=WEEKLY;INTERVAL=2", "starts_at": day(1) + "T23:00", "services": []string{web}},
		"If-Match", `"1"`).has("version", 2).
		has("title", "Patch day").has("next_starts.1", day(15)+"T23:00:00Z")
	// The first is the same window on its new day; the one that was moved by hand stays, and so does the one that has
	// begun.
	after := acme.get("/api/v1/maintenances/?upcoming=true").has("count", 5).
		has("results.0.id", before.str("results.0.id"))
	after.has("results.0.scheduled_for", day(1)+"T23:00:00Z").has("results.0.services.0.id", web).
		has("results.1.id", moved).
		has("results.1.scheduled_for", day(8)+"T01:00:00Z").has("results.2.scheduled_for", day(29)+"T23:00:00Z")
	acme.get("/api/v1/maintenances/"+begun+"/").has("status", "in_progress")
	acme.app.UseCases.PlanSeries(context.Background())
	acme.get("/api/v1/maintenances/?upcoming=true").has("count", 5)

	// Back to what it was.
	acme.patch(path, j{"rrule": "FREQ=WEEKLY", "starts_at": day(0) + "T22:00"}).has("version", 3)
	acme.get("/api/v1/maintenances/?upcoming=true").has("count", 8).has("results.0.id", before.str("results.0.id")).
		has("results.0.scheduled_for", day(0)+"T22:00:00Z").
		has("results.1.id", moved)
	acme.get("/api/v1/audit-log/?object="+made.str("id")).has("results.0.action", "edit_series").
		has("results.0.before.rrule", "FREQ=WEEKLY;INTERVAL=2")

	acme.do("PATCH", path, j{"title": "x"}, "If-Match", `"1"`).refuses(409)
	acme.do("PATCH", path, j{"rrule": "FREQ=HOURLY"}).refuses(422, "rrule")
	acme.do("PATCH", path, j{"services": []string{}}).refuses(422, "services")
	acme.site.org().do("PATCH", path, j{"title": "Mine"}).refuses(404)
}

func TestATypoInASeriesIsCorrectedInPlaceAndNobodyIsTold(t *testing.T) {
	racetest.Long(t)
	o := newOffice(t, nil)
	api := o.service("API")
	o.post("/api/v1/subscribers/", j{"emails": []string{"a@example.com"}, "consent": true})
	first := time.Now().UTC().AddDate(0, 0, 3)
	day := func(n int) string { return first.AddDate(0, 0, n).Format("2006-01-02") }
	made := o.post("/api/v1/recurring-maintenances/", j{"title": "Patch dya", "description": "We ptach.",
		"services": []string{api}, "rrule": "FREQ=WEEKLY", "time_zone": "UTC",
		"starts_at": day(0) + "T22:00", "duration_minutes": 90})
	path := "/api/v1/recurring-maintenances/" + made.str("id") + "/"
	const list = "/api/v1/maintenances/?upcoming=true&page_size=100"
	before := o.get(list).has("count", 9)
	id := func(n int) string { return before.str("results." + strconv.Itoa(n) + ".id") }
	if !strings.Contains(o.mail.Wait(t, 1)[0].Subject(), "Planned maintenance: Patch dya") {
		t.Error("the first was not told")
	}
	window := func(n int) string { return "/api/v1/maintenances/" + id(n) + "/" }
	o.patch(window(1), j{"scheduled_for": day(8) + "T01:00:00Z", "scheduled_until": day(8) + "T02:00:00Z",
		"notify": false})
	o.patch(window(2), j{"status": "cancelled", "notify": false})
	o.do("DELETE", window(3), nil).is(204)
	o.patch(window(4), j{"title": "Patch day, with a disk"})

	o.patch(path, j{"title": "Patch day", "description": "We patch."}).has("version", 2)
	check := func(count int, rows ...j) {
		t.Helper()
		now := o.get(list).has("count", count)
		for i, row := range rows {
			for k, v := range row {
				now.has("results."+strconv.Itoa(i)+"."+k, v)
			}
		}
	}
	check(7, j{"id": id(0), "title": "Patch day", "description": "We patch.", "scheduled_for": day(0) + "T22:00:00Z"},
		j{"id": id(1), "title": "Patch day", "scheduled_for": day(8) + "T01:00:00Z", "scheduled_until": day(8) +
			"T02:00:00Z"},
		j{"id": id(4), "title": "Patch day, with a disk", "description": "We patch."},
		j{"id": id(5), "title": "Patch day"})
	o.get(window(2)).has("status", "cancelled")
	o.do("GET", window(3), nil).refuses(404)
	o.app.UseCases.PlanSeries(context.Background())
	check(7)

	// Longer: those that were not moved last longer. Another service: all are about it.
	web := o.service("Web")
	o.patch(path, j{"duration_minutes": 120, "services": []string{api, web}, "notify": false})
	check(7, j{"id": id(0), "scheduled_until": day(1) + "T00:00:00Z", "services.1.id": web},
		j{"id": id(1), "scheduled_until": day(8) + "T02:00:00Z", "services.1.id": web})
	// Another day of the week: windows move, decisions hold.
	o.patch(path, j{"starts_at": day(1) + "T23:30"})
	check(7, j{"id": id(0), "scheduled_for": day(1) + "T23:30:00Z", "scheduled_until": day(2) + "T01:30:00Z"},
		j{"id": id(1), "scheduled_for": day(8) + "T01:00:00Z"},
		j{"id": id(4), "title": "Patch day, with a disk", "scheduled_for": day(29) + "T23:30:00Z"})
	// Three days in a row, and no more: what was moved by hand stays, the others go.
	o.patch(path, j{"rrule": "FREQ=DAILY;COUNT=3"})
	check(4, j{"id": id(0), "scheduled_for": day(1) + "T23:30:00Z"}, j{"scheduled_for": day(2) + "T23:30:00Z"},
		j{"scheduled_for": day(3) + "T23:30:00Z"}, j{"id": id(1)})

	// The last is told, and nothing was before it but the first plan.
	o.post("/api/v1/incidents/", j{"title": "The end", "service": api, "to_state": "major_outage"})
	var subjects []string
	for _, l := range o.mail.Wait(t, 2) {
		subjects = append(subjects, l.Subject())
	}
	if len(subjects) != 2 || !strings.Contains(subjects[1], "The end") {
		t.Errorf("told: %q", subjects)
	}
}
