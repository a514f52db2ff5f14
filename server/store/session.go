package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"time"

	"statuspage/server/auth"
)

func hexed(hash [sha256.Size]byte) string { return hex.EncodeToString(hash[:]) }

// CreateSession is auth.Sessions'. Sessions that have ended are let go on the way.
func (db *DB) CreateSession(ctx context.Context, s auth.Session, hash [sha256.Size]byte) error {
	var b Batch
	b.Add(`DELETE FROM sessions WHERE expires_at < ?`, s.AdvancedAt.UnixMilli())
	b.Add(`INSERT INTO sessions (id, user_id, org_id, generation, advanced_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
		s.ID, s.UserID, s.OrgID, s.Generation, s.AdvancedAt.UnixMilli(), s.ExpiresAt.UnixMilli())
	b.Add(`INSERT INTO session_tokens (hash, session_id, generation) VALUES (?, ?, ?)`, hexed(hash), s.ID, s.Generation)
	return db.Do(ctx, &b)
}

// SessionByToken is auth.Sessions'.
func (db *DB) SessionByToken(ctx context.Context, hash [sha256.Size]byte) (auth.Session, int, error) {
	var s auth.Session
	var generation int
	var advanced, expires int64
	var revoked sql.NullInt64
	err := db.row(ctx, `SELECT s.id, s.user_id, s.org_id, s.generation, s.advanced_at, s.expires_at, s.revoked_at, t.generation
FROM session_tokens t JOIN sessions s ON s.id = t.session_id WHERE t.hash = ?`, []any{hexed(hash)},
		&s.ID, &s.UserID, &s.OrgID, &s.Generation, &advanced, &expires, &revoked, &generation)
	if errors.Is(err, ErrNone) {
		return s, 0, auth.ErrUnknown
	}
	s.AdvancedAt, s.ExpiresAt, s.Revoked = time.UnixMilli(advanced), time.UnixMilli(expires), revoked.Valid
	return s, generation, err
}

// AdvanceSession is auth.Sessions'. The token is only kept when the generation was the right one, and whether it was is read back: a
// batch does not say what it changed.
func (db *DB) AdvanceSession(ctx context.Context, id string, from int, hash [sha256.Size]byte, at time.Time) (bool, error) {
	var b Batch
	b.Add(`INSERT INTO session_tokens (hash, session_id, generation) SELECT ?, id, generation + 1 FROM sessions WHERE id = ? AND generation = ? AND revoked_at IS NULL`, hexed(hash), id, from)
	b.Add(`UPDATE sessions SET generation = generation + 1, advanced_at = ? WHERE id = ? AND generation = ? AND revoked_at IS NULL`, at.UnixMilli(), id, from)
	return db.keptToken(ctx, &b, hash)
}

// AddToken is auth.Sessions'.
func (db *DB) AddToken(ctx context.Context, id string, generation int, hash [sha256.Size]byte) (bool, error) {
	var b Batch
	b.Add(`INSERT INTO session_tokens (hash, session_id, generation) SELECT ?, id, generation FROM sessions WHERE id = ? AND generation = ? AND revoked_at IS NULL`, hexed(hash), id, generation)
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

// RevokeUser puts the end of all of a user's sessions into a batch.
func RevokeUser(b *Batch, userID string, at time.Time) {
	b.Add(`UPDATE sessions SET revoked_at = ? WHERE user_id = ? AND revoked_at IS NULL`, at.UnixMilli(), userID)
}

// SetSessionOrg turns a session to another of its user's organisations.
func (db *DB) SetSessionOrg(ctx context.Context, id, orgID string) error {
	var b Batch
	b.Add(`UPDATE sessions SET org_id = ? WHERE id = ?`, orgID, id)
	return db.Do(ctx, &b)
}
