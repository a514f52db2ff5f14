package usecase_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"statuspage/server/app/apptest"
	"statuspage/server/config"
	"statuspage/shared/page"
)

// evolutions counts how often an event was evolved in this process.
var evolutions atomic.Int64

func init() { page.Evolved = func() { evolutions.Add(1) } }

// TestAWriteEvolvesOnceAnEvent: the decision carries the page after each of its events to the projection, the messages,
// the answer and the relay, alone and where several go together in one transaction. Before, it was five times.
func TestAWriteEvolvesOnceAnEvent(t *testing.T) {
	s := apptest.Start(t, func(c *config.Config) { c.RelayInterval = time.Minute })
	acme := s.Org("acme", time.Now())
	seq := func(org *apptest.Org) int64 {
		p, err := s.App.Relay.Page(t.Context(), org.ID)
		if err != nil {
			t.Fatal(err)
		}
		return p.State.Seq
	}
	write := func(org *apptest.Org, method, path string, body any) map[string]any {
		code, out := org.Send(method, path, body)
		if code >= 300 {
			t.Errorf("%s %s: %d %v", method, path, code, out)
		}
		return out
	}
	service := write(acme, "POST", "/api/v1/services/", map[string]any{"name": "API"})["id"].(string)
	incident := ""
	for _, w := range []struct {
		method, path string
		body         map[string]any
		events       int64
	}{
		{"PATCH", "/api/v1/services/" + service + "/", map[string]any{"description": "x"}, 1},
		{"POST", "/api/v1/incidents/", map[string]any{"title": "Down", "service": service, "to_state": "major_outage"},
			2},
		{"POST", "/api/v1/incidents/{incident}/updates/", map[string]any{"body": "Found it."}, 1},
		{"PATCH", "/api/v1/incidents/{incident}/", map[string]any{"status": "resolved"}, 2},
		{"DELETE", "/api/v1/incidents/{incident}/", nil, 1},
	} {
		path := w.path
		if incident != "" {
			path = strings.ReplaceAll(path, "{incident}", incident)
		}
		before, evolved := seq(acme), evolutions.Load()
		var body any
		if w.body != nil {
			body = w.body
		}
		out := write(acme, w.method, path, body)
		if w.path == "/api/v1/incidents/" {
			incident, _ = out["id"].(string)
		}
		if events, n := seq(acme)-before, evolutions.Load()-evolved; events < w.events || n != events {
			t.Errorf("%s %s: Evolve ran %d times for %d events", w.method, path, n, events)
		}
	}
	severalAtOnce(t, s, seq, write)
}

// severalAtOnce writes to several pages together: whoever takes the log in has the states of the others' events, too.
func severalAtOnce(t *testing.T, s *apptest.Site, seq func(*apptest.Org) int64,
	write func(*apptest.Org, string, string, any) map[string]any) {
	var orgs []*apptest.Org
	for _, slug := range []string{"a", "b", "c", "d", "e", "f"} {
		orgs = append(orgs, s.Org(slug, time.Now()))
	}
	total := func() (n int64) {
		for _, o := range orgs {
			n += seq(o)
		}
		return n
	}
	before, evolved := total(), evolutions.Load()
	var wait sync.WaitGroup
	for _, o := range orgs {
		wait.Go(func() {
			for range 10 {
				write(o, "POST", "/api/v1/services/", map[string]any{"name": "One"})
			}
		})
	}
	wait.Wait()
	if events, n := total()-before, evolutions.Load()-evolved; events != 60 || n != events {
		t.Errorf("together: Evolve ran %d times for %d events", n, events)
	}
}
