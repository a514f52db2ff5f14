package app_test

import (
	"io"
	"strings"
	"testing"

	"statuspage/server/auth"
)

// TestNotesAreForThePeopleOfAnOrganisationAlone writes a note and looks for its words wherever somebody else may look.
func TestNotesAreForThePeopleOfAnOrganisationAlone(t *testing.T) {
	s := startSite(t, nil)
	acme, other := s.org(), s.org()
	member, reads, writes, scribe := acme.join(auth.Member), acme.key("read"), acme.key("read", "write"),
		acme.key("write")
	incident := acme.incident("Checkout is failing")
	path := "/api/v1/incidents/" + incident + "/notes/"
	seq := acme.get("/api/v1/snapshot/").int("seq")
	events := s.number(`SELECT count(*) FROM events`)

	mine := acme.post(path, j{"body": "Ask **Xylophone** at the provider."})
	mine.keys("", "id incident body author created_at updated_at version").keys("author", "id name").
		has("incident", incident).has("version", 1).has("author.id", "user:"+acme.get("/api/v1/users/me/").str("id"))
	theirs := member.post(path, j{"body": "They were told, Xylophone."})
	writes.post(path, j{"body": "From a program."})
	reads.do("POST", path, j{"body": "x"}).refuses(403)
	scribe.do("POST", path, j{"body": "x"}).refuses(403)
	scribe.do("GET", path, nil).refuses(403)
	member.get(path).has("count", 3).has("results.1.body", "They were told, Xylophone.")
	reads.get(path+"?page_size=2").has("count", 3)

	// Each changes their own, as they read it.
	at := path + theirs.str("id") + "/"
	acme.do("PATCH", at, j{"body": "x"}).refuses(403)
	acme.do("DELETE", at, nil).refuses(403)
	member.do("PATCH", at, j{"body": ""}).refuses(422, "body")
	member.do("PATCH", at, j{"body": strings.Repeat("x", 20_001)}).refuses(422, "body")
	member.do("PATCH", at, j{"body": "Xylophone called back."}, "If-Match", `"1"`).is(200).has("version", 2)
	member.do("PATCH", at, j{"body": "Older."}, "If-Match", `"1"`).refuses(409)
	member.do("DELETE", at, nil, "If-Match", `"1"`).refuses(409)

	// Another tenant finds nothing, by whatever path.
	foreign := other.incident("Theirs")
	for _, p := range []string{path, "/api/v1/incidents/" + foreign + "/notes/"} {
		for method, body := range map[string]any{"PATCH": j{"body": "x"}, "DELETE": nil} {
			other.do(method, p+mine.str("id")+"/", body).refuses(404)
		}
	}
	other.do("GET", path, nil).refuses(404)
	other.do("POST", path, j{"body": "x"}).refuses(404)
	acme.do("POST", "/api/v1/incidents/"+foreign+"/notes/", j{"body": "x"}).refuses(404)

	// It is no event, and stands in nothing that others read.
	if now := s.number(`SELECT count(*) FROM events WHERE org_id = ?`, acme.org); int64(now) != seq || events == 0 {
		t.Errorf("%d events, there were %d", now, seq)
	}
	slug := acme.slug
	for _, p := range []string{"services", "incidents", "status", "maintenances", "uptime", "summary", "metrics"} {
		quiet(t, s, "/api/v1/public/"+slug+"/"+p+"/")
	}
	for _, p := range []string{"", "/history", "/incidents/" + incident, "/feed.atom", "/feed.rss", "/badge.svg",
		"/history.atom",
		"/history.rss", "/calendar.ics", "/llms.txt", "/subscription/", "/transparency.json", "/api/v2/summary.json",
		"/api/v2/incidents.json", "/api/v2/incidents/unresolved.json", "/api/v2/status.json",
		"/api/v2/components.json"} {
		quiet(t, s, "/status/"+slug+p)
	}
	for _, p := range []string{"/api/v1/incidents/?search=xylophone", "/api/v1/incidents/" + incident + "/",
		"/api/v1/snapshot/"} {
		if found := acme.get(p); strings.Contains(string(found.raw), "ylophone called") {
			t.Errorf("%s has a note", p)
		}
	}
	acme.get("/api/v1/incidents/?search=xylophone").has("count", 0)

	// The audit log knows, and what is deleted is gone.
	member.do("DELETE", at, nil).is(204)
	member.get(path).has("count", 2)
	log := acme.get("/api/v1/audit-log/?object="+theirs.str("id")).has("count", 3).
		has("results.0.action", "delete_note")
	if !strings.Contains(string(log.raw), "They were told") {
		t.Errorf("the audit log forgot: %s", log.raw)
	}
	acme.do("DELETE", "/api/v1/incidents/"+incident+"/", nil).is(204)
	acme.do("GET", path, nil).refuses(404)
	acme.do("PATCH", path+mine.str("id")+"/", j{"body": "x"}).refuses(404)
}

// quiet looks for the word of the notes in what nobody needs a token for.
func quiet(t *testing.T, s *site, path string) {
	t.Helper()
	res, err := client.Get("http://" + s.addr + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 500 || strings.Contains(strings.ToLower(string(body)), "xylophone") {
		t.Errorf("%s: %d %v %.300s", path, res.StatusCode, err, body)
	}
}

func TestNotesOnAnIncidentAreBounded(t *testing.T) {
	s := startSite(t, nil)
	acme := s.org()
	incident := acme.incident("Down")
	s.sql(`WITH RECURSIVE n (x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n WHERE x < 200)
INSERT INTO incident_notes SELECT ?, printf('00000000-0000-7000-8000-%012d', x), ?, 'user:x', 'X', 'x', x, x, 1 FROM n`,
		acme.org, incident)
	acme.do("POST", "/api/v1/incidents/"+incident+"/notes/", j{"body": "one more"}).refuses(409)
}
