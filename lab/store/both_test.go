package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"statuspage/lab/cluster"
	"statuspage/server/app/apptest"
	"statuspage/server/config"
	"statuspage/server/racetest"
)

// TestTwoProgramsThatChangeOneObjectAtOnceLoseNothing as they do while one is deployed over the other: each changes a
// field of its own of the same objects, again and again, and at the end both have what was answered last.
func TestTwoProgramsThatChangeOneObjectAtOnceLoseNothing(t *testing.T) {
	racetest.Outside(t, "databases as processes of their own")
	places(t, []string{"fra"}, func(t *testing.T, c *cluster.Cluster) {
		const times = 15
		set := func(cfg *config.Config) { cfg.DatabaseURL = c.Primary().LinkURL() }
		first := apptest.Start(t, set).Org("acme", time.Now())
		second := *first
		second.Site = apptest.Start(t, set)
		created := func(path string, body map[string]any) (id string) {
			code, out := first.Send("POST", path, body)
			if code != 201 {
				t.Fatalf("%s: %d %v", path, code, out)
			}
			return fmt.Sprint(out["id"])
		}
		service := created("/api/v1/services/", map[string]any{"name": "API"})
		template := created("/api/v1/templates/", map[string]any{"name": "Usual", "title": "T", "body": "B"})
		incident := created("/api/v1/incidents/", map[string]any{"title": "Down", "service": service,
			"to_state": "major_outage"})
		objects := []struct{ path, one, other string }{
			{"/api/v1/services/" + service + "/", "name", "description"},
			{"/api/v1/templates/" + template + "/", "title", "body"},
			{"/api/v1/incidents/" + incident + "/", "title", "description"},
		}
		audited := func() float64 {
			code, log := first.Send("GET", "/api/v1/audit-log/?page_size=1", nil)
			n, is := log["count"].(float64)
			if !is {
				t.Fatal(code, log)
			}
			return n
		}
		before := audited()
		var refused, answered sync.Map
		var both sync.WaitGroup
		for i, org := range []*apptest.Org{first, &second} {
			both.Go(func() {
				for _, o := range objects {
					field := []string{o.one, o.other}[i]
					for n := 0; n < times; {
						text := fmt.Sprintf("%s %d", field, n)
						code, out := org.Send("PATCH", o.path, map[string]any{field: text})
						switch {
						case code == 200:
							n++
							answered.Store(o.path+field, text)
						case code == 409:
							refused.Store(fmt.Sprint(o.path, field, n), true)
						default:
							t.Errorf("%s: %d %v", o.path, code, out)
							return
						}
					}
				}
			})
		}
		both.Wait()
		for _, o := range objects {
			for i, field := range []string{o.one, o.other} {
				org := []*apptest.Org{first, &second}[i] // who wrote it has it at once, and the other by its next poll
				if last, _ := answered.Load(o.path + field); !shows(org, o.path, field, last, 0) ||
					!shows(first, o.path, field, last, time.Minute) {
					t.Errorf("%s: the %s is not %q, which was answered", o.path, field, last)
				}
			}
		}
		n := 0
		refused.Range(func(any, any) bool { n++; return true })
		t.Logf("%d of %d changes were refused once or more, and asked again", n, 2*times*len(objects))
		if n := audited() - before; n != float64(2*times*len(objects)) {
			t.Errorf("the audit log has %v entries of %d changes", n, 2*times*len(objects))
		}
	})
}

// shows says whether an object has a value, within so much time.
func shows(org *apptest.Org, path, field string, want any, within time.Duration) bool {
	for end := time.Now().Add(within); ; {
		if _, out := org.Send("GET", path, nil); out[field] == want {
			return true
		} else if time.Now().After(end) {
			return false
		}
	}
}
