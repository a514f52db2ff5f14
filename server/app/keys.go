package app

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"statuspage/server/auth"
	"statuspage/server/store"
)

// keyNews is how old the note of a key's last use may be before another region has the primary answer it, which alone
// can note it.
const keyNews = time.Hour

// keysUsed gathers which API keys were used: at the primary, to be written now and then; elsewhere, so that each is
// brought to the primary once in keyNews and no more often.
type keysUsed struct {
	mu   sync.Mutex
	used map[store.KeyRef]time.Time
}

// note remembers a use, unless one within the last interval is remembered; it tells which.
func (k *keysUsed) note(key store.KeyRef, now time.Time, interval time.Duration) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if before, there := k.used[key]; there && now.Sub(before) < interval {
		return false
	}
	if k.used == nil {
		k.used = map[store.KeyRef]time.Time{}
	}
	k.used[key] = now
	return true
}

// take hands over what was used until a moment, and forgets it.
func (k *keysUsed) take(until time.Time) map[store.KeyRef]time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	taken := maps.Clone(k.used)
	maps.DeleteFunc(taken, func(_ store.KeyRef, at time.Time) bool { return at.After(until) })
	maps.DeleteFunc(k.used, func(_ store.KeyRef, at time.Time) bool { return !at.After(until) })
	return taken
}

// keyUsed is told of each use of a key. It is true when the request can be brought to the primary, and should be, to be
// heard of. Should the primary be away, the key is served here and asks again after keyNews.
func (a *App) keyUsed(key auth.Principal, brings bool) bool {
	ref, now := store.KeyRef{OrgID: key.OrgID, ID: key.ID}, time.Now()
	if a.region.Primary {
		a.keys.note(ref, now, 0)
		return false
	}
	return brings && now.Sub(key.LastUsed) > keyNews && a.keys.note(ref, now, keyNews)
}

// noteKeys writes down what was used, at the primary; elsewhere it forgets what was brought there long ago.
func (a *App) noteKeys(ctx context.Context) {
	if !a.region.Primary {
		a.keys.take(time.Now().Add(-keyNews))
		return
	}
	if used := a.keys.take(time.Now()); len(used) > 0 {
		if err := a.DB.TouchKeys(ctx, used); err != nil {
			slog.Warn("the last use of keys could not be noted", "error", err)
		}
	}
}
