package doctor_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"statuspage/server/config"
	"statuspage/server/doctor"
)

// says is a region that answers /readyz so.
func says(t *testing.T, body string) doctor.Address {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(strings.ReplaceAll(body, "NOW", time.Now().UTC().Format(time.RFC3339Nano))))
	}))
	t.Cleanup(s.Close)
	return doctor.Address{URL: s.URL}
}

const (
	well = `{"region":"ams","primary":true,"primary_region":"ams","version":"v1","epoch":"e","lag_seconds":0,"database":"ok","migrations":"ok","relay":"ok","clock":"ok","durability":"strong","time":"NOW","ready":true}`
	away = `{"region":"fra","primary":false,"primary_region":"ams","version":"v1","epoch":"e","lag_seconds":0.1,"database":"ok","migrations":"ok","relay":"ok","clock":"ok","time":"NOW","ready":true}`
)

// TestEachFaultHasALineThatSaysWhatToDo: a healthy pair, and the same with one thing changed.
func TestEachFaultHasALineThatSaysWhatToDo(t *testing.T) {
	for _, c := range []struct {
		name       string
		from, to   string // in what the second region says; "first:" in the first's
		skew       time.Duration
		level      doctor.Level
		check, say string
	}{
		{"all is well", "", "", 0, doctor.OK, "", ""},
		{"another version", `"v1"`, `"v2"`, 0, doctor.Fail, "version", "v1 (ams), v2 (fra)"},
		{"another epoch", `"e"`, `"f"`, 0, doctor.Fail, "epoch", "e (ams), f (fra)"},
		{"two primaries", `"primary":false`, `"primary":true`, 0, doctor.Fail, "primary", "ams and fra write"},
		{"a promotion that is half done", `"primary_region":"ams"`, `"primary_region":"fra"`, 0, doctor.Fail, "primary",
			"fra (fra)"},
		{"three seconds behind", `:0.1`, `:3`, 0, doctor.Warn, "lag", "3s behind"},
		{"a minute behind", `:0.1`, `:60`, 0, doctor.Fail, "lag", "1m0s behind"},
		{"nothing has arrived", `:0.1`, `:null`, 0, doctor.Fail, "lag", "nothing of the primary"},
		{"relaxed", `first:"strong"`, `"relaxed"`, 0, doctor.Fail, "durability", "relaxed"},
		{"unknown", `first:"strong"`, `"unknown"`, 0, doctor.Warn, "durability", "does not say"},
		{"not ready", `"database":"ok"`, `"database":"writes stalled"`, 0, doctor.Fail, "ready",
			"database writes stalled"},
		{"a clock that is behind", "", "", 20 * time.Second, doctor.Warn, "clock", "behind this machine's"},
		{"a clock that is ahead", "", "", -5 * time.Minute, doctor.Fail, "clock", "ahead of this machine's"},
		{"no Status Page", away, `<html>`, 0, doctor.Fail, "reachable", "nothing of Status Page"},
	} {
		t.Run(c.name, func(t *testing.T) {
			first, second := well, away
			if from, is := strings.CutPrefix(c.from, "first:"); is {
				first = strings.Replace(first, from, c.to, 1)
			} else if c.from != "" {
				second = strings.Replace(second, c.from, c.to, 1)
				if strings.HasPrefix(c.to, `"database"`) {
					second = strings.Replace(second, `"ready":true`, `"ready":false`, 1)
				}
			}
			all := doctor.Look(t.Context(), doctor.Options{Addresses: []doctor.Address{says(t, first), says(t, second)},
				Version:  "v1",
				Database: config.Database{DatabaseURL: "file:x"},
				Now:      func() time.Time { return time.Now().Add(c.skew) }})
			if worst := doctor.Worst(all); worst != c.level {
				t.Errorf("the worst is %s: %+v", worst, all)
			}
			if c.check != "" && !slices.ContainsFunc(all, func(f doctor.Finding) bool {
				return f.Level == c.level && f.Check == c.check && strings.Contains(f.Says, c.say) && f.Do != ""
			}) {
				t.Errorf("no %s of %s says %q: %+v", c.level, c.check, c.say, all)
			}
		})
	}
}

// TestARegionThatAnotherAnswersForIsNotReached: Fly's proxy may know no Machine there.
func TestARegionThatAnotherAnswersForIsNotReached(t *testing.T) {
	a := says(t, well)
	a.Region = "syd"
	all := doctor.Look(t.Context(), doctor.Options{Addresses: []doctor.Address{a}, Version: "v1",
		Database: config.Database{DatabaseURL: "file:x"}})
	if all[0].Level != doctor.Fail || !strings.Contains(all[0].Says, "syd was asked, and ams answered") {
		t.Errorf("%+v", all[0])
	}
}
