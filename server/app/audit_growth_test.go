package app_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"statuspage/server/racetest"
	"statuspage/shared/page"
)

// size is how many bytes of the database are in use.
func (s *site) size() (n int64) {
	s.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+s.file+"?_busy_timeout=10000")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRow(`SELECT ((SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count)) * (SELECT page_size FROM pragma_page_size)`).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

// cpu is the time that this process has spent, in itself and in the system for it.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestALongIncidentCostsWhatAShortOneDoes(t *testing.T) {
	racetest.Alone(t, "CPU")
	const text = 20_000
	s := startSite(t, nil)
	acme := s.tenant("acme")
	who := &caller{site: s, org: acme.id, slug: "acme", token: acme.token}
	id := acme.service("API")
	incident := who.post("/api/v1/incidents/",
		j{"title": "Long", "services": []j{{"id": id, "to_state": "major_outage"}}}).str("id")
	body := func(i int) string {
		return fmt.Sprintf("%d %s", i, strings.Repeat("0123456789 abcdef ", text))[:text]
	}
	before, took := s.size(), []time.Duration{}
	n := page.MaxBytes/text - 10 // as many as fit on the page
	for i := range n {
		begun := cpu()
		res := who.do("POST", "/api/v1/incidents/"+incident+"/updates/", j{"status": "investigating", "body": body(i)},
			"Idempotency-Key", fmt.Sprint("update ", i))
		if res.code != 201 {
			t.Fatalf("update %d: %d %.300s", i, res.code, res.raw)
		}
		took = append(took, cpu()-begun)
	}
	first, last := median(took[:90]), median(took[len(took)-90:])
	grown := s.size() - before
	t.Logf("an update: %v CPU at first (median of 90), %v at the end; the database grew by %.2f times of what was "+
		"written", first, last, float64(grown)/float64(n*text))
	if last > first*3/2+time.Millisecond {
		t.Errorf("an update costs %v at first and %v at the end", first, last)
	}
	if grown > 3*int64(n*text) {
		t.Errorf("%d bytes were written, and the database grew by %d", n*text, grown)
	}
	for _, size := range []int{25, 100} {
		list := who.get(fmt.Sprintf("/api/v1/audit-log/?page_size=%d", size))
		t.Logf("%d entries of the audit log: %d bytes", size, len(list.raw))
		if len(list.raw) > 8<<20 {
			t.Errorf("%d entries have %d bytes", size, len(list.raw))
		}
		list.has("results.0.action", "update_incident").has("results.0.before.title", "Long").
			has("results.0.after.title", "Long").has("results.0.abridged", true)
		shown := list.str("results.0.after.updates.0.body")
		if !strings.HasPrefix(body(n-1), strings.TrimSuffix(shown, "…")) || len(shown) < 1000 {
			t.Errorf("the newest entry shows %.30s", shown)
		}
	}
	for _, format := range []string{"csv", "jsonl"} {
		if raw := who.get("/api/v1/audit-log/?format=" + format).raw; len(raw) > 8<<20 {
			t.Errorf("an export as %s has %d bytes", format, len(raw))
		}
	}
	corrected := who.get("/api/v1/incidents/" + incident + "/").body["updates"].([]any)[10].(map[string]any)
	who.do("PATCH", "/api/v1/incidents/"+incident+"/updates/"+corrected["id"].(string)+"/", j{"body": "Corrected."})
	was := who.get("/api/v1/audit-log/?page_size=1").has("results.0.action", "correct_update").
		has("results.0.after.updates.0.body", "Corrected.").str("results.0.before.updates.0.body")
	if was != corrected["body"] {
		t.Errorf("before the correction it was %.30s, not %.30s", was, corrected["body"])
	}
	// The same key is answered the same, from a row that does not have it.
	again := who.do("POST", "/api/v1/incidents/"+incident+"/updates/", j{"status": "investigating", "body": body(7)},
		"Idempotency-Key", "update 7")
	if again.code != 201 || again.str("body") != body(7) ||
		len(again.body["incident"].(map[string]any)["updates"].([]any)) > 3 {
		t.Errorf("the same again: %d %.200s", again.code, again.raw)
	}
}

func median(d []time.Duration) time.Duration {
	d = slices.Clone(d)
	slices.Sort(d)
	return d[len(d)/2]
}

func TestAKeyIsAnsweredTheSameWhenTheAnswerIsMadeAgain(t *testing.T) {
	acme := world(t).org()
	long := strings.Repeat("long ", 1500)
	service := acme.post("/api/v1/services/", j{"name": "API"}).str("id")
	var incident string
	for i, c := range []struct {
		method, path string
		body         j
	}{
		{"POST", "/api/v1/services/", j{"name": "Long", "description": long}},
		{"PATCH", "/api/v1/services/" + service + "/", j{"description": long}},
		{"POST", "/api/v1/incidents/", j{"title": "Long", "description": long,
			"services": []j{{"id": service, "to_state": "major_outage"}}}},
		{"POST", "/api/v1/incidents/{incident}/updates/", j{"status": "identified", "body": long}},
		{"PATCH", "/api/v1/incidents/{incident}/", j{"title": "Longer"}},
		{"PATCH", "/api/v1/organization/", j{"description": long[:1000], "announcement": long}},
		{"POST", "/api/v1/maintenances/", j{"title": "Long", "description": long, "services": []string{service},
			"scheduled_for": "2030-01-01T00:00:00Z", "scheduled_until": "2030-01-01T01:00:00Z"}},
	} {
		path, key := strings.ReplaceAll(c.path, "{incident}", incident), fmt.Sprint("again ", i)
		one := acme.do(c.method, path, c.body, "Idempotency-Key", key)
		if one.code >= 300 {
			t.Fatalf("%s %s: %d %s", c.method, path, one.code, one.raw)
		}
		if strings.HasSuffix(c.path, "/incidents/") {
			incident = one.str("id")
		}
		acme.other(t, service, i)
		two := acme.do(c.method, path, c.body, "Idempotency-Key", key)
		if one.code != two.code || string(one.raw) != string(two.raw) ||
			one.header.Get("ETag") != two.header.Get("ETag") {
			t.Errorf("%s %s is answered %d %s, then %d %s", c.method, path, one.code, one.raw, two.code, two.raw)
		}
	}
	var kept int
	db, err := sql.Open("sqlite3", "file:"+acme.file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(context.Background(), `SELECT max(length(body)) FROM idempotency WHERE org_id = ?`,
		acme.org).Scan(&kept); err != nil || kept > 4<<10 {
		t.Errorf("an answer is kept with %d bytes, %v", kept, err)
	}
}

// other changes the page, so that an answer that is made again of today's page would be another one.
func (c *caller) other(t *testing.T, service string, i int) {
	t.Helper()
	raw, _ := json.Marshal(i)
	if res := c.do("PATCH", "/api/v1/services/"+service+"/", j{"name": "API " + string(raw)}); res.code != 200 {
		t.Fatalf("%d %s", res.code, res.raw)
	}
}
