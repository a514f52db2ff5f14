package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"

	"statuspage/shared/fault"
)

// signer is a key of some issuer.
type signer struct {
	kid     string
	private crypto.Signer
	method  jwt.SigningMethod
}

func rsaSigner(kid string) signer {
	key, _ := rsa.GenerateKey(rand.Reader, 2048)
	return signer{kid, key, jwt.SigningMethodRS256}
}

func ecSigner(kid string) signer {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return signer{kid, key, jwt.SigningMethodES256}
}

func edSigner(kid string) signer {
	_, key, _ := ed25519.GenerateKey(rand.Reader)
	return signer{kid, key, jwt.SigningMethodEdDSA}
}

func (s signer) sign(t testing.TB, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(s.method, claims)
	token.Header["kid"] = s.kid
	text, err := token.SignedString(s.private)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (s signer) jwk(t testing.TB) jwkset.JWKMarshal {
	t.Helper()
	jwk, err := jwkset.NewJWKFromKey(s.private.Public(), jwkset.JWKOptions{
		Metadata: jwkset.JWKMetadataOptions{KID: s.kid, USE: jwkset.UseSig, ALG: jwkset.ALG(s.method.Alg())},
	})
	if err != nil {
		t.Fatal(err)
	}
	return jwk.Marshal()
}

// keyServer is an issuer's key set at a real address on loopback.
type keyServer struct {
	*httptest.Server
	asked atomic.Int64
	mu    sync.Mutex
	set   []byte
	wait  time.Duration
}

func serveKeys(t testing.TB, keys ...signer) *keyServer {
	t.Helper()
	s := &keyServer{}
	s.publish(t, keys...)
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// serveKeysAt starts where another server was, or will be.
func serveKeysAt(t testing.TB, address string, keys ...signer) *keyServer {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s := &keyServer{}
	s.publish(t, keys...)
	s.Server = httptest.NewUnstartedServer(s)
	s.Listener.Close()
	s.Listener = listener
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// nobodyAt is an address on loopback that refuses connections until a test listens there.
func nobodyAt(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// publishBare publishes keys that do not say which algorithm they are for.
func (s *keyServer) publishBare(t testing.TB, keys ...signer) {
	t.Helper()
	set := jwkset.JWKSMarshal{}
	for _, key := range keys {
		jwk := key.jwk(t)
		jwk.ALG, jwk.USE = "", ""
		set.Keys = append(set.Keys, jwk)
	}
	text, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	s.answer(text, 0)
}

func (s *keyServer) publish(t testing.TB, keys ...signer) {
	set := jwkset.JWKSMarshal{Keys: []jwkset.JWKMarshal{}}
	for _, key := range keys {
		set.Keys = append(set.Keys, key.jwk(t))
	}
	text, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	s.answer(text, 0)
}

func (s *keyServer) answer(body []byte, after time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set, s.wait = body, after
}

func (s *keyServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked.Add(1)
	s.mu.Lock()
	set, wait := s.set, s.wait
	s.mu.Unlock()
	select {
	case <-time.After(wait):
	case <-r.Context().Done():
	}
	w.Write(set)
}

// quick is a pace at which tests need not wait, but for what unknown kids may ask.
var quick = pace{every: 20 * time.Millisecond, retry: 10 * time.Millisecond, atMost: 40 * time.Millisecond,
	unknown: 5 * time.Second, timeout: 3 * time.Second}

// slow never asks again by itself within a test.
var slow = pace{every: time.Hour, retry: time.Hour, atMost: time.Hour, unknown: 5 * time.Second,
	timeout: 3 * time.Second}

// trust is an Issuer in Clerk's shape whose keys are at the address, fetched at the pace.
func trust(t testing.TB, name, url string, p pace) Issuer {
	t.Helper()
	is, err := External(url, name, "clerk", Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	is.transport, is.pace = network(), p
	return is
}

func verifier(t testing.TB, o Options) *Verifier {
	t.Helper()
	o.Log = slog.New(slog.DiscardHandler)
	v, err := NewVerifier(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// claimsOf is a token's good claims; a change of nil takes one out.
func claimsOf(issuer string, changes jwt.MapClaims) jwt.MapClaims {
	now := time.Now()
	claims := jwt.MapClaims{
		"iss": issuer, "sub": "user_1", "sid": "sess_1", "azp": "https://status.example.com", "aud": "status",
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Minute).Unix(), "v": 2,
		"o": map[string]any{"id": "org_1", "slg": "acme", "rol": "admin"},
	}
	for name, value := range changes {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	return claims
}

// code is that of the *fault.Error, "" for no error, and the text of any other.
func code(err error) fault.Code {
	var f *fault.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &f):
		return f.Code
	}
	return fault.Code(err.Error())
}

// verify is the code with which a token is answered.
func verify(t testing.TB, v *Verifier, token string) fault.Code {
	t.Helper()
	_, err := v.Verify(t.Context(), token)
	return code(err)
}

// eventually waits for the thing itself, for as long as a busy machine may need.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatalf("it never came to be that %s", what)
}
