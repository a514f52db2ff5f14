package notify_test

import (
	"fmt"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"statuspage/server/racetest"
	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// crowd makes so many active subscribers by mail, at addresses that answer nothing.
func (o *org) crowd(n int) {
	o.Helper()
	at := status.Time(o.clock.now().UnixMilli())
	for done := 0; done < n; {
		list := make([]store.Subscriber, min(10_000, n-done))
		for i := range list {
			address := fmt.Sprintf("person%d@example.com", done+i)
			list[i] = store.Subscriber{ID: uuid.NewString(), Channel: store.Email, Address: address, Key: address,
				State: store.Active, Whole: true, Token: uuid.NewString(),
				Source: "admin", CreatedAt: at, AskedAt: at, ConfirmedAt: &at}
		}
		var b store.Batch
		o.ImportSubscribers(&b, list)
		if err := o.db.Do(ctx, &b); err != nil {
			o.Fatal(err)
		}
		done += len(list)
	}
}

// spent is the processor time of this process so far.
func spent(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestAnOpeningCostsTheSameWithAHundredThousandSubscribers measures it, and how long another organisation's write takes
// while the subscribers get their jobs.
func TestAnOpeningCostsTheSameWithAHundredThousandSubscribers(t *testing.T) {
	racetest.Alone(t, "CPU")
	const people = 100_000
	s := open(t, time.Now())
	o, other := s.org("acme"), s.org("other")
	o.crowd(people)
	debug.FreeOSMemory()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // what the import left is not the opening's
	var cost []time.Duration
	for range 5 {
		service, c := newID(), &page.OpenIncident{ID: newID(), Title: "Errors", Description: "We look into it.",
			ToState: "major_outage"}
		o.do(&page.CreateService{ID: service, Name: service})
		c.Service = &service
		before := spent(t)
		o.do(c)
		cost = append(cost, spent(t)-before)
	}
	slices.Sort(cost)
	if cost[len(cost)/2] > 10*time.Millisecond {
		t.Errorf("an opening costs %s of processor time", cost)
	}
	t.Logf("an opening costs %s of processor time", cost)
	debug.SetGCPercent(100)

	var waits []time.Duration
	var done atomic.Bool
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		for n := 0; !done.Load(); n++ {
			at := time.Now()
			other.do(&page.EditService{ID: other.web, Name: ptr(fmt.Sprint("Web ", n))})
			waits = append(waits, time.Since(at))
		}
	}()
	at, chunks, longest := time.Now(), 0, time.Duration(0)
	for {
		found, err := s.db.Expansions(ctx, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 0 || chunks >= 2*people/300 { // two of the five messages
			break
		}
		for i := range found {
			began := time.Now()
			if err := s.db.Expand(ctx, &found[i], 300, nil, status.Time(s.clock.now().UnixMilli())); err != nil {
				t.Fatal(err)
			}
			chunks, longest = chunks+1, max(longest, time.Since(began))
		}
	}
	took := time.Since(at)
	done.Store(true)
	<-finished
	slices.Sort(waits)
	if slowest := waits[len(waits)*99/100]; slowest > 500*time.Millisecond {
		t.Errorf("of %d writes of another organisation one in a hundred took more than %s", len(waits), slowest)
	}
	t.Logf("%d chunks in %s, the longest %s; meanwhile %d writes of another organisation, half within %s, 99%% "+
		"within %s, all within %s", chunks, took.Round(time.Millisecond),
		longest.Round(time.Millisecond), len(waits), waits[len(waits)/2], waits[len(waits)*99/100], waits[len(waits)-1])
}
