// Package relay polls the event log of the local replica, folds each event into its organisation's page, and tells the rooms.
//
// It is one query per process and interval, not per organisation or client. SQLite has one writer, so ids ascend in the order of
// commits and a reader of id > last can miss nothing.
package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

const (
	batch      = 500         // events a query
	mostPages  = 5_000       // held in memory; beyond, those that nobody asked for lately are let go
	idle       = time.Minute // without a reader before a page may be let go
	beatEvery  = time.Second
	retryAfter = time.Second // after a poll that failed
)

// Listener hears of each event once, in order, after the page includes it. It must not block.
type Listener interface {
	Event(orgID string, e *page.Event)
	// Reset says that the log was replaced: whatever was heard before belongs to another one.
	Reset()
}

// Relay knows every page that somebody asked for, as of the newest event that has arrived in this region.
type Relay struct {
	db       *store.DB
	interval time.Duration
	primary  bool
	listener Listener
	now      func() time.Time

	polling sync.Mutex   // one poll at a time
	last    atomic.Int64 // events.id; moved under polling
	wake    chan struct{}

	mu    sync.Mutex
	pages map[string]*entry
	slugs map[string]string
	hosts map[string]string
	epoch string

	beat     atomic.Int64 // the newest heartbeat of the primary's clock, in ms
	beatSeen atomic.Int64 // our clock when it came, in ms
	polled   atomic.Int64 // our clock at the last poll that succeeded, in ms
	started  atomic.Bool
	gauge    Gauge
	lastBeat time.Time
}

// Gauge is what the relay tells of itself, for metrics.
type Gauge struct{ Polls, Events, Failures, Pages atomic.Int64 }

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
	return &Relay{db: db, interval: interval, primary: primary, listener: listener, now: time.Now,
		wake: make(chan struct{}, 1), pages: map[string]*entry{}, slugs: map[string]string{}, hosts: map[string]string{}}
}

// SetClock puts another clock in place of the machine's, before Run.
func (r *Relay) SetClock(now func() time.Time) { r.now = now }

// Start reads where the log stands. Until it has succeeded, no page can be had.
func (r *Relay) Start(ctx context.Context) error {
	r.polling.Lock()
	defer r.polling.Unlock()
	if r.started.Load() {
		return nil
	}
	epoch, err := r.db.Epoch(ctx)
	if err != nil {
		return err
	}
	last, err := r.db.LastEventID(ctx)
	if err != nil {
		return fmt.Errorf("read the end of the log: %w", err)
	}
	r.mu.Lock()
	r.epoch = epoch
	r.mu.Unlock()
	r.last.Store(last)
	r.polled.Store(r.now().UnixMilli())
	r.started.Store(true)
	return nil
}

// Run polls until the context ends.
func (r *Relay) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-r.wake:
		}
		err := r.Sync(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			slog.Error("the log cannot be read; pages stay as they are", "error", err)
		} else if err == nil && failing {
			slog.Info("the log can be read again")
		}
		failing = err != nil
		if failing {
			timer.Reset(max(r.interval, retryAfter))
		} else {
			timer.Reset(r.interval)
		}
	}
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
	r.polling.Lock()
	defer r.polling.Unlock()
	for {
		entries, err := r.db.EventsAfter(ctx, r.last.Load(), batch)
		r.gauge.Polls.Add(1)
		if err != nil {
			r.gauge.Failures.Add(1)
			return fmt.Errorf("poll the log: %w", err)
		}
		for i := range entries {
			r.last.Store(entries[i].ID) // first: a page whose reading begins in between must not be of an older copy
			r.take(&entries[i])
		}
		r.gauge.Events.Add(int64(len(entries)))
		if len(entries) < batch {
			break
		}
	}
	r.polled.Store(r.now().UnixMilli())
	return r.second(ctx)
}

// second is what is done once a second: the heartbeat, the epoch, the pages that nobody reads.
func (r *Relay) second(ctx context.Context) error {
	now := r.now()
	if now.Sub(r.lastBeat) < beatEvery {
		return nil
	}
	r.lastBeat = now
	beat, err := r.db.LastBeat(ctx)
	if err != nil {
		return fmt.Errorf("read the heartbeat: %w", err)
	}
	if at := beat.UnixMilli(); !beat.IsZero() && r.beat.Swap(at) != at {
		r.beatSeen.Store(now.UnixMilli())
	}
	epoch, err := r.db.Epoch(ctx)
	if err != nil {
		return err
	}
	r.tidy(now)
	if epoch == r.Epoch() {
		return nil
	}
	return r.reset(ctx, epoch)
}

// reset forgets everything: the database was restored.
func (r *Relay) reset(ctx context.Context, epoch string) error {
	last, err := r.db.LastEventID(ctx)
	if err != nil {
		return fmt.Errorf("read the end of the log: %w", err)
	}
	slog.Warn("the log was replaced; everything is read again", "epoch", epoch)
	r.mu.Lock()
	for _, e := range r.pages {
		close(e.changed)
	}
	r.pages, r.slugs, r.hosts, r.epoch = map[string]*entry{}, map[string]string{}, map[string]string{}, epoch
	r.mu.Unlock()
	r.last.Store(last)
	r.listener.Reset()
	return nil
}

func (r *Relay) tidy(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gauge.Pages.Store(int64(len(r.pages)))
	if len(r.pages) <= mostPages {
		return
	}
	for id, e := range r.pages {
		if e.page != nil && now.Sub(e.used) > idle {
			close(e.changed)
			delete(r.pages, id)
		}
		if len(r.pages) <= mostPages*9/10 {
			return
		}
	}
}

// take folds an event into its page, if the page is here. Nobody can listen to a page that is not.
func (r *Relay) take(x *store.Entry) {
	r.mu.Lock()
	e := r.pages[x.OrgID]
	if e == nil {
		r.mu.Unlock()
		return
	}
	if e.page == nil {
		e.missed = append(e.missed, *x)
		r.mu.Unlock()
		return
	}
	news, gap := e.fold(x)
	if gap {
		close(e.changed)
		delete(r.pages, x.OrgID)
	}
	r.mu.Unlock()
	switch {
	case gap:
		// The log has none, so this page was read from a copy that had gone back: everybody comes back and is brought up to date.
		slog.Error("an event is missing; the page is read again", "organization", x.OrgID, "got", x.Event.Seq)
		r.listener.Reset()
	case news:
		r.listener.Event(x.OrgID, &x.Event)
	}
}

// fold takes the next event in. news is false for an event that the page has already; gap says that one before it is missing, and
// nothing was done. The caller holds the relay's lock.
func (e *entry) fold(x *store.Entry) (news, gap bool) {
	s := &e.page.State
	if x.Event.Seq != s.Seq+1 {
		return false, x.Event.Seq > s.Seq
	}
	e.page = NewPage(page.Evolve(*s, &x.Event), e.page.Epoch)
	close(e.changed)
	e.changed = make(chan struct{})
	return true, false
}

// Page is the organisation's page; store.ErrNone when there is no such organisation. The first caller loads it, others wait.
func (r *Relay) Page(ctx context.Context, orgID string) (*Page, error) {
	if err := r.Start(ctx); err != nil {
		return nil, err
	}
	r.mu.Lock()
	e, there := r.pages[orgID]
	if !there {
		e = &entry{loaded: make(chan struct{}), changed: make(chan struct{})}
		r.pages[orgID] = e
		go r.load(context.WithoutCancel(ctx), orgID, e, r.epoch)
	}
	e.used = r.now()
	if e.page != nil {
		defer r.mu.Unlock()
		return e.page, nil
	}
	r.mu.Unlock()
	select {
	case <-e.loaded:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return e.page, e.err
}

func (r *Relay) load(ctx context.Context, orgID string, e *entry, epoch string) {
	s, err := r.read(ctx, orgID)
	r.mu.Lock()
	var heard []store.Entry
	if err != nil {
		e.err = err
		if r.pages[orgID] == e {
			delete(r.pages, orgID)
		}
	} else {
		e.page = NewPage(s, epoch)
		for i := range e.missed {
			if news, _ := e.fold(&e.missed[i]); news {
				heard = append(heard, e.missed[i])
			}
		}
	}
	e.missed = nil
	close(e.loaded)
	// Told under the lock, so that a later event cannot overtake these: take() folds under it before it tells.
	for i := range heard {
		r.listener.Event(orgID, &heard[i].Event)
	}
	r.mu.Unlock()
}

// read waits for a copy of the database that is not older than what was polled of it before: a replica that begins anew is, for a
// while.
func (r *Relay) read(ctx context.Context, orgID string) (page.State, error) {
	ctx, cancel := context.WithTimeout(ctx, store.Deadline)
	defer cancel()
	for {
		last := r.last.Load()
		s, head, err := r.db.Org(orgID).StateAt(ctx, status.Time(r.now().UnixMilli()))
		if err == nil && head >= last || errors.Is(err, store.ErrNone) && r.whole(ctx, last) {
			return s, err
		}
		if err != nil && !errors.Is(err, store.ErrNone) {
			return s, err
		}
		select {
		case <-ctx.Done():
			return s, ErrBehind
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// whole says that the copy is not older than what was polled.
func (r *Relay) whole(ctx context.Context, last int64) bool {
	head, err := r.db.LastEventID(ctx)
	return err == nil && head >= last
}

// ErrBehind says that this region has not got an event yet that the caller has seen.
var ErrBehind = errors.New("this region is behind")

// PageAt is the page once it includes event seq; ErrBehind when the context ends before.
func (r *Relay) PageAt(ctx context.Context, orgID string, seq int64) (*Page, error) {
	for {
		p, err := r.Page(ctx, orgID)
		if err != nil {
			return nil, err
		}
		if p.State.Seq >= seq {
			return p, nil
		}
		r.mu.Lock()
		e := r.pages[orgID]
		var changed chan struct{}
		if e != nil && e.page == p {
			changed = e.changed
		}
		r.mu.Unlock()
		if changed == nil {
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return p, ErrBehind
		}
	}
}

// Has waits until event seq has arrived. It is false once this region has everything that was written before the call, and the event is not
// among it: nobody can have seen it in this log. When the context ends before, it is true: it may come yet.
func (r *Relay) Has(ctx context.Context, orgID string, seq int64) bool {
	asked := r.now().UnixMilli()
	for ctx.Err() == nil {
		waiting, cancel := context.WithTimeout(ctx, beatEvery/2)
		_, err := r.PageAt(waiting, orgID, seq)
		cancel()
		heard := r.beat.Load() - beatEvery.Milliseconds()
		if r.primary {
			heard = r.polled.Load()
		}
		if !errors.Is(err, ErrBehind) || heard > asked {
			return err == nil
		}
	}
	return true
}

// BySlug finds an organisation's id; store.ErrNone.
func (r *Relay) BySlug(ctx context.Context, slug string) (string, error) {
	return r.remembered(&r.slugs, slug, func() (string, error) { return r.db.OrgBySlug(ctx, slug) })
}

// ByHost is the page that is served under a host name; store.ErrNone.
func (r *Relay) ByHost(ctx context.Context, host string) (*Page, error) {
	id, err := r.remembered(&r.hosts, host, func() (string, error) { return r.db.OrgByHost(ctx, host) })
	if err != nil {
		return nil, err
	}
	p, err := r.Page(ctx, id)
	if err == nil && p.State.Org.Hostname != host { // it was given up, perhaps to another
		r.mu.Lock()
		delete(r.hosts, host)
		r.mu.Unlock()
		return nil, store.ErrNone
	}
	return p, err
}

// remembered keeps what was found: a slug never changes hands.
func (r *Relay) remembered(in *map[string]string, key string, find func() (string, error)) (string, error) {
	r.mu.Lock()
	id, there := (*in)[key]
	r.mu.Unlock()
	if there {
		return id, nil
	}
	id, err := find()
	if err != nil {
		return "", err
	}
	r.mu.Lock()
	(*in)[key] = id
	r.mu.Unlock()
	return id, nil
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

// Lag is how old what this region shows may be: since the newest heartbeat of the primary that has arrived, or, at the primary, since
// the last poll that succeeded.
//
// A heartbeat is measured by both clocks, the primary's that wrote it and our own since it came, and the longer one counts: a clock of
// ours that is behind hides no silence, and one that is ahead makes the page say too early that it may be old, never too late.
func (r *Relay) Lag() time.Duration {
	if r.primary {
		return r.since(r.polled.Load(), r.interval)
	}
	return max(r.since(r.beat.Load(), beatEvery), r.since(r.beatSeen.Load(), beatEvery))
}

// since is how long ago a moment was, beyond what is usual.
func (r *Relay) since(at int64, usual time.Duration) time.Duration {
	if at == 0 {
		return time.Duration(1<<62 - 1)
	}
	return max(r.now().Sub(time.UnixMilli(at))-usual, 0)
}
