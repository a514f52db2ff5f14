package regions_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"statuspage/lab/cluster"
	"statuspage/server/store"
)

// long is for how long faults go on: a few seconds here, minutes in `make soak` (SOAK=10m).
func long() time.Duration {
	d, err := time.ParseDuration(os.Getenv("SOAK"))
	if err != nil {
		return 0
	}
	return d
}

// fault breaks something and mends it.
type fault struct {
	name string
	do   func(w *world) error
}

func restart(pick func(w *world) *cluster.Process) func(w *world) error {
	return func(w *world) error {
		p := pick(w)
		p.Kill()
		time.Sleep(200 * time.Millisecond)
		return p.Restart()
	}
}

var faults = []fault{
	{"kill -9 of the primary's app", restart(func(w *world) *cluster.Process { return w.Primary().App })},
	{"kill -9 of another region's app", restart(func(w *world) *cluster.Process { return w.other().App })},
	{"kill -9 of the primary database", restart(func(w *world) *cluster.Process { return w.Primary().DB })},
	{"kill -9 of a replica", restart(func(w *world) *cluster.Process { return w.other().DB })},
	{"a region cut off, and back", func(w *world) error {
		r := w.other()
		r.Partition()
		time.Sleep(time.Second)
		r.Heal()
		return nil
	}},
	{"the primary's database out of reach", func(w *world) error {
		w.Primary().CutDB()
		time.Sleep(time.Second)
		w.Primary().HealDB()
		return nil
	}},
	{"a replica that falls behind", func(w *world) error {
		r := w.other()
		if err := r.Lag(time.Second); err != nil {
			return err
		}
		time.Sleep(time.Second)
		return r.Lag(0)
	}},
	{"everything restarted", func(w *world) error { return w.RestartAll() }},
}

func TestNoFaultLosesOrRepeatsAnything(t *testing.T) {
	if testing.Short() {
		t.Skip("faults take a while")
	}
	w := start(t, func(o *cluster.Options) { o.ReadyTimeout = time.Minute })
	const writers, followersEach = 6, 5
	ids := make([]string, writers)
	for n := range ids {
		ids[n] = w.service(fmt.Sprintf("Service %d", n))
	}
	var end atomic.Int64
	deadline := time.Now().Add(long() + 4*time.Minute)
	var following, writing sync.WaitGroup
	var followers []*follower
	failed := make(chan error, 100)
	for i := range w.Regions {
		for n := range followersEach {
			f := &follower{regions: w.Regions[i : i+1]}
			if n == 0 { // one comes back in another region each time
				f.regions = append(w.Regions[i:len(w.Regions):len(w.Regions)], w.Regions[:i]...)
			}
			followers = append(followers, f)
			following.Go(func() {
				if err := f.follow(&end, deadline); err != nil {
					failed <- err
				}
			})
		}
	}
	time.Sleep(300 * time.Millisecond)
	stop := make(chan struct{})
	var mu sync.Mutex
	accepted := map[string]bool{}
	for n := range ids {
		writing.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				text := fmt.Sprintf("%d/%d", n, i)
				if w.insist(ids[n], text, deadline) {
					mu.Lock()
					accepted[text] = true
					mu.Unlock()
				}
			}
		})
	}
	rounds := 0
	for began := time.Now(); rounds < len(faults) || time.Since(began) < long(); rounds++ {
		f := faults[rounds%len(faults)]
		time.Sleep(400 * time.Millisecond)
		if err := f.do(w); err != nil {
			t.Errorf("%s: %v", f.name, err)
		}
	}
	time.Sleep(500 * time.Millisecond)
	close(stop)
	writing.Wait()
	end.Store(w.check(accepted))
	following.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	returned, events := 0, 0
	for _, f := range followers {
		if err := f.gaps(); err != nil {
			t.Errorf("a follower of %s: %v", f.regions[0].Name, err)
		}
		returned, events = returned+f.returned, events+len(f.seen)
	}
	t.Logf("%d faults, %d accepted writes, %d followers that came back %d times and saw %d events", rounds,
		len(accepted), len(followers), returned, events)
	if len(accepted) < rounds {
		t.Error("hardly anything was written: nothing was tested")
	}
}

// insist repeats a write under one key, through any region, until it is accepted.
func (w *world) insist(id, text string, deadline time.Time) bool {
	choice := w.seed.Stream("write", text)
	for time.Now().Before(deadline) {
		r := w.Regions[choice.IntN(len(w.Regions))]
		code, said, header, err := w.ask("PATCH", r.URL()+"/api/v1/services/"+id+"/",
			map[string]any{"description": text}, "Idempotency-Key", "key "+text)
		if err == nil && code == http.StatusOK {
			return true
		}
		if err == nil && code < 500 && code != http.StatusConflict {
			w.t.Errorf("%s: refused with %d %v by %q", text, code, said["detail"], header.Get("Status-Region"))
			return false
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

// check holds the log against what was accepted, and answers its end.
func (w *world) check(accepted map[string]bool) int64 {
	w.t.Helper()
	db, err := store.Open(w.Primary().DBURL(), "")
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	times := map[string]int{}
	var last int64
	for {
		events, err := db.Org(w.org).EventsSince(context.Background(), last, 500)
		if err != nil {
			w.t.Fatal(err)
		}
		if len(events) == 0 {
			break
		}
		for i := range events {
			if events[i].Seq != last+1 {
				w.t.Fatalf("event %d behind %d", events[i].Seq, last)
			}
			last = events[i].Seq
			if s := events[i].Service; s != nil && s.Description != "" {
				times[s.Description]++
			}
		}
	}
	lost, twice := 0, 0
	for text := range accepted {
		if times[text] == 0 {
			lost++
		}
	}
	for _, n := range times {
		if n > 1 {
			twice++
		}
	}
	if lost+twice > 0 {
		w.t.Errorf("%d accepted writes are lost, %d are there twice", lost, twice)
	}
	return last
}
