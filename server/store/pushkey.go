package store

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"fmt"
)

// newPushKey makes the key with which this installation signs what it sends to browsers (VAPID, RFC 8292), as it is
// kept in meta: made at the first start, and the same from then on, since each browser's subscription is to it.
func newPushKey() string {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return base64.RawURLEncoding.EncodeToString(key.Bytes())
}

// PushKey is this installation's key for browsers, both halves as RFC 8292 spells them.
func (db *DB) PushKey(ctx context.Context) (private, public string, err error) {
	if err := db.row(ctx, `SELECT value FROM meta WHERE key = 'push_key'`, nil, &private); err != nil {
		return "", "", fmt.Errorf("read the key for browsers: %w", err)
	}
	seed, err := base64.RawURLEncoding.DecodeString(private)
	if err != nil {
		return "", "", fmt.Errorf("the key for browsers: %w", err)
	}
	key, err := ecdh.P256().NewPrivateKey(seed)
	if err != nil {
		return "", "", fmt.Errorf("the key for browsers: %w", err)
	}
	return private, base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()), nil
}
