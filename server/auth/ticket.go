package auth

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"

	"statuspage/shared/fault"
)

const (
	// TicketTTL is how long a ticket waits to be used.
	TicketTTL = 30 * time.Second
	// ticketIssuer is another than our tokens', so that neither passes for the other.
	ticketIssuer = "statuspage/ticket"
)

// Tickets opens sockets with what may stand in an address, and so in somebody's log: worthless once it was used, and
// soon anyway. A ticket is signed with the built-in issuer's key, so that every region takes it and none has to ask
// another. Each process takes it once.
type Tickets struct {
	keys *Local
	used spent
}

func NewTickets(keys SigningKeys) *Tickets { return &Tickets{keys: NewLocal(keys)} }

type ticketClaims struct {
	jwt.RegisteredClaims
	Kind Kind   `json:"kind"`
	Org  string `json:"org"`
	// Session is that of the token which it was issued for: it ends with it.
	Session string           `json:"sid,omitempty"`
	From    *jwt.NumericDate `json:"from,omitempty"`  // when what it was issued for began
	Until   *jwt.NumericDate `json:"until,omitempty"` // when what it was issued for ends
}

// Issue makes a ticket for whoever may read. It ends no later than what they came with.
func (t *Tickets) Issue(ctx context.Context, who Principal,
	now time.Time) (ticket string, expires time.Time, err error) {
	key, err := t.keys.newest(ctx)
	if err != nil {
		return "", time.Time{}, err
	}
	expires = now.Add(TicketTTL).Truncate(time.Second)
	claims := ticketClaims{Kind: who.Kind, Org: who.OrgID, Session: who.SessionID,
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: ticketIssuer, Subject: who.ID, ID: base64.RawURLEncoding.EncodeToString(random(16))}}
	if !who.IssuedAt.IsZero() {
		claims.From = jwt.NewNumericDate(who.IssuedAt)
	}
	if !who.ExpiresAt.IsZero() {
		claims.Until = jwt.NewNumericDate(who.ExpiresAt)
		if who.ExpiresAt.Before(expires) {
			expires = who.ExpiresAt
		}
	}
	claims.ExpiresAt = jwt.NewNumericDate(expires)
	unsigned := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	unsigned.Header[jwkset.HeaderKID], unsigned.Header["typ"] = key.ID, "ticket+jwt"
	ticket, err = unsigned.SignedString(ed25519.NewKeyFromSeed(key.Seed))
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign a ticket: %w", err)
	}
	return ticket, expires, nil
}

// Take is whom a ticket was issued to. Whether they are a member still is the caller's to ask.
func (t *Tickets) Take(ctx context.Context, ticket string, now time.Time) (Principal, error) {
	keys, err := t.keys.keys.SigningKeys(ctx)
	if err != nil {
		return Principal{}, fmt.Errorf("load the signing keys: %w", err)
	}
	var claims ticketClaims
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}), jwt.WithIssuer(ticketIssuer),
		jwt.WithExpirationRequired(), jwt.WithLeeway(Leeway), jwt.WithTimeFunc(func() time.Time { return now }))
	if _, err := parser.ParseWithClaims(ticket, &claims, publicOf(keys)); err != nil {
		return Principal{}, errTicket()
	}
	// a clock that is far ahead: it would outlive our memory of it
	if claims.ExpiresAt.After(now.Add(TicketTTL + Leeway)) {
		return Principal{}, errTicket()
	}
	if err := t.used.spend(claims.ID, now); err != nil {
		return Principal{}, err
	}
	who := Principal{Kind: claims.Kind, ID: claims.Subject, OrgID: claims.Org, SessionID: claims.Session}
	if claims.From != nil {
		who.IssuedAt = claims.From.Time
	}
	if claims.Until != nil {
		who.ExpiresAt = claims.Until.Time
	}
	return who, nil
}

// publicOf finds the key by which something of ours was signed.
func publicOf(keys []SigningKey) jwt.Keyfunc {
	return func(token *jwt.Token) (any, error) {
		for _, key := range keys {
			if key.ID == token.Header[jwkset.HeaderKID] && len(key.Seed) == ed25519.SeedSize {
				return ed25519.NewKeyFromSeed(key.Seed).Public(), nil
			}
		}
		return nil, errors.New("no such key")
	}
}

func errTicket() *fault.Error {
	return fault.New(fault.Unauthenticated, "This ticket is used or over. Ask for a new one.")
}
