package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"statuspage/server/auth"
	"statuspage/shared/status"
)

// maxUnproved is how many accounts of one address that nobody has proved may sign in, the newest; each costs one more
// hash at every sign-in.
const maxUnproved = 4

const userColumns = `id, email, name, password, issuer, subject, created_at, proved_at IS NOT NULL, coalesce(held_by,
  ''), credential_version, last_org`

func scanUser(rows *sql.Rows, u *User) error {
	return rows.Scan(&u.ID, &u.Email, &u.Name, &u.Password, &u.Issuer, &u.Subject, &u.CreatedAt, &u.Proved, &u.HeldBy,
		&u.Version, &u.LastOrg)
}

// Unproved lists the accounts of an address that nobody has proved: one from before there were proofs first, then the
// newest.
func (db *DB) Unproved(ctx context.Context, email string) ([]User, error) {
	return list(ctx, db, `SELECT `+userColumns+` FROM users WHERE issuer = 'statuspage' AND proved_at IS NULL AND
  lower(email) = lower(?)
ORDER BY held_by IS NOT NULL, created_at DESC, id DESC LIMIT ?`, []any{email, maxUnproved}, scanUser)
}

// Accounts is auth.Accounts': who may sign in with an address, and how many hashes a sign-in computes, which is the
// same for every address of the installation. slug brings those of an organisation before other unproved ones.
func (db *DB) Accounts(ctx context.Context, email, slug string) (found []auth.Account, hashes int, err error) {
	const columns = `SELECT u.id, u.email, u.name, u.password, u.credential_version FROM users u WHERE u.issuer =
  'statuspage' AND lower(u.email) = lower(?) AND u.proved_at IS`
	found, err = list(ctx, db, `SELECT * FROM (`+columns+` NOT NULL) UNION ALL SELECT * FROM (`+columns+
		` NULL AND u.password <> ''
ORDER BY EXISTS (SELECT 1 FROM members m JOIN organizations o ON o.id = m.org_id WHERE m.user_id = u.id AND o.slug = ?)
 DESC, u.created_at DESC, u.id DESC LIMIT ?)`,
		[]any{email, email, slug, maxUnproved}, func(rows *sql.Rows, a *auth.Account) error {
			return rows.Scan(&a.UserID, &a.Email, &a.Name, &a.PasswordHash, &a.Version)
		})
	if err != nil {
		return nil, 0, err
	}
	// The most that any address has: an installation with mail has none, and computes one.
	err = db.row(ctx, `SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM users WHERE issuer = 'statuspage' AND
  proved_at IS NULL AND password <> '' GROUP BY lower(email))`, nil, &hashes)
	return found, 1 + min(hashes, maxUnproved), err
}

// SetCredentials puts a new password (and, if it is told, a proof of the address) into a batch. Every session but one
// ends, and every link.
func SetCredentials(b *Batch, u User, hash string, proved bool, but string, now time.Time) {
	requireVersion(b, u.ID, u.Version)
	b.Add(`UPDATE users SET password = ?, proved_at = CASE WHEN ? THEN coalesce(proved_at, ?) ELSE proved_at END,
  held_by = CASE WHEN ? THEN NULL ELSE held_by END,
credential_version = credential_version + 1, updated_at = ? WHERE id = ?`, hash, proved, now.UnixMilli(), proved,
		now.UnixMilli(), u.ID)
	EndSessions(b, u.ID, but, now)
	dropLinks(b, u.ID)
}

// SetAddress puts another address into a batch, which its mailbox has proved. Every session but one ends, and every
// link.
func SetAddress(b *Batch, u User, email, but string, now time.Time) {
	requireVersion(b, u.ID, u.Version)
	b.Add(`UPDATE users SET email = ?, proved_at = ?, held_by = NULL, credential_version = credential_version + 1,
  updated_at = ? WHERE id = ?`, email, now.UnixMilli(), now.UnixMilli(), u.ID)
	EndSessions(b, u.ID, but, now)
	dropLinks(b, u.ID)
}

// Rename puts a person's own name into a batch.
func Rename(b *Batch, userID, name string, now time.Time) {
	b.Add(`UPDATE users SET name = ?, updated_at = ? WHERE id = ?`, name, now.UnixMilli(), userID)
}

// ChooseOrg puts into a batch which organisation a person's plain sign-ins open from now on.
func ChooseOrg(b *Batch, userID, orgID string) {
	b.Add(`UPDATE users SET last_org = ? WHERE id = ? AND last_org <> ?`, orgID, userID, orgID)
}

// Leave puts the end of a membership into a batch, which is undone when it would leave an organisation without an
// admin. An account whose address nobody has proved ends with its last membership.
func (o *Org) Leave(b *Batch, userID string) {
	b.Require(`EXISTS (SELECT 1 FROM members m WHERE m.org_id = ? AND m.user_id = ? AND (m.role <> 'admin' OR `+
		anotherAdmin+`))`, o.id, userID, o.id, userID)
	b.Add(`DELETE FROM members WHERE org_id = ? AND user_id = ?`, o.id, userID)
	o.endOffersOf(b, userID)
	dropIfHeld(b, userID)
}

// dropIfHeld deletes an account that nobody has proved and that belongs nowhere.
func dropIfHeld(b *Batch, userID string) {
	const gone = ` IN (SELECT u.id FROM users u WHERE u.id = ? AND u.issuer = 'statuspage' AND u.proved_at IS NULL AND
  NOT EXISTS (SELECT 1 FROM members m WHERE m.user_id = u.id))`
	b.Add(`DELETE FROM session_tokens WHERE session_id IN (SELECT id FROM sessions WHERE user_id`+gone+`)`, userID)
	b.Add(`DELETE FROM sessions WHERE user_id`+gone, userID)
	b.Add(`DELETE FROM links WHERE user_id`+gone, userID)
	b.Add(`DELETE FROM users WHERE id`+gone, userID)
}

// DeleteUser puts the end of an account into a batch, with its sessions and links. Its memberships must have been ended
// before: one that is left undoes the batch.
func DeleteUser(b *Batch, u User) {
	requireVersion(b, u.ID, u.Version)
	b.Add(`DELETE FROM session_tokens WHERE session_id IN (SELECT id FROM sessions WHERE user_id = ?)`, u.ID)
	b.Add(`DELETE FROM sessions WHERE user_id = ?`, u.ID)
	b.Add(`DELETE FROM links WHERE user_id = ?`, u.ID)
	b.Require(`NOT EXISTS (SELECT 1 FROM members WHERE user_id = ?)`, u.ID)
	b.Add(`DELETE FROM users WHERE id = ?`, u.ID)
}

// Validity is what holds of a token of the built-in issuer at this moment.
type Validity struct {
	Email, Name string
	Role        auth.Role // "" is no member
	OrgGone     bool      // there is no such organisation, or it was deleted
	Ended       bool      // the session is over
	SignedOutAt time.Time // tokens without a session are good when they came after it
	LacksFactor bool      // the organisation asks for a second factor, which the session has not shown
}

// Validity reads it in one statement; ErrNone when there is no such account. Both ids may be "".
func (db *DB) Validity(ctx context.Context, userID, orgID, sessionID string) (s Validity, err error) {
	var out int64
	err = db.row(ctx, `SELECT u.email, u.name, coalesce((SELECT m.role FROM members m WHERE m.org_id = ? AND m.user_id =
  u.id), ''),
 ? <> '' AND (NOT EXISTS (SELECT 1 FROM organizations WHERE id = ?) OR EXISTS (SELECT 1 FROM deleted_organizations WHERE
 org_id = ?)),
 EXISTS (SELECT 1 FROM ended_sessions WHERE session_id = ?), u.signed_out_at, `+lacksFactor+
		` FROM users u WHERE u.id = ?`,
		[]any{orgID, orgID, orgID, orgID, sessionID, orgID, sessionID, userID}, &s.Email, &s.Name, &s.Role, &s.OrgGone,
		&s.Ended, &out, &s.LacksFactor)
	s.SignedOutAt = time.UnixMilli(out)
	return s, err
}

// EndedOf lists which of these sessions are over.
func (db *DB) EndedOf(ctx context.Context, sessions []string) ([]string, error) {
	return list(ctx, db, `SELECT json_each.value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM ended_sessions e WHERE
  e.session_id = json_each.value)`,
		[]any{jsonStrings(sessions)}, func(rows *sql.Rows, id *string) error { return rows.Scan(id) })
}

// SignedOut tells when these users signed out everywhere, of those who ever did.
func (db *DB) SignedOut(ctx context.Context, userIDs []string) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	err := db.rows(ctx, `SELECT u.id, u.signed_out_at FROM json_each(?) CROSS JOIN users u ON u.id = json_each.value
  WHERE u.signed_out_at > 0`, []any{jsonStrings(userIDs)},
		func(rows *sql.Rows) error {
			var id string
			var at int64
			err := rows.Scan(&id, &at)
			out[id] = time.UnixMilli(at)
			return err
		})
	return out, err
}

// OwnMembership is an organisation as one of its members sees it, also while it is deleted and can be restored.
type OwnMembership struct {
	Membership
	JoinedAt             status.Time
	DeletedAt, ErasingAt *status.Time
}

// OwnMemberships lists a user's organisations in the order in which they were joined.
func (db *DB) OwnMemberships(ctx context.Context, userID string) ([]OwnMembership, error) {
	found, err := list(ctx, db, `SELECT o.id, o.slug, o.name, m.role, m.created_at, d.deleted_at, d.erase_at FROM
  members m JOIN organizations o ON o.id = m.org_id
LEFT JOIN deleted_organizations d ON d.org_id = o.id WHERE m.user_id = ? AND coalesce(d.erasing, 0) = 0 ORDER BY
 m.created_at, o.id`, []any{userID},
		func(rows *sql.Rows, m *OwnMembership) error {
			var deleted, erase sql.NullInt64
			if err := rows.Scan(&m.OrgID, &m.Slug, &m.Name, &m.Role, &m.JoinedAt, &deleted, &erase); err != nil {
				return err
			}
			m.DeletedAt, m.ErasingAt = nullTime(deleted), nullTime(erase)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("list memberships: %w", err)
	}
	return found, nil
}

// AccountOf finds the account that an address means to the operator: the proved one, else one that nobody has proved;
// ErrNone.
func (db *DB) AccountOf(ctx context.Context, email string) (User, error) {
	u, err := db.UserByEmail(ctx, email)
	if !errors.Is(err, ErrNone) {
		return u, err
	}
	all, err := db.Unproved(ctx, email)
	if err != nil || len(all) == 0 {
		return User{}, errors.Join(err, ErrNone)
	}
	return all[0], nil
}
