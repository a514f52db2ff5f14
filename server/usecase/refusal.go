package usecase

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/wire"
)

// An Idempotency-Key promises what Stripe's documentation does: the outcome of the first request that was decided is
// the outcome of every later one, whether it was done or refused. A request that was never decided (malformed, invalid,
// not allowed, too many, no answer of the database, lost to another at the same moment) uses nothing up.

// decided are the refusals that say what the page was like when the request was decided.
var decided = []fault.Code{fault.NotFound, fault.Conflict, fault.PreconditionFailed}

// keepRefusal keeps a refusal under the caller's key. It gives what has to be told instead: ErrKeyUsed when another
// request with the key was quicker, or that it could not be kept. The program itself asks again when it likes.
func (d *UseCases) keepRefusal(ctx context.Context, by Caller, orgID string, err error) error {
	var no *fault.Error
	if by.Key == "" || by.System || !errors.As(err, &no) || !slices.Contains(decided, no.Code) {
		return nil
	}
	var b store.Batch
	d.db.Org(orgID).AddAnswer(&b, by.actor(), by.keyName(),
		store.Answer{Fingerprint: by.Fingerprint, Status: no.Code.Status(), Body: string(encode(&refusal{no}))},
		d.now())
	failed := d.db.Do(ctx, &b)
	var c *store.Constraint
	switch {
	case failed == nil:
		return nil
	case errors.As(failed, &c) && c.On("idempotency.key"):
		return store.ErrKeyUsed
	}
	slog.Error("a refusal could not be kept", "error", failed)
	return unanswered()
}

// hideCurrent leaves out of a refusal what the object was like then: of the page, the words may be withdrawn by the
// time it is told again.
func hideCurrent(err error) error {
	var no *fault.Error
	if !errors.As(err, &no) || no.Current == nil {
		return err
	}
	bare := *no
	bare.Current = []byte("{}")
	return &bare
}

// withCurrent puts in what the object is like now.
func (d *UseCases) withCurrent(ctx context.Context, orgID string, c page.Command, err error) error {
	var no *fault.Error
	if !errors.As(err, &no) || no.Current == nil {
		return err
	}
	p, failed := d.relay.Page(ctx, orgID)
	if failed != nil {
		return failed
	}
	state, _, failed := d.withOlder(ctx, d.db.Org(orgID), p.State, c)
	if failed != nil {
		return failed
	}
	no.Current = nil
	if now := outcome(&state, c); now.value != nil {
		no.Current = encode(now.value)
	}
	return no
}

// refusedBefore is the refusal that a key was answered.
func refusedBefore(a store.Answer) error {
	kept := refusal{&fault.Error{}}
	if no := wire.Unmarshal([]byte(a.Body), &kept); no != nil {
		return no
	}
	return kept.Error
}

type refusal struct{ *fault.Error }

// Wire is a refusal as it is kept.
func (r *refusal) Wire(f *wire.Fields) {
	f.Str("code", (*string)(&r.Code))
	f.Str("message", &r.Message)
	wire.List(f, "fields", &r.Fields, func(x *fault.Field, f *wire.Fields) {
		f.Str("name", &x.Name)
		f.Str("message", &x.Message)
	})
	if f.Reading() || r.Allowed != nil {
		f.Strings("allowed", &r.Allowed)
	}
	f.JSON("current", (*wire.JSON)(&r.Current))
}
