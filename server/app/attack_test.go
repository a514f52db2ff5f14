package app_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/racetest"
	"statuspage/server/usecase"
)

// attack tries wrong passwords from this many addresses until it is stopped: each as quickly as it is answered and five
// times a second at most, all of them five hundred times a second at most, which is what this machine can answer beside
// other work.
type attack struct {
	looked, refused, busy atomic.Int64
	stop                  func()
}

func (s *site) attack(addresses int, email string) *attack {
	a := &attack{}
	var all sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	for n := range addresses {
		all.Go(func() {
			for pace := time.NewTicker(max(200*time.Millisecond,
				time.Duration(addresses)*2*time.Millisecond)); ctx.Err() == nil; <-pace.C {
				got, err := s.nobody().try("POST", "/api/v1/auth/login/",
					j{"email": email, "password": "a wrong password"}, "Fly-Client-IP",
					fmt.Sprintf("198.18.%d.%d", n/250, n%250+1))
				switch {
				case err != nil:
					s.t.Error(err)
					return
				case got.code == 401:
					a.looked.Add(1)
				case got.code == 429:
					a.refused.Add(1)
				case got.code == 503:
					a.busy.Add(1)
				default:
					s.t.Errorf("the attack is answered %d", got.code)
				}
			}
		})
	}
	var once sync.Once
	a.stop = func() { once.Do(func() { cancel(); all.Wait() }) }
	s.t.Cleanup(a.stop)
	return a
}

// deviceOf is the cookie by which a browser is known after a sign-in.
func deviceOf(t *testing.T, a *answer) string {
	t.Helper()
	for _, c := range a.header.Values("Set-Cookie") {
		if strings.HasPrefix(c, "device=") {
			for _, part := range []string{"HttpOnly", "SameSite=Strict", "path=/", "expires="} {
				if !strings.Contains(c, part) {
					t.Errorf("the cookie has no %s: %s", part, c)
				}
			}
			found, _, _ := strings.Cut(c, ";")
			return found
		}
	}
	t.Fatalf("no cookie of a known device in %v", a.header)
	return ""
}

func TestWrongPasswordsKeepNobodyOut(t *testing.T) {
	racetest.Plain(t, "hundreds of passwords are hashed, and server/auth has their line")
	t.Setenv("FLY_APP_NAME", "statuspage") // so that one machine may have many addresses
	for _, addresses := range []int{1, 500} {
		t.Run(fmt.Sprintf("%d addresses", addresses), func(t *testing.T) {
			s := startSite(t, func(c *config.Config) { c.Host.HashMemory = 0 })
			acme := s.org()
			email := "ada@" + acme.slug + ".example"
			if _, err := s.app.UseCases.AddMember(t.Context(), usecase.Caller{System: true}, acme.org,
				usecase.NewMember{Email: email, Role: auth.Admin, Password: password}); err != nil {
				t.Fatal(err)
			}
			signIn := func(from string, header ...string) *answer {
				return s.nobody().do("POST", "/api/v1/auth/login/", j{"email": email, "password": password},
					append([]string{"Fly-Client-IP", from}, header...)...)
			}
			first := signIn("203.0.113.1").is(200)
			device := deviceOf(t, first)
			refresh, _, _ := strings.Cut(first.header.Get("Set-Cookie"), ";")
			began := time.Now()
			if addresses == 1 { // what the attacker is held to
				one := s.attack(1, email)
				for one.refused.Load() < 10 && !t.Failed() {
					first.get(s, "/healthz")
				}
				one.stop()
				if n := one.looked.Load(); n > loginsMost(time.Since(began)) {
					t.Errorf("one address had %d passwords looked at", n)
				}
			}
			a := s.attack(addresses, email)
			for a.looked.Load()+a.refused.Load() < 20 && !t.Failed() {
				first.get(s, "/healthz")
			}
			for i := range 5 {
				// The known device, also from an address of the attack's, and what it does with the cookie of its
				// session.
				signIn("198.18.0.1", "Cookie", device).is(200)
				// The right password from elsewhere, from new addresses and again from one.
				signIn(fmt.Sprintf("203.0.113.%d", 10+i)).is(200)
				signIn("203.0.113.2").is(200)
				again := s.nobody().do("POST", "/api/v1/auth/refresh/", nil, "Fly-Client-IP", "198.18.0.1",
					"X-Requested-With", "x", "Cookie", refresh+"; "+device).is(200)
				refresh, _, _ = strings.Cut(again.header.Get("Set-Cookie"), ";")
			}
			a.stop()
			// Each address has its first few, and all of them together the account's.
			if n := a.looked.Load(); n > int64(3*addresses)+loginsMost(time.Since(began)) {
				t.Errorf("%d passwords were looked at", n)
			}
			if addresses == 1 && a.refused.Load() == 0 {
				t.Error("the attack was never refused")
			}
			t.Logf("passwords looked at: %d, refused: %d, turned away: %d", a.looked.Load(), a.refused.Load(),
				a.busy.Load())
		})
	}
}

// loginsMost is what an address may try of an account in a test that has taken so long: its own first few, and of what
// the account gives to all of them twenty at once and twenty more in every minute.
func loginsMost(took time.Duration) int64 { return 3 + 20 + int64(20*took/time.Minute) + 1 }

// get is another request of the same process, which an attack does not starve.
func (a *answer) get(s *site, path string) { s.nobody().do("GET", path, nil) }

func TestAKnownDeviceHasABudgetOfItsOwnAndOfNoOtherAccount(t *testing.T) {
	racetest.Plain(t, "its requests come one after the other")
	s := startSite(t, nil)
	acme := s.org()
	for _, name := range []string{"ada", "bob"} {
		if _, err := s.app.UseCases.AddMember(t.Context(), usecase.Caller{System: true}, acme.org,
			usecase.NewMember{Email: name + "@acme.example", Role: auth.Admin, Password: password}); err != nil {
			t.Fatal(err)
		}
	}
	try := func(name, word, device string) *answer {
		return s.nobody().do("POST", "/api/v1/auth/login/", j{"email": name + "@acme.example", "password": word},
			"Cookie", device)
	}
	ada := deviceOf(t, try("ada", password, "").is(200))
	attempts := func(name, device string) int {
		for n := range 200 {
			if a := try(name, "a wrong password", device); a.code == 429 {
				return n
			} else {
				a.refuses(401)
			}
		}
		t.Fatal("nothing was ever refused")
		return 0
	}
	if n := attempts("ada", ada); n < 20 || n > 60 {
		t.Errorf("a known device may try %d", n)
	}
	bob := deviceOf(t, try("bob", password, "").is(200)) // from the same address, which is not counted for it
	try("ada", password, bob).is(200)                    // for ada it is a stranger, whose first attempts are its own
	if n := attempts("bob", ada); n > 60 {
		t.Errorf("another account's device may try %d", n)
	}
	try("bob", password, bob).is(200)
	// A browser that two people use is known to both.
	both := deviceOf(t, try("ada", password, bob).is(200))
	try("bob", password, both).is(200)
	for _, forged := range []string{"device=x", "device=" + strings.Repeat("x", 3000), strings.ToUpper(both)} {
		if n := attempts("nobody", forged); n > 60 {
			t.Errorf("%.20s may try %d", forged, n)
		}
	}
}

func TestAnUnknownAddressIsCountedAsAnAccountIs(t *testing.T) {
	racetest.Plain(t, "its requests come one after the other")
	t.Setenv("FLY_APP_NAME", "statuspage")
	s := startSite(t, nil)
	acme := s.org()
	if _, err := s.app.UseCases.AddMember(t.Context(), usecase.Caller{System: true}, acme.org,
		usecase.NewMember{Email: "ada@acme.example", Role: auth.Admin, Password: password}); err != nil {
		t.Fatal(err)
	}
	// How many answers come before the refusal depends on the time that they take; what they are does not.
	story := func(email string) (told []string) {
		for n := range 60 {
			a := s.nobody().do("POST", "/api/v1/auth/login/", j{"email": email, "password": "a wrong password"},
				"Fly-Client-IP", fmt.Sprintf("198.18.0.%d", n%10+1))
			detail, _, _ := strings.Cut(a.str("detail"), "Please wait") // for how long depends on the moment
			told = append(told, fmt.Sprintln(a.code, detail, a.header.Get("RateLimit-Policy"),
				len(a.header.Values("Set-Cookie"))))
			if a.code == 429 {
				break
			}
		}
		return slices.Compact(told)
	}
	known, unknown := story("ada@acme.example"), story("nobody@acme.example")
	if n := min(len(known), len(unknown)); !slices.Equal(known[:n], unknown[:n]) {
		t.Errorf("an account is answered\n%s\nand none\n%s", known, unknown)
	}
}
