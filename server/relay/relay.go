// Package relay polls the event log of the local replica, folds each event into its organisation's page, and tells the
// rooms.
//
// It is one query per process and interval, not per organisation or client. SQLite has one writer, so ids ascend in the
// order of commits and a reader of id > last can miss nothing.
package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"statuspage/server/store"
	"statuspage/shared/page"
)

const (
	batch      = 500         // events a query
	beatEvery  = time.Second // of the primary
	tidyEvery  = time.Second
	retryAfter = time.Second // after a poll that failed
)

// Listener hears of each event once, in order, after the page includes it, with the page before it and after it. It
// must not block.
type Listener interface {
	Event(orgID string, e *page.Event, before, after *Page)
	// Reset says that the log was replaced: whatever was heard before belongs to another one.
	Reset()
	// Gone says that an organisation was deleted: its page is there no more.
	Gone(orgID string)
	// Lost says that events of one page may not have been heard: its sockets come back and are brought up to date.
	Lost(orgID string)
}

// Relay knows every page that somebody asked for, as of the newest event that has arrived in this region.
type Relay struct {
	db       *store.DB
	interval time.Duration
	primary  bool
	listener Listener
	audience Audience // the listener, if it is one
	most     int      // pages in memory
	now      func() time.Time
	made     time.Time

	polling chan struct{}                // one poll at a time
	last    atomic.Int64                 // events.id; moved under polling
	anchor  atomic.Pointer[store.Anchor] // the event of that id; moved under polling
	past    map[string]struct{}          // epochs before this one; under polling
	// lossSeen is since when the database is known to have lost events while no new epoch has come; under polling.
	lossSeen time.Time
	wake     chan struct{}

	mu    sync.Mutex
	pages map[string]*entry
	slugs map[string]string
	hosts map[string]string
	gone  map[string]struct{} // organisations that were deleted
	epoch string
	// doubts are commits of this process that could not be read back: the organisation of each command.
	doubts map[string]string

	departed   string    // what the log said of departures when they were read last; under polling
	departedAt time.Time // when that was

	monitors atomic.Pointer[string] // what the log said of monitors at the last poll

	beat     atomic.Int64 // the newest heartbeat of the primary's clock, in ms
	beatSeen atomic.Int64 // passed when it came
	polled   atomic.Int64 // passed at the last poll that succeeded
	started  atomic.Bool
	gauge    Gauge
	tidied   time.Time

	triedHeld time.Time
	trying    atomic.Bool
}

// Gauge is what the relay tells of itself, for metrics.
type Gauge struct{ Polls, Events, Failures, Pages, Held atomic.Int64 }

// entry is a page that is loaded or on its way.
type entry struct {
	loaded  chan struct{} // closed when page or err is there
	err     error
	page    *Page
	missed  []store.Entry // that came by while it was loading
	changed chan struct{} // closed when page is replaced
	used    time.Time
}

// New makes a relay; Run starts it. A primary is never behind itself.
func New(db *store.DB, interval time.Duration, primary bool, listener Listener) *Relay {
	audience, _ := listener.(Audience)
	r := &Relay{db: db, interval: interval, primary: primary, listener: listener, audience: audience, most: maxPages,
		now: time.Now, made: time.Now(),
		polling: make(chan struct{}, 1), wake: make(chan struct{}, 1), pages: map[string]*entry{},
		slugs: map[string]string{}, hosts: map[string]string{},
		past: map[string]struct{}{}, doubts: map[string]string{}}
	r.anchor.Store(&store.Anchor{})
	return r
}

// SetClock puts another clock in place of the machine's, before Run.
func (r *Relay) SetClock(now func() time.Time) { r.now = now }

// Start reads where the log stands. Until it has succeeded, no page can be had.
func (r *Relay) Start(ctx context.Context) error {
	if r.started.Load() {
		return nil // a page in memory waits for no poll
	}
	if err := r.takeTurn(ctx); err != nil {
		return err
	}
	defer func() { <-r.polling }()
	if r.started.Load() {
		return nil
	}
	epoch, err := r.db.Epoch(ctx)
	if err != nil {
		return err
	}
	last, err := r.db.LastEvent(ctx)
	if err != nil {
		return fmt.Errorf("read the end of the log: %w", err)
	}
	r.mu.Lock()
	r.epoch = epoch
	r.mu.Unlock()
	if err := r.Depart(ctx); err != nil {
		return err
	}
	r.reach(last)
	r.polled.Store(r.passed())
	r.started.Store(true)
	return nil
}

// takeTurn waits for the poll that is under way. Whoever does not want to wait any longer ends the context.
func (r *Relay) takeTurn(ctx context.Context) error {
	select {
	case r.polling <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a poll of the log: %w", ctx.Err())
	}
}

// Run polls until the context ends.
func (r *Relay) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	said := "" // why the log cannot be read
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-r.wake:
		}
		err := r.Sync(ctx)
		if why := reason(err); ctx.Err() == nil && why != said {
			if said = why; err != nil {
				slog.Error("the log cannot be read; pages stay as they are", "error", err)
			} else {
				slog.Info("the log can be read again")
			}
		}
		if err != nil && !errors.Is(err, store.ErrWentBack) { // a copy that had gone back is there again at any moment
			timer.Reset(max(r.interval, retryAfter))
		} else {
			timer.Reset(r.interval)
		}
	}
}

// reason is what kind of error it is; "" is none.
func reason(err error) string {
	var f *store.Failure
	switch {
	case err == nil:
		return ""
	case errors.As(err, &f):
		return string(f.Trouble)
	}
	return err.Error()
}

// Wake makes the next poll happen now.
func (r *Relay) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Sync polls until there is nothing new: what was committed before the call is in the pages after it.
func (r *Relay) Sync(ctx context.Context) error {
	if err := r.Start(ctx); err != nil {
		r.gauge.Failures.Add(1)
		return err
	}
	if err := r.takeTurn(ctx); err != nil {
		return err
	}
	defer func() { <-r.polling }()
	if lost, err := r.lostCommit(ctx); err != nil || lost {
		if lost {
			err = r.beginEpoch(ctx)
		}
		return err
	}
	for {
		part, err := r.db.PartAfter(ctx, r.Anchor(), batch)
		r.gauge.Polls.Add(1)
		if _, before := r.past[part.Epoch]; before || part.Epoch == r.Epoch() && errors.Is(err, store.ErrWentBack) {
			return r.wentBack(ctx, part.Epoch)
		}
		if part.Epoch != "" && part.Epoch != r.Epoch() { // no event of one log is told as one of another
			return r.reset(ctx, part.Epoch)
		}
		if err != nil {
			r.gauge.Failures.Add(1)
			return fmt.Errorf("poll the log: %w", err)
		}
		r.lossSeen = time.Time{}
		r.takeAll(part.Entries)
		if !part.More {
			return r.arrived(ctx, &part)
		}
	}
}

// Anchor is the event that was read last.
func (r *Relay) Anchor() store.Anchor { return *r.anchor.Load() }

// Follow takes in the log as it was read in the request of a write, or as a file's writer knows it. It is false when
// that does not go on from where this region stands: then Sync finds out why.
func (r *Relay) Follow(ctx context.Context, part *store.Part) bool {
	if !r.started.Load() || r.takeTurn(ctx) != nil {
		return false
	}
	defer func() { <-r.polling }()
	found, now := part.Entries, r.Anchor()
	if n := len(found); part.Own && n > 0 && found[n-1].ID <= now.ID && part.Epoch == r.Epoch() {
		return true // another write, or a poll, has brought it
	}
	if part.After != now { // a poll came in between, or another write
		at := slices.IndexFunc(found, func(e store.Entry) bool { return e.At == now })
		if at < 0 {
			return false
		}
		found = found[at+1:]
	}
	if part.Epoch != r.Epoch() {
		return false
	}
	r.takeAll(found)
	return !part.More
}

func (r *Relay) takeAll(entries []store.Entry) {
	for i := range entries {
		r.reach(entries[i].At) // first: a page whose reading begins in between must not be of an older copy
		r.take(&entries[i])
	}
	r.gauge.Events.Add(int64(len(entries)))
}

// reach moves to an event of the log.
func (r *Relay) reach(at store.Anchor) {
	r.anchor.Store(&at)
	r.last.Store(at.ID)
}

// Epoch names the log.
func (r *Relay) Epoch() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.epoch
}

// Gauge is what the relay counts.
func (r *Relay) Gauge() *Gauge { return &r.gauge }

// Started says that the log has been found.
func (r *Relay) Started() bool { return r.started.Load() }

// Last is the id of the newest event that was read.
func (r *Relay) Last() int64 { return r.last.Load() }
