package regions_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"statuspage/lab/cluster"
	"statuspage/lab/history"
	"statuspage/lab/seed"
	"statuspage/server/racetest"
	"statuspage/server/store"
)

// run is a world in which everything is decided by a seed, and everything that clients do is written down.
type run struct {
	*world
	seed     seed.Seed // its own: the world's is for what has no schedule
	history  *history.History
	checks   *history.Checks
	answered *history.Check
	pages    []tenant
	truth    history.Truth

	accepted atomic.Int64
	end      atomic.Pointer[ending]
	stop     atomic.Int64 // when, in Unix nanoseconds; 0 is not yet

	folder string // where the history is
	backup string
}

// ending is what everybody will have heard.
type ending struct {
	epoch string
	seq   map[string]int64
}

const (
	pages, sessionsEach = 2, 3
	// soonEnough is for what must become true while the machine does other things, too.
	soonEnough = time.Minute
)

// play runs one seed: its schedule of so many rounds, and all clients, and then holds what was written down against
// what is true.
func play(t *testing.T, s seed.Seed, rounds int) {
	t.Helper()
	r := &run{seed: s, checks: &history.Checks{}}
	regions := []string{"fra", "iad", "syd"}
	schedule := s.Schedule(regions, rounds)
	t.Logf("%s=%s, %d rounds:\n%s", seed.Variable, s, rounds, schedule)
	r.begin(t, regions)
	var clients sync.WaitGroup
	for n, p := range r.pages {
		for i := range sessionsEach {
			one := &session{run: r, name: fmt.Sprintf("%s/%d", p.slug, i), page: p, before: map[string]int64{}}
			clients.Go(one.live)
		}
		at := r.Regions[n%len(r.Regions)]
		for _, one := range []*listener{{name: p.slug + "/stays", home: at}, {name: p.slug + "/roams"}} {
			one.run, one.page = r, p
			clients.Go(one.live)
		}
	}
	r.obey(schedule)
	r.writesGoOn(20)
	r.stop.Store(time.Now().UnixNano())
	r.settle()
	clients.Wait()
	r.judge()
}

func (r *run) begin(t *testing.T, regions []string) {
	t.Helper()
	var err error
	if r.folder, err = os.MkdirTemp("", "lab-history-"); err != nil {
		t.Fatal(err)
	}
	if r.history, err = history.New(filepath.Join(r.folder, "history.jsonl")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what everybody did is in %s; again: %s=%s", r.history.Path(), seed.Variable, r.seed)
			return
		}
		_ = os.RemoveAll(r.folder)
	})
	r.answered = r.checks.Always("a write is accepted, or may be tried again")
	r.world = start(t, func(o *cluster.Options) { o.Regions, o.ReadyTimeout = regions, soonEnough })
	for n := range pages {
		r.pages = append(r.pages, r.tenant(fmt.Sprintf("page-%d", n)))
	}
	r.truth.Logs = map[string]*history.Log{}
	err = r.inDatabase(func(db *store.DB) error {
		name, err := db.Epoch(context.Background())
		if err != nil {
			return err
		}
		r.truth.Epochs = []history.Epoch{{Name: name}}
		for _, p := range r.pages {
			end, err := endOf(db, p.id)
			if err != nil {
				return err
			}
			r.truth.Logs[p.slug] = &history.Log{First: end}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (r *run) stopped() bool { return r.stop.Load() != 0 }

// stoppedFor says whether the end was so long ago.
func (r *run) stoppedFor(d time.Duration) bool {
	at := r.stop.Load()
	return at != 0 && time.Since(time.Unix(0, at)) > d
}

// rest is between two tries.
func (r *run) rest(d time.Duration) { time.Sleep(d) }

// writesGoOn waits until so many more writes are accepted.
func (r *run) writesGoOn(more int) {
	from := r.accepted.Load()
	r.checks.Eventually("writes go on", soonEnough, func() error {
		if n := r.accepted.Load() - from; n < int64(more) {
			return fmt.Errorf("%d of %d writes were accepted", n, more)
		}
		return nil
	})
}

// inDatabase opens the primary's database beside the server.
func (r *run) inDatabase(do func(*store.DB) error) error {
	db, err := store.Open(r.Primary().DBURL(), "")
	if err != nil {
		return err
	}
	return errors.Join(do(db), db.Close())
}

// endOf is the last seq of an organisation's log.
func endOf(db *store.DB, org string) (last int64, err error) {
	err = eachEvent(db, org, 0, func(seq int64, _ history.Entry) { last = seq })
	return last, err
}

// eachEvent reads an organisation's log behind a seq. A gap is an error.
func eachEvent(db *store.DB, org string, last int64, take func(int64, history.Entry)) error {
	for {
		events, err := db.Org(org).EventsSince(context.Background(), last, 500)
		if err != nil || len(events) == 0 {
			return err
		}
		for i := range events {
			e := &events[i]
			if e.Seq != last+1 {
				return fmt.Errorf("event %d behind %d", e.Seq, last)
			}
			last = e.Seq
			var entry history.Entry
			if e.Service != nil {
				entry = history.Entry{Service: e.Service.ID, Text: e.Service.Description}
			}
			take(last, entry)
		}
	}
}

// settle reads what is true in the end, and waits until every region and every listener has it.
func (r *run) settle() {
	// Whatever is still under way comes to its end first: only then does the log end.
	var last string
	r.checks.Eventually("the log comes to its end", 2*insistFor, func() error {
		now, err := r.readTruth()
		if text := fmt.Sprint(now); err == nil && text != last {
			last, err = text, errors.New("it grows")
			r.rest(time.Second)
		}
		return err
	})
	end := &ending{epoch: r.truth.Epochs[len(r.truth.Epochs)-1].Name, seq: map[string]int64{}}
	for name, log := range r.truth.Logs {
		end.seq[name] = log.End()
	}
	r.end.Store(end)
	for _, at := range r.Regions {
		for _, p := range r.pages {
			r.checks.Eventually("every region shows the end of the log", soonEnough, func() error {
				code, page, _, err := r.ask("GET", at.URL()+"/api/v1/public/"+p.slug+"/summary/", nil)
				if seq, _ := page["seq"].(float64); err == nil &&
					(page["epoch"] != end.epoch || int64(seq) != end.seq[p.slug]) {
					err = fmt.Errorf("%s shows %v of epoch %v, the log ends with %d of %s", at.Name, page["seq"],
						page["epoch"], end.seq[p.slug], end.epoch)
				}
				return want(code, http.StatusOK, err)
			})
		}
	}
}

// readTruth reads all logs; it answers where they end.
func (r *run) readTruth() (ends map[string]int64, err error) {
	ends = map[string]int64{}
	return ends, r.inDatabase(func(db *store.DB) error {
		for _, p := range r.pages {
			log := r.truth.Logs[p.slug]
			log.Entries = nil
			err := eachEvent(db, p.id, log.First,
				func(seq int64, e history.Entry) { log.Entries = append(log.Entries, e) })
			if err != nil {
				return err
			}
			ends[p.slug] = log.End()
		}
		return nil
	})
}

// judge holds the history against the truth, and says what was seen.
func (r *run) judge() {
	heard := map[string]bool{}
	ops := r.history.Ops()
	for _, op := range ops {
		if op.Kind == history.Frame || op.Kind == history.Snapshot || op.Kind == history.Listen {
			heard[op.Session] = op.Epoch == r.end.Load().epoch && max(op.Seq, op.Since) == r.end.Load().seq[op.Org]
		}
	}
	for name, all := range heard {
		var err error
		if !all {
			err = fmt.Errorf("%s has not", name)
		}
		r.checks.Finally("every listener has heard the end of the log", err)
	}
	history.Verify(ops, &r.truth, r.checks, r.folder)
	if err := r.history.Close(&r.truth); err != nil {
		r.t.Error(err)
	}
	counts := map[history.Kind]int{}
	for _, op := range ops {
		counts[op.Kind]++
	}
	r.t.Logf("%d operations %v, %d writes accepted, %d epochs\n%s", len(ops), counts, r.accepted.Load(),
		len(r.truth.Epochs), r.checks)
	if err := r.checks.Err(); err != nil {
		r.t.Error(err)
	}
}

// shortSeed is what `make test` plays.
const shortSeed = 15

// TestFaultsOfASeed plays one seed, or others until the time of a soak is over. LAB_SEED plays that one again.
func TestFaultsOfASeed(t *testing.T) {
	racetest.Outside(t, "processes in several regions")
	rounds := 1
	if long() > 0 {
		rounds = 2
	}
	for began := time.Now(); ; {
		s, err := seed.Choose(long() > 0, shortSeed)
		if err != nil {
			t.Fatal(err)
		}
		ok := t.Run(strings.TrimPrefix(s.String(), "0x"), func(t *testing.T) { play(t, s, rounds) })
		if !ok || os.Getenv(seed.Variable) != "" || time.Since(began) > long() {
			return
		}
	}
}
