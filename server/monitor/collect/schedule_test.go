package collect

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"statuspage/server/region"
	"statuspage/server/store"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// TestMonitorsLookAtTheirOwnPartOfAnInterval: always the same, also in another process, and all parts alike.
func TestMonitorsLookAtTheirOwnPartOfAnInterval(t *testing.T) {
	const interval = time.Minute
	begun := time.Date(2026, 12, 1, 10, 0, 0, 0, time.UTC)
	at := make([]int, 60)
	for i := range 6_000 {
		k := fmt.Sprintf("organisation/monitor-%d", i)
		now := begun.Add(time.Duration(i) * 7 * time.Millisecond)
		due := next(k, now, interval)
		if wait := due.Sub(now); wait < interval/2 || wait >= interval*3/2 {
			t.Fatalf("%s looks again after %v", k, wait)
		}
		late := due.Add(900 * time.Millisecond) // it waited for room
		again := next(k, late, interval)
		if again.Sub(due) != interval {
			t.Fatalf("%s looks again after %v", k, again.Sub(due))
		}
		if other := next(k, due.Add(time.Hour), interval); other.Sub(due)%interval != 0 {
			t.Fatalf("%s begins another beat: %v", k, other.Sub(due))
		}
		at[due.Second()]++
	}
	for second, n := range at {
		if n < 50 || n > 150 {
			t.Errorf("%d of 6,000 look in second %d", n, second)
		}
	}
}

// TestABatchIsNoLargerThanThePrimaryTakes, when all fail at once with long answers: the rest comes in the next one.
func TestABatchIsNoLargerThanThePrimaryTakes(t *testing.T) {
	c := New(nil, nil, nil, Options{Region: "syd"})
	body := strings.Repeat("<", 4<<10) // each is six bytes in JSON
	for i := range 1_200 {
		l := store.Look{OrgID: strings.Repeat("o", 36), Monitor: strings.Repeat("m", 36), Body: body[:i%5*1000]}
		l.Region, l.Error = "syd", strings.Repeat("ü", 200)
		c.put(l)
	}
	all := 0
	for part := c.take(); len(part) > 0; part = c.take() {
		if n := len(wire.Marshal(&parcel{"syd", 1, part})); n > region.MaxBody {
			t.Fatalf("%d results are %d bytes", len(part), n)
		}
		all += len(part)
	}
	if all != 1_200 {
		t.Errorf("%d were brought", all)
	}
}

// TestARegionWhoseClockIsWrongIsCorrectedAlike, so that what it brings twice is the same.
func TestARegionWhoseClockIsWrongIsCorrectedAlike(t *testing.T) {
	c := New(nil, nil, nil, Options{})
	for _, x := range []struct {
		region   string
		by, want status.Time
	}{{"syd", 900, 0}, {"syd", -29_000, 0}, {"fra", 90_000, 90_000}, {"fra", 91_500, 90_000}, {"fra", 70_000, 90_000},
		{"fra", 200, 200}, {"fra", 800, 200}, {"syd", 5, 0}} {
		if got := c.skew(x.region, x.by); got != x.want {
			t.Errorf("%s, %d: %d, not %d", x.region, x.by, got, x.want)
		}
	}
}
