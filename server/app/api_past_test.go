package app_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"statuspage/server/auth"
	"statuspage/server/usecase"
	"statuspage/shared/page"
)

func TestAnUpdateRecoversSomeServicesWhileTheIncidentGoesOn(t *testing.T) {
	acme := world(t).org()
	api, web := acme.service("API"), acme.service("Web")
	path := "/api/v1/incidents/" + acme.post("/api/v1/incidents/",
		j{"title": "Slow", "services": []j{{"id": api}, {"id": web}}, "to_state": "partial_outage"}).str("id") + "/"
	up := acme.post(path+"updates/", j{"body": "Web is back.", "services": []j{{"id": web, "to_state": "operational"}}})
	up.has("services.0.id", web).has("services.0.from_state", "partial_outage").has("services.0.to_state",
		"operational").
		has("incident.services.1.to_state", "operational").has("incident.services.0.to_state", "partial_outage").
		has("incident.impact", "major")
	acme.get("/api/v1/services/"+web+"/").has("status", "operational")
	acme.patch(path, j{"services": []j{{"id": api, "to_state": "major_outage"}}}).has("updates.2.services.0.to_state",
		"major_outage").has("impact", "critical").has("to_state", "major_outage")
	acme.get("/api/v1/services/"+api+"/").has("status", "major_outage")
	acme.do("POST", path+"updates/", j{"services": []j{{"id": acme.service("Other"), "to_state": "operational"}}}).
		refuses(422, "services[0].id")
	acme.do("POST", path+"updates/", j{"services": []j{{"id": api, "to_state": "under_maintenance"}}}).
		refuses(422, "services[0].to_state")
	// What was read from memory is in the tables, too.
	if a, b := acme.get(path), acme.get("/api/v1/incidents/?service="+api); fmt.Sprint(a.body) != fmt.Sprint(
		b.at("results.0")) {
		t.Errorf("one %v\nlisted %v", a.body, b.at("results.0"))
	}
	acme.patch(path, j{"status": "resolved", "message": "Over."}).has("updates.3.services.0.to_state", "operational")
	acme.get("/api/v1/services/"+api+"/").has("status", "operational")
}

func moment(d time.Duration) string { return time.Now().UTC().Add(d).Format(time.RFC3339) }

func TestABackDatedIncidentStandsAtItsTimeAndOfNoneButItsOwnPage(t *testing.T) {
	acme := world(t).org()
	api := acme.service("API")
	began, ended := moment(-49*time.Hour), moment(-48*time.Hour)
	made := acme.post("/api/v1/incidents/", j{"title": "The day before yesterday", "description": "It failed.",
		"service": api, "to_state": "major_outage",
		"started_at": began, "resolved_at": ended, "resolution": "It stopped."})
	made.has("status", "resolved").has("started_at", began).has("created_at", began).has("resolved_at", ended).
		has("updates.0.created_at", began).
		has("updates.1.created_at", ended).has("updates.1.body", "It stopped.").has("from_state", "operational")
	if made.str("recorded_at") <= ended {
		t.Errorf("written down at %v", made.at("recorded_at"))
	}
	acme.get("/api/v1/services/"+api+"/").has("status", "operational")
	acme.do("POST", "/api/v1/incidents/", j{"title": "x", "service": api, "to_state": "major_outage",
		"started_at": moment(time.Hour)}).refuses(422, "started_at")
	acme.do("POST", "/api/v1/incidents/", j{"title": "x", "service": api, "to_state": "major_outage",
		"resolved_at": ended}).refuses(422, "resolved_at")
	acme.do("POST", "/api/v1/incidents/", j{"title": "x", "service": api, "to_state": "major_outage",
		"started_at": "yesterday"}).refuses(422, "started_at")
	going := acme.post("/api/v1/incidents/", j{"title": "Since an hour", "service": api,
		"to_state": "degraded_performance", "started_at": moment(-time.Hour)})
	going.has("status", "investigating").has("resolved_at", nil)
	acme.get("/api/v1/services/"+api+"/").has("status", "degraded_performance")
}

// record is what the uptime document says of the first service's days that were not well.
func record(t *testing.T, c *caller, query string) (out []string) {
	t.Helper()
	days, _ := c.nobody().get("/api/v1/public/" + c.slug + "/uptime/" + query).at("services.0.days").([]any)
	for _, d := range days {
		day, _ := d.(j)
		if day["status"] != nil && day["status"] != "operational" {
			out = append(out, fmt.Sprint(day["date"], " ", day["status"], " ", day["major_seconds"], " ",
				day["partial_seconds"]))
		}
	}
	return out
}

func TestTheRecordFollowsWhatIsToldOfThePast(t *testing.T) {
	s := world(t)
	acme := s.born(t, time.Now().AddDate(0, 0, -40))
	api := acme.serviceAt(t, "API", time.Now().AddDate(0, 0, -39))
	midnight := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -3)
	at := func(d time.Duration) string { return midnight.Add(d).Format(time.RFC3339) }
	day := func(n int) string { return midnight.AddDate(0, 0, n).Format("2006-01-02") }
	night := acme.post("/api/v1/incidents/", j{"title": "Night", "service": api, "to_state": "partial_outage",
		"started_at": at(-time.Hour), "resolved_at": at(2 * time.Hour)}).str("id")
	worse := acme.post("/api/v1/incidents/", j{"title": "Worse", "service": api, "to_state": "major_outage",
		"started_at": at(time.Hour), "resolved_at": at(90 * time.Minute)}).str("id")
	is := func(what string, want ...string) {
		t.Helper()
		if got := record(t, acme, "?days=30"); strings.Join(got, ", ") != strings.Join(want, ", ") {
			t.Errorf("%s: the record is %q, want %q", what, got, want)
		}
	}
	is("two that overlap", day(-1)+" partial_outage 0 3600", day(0)+" major_outage 1800 5400")
	acme.patch("/api/v1/incidents/"+worse+"/", j{"excluded_reason": "A drill, announced to all."}).
		has("excluded_reason", "A drill, announced to all.")
	is("the worse one is forgiven", day(-1)+" partial_outage 0 3600", day(0)+" partial_outage 0 7200")
	acme.patch("/api/v1/incidents/"+night+"/", j{"excluded_reason": "So was this."})
	is("both are forgiven")
	acme.patch("/api/v1/incidents/"+worse+"/", j{"excluded_reason": ""})
	is("the worse one counts again", day(0)+" major_outage 1800 0")
	acme.do("DELETE", "/api/v1/incidents/"+worse+"/", nil).is(204)
	is("it was never there")
	acme.patch("/api/v1/incidents/"+night+"/", j{"excluded_reason": ""})
	is("the first counts again", day(-1)+" partial_outage 0 3600", day(0)+" partial_outage 0 7200")

	// The same over months, also when nothing is in memory, and with other weights.
	month := midnight.Format("2006-01")
	months := record(t, acme, "?month="+month)
	if midnight.Day() > 1 && len(months) != 2 || midnight.Day() == 1 && len(months) != 1 {
		t.Errorf("the month has %q", months)
	}
	doc := acme.nobody().get("/api/v1/public/"+acme.slug+"/uptime/?month="+month).has("month", month)
	days, _ := doc.at("services.0.days").([]any)
	if want := time.Date(midnight.Year(), midnight.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day(); len(days) != want {
		t.Errorf("%s has %d days, not %d", month, len(days), want)
	}
	percent := func() float64 {
		n, _ := acme.nobody().get("/api/v1/public/" + acme.slug + "/uptime/?days=5").at("services.0.uptime").(float64)
		return n
	}
	half := percent()
	acme.patch("/api/v1/organization/", j{"uptime_weights": j{"degraded_performance": 0, "partial_outage": 100,
		"major_outage": 100, "under_maintenance": 0}}).
		has("uptime_weights.partial_outage", 100)
	if whole := percent(); half >= 100 || whole >= half || 100-whole < 1.9*(100-half) || 100-whole > 2.1*(100-half) {
		t.Errorf("partial outages count half: %v, whole: %v", half, whole)
	}
	acme.do("PATCH", "/api/v1/organization/", j{"uptime_weights": j{"partial_outage": 101}}).
		refuses(422, "uptime_weights.partial_outage")
	for _, bad := range []string{"2026-13", "x", "1999-01", time.Now().AddDate(0, 2, 0).Format("2006-01")} {
		acme.nobody().do("GET", "/api/v1/public/"+acme.slug+"/uptime/?month="+bad, nil).refuses(422, "month")
	}
}

func TestWordsAreCorrectedExplainedAndAnnounced(t *testing.T) {
	acme := world(t).org()
	api := acme.service("API")
	in := acme.post("/api/v1/incidents/", j{"title": "Slow", "service": api, "to_state": "degraded_performance",
		"description": "We lok."})
	id, first := in.str("id"), in.str("updates.0.id")
	path := "/api/v1/incidents/" + id + "/"
	acme.do("PATCH", path, j{"postmortem": "Why"}).refuses(409, "postmortem")
	acme.patch(path, j{"status": "resolved", "message": "Over."})
	fixed := acme.patch(path+"updates/"+first+"/", j{"body": "We look."}).has("id", first).has("body", "We look.").
		has("incident.updates.0.body", "We look.")
	if fixed.str("edited_at") == "" {
		t.Error("the correction is not dated")
	}
	acme.get("/api/v1/audit-log/?object="+id).has("results.0.action", "correct_update").
		has("results.0.before.updates.0.body", "We lok.").has("results.0.after.updates.0.body", "We look.")
	acme.do("PATCH", path+"updates/"+api+"/", j{"body": "x"}).refuses(404)
	acme.do("PATCH", path+"updates/1/", j{"body": "x"}).refuses(404)
	acme.do("PATCH", path+"updates/"+first+"/", j{"text": "x"}).refuses(422, "text", "body")
	acme.patch(path, j{"postmortem": "A **cable**."}).has("postmortem", "A **cable**.")
	other := acme.site.org()
	other.do("PATCH", path+"updates/"+first+"/", j{"body": "x"}).refuses(404)
	acme.join("member").do("PATCH", path+"updates/"+first+"/", j{"body": "x"}).refuses(403)

	until := moment(time.Hour)
	acme.patch("/api/v1/organization/", j{"announcement": "We **move**.", "announcement_until": until}).
		has("announcement", "We **move**.").has("announcement_until", until)
	acme.nobody().get("/api/v1/public/"+acme.slug+"/summary/").has("org.announcement", "We **move**.").
		has("incidents.0.postmortem", "A **cable**.")
	acme.do("PATCH", "/api/v1/organization/", j{"announcement_until": moment(-time.Hour)}).
		refuses(422, "announcement_until")
	acme.patch("/api/v1/organization/", j{"announcement": ""}).has("announcement_until", nil)
}

const templateFields = "id name title body status services placeholders created_at updated_at version"

func TestTemplatesAreKeptForOneOrganisationAndAudited(t *testing.T) {
	acme := world(t).org()
	api := acme.service("API")
	made := acme.post("/api/v1/templates/", j{"name": "Database", "title": "{{service}} is slow in {{ region }}",
		"body": "We move {{service}}.", "status": "investigating",
		"services": []j{{"id": api, "to_state": "degraded_performance"}}})
	made.keys("", templateFields).has("placeholders.0", "service").has("placeholders.1", "region").
		has("services.0.to_state", "degraded_performance").has("version", 1)
	path := "/api/v1/templates/" + made.str("id") + "/"
	if read := acme.get(path); string(read.raw) != string(made.raw) || read.header.Get("ETag") != `"1"` {
		t.Errorf("read %s", read.raw)
	}
	acme.post("/api/v1/templates/", j{"name": "Another"})
	acme.get("/api/v1/templates/").has("count", 2).has("results.0.name", "Another").has("results.1.name", "Database")
	acme.patch(path, j{"body": "Done."}).has("body", "Done.").has("version", 2).
		has("title", "{{service}} is slow in {{ region }}")
	acme.do("PATCH", path, j{"body": "x"}, "If-Match", `"1"`).is(409)
	acme.do("POST", "/api/v1/templates/", j{"title": "x", "status": "gone", "services": []j{{"id": "7"}}}).
		refuses(422, "name", "status", "services[0].id")
	acme.do("POST", "/api/v1/templates/", j{"name": "x", "id": made.str("id")}).refuses(409, "id")
	acme.do("PATCH", path, j{"nmae": "x"}).refuses(422, "nmae")
	other := acme.site.org()
	other.get("/api/v1/templates/").has("count", 0)
	for _, a := range []*answer{other.do("GET", path, nil), other.do("PATCH", path, j{"name": "x"}),
		other.do("DELETE", path, nil)} {
		a.refuses(404)
	}
	member := acme.join("member")
	member.get(path)
	member.do("DELETE", path, nil).refuses(403)
	acme.do("DELETE", path, nil).is(204)
	acme.do("GET", path, nil).refuses(404)
	acme.get("/api/v1/templates/").has("count", 1)
	acme.get("/api/v1/audit-log/?object="+made.str("id")).has("count", 3).has("results.0.action", "delete_template").
		has("results.0.before.name", "Database")
	again := j{"name": "Once"}
	one := acme.do("POST", "/api/v1/templates/", again, "Idempotency-Key", "k-1").is(201)
	if two := acme.do("POST", "/api/v1/templates/", again, "Idempotency-Key", "k-1").is(201); two.str("id") != one.str(
		"id") {
		t.Error("one key makes two templates")
	}
}

// born is an organisation that is as old as it says, with its admin.
func (s *site) born(t *testing.T, at time.Time) *caller {
	t.Helper()
	ctx, by := context.Background(), usecase.Caller{System: true}
	slug := fmt.Sprintf("org-%d", common.made.Add(1))
	id, err := s.app.UseCases.CreateOrg(ctx, by, slug, "The "+slug, at, nil)
	if err != nil {
		t.Fatal(err)
	}
	email := "admin@" + slug + ".example"
	if _, err := s.app.UseCases.AddMember(ctx, by, id, usecase.NewMember{Email: email, Role: auth.Admin}); err != nil {
		t.Fatal(err)
	}
	token, err := s.app.UseCases.Token(ctx, slug, email, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return &caller{site: s, org: id, slug: slug, token: token}
}

// serviceAt adds a service at a moment.
func (c *caller) serviceAt(t *testing.T, name string, at time.Time) string {
	t.Helper()
	command := &page.CreateService{ID: uuid.NewString(), Name: name}
	if _, err := c.app.UseCases.ChangeAt(context.Background(), usecase.Caller{System: true}, c.org, command,
		at); err != nil {
		t.Fatal(err)
	}
	return command.ID
}
