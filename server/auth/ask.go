package auth

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"

	"statuspage/shared/fault"
)

// askIssuer is another than our tokens', so that neither passes for the other.
const askIssuer = "statuspage/passkey"

// Asks are challenges that anybody may have, for a sign-in by a passkey alone: nothing is kept of them before they are
// answered. Each is signed and good for a few minutes; whoever takes an answer keeps the challenge's id so long, and
// takes it once.
type Asks struct{ keys *Local }

// NewAsks signs with these keys.
func NewAsks(keys SigningKeys) *Asks { return &Asks{NewLocal(keys)} }

type askClaims struct {
	jwt.RegisteredClaims
	State json.RawMessage `json:"state"`
}

// Sign signs what an answer will be held against. It holds no secret: the browser knows all of it.
func (a *Asks) Sign(ctx context.Context, state []byte, now time.Time) (string, error) {
	key, err := a.keys.newest(ctx)
	if err != nil {
		return "", err
	}
	unsigned := jwt.NewWithClaims(jwt.SigningMethodEdDSA,
		askClaims{State: state, RegisteredClaims: jwt.RegisteredClaims{
			Issuer: askIssuer, ID: base64.RawURLEncoding.EncodeToString(random(16)),
			ExpiresAt: jwt.NewNumericDate(now.Add(ChallengeTTL))}})
	unsigned.Header[jwkset.HeaderKID], unsigned.Header["typ"] = key.ID, "passkey+jwt"
	text, err := unsigned.SignedString(ed25519.NewKeyFromSeed(key.Seed))
	if err != nil {
		return "", fmt.Errorf("sign a challenge: %w", err)
	}
	return text, nil
}

// Ask is a challenge that came back.
type Ask struct {
	ID    [sha256.Size]byte // to be taken once
	State []byte
	Until time.Time
}

// Read is what was signed.
func (a *Asks) Read(ctx context.Context, text string, now time.Time) (Ask, error) {
	keys, err := a.keys.keys.SigningKeys(ctx)
	if err != nil {
		return Ask{}, fmt.Errorf("load the signing keys: %w", err)
	}
	var claims askClaims
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}), jwt.WithIssuer(askIssuer),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(func() time.Time { return now }))
	if _, err := parser.ParseWithClaims(text, &claims, publicOf(keys)); err != nil || claims.ID == "" ||
		claims.ExpiresAt.After(now.Add(ChallengeTTL+Leeway)) {
		return Ask{}, ErrWaited()
	}
	return Ask{ID: sha256.Sum256([]byte(askIssuer + " " + claims.ID)), State: claims.State,
		Until: claims.ExpiresAt.Time}, nil
}

// ErrWaited refuses an answer to a challenge that does not wait any more.
func ErrWaited() *fault.Error {
	return fault.New(fault.Unauthenticated, "This sign-in has waited too long, or was tried too often. Start again.").
		With("challenge", "This challenge does not wait any more.")
}
