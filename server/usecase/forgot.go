package usecase

import (
	"context"
	"errors"
	"log/slog"

	"statuspage/server/auth"
	"statuspage/server/notify"
	"statuspage/server/store"
)

// maxForgotten is how many requests for a new password may wait for their turn.
const maxForgotten = 64

type forgotten struct{ email, base string }

// Forgot mails a link to whoever has an account under this address. It answers at once and always the same: who has an
// account is told by no word and by no time, since what depends on it happens behind, in Remind.
func (d *UseCases) Forgot(email, base string) error {
	if d.local == nil {
		return errNoLocal()
	}
	select {
	case d.forgotten <- forgotten{email, base}:
	default:
		slog.Warn("too many ask for a new password at once; one is not mailed")
	}
	return nil
}

// Remind works off what Forgot was asked, until the context ends.
func (d *UseCases) Remind(ctx context.Context) {
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

// remind mails the link to the address as the account has it. It is of no organisation, and none has an audit row of
// it.
func (d *UseCases) remind(ctx context.Context, f forgotten) error {
	ctx, cancel := context.WithTimeout(ctx, store.Deadline)
	defer cancel()
	user, err := d.db.AccountOf(ctx, asTyped(f.email))
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	url, err := d.ResetURL(ctx, user, f.base)
	if err != nil {
		return err
	}
	d.Post(notify.Account{Kind: notify.ResetLetter, To: user.Email, Base: f.base, URL: url, Lasts: resetFor})
	return nil
}

// ResetURL makes the one link by which an account gets a new password. Whoever uses it has proved the address: it goes
// to its mailbox, or to the operator's terminal.
func (d *UseCases) ResetURL(ctx context.Context, user store.User, base string) (string, error) {
	secret, now := auth.NewOpaque(), d.now()
	var b store.Batch
	store.AddLink(&b, secret.Hash, store.Link{Purpose: store.ResetLink, UserID: user.ID, Version: user.Version}, now,
		now.Add(resetFor))
	if err := d.db.Do(ctx, &b); err != nil {
		return "", err
	}
	return linkURL(base, secret), nil
}

// linkURL is where a link's secret is used. A browser sends what stands behind # to nobody: it is in no log on the way.
func linkURL(base string, secret auth.Opaque) string { return base + "/accept#token=" + secret.Text }
