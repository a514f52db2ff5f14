package auth

import (
	"crypto/sha256"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"
)

func TestRememberedTokensStayInBounds(t *testing.T) {
	now := time.Now()
	by := &issuer{keys: newKeySet("http://127.0.0.1:1", network(), slow, slog.New(slog.DiscardHandler))}
	for _, most := range []int{1, 3, 100} {
		c := newCache(most)
		for i := range 10 * most {
			key := sha256.Sum256(fmt.Append(nil, i))
			c.put(key, verified{who: Principal{ID: "u", ExpiresAt: now.Add(time.Hour)}, by: by}, now)
			if _, ok := c.get(key, now); !ok {
				t.Fatalf("token %d was not remembered at all", i)
			}
			if c.len() > most {
				t.Fatalf("%d tokens where %d may be", c.len(), most)
			}
		}
	}
}

func TestExpiredTokensMakeRoomFirst(t *testing.T) {
	now := time.Now()
	by := &issuer{keys: newKeySet("http://127.0.0.1:1", network(), slow, slog.New(slog.DiscardHandler))}
	c := newCache(8)
	for i := range 8 {
		expires := now.Add(-time.Hour)
		if i == 0 {
			expires = now.Add(time.Hour)
		}
		c.put(sha256.Sum256(fmt.Append(nil, i)), verified{who: Principal{ExpiresAt: expires}, by: by}, now.Add(-2*time.Hour))
	}
	c.put(sha256.Sum256([]byte("new")), verified{who: Principal{ExpiresAt: now.Add(time.Hour)}, by: by}, now)
	for _, name := range []string{"0", "new"} {
		if _, ok := c.get(sha256.Sum256([]byte(name)), now); !ok {
			t.Errorf("the good token %s had to go", name)
		}
	}
}

func TestTheVerifierIsUsedByManyAtOnce(t *testing.T) {
	key := edSigner("k1")
	server := serveKeys(t, key)
	v := verifier(t, Options{Issuers: []Issuer{trust(t, clerk, server.URL, quick)}})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 50 {
				token := key.sign(t, claimsOf(clerk, map[string]any{"sub": fmt.Sprint(i, j%5)}))
				if who, err := v.Verify(t.Context(), token); err != nil || who.ID != fmt.Sprint(i, j%5) {
					t.Errorf("%+v, %v", who, err)
				}
			}
		})
	}
	all.Wait()
}
