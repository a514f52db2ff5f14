package app

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"time"

	"statuspage/server/auth"
	"statuspage/server/live"
	"statuspage/server/region"
	"statuspage/server/store"
	"statuspage/shared/fault"
)

// admitLocal holds a token of the built-in issuer against the membership as it is now: who was removed or demoted is so at once,
// however long the token lasts.
func (a *App) admitLocal(ctx context.Context, p auth.Principal) (auth.Principal, error) {
	m, err := a.DB.Org(p.OrgID).Member(ctx, p.ID)
	if errors.Is(err, store.ErrNone) {
		return p, fault.New(fault.Forbidden, "You are not a member of this organization any more.")
	}
	if err != nil {
		return p, err
	}
	p.Role, p.Email, p.Name = m.Role, m.Email, m.Name
	return p, nil
}

// admitExternal puts our own ids in the place of an issuer's. What its claims tell for the first time, or tell otherwise than before, is
// written down first, which only the primary can.
func (a *App) admitExternal(ctx context.Context, p auth.Principal) (auth.Principal, error) {
	known, changed, err := a.Desk.Known(ctx, p)
	switch {
	case err != nil || !changed:
		return known, err
	case !a.region.Primary:
		return p, region.ErrAskPrimary
	}
	return a.Desk.Adopt(ctx, p)
}

func (a *App) kick(orgID, userID string) {
	a.Rooms.Kick(orgID, userID, live.NotYours, "You are not a member any more.")
}

// dismiss ends the private sockets of those who are no members any more; a removal in another region is seen so, too.
func (a *App) dismiss(ctx context.Context) {
	for pair := range a.Rooms.Private() {
		_, err := a.DB.Org(pair[0]).Member(ctx, pair[1])
		if !errors.Is(err, store.ErrNone) {
			continue
		}
		if _, err := a.DB.Org(pair[0]).Key(ctx, pair[1]); errors.Is(err, store.ErrNone) {
			a.kick(pair[0], pair[1])
		}
	}
}

// keysUsed gathers which API keys were used, to be written now and then.
type keysUsed struct {
	mu   sync.Mutex
	used map[string]time.Time
}

func (k *keysUsed) note(prefix string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.used == nil {
		k.used = map[string]time.Time{}
	}
	k.used[prefix] = time.Now()
}

func (k *keysUsed) take() map[string]time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	used := maps.Clone(k.used)
	clear(k.used)
	return used
}

func (a *App) noteKeys(ctx context.Context) {
	if used := a.keys.take(); len(used) > 0 {
		if err := a.DB.TouchKeys(ctx, used); err != nil {
			slog.Warn("the last use of keys could not be noted", "error", err)
		}
	}
}
