package store_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"statuspage/lab/hrana"
	"statuspage/server/app/apptest"
	"statuspage/server/config"
	"statuspage/shared/page"
)

// evolutions counts how often an event was evolved in this process.
var evolutions atomic.Int64

func init() { page.Evolved = func() { evolutions.Add(1) } }

// counter stands before a database and hears every request.
type counter struct {
	url string

	mu       sync.Mutex
	requests []string
}

func counting(t testing.TB, database string) *counter {
	t.Helper()
	c := &counter{}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		c.hear(body)
		req, _ := http.NewRequestWithContext(r.Context(), r.Method, database+r.URL.Path, bytes.NewReader(body))
		req.Header = r.Header.Clone()
		res, err := client.Do(req)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer func() { _ = res.Body.Close() }()
		w.WriteHeader(res.StatusCode)
		_, _ = io.Copy(w, res.Body)
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// hear notes what a request asks for, in a line.
func (c *counter) hear(body []byte) {
	var asked struct {
		Requests []struct {
			Type  string
			Stmt  struct{ SQL string }
			Batch struct {
				Steps []struct{ Stmt struct{ SQL string } }
			}
		}
	}
	if json.Unmarshal(body, &asked) != nil {
		return
	}
	var line []string
	for _, r := range asked.Requests {
		switch r.Type {
		case "execute":
			line = append(line, "read "+short(r.Stmt.SQL))
		case "batch":
			for _, s := range r.Batch.Steps {
				line = append(line, "write "+short(s.Stmt.SQL))
			}
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = append(c.requests, strings.Join(line, "; "))
}

func short(sql string) string {
	sql = strings.Join(strings.Fields(sql), " ")
	return sql[:min(len(sql), 90)]
}

// during lists the requests that are made while something is done.
func (c *counter) during(do func()) []string {
	c.mu.Lock()
	from := len(c.requests)
	c.mu.Unlock()
	do()
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string{}, c.requests[from:]...)
}

// looks are what the primary reads and writes by itself, by the clock: heartbeat, deliveries, scheduler.
var looks = []string{"INTO heartbeat", "FROM revivals", "FROM messages m WHERE m.upto",
	"SELECT '' UNION ALL SELECT 'prompt'", "FROM workers", "FROM jobs WHERE lease", "FROM reminders",
	"FROM team_messages WHERE state", "EXISTS (SE", "pragma_synchronous", "UPDATE jobs", "FROM maintenance_series",
	"unixepoch", "FROM deleted_organizations", "hostname_checks"}

func byItself(request string) bool {
	read := strings.HasPrefix(request, "read")
	return slices.ContainsFunc(looks, func(l string) bool {
		return strings.Contains(request, l) &&
			(read || l == "INTO heartbeat")
	})
}

// TestAWriteIsABatchAndOneRead counts what reaches the database while writes go through the API. Who asks was looked up
// by a request before, and is known until something changes (membership, session, second factor); what is changed is
// one read where it is no part of the page in memory; the rest is the batch, with whose outcome the log comes back.
func TestAWriteIsABatchAndOneRead(t *testing.T) {
	c := counting(t, overHrana(t))
	site := apptest.Start(t, func(cfg *config.Config) {
		cfg.DatabaseURL, cfg.RelayInterval, cfg.SecretsKey = c.url, time.Minute,
			base64.StdEncoding.EncodeToString(make([]byte, 32))
	})
	org := site.Org("acme", time.Now())
	ids := map[string]string{}
	seq := func() int64 {
		p, err := site.App.Relay.Page(t.Context(), org.ID)
		if err != nil {
			t.Fatal(err)
		}
		return p.State.Seq
	}
	path := func(p string) string {
		for name, id := range ids {
			p = strings.ReplaceAll(p, "{"+name+"}", id)
		}
		return p
	}
	if res, _ := site.Get("/api/v1/public/acme/summary/"); res.StatusCode >= 500 { // the page is in memory from here on
		t.Fatal(res.Status)
	}
	for _, w := range []struct {
		name, method, path string
		body               map[string]any
		keyed              bool
	}{
		{"first", "POST", "/api/v1/services/", map[string]any{"name": "First"}, false},
		{"service", "POST", "/api/v1/services/", map[string]any{"name": "API"}, true},
		{"", "PATCH", "/api/v1/services/{service}/", map[string]any{"description": "x"}, true},
		{"", "PATCH", "/api/v1/services/{service}/", map[string]any{"description": "y"}, false},
		{"incident", "POST", "/api/v1/incidents/", map[string]any{"title": "Down", "to_state": "major_outage",
			"service": "{service}"}, true},
		{"", "POST", "/api/v1/incidents/{incident}/updates/",
			map[string]any{"body": "Found it.", "status": "identified"}, true},
		{"", "PATCH", "/api/v1/incidents/{incident}/", map[string]any{"title": "Down again"}, false},
		{"", "POST", "/api/v1/incidents/{incident}/updates/", map[string]any{"body": "Over.", "status": "resolved"},
			false},
		{"window", "POST", "/api/v1/maintenances/", map[string]any{"title": "Work", "services": []string{"{service}"},
			"scheduled_for": time.Now().Add(time.Hour), "scheduled_until": time.Now().Add(2 * time.Hour)}, true},
		{"", "PATCH", "/api/v1/maintenances/{window}/", map[string]any{"title": "More work"}, true},
		{"", "DELETE", "/api/v1/maintenances/{window}/", nil, false},
		{"template", "POST", "/api/v1/templates/", map[string]any{"name": "Usual", "title": "T", "body": "B"}, true},
		{"", "PATCH", "/api/v1/templates/{template}/", map[string]any{"title": "Other"}, true},
		{"monitor", "POST", "/api/v1/monitors/", map[string]any{"name": "Site", "kind": "http",
			"target":   "https://example.com/",
			"template": "{template}", "service": "{service}"}, true},
		{"", "PATCH", "/api/v1/monitors/{monitor}/", map[string]any{"name": "Shop", "template": "{template}"}, false},
		{"", "DELETE", "/api/v1/monitors/{monitor}/", nil, true},
		{"", "DELETE", "/api/v1/templates/{template}/", nil, true},
		{"subscriber", "POST", "/api/v1/subscribers/", map[string]any{"channel": "email", "address": "eve@example.com"},
			true},
		{"", "PATCH", "/api/v1/subscribers/{subscriber}/", map[string]any{"services": []string{"{service}"}}, true},
		{"", "DELETE", "/api/v1/subscribers/{subscriber}/", nil, true},
		{"note", "POST", "/api/v1/incidents/{incident}/notes/", map[string]any{"body": "It is the provider."}, true},
		{"", "PATCH", "/api/v1/incidents/{incident}/notes/{note}/", map[string]any{"body": "It is not."}, true},
		{"", "DELETE", "/api/v1/incidents/{incident}/notes/{note}/", nil, true},
		{"series", "POST", "/api/v1/recurring-maintenances/", map[string]any{"title": "Weekly",
			"services": []string{"{service}"}, "rrule": "FREQ=WEEKLY;COUNT=1", "starts_at": "2036-01-01T00:00",
			"duration_minutes": 5}, true},
		{"", "PATCH", "/api/v1/recurring-maintenances/{series}/", map[string]any{"title": "Each week"}, true},
		{"", "DELETE", "/api/v1/recurring-maintenances/{series}/", nil, true},
		{"destination", "POST", "/api/v1/destinations/", map[string]any{"name": "On call", "kind": "ntfy",
			"address": "ntfy://s3cret@ntfy.example/t"}, true},
		{"", "PATCH", "/api/v1/destinations/{destination}/", map[string]any{"name": "Nobody"}, true},
		{"", "DELETE", "/api/v1/destinations/{destination}/", nil, true},
		{"draft", "POST", "/api/v1/drafts/", map[string]any{"command": map[string]any{"kind": "edit_incident",
			"id": "{incident}", "title": "Slow"}}, true},
		{"", "PATCH", "/api/v1/drafts/{draft}/", map[string]any{"note": "Is it?"}, true},
		{"", "DELETE", "/api/v1/drafts/{draft}/", nil, true},
		{"key", "POST", "/api/v1/api-keys/", map[string]any{"name": "CI"}, true},
		{"", "DELETE", "/api/v1/api-keys/{key}/", nil, true},
		{"member", "POST", "/api/v1/members/", map[string]any{"email": "bob@example.com", "role": "member"}, true},
		{"", "PATCH", "/api/v1/members/{member}/", map[string]any{"role": "admin"}, true},
		{"", "DELETE", "/api/v1/members/{member}/", nil, true},
		{"", "PATCH", "/api/v1/organization/", map[string]any{"name": "Acme Ltd"}, true},
		{"", "PATCH", "/api/v1/organization/", map[string]any{"access": map[string]any{"kind": "networks",
			"networks": []string{"192.0.2.0/24"}}}, true},
		{"", "DELETE", "/api/v1/services/{service}/", nil, true},
	} {
		what := w.method + " " + w.path
		var body any
		if w.body != nil {
			for k, v := range w.body {
				switch v := v.(type) {
				case string:
					w.body[k] = path(v)
				case []string:
					w.body[k] = []string{path(v[0])}
				case map[string]any:
					v["id"] = ids["incident"]
				}
			}
			body = w.body
		}
		var header []string
		if w.keyed {
			header = []string{"Idempotency-Key", apptest.NewID()}
		}
		for due := any(1.0); due != 0.0; { // what was written before is told behind it
			_, list := org.Send("GET", "/api/v1/deliveries/?state=due", nil)
			due = list["count"]
		}
		before, evolved := seq(), evolutions.Load()
		synced := time.Now()
		if err := site.App.Relay.Sync(t.Context()); err != nil { // as it does every 100 ms
			t.Fatal(err)
		}
		if code, _ := org.Send("GET", "/api/v1/templates/", nil); code != http.StatusOK {
			t.Fatal(code)
		}
		heard := c.during(func() {
			code, out := org.Send(w.method, path(w.path), body, header...)
			if code >= 300 {
				t.Errorf("%s: %d %v", what, code, out)
			}
			if id, is := out["id"].(string); is && w.name != "" {
				ids[w.name] = id
			}
		})
		if w.name == "first" {
			continue
		}
		if events, n := seq()-before, evolutions.Load()-evolved; n != events {
			t.Errorf("%s: Evolve ran %d times for %d events", what, n, events)
		}
		reads, writes := 0, 0
		var list []string
		for _, r := range heard {
			collects := strings.HasPrefix(r, "read SELECT m.org_id, m.id, m.name") // every few seconds, all monitors
			if byItself(r) || collects && (!strings.Contains(w.path, "/monitors/") || slices.Contains(list, r)) {
				continue
			}
			if list = append(list, r); strings.HasPrefix(r, "write") {
				writes++
			} else {
				reads++
			}
		}
		most := 1
		if inMemory(w.path) && !strings.Contains(w.path, "/notes/") || w.method == "POST" {
			most = 0
		}
		if time.Since(synced) > time.Second { // the machine was slow: who asks is looked up
			most++
		}
		batches := 1
		if strings.HasPrefix(w.path, "/api/v1/recurring-") && w.method != "DELETE" { // what it plans are writes of their own
			most, batches = most+2, 2
		}
		if reads > most || writes != batches {
			t.Errorf("%s: %d reads and %d batches:\n%s", what, reads, writes, strings.Join(list, "\n"))
		}
	}
}

// inMemory says that a path is about what the page in memory has.
func inMemory(path string) bool {
	return slices.ContainsFunc([]string{"services", "incidents", "maintenances"}, func(noun string) bool {
		return strings.HasPrefix(path, "/api/v1/"+noun+"/")
	})
}

// TestAnIdleRegionAsksOnceAPoll counts what a region asks its replica while nothing happens: the log, and with the same
// question heartbeat, epoch and whether organisations were deleted. Before, it was thirteen questions for ten polls,
// and with a second request to close each stream 26.
func TestAnIdleRegionAsksOnceAPoll(t *testing.T) {
	database := overHrana(t)
	apptest.Start(t, func(cfg *config.Config) {
		cfg.DatabaseURL, cfg.FlyRegion, cfg.PrimaryRegion = database, "fra",
			"fra"
	})
	c := counting(t, database)
	site := apptest.Start(t, func(cfg *config.Config) {
		cfg.DatabaseURL, cfg.FlyRegion, cfg.PrimaryRegion, cfg.RelayInterval = c.url, "syd", "fra", 100*time.Millisecond
	})
	polls := site.App.Relay.Gauge().Polls.Load
	for polls() < 5 { // the start is over
		time.Sleep(10 * time.Millisecond)
	}
	const enough = 50
	from := polls()
	heard := c.during(func() {
		for polls() < from+enough {
			time.Sleep(10 * time.Millisecond)
		}
	})
	kinds := map[string]int{}
	for _, r := range heard {
		kinds[r]++
	}
	if most := int(polls()-from) + 2; len(heard) > most { // departures are looked at every ten seconds, too
		t.Errorf("%d questions for %d polls: %v", len(heard), most-2, kinds)
	}
	if lag := site.App.Relay.Lag(); lag > 3*time.Second {
		t.Errorf("the heartbeat does not arrive: the lag is %v", lag)
	}
}

// overHrana is the address of an empty database.
func overHrana(t testing.TB) string {
	t.Helper()
	server, err := hrana.Start(hrana.Config{HTTPListenAddr: "127.0.0.1:0", DBPath: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Kill)
	return server.URL()
}
