package app

import (
	"context"
	"errors"
	"log/slog"

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

// dismiss ends the private sockets of those who are no members, and of keys that are none, any more; what happened in another region is
// seen so, too.
func (a *App) dismiss(ctx context.Context) {
	for orgID, ids := range a.Rooms.Private() {
		gone, err := a.DB.Org(orgID).Strangers(ctx, ids)
		if err != nil {
			slog.Debug("the holders of sockets could not be looked up", "organization", orgID, "error", err)
			continue
		}
		for _, id := range gone {
			a.kick(orgID, id)
		}
	}
}
