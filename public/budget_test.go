package public_test

import (
	"testing"

	"statuspage/public"
)

// What a visit costs in brotli, in bytes: of the dashboard what its first screen waits for, and what comes later; of a
// public page each of its scripts.
func TestScriptsAndStylesKeepTheirBudgets(t *testing.T) {
	if _, built := public.Asset("dashboard.js"); !built {
		t.Skip("nothing is built")
	}
	for _, x := range []struct {
		what  string
		files []string
		most  int
	}{
		{"the dashboard's first screen", []string{"dashboard.js", "dashboard.chunk.js"}, 60_000},
		{"what of the dashboard comes later", []string{"dashboard.seldom.js"}, 30_000},
		{"the dashboard's style", []string{"dashboard.css"}, 10_000},
		{"the page's script", []string{"status.js"}, 12_000},
		{"the page's dialog", []string{"subscribe.js"}, 12_000},
		{"the page's days", []string{"day.js"}, 12_000},
		{"the page's choices", []string{"prefs.js"}, 12_000},
	} {
		total := 0
		for _, name := range x.files {
			at, ok := public.Asset(name)
			if !ok {
				t.Errorf("%s was not built", name)
				continue
			}
			f, _ := public.Open(at)
			total += len(f.Brotli)
		}
		t.Logf("%s: %d bytes", x.what, total)
		if total > x.most {
			t.Errorf("%s has %d bytes, over %d", x.what, total, x.most)
		}
	}
}
