package usecase

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"statuspage/server/auth"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// Known is who an issuer means, in our own ids. changed says that the claims tell something else than is written here.
func (d *UseCases) Known(ctx context.Context, p auth.Principal) (known auth.Principal, changed bool, err error) {
	p = tidy(p)
	known = p
	user, err := d.db.UserBySubject(ctx, p.Issuer, p.ID)
	if errors.Is(err, store.ErrNone) {
		return known, true, nil
	}
	if err != nil {
		return known, false, err
	}
	known.ID = user.ID
	changed = p.Email != "" && p.Email != user.Email || p.Name != "" && p.Name != user.Name
	known.Email, known.Name = user.Email, user.Name
	if p.OrgID == "" {
		return known, changed, nil
	}
	known.OrgID, err = d.db.OrgByExternal(ctx, p.Issuer, p.OrgID)
	if errors.Is(err, store.ErrNone) {
		return known, true, nil
	}
	if err != nil {
		return known, false, err
	}
	m, err := d.db.Org(known.OrgID).Member(ctx, user.ID)
	if errors.Is(err, store.ErrNone) {
		return known, true, nil
	}
	return known, changed || m.Role != p.Role, err
}

// Adopt writes down what an issuer's claims tell: the user, the organisation, the membership and its role.
func (d *UseCases) Adopt(ctx context.Context, p auth.Principal) (auth.Principal, error) {
	p = tidy(p)
	lock := d.lock(p.Issuer + "\n" + p.OrgID)
	lock.Lock()
	defer lock.Unlock()
	for range tries {
		known, changed, err := d.Known(ctx, p)
		if err != nil || !changed {
			return known, err
		}
		if d.wasDismissed(p.Issuer, p.ID, p.OrgID) {
			return p, fault.New(fault.Forbidden, "You are not a member of this organization any more.")
		}
		var c *store.Constraint
		if err := d.adoptOnce(ctx, p); err != nil && !errors.As(err, &c) { // a constraint: another process was faster
			return p, err
		}
	}
	return p, fault.New(fault.Unavailable, "Your account could not be set up. Please try again.")
}

// tidy makes an issuer's names such as may stand here: nobody is kept out for theirs.
func tidy(p auth.Principal) auth.Principal {
	p.Email, p.Name, p.OrgName = line(p.Email), line(p.Name), line(p.OrgName)
	return p
}

func line(s string) string { return status.Tidy(s, status.TitleMax) }

func (d *UseCases) adoptOnce(ctx context.Context, p auth.Principal) error {
	now := d.now()
	var b store.Batch
	user, err := d.db.UserBySubject(ctx, p.Issuer, p.ID)
	switch {
	case errors.Is(err, store.ErrNone):
		user = store.User{ID: newID(), Email: p.Email, Name: p.Name, Issuer: p.Issuer, Subject: p.ID,
			CreatedAt: status.Time(now.UnixMilli())}
		store.AddUser(&b, user)
	case err != nil:
		return err
	default:
		store.SetUser(&b, user.ID, p.Email, p.Name, now)
	}
	if p.OrgID != "" {
		org, err := d.adoptOrg(ctx, &b, p, now)
		if err != nil {
			return err
		}
		org.AddMember(&b, user.ID, p.Role, now)
		by := Caller{System: true, Address: "identity provider"}
		org.AddAudit(&b, by.audit("adopt_member", "member", user.ID, "",
			memberJSON(store.Member{UserID: user.ID, Email: user.Email, Name: user.Name, Role: p.Role}), now))
	}
	if err := d.db.Do(ctx, &b); err != nil {
		return fmt.Errorf("write down what the identity provider tells: %w", err)
	}
	d.relay.Wake()
	return nil
}

// adoptOrg finds the organisation that the claims mean, or makes it: the one that is linked, the one that has this very
// id, one of that slug that has no members yet, a new one.
func (d *UseCases) adoptOrg(ctx context.Context, b *store.Batch, p auth.Principal, now time.Time) (*store.Org, error) {
	id, err := d.db.OrgByExternal(ctx, p.Issuer, p.OrgID)
	if err == nil || !errors.Is(err, store.ErrNone) {
		return d.db.Org(id), err
	}
	if status.ValidID(p.OrgID) {
		if _, err := d.db.Org(p.OrgID).State(ctx, 0); err == nil {
			org := d.db.Org(p.OrgID)
			org.AddExternal(b, p.Issuer, p.OrgID)
			return org, nil
		}
	}
	slug := slugFor(p)
	if id, err := d.db.OrgBySlug(ctx, slug); err == nil {
		org := d.db.Org(id)
		_, members, err := org.Members(ctx, store.Span{Limit: 1})
		if err != nil {
			return nil, err
		}
		if members == 0 {
			org.AddExternal(b, p.Issuer, p.OrgID)
			return org, nil
		}
		slug = strings.TrimRight(slug[:min(len(slug), page.MaxSlug-9)], "-") + "-" + digest(p.OrgID)
	} else if !errors.Is(err, store.ErrNone) {
		return nil, err
	}
	name := p.OrgName
	if name == "" {
		name = slug
	}
	id = newID()
	event, no := page.Create(id, slug, name, status.Time(now.UnixMilli()))
	if no != nil {
		return nil, no
	}
	org := d.db.Org(id)
	org.AddEvents(b, page.State{}, []page.Event{event})
	org.AddExternal(b, p.Issuer, p.OrgID)
	return org, nil
}

// slugFor is the issuer's slug where it may stand in an address, or one made of its id.
func slugFor(p auth.Principal) string {
	if slug := strings.ToLower(p.OrgSlug); page.ValidSlug(slug) {
		return slug
	}
	return "org-" + digest(p.OrgID)
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:4])
}

// forgetAfter outlives the tokens that were given before a membership ended.
const forgetAfter = 2 * time.Minute

func (d *UseCases) wasDismissed(issuer, subject, externalOrg string) bool {
	at, there := d.dismissed.Load([3]string{issuer, subject, externalOrg})
	return there && d.now().Sub(at.(time.Time)) < forgetAfter
}

// Follow does what an identity provider's message tells of users, organisations and memberships. What it does not know
// is no error. It answers whose sockets must end.
func (d *UseCases) Follow(ctx context.Context, issuer string, n auth.Notice) (orgID, userID string, err error) {
	var data struct {
		ID           string         `json:"id"`
		Name         string         `json:"name"`
		FirstName    string         `json:"first_name"`
		LastName     string         `json:"last_name"`
		Role         string         `json:"role"`
		Primary      string         `json:"primary_email_address_id"`
		Emails       []emailAddress `json:"email_addresses"`
		Organization struct{ ID, Slug, Name string }
		User         struct {
			UserID     string `json:"user_id"`
			Identifier string `json:"identifier"`
			FirstName  string `json:"first_name"`
			LastName   string `json:"last_name"`
		} `json:"public_user_data"`
	}
	if err := json.Unmarshal(n.Data, &data); err != nil {
		return "", "", fault.New(fault.Malformed, "This message's data cannot be read.")
	}
	if n.Noun == "organizationMembership" && (data.User.UserID == "" || data.Organization.ID == "") {
		return "", "", fault.New(fault.Malformed, "This message names no user or no organisation.")
	}
	switch n.Noun + "." + n.Verb {
	case "user.created", "user.updated":
		email := ""
		for _, e := range data.Emails {
			if e.ID == data.Primary || email == "" {
				email = e.Address
			}
		}
		return "", "", d.setUser(ctx, issuer, data.ID, line(email), line(data.FirstName+" "+data.LastName))
	case "user.deleted":
		return "", "", d.forgetUser(ctx, issuer, data.ID)
	case "organization.created", "organization.updated":
		return "", "", d.renameOrg(ctx, issuer, data.ID, line(data.Name))
	case "organizationMembership.created", "organizationMembership.updated":
		role, known := auth.ParseRole(strings.TrimPrefix(data.Role, "org:"))
		if !known {
			return d.endMembership(ctx, issuer, data.User.UserID, data.Organization.ID)
		}
		d.dismissed.Delete([3]string{issuer, data.User.UserID, data.Organization.ID})
		_, err := d.Adopt(ctx, auth.Principal{Kind: auth.KindUser, Issuer: issuer, ID: data.User.UserID,
			Email: data.User.Identifier,
			Name:  data.User.FirstName + " " + data.User.LastName, OrgID: data.Organization.ID,
			OrgSlug: data.Organization.Slug,
			OrgName: data.Organization.Name, Role: role})
		return "", "", err
	case "organizationMembership.deleted":
		return d.endMembership(ctx, issuer, data.User.UserID, data.Organization.ID)
	}
	return "", "", nil
}

type emailAddress struct {
	ID      string `json:"id"`
	Address string `json:"email_address"`
}

func (d *UseCases) setUser(ctx context.Context, issuer, subject, email, name string) error {
	user, err := d.db.UserBySubject(ctx, issuer, subject)
	if errors.Is(err, store.ErrNone) {
		return nil // they are written down when they come
	}
	if err != nil {
		return err
	}
	var b store.Batch
	store.SetUser(&b, user.ID, email, name, d.now())
	return d.db.Do(ctx, &b)
}

// forgetUser ends every membership of a user that the provider deleted.
func (d *UseCases) forgetUser(ctx context.Context, issuer, subject string) error {
	user, err := d.db.UserBySubject(ctx, issuer, subject)
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	all, err := d.db.Memberships(ctx, user.ID)
	if err != nil {
		return err
	}
	for _, m := range all {
		if err := d.drop(ctx, d.db.Org(m.OrgID), user); err != nil {
			return err
		}
	}
	return nil
}

func (d *UseCases) endMembership(ctx context.Context, issuer, subject,
	externalOrg string) (orgID, userID string, err error) {
	d.dismissed.Store([3]string{issuer, subject, externalOrg}, d.now())
	user, err := d.db.UserBySubject(ctx, issuer, subject)
	if errors.Is(err, store.ErrNone) {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	orgID, err = d.db.OrgByExternal(ctx, issuer, externalOrg)
	if errors.Is(err, store.ErrNone) {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	return orgID, user.ID, d.drop(ctx, d.db.Org(orgID), user)
}

func (d *UseCases) drop(ctx context.Context, org *store.Org, user store.User) error {
	was, err := org.Member(ctx, user.ID)
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	var b store.Batch
	org.DropMember(&b, user.ID)
	by := Caller{System: true, Address: "identity provider"}
	org.AddAudit(&b, by.audit("dismiss_member", "member", user.ID, memberJSON(was), "", d.now()))
	return d.db.Do(ctx, &b)
}

func (d *UseCases) renameOrg(ctx context.Context, issuer, externalID, name string) error {
	id, err := d.db.OrgByExternal(ctx, issuer, externalID)
	if errors.Is(err, store.ErrNone) || name == "" {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = d.Change(ctx, Caller{System: true, Address: "identity provider"}, id, &page.EditPage{Name: &name})
	return err
}
