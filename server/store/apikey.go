package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"statuspage/server/auth"
	"statuspage/shared/status"
)

// Key is an API key as its organisation sees it: never the secret.
type Key struct {
	ID        string
	Name      string
	Prefix    string
	Scopes    []string
	Legacy    bool // older than the scope admin
	CreatedBy string
	// CreatedByName is what its maker was called then.
	CreatedByName string
	// Owner is the member with whom the key ends; its UserID is "" for a legacy key that has none.
	Owner      Member
	CreatedAt  status.Time
	ExpiresAt  *status.Time
	LastUsedAt *status.Time
}

// AddKey puts a new key into a batch; hash is of the whole key.
func (o *Org) AddKey(b *Batch, k Key, hash [32]byte) {
	b.Add(`INSERT INTO api_keys (org_id, id, name, prefix, hash, scopes, created_by, created_by_name, owner_id,
  created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		o.id, k.ID, k.Name, k.Prefix, hexed(hash), strings.Join(k.Scopes, " "), k.CreatedBy, k.CreatedByName,
		k.Owner.UserID, int64(k.CreatedAt), when(k.ExpiresAt))
}

// HandKey puts a new owner of a key into a batch.
func (o *Org) HandKey(b *Batch, id, ownerID string) {
	b.Add(`UPDATE api_keys SET owner_id = ? WHERE org_id = ? AND id = ? AND revoked_at IS NULL`, ownerID, o.id, id)
}

// owned is the rule of which keys a member may answer for: an admin for all, a member for those that only read. A
// legacy key may have no owner. Migration 15 has the same rule as triggers, which end a key for good, whatever way its
// owner's membership changed.
const owned = `(k.owner_id = '' OR EXISTS (SELECT 1 FROM members w WHERE w.org_id = k.org_id AND w.user_id = k.owner_id
  AND (w.role = 'admin' OR k.scopes = 'read')))`

// KeysOf lists the keys that a member answers for.
func (o *Org) KeysOf(ctx context.Context, ownerID string) ([]Key, error) {
	return list(ctx, o.db, keyColumns+` AND k.owner_id = ? ORDER BY k.created_at`, []any{o.id, ownerID}, scanKey)
}

// RevokeKey puts a revocation into a batch.
func (o *Org) RevokeKey(b *Batch, id string, now time.Time) {
	b.Add(`UPDATE api_keys SET revoked_at = ? WHERE org_id = ? AND id = ? AND revoked_at IS NULL`, now.UnixMilli(),
		o.id, id)
}

// Keys lists the keys that are not revoked, newest first, and counts all.
func (o *Org) Keys(ctx context.Context, s Span) ([]Key, int, error) {
	n := 0
	if err := o.db.row(ctx, `SELECT count(*) FROM api_keys WHERE org_id = ? AND revoked_at IS NULL`, []any{o.id},
		&n); err != nil {
		return nil, 0, fmt.Errorf("count keys: %w", err)
	}
	found, err := list(ctx, o.db, keyColumns+` ORDER BY k.created_at DESC, k.id DESC LIMIT ? OFFSET ?`,
		[]any{o.id, s.Limit, s.Offset}, scanKey)
	return found, n, err
}

// Key reads one that is not revoked; ErrNone.
func (o *Org) Key(ctx context.Context, id string) (Key, error) {
	found, err := list(ctx, o.db, keyColumns+` AND k.id = ?`, []any{o.id, id}, scanKey)
	if err == nil && len(found) == 0 {
		err = ErrNone
	}
	if err != nil {
		return Key{}, err
	}
	return found[0], nil
}

// keyFields and keyTables make keyColumns.
const (
	keyFields = `SELECT k.id, k.name, k.prefix, k.scopes, k.legacy, k.created_by, k.created_by_name, k.created_at,
  k.expires_at,
k.last_used_at, coalesce(u.id, ''), coalesce(u.email, ''), coalesce(u.name, ''), coalesce(m.role, '')`
	keyTables = ` FROM api_keys k LEFT JOIN members m ON m.org_id = k.org_id AND m.user_id = k.owner_id
LEFT JOIN users u ON u.id = m.user_id`
	keyColumns = keyFields + keyTables + ` WHERE k.org_id = ? AND k.revoked_at IS NULL`
)

func scanKey(rows *sql.Rows, k *Key) error { return k.scan(rows) }

// scan reads a row of keyFields, with what stands behind them.
func (k *Key) scan(rows *sql.Rows, more ...any) error {
	var scopes string
	var expires, used sql.NullInt64
	if err := rows.Scan(append([]any{&k.ID, &k.Name, &k.Prefix, &scopes, &k.Legacy, &k.CreatedBy, &k.CreatedByName,
		&k.CreatedAt,
		&expires, &used, &k.Owner.UserID, &k.Owner.Email, &k.Owner.Name, &k.Owner.Role}, more...)...); err != nil {
		return err
	}
	k.Scopes, k.ExpiresAt, k.LastUsedAt = strings.Fields(scopes), nullTime(expires), nullTime(used)
	return nil
}

// KeyFor reads a key that is not revoked, and the member to whom it shall be handed: one without a role is none.
// ErrNone when there is no such key.
func (o *Org) KeyFor(ctx context.Context, id, to string) (k Key, owner Member, err error) {
	owner.UserID = to
	found, err := list(ctx, o.db, keyFields+`, coalesce(w.email, ''), coalesce(w.name, ''), coalesce(n.role, '')`+
		keyTables+`
LEFT JOIN members n ON n.org_id = k.org_id AND n.user_id = ? LEFT JOIN users w ON w.id = n.user_id
WHERE k.org_id = ? AND k.revoked_at IS NULL AND k.id = ?`, []any{to, o.id, id}, func(rows *sql.Rows, k *Key) error {
		return k.scan(rows, &owner.Email, &owner.Name, &owner.Role)
	})
	k, err = first(found, err)
	return k, owner, err
}

// APIKey is auth.Keys'.
func (db *DB) APIKey(ctx context.Context, prefix string) (auth.StoredKey, error) {
	var k auth.StoredKey
	var hash, scopes string
	var expires, used sql.NullInt64
	err := db.row(ctx, `SELECT k.id, k.name, k.prefix, k.hash, k.scopes, k.legacy, k.owner_id, k.expires_at,
  k.last_used_at, o.id, o.slug, o.name,
 coalesce(u.email, ''), coalesce(u.name, '')
FROM api_keys k JOIN organizations o ON o.id = k.org_id LEFT JOIN users u ON u.id = k.owner_id WHERE k.prefix = ? AND
 k.revoked_at IS NULL AND `+living("k")+` AND `+owned, []any{prefix},
		&k.ID, &k.Name, &k.Prefix, &hash, &scopes, &k.Legacy, &k.OwnerID, &expires, &used, &k.OrgID, &k.OrgSlug,
		&k.OrgName,
		&k.OwnerEmail, &k.OwnerName)
	if errors.Is(err, ErrNone) {
		return k, auth.ErrUnknown
	}
	if err != nil {
		return k, err
	}
	raw, err := hex.DecodeString(hash)
	if err != nil || len(raw) != len(k.Hash) {
		return k, fmt.Errorf("the hash of key %s is damaged", k.ID)
	}
	copy(k.Hash[:], raw)
	for _, name := range strings.Fields(scopes) {
		if scope, ok := auth.ParseScope(name); ok {
			k.Scopes = append(k.Scopes, scope)
		}
	}
	if expires.Valid {
		k.ExpiresAt = time.UnixMilli(expires.Int64)
	}
	if used.Valid {
		k.LastUsed = time.UnixMilli(used.Int64)
	}
	return k, nil
}

// KeyRef names a key of an organisation.
type KeyRef struct{ OrgID, ID string }

// TouchKeys notes when keys were last used, many at a time.
func (db *DB) TouchKeys(ctx context.Context, used map[KeyRef]time.Time) error {
	var b Batch
	for key, at := range used {
		b.Add(`UPDATE api_keys SET last_used_at = ? WHERE org_id = ? AND id = ?`, at.UnixMilli(), key.OrgID, key.ID)
	}
	return db.Do(ctx, &b)
}
