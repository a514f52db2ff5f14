package store

import (
	"context"
	"database/sql"
	"time"

	"statuspage/shared/status"
)

// Factor is a second factor of an account.
type Factor struct {
	ID     string
	Kind   string // totp or passkey
	Name   string // its person's
	Party  string // of a passkey: the host name that it is for
	Cred   string // of a passkey: the credential's id, base64url
	Secret string // of a totp, sealed; a passkey's record, in which nothing is secret
	// LastStep is the newest step of 30 s of which a totp's code was used.
	LastStep   int64
	CreatedAt  status.Time
	LastUsedAt *status.Time
}

const factorColumns = `SELECT id, kind, name, party, coalesce(credential_id, ''), secret, last_step, created_at,
  last_used_at FROM factors`

func scanFactor(rows *sql.Rows, x *Factor) error {
	var used sql.NullInt64
	err := rows.Scan(&x.ID, &x.Kind, &x.Name, &x.Party, &x.Cred, &x.Secret, &x.LastStep, &x.CreatedAt, &used)
	x.LastUsedAt = nullTime(used)
	return err
}

// Factors lists an account's second factors, the oldest first.
func (db *DB) Factors(ctx context.Context, userID string) ([]Factor, error) {
	return list(ctx, db, factorColumns+` WHERE user_id = ? ORDER BY created_at, id`, []any{userID}, scanFactor)
}

// PasskeyHolder finds whose a passkey is; ErrNone.
func (db *DB) PasskeyHolder(ctx context.Context, credentialID string) (userID string, err error) {
	err = db.row(ctx, `SELECT user_id FROM factors WHERE credential_id = ?`, []any{credentialID}, &userID)
	return userID, err
}

// RecoveryCodes counts those that an account has left.
func (db *DB) RecoveryCodes(ctx context.Context, userID string) (n int, err error) {
	err = db.row(ctx, `SELECT count(*) FROM recovery_codes WHERE user_id = ?`, []any{userID}, &n)
	return n, err
}

// AddFactor puts a new second factor into a batch, and that the session which adds it has shown it. Every other session
// ends, and every link.
func AddFactor(b *Batch, u User, session string, x Factor, now time.Time) {
	moveCredentials(b, u, session, now)
	var cred any
	if x.Cred != "" {
		cred = x.Cred
	}
	b.Add(`INSERT INTO factors (user_id, id, kind, name, party, credential_id, secret, last_step, created_at,
  last_used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		u.ID, x.ID, x.Kind, x.Name, x.Party, cred, x.Secret, x.LastStep, int64(x.CreatedAt), int64(x.CreatedAt))
	b.Add(`UPDATE sessions SET factor = ? WHERE id = ? AND user_id = ?`, x.Kind, session, u.ID)
}

// RemoveFactor puts the end of a second factor into a batch. With the last one the recovery codes go, and what sessions
// had shown.
func RemoveFactor(b *Batch, u User, session, id string, now time.Time) {
	moveCredentials(b, u, session, now)
	b.Add(`DELETE FROM factors WHERE user_id = ? AND id = ?`, u.ID, id)
	withoutFactors(b, u.ID)
}

// RemoveFactors is RemoveFactor for all of them, by the operator: every session ends.
func RemoveFactors(b *Batch, u User, now time.Time) {
	moveCredentials(b, u, "", now)
	b.Add(`DELETE FROM factors WHERE user_id = ?`, u.ID)
	withoutFactors(b, u.ID)
}

func withoutFactors(b *Batch, userID string) {
	const none = ` AND NOT EXISTS (SELECT 1 FROM factors f WHERE f.user_id = ?)`
	b.Add(`DELETE FROM recovery_codes WHERE user_id = ?`+none, userID, userID)
	b.Add(`UPDATE sessions SET factor = '' WHERE user_id = ?`+none, userID, userID)
}

// moveCredentials puts into a batch that what an account signs in with has changed.
func moveCredentials(b *Batch, u User, but string, now time.Time) {
	requireVersion(b, u.ID, u.Version)
	b.Add(`UPDATE users SET credential_version = credential_version + 1, updated_at = ? WHERE id = ?`, now.UnixMilli(),
		u.ID)
	b.Add(`DELETE FROM challenges WHERE user_id = ? AND purpose <> 'spent'`, u.ID)
	EndSessions(b, u.ID, but, now)
	dropLinks(b, u.ID)
}

// RenewRecoveryCodes is SetRecoveryCodes by a person who has some. Every other session ends, and every link.
func RenewRecoveryCodes(b *Batch, u User, session string, hashes [][32]byte, now time.Time) {
	moveCredentials(b, u, session, now)
	SetRecoveryCodes(b, u.ID, hashes)
}

// SetRecoveryCodes puts new recovery codes in the place of those that there were.
func SetRecoveryCodes(b *Batch, userID string, hashes [][32]byte) {
	b.Add(`DELETE FROM recovery_codes WHERE user_id = ?`, userID)
	for _, hash := range hashes {
		b.Add(`INSERT INTO recovery_codes (user_id, hash) VALUES (?, ?)`, userID, hexed(hash))
	}
}

// UseTOTP puts the use of a code into a batch, which is undone when that code, or a later one, was used before.
func UseTOTP(b *Batch, id string, step int64, now time.Time) {
	b.Require(`EXISTS (SELECT 1 FROM factors WHERE id = ? AND last_step < ?)`, id, step)
	b.Add(`UPDATE factors SET last_step = ?, last_used_at = ? WHERE id = ?`, step, now.UnixMilli(), id)
}

// UsePasskey puts the use of a passkey into a batch, with its record as it is now.
func UsePasskey(b *Batch, userID, credentialID, record string, now time.Time) {
	b.Require(`EXISTS (SELECT 1 FROM factors WHERE user_id = ? AND credential_id = ?)`, userID, credentialID)
	b.Add(`UPDATE factors SET secret = ?, last_used_at = ? WHERE user_id = ? AND credential_id = ?`, record,
		now.UnixMilli(), userID, credentialID)
}

// UseRecoveryCode puts the use of a recovery code into a batch, which is undone when there is none.
func UseRecoveryCode(b *Batch, userID string, hash [32]byte) {
	b.Require(`EXISTS (SELECT 1 FROM recovery_codes WHERE user_id = ? AND hash = ?)`, userID, hexed(hash))
	b.Add(`DELETE FROM recovery_codes WHERE user_id = ? AND hash = ?`, userID, hexed(hash))
}

// Challenge is what waits for a second factor.
type Challenge struct {
	Purpose   string // sign_in, totp, passkey or confirm
	UserID    string
	Version   int64
	SessionID string
	Data      string
	Attempts  int
}

// AddChallenge puts a new challenge into a batch; those that are over go. An account has few at a time: the oldest make
// room.
func AddChallenge(b *Batch, hash [32]byte, c Challenge, now, until time.Time) {
	const most = 16
	b.Add(`DELETE FROM challenges WHERE expires_at < ?`, now.UnixMilli())
	b.Add(`DELETE FROM challenges WHERE hash IN (SELECT hash FROM challenges WHERE user_id = ? AND purpose <> 'spent'
  ORDER BY expires_at DESC LIMIT -1 OFFSET ?)`, c.UserID, most-1)
	requireVersion(b, c.UserID, c.Version)
	b.Add(`INSERT INTO challenges (hash, purpose, user_id, version, session_id, data, expires_at) VALUES (?, ?, ?, ?, ?,
  ?, ?)`,
		hexed(hash), c.Purpose, c.UserID, c.Version, c.SessionID, c.Data, until.UnixMilli())
}

// SpendAsk puts into a batch that a challenge of a sign-in by passkey alone was answered, which happens once: else the
// batch is undone.
func SpendAsk(b *Batch, hash [32]byte, u User, until time.Time) {
	b.Require(`NOT EXISTS (SELECT 1 FROM challenges WHERE hash = ?)`, hexed(hash))
	requireVersion(b, u.ID, u.Version)
	b.Add(`INSERT INTO challenges (hash, purpose, user_id, version, session_id, data, expires_at) VALUES (?, 'spent', ?,
  ?, '', '', ?)`,
		hexed(hash), u.ID, u.Version, until.UnixMilli())
}

// Challenge finds one that still waits; ErrNone.
func (db *DB) Challenge(ctx context.Context, hash [32]byte, now time.Time) (c Challenge, err error) {
	err = db.row(ctx, `SELECT purpose, user_id, version, session_id, data, attempts FROM challenges WHERE hash = ? AND
  expires_at >= ?
AND EXISTS (SELECT 1 FROM users u WHERE u.id = challenges.user_id AND u.credential_version = challenges.version)`,
		[]any{hexed(hash), now.UnixMilli()}, &c.Purpose, &c.UserID, &c.Version, &c.SessionID, &c.Data, &c.Attempts)
	return c, err
}

// TryChallenge puts an attempt at a challenge into a batch, which is undone when there were so many before.
func TryChallenge(b *Batch, hash [32]byte, most int) {
	b.Require(`EXISTS (SELECT 1 FROM challenges WHERE hash = ? AND attempts < ?)`, hexed(hash), most)
	b.Add(`UPDATE challenges SET attempts = attempts + 1 WHERE hash = ?`, hexed(hash))
}

// UseChallenge puts the end of a challenge into a batch, which is undone when it was used meanwhile.
func UseChallenge(b *Batch, hash [32]byte) {
	b.Require(`EXISTS (SELECT 1 FROM challenges WHERE hash = ?)`, hexed(hash))
	b.Add(`DELETE FROM challenges WHERE hash = ?`, hexed(hash))
}

// Confirmed is when the person of a session last gave a password or a factor in it, and which second factor it has
// shown; ErrNone.
func (db *DB) Confirmed(ctx context.Context, userID, sessionID string) (at time.Time, factor string, err error) {
	var ms int64
	err = db.row(ctx, `SELECT confirmed_at, factor FROM sessions WHERE id = ? AND user_id = ? AND revoked_at IS NULL`,
		[]any{sessionID, userID}, &ms, &factor)
	return time.UnixMilli(ms), factor, err
}

// Confirm puts into a batch that a session's person gave a password or a factor; factor is which, or "" for none.
func Confirm(b *Batch, userID, sessionID, factor string, now time.Time) {
	b.Add(`UPDATE sessions SET confirmed_at = ?, factor = CASE WHEN ? = '' THEN factor ELSE ? END WHERE id = ? AND
  user_id = ?`,
		now.UnixMilli(), factor, factor, sessionID, userID)
}

// lacksFactor is true for a session that has shown no second factor, in an organisation that asks for one. Tokens of
// the command line are the operator's. Its arguments are the organisation and the session.
const lacksFactor = `(EXISTS (SELECT 1 FROM organization_security x WHERE x.org_id = ? AND x.second_factor = 1)
 AND NOT EXISTS (SELECT 1 FROM sessions x WHERE x.id = ? AND (x.factor <> '' OR x.kind = 'token')))`

// LacksFactor says whether an organisation asks for a second factor that a session has not shown.
func (db *DB) LacksFactor(ctx context.Context, orgID, sessionID string) (lacks bool, err error) {
	err = db.row(ctx, `SELECT `+lacksFactor, []any{orgID, sessionID}, &lacks)
	return lacks, err
}

// FactorRequired says whether an organisation that somebody belongs to asks for a second factor.
func (db *DB) FactorRequired(ctx context.Context, userID string) (required bool, err error) {
	err = db.row(ctx, `SELECT EXISTS (SELECT 1 FROM members m JOIN organization_security x ON x.org_id = m.org_id WHERE
  m.user_id = ? AND x.second_factor = 1)`, []any{userID}, &required)
	return required, err
}

// Lacking lists which of these sessions have shown no second factor, where the organisation asks for one.
func (o *Org) Lacking(ctx context.Context, sessions []string) ([]string, error) {
	return list(ctx, o.db, `SELECT json_each.value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM organization_security x
  WHERE x.org_id = ? AND x.second_factor = 1)
AND NOT EXISTS (SELECT 1 FROM sessions s WHERE s.id = json_each.value AND (s.factor <> '' OR s.kind = 'token'))`,
		[]any{jsonStrings(sessions), o.id},
		func(rows *sql.Rows, id *string) error { return rows.Scan(id) })
}

// AsksFactor says whether the organisation asks its people for a second factor.
func (o *Org) AsksFactor(ctx context.Context) (asks bool, err error) {
	err = o.db.row(ctx, `SELECT EXISTS (SELECT 1 FROM organization_security WHERE org_id = ? AND second_factor = 1)`,
		[]any{o.id}, &asks)
	return asks, err
}

// AskFactor puts into a batch whether the organisation asks its people for a second factor.
func (o *Org) AskFactor(b *Batch, asks bool, now time.Time) {
	n := 0
	if asks {
		n = 1
	}
	b.Add(`INSERT INTO organization_security (org_id, second_factor, updated_at) VALUES (?, ?, ?)
ON CONFLICT (org_id) DO UPDATE SET second_factor = excluded.second_factor, updated_at = excluded.updated_at`, o.id, n,
		now.UnixMilli())
}
