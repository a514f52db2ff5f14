package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	keyMark      = "sp_"
	prefixLength = 13 // of 8 random bytes
	secretLength = 52 // of 32 random bytes
)

var keyText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// StoredKey is what is kept of an API key. Its secret is not.
type StoredKey struct {
	ID     string
	Name   string
	Prefix string
	Hash   [sha256.Size]byte
	Scopes []Scope
	Legacy bool
	// OwnerID is the member that it ends with, OwnerEmail and OwnerName are of that account.
	OwnerID, OwnerEmail, OwnerName string

	OrgID   string
	OrgSlug string
	OrgName string
	// ExpiresAt is zero for a key without end.
	ExpiresAt time.Time
	LastUsed  time.Time
}

// Keys finds a key by its prefix that is not revoked and whose owner is still who may have it; ErrUnknown when there is
// none. It is asked again as soon as anything of keys or members has changed (Options.Changes), so that a revoked key
// ends at once, and one of a member who was removed.
type Keys interface {
	APIKey(ctx context.Context, prefix string) (StoredKey, error)
}

// NewAPIKey makes a key: the text to show once, and the prefix and hash to keep.
func NewAPIKey() (text, prefix string, hash [sha256.Size]byte) {
	prefix = keyText.EncodeToString(random(8))
	text = keyMark + prefix + "_" + keyText.EncodeToString(random(32))
	return text, prefix, sha256.Sum256([]byte(text))
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand ends the process first
	return b
}

// ParseAPIKey reads the prefix out of sp_<prefix>_<secret>; false for what no key looks like.
func ParseAPIKey(text string) (prefix string, ok bool) {
	rest, ok := strings.CutPrefix(text, keyMark)
	if !ok || len(rest) != prefixLength+1+secretLength || rest[prefixLength] != '_' {
		return "", false
	}
	prefix = rest[:prefixLength]
	return prefix, spelled(prefix) && spelled(rest[prefixLength+1:])
}

func spelled(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '2' || c > '7') {
			return false
		}
	}
	return true
}

func (v *Verifier) apiKey(ctx context.Context, text string) (Principal, error) {
	prefix, ok := ParseAPIKey(text)
	if !ok || v.opts.Keys == nil {
		return Principal{}, errKey()
	}
	key, err := v.opts.Keys.APIKey(ctx, prefix)
	if err != nil && !errors.Is(err, ErrUnknown) {
		return Principal{}, fmt.Errorf("find an API key: %w", err)
	}
	hash := sha256.Sum256([]byte(text))
	if subtle.ConstantTimeCompare(hash[:], key.Hash[:]) == 0 || err != nil {
		return Principal{}, errKey()
	}
	if !key.ExpiresAt.IsZero() && v.opts.Now().After(key.ExpiresAt) {
		return Principal{}, errKeyExpired()
	}
	return key.principal(), nil
}

func (k StoredKey) principal() Principal {
	return Principal{
		Kind: KindKey, ID: k.ID, Name: k.Name, OrgID: k.OrgID, OrgSlug: k.OrgSlug, OrgName: k.OrgName,
		Scopes: k.Scopes, Legacy: k.Legacy, OwnerID: k.OwnerID, OwnerEmail: k.OwnerEmail, OwnerName: k.OwnerName,
		ExpiresAt: k.ExpiresAt, LastUsed: k.LastUsed,
	}
}
