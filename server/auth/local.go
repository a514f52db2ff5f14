package auth

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"

	"statuspage/shared/fault"
)

const (
	// LocalIssuer is the `iss` and the `aud` of our own tokens.
	LocalIssuer = "statuspage"
	// LocalTTL is how long a token of ours lasts if nobody asks for another time.
	LocalTTL = 10 * time.Minute
	// maxTTL is the longest that anybody may ask for.
	maxTTL = 365 * 24 * time.Hour
)

// SigningKey is an Ed25519 key of the local issuer. Seed is its private half, as RFC 8032 has it.
type SigningKey struct {
	ID        string
	Seed      []byte
	CreatedAt time.Time
}

// SigningKeys keeps the local issuer's keys. The newest signs; each of them verifies until it is deleted.
type SigningKeys interface {
	SigningKeys(ctx context.Context) ([]SigningKey, error)
	SaveSigningKey(ctx context.Context, key SigningKey) error
}

// Local is the built-in issuer. It holds no key in memory: rotation and the command line work beside a running server.
type Local struct{ keys SigningKeys }

func NewLocal(keys SigningKeys) *Local { return &Local{keys} }

// Ensure makes the first key where there is none. Two processes that do it at once make two keys, and both verify.
func (l *Local) Ensure(ctx context.Context, now time.Time) error {
	keys, err := l.keys.SigningKeys(ctx)
	if err != nil {
		return fmt.Errorf("load the signing keys: %w", err)
	}
	if len(keys) > 0 {
		return nil
	}
	return l.Rotate(ctx, now)
}

// Rotate makes a new key, which signs from now on. Tokens of the older ones stay good.
func (l *Local) Rotate(ctx context.Context, now time.Time) error {
	key := SigningKey{ID: base64.RawURLEncoding.EncodeToString(random(12)), Seed: random(ed25519.SeedSize),
		CreatedAt: now}
	if err := l.keys.SaveSigningKey(ctx, key); err != nil {
		return fmt.Errorf("save a signing key: %w", err)
	}
	return nil
}

// Subject is whom a token is for.
type Subject struct {
	UserID, Email, Name string
	SessionID           string
	OrgID, OrgSlug      string
	Role                Role
}

// Mint signs a token in the shape of Clerk's second version. A ttl of 0 is LocalTTL.
func (l *Local) Mint(ctx context.Context, who Subject, ttl time.Duration,
	now time.Time) (token string, expires time.Time, err error) {
	if ttl == 0 {
		ttl = LocalTTL
	}
	if ttl < time.Second || ttl > maxTTL {
		return "", time.Time{}, fault.OnField("ttl", "A token lasts from one second to one year.")
	}
	key, err := l.newest(ctx)
	if err != nil {
		return "", time.Time{}, err
	}
	expires = now.Add(ttl).Truncate(time.Second)
	unsigned := jwt.NewWithClaims(jwt.SigningMethodEdDSA, who.claims(now, expires))
	unsigned.Header[jwkset.HeaderKID] = key.ID
	token, err = unsigned.SignedString(ed25519.NewKeyFromSeed(key.Seed))
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign a token: %w", err)
	}
	return token, expires, nil
}

func (s Subject) claims(now, expires time.Time) jwt.MapClaims {
	claims := jwt.MapClaims{
		"iss": LocalIssuer, "aud": LocalIssuer, "sub": s.UserID, "sid": s.SessionID, "v": 2,
		"email": s.Email, "name": s.Name,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": expires.Unix(),
		"jti": base64.RawURLEncoding.EncodeToString(random(12)),
	}
	if s.OrgID != "" {
		claims["o"] = map[string]any{"id": s.OrgID, "slg": s.OrgSlug, "rol": string(s.Role)}
	}
	return claims
}

func (l *Local) newest(ctx context.Context) (SigningKey, error) {
	keys, err := l.keys.SigningKeys(ctx)
	if err != nil {
		return SigningKey{}, fmt.Errorf("load the signing keys: %w", err)
	}
	if len(keys) == 0 {
		return SigningKey{}, fmt.Errorf("the local issuer has no signing key yet")
	}
	newest := slices.MaxFunc(keys, func(a, b SigningKey) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	if len(newest.Seed) != ed25519.SeedSize {
		return SigningKey{}, fmt.Errorf("signing key %s is damaged", newest.ID)
	}
	return newest, nil
}

// JWKS is the key set document with every public key, for /.well-known/jwks.json.
func (l *Local) JWKS(ctx context.Context) ([]byte, error) {
	keys, err := l.keys.SigningKeys(ctx)
	if err != nil {
		return nil, fmt.Errorf("load the signing keys: %w", err)
	}
	set := jwkset.JWKSMarshal{Keys: []jwkset.JWKMarshal{}}
	for _, key := range keys {
		jwk, err := key.public()
		if err != nil {
			return nil, fmt.Errorf("signing key %s: %w", key.ID, err)
		}
		set.Keys = append(set.Keys, jwk.Marshal())
	}
	return json.Marshal(set)
}

func (k SigningKey) public() (jwkset.JWK, error) {
	if len(k.Seed) != ed25519.SeedSize {
		return jwkset.JWK{}, fmt.Errorf("the key is damaged")
	}
	return jwkset.NewJWKFromKey(ed25519.NewKeyFromSeed(k.Seed).Public(), jwkset.JWKOptions{
		Metadata: jwkset.JWKMetadataOptions{KID: k.ID, ALG: jwkset.AlgEdDSA, USE: jwkset.UseSig},
	})
}

// Issuer is for the Verifier: our own tokens take the path of everybody else's, but that the key set comes out of the
// store instead of the network.
func (l *Local) Issuer() Issuer {
	return Issuer{
		Name: LocalIssuer, JWKSURL: "http://statuspage.invalid/.well-known/jwks.json", Audience: []string{LocalIssuer},
		Shapes: presets["local"], transport: fromKeys{l}, pace: fromStore,
	}
}

// fromKeys answers any request with the key set of the store.
type fromKeys struct{ local *Local }

func (f fromKeys) RoundTrip(r *http.Request) (*http.Response, error) {
	set, err := f.local.JWKS(r.Context())
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(set)), ContentLength: int64(len(set)), Request: r,
	}, nil
}
