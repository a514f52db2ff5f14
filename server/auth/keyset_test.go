package auth

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"statuspage/shared/fault"
)

func TestAKeyRotatesWithoutARestart(t *testing.T) {
	old, next := rsaSigner("old"), ecSigner("next")
	server := serveKeys(t, old)
	v := verifier(t, Options{Issuers: []Issuer{trust(t, clerk, server.URL, slow)}})
	if got := verify(t, v, old.sign(t, claimsOf(clerk, nil))); got != "" {
		t.Fatal(got)
	}
	server.publish(t, old, next)
	for _, key := range []signer{next, old} {
		if got := verify(t, v, key.sign(t, claimsOf(clerk, nil))); got != "" {
			t.Errorf("%s after the rotation: %q", key.kid, got)
		}
	}
}

func TestAWithdrawnKeyEndsTokensThatWereVerifiedBefore(t *testing.T) {
	stolen, next := edSigner("stolen"), edSigner("next")
	server := serveKeys(t, stolen)
	v := verifier(t, Options{Issuers: []Issuer{trust(t, clerk, server.URL, quick)}})
	token := stolen.sign(t, claimsOf(clerk, nil))
	if got := verify(t, v, token); got != "" {
		t.Fatal(got)
	}
	server.publish(t, next)
	eventually(t, "the withdrawn key's token is refused", func() bool {
		return verify(t, v, token) == fault.Unauthenticated
	})
	if got := verify(t, v, next.sign(t, claimsOf(clerk, nil))); got != "" {
		t.Errorf("the new key: %q", got)
	}
}

func TestTheIssuerMayBeAwayAtTheStart(t *testing.T) {
	key, address := rsaSigner("k1"), nobodyAt(t)
	v := verifier(t, Options{Issuers: []Issuer{trust(t, clerk, "http://"+address+"/keys", quick)}})
	token := key.sign(t, claimsOf(clerk, nil))
	_, err := v.Verify(t.Context(), token)
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != fault.Unavailable || f.Code.Status() != 503 || f.RetryAfter == 0 {
		t.Fatalf("without the issuer: %v", err)
	}
	if got := verify(t, v, edSigner("x").
		sign(t, claimsOf("https://other.example.com", nil))); got != fault.Unauthenticated {
		t.Errorf("a token of nobody's: %q", got)
	}
	serveKeysAt(t, address, key)
	eventually(t, "the token is accepted", func() bool { return verify(t, v, token) == "" })
}

func TestAnIssuerThatGoesAwayLeavesItsKeysGood(t *testing.T) {
	key, unseen := rsaSigner("k1"), rsaSigner("unseen")
	server := serveKeys(t, key)
	v := verifier(t, Options{Issuers: []Issuer{trust(t, clerk, server.URL, quick)}})
	if got := verify(t, v, key.sign(t, claimsOf(clerk, nil))); got != "" {
		t.Fatal(got)
	}
	server.Close()
	eventually(t, "a token of an unseen key is unavailable rather than wrong", func() bool {
		return verify(t, v, unseen.sign(t, claimsOf(clerk, nil))) == fault.Unavailable
	})
	if got := verify(t, v, key.sign(t, claimsOf(clerk, nil))); got != "" {
		t.Errorf("a known key while the issuer is away: %q", got)
	}
}

// sets is a SetCache that outlives a Verifier.
type sets struct {
	mu    sync.Mutex
	of    map[string][]byte
	saves int
	fails bool
}

func (s *sets) LoadSet(issuer string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of[issuer], nil
}

func (s *sets) SaveSet(issuer string, set []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails {
		return errors.New("this region may not write")
	}
	s.saves++
	s.of[issuer] = set
	return nil
}

func (s *sets) saved(issuer string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.of[issuer])
}

func TestARestartWithoutTheIssuerUsesTheKeysThatWereSaved(t *testing.T) {
	keys := []signer{rsaSigner("rsa"), ecSigner("ec"), edSigner("ed")}
	address, cache := nobodyAt(t), &sets{of: map[string][]byte{}}
	is := trust(t, clerk, "http://"+address+"/keys", quick)
	server := serveKeysAt(t, address, keys...)
	first := verifier(t, Options{Issuers: []Issuer{is}, Sets: cache})
	eventually(t, "the keys are saved", func() bool { return strings.Contains(cache.saved(clerk), `"ed"`) })
	first.Close()
	server.Close()
	second := verifier(t, Options{Issuers: []Issuer{is}, Sets: cache})
	for _, key := range keys {
		if got := verify(t, second, key.sign(t, claimsOf(clerk, nil))); got != "" {
			t.Errorf("%s after the restart: %q", key.kid, got)
		}
	}
	if strings.Contains(cache.saved(clerk), `"d"`) || cache.saves != 1 {
		t.Errorf("saved %d times: %s", cache.saves, cache.saved(clerk))
	}
	withdrawn := serveKeysAt(t, address, keys[1:]...)
	eventually(t, "a key withdrawn meanwhile is refused", func() bool {
		return verify(t, second, keys[0].sign(t, claimsOf(clerk, nil))) == fault.Unauthenticated
	})
	eventually(t, "the smaller set is saved", func() bool { return !strings.Contains(cache.saved(clerk), `"rsa"`) })
	if cache.saves != 2 {
		t.Errorf("two sets were saved %d times", cache.saves)
	}
	withdrawn.Close()
}

func TestSavedKeysThatCannotBeReadOrWrittenStopNobody(t *testing.T) {
	key := edSigner("k1")
	cache := &sets{of: map[string][]byte{clerk: []byte("{broken")}, fails: true}
	v := verifier(t, Options{Issuers: []Issuer{trust(t, clerk, serveKeys(t, key).URL, quick)}, Sets: cache})
	if got := verify(t, v, key.sign(t, claimsOf(clerk, nil))); got != "" {
		t.Error(got)
	}
}

func TestUnknownKidsAskTheIssuerAtALimitedRate(t *testing.T) {
	key := edSigner("k1")
	server := serveKeys(t, key)
	v := verifier(t, Options{Issuers: []Issuer{trust(t, clerk, server.URL, slow)}})
	var all sync.WaitGroup
	start := time.Now()
	for range 8 {
		all.Go(func() {
			for range 25 {
				if got := verify(t, v, edSigner("guess").sign(t, claimsOf(clerk, nil))); got != fault.Unauthenticated {
					t.Errorf("a guess: %q", got)
				}
			}
		})
	}
	all.Wait()
	// The verifier's own at the start, the first caller's, that of one guess, and one more for every 5 s that the
	// machine needed.
	if most := 3 + int64(time.Since(start)/slow.unknown); server.asked.Load() > most {
		t.Errorf("200 guesses asked the issuer %d times", server.asked.Load())
	}
}

// A key that was just published is known to nobody yet, and a whole office arrives with it.
func TestWhoeverComesWhileTheIssuerIsAskedWaitsForItsAnswer(t *testing.T) {
	old, next := edSigner("old"), edSigner("next")
	server := serveKeys(t, old)
	v := verifier(t, Options{Issuers: []Issuer{trust(t, clerk, server.URL, slow)}})
	verify(t, v, old.sign(t, claimsOf(clerk, nil)))
	server.publish(t, old, next)
	server.answer(server.set, 300*time.Millisecond) // far away
	var all sync.WaitGroup
	for range 20 {
		token := next.sign(t, claimsOf(clerk, nil))
		all.Go(func() {
			if got := verify(t, v, token); got != "" {
				t.Errorf("one of the office: %q", got)
			}
		})
	}
	all.Wait()
}

// One fetch in five seconds is all there is, so it may not be lost with whoever asked for it.
func TestTheFetchOfACallerWhoLeavesIsFinished(t *testing.T) {
	old, next := edSigner("old"), edSigner("next")
	server := serveKeys(t, old)
	v := verifier(t, Options{Issuers: []Issuer{trust(t, clerk, server.URL, slow)}})
	verify(t, v, old.sign(t, claimsOf(clerk, nil)))
	eventually(t, "the verifier has its first set", func() bool { return len(v.issuers[clerk].keys.turn) == 0 })
	server.publish(t, old, next)
	server.answer(server.set, 200*time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	v.Verify(ctx, next.sign(t, claimsOf(clerk, nil)))
	if got := verify(t, v, next.sign(t, claimsOf(clerk, nil))); got != "" {
		t.Errorf("the next caller: %q", got)
	}
}

func TestAnIssuerThatNeverAnswersIsGivenUp(t *testing.T) {
	server := serveKeys(t)
	server.answer(nil, time.Minute)
	hurried := slow
	hurried.timeout = 100 * time.Millisecond
	v := verifier(t, Options{Issuers: []Issuer{trust(t, clerk, server.URL, hurried)}})
	start := time.Now()
	if got := verify(t, v, edSigner("k1").sign(t, claimsOf(clerk, nil))); got != fault.Unavailable {
		t.Errorf("the answer is %q", got)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestACallerWhoLeavesDoesNotWait(t *testing.T) {
	server := serveKeys(t)
	server.answer(nil, time.Minute)
	patient := slow
	patient.timeout = 30 * time.Second
	v := verifier(t, Options{Issuers: []Issuer{trust(t, clerk, server.URL, patient)}})
	eventually(t, "the issuer is being asked", func() bool { return server.asked.Load() == 1 })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := v.Verify(ctx, edSigner("k1").sign(t, claimsOf(clerk, nil))); code(err) != fault.Unavailable {
		t.Errorf("the answer is %v", err)
	}
	server.CloseClientConnections()
}

func TestAnswersThatAreNoKeySetChangeNothing(t *testing.T) {
	for name, body := range map[string]string{
		"a page": "<html>", "nothing": "", "half of it": `{"keys":[{"kty":`, "a huge one": `{"keys":[]}` +
			strings.Repeat(" ", maxSet),
	} {
		key := edSigner("k1")
		server := serveKeys(t, key)
		keys := newKeySet(server.URL, network(), slow, slog.New(slog.DiscardHandler))
		if err := keys.fetch(t.Context()); err != nil {
			t.Fatal(err)
		}
		server.answer([]byte(body), 0)
		if err := keys.fetch(t.Context()); err == nil {
			t.Errorf("%s is taken for a key set", name)
		}
		if _, err := keys.KeyRead(t.Context(), "k1"); err != nil {
			t.Errorf("%s: the key is gone: %v", name, err)
		}
	}
}

func TestAnEmptySetWithdrawsEveryKey(t *testing.T) {
	key := edSigner("k1")
	server := serveKeys(t, key)
	v := verifier(t, Options{Issuers: []Issuer{trust(t, clerk, server.URL, quick)}})
	token := key.sign(t, claimsOf(clerk, nil))
	verify(t, v, token)
	server.publish(t)
	eventually(t, "its token is refused", func() bool { return verify(t, v, token) == fault.Unauthenticated })
}

func TestTheIssuersNameFollowsFromTheAddressOfItsKeys(t *testing.T) {
	for _, c := range []struct{ url, preset, want string }{
		{"https://clean-mayfly-62.clerk.accounts.dev/.well-known/jwks.json", "clerk",
			"https://clean-mayfly-62.clerk.accounts.dev"},
		{"https://acme.eu.auth0.com/.well-known/jwks.json", "auth0", "https://acme.eu.auth0.com/"},
		{"https://id.example.com/realms/status/protocol/openid-connect/certs", "keycloak",
			"https://id.example.com/realms/status"},
		{"https://acme-7g3h2k.zitadel.cloud/oauth/v2/keys", "zitadel", "https://acme-7g3h2k.zitadel.cloud"},
	} {
		if is, err := External(c.url, "", c.preset, Overrides{}); err != nil || is.Name != c.want {
			t.Errorf("%s: %q, %v", c.url, is.Name, err)
		}
	}
	for name, f := range map[string]func() (Issuer, error){
		"an address that tells nothing": func() (Issuer, error) {
			return External("https://api.workos.com/sso/jwks/client_1", "", "workos", Overrides{})
		},
		"a file":  func() (Issuer, error) { return External("file:///etc/keys", "x", "clerk", Overrides{}) },
		"no host": func() (Issuer, error) { return External("https://", "x", "clerk", Overrides{}) },
		"an unknown preset": func() (Issuer, error) {
			return External("https://x.example/k", "x", "okta",
				Overrides{})
		},
		"a pointer in dots": func() (Issuer, error) {
			return External("https://x.example/k", "x", "clerk",
				Overrides{Org: "o.id"})
		},
		"a bad role pointer": func() (Issuer, error) {
			return External("https://x.example/k", "x", "clerk",
				Overrides{Role: "/a~2"})
		},
	} {
		if _, err := f(); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
