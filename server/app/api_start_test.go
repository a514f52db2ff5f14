package app_test

import (
	"testing"
	"time"
)

func TestARecordFromElsewhereIsWholeHere(t *testing.T) {
	acme := world(t).org()
	day := func(n int) string { return time.Now().UTC().AddDate(0, 0, n).Format("2006-01-02") }
	api := acme.post("/api/v1/services/", j{"name": "API", "start_date": day(-60)}).has("start_date", day(-60)).
		str("id")
	web := acme.service("Web")
	acme.post("/api/v1/incidents/", j{"title": "Where we came from", "service": api, "to_state": "major_outage",
		"started_at":  day(-50) + "T10:00:00Z",
		"resolved_at": day(-50) + "T11:00:00Z"})
	up := acme.get("/api/v1/public/"+acme.slug+"/uptime/?days=90").has("time_zone", "UTC").
		has("services.0.days.28.status", nil).has("services.0.days.29.status", "operational").
		has("services.0.days.29.uptime", float64(100)).
		has("services.0.days.39.status", "major_outage").has("services.0.days.39.major_seconds", float64(3600)).
		has("services.1.days.88.status", nil).has("services.1.days.89.status", "operational")
	_ = up
	acme.get("/api/v1/public/"+acme.slug+"/uptime/?month="+day(-60)[:7]).has("month", day(-60)[:7])
	acme.do("GET", "/api/v1/public/"+acme.slug+"/uptime/?month="+day(-150)[:7], nil).refuses(422, "month")

	// It is said afterwards: what was noted before counts from then on.
	acme.post("/api/v1/incidents/", j{"title": "Of the other", "service": web, "to_state": "partial_outage",
		"started_at":  day(-20) + "T10:00:00Z",
		"resolved_at": day(-20) + "T12:00:00Z"})
	acme.get("/api/v1/public/"+acme.slug+"/uptime/?days=90").has("services.1.days.69.status", nil)
	acme.patch("/api/v1/services/"+web+"/", j{"start_date": day(-30)}).has("start_date", day(-30))
	acme.get("/api/v1/public/"+acme.slug+"/uptime/?days=90").has("services.1.days.69.status", "partial_outage").
		has("services.1.days.69.partial_seconds", float64(7200)).
		has("services.1.days.59.status", "operational").has("services.1.days.58.status", nil)
	acme.get("/status/"+acme.slug+"/api/v2/components.json").has("components.1.start_date", day(-30)).
		has("components.0.start_date", day(-60))
	for _, wrong := range []string{day(1), "1999-01-01", "soon"} {
		acme.do("PATCH", "/api/v1/services/"+web+"/", j{"start_date": wrong}).refuses(422, "start_date")
		acme.do("POST", "/api/v1/services/", j{"name": "x", "start_date": wrong}).refuses(422, "start_date")
	}
	acme.patch("/api/v1/services/"+web+"/", j{"start_date": ""}).has("start_date", "")
	acme.get("/api/v1/public/"+acme.slug+"/uptime/?days=90").has("services.1.days.88.status", nil)
}

func TestAWindowThatIsNotedAfterwardsIsOverAndAddsToTheRecord(t *testing.T) {
	acme := world(t).org()
	day := func(n int) string { return time.Now().UTC().AddDate(0, 0, n).Format("2006-01-02") }
	api := acme.post("/api/v1/services/", j{"name": "API", "start_date": day(-60)}).str("id")
	m := acme.post("/api/v1/maintenances/", j{"title": "Disks", "services": []string{api}, "scheduled_for": day(-3) +
		"T01:00:00Z", "scheduled_until": day(-3) + "T02:00:00Z"}).
		has("status", "completed").has("completed_at", day(-3)+"T02:00:00Z").has("started_at", day(-3)+"T01:00:00Z")
	acme.get("/api/v1/services/"+api+"/").has("status", "operational")
	acme.get("/api/v1/public/"+acme.slug+"/uptime/?days=10").has("services.0.days.6.maintenance_seconds",
		float64(3600)).has("services.0.days.6.uptime", float64(100))
	acme.get("/status/"+acme.slug+"/api/v2/scheduled-maintenances.json").has("scheduled_maintenances.0.status",
		"completed").
		has("scheduled_maintenances.0.incident_updates.0.status", "completed").
		has("scheduled_maintenances.0.incident_updates.0.created_at", day(-3)+"T02:00:00.000Z")
	if id := acme.get("/status/" + acme.slug + "/api/v2/scheduled-maintenances.json").
		str("scheduled_maintenances.0.incident_updates.0.id"); len(id) != 12 {
		t.Errorf("the id of its end is %q", id)
	}
	acme.do("DELETE", "/api/v1/maintenances/"+m.str("id")+"/", nil).is(204)
	acme.get("/api/v1/public/"+acme.slug+"/uptime/?days=10").has("services.0.days.6.maintenance_seconds", float64(0))
	acme.do("POST", "/api/v1/maintenances/", j{"title": "x", "services": []string{api}, "scheduled_for": day(-900) +
		"T01:00:00Z", "scheduled_until": day(-900) + "T02:00:00Z"}).refuses(422, "scheduled_for")
}
