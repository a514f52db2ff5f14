package app_test

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"statuspage/server/racetest"
)

// spoil is a fault of one organisation's rows, as a bug of an older version or a bad disk leaves it.
type spoil struct {
	name string
	sql  string // ?1 is the organisation
	held bool   // the page is held: marked, and closed for writes
	asks string // what is asked of the organisation after that; answered by 503, never as an error of the caller
}

var spoils = []spoil{
	{"an event whose seq is none", `INSERT INTO events (org_id, seq, type, at, command, body) SELECT ?1, max(seq) + 1, 'service_changed', max(at), '', '{"seq":"x"}' FROM events WHERE org_id = ?1`, true, ""},
	{"an event of another seq", `INSERT INTO events (org_id, seq, type, at, command, body) SELECT ?1, max(seq) + 1, 'service_changed', max(at), '', '{}' FROM events WHERE org_id = ?1`, true, ""},
	{"an event about nothing", `INSERT INTO events (org_id, seq, type, at, command, body) SELECT ?1, max(seq) + 1, 'incident_opened', max(at), '', json_object('seq', max(seq) + 1, 'type', 'incident_opened') FROM events WHERE org_id = ?1`, true, ""},
	{"a list in an update that is no JSON", `UPDATE incident_updates SET services = 'none' WHERE org_id = ?1`, true,
		"/api/v1/incidents/"},
	{"an organisation's weights", `UPDATE organizations SET uptime_weights = 'none' WHERE id = ?1`, true, ""},
	{"a template's services", `UPDATE templates SET services = '{' WHERE org_id = ?1`, false, "/api/v1/templates/"},
	{"a series' services", `UPDATE maintenance_series SET services = '{' WHERE org_id = ?1`, false,
		"/api/v1/recurring-maintenances/"},
}

// TestWhatCannotBeReadCostsNobodyElse spoils one organisation's data in a way that has no CHECK against it, under a
// running server and before a start, and looks at it and at another one.
func TestWhatCannotBeReadCostsNobodyElse(t *testing.T) {
	racetest.Long(t)
	for _, c := range spoils {
		t.Run(c.name, func(t *testing.T) {
			s := &site{t: t, file: filepath.Join(t.TempDir(), "status.db"), addr: "127.0.0.1:0"}
			s.start()
			t.Cleanup(func() { s.stop() })
			bad, good := s.org(), s.org()
			for _, o := range []*caller{bad, good} {
				service := o.service("API of " + o.slug)
				o.incident("Broken")
				o.post("/api/v1/templates/", j{"name": "T", "title": "T", "body": "T"})
				o.post("/api/v1/recurring-maintenances/", j{"title": "Weekly", "services": []string{service},
					"rrule": "FREQ=WEEKLY", "time_zone": "UTC",
					"starts_at": "2027-01-04T01:00", "duration_minutes": 60})
				pageStays(t, "http://"+s.addr, o)
			}
			s.sql("PRAGMA ignore_check_constraints = on; "+c.sql, bad.org)
			good.service("wakes the poll")
			s.seen(t, c, bad, good, strings.HasPrefix(c.name, "an event"))
			s.stop()
			s.start() // rows are read, too
			s.seen(t, c, bad, good, c.held)
		})
	}
}

// shown is a public page.
func (c *caller) shown() (code int, body string, stale bool) {
	c.t.Helper()
	res, err := http.Get("http://" + c.addr + "/status/" + c.slug)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return res.StatusCode, string(text), res.Header.Get("Status-Stale-Since") != ""
}

func (s *site) seen(t *testing.T, c spoil, bad, good *caller, held bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); held; time.Sleep(10 * time.Millisecond) {
		code, body, stale := bad.shown()
		if code == 200 && stale && strings.Contains(body, bad.slug) && strings.Contains(body, "This page may be old") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the page is never marked: %d, stale %v", code, stale)
		}
	}
	if held {
		bad.do("POST", "/api/v1/services/", j{"name": "Another"}).is(503)
		bad.do("POST", "/api/v1/services/", j{"name": "Another"}, "Idempotency-Key", "held").is(503)
		if n := s.app.Relay.Gauge().Held.Load(); n != 1 {
			t.Errorf("%d pages are held", n)
		}
	}
	if c.asks != "" {
		bad.do("GET", c.asks, nil).is(503)
	}
	if s.app.DB.UnreadableRows() == 0 && (held || c.asks != "") {
		t.Error("nothing was counted")
	}
	if code, _, stale := good.shown(); code != 200 || stale {
		t.Errorf("the other page is %d, stale %v", code, stale)
	}
	good.service("Another " + time.Now().String())
	for _, path := range []string{"/api/v1/templates/", "/api/v1/incidents/", "/api/v1/recurring-maintenances/",
		"/api/v1/organizations/"} {
		good.get(path)
	}
}

// TestAPageThatCanBeReadAgainGoesOn without a restart, and its sockets come back to it.
func TestAPageThatCanBeReadAgainGoesOn(t *testing.T) {
	racetest.Long(t)
	s := startSite(t, nil)
	c, other := s.org(), s.org()
	c.service("API")
	c.shown()
	s.sql(spoils[0].sql, c.org)
	other.service("wakes the poll")
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, _, stale := c.shown(); stale {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the page is never marked")
		}
	}
	s.sql(`DROP TRIGGER IF EXISTS events_stay; DELETE FROM events WHERE org_id = ? AND body LIKE '{"seq":"x%'`, c.org)
	for end := time.Now().Add(40 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, _, stale := c.shown(); !stale {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the page is held for ever")
		}
	}
	c.service("Web")
}

// TestALogoThatCannotBeReadCostsItsPictureAlone: it is said once, however often it is asked for; its page and its
// writes go on, and so does everybody else's picture.
func TestALogoThatCannotBeReadCostsItsPictureAlone(t *testing.T) {
	s := startSite(t, nil)
	bad, good := s.org(), s.org()
	address := map[*caller]string{}
	for _, o := range []*caller{bad, good} {
		name := o.do("PUT", "/api/v1/organization/logo/", drawn(t, 640, 160), "Content-Type", "image/png").is(200).
			str("logo")
		address[o] = "/status/" + o.slug + "/logo/" + name
	}
	s.sql(`UPDATE logos SET body = 'no base64' WHERE org_id = ?`, bad.org)
	asked := func(path string) int {
		res, err := client.Get("http://" + s.addr + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	for range 3 {
		if code := asked(address[bad]); code != 503 {
			t.Errorf("the picture is answered %d", code)
		}
	}
	if n := s.app.DB.UnreadableRows(); n != 1 {
		t.Errorf("%d rows were counted", n)
	}
	if code, _, stale := bad.shown(); code != 200 || stale {
		t.Errorf("its page is %d, stale %v", code, stale)
	}
	bad.service("API")
	if code := asked(address[good]); code != 200 {
		t.Errorf("another's picture is answered %d", code)
	}
	// another one mends it
	bad.do("PUT", "/api/v1/organization/logo/", drawn(t, 320, 80), "Content-Type", "image/png").is(200)
	fetch(t, "http://"+s.addr+"/status/"+bad.slug+"/logo/"+bad.get("/api/v1/organization/").str("logo"))
}
