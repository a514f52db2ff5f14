package app_test

import (
	"strings"
	"testing"
	"time"
)

const maintenanceFields = "id title description status status_display services scheduled_for scheduled_until " +
	"created_at updated_at started_at completed_at version updates"

func TestAMaintenanceGoesFromItsPlanToItsEnd(t *testing.T) {
	acme := world(t).org()
	api := acme.service("API")
	planned := acme.post("/api/v1/maintenances/", j{"title": "Upgrade", "description": "A new disk.",
		"services":      []string{api},
		"scheduled_for": in(time.Hour), "scheduled_until": in(2 * time.Hour), "notify": true})
	planned.keys("", maintenanceFields).keys("services.0", "id name").has("status", "scheduled").
		has("status_display", "Scheduled").
		has("started_at", nil).has("completed_at", nil).has("version", 1).has("services.0.name", "API")
	path := "/api/v1/maintenances/" + planned.str("id") + "/"
	if read := acme.get(path); string(read.raw) != string(planned.raw) || read.header.Get("ETag") != `"1"` {
		t.Errorf("read %s %v", read.raw, read.header)
	}
	acme.patch(path, j{"scheduled_until": in(3 * time.Hour), "title": "Upgrade of the disk"}).has("version", 2).
		has("title", "Upgrade of the disk")
	acme.patch(path, j{"status": "in_progress", "message": "It begins."}).keys("", maintenanceFields).
		keys("updates.0", "id status status_display body created_at").
		has("status", "in_progress").has("status_display", "In Progress").has("updates.0.body", "It begins.")
	acme.get("/api/v1/services/"+api+"/").has("status", "under_maintenance")
	acme.do("PATCH", path, j{"scheduled_for": in(2 * time.Hour)}).refuses(409, "scheduled_for")
	acme.do("PATCH", path, j{"status": "cancelled"}).refuses(409, "status").has("allowed", "[verifying completed]")
	acme.patch(path, j{"status": "verifying"}).has("status_display", "Verifying")
	done := acme.patch(path, j{"status": "completed"}).has("status_display", "Completed")
	if done.str("started_at") == "" || done.str("completed_at") == "" {
		t.Errorf("it began %v and ended %v", done.at("started_at"), done.at("completed_at"))
	}
	acme.get("/api/v1/services/"+api+"/").has("status", "operational")
	acme.do("DELETE", path, nil).is(204)
	acme.do("GET", path, nil).refuses(404)
	acme.do("PATCH", path, j{"title": "x"}).refuses(404)
	acme.do("DELETE", path, nil).refuses(404)
}

func TestMaintenancesAreFilteredByStatusAndWhetherTheyAreToCome(t *testing.T) {
	acme := world(t).org()
	first, second := acme.window("first"), acme.window("second")
	acme.patch("/api/v1/maintenances/"+first+"/", j{"scheduled_for": in(90 * time.Minute)}) // the later one
	acme.window("third")
	acme.patch("/api/v1/maintenances/"+second+"/", j{"status": "in_progress"})
	for _, row := range []struct{ query, titles string }{
		{"", "second third first"}, {"?upcoming=true", "third first"}, {"?upcoming=false", "second third first"},
		{"?status=in_progress", "second"}, {"?status=completed", ""},
		{"?status=scheduled&upcoming=true", "third first"},
	} {
		for _, base := range []string{"/api/v1/maintenances/", "/api/v1/public/" + acme.slug + "/maintenances/"} {
			list := acme.get(base + row.query)
			titles := []string{}
			for _, r := range list.list("results") {
				titles = append(titles, r.(j)["title"].(string))
			}
			if got := strings.Join(titles, " "); got != row.titles {
				t.Errorf("%s%s: %q, not %q", base, row.query, got, row.titles)
			}
			if len(titles) > 0 {
				list.keys("results.0", maintenanceFields)
			}
		}
	}
	acme.do("GET", "/api/v1/maintenances/?upcoming=perhaps", nil).refuses(422, "upcoming")
	acme.do("GET", "/api/v1/maintenances/?status=resolved", nil).refuses(422, "status")
	acme.do("GET", "/api/v1/public/"+acme.slug+"/maintenances/?status=resolved", nil).refuses(422, "status")
}

func TestAMaintenanceThatCannotBeIsRefusedByField(t *testing.T) {
	acme := world(t).org()
	api := acme.service("API")
	good := func() j {
		return j{"title": "Work", "services": []string{api}, "scheduled_for": in(time.Hour),
			"scheduled_until": in(2 * time.Hour)}
	}
	for _, row := range []struct {
		name   string
		change j
		code   int
		fields []string
	}{
		{"no title", j{"title": ""}, 422, []string{"title"}},
		{"no services", j{"services": []string{}}, 422, []string{"services"}},
		{"a service that is none", j{"services": []string{"0197a1de-3c00-7000-8000-000000000001"}}, 404,
			[]string{"services[0]"}},
		{"a service twice", j{"services": []string{api, api}}, 422, []string{"services[1]"}},
		{"services of another kind", j{"services": []int{1}}, 422, []string{"services"}},
		{"services as one", j{"services": api}, 422, []string{"services"}},
		{"the end before the start", j{"scheduled_until": in(30 * time.Minute)}, 422, []string{"scheduled_until"}},
		{"an end that passed long ago", j{"scheduled_for": in(-731*24*time.Hour - time.Hour),
			"scheduled_until": in(-731 * 24 * time.Hour)}, 422, []string{"scheduled_for"}},
		{"no start", j{"scheduled_for": nil}, 422, []string{"scheduled_for"}},
		{"a start that is no time", j{"scheduled_for": "tomorrow"}, 422, []string{"scheduled_for"}},
		{"too long", j{"scheduled_until": in(31 * 24 * time.Hour)}, 422, []string{"scheduled_until"}},
		{"an unknown field", j{"sevices": []string{api}}, 422, []string{"sevices"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			body := good()
			for k, v := range row.change {
				body[k] = v
			}
			a := acme.do("POST", "/api/v1/maintenances/", body)
			a.t = t
			a.refuses(row.code, row.fields...)
		})
	}
	acme.get("/api/v1/maintenances/").has("count", 0)
}

func TestMaintenanceThatComesAgain(t *testing.T) {
	s := world(t)
	acme, other := s.org(), s.org()
	body := j{"title": "Weekly", "services": []string{acme.service("API")}, "rrule": "FREQ=WEEKLY;COUNT=3",
		"time_zone": "Europe/Paris",
		"starts_at": time.Now().Add(48 * time.Hour).UTC().Format("2006-01-02T15:04"), "duration_minutes": 30}
	made := acme.post("/api/v1/recurring-maintenances/", body, "Idempotency-Key", "k")
	same(t, made, acme.post("/api/v1/recurring-maintenances/", body, "Idempotency-Key", "k"))
	one := "/api/v1/recurring-maintenances/" + made.str("id") + "/"
	acme.get(one).has("title", "Weekly")
	acme.get("/api/v1/recurring-maintenances/").has("count", 1)
	acme.get("/api/v1/maintenances/?upcoming=true").has("count", 3)
	other.do("GET", one, nil).refuses(404)
	other.do("DELETE", one, nil).refuses(404)
	acme.do("DELETE", one, nil).is(204)
	acme.do("GET", one, nil).refuses(404)
	body["rrule"] = "FREQ=SOMETIMES"
	acme.do("POST", "/api/v1/recurring-maintenances/", body).refuses(422, "rrule")
}
