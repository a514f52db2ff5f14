package auth

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"statuspage/shared/fault"
)

// door counts how often it is asked who may come in.
type door struct {
	keyring
	changes uint64
	known   bool
	asked   int
	refused error
	during  func() // what happens while somebody is looked up
	now     time.Time
}

func (d *door) admit(_ context.Context, who Principal) (Principal, error) {
	d.asked++
	who.Role = Admin
	if d.during != nil {
		d.during()
	}
	return who, d.refused
}

func (d *door) APIKey(ctx context.Context, prefix string) (StoredKey, error) {
	d.asked++
	return d.keyring.APIKey(ctx, prefix)
}

func (d *door) verifier(t *testing.T, issuers ...Issuer) *Verifier {
	return verifier(t, Options{Issuers: issuers, Keys: d, Admit: d.admit, Now: func() time.Time { return d.now },
		Changes: func() (uint64, bool) { return d.changes, d.known }})
}

// TestWhoWasLetInIsAskedForAgain tells for each thing that may happen between two requests whether the second one is
// looked up, with a person's token and with a key.
func TestWhoWasLetInIsAskedForAgain(t *testing.T) {
	key := edSigner("k1")
	server := serveKeys(t, key)
	for _, row := range []struct {
		what  string
		do    func(*door)
		asked bool
	}{
		{"nothing", func(*door) {}, false},
		{"a change", func(d *door) { d.changes++ }, true},
		{"a database that answers no more", func(d *door) { d.known = false }, true},
		{"ten seconds", func(d *door) { d.now = d.now.Add(admittedFor) }, true},
	} {
		text, stored := storedKey(ScopeWrite)
		d := &door{keyring: keyring{stored.Prefix: stored}, known: true, now: time.Now()}
		v := d.verifier(t, trust(t, clerk, server.URL, slow))
		for who, bearer := range map[string]string{"a person": key.sign(t, claimsOf(clerk, nil)), "a key": text} {
			d.known = true
			for range 2 { // the first waits for the issuer's keys
				if got := verify(t, v, bearer); got != "" {
					t.Fatal(got)
				}
			}
			row.do(d)
			d.asked = 0
			if got := verify(t, v, bearer); got != "" || d.asked > 0 != row.asked {
				t.Errorf("%s, %s: asked %d times, %q", row.what, who, d.asked, got)
			}
		}
	}
}

// TestWhatChangesWhileSomebodyIsLookedUpIsNotMissed: what was read before the change is not remembered as after it.
func TestWhatChangesWhileSomebodyIsLookedUpIsNotMissed(t *testing.T) {
	key := edSigner("k1")
	server := serveKeys(t, key)
	d := &door{known: true, now: time.Now()}
	v := d.verifier(t, trust(t, clerk, server.URL, slow))
	token := key.sign(t, claimsOf(clerk, nil))
	d.during = func() { d.changes++ } // they are removed after they were read
	if got := verify(t, v, token); got != "" {
		t.Fatal(got)
	}
	d.during, d.refused = nil, fault.New(fault.Forbidden, "You are not a member of this organization any more.")
	for range 2 { // and a refusal is looked up each time
		d.asked = 0
		if got := verify(t, v, token); got != fault.Forbidden || d.asked != 1 {
			t.Errorf("%q, asked %d times", got, d.asked)
		}
	}
	d.refused = nil
	if got := verify(t, v, token); got != "" {
		t.Errorf("back again: %q", got)
	}
}

// TestWhatEndsByItselfIsNotRemembered: a key's last moment, and a token whose key the issuer withdraws.
func TestWhatEndsByItselfIsNotRemembered(t *testing.T) {
	now := time.Now()
	text, stored := storedKey(ScopeWrite)
	stored.ExpiresAt = now.Add(time.Second)
	d := &door{keyring: keyring{stored.Prefix: stored}, known: true, now: now}
	signer := edSigner("k1")
	server := serveKeys(t, signer)
	is := trust(t, clerk, server.URL, slow)
	v := d.verifier(t, is)
	token := signer.sign(t, claimsOf(clerk, nil))
	for _, bearer := range []string{text, token} {
		if got := verify(t, v, bearer); got != "" {
			t.Fatal(got)
		}
	}
	d.now = now.Add(time.Second + 1)
	if got := verify(t, v, text); got != fault.Unauthenticated {
		t.Errorf("a key after its end: %q", got)
	}
	v.issuers[clerk].keys.version.Add(1) // other keys have come
	d.asked = 0
	if got := verify(t, v, token); got != "" || d.asked != 1 {
		t.Errorf("%q, asked %d times", got, d.asked)
	}
}

// TestWhoIsRememberedStaysInBounds: keys and people together are no more than the tokens that may be.
func TestWhoIsRememberedStaysInBounds(t *testing.T) {
	now := time.Now()
	by := &issuer{keys: newKeySet("http://127.0.0.1:1", network(), slow, slog.New(slog.DiscardHandler))}
	c := newCache(20)
	for i := range 200 {
		hash := sha256.Sum256(fmt.Append(nil, i))
		who := Principal{Kind: KindKey, ID: fmt.Sprint(i)}
		if i%2 == 0 {
			who = Principal{Kind: KindUser, ID: fmt.Sprint(i), ExpiresAt: now.Add(time.Hour)}
			c.put(hash, verified{who: who, by: by}, now)
		}
		c.admit(hash, &admission{who, 7, now})
		if got, ok := c.admitted(hash, 7, now); !ok || got.ID != who.ID {
			t.Fatalf("%d was not remembered", i)
		}
		if c.len() > 20 {
			t.Fatalf("%d where 20 may be", c.len())
		}
	}
	// A token that had to make room is not remembered by what it let in.
	hash := sha256.Sum256([]byte("gone"))
	c.admit(hash, &admission{Principal{Kind: KindUser}, 7, now})
	if _, ok := c.admitted(hash, 7, now); ok {
		t.Error("it is")
	}
}
