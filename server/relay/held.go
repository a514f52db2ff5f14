package relay

import (
	"context"
	"log/slog"
	"time"
)

// heldAgain is how often pages that are held are tried again.
const heldAgain = 10 * time.Second

// tryHeld looks whether pages that are held can be read again; those that can are let go, and their readers come back.
func (r *Relay) tryHeld(ctx context.Context, now time.Time) {
	if d := now.Sub(r.triedHeld); d >= 0 && d < heldAgain || r.trying.Load() {
		return
	}
	r.triedHeld = now
	held := map[string]*entry{}
	r.mu.Lock()
	for id, e := range r.pages {
		if e.page != nil && e.page.Held != nil {
			held[id] = e
		}
	}
	r.mu.Unlock()
	r.gauge.Held.Store(int64(len(held)))
	if len(held) == 0 {
		return
	}
	r.trying.Store(true)
	go func() { // a reading may take long, and polls must not wait for it
		defer r.trying.Store(false)
		for id, e := range held {
			if _, err := r.read(ctx, id); err == nil {
				r.release(id, e)
			}
		}
	}()
}

// release lets a page go that was held.
func (r *Relay) release(orgID string, e *entry) {
	r.mu.Lock()
	mine := r.pages[orgID] == e
	if mine {
		r.forget(orgID, e)
	}
	r.mu.Unlock()
	if mine {
		slog.Info("a page can be read again", "organization", orgID)
		r.listener.Lost(orgID)
	}
}
