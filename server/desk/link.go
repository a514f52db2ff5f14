package desk

import (
	"context"
	"errors"
	"time"

	"statuspage/server/auth"
	"statuspage/server/notify"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// How long a link works, unless it is used before.
const (
	setupFor  = 24 * time.Hour
	inviteFor = 7 * 24 * time.Hour
	resetFor  = time.Hour
)

// SetupLink makes the secret that sets an empty installation up, once; "" when there is an organisation already, or another issuer.
func (d *Desk) SetupLink(ctx context.Context) (string, error) {
	if d.local == nil {
		return "", nil
	}
	if there, err := d.db.AnyOrg(ctx); there || err != nil {
		return "", err
	}
	return d.link(ctx, store.Link{Purpose: "setup"}, setupFor)
}

func (d *Desk) link(ctx context.Context, l store.Link, lasts time.Duration) (string, error) {
	secret, now := auth.NewOpaque(), d.now()
	var b store.Batch
	store.AddLink(&b, secret.Hash, l, now, now.Add(lasts))
	return secret.Text, d.db.Do(ctx, &b)
}

func errLink() *fault.Error {
	return fault.New(fault.Forbidden, "This link does not work any more. Ask for a new one.").With("token", "This link does not work any more.")
}

// open finds a link by its secret; the caller holds the lock under which links are used.
func (d *Desk) open(ctx context.Context, secret string, purposes ...string) (store.Link, [32]byte, error) {
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
func (d *Desk) Setup(ctx context.Context, s Setup) (Login, error) {
	if d.local == nil {
		return Login{}, errNoLocal()
	}
	lock := d.lock("links")
	lock.Lock()
	defer lock.Unlock()
	_, hash, err := d.open(ctx, s.Token, "setup")
	if err != nil {
		return Login{}, err
	}
	if there, err := d.db.AnyOrg(ctx); there || err != nil {
		return Login{}, errors.Join(err, errLink()) // somebody else was faster, by the command line
	}
	m := NewMember{Email: s.Email, Name: s.Name, Role: auth.Admin, Password: s.Password}
	if no := s.check(m); no != nil {
		return Login{}, no
	}
	user, err := d.newUser(ctx, m, d.now())
	if err != nil {
		return Login{}, err
	}
	org, err := d.CreateOrg(ctx, Caller{System: true, Address: "setup"}, s.Slug, s.OrgName, d.now(), func(b *store.Batch, org *store.Org) {
		store.AddUser(b, user)
		org.AddMember(b, user.ID, auth.Admin, d.now())
		store.UseLink(b, hash, d.now())
	})
	if err != nil {
		return Login{}, err
	}
	return d.start(ctx, user.ID, store.Membership{OrgID: org, Slug: s.Slug, Name: s.OrgName, Role: auth.Admin})
}

// check says everything that is wrong at once, in the names of the request.
func (s Setup) check(m NewMember) *fault.Error {
	var c status.Checks
	c.That(page.ValidSlug(s.Slug), "organization.slug", "slug must be 1 to 63 of a-z, 0-9 and hyphens, not at its ends.")
	c.Line("organization.name", s.OrgName, status.TitleMax, true)
	bad := c.Err()
	var password *fault.Error
	if err := auth.CheckPassword(s.Password); err != nil && !errors.As(err, &password) {
		password = fault.OnField("password", "%s", err.Error())
	}
	for _, more := range []*fault.Error{m.check(), password} {
		if bad == nil {
			bad = more
		} else if more != nil {
			bad.Fields = append(bad.Fields, more.Fields...)
		}
	}
	return bad
}

// Invite makes the address at which a member chooses a password, and mails it if that is wanted. For one who has a password it is a reset.
func (d *Desk) Invite(ctx context.Context, by Caller, orgID, userID, base string, mail bool) (string, error) {
	if err := by.mayEdit(orgID); err != nil {
		return "", err
	}
	if d.local == nil {
		return "", errNoLocal()
	}
	m, err := d.db.Org(orgID).Member(ctx, userID)
	if errors.Is(err, store.ErrNone) {
		return "", fault.New(fault.NotFound, "There is no such member.")
	}
	if err != nil {
		return "", err
	}
	user, err := d.db.User(ctx, userID)
	if err != nil {
		return "", err
	}
	l, lasts := store.Link{Purpose: "invitation", OrgID: orgID, UserID: userID, Email: m.Email}, inviteFor
	if user.Password != "" {
		// Who belongs to several organisations chooses a password for all of them: no single one's admin may do it in their place.
		if all, err := d.db.Memberships(ctx, userID); err != nil || len(all) > 1 {
			return "", errors.Join(err, fault.New(fault.Conflict, "This person belongs to other organizations, too, and has a password already."))
		}
		l.Purpose, lasts = "reset", resetFor
	}
	return d.memberLink(ctx, by, "invite_member", base, mail, l, lasts)
}

// memberLink makes a link for a member, with its audit row.
func (d *Desk) memberLink(ctx context.Context, by Caller, action, base string, mail bool, l store.Link, lasts time.Duration) (string, error) {
	p, err := d.relay.Page(ctx, l.OrgID)
	if err != nil {
		return "", err
	}
	secret, now := auth.NewOpaque(), d.now()
	var b store.Batch
	store.AddLink(&b, secret.Hash, l, now, now.Add(lasts))
	d.db.Org(l.OrgID).AddAudit(&b, by.audit(action, "member", l.UserID, "", "", now))
	if err := d.db.Do(ctx, &b); err != nil {
		return "", err
	}
	// A browser sends what stands behind # to nobody: it is in no log on the way.
	url := base + "/accept#token=" + secret.Text
	if mail {
		d.Post(notify.Account{To: l.Email, Org: p.State.Org, Base: base, URL: url, Invitation: l.Purpose == "invitation", Lasts: lasts})
	}
	return url, nil
}

// Accept sets the password that a link is for, ends the sessions that there were, and signs in.
func (d *Desk) Accept(ctx context.Context, by Caller, token, password string) (Login, error) {
	if d.local == nil {
		return Login{}, errNoLocal()
	}
	hashed, err := d.passwords.Hash(ctx, password)
	if err != nil {
		return Login{}, err
	}
	lock := d.lock("links")
	lock.Lock()
	defer lock.Unlock()
	l, hash, err := d.open(ctx, token, "invitation", "reset")
	if err != nil {
		return Login{}, err
	}
	org, err := d.chooseOrg(ctx, l.UserID, func(m store.Membership) bool { return m.OrgID == l.OrgID })
	if err != nil {
		return Login{}, err
	}
	by.Who = auth.Principal{Kind: auth.KindUser, ID: l.UserID, Email: l.Email}
	var b store.Batch
	d.db.Org(l.OrgID).AddAudit(&b, by.audit("choose_password", "member", l.UserID, "", "", d.now()))
	store.SetPassword(&b, l.UserID, hashed, d.now())
	store.RevokeUser(&b, l.UserID, d.now())
	store.UseLink(&b, hash, d.now())
	if err := d.db.Do(ctx, &b); err != nil {
		return Login{}, err
	}
	return d.start(ctx, l.UserID, org)
}
