package app_test

import (
	"testing"
	"time"
)

func TestThePastIsCountedByMonth(t *testing.T) {
	acme := world(t).org()
	api := acme.service("API")
	acme.patch("/api/v1/services/"+api+"/", j{"start_date": time.Now().AddDate(-1, 0, 0).Format("2006-01-02")})
	now := time.Now().UTC()
	last := time.Date(now.Year(), now.Month()-1, 10, 12, 0, 0, 0, time.UTC)
	for i, minutes := range []int{10, 30, 50, 600} { // the median is the mean of the two in the middle
		began := last.AddDate(0, 0, i)
		acme.post("/api/v1/incidents/", j{"title": "Down", "service": api, "to_state": "major_outage",
			"started_at":  began.Format(time.RFC3339),
			"resolved_at": began.Add(time.Duration(minutes) * time.Minute).Format(time.RFC3339)})
	}
	acme.post("/api/v1/incidents/", j{"title": "Now", "service": api, "to_state": "degraded_performance"})
	stats := acme.get("/api/v1/stats/").keys("", "at time_zone months deliveries").has("time_zone", "UTC").
		keys("months.0", "month uptime incidents resolve_minutes").keys("deliveries.0", "date sent failed").
		has("months.10.month", last.Format("2006-01")).has("months.10.incidents", 4).has("months.10.resolve_minutes",
		40).
		has("months.11.month", now.Format("2006-01")).has("months.11.incidents", 1).has("months.11.resolve_minutes",
		nil).
		has("months.9.incidents", 0).has("deliveries.6.date", now.Format("2006-01-02")).has("deliveries.6.sent", 0)
	if up, _ := stats.at("months.10.uptime").(float64); up >= 100 || up < 98 {
		t.Errorf("the month's uptime is %v", up)
	}
	acme.get("/api/v1/stats/?months=1").has("months.0.month", now.Format("2006-01"))
	for _, bad := range []string{"0", "25", "x"} {
		acme.do("GET", "/api/v1/stats/?months="+bad, nil).refuses(422, "months")
	}
	acme.join("member").get("/api/v1/stats/").has("months.10.incidents", 4)
	acme.nobody().do("GET", "/api/v1/stats/", nil).refuses(401)

	other := acme.site.org() // has no services: nothing of the first one's is in it
	other.get("/api/v1/stats/").has("months.10.uptime", nil).has("months.10.incidents", 0)
}
