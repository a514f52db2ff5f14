package usecase

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"statuspage/server/store"
	"statuspage/shared/fault"
)

// confirmedFor is how long a password or a factor that was given is recent.
const confirmedFor = 10 * time.Minute

// recent is who is signed in, if they gave a password or a factor a short while ago: a session that was left open, or
// stolen, changes no factors.
func (d *UseCases) recent(ctx context.Context, by Caller) (store.User, error) {
	user, err := d.person(ctx, by.Who)
	if err != nil {
		return user, err
	}
	at, _, err := d.db.Confirmed(ctx, user.ID, by.Who.SessionID)
	if err != nil && !errors.Is(err, store.ErrNone) {
		return user, err
	}
	if err != nil || d.now().Sub(at) > confirmedFor {
		return user, fault.New(fault.Forbidden, "Confirm that it is you first: with your password, or a second "+
			"factor that you have.").With("confirmation", "Confirm that it is you first.")
	}
	return user, nil
}

// AskConfirmation makes a challenge by which a person confirms that it is them, with a factor that they have.
func (d *UseCases) AskConfirmation(ctx context.Context, by Caller, base string) (*Asked, error) {
	user, err := d.person(ctx, by.Who)
	if err != nil {
		return nil, err
	}
	factors, err := d.db.Factors(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	return d.askFactor(ctx, base, "confirm", by.Who.SessionID, user, factors, waits{})
}

// ConfirmByPassword says that the person of a session gave the password just now.
func (d *UseCases) ConfirmByPassword(ctx context.Context, by Caller, password string) error {
	user, err := d.person(ctx, by.Who)
	if err != nil {
		return err
	}
	if err := d.proves(ctx, user, password); err != nil {
		return err
	}
	return d.confirm(ctx, user, by.Who.SessionID, "")
}

// ConfirmByFactor says that the person of a session showed a second factor just now, which counts for the session.
func (d *UseCases) ConfirmByFactor(ctx context.Context, by Caller, secret, base string, shown Shown) error {
	c, hash, err := d.own(ctx, by, secret, "confirm")
	if err != nil {
		return err
	}
	var w waits
	if err := json.Unmarshal([]byte(c.Data), &w); err != nil {
		return fmt.Errorf("read a challenge: %w", err)
	}
	user, factor, err := d.showed(ctx, c, hash, base, w, shown)
	if err != nil {
		return err
	}
	return d.confirm(ctx, user, by.Who.SessionID, factor)
}

func (d *UseCases) confirm(ctx context.Context, user store.User, session, factor string) error {
	var b store.Batch
	store.Confirm(&b, user.ID, session, factor, d.now())
	return d.db.Do(ctx, &b)
}
