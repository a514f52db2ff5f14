package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"statuspage/server/auth"
	"statuspage/server/store"
	"statuspage/shared/fault"
)

// Login is what somebody who signed in gets: a short token, and the refresh token for a cookie.
type Login struct {
	Token   string
	Expires time.Time
	Refresh auth.Opaque
	Until   time.Time // of the refresh token
	User    store.User
	Org     store.Membership
}

// SignIn checks an address and its password. slug chooses among the user's organisations; "" takes the first.
func (d *Desk) SignIn(ctx context.Context, email, password, slug string) (Login, error) {
	if d.local == nil {
		return Login{}, errNoLocal()
	}
	account, err := auth.Login(ctx, d.db, d.passwords, email, password)
	if err != nil {
		return Login{}, err
	}
	org, err := d.chooseOrg(ctx, account.UserID, func(m store.Membership) bool { return slug == "" || m.Slug == slug })
	if err != nil {
		return Login{}, err
	}
	return d.start(ctx, account.UserID, org)
}

func (d *Desk) start(ctx context.Context, userID string, org store.Membership) (Login, error) {
	session, refresh, err := auth.StartSession(ctx, d.db, newID(), userID, org.OrgID, d.now())
	if err != nil {
		return Login{}, err
	}
	return d.login(ctx, session, refresh, org)
}

// Refresh exchanges a refresh token for the next one and a new short token; slug turns to another organisation.
func (d *Desk) Refresh(ctx context.Context, presented, slug string) (Login, error) {
	if d.local == nil {
		return Login{}, errNoLocal()
	}
	session, next, err := auth.Refresh(ctx, d.db, presented, d.now())
	if err != nil {
		return Login{}, err
	}
	org, err := d.chooseOrg(ctx, session.UserID, func(m store.Membership) bool {
		return slug != "" && m.Slug == slug || slug == "" && m.OrgID == session.OrgID
	})
	if err != nil {
		return Login{}, err
	}
	if org.OrgID != session.OrgID {
		if err := d.db.SetSessionOrg(ctx, session.ID, org.OrgID); err != nil {
			return Login{}, fmt.Errorf("turn to another organisation: %w", err)
		}
	}
	return d.login(ctx, session, next, org)
}

// SignOut ends a session, or every session of whoever it belongs to; one that is not known has ended already.
func (d *Desk) SignOut(ctx context.Context, presented string, everywhere bool) error {
	s, err := auth.EndSession(ctx, d.db, presented, d.now())
	if errors.Is(err, auth.ErrUnknown) {
		return nil
	}
	if err == nil && everywhere {
		err = d.SignOutEverywhere(ctx, s.UserID)
	}
	return err
}

// SignOutEverywhere ends all sessions of a user.
func (d *Desk) SignOutEverywhere(ctx context.Context, userID string) error {
	var b store.Batch
	store.RevokeUser(&b, userID, d.now())
	return d.db.Do(ctx, &b)
}

func (d *Desk) login(ctx context.Context, s auth.Session, refresh auth.Opaque, org store.Membership) (Login, error) {
	user, err := d.db.User(ctx, s.UserID)
	if err != nil {
		return Login{}, fmt.Errorf("read who signed in: %w", err)
	}
	token, expires, err := d.mint(ctx, user, s.ID, org, 0)
	if err != nil {
		return Login{}, err
	}
	return Login{Token: token, Expires: expires, Refresh: refresh, Until: s.ExpiresAt, User: user, Org: org}, nil
}

func (d *Desk) mint(ctx context.Context, u store.User, session string, org store.Membership, ttl time.Duration) (string, time.Time, error) {
	return d.local.Mint(ctx, auth.Subject{UserID: u.ID, Email: u.Email, Name: u.Name, SessionID: session,
		OrgID: org.OrgID, OrgSlug: org.Slug, Role: org.Role}, ttl, d.now())
}

// Token makes a token for a member, for scripts on the machine of the database.
func (d *Desk) Token(ctx context.Context, slug, email string, ttl time.Duration) (string, error) {
	user, err := d.db.UserByEmail(ctx, email)
	if errors.Is(err, store.ErrNone) {
		return "", fault.New(fault.NotFound, "There is no user %s.", email)
	}
	if err != nil {
		return "", err
	}
	org, err := d.chooseOrg(ctx, user.ID, func(m store.Membership) bool { return m.Slug == slug })
	if err != nil {
		return "", err
	}
	token, _, err := d.mint(ctx, user, "", org, ttl)
	return token, err
}

func (d *Desk) chooseOrg(ctx context.Context, userID string, which func(store.Membership) bool) (store.Membership, error) {
	all, err := d.db.Memberships(ctx, userID)
	if err != nil {
		return store.Membership{}, err
	}
	for _, m := range all {
		if which(m) {
			return m, nil
		}
	}
	return store.Membership{}, fault.New(fault.Forbidden, "You are not a member of this organization.")
}

func errNoLocal() *fault.Error {
	return fault.New(fault.NotFound, "This installation signs in with another identity provider.")
}
