package relay

import (
	"context"
	"fmt"
	"time"

	"statuspage/server/store"
)

// departuresEvery is how often it is read which organisations were deleted, beside whenever the log says that it has
// changed: an older version does not say it there.
const departuresEvery = 10 * time.Second

// arrived is what follows from a reading of the log to its end; once a second, pages are let go that nobody reads.
func (r *Relay) arrived(ctx context.Context, part *store.Part) error {
	now := r.now()
	r.polled.Store(r.passed())
	if part.Beat > 0 && r.beat.Swap(part.Beat) != part.Beat {
		r.beatSeen.Store(r.passed())
	}
	mark := part.Monitors + part.Departed
	r.monitors.Store(&mark)
	if part.Departed != r.departed || !within(now, r.departedAt, departuresEvery) {
		if err := r.Depart(ctx); err != nil {
			return err
		}
		r.departed, r.departedAt = part.Departed, now
	}
	if within(now, r.tidied, tidyEvery) {
		return nil
	}
	r.tidied = now
	r.evict(now)
	r.tryHeld(ctx, now)
	return nil
}

// within says that less than a time has passed since a moment. A clock that was set back stops nothing.
func within(now, since time.Time, less time.Duration) bool {
	d := now.Sub(since)
	return d >= 0 && d < less
}

// Depart reads which organisations were deleted. Their pages are there no more, in whatever region somebody asks, and
// those who listen are told so. One that was restored can be asked for again.
func (r *Relay) Depart(ctx context.Context) error {
	ids, err := r.db.DeletedOrgs(ctx)
	if err != nil {
		return fmt.Errorf("read which organisations were deleted: %w", err)
	}
	now := make(map[string]struct{}, len(ids))
	var left []string
	r.mu.Lock()
	for _, id := range ids {
		now[id] = struct{}{}
		if _, before := r.gone[id]; before {
			continue
		}
		left = append(left, id)
		if e := r.pages[id]; e != nil {
			r.forget(id, e)
		}
	}
	r.gone = now
	r.mu.Unlock()
	for _, id := range left {
		r.listener.Gone(id)
	}
	return nil
}

// MonitorsMark is another one whenever monitors were changed, or organisations deleted or restored, as far as this
// region knows; "" before the first poll.
func (r *Relay) MonitorsMark() string {
	if mark := r.monitors.Load(); mark != nil {
		return *mark
	}
	return ""
}

// IsGone says whether an organisation was deleted, as far as this region knows.
func (r *Relay) IsGone(orgID string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, gone := r.gone[orgID]
	return gone
}
