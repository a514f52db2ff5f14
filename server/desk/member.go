package desk

import (
	"context"
	"errors"
	"strings"
	"time"

	"statuspage/server/auth"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// NewMember is who shall belong to an organisation. A user of the local issuer who is not known yet is made.
type NewMember struct {
	Email    string
	Name     string
	Role     auth.Role
	Password string // "" leaves the user without one: an invitation or a reset sets it
}

func (m NewMember) check() *fault.Error {
	var c status.Checks
	checkEmail(&c, m.Email)
	c.Line("name", m.Name, status.TitleMax, false)
	_, known := auth.ParseRole(string(m.Role))
	c.OneOf("role", string(m.Role), known, []string{string(auth.Admin), string(auth.Member)})
	return c.Err()
}

func checkEmail(c *status.Checks, email string) {
	c.Line("email", email, 254, true)
	at := strings.LastIndexByte(email, '@')
	c.That(c.Err() != nil || at > 0 && at < len(email)-1 && !strings.ContainsAny(email, " <>,;"), "email", "email must be an address such as ada@example.com.")
}

// CheckEmail says what is wrong with an address.
func CheckEmail(email string) *fault.Error {
	var c status.Checks
	checkEmail(&c, email)
	return c.Err()
}

// AddMember makes somebody a member, and a user where there is none with this address yet.
func (d *Desk) AddMember(ctx context.Context, by Caller, orgID string, m NewMember) (store.Member, error) {
	m.Email = strings.TrimSpace(m.Email)
	if no := m.check(); no != nil {
		return store.Member{}, no
	}
	made, err := once(ctx, d, by, orgID, func(b *store.Batch) (memberObject, error) {
		member, err := d.addMember(ctx, b, by, d.db.Org(orgID), m)
		return memberObject(member), err
	})
	var c *store.Constraint
	if errors.As(err, &c) && c.Kind == "UNIQUE" {
		err = fault.New(fault.Conflict, "%s was added at the same time.", m.Email)
	}
	return store.Member(made), err
}

func (d *Desk) addMember(ctx context.Context, b *store.Batch, by Caller, org *store.Org, m NewMember) (store.Member, error) {
	now := d.now()
	user, err := d.db.UserByEmail(ctx, m.Email)
	switch {
	case errors.Is(err, store.ErrNone):
		if user, err = d.newUser(ctx, m, now); err != nil {
			return store.Member{}, err
		}
		store.AddUser(b, user)
	case err != nil:
		return store.Member{}, err
	default:
		if _, err := org.Member(ctx, user.ID); err == nil {
			return store.Member{}, fault.New(fault.Conflict, "%s is a member already.", m.Email).With("email", "%s is a member already.", m.Email)
		}
	}
	org.AddMember(b, user.ID, m.Role, now)
	member := store.Member{UserID: user.ID, Email: user.Email, Name: user.Name, Role: m.Role, CreatedAt: status.Time(now.UnixMilli())}
	org.AddAudit(b, by.audit("add_member", "member", user.ID, "", memberJSON(member), now))
	return member, nil
}

// newUser is a user of the local issuer who is not written down yet.
func (d *Desk) newUser(ctx context.Context, m NewMember, now time.Time) (store.User, error) {
	u := store.User{ID: newID(), Email: m.Email, Name: m.Name, Issuer: auth.LocalIssuer, CreatedAt: status.Time(now.UnixMilli())}
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

// SetRole changes what a member may do. The last admin stays one.
func (d *Desk) SetRole(ctx context.Context, by Caller, orgID, userID string, role auth.Role) (store.Member, error) {
	if _, known := auth.ParseRole(string(role)); !known {
		return store.Member{}, fault.OnField("role", "role must be one of admin or member.")
	}
	return d.changeMember(ctx, by, orgID, userID, "set_role", func(b *store.Batch, org *store.Org, m *store.Member) {
		org.SetRole(b, userID, role)
		m.Role = role
	})
}

// RemoveMember ends a membership. The last admin stays.
func (d *Desk) RemoveMember(ctx context.Context, by Caller, orgID, userID string) error {
	_, err := d.changeMember(ctx, by, orgID, userID, "remove_member", func(b *store.Batch, org *store.Org, m *store.Member) {
		org.RemoveMember(b, userID)
		m.Role = ""
	})
	return err
}

func (d *Desk) changeMember(ctx context.Context, by Caller, orgID, userID, action string, change func(*store.Batch, *store.Org, *store.Member)) (store.Member, error) {
	made, err := once(ctx, d, by, orgID, func(b *store.Batch) (memberObject, error) {
		org, now := d.db.Org(orgID), d.now()
		was, err := org.Member(ctx, userID)
		if errors.Is(err, store.ErrNone) {
			return memberObject{}, fault.New(fault.NotFound, "There is no such member.")
		}
		if err != nil {
			return memberObject{}, err
		}
		is := was
		change(b, org, &is)
		if is == was {
			*b = store.Batch{}
			return memberObject(was), nil
		}
		if was.Role == auth.Admin {
			if last, err := d.lastAdmin(ctx, org); err != nil {
				return memberObject{}, err
			} else if last {
				return memberObject{}, fault.New(fault.Conflict, "This is the last admin. Make somebody else an admin first.")
			}
		}
		org.AddAudit(b, by.audit(action, "member", userID, memberJSON(was), memberJSON(is), now))
		return memberObject(is), nil
	})
	return store.Member(made), err
}

// lastAdmin is asked under the organisation's lock; the batch asks again, for another process.
func (d *Desk) lastAdmin(ctx context.Context, org *store.Org) (bool, error) {
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
