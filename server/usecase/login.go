package usecase

import (
	"context"
	"errors"
	"fmt"
	"time"

	"statuspage/server/auth"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
)

// Login is what somebody who signed in gets: a short token, and the refresh token for a cookie.
type Login struct {
	Token   string
	Expires time.Time
	Final   bool // nothing replaces the token when it ends
	Refresh auth.Opaque
	Until   time.Time // of the refresh token
	User    store.User
	Org     store.Membership // of no organisation for whoever belongs to none
	// LacksFactor says that the organisation asks for a second factor, which the session has not shown.
	LacksFactor bool
	// Asked is set when a second factor must be shown first: then nobody is signed in yet.
	Asked *Asked
}

// SignIn checks an address and its password. slug chooses among the person's organisations; "" takes the one that they
// chose last, or joined first.
func (d *UseCases) SignIn(ctx context.Context, by Caller, email, password, slug string) (Login, error) {
	if d.local == nil {
		return Login{}, errNoLocal()
	}
	accounts, err := auth.Login(ctx, d.db, d.passwords, asTyped(email), slug, password)
	if err != nil {
		return Login{}, err
	}
	var refused error
	for _, a := range accounts {
		user, err := d.db.User(ctx, a.UserID)
		if err != nil {
			return Login{}, fmt.Errorf("read who signs in: %w", err)
		}
		if user.Version != a.Version {
			continue // it has another password since
		}
		org, err := d.chooseOrg(ctx, user, "", slug)
		if err == nil {
			return d.start(ctx, by, user, org, waits{Proof: auth.ByPassword, Chosen: slug != ""})
		}
		refused = err
	}
	if refused == nil {
		refused = fault.New(fault.Conflict, "This password was changed a moment ago. Please try again.")
	}
	return Login{}, refused
}

// start begins a session; where the account has a second factor, it asks for that first, and nothing changes until it
// was shown: neither a password nor a mailbox alone gets past it. w says by what its person proved it, whether they
// named the organisation, and what a link does. A link that proves an account ends whatever was set up before, so that
// it asks for none of that.
func (d *UseCases) start(ctx context.Context, by Caller, user store.User, org store.Membership,
	w waits) (Login, error) {
	if w.Link == nil || user.Proved {
		factors, err := d.db.Factors(ctx, user.ID)
		if err != nil {
			return Login{}, err
		}
		if len(factors) > 0 {
			w.Org = org.OrgID
			asked, err := d.askFactor(ctx, by.Base, "sign_in", "", user, factors, w)
			return Login{User: user, Asked: asked}, err
		}
	}
	if w.Link != nil {
		if err := d.followLink(ctx, &user, *w.Link); err != nil {
			return Login{}, err
		}
	}
	return d.begin(ctx, by, user, org, auth.Session{Proof: w.Proof}, w.Chosen)
}

// begin begins a session. It is the only way to one: by says where it is, proof what its person proved it by. chosen
// says that the organisation was named by the person, whose plain sign-ins open it from now on.
func (d *UseCases) begin(ctx context.Context, by Caller, user store.User, org store.Membership, proof auth.Session,
	chosen bool) (Login, error) {
	session, refresh, err := auth.StartSession(ctx, d.db, auth.Session{ID: newID(), UserID: user.ID, OrgID: org.OrgID,
		Version: user.Version, Proof: proof.Proof,
		Factor: proof.Factor, Device: by.Device, Address: by.Address}, d.now())
	if err != nil {
		return Login{}, err
	}
	if chosen {
		if err := d.remember(ctx, user.ID, org.OrgID); err != nil {
			return Login{}, err
		}
	}
	return d.login(ctx, session, refresh, org)
}

func (d *UseCases) remember(ctx context.Context, userID, orgID string) error {
	var b store.Batch
	store.ChooseOrg(&b, userID, orgID)
	if err := d.db.Do(ctx, &b); err != nil {
		return fmt.Errorf("remember which organisation was chosen: %w", err)
	}
	return nil
}

// Refresh exchanges a refresh token for the next one and a new short token; slug turns to another organisation.
func (d *UseCases) Refresh(ctx context.Context, presented, slug string) (Login, error) {
	if d.local == nil {
		return Login{}, errNoLocal()
	}
	session, next, err := auth.Refresh(ctx, d.db, presented, d.now())
	if err != nil {
		d.ended()
		return Login{}, err
	}
	user, err := d.db.User(ctx, session.UserID)
	if err != nil {
		return Login{}, fmt.Errorf("read whose session it is: %w", err)
	}
	org, err := d.chooseOrg(ctx, user, session.OrgID, slug)
	if err != nil {
		return Login{}, err
	}
	if org.OrgID != session.OrgID {
		if err := d.db.SetSessionOrg(ctx, session.ID, org.OrgID); err != nil {
			return Login{}, fmt.Errorf("turn to another organisation: %w", err)
		}
	}
	if slug != "" {
		if err := d.remember(ctx, user.ID, org.OrgID); err != nil {
			return Login{}, err
		}
	}
	return d.login(ctx, session, next, org)
}

// SignOut ends a session, or every session of whoever it belongs to; one that is not known has ended already. It is
// found by its refresh token, or else by the access token that came: who is nobody when neither did.
func (d *UseCases) SignOut(ctx context.Context, who auth.Principal, presented string, everywhere bool) error {
	s, err := auth.EndSession(ctx, d.db, presented, d.now())
	switch {
	case err != nil && !errors.Is(err, auth.ErrUnknown):
		return err
	case err == nil:
		defer d.ended()
		if everywhere {
			return d.SignOutEverywhere(ctx, s.UserID)
		}
		return nil
	case who.Kind != auth.KindUser:
		return nil
	case everywhere:
		return d.SignOutEverywhere(ctx, who.ID)
	}
	return d.endSession(ctx, who.ID, who.SessionID)
}

// SignOutEverywhere ends all sessions of a user.
func (d *UseCases) SignOutEverywhere(ctx context.Context, userID string) error {
	var b store.Batch
	store.EndSessions(&b, userID, "", d.now())
	defer d.ended()
	return d.db.Do(ctx, &b)
}

func (d *UseCases) endSession(ctx context.Context, userID, id string) error {
	if id == "" {
		return nil
	}
	var b store.Batch
	store.EndSession(&b, userID, id, d.now())
	defer d.ended()
	return d.db.Do(ctx, &b)
}

func (d *UseCases) login(ctx context.Context, s auth.Session, refresh auth.Opaque,
	org store.Membership) (Login, error) {
	user, err := d.db.User(ctx, s.UserID)
	if err != nil {
		return Login{}, fmt.Errorf("read who signed in: %w", err)
	}
	token, expires, err := d.mint(ctx, user, s.ID, org, 0)
	if err != nil {
		return Login{}, err
	}
	in := Login{Token: token, Expires: expires, Refresh: refresh, Until: s.ExpiresAt, User: user, Org: org}
	if org.OrgID != "" {
		in.LacksFactor, err = d.db.LacksFactor(ctx, org.OrgID, s.ID)
	}
	return in, err
}

func (d *UseCases) mint(ctx context.Context, u store.User, session string, org store.Membership,
	ttl time.Duration) (string, time.Time, error) {
	return d.local.Mint(ctx, auth.Subject{UserID: u.ID, Email: u.Email, Name: u.Name, SessionID: session,
		OrgID: org.OrgID, OrgSlug: org.Slug, Role: org.Role}, ttl, d.now())
}

// Token makes a token for a member, for scripts on the machine of the database. It is a session, which its person sees
// and can end.
func (d *UseCases) Token(ctx context.Context, slug, email string, ttl time.Duration) (string, error) {
	user, org, err := d.memberOf(ctx, slug, asTyped(email))
	if err != nil {
		return "", err
	}
	id := newID()
	token, expires, err := d.mint(ctx, user, id, org, ttl)
	if err != nil {
		return "", err
	}
	now := d.now()
	return token, d.db.CreateSession(ctx, auth.Session{ID: id, UserID: user.ID, OrgID: org.OrgID, Version: user.Version,
		Kind: auth.TokenSession, Proof: auth.ByOperator,
		Device: "Token of the command line", CreatedAt: now, AdvancedAt: now, ExpiresAt: expires}, [32]byte{})
}

// OperatorsLink makes the link by which the operator lets an account's owner choose a password. slug chooses among
// accounts of one address.
func (d *UseCases) OperatorsLink(ctx context.Context, slug, email, base string) (string, error) {
	user, err := d.accountNamed(ctx, slug, email)
	if err != nil {
		return "", err
	}
	return d.ResetURL(ctx, user, base)
}

// accountNamed is the account that the operator means.
func (d *UseCases) accountNamed(ctx context.Context, slug, email string) (store.User, error) {
	if d.local == nil {
		return store.User{}, errNoLocal()
	}
	user, err := d.db.AccountOf(ctx, asTyped(email))
	if slug != "" {
		user, _, err = d.memberOf(ctx, slug, asTyped(email))
	}
	if errors.Is(err, store.ErrNone) {
		err = fault.New(fault.NotFound, "There is no account %s.", email)
	}
	return user, err
}

// memberOf is the account of an address that belongs to an organisation: the proved one, else one that nobody has
// proved.
func (d *UseCases) memberOf(ctx context.Context, slug, email string) (store.User, store.Membership, error) {
	user, err := d.db.UserByEmail(ctx, email)
	all := []store.User{user}
	if err != nil && !errors.Is(err, store.ErrNone) {
		return store.User{}, store.Membership{}, err
	}
	unproved, no := d.db.Unproved(ctx, email)
	if no != nil {
		return store.User{}, store.Membership{}, no
	}
	if err != nil {
		all = nil
	}
	if all = append(all, unproved...); len(all) == 0 {
		return store.User{}, store.Membership{}, fault.New(fault.NotFound, "There is no user %s.", email)
	}
	for _, u := range all {
		org, err := d.chooseOrg(ctx, u, "", slug)
		if err == nil && slugIs(org, slug) {
			return u, org, nil
		}
	}
	return store.User{}, store.Membership{}, errNotMember()
}

// chooseOrg is the organisation that a sign-in opens: the one of a slug, which must be theirs; else the one that they
// are in; else the one that they chose last; else the first that they joined; else none.
func (d *UseCases) chooseOrg(ctx context.Context, user store.User, current, slug string) (store.Membership, error) {
	all, err := d.db.Memberships(ctx, user.ID)
	if err != nil {
		return store.Membership{}, err
	}
	if slug != "" {
		for _, m := range all {
			if slugIs(m, slug) {
				return m, nil
			}
		}
		return store.Membership{}, errNotMember()
	}
	for _, id := range []string{current, user.LastOrg} {
		for _, m := range all {
			if m.OrgID == id {
				return m, nil
			}
		}
	}
	if len(all) == 0 {
		return store.Membership{}, nil
	}
	return all[0], nil
}

func errNotMember() *fault.Error {
	return fault.New(fault.Forbidden, "You are not a member of this organization.")
}

func errNoLocal() *fault.Error {
	return fault.New(fault.NotFound, "This installation signs in with another identity provider.")
}

// slugIs says whether an organisation is the one that a text names.
func slugIs(m store.Membership, text string) bool {
	slug, ok := page.Slug(text)
	return ok && slug == m.Slug
}
