package notify

import (
	"context"
	"log/slog"
	"time"

	"statuspage/server/store"
)

// expandedAtOnce is how many subscribers one batch gives their jobs: about 10 ms of the database's only writer.
const expandedAtOnce = 300

// expand gives subscribers their jobs after the commit of what they are told, one chunk of each organisation's oldest
// message after another.
func (w *Worker) expand(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	failing := false
	for {
		more, err := w.expandOnce(store.Unasked(ctx))
		if err != nil && ctx.Err() == nil && !failing {
			slog.Error("subscribers cannot be read; messages wait", "error", err)
		}
		failing = err != nil
		if more {
			poke(w.wake)
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-w.expander:
		}
	}
}

// expandOnce goes once through everybody who has something to expand, or to revive; more says that there was some.
func (w *Worker) expandOnce(ctx context.Context) (more bool, err error) {
	var slow []string
	for _, g := range w.gates {
		slow = append(slow, g.slowNow(w.opts.Now())...)
	}
	for after := ""; ctx.Err() == nil; {
		found, err := w.db.Expansions(ctx, after, turnsSeen)
		if err != nil {
			return false, err
		}
		for i := range found {
			if ctx.Err() != nil {
				return false, nil
			}
			if err := w.db.Expand(ctx, &found[i], expandedAtOnce, slow, moment(w.opts.Now())); err != nil {
				return false, err
			}
			after, more = found[i].OrgID, true
		}
		if len(found) < turnsSeen {
			break
		}
	}
	if ctx.Err() != nil {
		return false, nil
	}
	done, err := w.db.Revive(ctx, expandedAtOnce, moment(w.opts.Now()))
	return more || !done, err
}
