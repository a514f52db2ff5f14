package app

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"statuspage/server/store"
)

// durabilityEvery is how often the primary asks its database what a power cut would take: libSQL's server forgets it at
// each start.
const durabilityEvery = 5 * time.Second

// durability is what the primary's database said last of its commits; it is asked beside the requests, never by one.
type durability struct{ last atomic.Value }

// now is the last answer; unknown before the first.
func (d *durability) now() store.Durability {
	if is, there := d.last.Load().(store.Durability); there {
		return is
	}
	return store.Unknown
}

// askDurability asks again, and says what has changed. While the database does not answer, what it said last holds no
// more.
func (a *App) askDurability(ctx context.Context) {
	is, err := a.DB.Durability(ctx)
	if ctx.Err() != nil {
		return
	}
	was, asked := a.durability.last.Swap(is).(store.Durability)
	if asked && is == was {
		return
	}
	switch is {
	case store.Strong:
		slog.Info("the database syncs each commit: a power cut takes nothing back that was acknowledged")
	case store.Relaxed:
		slog.Error("A POWER CUT AT THE DATABASE'S HOST TAKES WRITES BACK THAT WERE ACKNOWLEDGED: it does not sync " +
			"each commit. Set durability_mode to strong, as deploy/libsql/start.sh does " +
			"after every start of sqld (docs/deploy.md, durability)")
	case store.Unknown:
		slog.Warn("the database does not say whether a power cut takes back what was acknowledged", "error", err)
	}
}
