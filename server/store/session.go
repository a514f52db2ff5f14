package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"statuspage/server/auth"
	"statuspage/shared/status"
)

func hexed(hash [sha256.Size]byte) string { return hex.EncodeToString(hash[:]) }

// endedAtOnce is how many ended sessions a new one takes along, and tokensAtOnce how many of their tokens.
const (
	endedAtOnce  = 5
	tokensAtOnce = 50
)

// forgetSessions deletes so many tokens of sessions that have ended, and so many of those sessions that have none left.
func forgetSessions(b *Batch, ended int64, sessions, tokens int) {
	b.Add(`DELETE FROM session_tokens WHERE hash IN (SELECT t.hash FROM sessions s JOIN session_tokens t ON t.session_id
  = s.id WHERE s.expires_at < ? ORDER BY s.expires_at LIMIT ?)`, ended, tokens)
	b.Add(`DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < ? ORDER BY expires_at LIMIT ?)
 AND NOT EXISTS (SELECT 1 FROM session_tokens t WHERE t.session_id = sessions.id)`, ended, sessions)
}

// ForgetSessions deletes so many of what is left of sessions that have ended; done says that there are no more.
func (db *DB) ForgetSessions(ctx context.Context, now time.Time, n int) (done bool, err error) {
	var more int
	err = db.row(ctx, `SELECT count(*) FROM (SELECT 1 FROM sessions WHERE expires_at < ? LIMIT 1)`,
		[]any{now.UnixMilli()}, &more)
	if err != nil || more == 0 {
		return err == nil, err
	}
	var b Batch
	forgetSessions(&b, now.UnixMilli(), n, n)
	return false, db.Do(ctx, &b)
}

// CreateSession is auth.Sessions'. Sessions that are over are let go on the way. Without a hash it has no token to be
// refreshed with.
func (db *DB) CreateSession(ctx context.Context, s auth.Session, hash [sha256.Size]byte) error {
	var b Batch
	AddSession(&b, s, hash)
	err := db.Do(ctx, &b)
	if Overtaken(err) {
		return auth.ErrMoved
	}
	return err
}

// AddSession puts a new session into a batch, which is undone when the account's credentials are of another version.
func AddSession(b *Batch, s auth.Session, hash [sha256.Size]byte) {
	now := s.CreatedAt.UnixMilli()
	forgetSessions(b, now, endedAtOnce, tokensAtOnce)
	b.Add(`DELETE FROM ended_sessions WHERE session_id IN (SELECT session_id FROM ended_sessions WHERE until < ? ORDER
  BY until LIMIT ?)`, now, endedAtOnce)
	requireVersion(b, s.UserID, s.Version)
	b.Add(`INSERT INTO sessions (id, user_id, org_id, generation, advanced_at, expires_at, kind, created_at, device,
  address, proof, factor, confirmed_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, CASE WHEN ? = 'operator' THEN 0 ELSE ? END)`, s.ID, s.UserID, s.OrgID,
		s.Generation, s.AdvancedAt.UnixMilli(),
		s.ExpiresAt.UnixMilli(), string(s.Kind), now, s.Device, s.Address, string(s.Proof), s.Factor, string(s.Proof),
		now)
	if s.Kind == auth.BrowserSession {
		b.Add(`INSERT INTO session_tokens (hash, session_id, generation) VALUES (?, ?, ?)`, hexed(hash), s.ID,
			s.Generation)
	}
}

// requireVersion undoes a batch when an account's credentials have moved on.
func requireVersion(b *Batch, userID string, version int64) {
	b.Require(`EXISTS (SELECT 1 FROM users WHERE id = ? AND credential_version = ?)`, userID, version)
}

// SessionByToken is auth.Sessions'.
func (db *DB) SessionByToken(ctx context.Context, hash [sha256.Size]byte) (auth.Session, int, error) {
	var s auth.Session
	var generation int
	var advanced, expires int64
	var revoked sql.NullInt64
	var by string
	err := db.row(ctx, `SELECT s.id, s.user_id, s.org_id, s.generation, s.advanced_at, s.advanced_by, s.expires_at,
  s.revoked_at, t.generation
FROM session_tokens t JOIN sessions s ON s.id = t.session_id WHERE t.hash = ?`, []any{hexed(hash)},
		&s.ID, &s.UserID, &s.OrgID, &s.Generation, &advanced, &by, &expires, &revoked, &generation)
	if errors.Is(err, ErrNone) {
		return s, 0, auth.ErrUnknown
	}
	s.AdvancedAt, s.ExpiresAt, s.Revoked = time.UnixMilli(advanced), time.UnixMilli(expires), revoked.Valid
	if n, bad := hex.Decode(s.AdvancedBy[:], []byte(by)); err == nil && (bad != nil || n != 0 && n != sha256.Size) {
		return s, 0, fmt.Errorf("session %s: what it was advanced by is no hash", s.ID)
	}
	return s, generation, err
}

// AdvanceSession is auth.Sessions'. The token is only kept when the generation was the right one, and whether it was is
// read back: a batch does not say what it changed.
func (db *DB) AdvanceSession(ctx context.Context, id string, from int, by, hash [sha256.Size]byte,
	at time.Time) (bool, error) {
	var b Batch
	b.Add(`INSERT INTO session_tokens (hash, session_id, generation) SELECT ?, id, generation + 1 FROM sessions WHERE id
  = ? AND generation = ? AND revoked_at IS NULL`, hexed(hash), id, from)
	b.Add(`UPDATE sessions SET generation = generation + 1, advanced_at = ?, advanced_by = ? WHERE id = ? AND generation
  = ? AND revoked_at IS NULL`, at.UnixMilli(), hexed(by), id, from)
	return db.keptToken(ctx, &b, hash)
}

// AddToken is auth.Sessions'.
func (db *DB) AddToken(ctx context.Context, id string, generation int, hash [sha256.Size]byte) (bool, error) {
	var b Batch
	b.Add(`INSERT INTO session_tokens (hash, session_id, generation) SELECT ?, id, generation FROM sessions WHERE id = ?
  AND generation = ? AND revoked_at IS NULL`, hexed(hash), id, generation)
	return db.keptToken(ctx, &b, hash)
}

func (db *DB) keptToken(ctx context.Context, b *Batch, hash [sha256.Size]byte) (bool, error) {
	if err := db.Do(ctx, b); err != nil {
		return false, err
	}
	_, _, err := db.SessionByToken(ctx, hash)
	if errors.Is(err, auth.ErrUnknown) {
		return false, nil
	}
	return err == nil, err
}

// RevokeSession is auth.Sessions'.
func (db *DB) RevokeSession(ctx context.Context, id string, at time.Time) error {
	var b Batch
	b.Add(`UPDATE sessions SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL`, at.UnixMilli(), id)
	return db.Do(ctx, &b)
}

// EndSession puts the end of one session of a user into a batch.
func EndSession(b *Batch, userID, id string, at time.Time) {
	b.Add(`UPDATE sessions SET revoked_at = ? WHERE id = ? AND user_id = ? AND revoked_at IS NULL`, at.UnixMilli(), id,
		userID)
}

// EndSessions puts the end of a user's sessions into a batch, but for the one that is named; "" spares none. Tokens
// that have no session, of versions that made none, end as well.
func EndSessions(b *Batch, userID, but string, at time.Time) {
	b.Add(`UPDATE sessions SET revoked_at = ? WHERE user_id = ? AND id <> ? AND revoked_at IS NULL`, at.UnixMilli(),
		userID, but)
	b.Add(`UPDATE users SET signed_out_at = ? WHERE id = ?`, at.UnixMilli(), userID)
}

// OwnSession is a session as its person sees it.
type OwnSession struct {
	ID, Kind, Device, Address    string
	CreatedAt, UsedAt, ExpiresAt status.Time
}

// Sessions lists a user's sessions that go on, the last used first, and counts all.
func (db *DB) Sessions(ctx context.Context, userID string, now time.Time, s Span) ([]OwnSession, int, error) {
	const where = ` FROM sessions WHERE user_id = ? AND revoked_at IS NULL AND expires_at > ?`
	n := 0
	if err := db.row(ctx, `SELECT count(*)`+where, []any{userID, now.UnixMilli()}, &n); err != nil {
		return nil, 0, fmt.Errorf("count sessions: %w", err)
	}
	found, err := list(ctx, db, `SELECT id, kind, device, address, created_at, advanced_at, expires_at`+where+
		` ORDER BY advanced_at DESC, id DESC LIMIT ? OFFSET ?`,
		[]any{userID, now.UnixMilli(), s.Limit, s.Offset}, func(rows *sql.Rows, x *OwnSession) error {
			return rows.Scan(&x.ID, &x.Kind, &x.Device, &x.Address, &x.CreatedAt, &x.UsedAt, &x.ExpiresAt)
		})
	return found, n, err
}

// SessionOf says whether a session that goes on is a user's.
func (db *DB) SessionOf(ctx context.Context, userID, id string, now time.Time) (bool, error) {
	n := 0
	err := db.row(ctx, `SELECT count(*) FROM sessions WHERE id = ? AND user_id = ? AND revoked_at IS NULL AND expires_at
  > ?`, []any{id, userID, now.UnixMilli()}, &n)
	return n > 0, err
}

// SetSessionOrg turns a session to another of its user's organisations.
func (db *DB) SetSessionOrg(ctx context.Context, id, orgID string) error {
	var b Batch
	b.Add(`UPDATE sessions SET org_id = ? WHERE id = ? AND revoked_at IS NULL`, orgID, id)
	return db.Do(ctx, &b)
}
