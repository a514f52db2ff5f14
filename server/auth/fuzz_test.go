package auth

import (
	"testing"
	"time"
)

// FuzzStoredPassword: whatever stands in the database, reading it costs no more than the ceiling, and what is read is
// written the same again.
func FuzzStoredPassword(f *testing.F) {
	for _, seed := range []string{encode(usual, random(saltLength), random(hashLength)), "",
		"$argon2id$v=19$m=1,t=1,p=1$$", "$argon2id$v=19$m=4294967295,t=9,p=9$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, stored string) {
		c, salt, hash, err := decode(stored)
		if err != nil {
			return
		}
		if c.memory > ceiling.memory || c.time > ceiling.time || c.threads > ceiling.threads || c.time == 0 ||
			c.threads == 0 {
			t.Errorf("%q costs %+v", stored, c)
		}
		again, salt2, hash2, err := decode(encode(c, salt, hash))
		if err != nil || again != c || string(salt2) != string(salt) || string(hash2) != string(hash) {
			t.Errorf("%q is read as another hash the second time: %v", stored, err)
		}
	})
}

// FuzzTokenAndTicket: nobody signs in and nothing is opened with what we did not sign.
func FuzzTokenAndTicket(f *testing.F) {
	keys := &keystore{}
	local := NewLocal(keys)
	if err := local.Ensure(f.Context(), time.Now()); err != nil {
		f.Fatal(err)
	}
	v, err := NewVerifier(Options{Issuers: []Issuer{local.Issuer()}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(v.Close)
	// What looks like ours is of another installation, so that no seed is good.
	other := &keystore{}
	stranger, tickets := NewLocal(other), NewTickets(keys)
	if err := stranger.Ensure(f.Context(), time.Now()); err != nil {
		f.Fatal(err)
	}
	token, _, err := stranger.Mint(f.Context(), ada, time.Hour, time.Now())
	if err != nil {
		f.Fatal(err)
	}
	ticket, _, err := NewTickets(other).Issue(f.Context(), sam, time.Now())
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{token, ticket, "", "..", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "sp_x_y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if who, err := v.Verify(t.Context(), text); err == nil {
			t.Errorf("%q signs %+v in", text, who)
		}
		if who, err := tickets.Take(t.Context(), text, time.Now()); err == nil {
			t.Errorf("%q opens a socket of %+v", text, who)
		}
	})
}

// FuzzNotice: a message of a provider is one of the nouns that we follow, or none.
func FuzzNotice(f *testing.F) {
	for _, seed := range []string{`{"type":"user.created","data":{}}`,
		`{"type":"organizationMembership.deleted","data":{"role":"org:admin"}}`, `{`, `[]`, `{"type":1}`,
		`{"type":"user"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var n Notice
		if err := n.fill(body); err != nil {
			if code(err) != "malformed" {
				t.Errorf("%q is refused with %v", body, err)
			}
			return
		}
		switch n.Noun {
		case "", "user", "organization", "organizationMembership":
		default:
			t.Errorf("%q is about a %s", body, n.Noun)
		}
	})
}
