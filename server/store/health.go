package store

import (
	"errors"
	"log/slog"
	"sync"
	"time"
)

// quiet is for how long every write must have gone well, after one did not, for the database to be well again although
// none was as large.
const quiet = 5 * time.Second

// stallAfter is for how long no write may succeed before that is said, for reasons that pass by themselves mostly.
const stallAfter = 10 * time.Second

// passing are troubles that one write may meet and the next may not.
func passing(t Trouble) bool {
	return t == Locked || t == Unreachable || t == TooMuch || t == Unmigrated
}

// health is what the newest writes say of the database.
type health struct {
	mu      sync.Mutex
	trouble Trouble   // of the last write that failed, while it lasts
	bytes   int       // that it had
	at      time.Time // when it was
	// when the first write began of those that failed for passing reasons without a success between; zero is none
	since   time.Time
	stalled bool  // that was said
	failed  int64 // writes that the database did not take, since the start
}

// note takes the outcome of a write in. A small write may still fit onto a disk that had no room for a larger one.
func (h *health) note(bytes int, err error, begun, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var f *Failure
	if errors.As(err, &f) && passing(f.Trouble) {
		h.failed++
		h.pass(begun, now, err)
		return
	}
	if h.since, h.stalled = (time.Time{}), false; f == nil {
		if h.trouble != "" && (h.trouble == Removed || bytes >= h.bytes || now.Sub(h.at) >= quiet) {
			slog.Info("the database takes writes again", "was", h.trouble)
			h.trouble = ""
		}
		return
	}
	h.failed++
	if h.trouble != f.Trouble {
		slog.Error("the database takes no writes; pages stay up as they are", "trouble", f.Trouble, "error", err)
		h.bytes = 0
	}
	h.trouble, h.at = f.Trouble, now
	if h.bytes == 0 || bytes < h.bytes {
		h.bytes = bytes
	}
}

// pass notes a failure that may pass, and says it when it does not.
func (h *health) pass(begun, now time.Time, err error) {
	if h.since.IsZero() {
		h.since = begun
	}
	if h.stalled || now.Sub(h.since) < stallAfter {
		return
	}
	h.stalled = true
	slog.Error("no write has succeeded for ten seconds. If reads are answered, this is most likely the write queue "+
		"of libsql-server, which several writers at once "+
		"lock up for ever (0.24.32 and .33; docs/deploy.md): restart sqld at the primary", "since", h.since, "error",
		err)
}

func (h *health) now(at time.Time) Trouble {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.trouble == "" && !h.since.IsZero() && at.Sub(h.since) >= stallAfter {
		return Stalled
	}
	return h.trouble
}

// Trouble is what keeps the database from taking writes, by the newest of them; "" when nothing does.
func (db *DB) Trouble() Trouble {
	if db.file.moved() != nil {
		return Removed
	}
	return db.health.now(time.Now())
}

// FailedWrites counts the writes that the database did not take since the start.
func (db *DB) FailedWrites() int64 {
	db.health.mu.Lock()
	defer db.health.mu.Unlock()
	return db.health.failed
}
