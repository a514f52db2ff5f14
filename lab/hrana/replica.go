package hrana

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mattn/go-sqlite3"
)

// replica follows a primary by copying its file. What it serves is always a state that the primary committed, and never
// an older one than before, but for the moments after a start or a new log: then, like sqld, it asks the primary for
// every read until it has caught up with where the primary was.
type replica struct {
	dir       string
	primary   string
	client    *http.Client
	txTimeout time.Duration
	log       *slog.Logger
	now       func() time.Time
	streams   *streams // closed when a new log replaces the file
	source    source   // used by follow alone

	forwarded atomic.Int64
	copies    atomic.Int64
	rest      atomic.Int64 // the last copy's duration: a large database is copied less often

	mu      sync.Mutex
	changed chan struct{}
	db      *database
	copier  *sqlite3.SQLiteConn
	logID   string
	known   bool  // the primary was reached
	applied Index // what the file includes
	target  Index // where the primary was when its log was first seen
	lag     time.Duration
	paused  bool
	stuck   bool // see Stick
	denies  time.Time
	staged  []staged
}

// staged is a copy that waits until it is as old as the lag demands; without a file it only moves the index.
type staged struct {
	due   time.Time
	index Index
	file  string
}

func (r *replica) dataPath() string { return filepath.Join(r.dir, "dbs", "default", "data") }

// notify wakes everybody who waits for a change; the caller holds mu.
func (r *replica) notify() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// await blocks until done holds or the request is given up. done is called with mu held.
func (r *replica) await(ctx context.Context, done func() bool) error {
	for {
		r.mu.Lock()
		ok, changed := done(), r.changed
		r.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// handshakeLimit is how long sqld keeps a request waiting for a primary that it has never reached.
const handshakeLimit = 100 * time.Second

func (r *replica) awaitPrimary(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, handshakeLimit)
	defer cancel()
	if r.await(ctx, func() bool { return r.known }) != nil {
		return internal("Failed to connect to primary")
	}
	return nil
}

// awaitIndex waits without limit, as sqld does: an index of a log that is gone may never come.
func (r *replica) awaitIndex(ctx context.Context, index Index) error {
	if err := r.await(ctx, func() bool { return r.applied >= index }); err != nil {
		return internal("The replicator exited, instance cannot make any progress.")
	}
	return nil
}

// behind is true until the file includes what the primary had when its log was first seen.
func (r *replica) behind() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.applied < r.target
}

func (r *replica) index() Index {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.applied
}

func (r *replica) database() *database {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.db
}

// setLag changes how old the replica's state is kept. A shorter lag lets go at once of what has waited longer.
func (r *replica) setLag(lag time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lag = lag
	for i := range r.staged {
		if soonest := time.Now().Add(lag); r.staged[i].due.After(soonest) {
			r.staged[i].due = soonest
		}
	}
	r.notify()
}

func (r *replica) setPaused(paused bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paused = paused
	r.notify()
}
