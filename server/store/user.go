package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"statuspage/server/auth"
	"statuspage/shared/status"
)

// User is a person, of the local issuer or of another.
type User struct {
	ID        string
	Email     string
	Name      string
	Password  string // argon2id; "" has none
	Issuer    string
	Subject   string
	CreatedAt status.Time

	// What follows is of the built-in issuer's accounts alone.

	Proved  bool   // the address was proved by its mailbox or the operator
	HeldBy  string // the organisation whose link an unproved account was made with; "" for others
	Version int64  // of the credentials; 0 of a new one is 1
	LastOrg string // which organisation a plain sign-in opens; "" is the first one joined
}

// Member is a user in an organisation.
type Member struct {
	UserID    string
	Email     string
	Name      string
	Role      auth.Role
	CreatedAt status.Time
}

// Membership is an organisation that a user belongs to.
type Membership struct {
	OrgID, Slug, Name string
	Role              auth.Role
}

// AddUser puts a new user into a batch. A local one's subject is its id.
func AddUser(b *Batch, u User) {
	var proved, held any
	if u.Proved {
		proved = int64(u.CreatedAt)
	} else if u.HeldBy != "" {
		held = u.HeldBy
	}
	b.Add(`INSERT INTO users (id, email, name, password, issuer, subject, created_at, updated_at, proved_at, held_by,
  last_org) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		u.ID, u.Email, u.Name, u.Password, u.Issuer, u.Subject, int64(u.CreatedAt), int64(u.CreatedAt), proved, held,
		u.LastOrg)
}

// User reads one; ErrNone.
func (db *DB) User(ctx context.Context, id string) (User, error) {
	return db.user(ctx, `id = ?`, id)
}

// UserBySubject finds whom an issuer means; ErrNone.
func (db *DB) UserBySubject(ctx context.Context, issuer, subject string) (User, error) {
	return db.user(ctx, `issuer = ? AND subject = ?`, issuer, subject)
}

// UserByEmail finds the proved account of an address; ErrNone. Letters are alike in upper and lower case within ASCII
// alone: no other letter may pass for one of another address.
func (db *DB) UserByEmail(ctx context.Context, email string) (User, error) {
	return db.user(ctx, `issuer = 'statuspage' AND proved_at IS NOT NULL AND lower(email) = lower(?)`, email)
}

func (db *DB) user(ctx context.Context, where string, args ...any) (User, error) {
	found, err := list(ctx, db, `SELECT `+userColumns+` FROM users WHERE `+where, args, scanUser)
	if err == nil && len(found) == 0 {
		err = ErrNone
	}
	if err != nil {
		return User{}, err
	}
	return found[0], nil
}

// Memberships lists the organisations of a user that are not deleted, in the order in which they were joined.
func (db *DB) Memberships(ctx context.Context, userID string) ([]Membership, error) {
	return everybodys(ctx, db, "membership", `SELECT o.id, o.slug, o.name, m.role FROM members m JOIN organizations o ON
  o.id = m.org_id WHERE m.user_id = ?
AND NOT EXISTS (SELECT 1 FROM deleted_organizations d WHERE d.org_id = o.id) ORDER BY m.created_at, o.id`,
		[]any{userID}, func(rows *sql.Rows, m *Membership) error {
			return rows.Scan(&m.OrgID, &m.Slug, &m.Name,
				&m.Role)
		}, nil)
}

// AddMember puts a membership into a batch; one that is there gets the role.
func (o *Org) AddMember(b *Batch, userID string, role auth.Role, now time.Time) {
	b.Add(`INSERT INTO members (org_id, user_id, role, created_at) VALUES (?, ?, ?, ?)
ON CONFLICT (org_id, user_id) DO UPDATE SET role = excluded.role`, o.id, userID, string(role), now.UnixMilli())
}

const memberColumns = `SELECT u.id, u.email, u.name, m.role, m.created_at FROM members m JOIN users u ON u.id =
  m.user_id WHERE m.org_id = ?`

func scanMember(rows *sql.Rows, m *Member) error {
	return rows.Scan(&m.UserID, &m.Email, &m.Name, &m.Role, &m.CreatedAt)
}

// Members lists them in the order in which they came, and counts all.
func (o *Org) Members(ctx context.Context, s Span) ([]Member, int, error) {
	n := 0
	if err := o.db.row(ctx, `SELECT count(*) FROM members WHERE org_id = ?`, []any{o.id}, &n); err != nil {
		return nil, 0, fmt.Errorf("count members: %w", err)
	}
	found, err := list(ctx, o.db, memberColumns+` ORDER BY m.created_at, m.user_id LIMIT ? OFFSET ?`,
		[]any{o.id, s.Limit, s.Offset}, scanMember)
	return found, n, err
}

// Member reads one; ErrNone.
func (o *Org) Member(ctx context.Context, userID string) (Member, error) {
	found, err := list(ctx, o.db, memberColumns+` AND m.user_id = ?`, []any{o.id, userID}, scanMember)
	if err != nil {
		return Member{}, err
	}
	if len(found) == 0 {
		return Member{}, ErrNone
	}
	return found[0], nil
}

// Strangers lists which of these ids are neither a member's nor a key's that is not revoked.
func (o *Org) Strangers(ctx context.Context, ids []string) ([]string, error) {
	text, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	return list(ctx, o.db, `SELECT json_each.value FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM members m WHERE
  m.org_id = ? AND m.user_id = json_each.value)
AND NOT EXISTS (SELECT 1 FROM api_keys k WHERE k.org_id = ? AND k.id = json_each.value AND k.revoked_at IS NULL)`,
		[]any{string(text), o.id, o.id},
		func(rows *sql.Rows, id *string) error { return rows.Scan(id) })
}

// anotherAdmin guards a change inside its batch: it happens only while another admin is there.
const anotherAdmin = `EXISTS (SELECT 1 FROM members x WHERE x.org_id = ? AND x.role = 'admin' AND x.user_id <> ?)`

// SetRole puts a change of role into a batch; it changes nothing when it would leave no admin.
func (o *Org) SetRole(b *Batch, userID string, role auth.Role) {
	b.Add(`UPDATE members SET role = ? WHERE org_id = ? AND user_id = ? AND (? = 'admin' OR role <> 'admin' OR `+
		anotherAdmin+`)`,
		string(role), o.id, userID, string(role), o.id, userID)
	if role != auth.Admin {
		o.endOffersOf(b, userID)
	}
}

// Admins counts them.
func (o *Org) Admins(ctx context.Context) (n int, err error) {
	err = o.db.row(ctx, `SELECT count(*) FROM members WHERE org_id = ? AND role = 'admin'`, []any{o.id}, &n)
	return n, err
}
