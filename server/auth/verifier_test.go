package auth

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"statuspage/shared/fault"
)

const clerk = "https://clerk.example.com"

func TestEachAlgorithmThatIsPinnedVerifies(t *testing.T) {
	keys := []signer{rsaSigner("rsa"), ecSigner("ec"), edSigner("ed")}
	v := verifier(t, Options{Issuers: []Issuer{trust(t, clerk, serveKeys(t, keys...).URL, slow)}})
	for _, key := range keys {
		who, err := v.Verify(t.Context(), key.sign(t, claimsOf(clerk, nil)))
		if err != nil || who.ID != "user_1" || who.OrgID != "org_1" || who.OrgSlug != "acme" || who.Role != Admin ||
			who.SessionID != "sess_1" || who.Issuer != clerk || who.Kind != KindUser {
			t.Errorf("%s: %+v, %v", key.kid, who, err)
		}
		if left := time.Until(who.ExpiresAt); left < 50*time.Second || left > time.Minute {
			t.Errorf("%s: expires in %v", key.kid, left)
		}
	}
}

// forged is a token with any header, any claims and any signature.
func forged(header, claims map[string]any, sign func(text string) []byte) string {
	h, _ := json.Marshal(header)
	c, _ := json.Marshal(claims)
	text := base64.RawURLEncoding.EncodeToString(h) + "." + base64.RawURLEncoding.EncodeToString(c)
	return text + "." + base64.RawURLEncoding.EncodeToString(sign(text))
}

func hs256(secret []byte) func(string) []byte {
	return func(text string) []byte {
		sig, _ := jwt.SigningMethodHS256.Sign(text, secret)
		return sig
	}
}

func TestTokensAreRefused(t *testing.T) {
	key, other := rsaSigner("k1"), rsaSigner("k1")
	server := serveKeys(t)
	server.publishBare(t, key)
	is := trust(t, clerk, server.URL, slow)
	is.Audience, is.AuthorizedParties = []string{"status", "status-2"}, []string{"https://status.example.com"}
	v := verifier(t, Options{Issuers: []Issuer{is}})
	now := time.Now()
	good := claimsOf(clerk, nil)
	public := x509.MarshalPKCS1PublicKey(key.private.Public().(*rsa.PublicKey))
	pkix, _ := x509.MarshalPKIXPublicKey(key.private.Public())
	asPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix})
	document, _ := json.Marshal(key.jwk(t))
	sign := func(changes jwt.MapClaims) string { return key.sign(t, claimsOf(clerk, changes)) }
	withHeader := func(name string, value any) string {
		token := jwt.NewWithClaims(key.method, good)
		token.Header["kid"] = key.kid
		if token.Header[name] = value; value == nil {
			delete(token.Header, name)
		}
		text, _ := token.SignedString(key.private)
		return text
	}
	for _, c := range []struct {
		name  string
		token string
		want  fault.Code
	}{
		{"a good one", sign(nil), ""},
		{"nothing", "", fault.Unauthenticated},
		{"noise", "a.b.c", fault.Unauthenticated},
		{"two parts", strings.Join(strings.Split(sign(nil), ".")[:2], "."), fault.Unauthenticated},
		{"very long", sign(jwt.MapClaims{"x": strings.Repeat("x", maxToken)}), fault.Unauthenticated},
		{"a signature of another key", other.sign(t, good), fault.Unauthenticated},
		{"a signature cut short", sign(nil)[:len(sign(nil))-8], fault.Unauthenticated},
		{"alg none", forged(map[string]any{"alg": "none", "kid": "k1"}, good, func(string) []byte { return nil }),
			fault.Unauthenticated},
		{"alg None", forged(map[string]any{"alg": "None", "kid": "k1"}, good, func(string) []byte { return nil }),
			fault.Unauthenticated},
		{"HS256 with the public key as its secret, DER", forged(map[string]any{"alg": "HS256", "kid": "k1"}, good,
			hs256(public)), fault.Unauthenticated},
		{"HS256 with the public key as its secret, PEM", forged(map[string]any{"alg": "HS256", "kid": "k1"}, good,
			hs256(asPEM)), fault.Unauthenticated},
		{"HS256 with the key's document as its secret", forged(map[string]any{"alg": "HS256", "kid": "k1"}, good,
			hs256(document)), fault.Unauthenticated},
		{"RS256 said of an HS256 signature", forged(map[string]any{"alg": "RS256", "kid": "k1"}, good, hs256(asPEM)),
			fault.Unauthenticated},
		{"RS512, which is not pinned", signer{"k1", key.private, jwt.SigningMethodRS512}.sign(t, good),
			fault.Unauthenticated},
		{"PS256, which is not pinned", signer{"k1", key.private, jwt.SigningMethodPS256}.sign(t, good),
			fault.Unauthenticated},
		{"ES256 against an RSA key", ecSigner("k1").sign(t, good), fault.Unauthenticated},
		{"EdDSA against an RSA key", edSigner("k1").sign(t, good), fault.Unauthenticated},
		{"no kid", withHeader("kid", nil), fault.Unauthenticated},
		{"an empty kid", withHeader("kid", ""), fault.Unauthenticated},
		{"a kid that is no string", withHeader("kid", 7), fault.Unauthenticated},
		{"an unknown kid", signer{"k9", key.private, key.method}.sign(t, good), fault.Unauthenticated},
		{"critical headers", withHeader("crit", []string{"b64"}), fault.Unauthenticated},
		{"a key of its own", forgedWithOwnKey(t, good), fault.Unauthenticated},
		{"no iss", sign(jwt.MapClaims{"iss": nil}), fault.Unauthenticated},
		{"another iss", sign(jwt.MapClaims{"iss": "https://evil.example.com"}), fault.Unauthenticated},
		{"iss but for a slash", sign(jwt.MapClaims{"iss": clerk + "/"}), fault.Unauthenticated},
		{"iss in capitals", sign(jwt.MapClaims{"iss": strings.ToUpper(clerk)}), fault.Unauthenticated},
		{"iss as a list", sign(jwt.MapClaims{"iss": []string{clerk}}), fault.Unauthenticated},
		{"no aud", sign(jwt.MapClaims{"aud": nil}), fault.Unauthenticated},
		{"another aud", sign(jwt.MapClaims{"aud": "billing"}), fault.Unauthenticated},
		{"aud as a list with ours", sign(jwt.MapClaims{"aud": []string{"billing", "status-2"}}), ""},
		{"no azp", sign(jwt.MapClaims{"azp": nil}), fault.Unauthenticated},
		{"another azp", sign(jwt.MapClaims{"azp": "https://evil.example.com"}), fault.Unauthenticated},
		{"no exp", sign(jwt.MapClaims{"exp": nil}), fault.Unauthenticated},
		{"exp as text", sign(jwt.MapClaims{"exp": "tomorrow"}), fault.Unauthenticated},
		{"expired", sign(jwt.MapClaims{"exp": now.Add(-10 * time.Second).Unix()}), fault.Unauthenticated},
		{"not yet", sign(jwt.MapClaims{"nbf": now.Add(30 * time.Second).Unix()}), fault.Unauthenticated},
		{"no sub", sign(jwt.MapClaims{"sub": nil}), fault.Unauthenticated},
		{"a pending session", sign(jwt.MapClaims{"sts": "pending"}), fault.Unauthenticated},
		{"an active session", sign(jwt.MapClaims{"sts": "active"}), ""},
		{"no organisation", sign(jwt.MapClaims{"o": nil}), ""},
		{"an unknown role", sign(jwt.MapClaims{"o": map[string]any{"id": "org_1", "rol": "owner"}}), fault.Forbidden},
		{"a role in capitals", sign(jwt.MapClaims{"o": map[string]any{"id": "org_1", "rol": "Admin"}}),
			fault.Forbidden},
		{"no role", sign(jwt.MapClaims{"o": map[string]any{"id": "org_1"}}), fault.Forbidden},
	} {
		if got := verify(t, v, c.token); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// forgedWithOwnKey carries the key that verifies it in its header, under the kid of a good one.
func forgedWithOwnKey(t *testing.T, claims jwt.MapClaims) string {
	own := rsaSigner("k1")
	token := jwt.NewWithClaims(own.method, claims)
	token.Header["kid"], token.Header["jwk"] = own.kid, own.jwk(t)
	token.Header["jku"] = "http://127.0.0.1:1/keys"
	text, err := token.SignedString(own.private)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestFiveSecondsOfLeewayAreGivenAndNoMore(t *testing.T) {
	key, now := edSigner("k1"), time.Now().Truncate(time.Second)
	v := verifier(t, Options{
		Issuers: []Issuer{trust(t, clerk, serveKeys(t, key).URL, slow)}, Now: func() time.Time { return now },
	})
	for _, c := range []struct {
		name, claim string
		at          time.Duration
		want        fault.Code
	}{
		{"4 s after exp", "exp", -4 * time.Second, ""},
		{"6 s after exp", "exp", -6 * time.Second, fault.Unauthenticated},
		{"4 s before nbf", "nbf", 4 * time.Second, ""},
		{"6 s before nbf", "nbf", 6 * time.Second, fault.Unauthenticated},
	} {
		token := key.sign(t, claimsOf(clerk, jwt.MapClaims{c.claim: now.Add(c.at).Unix()}))
		if got := verify(t, v, token); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestAnExpiredTokenIsToldSo(t *testing.T) {
	key := edSigner("k1")
	v := verifier(t, Options{Issuers: []Issuer{trust(t, clerk, serveKeys(t, key).URL, slow)}})
	_, err := v.Verify(t.Context(), key.sign(t,
		claimsOf(clerk, jwt.MapClaims{"exp": time.Now().Add(-time.Hour).Unix()})))
	if err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("the answer is %v", err)
	}
}

func TestAnIssuerCannotSpeakForAnother(t *testing.T) {
	const a, b = "https://a.example.com", "https://b.example.com"
	keyA, keyB, same := rsaSigner("key-a"), rsaSigner("key-b"), edSigner("shared-kid")
	sameB := edSigner("shared-kid")
	v := verifier(t, Options{Issuers: []Issuer{
		trust(t, a, serveKeys(t, keyA, same).URL, slow), trust(t, b, serveKeys(t, keyB, sameB).URL, slow),
	}})
	for _, c := range []struct {
		name   string
		key    signer
		issuer string
		want   fault.Code
	}{
		{"A as A", keyA, a, ""}, {"B as B", keyB, b, ""}, {"B as A", keyB, a, fault.Unauthenticated},
		{"A as B", keyA, b, fault.Unauthenticated}, {"A as A, a kid that B has too", same, a, ""},
		{"B as B, a kid that A has too", sameB, b, ""},
		{"B as A, a kid that both have", sameB, a, fault.Unauthenticated},
	} {
		if got := verify(t, v, c.key.sign(t, claimsOf(c.issuer, nil))); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestKeysThatMustNotVerifyAreLeftOutOfTheSet(t *testing.T) {
	good := rsaSigner("good")
	small, _ := rsa.GenerateKey(rand.Reader, 1024)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	private := edSigner("private")
	secret := []byte("a secret that a careless issuer published")
	set := map[string]any{"keys": []any{
		good.jwk(t),
		map[string]any{"kty": "oct", "kid": "shared", "k": base64.RawURLEncoding.EncodeToString(secret),
			"alg": "HS256"},
		with(t, signer{"small", small, jwt.SigningMethodRS256}, "", nil),
		with(t, signer{"p384", p384, jwt.SigningMethodES384}, "alg", ""),
		with(t, rsaSignerAs("enc", good), "use", "enc"),
		with(t, rsaSignerAs("oaep", good), "alg", "RSA-OAEP"),
		with(t, private, "d", base64.RawURLEncoding.EncodeToString(seedOf(private))),
		map[string]any{"kty": "AKP", "kid": "of-tomorrow", "alg": "ML-DSA-65", "pub": "AAAA"},
	}}
	document, _ := json.Marshal(set)
	server := serveKeys(t)
	server.answer(document, 0)
	v := verifier(t, Options{Issuers: []Issuer{trust(t, clerk, server.URL, slow)}})
	claims := claimsOf(clerk, nil)
	if got := verify(t, v, good.sign(t, claims)); got != "" {
		t.Fatalf("the good key beside them: %q", got)
	}
	kept, err := v.issuers[clerk].keys.KeyReadAll(t.Context())
	if err != nil || len(kept) != 1 {
		t.Errorf("%d keys are kept, %v", len(kept), err)
	}
	for _, c := range []struct {
		name, token string
		want        fault.Code
	}{
		{"the good key beside them", good.sign(t, claims), ""},
		{"a shared secret", forged(map[string]any{"alg": "HS256", "kid": "shared"}, claims, hs256(secret)),
			fault.Unauthenticated},
		{"1024 bits", signer{"small", small, jwt.SigningMethodRS256}.sign(t, claims), fault.Unauthenticated},
		{"P-384", signer{"p384", p384, jwt.SigningMethodES384}.sign(t, claims), fault.Unauthenticated},
		{"for encryption", rsaSignerAs("enc", good).sign(t, claims), fault.Unauthenticated},
		{"of another algorithm", rsaSignerAs("oaep", good).sign(t, claims), fault.Unauthenticated},
		{"a private key for all to see", private.sign(t, claims), fault.Unauthenticated},
	} {
		if got := verify(t, v, c.token); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func rsaSignerAs(kid string, s signer) signer { return signer{kid, s.private, s.method} }

func seedOf(s signer) []byte { return s.private.(interface{ Seed() []byte }).Seed() }

// with is a key's document with one field changed.
func with(t *testing.T, s signer, name string, value any) map[string]any {
	t.Helper()
	text, _ := json.Marshal(s.jwk(t))
	var doc map[string]any
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	if name != "" {
		doc[name] = value
	}
	return doc
}

func TestAVerifiedTokenIsNotVerifiedAgainUntilItExpires(t *testing.T) {
	key, now := edSigner("k1"), time.Now()
	v := verifier(t, Options{
		Issuers: []Issuer{trust(t, clerk, serveKeys(t, key).URL, slow)}, Now: func() time.Time { return now },
	})
	token := key.sign(t, claimsOf(clerk, nil))
	for range 3 {
		if got := verify(t, v, token); got != "" {
			t.Fatal(got)
		}
	}
	if _, ok := v.cache.get(sha256.Sum256([]byte(token)), now); !ok || v.cache.len() != 1 {
		t.Errorf("it is not remembered, among %d tokens", v.cache.len())
	}
	now = now.Add(2 * time.Minute)
	if got := verify(t, v, token); got != fault.Unauthenticated {
		t.Errorf("two minutes later: %q", got)
	}
	if n := v.cache.len(); n != 0 {
		t.Errorf("%d expired tokens are remembered", n)
	}
}

func TestAdmitIsAskedEveryTimeAndForUsersAlone(t *testing.T) {
	key, asked, removed := edSigner("k1"), 0, false
	text, stored := storedKey(ScopeRead)
	v := verifier(t, Options{
		Issuers: []Issuer{trust(t, clerk, serveKeys(t, key).URL, slow)}, Keys: keyring{stored.Prefix: stored},
		Admit: func(_ context.Context, p Principal) (Principal, error) {
			asked++
			if removed {
				return Principal{}, errNoRole()
			}
			p.OrgID = "ours-" + p.OrgID
			return p, nil
		},
	})
	token := key.sign(t, claimsOf(clerk, nil))
	for range 2 {
		if who, err := v.Verify(t.Context(), token); err != nil || who.OrgID != "ours-org_1" {
			t.Fatalf("%+v, %v", who, err)
		}
	}
	removed = true
	if got := verify(t, v, token); got != fault.Forbidden {
		t.Errorf("a removed member: %q", got)
	}
	if got := verify(t, v, text); got != "" || asked != 3 {
		t.Errorf("an API key: %q, and Admit was asked %d times", got, asked)
	}
}

func TestTheStoresOwnFailureIsNoRefusal(t *testing.T) {
	broken := errors.New("disk on fire")
	key := edSigner("k1")
	v := verifier(t, Options{
		Issuers: []Issuer{trust(t, clerk, serveKeys(t, key).URL, slow)},
		Admit:   func(context.Context, Principal) (Principal, error) { return Principal{}, broken },
	})
	if _, err := v.Verify(t.Context(), key.sign(t, claimsOf(clerk, nil))); !errors.Is(err, broken) {
		t.Errorf("it became %v", err)
	}
}

func TestAVerifierRefusesNonsenseAtTheStart(t *testing.T) {
	good := trust(t, clerk, "http://127.0.0.1:1/keys", slow)
	for name, issuers := range map[string][]Issuer{
		"an issuer twice": {good, good}, "no name": {{Shapes: good.Shapes}}, "no shapes": {{Name: clerk}},
	} {
		if v, err := NewVerifier(Options{Issuers: issuers}); err == nil {
			v.Close()
			t.Errorf("%s is taken", name)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	key := rsaSigner("k1")
	v := verifier(b, Options{Issuers: []Issuer{trust(b, clerk, serveKeys(b, key).URL, slow)}})
	token := key.sign(b, claimsOf(clerk, nil))
	b.Run("remembered", func(b *testing.B) {
		for b.Loop() {
			v.Verify(b.Context(), token)
		}
	})
	b.Run("RS256", func(b *testing.B) {
		for b.Loop() {
			v.token(b.Context(), token)
		}
	})
}
