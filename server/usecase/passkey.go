package usecase

import (
	"context"
	"errors"

	"statuspage/server/auth"
	"statuspage/server/store"
)

// AskPasskey begins a sign-in by a passkey alone. It says nothing of any account.
func (d *UseCases) AskPasskey(ctx context.Context, base string) (*Asked, error) {
	if d.local == nil {
		return nil, errNoLocal()
	}
	party, err := auth.NewParty(base)
	if err != nil {
		return nil, err
	}
	options, state, err := party.AskAnybody()
	if err != nil {
		return nil, err
	}
	now := d.now()
	secret, err := d.asks.Sign(ctx, state, now)
	return &Asked{Secret: secret, Kinds: []string{"passkey"}, Passkey: options, Until: now.Add(auth.ChallengeTTL)}, err
}

// SignInByPasskey finishes it. A passkey whose device knew its person stands for both factors.
func (d *UseCases) SignInByPasskey(ctx context.Context, by Caller, secret, base, slug string,
	response []byte) (Login, error) {
	if d.local == nil {
		return Login{}, errNoLocal()
	}
	ask, err := d.asks.Read(ctx, secret, d.now())
	if err != nil {
		return Login{}, err
	}
	party, err := auth.NewParty(base)
	if err != nil {
		return Login{}, err
	}
	var user store.User
	used, err := party.AnsweredBySomebody(ask.State, response, func(credentialID, userID string) (auth.Holder, error) {
		holder, err := d.holderOf(ctx, base, credentialID, userID, &user)
		if errors.Is(err, store.ErrNone) {
			err = auth.ErrUnknown
		}
		return holder, err
	})
	if err != nil {
		return Login{}, err
	}
	var b store.Batch
	store.SpendAsk(&b, ask.ID, user, ask.Until)
	store.UsePasskey(&b, user.ID, used.ID, used.Record, d.now())
	if err := d.db.Do(ctx, &b); store.Overtaken(err) {
		return Login{}, auth.ErrWaited()
	} else if err != nil {
		return Login{}, err
	}
	org, err := d.chooseOrg(ctx, user, "", slug)
	if err != nil {
		return Login{}, err
	}
	return d.begin(ctx, by, user, org, auth.Session{Proof: auth.ByPasskey, Factor: "passkey"}, slug != "")
}

// holderOf finds whose a passkey is. The device says so, too, and both must agree.
func (d *UseCases) holderOf(ctx context.Context, base, credentialID, userID string,
	user *store.User) (auth.Holder, error) {
	found, err := d.db.PasskeyHolder(ctx, credentialID)
	if err != nil {
		return auth.Holder{}, err
	}
	if found != userID {
		return auth.Holder{}, store.ErrNone
	}
	if *user, err = d.db.User(ctx, found); err != nil {
		return auth.Holder{}, err
	}
	factors, err := d.db.Factors(ctx, found)
	_, holder := d.passkeys(base, *user, factors)
	return holder, err
}
