package store

import (
	"context"
	"time"
)

// Link is an address that works once: it sets an installation up, or lets somebody choose a password.
type Link struct {
	Purpose string // setup, invitation or reset
	OrgID   string
	UserID  string
	Email   string
}

// AddLink puts a new link into a batch; those that are long over go. hash is of its secret.
func AddLink(b *Batch, hash [32]byte, l Link, now, until time.Time) {
	b.Add(`DELETE FROM links WHERE expires_at < ?`, now.UnixMilli())
	b.Add(`INSERT INTO links (hash, purpose, org_id, user_id, email, role, created_at, expires_at) VALUES (?, ?, ?, ?, ?, '', ?, ?)`,
		hexed(hash), l.Purpose, l.OrgID, l.UserID, l.Email, now.UnixMilli(), until.UnixMilli())
}

// Link finds a link that still works; ErrNone.
func (db *DB) Link(ctx context.Context, hash [32]byte, now time.Time) (l Link, err error) {
	err = db.row(ctx, `SELECT purpose, org_id, user_id, email FROM links WHERE hash = ? AND used_at IS NULL AND expires_at >= ?`,
		[]any{hexed(hash), now.UnixMilli()}, &l.Purpose, &l.OrgID, &l.UserID, &l.Email)
	return l, err
}

// UseLink puts the end of a link into a batch.
func UseLink(b *Batch, hash [32]byte, now time.Time) {
	b.Add(`UPDATE links SET used_at = ? WHERE hash = ?`, now.UnixMilli(), hexed(hash))
}
