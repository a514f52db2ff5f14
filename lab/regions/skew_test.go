package regions_test

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"statuspage/lab/cluster"
	"statuspage/server/racetest"
)

const staleWords = "This page may be old"

// TestAWrongClockHidesNothing has one region whose clock is five minutes behind, and one whose clock is four seconds
// ahead.
func TestAWrongClockHidesNothing(t *testing.T) {
	racetest.Outside(t, "processes in several regions")
	w := start(t, func(o *cluster.Options) {
		common := o.Env
		o.Env = func(region string) []string {
			skew := map[string]string{"fra": "0s", "iad": "-5m", "syd": "4s"}[region]
			return slices.Concat(common(region), []string{clockSkew + "=" + skew, "STALE_AFTER=6s"})
		}
	})
	behind, ahead := w.Regions[1], w.Regions[2]
	began := time.Now()
	w.service("API")
	page := func(r *cluster.Region) (lag float64, body string) {
		t.Helper()
		res, err := http.Get(r.URL() + "/status/" + slug)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		lag, err = strconv.ParseFloat(res.Header.Get("Status-Lag"), 64)
		if err != nil {
			t.Fatalf("%s: Status-Lag %q", r.Name, res.Header.Get("Status-Lag"))
		}
		return lag, string(text)
	}
	until := func(what string, is func() bool) {
		t.Helper()
		for end := time.Now().Add(time.Minute); !is(); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(end) {
				lag, _ := page(behind)
				t.Fatalf("never: %s (lag %.1f s)", what, lag)
			}
		}
	}
	for _, r := range []*cluster.Region{behind, ahead} {
		until(r.Name+" shows the service, and that it is current", func() bool {
			lag, body := page(r)
			return strings.Contains(body, "API") && lag < 6 && !strings.Contains(body, staleWords)
		})
	}
	if lag, _ := page(ahead); lag < 2 {
		t.Errorf("a clock that is ahead takes away from the age: %.1f s", lag)
	}

	behind.Partition()
	until("the region that is cut off says so, five minutes behind or not", func() bool {
		lag, body := page(behind)
		return lag > 6 && strings.Contains(body, staleWords)
	})
	behind.Heal()
	until("it is current again", func() bool {
		lag, body := page(behind)
		return lag < 6 && !strings.Contains(body, staleWords)
	})
	// Whatever a region's clock says, what happened is told by the primary's.
	service := w.service("Web")
	until("the second service is everywhere", func() bool {
		_, body := page(behind)
		return strings.Contains(body, service)
	})
	_, list, _, err := w.ask("GET", behind.URL()+"/api/v1/public/"+slug+"/services/", nil)
	if err != nil {
		t.Fatal(err)
	}
	results, _ := list["results"].([]any)
	for _, one := range results {
		text, _ := one.(map[string]any)["created_at"].(string)
		at, err := time.Parse(time.RFC3339, text)
		if err != nil || at.Before(began.Add(-time.Minute)) || at.After(time.Now().Add(time.Minute)) {
			t.Errorf("a service was made at %q", text)
		}
	}
	if len(results) != 2 {
		t.Errorf("%d services", len(results))
	}
}
