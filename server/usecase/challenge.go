package usecase

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"statuspage/server/auth"
	"statuspage/server/store"
	"statuspage/shared/fault"
)

// maxAttempts is how many answers a challenge takes.
const maxAttempts = 5

// Asked is what a sign-in, or something else that a person does, waits for: one of these factors.
type Asked struct {
	Secret string   // of the challenge, for Answer
	Kinds  []string // totp, passkey, recovery
	// Passkey are the options of navigator.credentials.get, JSON; nil without a passkey for this host name.
	Passkey []byte
	Until   time.Time
}

// Shown is what somebody answers a challenge with: one of them.
type Shown struct {
	Code         string
	RecoveryCode string
	Passkey      []byte // what navigator.credentials made, JSON
}

// waits is what a challenge keeps for its answer.
type waits struct {
	Passkey json.RawMessage `json:"passkey,omitempty"` // what a passkey's answer is held against
	Sealed  string          `json:"sealed,omitempty"`  // of a totp that is being added, sealed
	Org     string          `json:"org,omitempty"`     // of a sign-in: the organisation that it opens
	Proof   auth.Proof      `json:"proof,omitempty"`   // and what its first factor was
	Chosen  bool            `json:"chosen,omitempty"`
	Link    *linkUse        `json:"link,omitempty"` // that is used when the factor was shown, and not before
}

// linkUse is what a link will do to its account. Its owner has not shown the second factor yet.
type linkUse struct {
	Hash     [32]byte `json:"hash"`
	Email    string   `json:"email,omitempty"` // of an undo link: the address before
	Password string   `json:"password"`        // the new one's hash
}

func errCode() *fault.Error {
	return fault.New(fault.Unauthenticated, "This code is not right, or was used before.").
		With("code", "This code is not right, or was used before.")
}

func errRecoveryCode() *fault.Error {
	return fault.New(fault.Unauthenticated, "This recovery code is not right, or was used before.").
		With("recovery_code", "This recovery code is not right, or was used before.")
}

// askFactor makes a challenge for a person who has second factors.
func (d *UseCases) askFactor(ctx context.Context, base, purpose, session string, user store.User,
	factors []store.Factor, w waits) (*Asked, error) {
	asked := &Asked{}
	for _, kind := range []string{"totp", "passkey"} {
		if slices.ContainsFunc(factors, func(f store.Factor) bool { return f.Kind == kind }) {
			asked.Kinds = append(asked.Kinds, kind)
		}
	}
	party, holder := d.passkeys(base, user, factors)
	if len(holder.Records) > 0 {
		options, state, err := party.Ask(holder)
		if err != nil {
			return nil, err
		}
		asked.Passkey, w.Passkey = options, state
	}
	n, err := d.db.RecoveryCodes(ctx, user.ID)
	if err != nil {
		return nil, err
	}
	if n > 0 {
		asked.Kinds = append(asked.Kinds, "recovery")
	}
	asked.Secret, asked.Until, err = d.challenge(ctx, purpose, session, user, w)
	return asked, err
}

// challenge keeps what waits for an answer.
func (d *UseCases) challenge(ctx context.Context, purpose, session string, user store.User,
	w waits) (string, time.Time, error) {
	data, err := json.Marshal(w)
	if err != nil {
		return "", time.Time{}, err
	}
	secret, now := auth.NewOpaque(), d.now()
	var b store.Batch
	store.AddChallenge(&b, secret.Hash, store.Challenge{Purpose: purpose, UserID: user.ID, Version: user.Version,
		SessionID: session, Data: string(data)}, now, now.Add(auth.ChallengeTTL))
	return secret.Text, now.Add(auth.ChallengeTTL), moved(d.db.Do(ctx, &b))
}

// passkeys is a person's passkeys for the host name at which the installation is asked for; none where passkeys cannot
// be.
func (d *UseCases) passkeys(base string, user store.User, factors []store.Factor) (*auth.Party, auth.Holder) {
	holder := auth.Holder{UserID: user.ID, Email: user.Email, Name: user.Name}
	party, err := auth.NewParty(base)
	if err != nil {
		return nil, holder
	}
	for _, f := range factors {
		if f.Kind == "passkey" && f.Party == party.ID {
			holder.Records = append(holder.Records, f.Secret)
		}
	}
	return party, holder
}

// Challenged is whose challenge it is, so that guesses are counted for them.
func (d *UseCases) Challenged(ctx context.Context, secret string) (store.User, error) {
	c, _, err := d.waiting(ctx, secret)
	if err != nil {
		return store.User{}, err
	}
	return d.db.User(ctx, c.UserID)
}

// waiting finds a challenge by its secret, for one of these purposes.
func (d *UseCases) waiting(ctx context.Context, secret string, purposes ...string) (store.Challenge, [32]byte, error) {
	if d.local == nil {
		return store.Challenge{}, [32]byte{}, errNoLocal()
	}
	hash, ok := auth.HashOpaque(secret)
	if !ok {
		return store.Challenge{}, hash, auth.ErrWaited()
	}
	c, err := d.db.Challenge(ctx, hash, d.now())
	switch {
	case errors.Is(err, store.ErrNone):
		err = auth.ErrWaited()
	case err == nil && (c.Attempts >= maxAttempts || len(purposes) > 0 && !slices.Contains(purposes, c.Purpose)):
		err = auth.ErrWaited()
	}
	return c, hash, err
}

// own is waiting for what somebody signed in has begun in the same session.
func (d *UseCases) own(ctx context.Context, by Caller, secret string,
	purposes ...string) (store.Challenge, [32]byte, error) {
	c, hash, err := d.waiting(ctx, secret, purposes...)
	if err == nil && (c.UserID != by.Who.ID || c.SessionID != by.Who.SessionID) {
		err = auth.ErrWaited()
	}
	return c, hash, err
}

// try counts an answer before it is looked at, so that it is counted whatever happens to the process.
func (d *UseCases) attempt(ctx context.Context, hash [32]byte) error {
	var b store.Batch
	store.TryChallenge(&b, hash, maxAttempts)
	err := d.db.Do(ctx, &b)
	if store.Overtaken(err) {
		return auth.ErrWaited()
	}
	return err
}

// Answer finishes a sign-in with a second factor. What a link was to do is done now.
func (d *UseCases) Answer(ctx context.Context, by Caller, secret, base string, shown Shown) (Login, error) {
	c, hash, err := d.waiting(ctx, secret, "sign_in")
	if err != nil {
		return Login{}, err
	}
	var w waits
	if err := json.Unmarshal([]byte(c.Data), &w); err != nil {
		return Login{}, fmt.Errorf("read a challenge: %w", err)
	}
	user, factor, err := d.showed(ctx, c, hash, base, w, shown)
	if err != nil {
		return Login{}, err
	}
	if w.Link != nil {
		d.ended()
	}
	org, err := d.chooseOrg(ctx, user, w.Org, "")
	if err != nil {
		return Login{}, err
	}
	return d.begin(ctx, by, user, org, auth.Session{Proof: w.Proof, Factor: factor}, w.Chosen && org.OrgID == w.Org)
}

// showed holds what was shown against a challenge, which it uses up with what was shown.
func (d *UseCases) showed(ctx context.Context, c store.Challenge, hash [32]byte, base string, w waits,
	shown Shown) (user store.User, factor string, err error) {
	if err := d.attempt(ctx, hash); err != nil {
		return user, "", err
	}
	if user, err = d.db.User(ctx, c.UserID); err != nil {
		return user, "", err
	}
	if user.Version != c.Version {
		return user, "", auth.ErrWaited()
	}
	factors, err := d.db.Factors(ctx, user.ID)
	if err != nil {
		return user, "", err
	}
	var b store.Batch
	store.UseChallenge(&b, hash)
	if factor, err = d.show(&b, base, user, factors, w, shown); err != nil {
		return user, "", err
	}
	if w.Link != nil {
		d.useLink(&b, &user, *w.Link)
	}
	err = d.db.Do(ctx, &b)
	var taken *store.Constraint
	switch {
	case store.Overtaken(err): // there is no such recovery code, or somebody else was faster with the same
		err = map[string]*fault.Error{"totp": errCode(), "recovery": errRecoveryCode(),
			"passkey": auth.ErrPasskey()}[factor]
	case errors.As(err, &taken) && taken.Kind == "UNIQUE":
		err = errAddressTaken()
	}
	return user, factor, err
}

// show puts the use of a factor into a batch, and says which it was.
func (d *UseCases) show(b *store.Batch, base string, user store.User, factors []store.Factor, w waits,
	shown Shown) (string, error) {
	now := d.now()
	switch {
	case len(shown.Passkey) > 0:
		party, holder := d.passkeys(base, user, factors)
		if len(holder.Records) == 0 || w.Passkey == nil {
			return "", auth.ErrPasskey()
		}
		used, err := party.Answered(holder, w.Passkey, shown.Passkey)
		if err != nil {
			return "", err
		}
		store.UsePasskey(b, user.ID, used.ID, used.Record, now)
		return "passkey", nil
	case shown.RecoveryCode != "":
		hash, ok := auth.HashRecoveryCode(shown.RecoveryCode)
		if !ok {
			return "", errRecoveryCode()
		}
		store.UseRecoveryCode(b, user.ID, hash)
		return "recovery", nil
	}
	for _, f := range factors {
		if f.Kind != "totp" {
			continue
		}
		secret, err := d.Sealer.Open(totpUse(user.ID), f.Secret)
		if err != nil {
			return "", fmt.Errorf("the authenticator of account %s cannot be read (is SECRETS_KEY the one that it "+
				"was made with?): %w", user.ID, err)
		}
		if step, right := auth.CheckTOTP(secret, shown.Code, f.LastStep, now); right {
			store.UseTOTP(b, f.ID, step, now)
			return "totp", nil
		}
	}
	return "", errCode()
}

// totpUse is what a totp's secret is sealed for: in another account's row it does not open.
func totpUse(userID string) string { return "totp of " + userID }
