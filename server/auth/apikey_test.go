package auth

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"statuspage/shared/fault"
)

// keyring is a store of keys by prefix.
type keyring map[string]StoredKey

func (k keyring) APIKey(_ context.Context, prefix string) (StoredKey, error) {
	if key, ok := k[prefix]; ok {
		return key, nil
	}
	return StoredKey{}, ErrUnknown
}

func storedKey(scopes ...Scope) (string, StoredKey) {
	text, prefix, hash := NewAPIKey()
	return text, StoredKey{ID: "key_1", Name: "CI", Prefix: prefix, Hash: hash, Scopes: scopes, OrgID: "org_1",
		OrgSlug: "acme"}
}

func TestAnAPIKeyIsItsOrganisationsWithItsScopes(t *testing.T) {
	text, stored := storedKey(ScopeRead)
	v := verifier(t, Options{Keys: keyring{stored.Prefix: stored}})
	who, err := v.Verify(t.Context(), text)
	if err != nil || who.Kind != KindKey || who.ID != "key_1" || who.Name != "CI" || who.OrgID != "org_1" ||
		who.OrgSlug != "acme" {
		t.Fatalf("%+v, %v", who, err)
	}
	if who.MayRead("org_1") != nil || code(who.MayEdit("org_1")) != fault.Forbidden ||
		code(who.MayRead("org_2")) != fault.NotFound {
		t.Error("its scope or organisation is not held to")
	}
}

func TestAPIKeysAreRefused(t *testing.T) {
	text, stored := storedKey(ScopeWrite)
	other, _ := storedKey(ScopeWrite)
	now := time.Now()
	keys := keyring{stored.Prefix: stored}
	v := verifier(t, Options{Keys: keys, Now: func() time.Time { return now }})
	mixed := text[:len(keyMark)+prefixLength] + other[len(keyMark)+prefixLength:]
	answers := map[string]string{}
	for name, key := range map[string]string{
		"an unknown one": other, "a known prefix with another secret": mixed, "capitals": keyMark +
			strings.ToUpper(text[3:]),
		"cut short": text[:len(text)-1], "too long": text + "a", "only a mark": keyMark,
		"no secret": text[:len(keyMark)+prefixLength],
	} {
		_, err := v.Verify(t.Context(), key)
		if code(err) != fault.Unauthenticated {
			t.Errorf("%s: %v", name, err)
			continue
		}
		answers[err.Error()] = name
	}
	if len(answers) != 1 {
		t.Errorf("the answers tell them apart: %v", answers)
	}
	stored.ExpiresAt = now.Add(time.Minute)
	keys[stored.Prefix] = stored
	if got := verify(t, v, text); got != "" {
		t.Errorf("before its end: %q", got)
	}
	now = now.Add(time.Minute + 1)
	if got := verify(t, v, text); got != fault.Unauthenticated {
		t.Errorf("after its end: %q", got)
	}
	now = now.Add(-time.Minute)
	delete(keys, stored.Prefix)
	if got := verify(t, v, text); got != fault.Unauthenticated {
		t.Errorf("revoked: %q", got)
	}
	if got := verify(t, verifier(t, Options{}), text); got != fault.Unauthenticated {
		t.Errorf("where there are no keys: %q", got)
	}
}

type brokenKeys struct{ err error }

func (b brokenKeys) APIKey(context.Context, string) (StoredKey, error) { return StoredKey{}, b.err }

func TestAStoreThatFailsDoesNotRefuseTheKey(t *testing.T) {
	text, _ := storedKey(ScopeRead)
	broken := errors.New("disk on fire")
	if _, err := verifier(t, Options{Keys: brokenKeys{broken}}).Verify(t.Context(), text); !errors.Is(err, broken) {
		t.Errorf("it became %v", err)
	}
}

func TestKeysAndSecretsAreNeverTheSameTwice(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		text, prefix, hash := NewAPIKey()
		opaque := NewOpaque()
		found, ok := HashOpaque(opaque.Text)
		if parsed, good := ParseAPIKey(text); !good || parsed != prefix || !ok || found != opaque.Hash {
			t.Fatalf("%s, %s are not read back", text, opaque.Text)
		}
		for _, one := range []string{text, prefix, string(hash[:]), opaque.Text} {
			if seen[one] {
				t.Fatalf("%q came twice", one)
			}
			seen[one] = true
		}
	}
	for _, bad := range []string{"", "short", strings.Repeat("x", 44)} {
		if _, ok := HashOpaque(bad); ok {
			t.Errorf("%q looks like a secret of ours", bad)
		}
	}
}

func FuzzAPIKey(f *testing.F) {
	text, _, _ := NewAPIKey()
	for _, seed := range []string{text, "sp_", "sp__", "", "sp_" + strings.Repeat("a", 66), text + " ",
		strings.Replace(text, "_", "-", 2)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		prefix, ok := ParseAPIKey(text)
		if !ok {
			if prefix != "" && len(text) != len(keyMark)+prefixLength+1+secretLength {
				t.Errorf("%q gives a prefix though it is no key", text)
			}
			return
		}
		if len(prefix) != prefixLength || !strings.HasPrefix(text, keyMark+prefix+"_") || len(text) != len(keyMark)+
			prefixLength+1+secretLength {
			t.Errorf("%q was read as the key of %q", text, prefix)
		}
		if bytes.ContainsAny([]byte(text), "\r\n\x00 ;\"'") {
			t.Errorf("%q holds what no key holds", text)
		}
	})
}
