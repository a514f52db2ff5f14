package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"statuspage/shared/fault"
)

var sam = Principal{Kind: KindUser, ID: "u-2", OrgID: "o-1", Role: Member}

func issue(t *testing.T, from *Tickets, who Principal, at time.Time) string {
	t.Helper()
	ticket, _, err := from.Issue(t.Context(), who, at)
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func TestATicketTellsWhoTookItOnce(t *testing.T) {
	_, keys := newLocal(t)
	here, there, now := NewTickets(keys), NewTickets(keys), time.Now()
	key := Principal{Kind: KindKey, ID: "k-1", OrgID: "o-2", Scopes: []Scope{ScopeRead}, ExpiresAt: now.Add(time.Hour).
		Truncate(time.Second)}
	for _, who := range []Principal{sam, key} {
		ticket := issue(t, here, who, now)
		for _, where := range []*Tickets{here, there} { // a process that did not issue it, too
			got, err := where.Take(t.Context(), ticket, now)
			if err != nil || got.ID != who.ID || got.OrgID != who.OrgID || got.Kind != who.Kind ||
				!got.ExpiresAt.Equal(who.ExpiresAt) {
				t.Errorf("%s became %+v, %v", who.ID, got, err)
			}
			for _, later := range []time.Duration{0, time.Second, TicketTTL + Leeway - time.Second} {
				refused(t, where, ticket, now.Add(later), fault.Unauthenticated)
			}
		}
	}
}

func refused(t *testing.T, by *Tickets, ticket string, at time.Time, want fault.Code) {
	t.Helper()
	if who, err := by.Take(t.Context(), ticket, at); code(err) != want || who.ID != "" {
		t.Errorf("taken by %+v, %v", who, err)
	}
}

func TestWhatIsNoTicketOfOursOpensNothing(t *testing.T) {
	local, keys := newLocal(t)
	_, others := newLocal(t)
	tickets, now := NewTickets(keys), time.Now()
	good := issue(t, tickets, sam, now)
	for name, ticket := range map[string]string{
		"nothing": "", "a word": "x", "a token": mint(t, local, ada, time.Hour), "half of it": good[:len(good)/2],
		"another installation's":  issue(t, NewTickets(others), sam, now),
		"an old one":              issue(t, tickets, sam, now.Add(-TicketTTL-Leeway-2*time.Second)),
		"one of the future":       issue(t, tickets, sam, now.Add(time.Minute)),
		"one without a signature": unsigned(t), "a changed one": strings.Replace(good, ".", ".e", 1),
	} {
		t.Run(name, func(t *testing.T) { refused(t, tickets, ticket, now, fault.Unauthenticated) })
	}
}

func unsigned(t *testing.T) string {
	t.Helper()
	text, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"iss": ticketIssuer, "sub": "u-2",
		"kind": "user", "org": "o-1", "jti": "x",
		"exp": time.Now().Add(TicketTTL).Unix()}).SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestATicketIsNoTokenAndEndsNoLaterThanTheToken(t *testing.T) {
	local, keys := newLocal(t)
	tickets, now := NewTickets(keys), time.Now()
	v, err := NewVerifier(Options{Issuers: []Issuer{local.Issuer()}})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	if who, err := v.Verify(t.Context(), issue(t, tickets, sam, now)); code(err) != fault.Unauthenticated {
		t.Errorf("a ticket signs in %+v, %v", who, err)
	}
	short := sam
	short.ExpiresAt = now.Add(3 * time.Second)
	if _, expires, err := tickets.Issue(t.Context(), short, now); err != nil || !expires.Equal(short.ExpiresAt) {
		t.Errorf("it ends at %v, %v", expires, err)
	}
}

func TestWhichTicketsWereUsedIsRememberedInBoundedMemory(t *testing.T) {
	var s spent
	now := time.Now()
	for i := range maxSpent {
		if err := s.spend(fmt.Sprint(i), now); err != nil {
			t.Fatal(i, err)
		}
	}
	if err := s.spend("one more", now); code(err) != fault.Unavailable {
		t.Errorf("one more: %v", err)
	}
	later := now.Add(TicketTTL + 3*Leeway)
	if err := s.spend("one more", later); err != nil {
		t.Errorf("later: %v", err)
	}
	if err := s.spend("7", later); code(err) != fault.Unauthenticated {
		t.Errorf("the older half forgot: %v", err)
	}
	if err := s.spend("7", later.Add(TicketTTL+3*Leeway)); err != nil || len(s.new)+len(s.older) > 3 {
		t.Errorf("%d and %d are remembered, %v", len(s.new), len(s.older), err)
	}
}

// failing has keys that cannot be read.
type failing struct{ keystore }

func (*failing) SigningKeys(context.Context) ([]SigningKey, error) {
	return nil, context.DeadlineExceeded
}

func TestAnUnreadableKeyIsNotTheTicketsFault(t *testing.T) {
	_, keys := newLocal(t)
	_, err := NewTickets(&failing{}).Take(t.Context(), issue(t, NewTickets(keys), sam, time.Now()), time.Now())
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}
