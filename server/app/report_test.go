package app_test

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/notify/notifytest"
	"statuspage/shared/status"
)

// TestAVisitorReportsAProblemOnceADay says it twice, of a service and of an incident, and looks for what is kept.
func TestAVisitorReportsAProblemOnceADay(t *testing.T) {
	s := startSite(t, nil)
	acme, other := s.org(), s.org()
	api, web, foreign := acme.service("API"), acme.service("Web"), other.service("Theirs")
	path := "/api/v1/public/" + acme.slug + "/report/"
	visitor := s.nobody()
	for range 2 {
		visitor.do("POST", path, j{"service": api}).is(202).has("status", "accepted")
	}
	incident := acme.post("/api/v1/incidents/", j{"title": "Down", "services": []j{{"id": api}, {"id": web}},
		"to_state": "major_outage"}).str("id")
	visitor.do("POST", path, j{"incident": incident}).is(202)
	for _, body := range []j{{}, {"service": foreign}, {"service": "x"}, {"service": api, "incident": incident},
		{"incident": foreign}} {
		visitor.do("POST", path, body).refuses(422)
	}
	visitor.do("POST", path, j{"service": api, "text": "It is broken!"}).refuses(422, "text")
	curves := acme.get("/api/v1/reports/").keys("", "range bucket_seconds services").has("bucket_seconds", 600).
		has("services.0.service.id", api).has("services.0.total", 1).has("services.0.recent", 1).
		has("services.1.service.id", web).has("services.1.total", 1)
	if len(curves.list("services.0.buckets")) != 1 {
		t.Errorf("the curve is %s", curves.raw)
	}
	acme.do("GET", "/api/v1/reports/?range=1y", nil).refuses(422, "range")
	if mine := other.get("/api/v1/reports/?range=30d"); len(mine.list("services")) != 0 {
		t.Errorf("another tenant sees %s", mine.raw)
	}
	if n := s.number(`SELECT count(*) FROM report_marks WHERE length(hash) = 32`); n != 2 {
		t.Errorf("%d marks", n)
	}
	acme.post("/api/v1/incidents/"+incident+"/updates/", j{"status": "resolved", "body": "Over."})
	visitor.do("POST", path, j{"incident": incident}).refuses(422, "incident")

	// Nothing of it is public before the organisation says so, and none are taken where it wants none.
	for _, p := range []string{"", "/services/" + api, "/report/?sent=1&service=" + api} {
		_, body := visited(t, s, "GET", "/status/"+acme.slug+p, "", "", "", nil)
		if strings.Contains(body, "in the last hour") {
			t.Errorf("%q tells how many", p)
		}
	}
	s.sql(`UPDATE report_counts SET count = 12 WHERE service_id = ?`, api)
	acme.patch("/api/v1/organization/", j{"reports": "shown"}).has("reports", "shown")
	_, body := visited(t, s, "GET", "/status/"+acme.slug+"/report/?sent=1&service="+api, "", "", "", nil)
	if !strings.Contains(body, "12 reports in the last hour") || !strings.Contains(body, "Thank you.") {
		t.Errorf("the page after a report: %s", body)
	}
	_, body = visited(t, s, "GET", "/status/"+acme.slug+"/report/?sent=1&service="+foreign, "", "", "", nil)
	if strings.Contains(body, "last hour") {
		t.Error("another's service is counted")
	}
	acme.do("PATCH", "/api/v1/organization/", j{"reports": "loud"}).refuses(422, "reports")
	acme.patch("/api/v1/organization/", j{"reports": "off"})
	visitor.do("POST", path, j{"service": web}).refuses(404)
	if res, _ := visited(t, s, "GET", "/status/"+acme.slug+"/report/", "", "", "", nil); res.StatusCode != 404 {
		t.Errorf("the page of reports is %d", res.StatusCode)
	}
	if _, body := visited(t, s, "GET", "/status/"+acme.slug, "", "", "", nil); strings.Contains(body, "/report") {
		t.Error("the page offers reports that are not taken")
	}
}

// A form works without scripts, in the visitor's language, and not from another site.
func TestAReportIsAFormOfThePageAndOfNoOther(t *testing.T) {
	s := startSite(t, nil)
	acme := s.org()
	api := acme.service("API")
	incident := acme.post("/api/v1/incidents/", j{"title": "Down", "service": api, "to_state": "major_outage"}).
		str("id")
	for page, want := range map[string]string{"": `name="incident" value="` + incident,
		"/services/" + api: `name="service" value="` + api,
		"/report/":         `name="service" value="` + api, "/report/?lang=de": "Mit welchem Dienst haben Sie ein " +
			"Problem?"} {
		_, body := visited(t, s, "GET", "/status/"+acme.slug+page, "", "", "", nil)
		if !strings.Contains(body, want) {
			t.Errorf("%q has no %s", page, want)
		}
	}
	path := "/api/v1/public/" + acme.slug + "/report/"
	res, _ := visited(t, s, "POST", path, "", "", "", url.Values{"service": {api}})
	to := res.Header.Get("Location")
	if res.StatusCode != 303 || to != "/status/"+acme.slug+"/report/?sent=1&service="+api {
		t.Errorf("a form is answered %d, %s", res.StatusCode, to)
	}
	res, _ = visited(t, s, "POST", path, "", "", "", url.Values{"service": {"x"}})
	if to := res.Header.Get("Location"); res.StatusCode != 303 || !strings.Contains(to, "?problem=service") {
		t.Errorf("a wrong form is answered %d, %s", res.StatusCode, to)
	}
	for _, origin := range []string{"https://evil.example", "null", "http://" + s.addr + ".evil.example"} {
		s.nobody().do("POST", path, "service="+api, "Content-Type", "application/x-www-form-urlencoded",
			"Origin", origin).refuses(403)
	}
	acme.patch("/api/v1/organization/", j{"access": j{"kind": "members"}})
	s.nobody().do("POST", path, j{"service": api}).refuses(401)
	if res, _ := visited(t, s, "POST", path, "", "", "", url.Values{"service": {api}}); res.StatusCode != 401 {
		t.Errorf("who may not see the page may report: %d", res.StatusCode)
	}
	if n := s.number(`SELECT coalesce(sum(count), 0) FROM report_counts`); n != 1 {
		t.Errorf("%d reports are counted", n)
	}
}

func TestReportsAreBoundedByAddress(t *testing.T) {
	s := startSite(t, func(c *config.Config) { c.PublicRate = 50 })
	acme := s.org()
	api := acme.service("API")
	for n := range 11 {
		a := s.nobody().do("POST", "/api/v1/public/"+acme.slug+"/report/", j{"service": api})
		if n < 10 {
			a.is(202)
		} else if a.refuses(429); a.header.Get("Retry-After") == "" {
			t.Error("nobody says when to try again")
		}
	}
}

// The team hears once of a service that is reported more than usual, and what is old is forgotten.
func TestTheTeamIsToldOfUnusualReports(t *testing.T) {
	hooks := notifytest.StartHooks(t)
	s := startSite(t, func(c *config.Config) { c.LoopbackHooks = true })
	acme, other := s.org(), s.org()
	for org, path := range map[*caller]string{acme: "/acme", other: "/other"} {
		org.post("/api/v1/destinations/", j{"name": "x", "kind": "webhook", "address": hooks.URL + path})
	}
	acme.post("/api/v1/destinations/", j{"name": "y", "kind": "webhook", "address": hooks.URL + "/monitors",
		"events": []string{"down", "up", "proposal"}})
	acme.joined("ada@people.example", auth.Admin, password)
	names := []string{"Fine", "Broken", "Busy", "Known"}
	ids := map[string]string{}
	for _, name := range names {
		ids[name] = acme.service(name)
	}
	acme.post("/api/v1/incidents/", j{"title": "Known", "service": ids["Known"], "to_state": "major_outage"})
	now := time.Now().UnixMilli() / status.ReportBucket * status.ReportBucket
	count := func(name string, at int64, n int) {
		s.sql(`INSERT INTO report_counts (org_id, service_id, at, count) VALUES (?, ?, ?, ?)`,
			acme.org, ids[name], at, n)
	}
	count("Fine", now, status.ReportFewest-1)
	count("Broken", now, 9)
	count("Known", now, 90)
	count("Busy", now, 9)
	s.sql(`WITH RECURSIVE n (x) AS (VALUES (?3) UNION ALL SELECT x + 1 FROM n WHERE x + 1 < ?3 + ?4)
INSERT INTO report_counts (org_id, service_id, at, count) SELECT ?1, ?2, ?5 - x * ?6, 3 FROM n`, acme.org, ids["Busy"],
		status.ReportWindow, status.ReportUsual, now, status.ReportBucket)
	count("Fine", now-31*24*3600*1000, 7)
	s.sql(`INSERT INTO report_marks (org_id, service_id, day, hash) VALUES (?, ?, ?, ?)`,
		acme.org, ids["Fine"], now/86_400_000-1, strings.Repeat("0", 32))
	for range 3 {
		s.app.UseCases.TellReports(context.Background())
	}
	// Each admin has one; this is ada's.
	told := func(name string) string {
		return "ada@people.example\t[The " + acme.slug + "] Visitors report problems with " + name
	}
	var letters string
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		found, _ := filepath.Glob(filepath.Join(filepath.Dir(s.file), "*letters*"))
		if len(found) == 1 {
			text, err := os.ReadFile(found[0])
			if letters = string(text); err == nil && strings.Contains(letters, told("Broken")) {
				break
			}
		}
		if time.Now().After(end) {
			t.Fatalf("no letter came: %q", letters)
		}
	}
	note := string(hooks.Wait(t, "/acme", 1)[0].Body)
	for _, part := range []string{`"event":"reports"`, "Visitors report problems with Broken", "9 visitors",
		`"source":"reports/` + ids["Broken"] + `"`} {
		if !strings.Contains(note, part) {
			t.Errorf("%s does not say %s", note, part)
		}
	}
	s.stop()
	if n := len(hooks.Got("/acme")); n != 1 || len(hooks.Got("/other"))+len(hooks.Got("/monitors")) != 0 {
		t.Errorf("the team was told %d times; others %d, %d", n, len(hooks.Got("/other")), len(hooks.Got("/monitors")))
	}
	for name, want := range map[string]int{"Broken": 1, "Fine": 0, "Busy": 0, "Known": 0} {
		if got := strings.Count(letters, told(name)); got != want {
			t.Errorf("%d letters about %s", got, name)
		}
	}
	if n := s.number(`SELECT (SELECT count(*) FROM report_marks) * 1000 + (SELECT count(*) FROM report_counts WHERE at < ?)`,
		now-30*24*3600*1000); n != 0 {
		t.Errorf("%d old rows are left", n)
	}
}
