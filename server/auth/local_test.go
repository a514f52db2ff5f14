package auth

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"statuspage/shared/fault"
)

// keystore keeps signing keys and can lose one.
type keystore struct {
	mu   sync.Mutex
	keys []SigningKey
}

func (k *keystore) SigningKeys(context.Context) ([]SigningKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]SigningKey(nil), k.keys...), nil
}

func (k *keystore) SaveSigningKey(_ context.Context, key SigningKey) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys = append(k.keys, key)
	return nil
}

func (k *keystore) remove(i int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys = append(k.keys[:i:i], k.keys[i+1:]...)
}

var ada = Subject{UserID: "u-1", Email: "ada@example.com", Name: "Ada", SessionID: "s-1", OrgID: "o-1", OrgSlug: "acme",
	Role: Admin}

func mint(t *testing.T, l *Local, who Subject, ttl time.Duration) string {
	t.Helper()
	token, _, err := l.Mint(t.Context(), who, ttl, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func newLocal(t *testing.T) (*Local, *keystore) {
	t.Helper()
	store := &keystore{}
	l := NewLocal(store)
	for range 2 { // the second finds the first one's key
		if err := l.Ensure(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if len(store.keys) != 1 {
		t.Fatalf("%d keys were made", len(store.keys))
	}
	return l, store
}

func TestOurOwnTokensTakeThePathOfEverybodyElses(t *testing.T) {
	l, _ := newLocal(t)
	cache := &sets{of: map[string][]byte{}, fails: true}
	v := verifier(t, Options{Issuers: []Issuer{l.Issuer()}, Sets: cache})
	token, expires, err := l.Mint(t.Context(), ada, 0, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	who, err := v.Verify(t.Context(), token)
	want := Principal{Kind: KindUser, ID: "u-1", Email: "ada@example.com", Name: "Ada", OrgID: "o-1", OrgSlug: "acme",
		Role:      Admin,
		SessionID: "s-1", Issuer: LocalIssuer, IssuedAt: who.IssuedAt, ExpiresAt: expires}
	if err != nil || !samePrincipal(who, want) {
		t.Errorf("%+v, %v, want %+v", who, err, want)
	}
	if v.remembers(LocalIssuer) || !v.remembers(clerk) {
		t.Error("our own keys are kept twice, or others' not at all")
	}
	if left := time.Until(expires); left < LocalTTL-time.Minute || left > LocalTTL {
		t.Errorf("it expires in %v", left)
	}
	if who, err := v.Verify(t.Context(), mint(t, l, Subject{UserID: "u-2"}, time.Hour)); err != nil ||
		who.OrgID != "" || who.Role != "" {
		t.Errorf("without an organisation: %+v, %v", who, err)
	}
}

// Strangers verify our tokens by the document that we publish.
func TestOurTokensVerifyByThePublishedKeySetToo(t *testing.T) {
	l, _ := newLocal(t)
	document, err := l.JWKS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	server := serveKeys(t)
	server.answer(document, 0)
	is := trust(t, LocalIssuer, server.URL, slow)
	if got := verify(t, verifier(t, Options{Issuers: []Issuer{is}}), mint(t, l, ada, time.Minute)); got != "" {
		t.Error(got)
	}
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal(document, &set); err != nil || len(set.Keys) != 1 {
		t.Fatalf("%s: %v", document, err)
	}
	for name, want := range map[string]any{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "d": nil} {
		if set.Keys[0][name] != want {
			t.Errorf("%s is %v, want %v", name, set.Keys[0][name], want)
		}
	}
}

func TestTheNewestKeySignsAndOlderOnesGoOnVerifying(t *testing.T) {
	l, store := newLocal(t)
	is := l.Issuer()
	is.pace = quick
	is.pace.unknown = time.Millisecond
	v := verifier(t, Options{Issuers: []Issuer{is}})
	old := mint(t, l, ada, time.Hour)
	if got := verify(t, v, old); got != "" {
		t.Fatal(got)
	}
	// Another process rotates: this verifier has not heard of it.
	if err := NewLocal(store).Rotate(t.Context(), time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	fresh := mint(t, l, ada, time.Hour)
	for name, token := range map[string]string{"the new key's": fresh, "the old key's": old} {
		if got := verify(t, v, token); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
	store.remove(0)
	eventually(t, "the token of the deleted key is refused",
		func() bool { return verify(t, v, old) == fault.Unauthenticated })
	if got := verify(t, v, fresh); got != "" {
		t.Errorf("the other: %q", got)
	}
}

func TestNobodyElseSignsForUs(t *testing.T) {
	l, store := newLocal(t)
	stranger, _ := newLocal(t)
	v := verifier(t, Options{Issuers: []Issuer{l.Issuer(), trust(t, clerk, serveKeys(t, rsaSigner("k1")).URL, slow)}})
	external := rsaSigner("k1")
	for name, token := range map[string]string{
		"another installation": mint(t, stranger, ada, time.Hour),
		"the external issuer":  external.sign(t, claimsOf(LocalIssuer, nil)),
		"the external, with our kid": signer{store.keys[0].ID, external.private, external.method}.sign(t,
			claimsOf(LocalIssuer, nil)),
		"a token for another service": edSigner("x").sign(t, claimsOf(LocalIssuer, map[string]any{"aud": "billing"})),
	} {
		if got := verify(t, v, token); got != fault.Unauthenticated {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestTokensLastFromASecondToAYear(t *testing.T) {
	l, _ := newLocal(t)
	for ttl, want := range map[time.Duration]fault.Code{
		time.Second: "", maxTTL: "", -time.Second: fault.Invalid, time.Millisecond: fault.Invalid,
		maxTTL + 1: fault.Invalid,
	} {
		if _, _, err := l.Mint(t.Context(), ada, ttl, time.Now()); code(err) != want {
			t.Errorf("%v: %v", ttl, err)
		}
	}
}

func TestWithoutAKeyNothingIsMintedAndNothingVerified(t *testing.T) {
	l := NewLocal(&keystore{})
	if _, _, err := l.Mint(t.Context(), ada, 0, time.Now()); err == nil {
		t.Error("a token was minted without a key")
	}
	document, err := l.JWKS(t.Context())
	if err != nil || string(document) != `{"keys":[]}` {
		t.Errorf("%s, %v", document, err)
	}
	damaged := NewLocal(&keystore{keys: []SigningKey{{ID: "k", Seed: []byte("short")}}})
	if _, _, err := damaged.Mint(t.Context(), ada, 0, time.Now()); err == nil {
		t.Error("a damaged key signs")
	}
	if _, err := damaged.JWKS(t.Context()); err == nil {
		t.Error("a damaged key is published")
	}
}
