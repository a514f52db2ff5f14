package store

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"time"

	"statuspage/server/auth"
)

// SigningKeys is auth.SigningKeys'.
func (db *DB) SigningKeys(ctx context.Context) ([]auth.SigningKey, error) {
	return everybodys(ctx, db, "signing key", `SELECT kid, secret, created_at FROM signing_keys ORDER BY created_at,
  kid`, nil, func(rows *sql.Rows, k *auth.SigningKey) error {
		var seed string
		var at int64
		if err := rows.Scan(&k.ID, &seed, &at); err != nil {
			return err
		}
		k.CreatedAt = time.UnixMilli(at)
		var err error
		if k.Seed, err = base64.StdEncoding.DecodeString(seed); err != nil {
			return &Unreadable{Kind: "signing key", ID: k.ID, why: err.Error()}
		}
		return nil
	}, nil)
}

// SaveSigningKey is auth.SigningKeys'.
func (db *DB) SaveSigningKey(ctx context.Context, k auth.SigningKey) error {
	var b Batch
	b.Add(`INSERT INTO signing_keys (kid, secret, created_at) VALUES (?, ?, ?)`, k.ID,
		base64.StdEncoding.EncodeToString(k.Seed), k.CreatedAt.UnixMilli())
	return db.Do(ctx, &b)
}

// Sets is the cache of external issuers' keys, so that a start does not need the issuer. Only the primary writes it.
type Sets struct {
	db    *DB
	write bool
}

// Sets is the cache; with write false it only reads.
func (db *DB) Sets(write bool) *Sets { return &Sets{db, write} }

// LoadSet is auth.SetCache's; nil when nothing is known.
func (s *Sets) LoadSet(issuer string) ([]byte, error) {
	var body []byte
	err := s.db.row(context.Background(), `SELECT body FROM jwks_cache WHERE issuer = ?`, []any{issuer}, &body)
	if errors.Is(err, ErrNone) {
		return nil, nil
	}
	return body, err
}

// SaveSet is auth.SetCache's.
func (s *Sets) SaveSet(issuer string, set []byte) error {
	if !s.write {
		return nil
	}
	var b Batch
	b.Add(`INSERT INTO jwks_cache (issuer, body, at) VALUES (?, ?, ?) ON CONFLICT (issuer) DO UPDATE SET body =
  excluded.body, at = excluded.at`,
		issuer, string(set), time.Now().UnixMilli())
	return s.db.Do(context.Background(), &b)
}
