package usecase

import (
	"context"
	"errors"
	"time"

	"statuspage/server/auth"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// How long a link works, unless it is used before.
const (
	setupFor   = 24 * time.Hour
	offerFor   = 7 * 24 * time.Hour
	resetFor   = time.Hour
	addressFor = 24 * time.Hour
	undoFor    = 72 * time.Hour
)

// SetupLink makes the secret that sets an empty installation up, once; "" when there is an organisation already, or
// another issuer.
func (d *UseCases) SetupLink(ctx context.Context) (string, error) {
	if d.local == nil {
		return "", nil
	}
	if there, err := d.db.AnyOrg(ctx); there || err != nil {
		return "", err
	}
	secret, now := auth.NewOpaque(), d.now()
	var b store.Batch
	store.AddLink(&b, secret.Hash, store.Link{Purpose: store.SetupLink}, now, now.Add(setupFor))
	return secret.Text, d.db.Do(ctx, &b)
}

func errLink() *fault.Error {
	return fault.New(fault.Forbidden, "This link does not work any more. Ask for a new one.").
		With("token", "This link does not work any more.")
}

// open finds a link by its secret. Whoever uses it does so in a batch that is undone when somebody was faster.
func (d *UseCases) open(ctx context.Context, secret string, purposes ...store.Purpose) (store.Link, [32]byte, error) {
	hash, ok := auth.HashOpaque(secret)
	if !ok {
		return store.Link{}, hash, errLink()
	}
	l, err := d.db.Link(ctx, hash, d.now())
	if errors.Is(err, store.ErrNone) {
		return l, hash, errLink()
	}
	if err != nil {
		return l, hash, err
	}
	for _, p := range purposes {
		if p == l.Purpose {
			return l, hash, nil
		}
	}
	return l, hash, errLink()
}

// usedUp turns a batch that was undone since its link was used into the sentence about links.
func usedUp(err error) error {
	if store.Overtaken(err) {
		return errLink()
	}
	return err
}

// Setup is what the first person tells of an empty installation.
type Setup struct {
	Token    string
	Slug     string
	OrgName  string
	Email    string
	Name     string
	Password string
}

// Setup makes the first organisation and its admin, signed in.
func (d *UseCases) Setup(ctx context.Context, by Caller, s Setup) (Login, error) {
	if d.local == nil {
		return Login{}, errNoLocal()
	}
	lock := d.lock("links")
	lock.Lock()
	defer lock.Unlock()
	_, hash, err := d.open(ctx, s.Token, store.SetupLink)
	if err != nil {
		return Login{}, err
	}
	if there, err := d.db.AnyOrg(ctx); there || err != nil {
		return Login{}, errors.Join(err, errLink()) // somebody else was faster, by the command line
	}
	m := NewMember{Email: s.Email, Name: s.Name, Role: auth.Admin, Password: s.Password}
	no := s.check(&m)
	if no != nil {
		return Login{}, no
	}
	user, err := d.newUser(ctx, m, d.now())
	if err != nil {
		return Login{}, err
	}
	user.Proved = true // by whoever has the installation's terminal
	org, err := d.CreateOrg(ctx, Caller{System: true, Address: "setup"}, s.Slug, s.OrgName, d.now(),
		func(b *store.Batch, org *store.Org) {
			store.UseLink(b, hash, d.now())
			store.AddUser(b, user)
			org.AddMember(b, user.ID, auth.Admin, d.now())
		})
	if err != nil {
		return Login{}, usedUp(err)
	}
	return d.start(ctx, by, user, store.Membership{OrgID: org, Slug: s.Slug, Name: s.OrgName, Role: auth.Admin},
		waits{Proof: auth.BySetup, Chosen: true})
}

// check says everything that is wrong at once, in the names of the request.
func (s Setup) check(m *NewMember) *fault.Error {
	var c status.Checks
	c.That(page.ValidSlug(s.Slug), "organization.slug",
		"slug must be 1 to 63 of a-z, 0-9 and hyphens, not at its ends.")
	c.Name("organization.name", s.OrgName, status.TitleMax, true)
	bad := c.Err()
	for _, more := range []*fault.Error{m.check(), passwordFault(s.Password)} {
		bad = joined(bad, more)
	}
	return bad
}

// passwordFault is what is wrong with a new password.
func passwordFault(password string) *fault.Error {
	err := auth.CheckPassword(password)
	var no *fault.Error
	if err == nil || errors.As(err, &no) {
		return no
	}
	return fault.OnField("password", "%s", err.Error())
}

// joined is all that is wrong, at once.
func joined(bad, more *fault.Error) *fault.Error {
	switch {
	case bad == nil:
		return more
	case more != nil:
		bad.Fields = append(bad.Fields, more.Fields...)
	}
	return bad
}

// Accepting is what somebody who has a link does with it. What a link does not need is not looked at.
type Accepting struct{ Token, Name, Password string }

// Accept uses a link that nobody needs to have signed in for: it chooses a new password, makes an account for an offer,
// or takes an account back to its old address. It signs in. The sessions that there were end, and every other link of
// the account is void.
func (d *UseCases) Accept(ctx context.Context, by Caller, a Accepting) (Login, error) {
	if d.local == nil {
		return Login{}, errNoLocal()
	}
	if no := passwordFault(a.Password); no != nil {
		return Login{}, no
	}
	l, hash, err := d.open(ctx, a.Token, store.ResetLink, store.UndoLink)
	var none *fault.Error
	if errors.As(err, &none) && none.Code == fault.Forbidden {
		return d.acceptNew(ctx, by, a)
	}
	if err != nil {
		return Login{}, err
	}
	user, err := d.db.User(ctx, l.UserID)
	if err != nil {
		return Login{}, err
	}
	hashed, err := d.passwords.Hash(ctx, a.Password)
	if err != nil {
		return Login{}, err
	}
	use := linkUse{Hash: hash, Password: hashed}
	if l.Purpose == store.UndoLink {
		use.Email = l.Email
	}
	org, err := d.chooseOrg(ctx, user, "", "")
	if err != nil {
		return Login{}, err
	}
	return d.start(ctx, by, user, org, waits{Proof: auth.ByMailbox, Link: &use})
}

func (d *UseCases) followLink(ctx context.Context, user *store.User, use linkUse) error {
	var b store.Batch
	d.useLink(&b, user, use)
	err := d.db.Do(ctx, &b)
	var c *store.Constraint
	if errors.As(err, &c) && c.Kind == "UNIQUE" {
		return errAddressTaken()
	}
	d.ended()
	return usedUp(err)
}

// useLink puts what a link does into a batch, and leaves the account as it is afterwards.
func (d *UseCases) useLink(b *store.Batch, user *store.User, use linkUse) {
	now := d.now()
	store.UseLink(b, use.Hash, now)
	if use.Email != "" {
		store.SetAddress(b, *user, use.Email, "", now)
		user.Version++
	}
	store.SetCredentials(b, *user, use.Password, true, "", now)
	user.Version++
}

func errAddressTaken() *fault.Error {
	return fault.New(fault.Conflict, "This address signs in to another account.")
}

// Linked is what a link is about, for whoever has it.
type Linked struct {
	Purpose string // reset, address, undo or offer
	Email   string // the account's address, or the one that it shall have; of an offer the one that it was made to
	Offer   *store.SentOffer
	// Account says how an offer is accepted: "new" makes an account, "existing" signs in to the one that the mailbox
	// proves, "either" leaves the choice, since a link that was handed over tells nothing of accounts.
	Account string
}

// Look says what a link is about. It uses nothing up.
func (d *UseCases) Look(ctx context.Context, token string) (Linked, error) {
	if d.local == nil {
		return Linked{}, errNoLocal()
	}
	l, _, err := d.open(ctx, token, store.ResetLink, store.AddressLink, store.UndoLink)
	if err == nil {
		user, err := d.db.User(ctx, l.UserID)
		linked := Linked{Purpose: string(l.Purpose), Email: l.Email}
		if linked.Email == "" {
			linked.Email = user.Email
		}
		return linked, err
	}
	var none *fault.Error
	if !errors.As(err, &none) || none.Code != fault.Forbidden {
		return Linked{}, err
	}
	f, err := d.offerByLink(ctx, token)
	if err != nil {
		return Linked{}, err
	}
	linked := Linked{Purpose: "offer", Email: f.Email, Offer: &f, Account: "either"}
	if f.Shown {
		return linked, nil
	}
	_, err = d.db.UserByEmail(ctx, f.Email)
	if linked.Account = "existing"; errors.Is(err, store.ErrNone) {
		linked.Account, err = "new", nil
	}
	return linked, err
}
