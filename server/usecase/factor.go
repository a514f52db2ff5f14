package usecase

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"statuspage/server/auth"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Second factors are their person's alone, as the rest of an account is: no organisation sees, adds or removes any.

// maxFactors bounds the second factors of an account.
const maxFactors = 20

// Factors is what a person sees of their own.
type Factors struct {
	List           []store.Factor
	RecoveryCodes  int       // that are left
	Factor         string    // which this session has shown, or ""
	ConfirmedUntil time.Time // a password or a factor that was given in this session is recent so long
	Required       bool      // an organisation of theirs asks for a second factor
}

// Factors lists a person's own second factors.
func (d *UseCases) Factors(ctx context.Context, by Caller) (f Factors, err error) {
	user, err := d.person(ctx, by.Who)
	if err != nil {
		return f, err
	}
	if f.List, err = d.db.Factors(ctx, user.ID); err != nil {
		return f, err
	}
	if f.RecoveryCodes, err = d.db.RecoveryCodes(ctx, user.ID); err != nil {
		return f, err
	}
	if f.Required, err = d.db.FactorRequired(ctx, user.ID); err != nil {
		return f, err
	}
	at, factor, err := d.db.Confirmed(ctx, user.ID, by.Who.SessionID)
	if errors.Is(err, store.ErrNone) {
		return f, nil
	}
	f.Factor, f.ConfirmedUntil = factor, at.Add(confirmedFor)
	return f, err
}

// BeginTOTP makes the secret of an authenticator application, which is kept once a code of it was given.
func (d *UseCases) BeginTOTP(ctx context.Context, by Caller) (auth.TOTP, *Asked, error) {
	user, factors, err := d.adds(ctx, by)
	if err != nil {
		return auth.TOTP{}, nil, err
	}
	for _, f := range factors {
		if f.Kind == "totp" {
			return auth.TOTP{}, nil, fault.New(fault.Conflict, "You have an authenticator application already. "+
				"Remove it first.")
		}
	}
	if !d.Sealer.Works() {
		return auth.TOTP{}, nil, fault.New(fault.Conflict, "This installation has no key to keep an authenticator's "+
			"secret with: its operator sets SECRETS_KEY. A passkey needs none.")
	}
	made, err := auth.NewTOTP("Status Page", user.Email)
	if err != nil {
		return made, nil, err
	}
	secret, until, err := d.challenge(ctx, "totp", by.Who.SessionID, user,
		waits{Sealed: d.Sealer.Seal(totpUse(user.ID), made.Secret)})
	return made, &Asked{Secret: secret, Until: until}, err
}

// BeginPasskey makes the options of navigator.credentials.create.
func (d *UseCases) BeginPasskey(ctx context.Context, by Caller, base string) (options []byte, asked *Asked, err error) {
	user, factors, err := d.adds(ctx, by)
	if err != nil {
		return nil, nil, err
	}
	party, err := auth.NewParty(base)
	if err != nil {
		return nil, nil, err
	}
	_, holder := d.passkeys(base, user, factors)
	options, state, err := party.Register(holder)
	if err != nil {
		return nil, nil, err
	}
	secret, until, err := d.challenge(ctx, "passkey", by.Who.SessionID, user, waits{Passkey: state})
	return options, &Asked{Secret: secret, Until: until}, err
}

func (d *UseCases) adds(ctx context.Context, by Caller) (store.User, []store.Factor, error) {
	user, err := d.recent(ctx, by)
	if err != nil {
		return user, nil, err
	}
	factors, err := d.db.Factors(ctx, user.ID)
	if err == nil && len(factors) >= maxFactors {
		err = fault.New(fault.Conflict, "You have %s second factors already, which is the limit.",
			wire.Itoa(maxFactors))
	}
	return user, factors, err
}

// AddFactor keeps a new second factor, once it was shown to work. With the first one come recovery codes, which are
// answered this once. Every other session ends: it was begun without.
func (d *UseCases) AddFactor(ctx context.Context, by Caller, secret, base, name string,
	shown Shown) (store.Factor, []string, error) {
	var none store.Factor
	var checks status.Checks
	checks.Name("name", name, 100, false)
	if no := checks.Err(); no != nil {
		return none, nil, no
	}
	user, factors, err := d.adds(ctx, by)
	if err != nil {
		return none, nil, err
	}
	c, hash, err := d.own(ctx, by, secret, "totp", "passkey")
	if err == nil {
		err = d.attempt(ctx, hash)
	}
	if err != nil {
		return none, nil, err
	}
	x, err := d.made(base, user, factors, c, shown)
	if err != nil {
		return none, nil, err
	}
	if x.Name = name; name == "" {
		x.Name = map[string]string{"totp": "Authenticator application", "passkey": "Passkey"}[x.Kind]
	}
	var b store.Batch
	store.UseChallenge(&b, hash)
	store.AddFactor(&b, user, by.Who.SessionID, x, d.now())
	var codes []string
	if len(factors) == 0 {
		var hashes [][32]byte
		codes, hashes = auth.NewRecoveryCodes()
		store.SetRecoveryCodes(&b, user.ID, hashes)
	}
	if err := d.db.Do(ctx, &b); err != nil {
		return none, nil, takenFactor(moved(err))
	}
	d.ended()
	return x, codes, nil
}

func takenFactor(err error) error {
	var c *store.Constraint
	if errors.As(err, &c) && c.Kind == "UNIQUE" {
		return fault.New(fault.Conflict, "This factor was added already.")
	}
	return err
}

// made is a new factor that was shown to work.
func (d *UseCases) made(base string, user store.User, factors []store.Factor, c store.Challenge,
	shown Shown) (store.Factor, error) {
	var w waits
	if err := json.Unmarshal([]byte(c.Data), &w); err != nil {
		return store.Factor{}, fmt.Errorf("read a challenge: %w", err)
	}
	now := d.now()
	at := status.Time(now.UnixMilli())
	x := store.Factor{ID: newID(), Kind: c.Purpose, CreatedAt: at, LastUsedAt: &at}
	if x.Kind == "passkey" {
		return x, d.madePasskey(&x, base, user, factors, w, shown)
	}
	secret, err := d.Sealer.Open(totpUse(user.ID), w.Sealed)
	if err != nil {
		return x, err
	}
	step, right := auth.CheckTOTP(secret, shown.Code, 0, now)
	if !right {
		return x, fault.OnField("code", "This code is not right. Is the clock of your device?")
	}
	x.Secret, x.LastStep = w.Sealed, step
	return x, nil
}

func (d *UseCases) madePasskey(x *store.Factor, base string, user store.User, factors []store.Factor, w waits,
	shown Shown) error {
	party, err := auth.NewParty(base)
	if err != nil {
		return err
	}
	_, holder := d.passkeys(base, user, factors)
	made, err := party.Registered(holder, w.Passkey, shown.Passkey)
	if err != nil {
		return fault.OnField("passkey", "This passkey cannot be used here.")
	}
	x.Party, x.Cred, x.Secret = party.ID, made.ID, made.Record
	return nil
}

// RemoveFactor ends one of a person's second factors. Every other session ends.
func (d *UseCases) RemoveFactor(ctx context.Context, by Caller, id string) error {
	user, err := d.recent(ctx, by)
	if err != nil {
		return err
	}
	factors, err := d.db.Factors(ctx, user.ID)
	if err != nil {
		return err
	}
	for _, f := range factors {
		if f.ID == id {
			var b store.Batch
			store.RemoveFactor(&b, user, by.Who.SessionID, id, d.now())
			err := moved(d.db.Do(ctx, &b))
			d.ended()
			return err
		}
	}
	return fault.New(fault.NotFound, "There is no such factor.")
}

// NewRecoveryCodes makes recovery codes in the place of those that there were. They are answered this once.
func (d *UseCases) NewRecoveryCodes(ctx context.Context, by Caller) ([]string, error) {
	user, err := d.recent(ctx, by)
	if err != nil {
		return nil, err
	}
	factors, err := d.db.Factors(ctx, user.ID)
	if err == nil && len(factors) == 0 {
		err = fault.New(fault.Conflict, "Recovery codes stand in for a second factor: add one first.")
	}
	if err != nil {
		return nil, err
	}
	codes, hashes := auth.NewRecoveryCodes()
	var b store.Batch
	store.RenewRecoveryCodes(&b, user, by.Who.SessionID, hashes, d.now())
	if err := moved(d.db.Do(ctx, &b)); err != nil {
		return nil, err
	}
	d.ended()
	return codes, nil
}

// RemoveFactors ends all second factors of an account, by the operator, for somebody who has lost them. Every session
// ends, and every link. It answers how many there were. slug chooses among accounts of one address.
func (d *UseCases) RemoveFactors(ctx context.Context, slug, email string) (int, error) {
	user, err := d.accountNamed(ctx, slug, email)
	if err != nil {
		return 0, err
	}
	factors, err := d.db.Factors(ctx, user.ID)
	if err != nil || len(factors) == 0 {
		return 0, err
	}
	var b store.Batch
	store.RemoveFactors(&b, user, d.now())
	err = moved(d.db.Do(ctx, &b))
	d.ended()
	return len(factors), err
}
