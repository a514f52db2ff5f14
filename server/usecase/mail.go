package usecase

import (
	"context"
	"net/http"

	"statuspage/server/notify"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/wire"
)

// Trier sends a mail for a test.
type Trier func(ctx context.Context, org page.Org, base, to string) notify.Trial

// TestMail sends a mail to whoever asks, or to whoever answers for the key that asks, and says what became of it. It
// goes to nobody else. The mail is sent before the organisation's lock is taken, since a mail server may be slow.
func (d *UseCases) TestMail(ctx context.Context, by Caller, orgID, base string) (Reply, error) {
	if err := by.mayAdminister(orgID); err != nil {
		return Reply{}, err
	}
	var t notify.Trial
	if _, known, err := d.answered(ctx, by, orgID); err != nil {
		return Reply{}, err
	} else if !known {
		if t, err = d.tryMail(ctx, by, orgID, base); err != nil {
			return Reply{}, err
		}
	}
	return administer(ctx, d, by, orgID, func(b *store.Batch) (Reply, error) {
		result := string(wire.Marshal(trialObject(t)))
		d.db.Org(orgID).AddAudit(b, by.audit("test_mail", "organization", orgID, "", result, d.now()))
		return Reply{Status: http.StatusOK, Body: result}, nil
	})
}

func (d *UseCases) tryMail(ctx context.Context, by Caller, orgID, base string) (notify.Trial, error) {
	owner := keyOwner(by)
	if owner.UserID == "" {
		return notify.Trial{}, errNoOwner()
	}
	if owner.Email == "" {
		return notify.Trial{}, fault.New(fault.Conflict, "Your account has no e-mail address to which a test could go.")
	}
	p, err := d.relay.Page(ctx, orgID)
	if err != nil {
		return notify.Trial{}, err
	}
	return d.TryMail(ctx, p.State.Org, base, owner.Email), nil
}

type trialObject notify.Trial

// Wire is wire.Object's.
func (t trialObject) Wire(f *wire.Fields) {
	ms := t.Took.Milliseconds()
	f.Bool("sent", &t.Sent)
	f.Str("to", &t.To)
	f.Str("encryption", &t.Encryption)
	f.Str("signed_in", &t.SignedIn)
	f.Str("answer", &t.Answer)
	f.Str("problem", &t.Problem)
	f.Int("took_ms", &ms)
}
