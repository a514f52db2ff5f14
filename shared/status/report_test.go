package status_test

import (
	"math"
	"testing"

	"statuspage/shared/status"
)

func TestReportsAreUnusualAboveTheUsualLevelAndTheScatterOfChance(t *testing.T) {
	const windows = status.ReportUsual / status.ReportWindow // 336 half hours are a week
	for _, c := range []struct {
		name          string
		recent, usual int64
		want          bool
	}{
		{"nothing", 0, 0, false},
		{"a few who are wrong", 4, 0, false},
		{"five where nobody ever reports", 5, 0, true},
		{"five where one comes every half hour", 5, windows, false},
		{"seven where one comes every half hour", 7, windows, true},
		{"as many as ever", 100, 100 * windows, false},
		{"a little more than ever", 140, 100 * windows, false},
		{"half as many again", 150, 100 * windows, true},
		{"fewer than ever", 10, 100 * windows, false},
		{"a flood", math.MaxInt32, 1000 * windows, true},
	} {
		if got := status.Unusual(c.recent, c.usual); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	// It is the rule that its comment says.
	for usual := int64(0); usual < 60*windows; usual += 97 {
		u := float64(usual) / windows
		least := max(math.Ceil(u+4*math.Sqrt(u+1)-1e-9), status.ReportFewest)
		for n := range int64(120) {
			if got := status.Unusual(n, usual); got != (float64(n) >= least) {
				t.Fatalf("%d with %v usual: %v, from %v on", n, u, got, least)
			}
		}
	}
}
