package desk

import (
	"context"
	"errors"
	"log/slog"

	"statuspage/server/store"
)

// mostForgotten is how many requests for a new password may wait for their turn.
const mostForgotten = 64

type forgotten struct {
	by          Caller
	email, base string
}

// Forgot mails a link to whoever has an account under this address. It answers at once and always the same: who has an account is told
// by no word and by no time, since what depends on it happens behind, in Remind.
func (d *Desk) Forgot(by Caller, email, base string) error {
	if d.local == nil {
		return errNoLocal()
	}
	select {
	case d.forgotten <- forgotten{by, email, base}:
	default:
		slog.Warn("too many ask for a new password at once; one is not mailed")
	}
	return nil
}

// Remind works off what Forgot was asked, until the context ends.
func (d *Desk) Remind(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case f := <-d.forgotten:
			if err := d.remind(ctx, f); err != nil && ctx.Err() == nil {
				slog.Error("a link for a new password could not be made", "error", err)
			}
		}
	}
}

func (d *Desk) remind(ctx context.Context, f forgotten) error {
	ctx, cancel := context.WithTimeout(ctx, store.Deadline)
	defer cancel()
	user, err := d.db.UserByEmail(ctx, f.email)
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	all, err := d.db.Memberships(ctx, user.ID)
	if err != nil || len(all) == 0 {
		return err
	}
	f.by.System = true // nobody has signed in
	_, err = d.memberLink(ctx, f.by, "forget_password", f.base, true,
		store.Link{Purpose: "reset", OrgID: all[0].OrgID, UserID: user.ID, Email: user.Email}, resetFor)
	return err
}
