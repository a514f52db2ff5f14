package usecase

import (
	"context"
	"errors"
	"strings"
	"time"

	"statuspage/server/auth"
	"statuspage/server/notify"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// NewMember is who shall belong to an organisation, by the operator's word or their own.
type NewMember struct {
	Email    string
	Name     string
	Role     auth.Role
	Password string // "" leaves a new account without one: a link of the operator's, or one to its mailbox, sets it
}

// check says what is wrong, and brings the address into the form in which it is kept.
func (m *NewMember) check() *fault.Error {
	var c status.Checks
	c.Name("name", m.Name, status.TitleMax, false)
	_, known := auth.ParseRole(string(m.Role))
	c.OneOf("role", string(m.Role), known, []string{string(auth.Admin), string(auth.Member)})
	kept, no := accountAddress(m.Email)
	if no == nil {
		m.Email = kept
	}
	return joined(no, c.Err())
}

// accountAddress is an address as accounts and offers keep it: letters of ASCII alone, a domain of another script in
// its own ASCII form, so that no address looks like another one.
func accountAddress(email string) (string, *fault.Error) {
	kept, _, no := notify.CheckAddress("email", store.Email, email, false)
	if no == nil && len(kept) > 254 {
		no = fault.OnField("email", "email has at most 254 characters.")
	}
	return kept, no
}

// asTyped is an address by which an account is looked for: in the form in which it is kept, or, for one of before there
// was a form, as it is.
func asTyped(email string) string {
	if kept, no := accountAddress(email); no == nil {
		return kept
	}
	return strings.TrimSpace(email)
}

// CheckEmail says what is wrong with an address.
func CheckEmail(email string) *fault.Error {
	_, no := accountAddress(email)
	return no
}

// AddMember makes somebody a member by the operator's word, who vouches for the address: the account that there is, or
// a new one. Nobody else may: an organisation offers memberships.
func (d *UseCases) AddMember(ctx context.Context, by Caller, orgID string, m NewMember) (store.Member, error) {
	if !by.System {
		return store.Member{}, fault.New(fault.Forbidden, "Only the operator adds members. Offer a membership.")
	}
	if no := m.check(); no != nil {
		return store.Member{}, no
	}
	made, err := administer(ctx, d, by, orgID, func(b *store.Batch) (memberObject, error) {
		member, err := d.addMember(ctx, b, by, d.db.Org(orgID), m)
		return memberObject(member), err
	})
	var c *store.Constraint
	if errors.As(err, &c) && c.Kind == "UNIQUE" {
		err = fault.New(fault.Conflict, "%s was added at the same time.", m.Email)
	}
	return store.Member(made), err
}

func (d *UseCases) addMember(ctx context.Context, b *store.Batch, by Caller, org *store.Org,
	m NewMember) (store.Member, error) {
	now := d.now()
	user, err := d.operatorsAccount(ctx, b, m, now)
	if err != nil {
		return store.Member{}, err
	}
	if _, err := org.Member(ctx, user.ID); err == nil {
		return store.Member{}, fault.New(fault.Conflict, "%s is a member already.", m.Email).
			With("email", "%s is a member already.", m.Email)
	}
	org.AddMember(b, user.ID, m.Role, now)
	member := store.Member{UserID: user.ID, Email: user.Email, Name: user.Name, Role: m.Role,
		CreatedAt: status.Time(now.UnixMilli())}
	org.AddAudit(b, by.audit("add_member", "member", user.ID, "", memberJSON(member), now))
	return member, nil
}

// operatorsAccount is the account of an address, which is proved by the operator's word. One that has a password keeps
// it; one of before there were proofs, that has none, gets it. Accounts that organisations hold are left alone.
func (d *UseCases) operatorsAccount(ctx context.Context, b *store.Batch, m NewMember,
	now time.Time) (store.User, error) {
	user, err := d.db.UserByEmail(ctx, m.Email)
	if !errors.Is(err, store.ErrNone) {
		return user, err
	}
	unproved, err := d.db.Unproved(ctx, m.Email)
	if err != nil {
		return user, err
	}
	made, err := d.newUser(ctx, m, now)
	if err != nil {
		return user, err
	}
	if len(unproved) > 0 && unproved[0].HeldBy == "" {
		store.SetCredentials(b, unproved[0], made.Password, true, "", now)
		return unproved[0], nil
	}
	made.Proved = true
	store.AddUser(b, made)
	return made, nil
}

// newUser is a user of the local issuer who is not written down yet.
func (d *UseCases) newUser(ctx context.Context, m NewMember, now time.Time) (store.User, error) {
	u := store.User{ID: newID(), Email: m.Email, Name: m.Name, Issuer: auth.LocalIssuer,
		CreatedAt: status.Time(now.UnixMilli()), Version: 1}
	u.Subject = u.ID
	if u.Name == "" {
		u.Name, _, _ = strings.Cut(m.Email, "@")
	}
	if m.Password == "" {
		return u, nil
	}
	hash, err := d.passwords.Hash(ctx, m.Password)
	u.Password = hash
	return u, err
}

// SetRole changes what a member may do, or what is offered. The last admin stays one. Who is no admin any more has no
// open offers either.
func (d *UseCases) SetRole(ctx context.Context, by Caller, orgID, id string, role auth.Role) (store.Person, error) {
	if _, known := auth.ParseRole(string(role)); !known {
		return store.Person{}, fault.OnField("role", "role must be one of admin or member.")
	}
	return d.changePerson(ctx, by, orgID, id, "set_role", func(b *store.Batch, org *store.Org, p *store.Person) {
		p.Role = role
		if p.Offer != nil {
			p.Offer.Role = role
			org.SetOfferRole(b, *p.Offer)
			return
		}
		org.SetRole(b, id, role)
	})
}

// RemoveMember ends a membership, or withdraws an offer. The last admin stays.
func (d *UseCases) RemoveMember(ctx context.Context, by Caller, orgID, id string) error {
	_, err := d.changePerson(ctx, by, orgID, id, "remove_member",
		func(b *store.Batch, org *store.Org, p *store.Person) {
			p.Role = ""
			if p.Offer != nil {
				org.EndOffer(b, id)
				return
			}
			org.Leave(b, id)
		})
	d.ended()
	return err
}

func (d *UseCases) changePerson(ctx context.Context, by Caller, orgID, id, action string,
	change func(*store.Batch, *store.Org, *store.Person)) (store.Person, error) {
	made, err := administer(ctx, d, by, orgID, func(b *store.Batch) (personObject, error) {
		org, now := d.db.Org(orgID), d.now()
		was, keys, err := org.Person(ctx, id)
		if errors.Is(err, store.ErrNone) {
			err = errNoMember()
		}
		if err != nil {
			return personObject{}, err
		}
		is := was
		if was.Offer != nil {
			f := *was.Offer
			is.Offer = &f
		}
		change(b, org, &is)
		if is.Role == was.Role {
			*b = store.Batch{}
			return personObject(was), nil
		}
		if was.Offer == nil && was.Role == auth.Admin {
			org.AnotherAdmin(b, id, errLastAdmin())
		}
		if was.Offer != nil {
			after := ""
			if action = "change_offer"; is.Role == "" {
				action = "withdraw_offer"
			} else {
				after = offerJSON(*is.Offer)
			}
			org.AddAudit(b, by.audit(action, "offer", id, offerJSON(*was.Offer), after, now))
			return personObject(is), nil
		}
		org.AddAudit(b, by.audit(action, "member", id, memberJSON(was.Member), memberJSON(is.Member), now))
		d.endedKeys(b, by, org, keys, is.Role)
		return personObject(is), nil
	})
	if store.Overtaken(err) {
		err = errNoMember()
	}
	return store.Person(made), err
}

type personObject store.Person

func (p *personObject) Wire(f *wire.Fields) { WirePerson((*store.Person)(p), f) }

func errNoMember() *fault.Error { return fault.New(fault.NotFound, "There is no such member.") }

func errLastAdmin() *fault.Error {
	return fault.New(fault.Conflict, "This is the last admin. Make somebody else an admin first.")
}

// lastAdmin is asked under the organisation's lock; the batch asks again, for another process.
func (d *UseCases) lastAdmin(ctx context.Context, org *store.Org) (bool, error) {
	n, err := org.Admins(ctx)
	return n <= 1, err
}

func memberJSON(m store.Member) string {
	if m.Role == "" {
		return ""
	}
	return string(wire.Marshal((*memberObject)(&m)))
}

type memberObject store.Member

func (m *memberObject) Wire(f *wire.Fields) {
	f.Str("id", &m.UserID)
	f.Str("email", &m.Email)
	f.Str("name", &m.Name)
	f.Str("role", (*string)(&m.Role))
	f.Time("created_at", &m.CreatedAt)
}
