package status_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"statuspage/shared/status"
)

// CONTRACT 6. Each letter is a service: operational, degraded, partial, major, or w for works (maintenance).
func TestTheIndicatorIsTheFirstMatch(t *testing.T) {
	for _, c := range []struct{ services, indicator, words string }{
		{"", "none", "All Systems Operational"},
		{"o", "none", "All Systems Operational"},
		{"ooo", "none", "All Systems Operational"},
		{"m", "critical", "Major System Outage"},
		{"mmm", "critical", "Major System Outage"},
		{"mmo", "major", "Partial System Outage"},
		{"mw", "major", "Partial System Outage"},
		{"mp", "major", "Partial System Outage"},
		{"p", "major", "Partial System Outage"},
		{"ppp", "major", "Partial System Outage"},
		{"ppo", "minor", "Minor Service Outage"},
		{"pd", "minor", "Minor Service Outage"},
		{"pw", "minor", "Minor Service Outage"},
		{"d", "minor", "Degraded System Service"},
		{"ddd", "minor", "Degraded System Service"},
		{"ddo", "minor", "Partially Degraded Service"},
		{"dw", "minor", "Partially Degraded Service"},
		{"w", "maintenance", "Service Under Maintenance"},
		{"wo", "maintenance", "Service Under Maintenance"},
		{"www", "maintenance", "Service Under Maintenance"},
	} {
		indicator, words := status.RollUp(services(c.services))
		if string(indicator) != c.indicator || words != c.words {
			t.Errorf("%q is %q %q, want %q %q", c.services, indicator, words, c.indicator, c.words)
		}
	}
}

func services(letters string) []status.Service {
	states := map[rune]status.ServiceStatus{'o': "operational", 'd': "degraded_performance", 'p': "partial_outage",
		'm': "major_outage", 'w': "under_maintenance"}
	var out []status.Service
	for _, l := range letters {
		out = append(out, status.Service{Status: states[l]})
	}
	return out
}

func TestTheIndicatorDoesNotDependOnTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.SampledFrom(strings.Split("odpmw", "")), 0, 8).Draw(t, "services")
		mixed := rapid.Permutation(list).Draw(t, "mixed")
		a, aw := status.RollUp(services(strings.Join(list, "")))
		b, bw := status.RollUp(services(strings.Join(mixed, "")))
		if a != b || aw != bw {
			t.Fatalf("%v is %s %q, %v is %s %q", list, a, aw, mixed, b, bw)
		}
	})
}
