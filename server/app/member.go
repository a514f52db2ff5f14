package app

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"statuspage/server/auth"
	"statuspage/server/region"
	"statuspage/server/socket"
	"statuspage/server/store"
	"statuspage/shared/fault"
)

// admitLocal holds a token of the built-in issuer against what is so now, in one read: who was removed or demoted is so
// at once, whose session has ended is signed out, and nobody is let into an organisation that was deleted, however long
// the token lasts.
func (a *App) admitLocal(ctx context.Context, p auth.Principal) (auth.Principal, error) {
	now, err := a.DB.Validity(ctx, p.ID, p.OrgID, p.SessionID)
	switch {
	case errors.Is(err, store.ErrNone):
		return p, fault.New(fault.Unauthenticated, "This account is not there any more.")
	case err != nil:
		return p, err
	case now.Ended, p.SessionID == "" && !p.IssuedAt.IsZero() && !p.IssuedAt.After(now.SignedOutAt):
		return p, fault.New(fault.Unauthenticated, "Your session has ended. Sign in again.")
	case now.OrgGone:
		return p, errOrgGone()
	case p.OrgID != "" && now.Role == "":
		return p, fault.New(fault.Forbidden, "You are not a member of this organization any more.")
	}
	p.Role, p.Email, p.Name, p.LacksFactor = now.Role, now.Email, now.Name, now.LacksFactor
	return p, nil
}

func errOrgGone() error {
	return fault.New(fault.Unauthenticated, "This organization was deleted. Sign in again.")
}

// admitExternal puts our own ids in the place of an issuer's. What its claims tell for the first time, or tell
// otherwise than before, is written down first, which only the primary can.
func (a *App) admitExternal(ctx context.Context, p auth.Principal) (auth.Principal, error) {
	known, changed, err := a.UseCases.Known(ctx, p)
	switch {
	case err == nil && a.Relay.IsGone(known.OrgID):
		return known, errOrgGone()
	case err != nil || !changed:
		return known, err
	case !a.region.Primary:
		return p, region.ErrAskPrimary
	}
	return a.UseCases.Adopt(ctx, p)
}

func (a *App) kick(orgID, userID string) {
	a.Rooms.Kick(orgID, userID, socket.NotYours, "You are not a member any more.")
}

// dismiss ends the private sockets of those who are no members, and of keys that are none, any more, and of sessions
// that have ended; what happened in another region is seen so, too.
func (a *App) dismiss(ctx context.Context) {
	sessions := map[string]bool{}
	without := map[string]bool{}
	for orgID, holders := range a.Rooms.Private() {
		var ids []string
		for _, h := range holders {
			ids = append(ids, h.UserID)
			if h.SessionID != "" {
				sessions[h.SessionID] = true
			} else {
				without[h.UserID] = true
			}
		}
		gone, err := a.DB.Org(orgID).Strangers(ctx, ids)
		if err != nil {
			slog.Debug("the holders of sockets could not be looked up", "organization", orgID, "error", err)
			continue
		}
		for _, id := range gone {
			a.kick(orgID, id)
		}
		a.lacking(ctx, orgID, holders)
	}
	if err := a.signOut(ctx, sessions, without); err != nil {
		slog.Debug("the sessions of sockets could not be looked up", "error", err)
	}
}

// lacking ends the sockets of sessions that have shown no second factor, once an organisation asks for one.
func (a *App) lacking(ctx context.Context, orgID string, holders []socket.Holder) {
	var sessions []string
	for _, h := range holders {
		if h.SessionID != "" {
			sessions = append(sessions, h.SessionID)
		}
	}
	if a.Local == nil || len(sessions) == 0 {
		return
	}
	without, err := a.DB.Org(orgID).Lacking(ctx, sessions)
	if err != nil {
		slog.Debug("the second factors of sockets could not be looked up", "organization", orgID, "error", err)
		return
	}
	if len(without) > 0 {
		a.Rooms.EndIn(orgID, func(h socket.Holder) bool {
			return h.SessionID != "" &&
				slices.Contains(without, h.SessionID)
		}, socket.NotYours, "This organization asks for a second factor.")
	}
}

// signOut ends the sockets of sessions that are over. A token of a version that made no session ends with the next
// sign-out of its person.
func (a *App) signOut(ctx context.Context, sessions, without map[string]bool) error {
	if len(sessions) > 0 {
		ended, err := a.DB.EndedOf(ctx, slices.Collect(maps.Keys(sessions)))
		if err != nil {
			return err
		}
		if len(ended) > 0 {
			a.Rooms.End(func(h socket.Holder) bool { return h.SessionID != "" && slices.Contains(ended, h.SessionID) },
				socket.BadToken, "Your session has ended.")
		}
	}
	if len(without) == 0 {
		return nil
	}
	out, err := a.DB.SignedOut(ctx, slices.Collect(maps.Keys(without)))
	if err != nil || len(out) == 0 {
		return err
	}
	a.Rooms.End(func(h socket.Holder) bool {
		at, is := out[h.UserID]
		return is && h.SessionID == "" && !h.Issued.IsZero() && !h.Issued.After(at)
	}, socket.BadToken, "Your session has ended.")
	return nil
}

// watchSockets looks who must go, once a second and as soon as something has ended here.
func (a *App) watchSockets(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		a.dismiss(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-a.endings:
		}
	}
}

// ended wakes watchSockets; it does not wait.
func (a *App) ended() {
	select {
	case a.endings <- struct{}{}:
	default:
	}
}
