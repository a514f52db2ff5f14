package store

import (
	"context"
	"time"
)

// Purpose is what a link is for.
type Purpose string

const (
	SetupLink   Purpose = "setup"   // makes the first organisation
	ResetLink   Purpose = "reset"   // chooses a password, and proves the address
	AddressLink Purpose = "address" // proves a new address
	UndoLink    Purpose = "undo"    // takes an account back to the address that it had
)

// Link is an address that works once. But for setup it is of one account, and of one version of its credentials: it is
// void when they move on. Only UndoLink outlives that, since whoever took an account over could else make it void.
type Link struct {
	Purpose Purpose
	UserID  string
	Version int64
	Email   string // AddressLink: the new address; UndoLink: the one before
}

// AddLink puts a new link into a batch; those that are over go, and so does an older one of the same purpose, but for
// UndoLink. hash is of its secret.
func AddLink(b *Batch, hash [32]byte, l Link, now, until time.Time) {
	b.Add(`DELETE FROM links WHERE hash IN (SELECT hash FROM links WHERE expires_at < ? ORDER BY expires_at LIMIT ?)`,
		now.UnixMilli(), expiredAtOnce)
	if l.Purpose == SetupLink {
		b.Add(`DELETE FROM links WHERE purpose = 'setup'`)
	} else if l.Purpose != UndoLink {
		b.Add(`DELETE FROM links WHERE user_id = ? AND purpose = ?`, l.UserID, string(l.Purpose))
	}
	var user any
	if l.UserID != "" {
		user = l.UserID
		requireVersion(b, l.UserID, l.Version)
	}
	b.Add(`INSERT INTO links (hash, purpose, user_id, version, email, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?,
  ?)`,
		hexed(hash), string(l.Purpose), user, l.Version, l.Email, now.UnixMilli(), until.UnixMilli())
}

// Link finds a link that still works; ErrNone.
func (db *DB) Link(ctx context.Context, hash [32]byte, now time.Time) (l Link, err error) {
	err = db.row(ctx, `SELECT purpose, coalesce(user_id, ''), version, email FROM links WHERE hash = ? AND expires_at >=
  ?
AND (purpose IN ('setup', 'undo') OR EXISTS (SELECT 1 FROM users u WHERE u.id = links.user_id AND u.credential_version =
 links.version))`,
		[]any{hexed(hash), now.UnixMilli()}, &l.Purpose, &l.UserID, &l.Version, &l.Email)
	return l, err
}

// UseLink puts the end of a link into a batch, which is undone when it was used, or became void, meanwhile.
func UseLink(b *Batch, hash [32]byte, now time.Time) {
	b.Require(`EXISTS (SELECT 1 FROM links WHERE hash = ? AND expires_at >= ?)`, hexed(hash), now.UnixMilli())
	// Undoing one change of address undoes what came after it, but not the way back from an earlier one.
	b.Add(`DELETE FROM links WHERE purpose = 'undo' AND (user_id, 'undo') = (SELECT user_id, purpose FROM links WHERE
  hash = ?)
AND created_at >= (SELECT created_at FROM links WHERE hash = ?) AND hash <> ?`, hexed(hash), hexed(hash), hexed(hash))
	b.Add(`DELETE FROM links WHERE hash = ?`, hexed(hash))
}

// dropLinks puts the end of an account's links into a batch: its credentials move on. The ways back to an older address
// stay.
func dropLinks(b *Batch, userID string) {
	b.Add(`DELETE FROM links WHERE user_id = ? AND purpose <> 'undo'`, userID)
}
