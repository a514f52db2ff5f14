package relay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"statuspage/server/store"
)

// Doubt has the next poll look whether a command's events are in the log: it was committed here and could not be read
// back, so that the database may have lost it before any poll saw it.
func (r *Relay) Doubt(orgID, command string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.doubts[command] = orgID
}

// lostCommit says whether the database has lost a commit that was doubted.
func (r *Relay) lostCommit(ctx context.Context) (lost bool, err error) {
	r.mu.Lock()
	doubts := maps.Clone(r.doubts)
	r.mu.Unlock()
	for command, orgID := range doubts {
		switch _, err := r.db.Org(orgID).CommandSeq(ctx, command); {
		case errors.Is(err, store.ErrNone):
			lost = true
		case err != nil:
			r.gauge.Failures.Add(1)
			return false, fmt.Errorf("look for what was committed: %w", err)
		}
	}
	if !lost { // what is lost is forgotten with its epoch
		r.mu.Lock()
		defer r.mu.Unlock()
		for command := range doubts {
			delete(r.doubts, command)
		}
	}
	return lost, nil
}

// wentBack is when the event that was read last is not there, or not even the epoch that it was in. At the primary the
// database has lost what it acknowledged: the log is another one from here on, and everybody begins anew. Elsewhere the
// copy may only be an old one, which goes on; it is known to have lost the event when it has a newer heartbeat than the
// one that was read before. The new epoch comes then, and until it is here pages stay as they are: an event that takes
// the place of a lost one must not be told under the old epoch.
func (r *Relay) wentBack(ctx context.Context, epoch string) error {
	if r.primary {
		return r.beginEpoch(ctx)
	}
	beat, err := r.db.LastBeat(ctx)
	if err == nil && (beat.UnixMilli() <= r.beat.Load() || r.awaitsEpoch()) {
		r.gauge.Failures.Add(1)
		err = store.ErrWentBack
	}
	if err != nil {
		return fmt.Errorf("poll the log: %w", err)
	}
	slog.Error("the database has lost events that were acknowledged and read, and no new epoch came; everything is "+
		"read again",
		"last", r.Anchor().ID, "organization", r.Anchor().OrgID, "seq", r.Anchor().Seq)
	return r.reset(ctx, epoch)
}

// epochWait is for how long a region that knows of a loss waits for the primary's new epoch.
const epochWait = 5 * time.Second

// awaitsEpoch says whether a loss has been known for less than epochWait.
func (r *Relay) awaitsEpoch() bool {
	now := r.now()
	if r.lossSeen.IsZero() {
		r.lossSeen = now
	}
	return now.Sub(r.lossSeen) < epochWait
}

func (r *Relay) beginEpoch(ctx context.Context) error {
	slog.Error("THE DATABASE HAS LOST WRITES THAT WERE ACKNOWLEDGED: the log gets a new epoch, and every region and "+
		"client begins anew (docs/deploy.md, durability)",
		"last", r.Anchor().ID, "organization", r.Anchor().OrgID, "seq", r.Anchor().Seq)
	if err := r.db.NewEpoch(ctx); err != nil {
		return fmt.Errorf("give the log a new epoch: %w", err)
	}
	epoch, err := r.db.Epoch(ctx)
	if err != nil {
		return err
	}
	return r.reset(ctx, epoch)
}

// reset forgets everything: the database was restored.
func (r *Relay) reset(ctx context.Context, epoch string) error {
	last, err := r.db.LastEvent(ctx)
	if err != nil {
		return fmt.Errorf("read the end of the log: %w", err)
	}
	slog.Warn("the log was replaced; everything is read again", "epoch", epoch)
	r.mu.Lock()
	for id, e := range r.pages {
		r.forget(id, e)
	}
	r.past[r.epoch] = struct{}{}
	delete(r.past, epoch)
	clear(r.doubts)
	r.pages, r.slugs, r.hosts, r.epoch = map[string]*entry{}, map[string]string{}, map[string]string{}, epoch
	r.mu.Unlock()
	r.reach(last)
	r.lossSeen, r.departedAt = time.Time{}, time.Time{}
	r.listener.Reset()
	return nil
}
