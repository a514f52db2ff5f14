package app_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/notify/notifytest"
	"statuspage/server/racetest"
	"statuspage/server/usecase"
)

const (
	newPassword  = "a few words are good"
	attackersOwn = "the words of a stranger"
)

// signed is somebody who is signed in, with the cookie of their browser.
type signed struct {
	*caller
	cookie string
}

func cookieOf(a *answer) string {
	for _, c := range a.header.Values("Set-Cookie") {
		if strings.Contains(c, "refresh=") {
			found, _, _ := strings.Cut(c, ";")
			return found
		}
	}
	return ""
}

func (s *site) inside(a *answer) *signed {
	s.t.Helper()
	a.is(200)
	return &signed{caller: &caller{site: s, token: a.str("access_token"), id: a.str("user.id"),
		org: a.str("organization.id"), slug: a.str("organization.slug")}, cookie: cookieOf(a)}
}

func (s *site) signIn(email, password string) *answer {
	s.t.Helper()
	return s.nobody().do("POST", "/api/v1/auth/login/", j{"email": email, "password": password})
}

func (s *site) use(token, password string) *answer {
	s.t.Helper()
	return s.nobody().do("POST", "/api/v1/auth/accept/", j{"token": token, "password": password})
}

// secretOf is what stands behind # in a link.
func secretOf(url string) string {
	_, secret, _ := strings.Cut(url, "token=")
	return secret
}

// offer offers a membership and answers the offer's id and, where there is no mail, its link's secret.
func (c *caller) offer(email string, role auth.Role) (id, secret string) {
	c.t.Helper()
	made := c.post("/api/v1/members/", j{"email": email, "role": string(role)})
	return made.str("id"), secretOf(made.str("url"))
}

// mailing is an installation that mails its links.
func mailing(t *testing.T) *office {
	t.Helper()
	return newOffice(t, func(c *config.Config) { c.BaseURL = "https://status.example" })
}

// lastLink waits for the n-th mail and answers its link's secret.
func (o *office) lastLink(t *testing.T, n int) (string, notifytest.Letter) {
	t.Helper()
	l := o.mail.Wait(t, n)[n-1]
	return mailedLink(t, l), l
}

// (a) of the takeovers: whoever is invited and has no account yet is offered elsewhere too, by a stranger, who chooses
// the password.
func TestAStrangersOfferOpensNoOtherOrganization(t *testing.T) {
	s := startSite(t, nil) // without mail a link is shown
	acme, evil := s.org(), s.org()
	const email = "ada@people.example"
	_, link := acme.offer(email, auth.Admin)
	_, theirs := evil.offer(email, auth.Member)
	stranger := s.inside(s.use(theirs, attackersOwn))
	stranger.get("/api/v1/organizations/").has("count", 1).has("results.0.id", evil.org)
	stranger.get("/api/v1/users/me/offers/").has("count", 0) // nobody has proved this address
	s.nobody().do("POST", "/api/v1/auth/login/",
		j{"email": email, "password": attackersOwn, "organization": acme.slug}).refuses(403)

	ada := s.inside(s.use(link, newPassword))
	ada.get("/api/v1/organizations/").has("count", 1).has("results.0.id", acme.org)
	// Each password opens what its own link made, and nothing else.
	s.inside(s.signIn(email, attackersOwn)).get("/api/v1/organizations/").has("count", 1).has("results.0.id", evil.org)
	s.inside(s.signIn(email, newPassword)).get("/api/v1/organizations/").has("count", 1).has("results.0.id", acme.org)
	(&caller{site: s, token: stranger.token}).do("POST", "/api/v1/services/", j{"name": "x"}).refuses(403)
	// Nor does the stranger's organisation take what acme's link made.
	evil.do("POST", "/api/v1/members/"+ada.id+"/invitation/", nil).refuses(404)
	evil.do("DELETE", "/api/v1/members/"+ada.id, nil).refuses(404)
	evil.do("PATCH", "/api/v1/members/"+ada.id, j{"role": "admin"}).refuses(404)
}

// (b) the stranger makes the account beforehand and waits; the mailbox takes it over, and nothing of the stranger's is
// left.
func TestAMailboxTakesOverWhatAStrangerMadeBeforehand(t *testing.T) {
	o := mailing(t)
	evil := o.site.org()
	email := "ada@" + o.slug + ".example"
	stranger := o.inside(heldBy(t, o.site, evil, email, attackersOwn))
	stranger.get("/api/v1/users/me/")
	ws := dial(t, o.addr, "/ws/status/org/"+evil.org+"/", nil, "bearer", stranger.token)
	next(t, ws)

	o.offer(email, auth.Admin)
	secret, letter := o.lastLink(t, 1)
	if letter.To != email {
		t.Fatalf("mailed to %s", letter.To)
	}
	ada := o.inside(o.use(secret, newPassword).has("organization.id", o.org))
	if code := closed(t, ws); code != 4401 {
		t.Errorf("the stranger's socket was closed with %d", code)
	}
	stranger.do("GET", "/api/v1/users/me/", nil).refuses(401)
	o.nobody().do("POST", "/api/v1/auth/refresh/", nil, "Cookie", stranger.cookie, "X-Requested-With", "x").refuses(401)
	o.signIn(email, attackersOwn).refuses(401)
	ada.get("/api/v1/services/")
}

// heldBy makes an account that an organisation holds, as one was made while the installation had no mail.
func heldBy(t *testing.T, s *site, org *caller, email, password string) *answer {
	t.Helper()
	made, err := s.app.UseCases.Offer(context.Background(), usecase.Caller{System: true}, org.org,
		usecase.NewOffer{Email: email, Role: auth.Member}, usecase.Door{Base: "https://status.example"})
	if err != nil {
		t.Fatal(err)
	}
	return s.use(secretOf(made.URL), password)
}

// (c) a link outlives nothing: not the password that its person has chosen since, nor a newer link, nor its withdrawal,
// nor its use.
func TestALinkDiesWithEverythingThatMovesOn(t *testing.T) {
	s := startSite(t, nil)
	acme := s.org()
	link := func(email string) string {
		url, err := s.app.UseCases.OperatorsLink(context.Background(), acme.slug, email, "")
		if err != nil {
			t.Fatal(err)
		}
		return secretOf(url)
	}
	const email = "ada@people.example"
	acme.joined(email, auth.Member, password)
	older := link(email)
	newer := link(email)
	s.use(older, attackersOwn).refuses(403, "token") // one reset link lives
	ada := s.inside(s.signIn(email, password))
	ada.do("POST", "/api/v1/users/me/password/", j{"password": "not mine at all", "new_password": newPassword}).
		refuses(422, "password")
	ada.do("POST", "/api/v1/users/me/password/", j{"password": password, "new_password": newPassword}).is(204)
	s.use(newer, attackersOwn).refuses(403, "token")
	s.signIn(email, password).refuses(401)
	// It works once, also for two at the same moment.
	once := link(email)
	codes := atOnce(8, func(n int) int { return s.use(once, newPassword+strings.Repeat("!", n)).code })
	if slices.Sort(codes); codes[0] != 200 || codes[1] != 403 {
		t.Errorf("eight uses of one link: %v", codes)
	}
	// An offer's: renewed, withdrawn, used, and of an organisation whose admin went.
	id, first := acme.offer("sam@people.example", auth.Member)
	second := secretOf(acme.post("/api/v1/members/"+id+"/invitation/", nil).str("url"))
	s.use(first, newPassword).refuses(403, "token")
	acme.do("DELETE", "/api/v1/members/"+id, nil).is(204)
	s.use(second, newPassword).refuses(403, "token")
	eve := acme.join(auth.Admin)
	_, eves := eve.offer("sam@people.example", auth.Admin)
	acme.patch("/api/v1/members/"+eve.id, j{"role": "member"})
	s.use(eves, newPassword).refuses(403, "token")
}

// atOnce calls f n times together, and lists what came of it.
func atOnce(n int, f func(int) int) []int {
	out, start := make([]int, n), make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			out[i] = f(i)
		})
	}
	close(start)
	all.Wait()
	return out
}

func TestOneOfTwoAcceptancesMakesAMember(t *testing.T) {
	s := startSite(t, nil)
	acme := s.org()
	_, link := acme.offer("ada@people.example", auth.Member)
	codes := atOnce(6, func(int) int { return s.use(link, newPassword).code })
	if slices.Sort(codes); codes[0] != 200 || codes[1] != 403 && codes[1] != 409 {
		t.Errorf("the answers are %v", codes)
	}
	acme.get("/api/v1/members/").has("count", 2)
	// A person who is signed in, in two tabs; and while the offer is withdrawn.
	home := s.org()
	email := "sam@people.example"
	home.joined(email, auth.Member, password)
	sam := s.inside(s.signIn(email, password))
	id, _ := acme.offer(email, auth.Admin)
	codes = atOnce(4, func(int) int {
		return sam.do("POST", "/api/v1/users/me/offers/"+id+"/accept/", j{}).code
	})
	if slices.Sort(codes); codes[0] != 200 || codes[1] == 200 {
		t.Errorf("the answers are %v", codes)
	}
	for range 5 {
		acme.do("DELETE", "/api/v1/members/"+sam.id, nil).is(204)
		id, _ = acme.offer(email, auth.Admin)
		codes = atOnce(2, func(n int) int {
			if n == 0 {
				return acme.do("DELETE", "/api/v1/members/"+id, nil).code
			}
			return sam.do("POST", "/api/v1/users/me/offers/"+id+"/accept/", j{}).code
		})
		member := acme.do("GET", "/api/v1/members/", nil).is(200).int("count") == 3
		if accepted := codes[1] == 200; accepted == (codes[0] == 204) || accepted != member {
			t.Errorf("withdrawn %d, accepted %d, a member: %v", codes[0], codes[1], member)
		}
		if !member {
			break
		}
	}
}

func TestWhoIsOfferedSeesWhoOffersWhatAndIsAskedOnly(t *testing.T) {
	s := startSite(t, nil)
	home, acme, other := s.org(), s.org(), s.org()
	email := "ada@people.example"
	home.joined(email, auth.Member, password)
	ada := s.inside(s.signIn(email, password))
	id, _ := acme.offer("ADA@People.example", auth.Admin)
	declined, _ := other.offer(email, auth.Member)

	ada.get("/api/v1/organizations/").has("count", 1)
	s.signIn(email, password).has("organization.id", home.org) // nothing changes by being offered something
	ada.do("GET", "/api/v1/services/", nil, "Status-Min-Seq", "0").is(200)
	list := ada.get("/api/v1/users/me/offers/").has("count", 2)
	list.keys("results.0", "id organization role offered_by created_at expires_at")
	bob := s.inside(s.use(func() string { _, l := home.offer("bob@people.example", auth.Member); return l }(),
		newPassword))
	bob.get("/api/v1/users/me/offers/").has("count", 0)
	for _, what := range []string{"accept", "decline"} {
		bob.do("POST", "/api/v1/users/me/offers/"+id+"/"+what+"/", j{}).refuses(404) // another's
	}
	for _, who := range []*caller{home, other} { // another organisation's
		who.do("DELETE", "/api/v1/members/"+id, nil).refuses(404)
		who.do("PATCH", "/api/v1/members/"+id, j{"role": "member"}).refuses(404)
		who.do("POST", "/api/v1/members/"+id+"/invitation/", nil).refuses(404)
	}
	ada.do("POST", "/api/v1/users/me/offers/"+declined+"/decline/", j{}).is(204)
	other.get("/api/v1/members/").has("count", 1)
	other.get("/api/v1/audit-log/").has("results.0.action", "decline_offer").has("results.0.actor.kind", "system").
		has("results.0.address", "")
	ada.do("POST", "/api/v1/users/me/offers/"+id+"/accept/", j{}).is(200).has("slug", acme.slug).has("role", "admin")
	acme.do("POST", "/api/v1/members/"+ada.id+"/invitation/", nil).refuses(409) // a member's password is the member's
	ada.get("/api/v1/organizations/").has("count", 2)
	// By the link alone, without signing in, an offer can be declined and nothing else.
	_, link := other.offer(email, auth.Member)
	s.nobody().do("POST", "/api/v1/auth/link/", j{"token": link}).is(200).has("purpose", "offer").
		has("account", "either")
	s.nobody().do("POST", "/api/v1/auth/decline/", j{"token": link}).is(204)
	s.nobody().do("POST", "/api/v1/auth/decline/", j{"token": link}).refuses(403, "token")
	// Who belongs to it is no secret to an organisation itself.
	acme.do("POST", "/api/v1/members/", j{"email": email, "role": "member"}).refuses(409, "email")
}

// No answer, audit row or status differs by whether an address has an account.
func TestAnOfferTellsNothingOfAccounts(t *testing.T) {
	for name, o := range map[string]*caller{"shown": startSite(t, nil).org(), "mailed": mailing(t).caller} {
		t.Run(name, func(t *testing.T) {
			home := o.site.org()
			home.joined("known@people.example", auth.Member, password)
			shape := func(email string) (string, string) {
				made := o.post("/api/v1/members/", j{"email": email, "role": "member"})
				row := o.get("/api/v1/audit-log/?page_size=1")
				out := []string{}
				for _, text := range []string{string(made.raw), string(row.raw)} {
					for _, own := range []string{made.str("id"), made.str("url"), email, strings.Split(email, "@")[0],
						made.str("created_at"), made.str("expires_at"), row.str("results.0.at"),
						row.str("results.0.request_id"), row.str("next")} {
						if own != "" {
							text = strings.ReplaceAll(text, own, "·")
						}
					}
					out = append(out, text)
				}
				return out[0], out[1]
			}
			knownAnswer, knownRow := shape("known@people.example")
			unknownAnswer, unknownRow := shape("nobody@people.example")
			if knownAnswer != unknownAnswer {
				t.Errorf("the answers differ:\n%s\n%s", knownAnswer, unknownAnswer)
			}
			if strip(knownRow) != strip(unknownRow) {
				t.Errorf("the audit rows differ:\n%s\n%s", knownRow, unknownRow)
			}
			team := o.get("/api/v1/members/")
			for _, word := range []string{home.slug, home.org} {
				if strings.Contains(string(team.raw), word) {
					t.Errorf("%s stands in %s", word, team.raw)
				}
			}
		})
	}
}

// strip takes out what differs between any two rows of an audit log: numbers.
func strip(text string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, text)
}

// The time that an answer takes tells no more than its words. The fastest of several is compared, since a machine may
// only be slow.
func TestTheTimeOfAnAnswerTellsNothingOfAccounts(t *testing.T) {
	racetest.Alone(t, "how long answers take")
	s := startSite(t, func(c *config.Config) { c.PublicRate, c.Host.HashMemory = 10_000, 0 })
	acme := s.org()
	acme.joined("known@people.example", auth.Member, password)
	other := s.org()
	fastest := func(f func(n int)) time.Duration {
		best := time.Hour
		for n := range 6 {
			began := time.Now()
			f(n)
			best = min(best, time.Since(began))
		}
		return best
	}
	for name, ask := range map[string]func(email string) func(int){
		"login": func(email string) func(int) {
			return func(int) { s.signIn(email, "not the one at all").refuses(401) }
		},
		"offer": func(email string) func(int) {
			return func(int) {
				id, _ := other.offer(email, auth.Member)
				other.do("DELETE", "/api/v1/members/"+id, nil).is(204)
			}
		},
		"forgot": func(email string) func(int) {
			return func(n int) {
				if n < 5 {
					s.nobody().do("POST", "/api/v1/auth/forgot/", j{"email": email}).is(202)
				}
			}
		},
	} {
		known, unknown := fastest(ask("known@people.example")), fastest(ask("nobody@people.example"))
		if known > 4*unknown+20*time.Millisecond || unknown > 4*known+20*time.Millisecond {
			t.Errorf("%s: %v for a known address, %v for another", name, known, unknown)
		}
	}
}

// Two ways to write one address are one; what only looks like an address is refused.
func TestAddressesThatLookAlikeAreOneOrNone(t *testing.T) {
	s := startSite(t, nil)
	acme, other := s.org(), s.org()
	acme.joined("ada@people.example", auth.Member, password)
	acme.joined("max@xn--mller-kva.example", auth.Member, password)
	for _, email := range []string{"ADA@people.example", "ada@PEOPLE.example", " ada@people.example "} {
		if a := s.signIn(email, password); a.code != 200 {
			t.Errorf("%q signs in with %d", email, a.code)
		}
	}
	s.signIn("max@müller.example", password).is(200)
	acme.do("POST", "/api/v1/members/", j{"email": "Max@MÜLLER.example", "role": "member"}).refuses(409, "email")
	other.offer("ada+status@people.example", auth.Member) // another mailbox, as far as anybody knows
	s.signIn("ada+status@people.example", password).refuses(401)
	for _, email := range []string{"аda@people.example", "ada\u200b@people.example", "ada@peo\u200bple.example",
		"ada@pеople.example", "ａda@people.example", "ada@people.example\u2060",
		"ada@@people.example", "ada@people.example,eve@evil.example", "ada@people.example\neve@evil.example",
		"ada\u0131@people.example", "<ada@people.example>", "\u212Aada@people.example"} {
		if a := s.signIn(email, password); a.code == 200 {
			t.Errorf("%q signs in", email)
		}
		a := other.do("POST", "/api/v1/members/", j{"email": email, "role": "member"})
		if a.code == 201 {
			if kept := a.str("email"); !ascii(kept) || kept == "ada@people.example" {
				t.Errorf("%q is kept as %q", email, kept)
			}
			continue
		}
		a.refuses(422, "email")
	}
}

func ascii(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > 126 || r < 33 }) < 0
}

// A session that has ended is refused at once here, within a second in another process on the same file, and its
// sockets end in both.
func TestAnEndedSessionIsRefusedEverywhere(t *testing.T) {
	racetest.Long(t)
	home, far := twoRegions(t)
	acme := home.org()
	email := "ada@people.example"
	acme.joined(email, auth.Member, password)
	now := password
	for _, row := range []struct {
		name string
		end  func(who *signed)
		ours bool // the session that does it goes on
	}{
		{"signed out", func(who *signed) {
			who.do("POST", "/api/v1/auth/logout/", nil, "Cookie", who.cookie, "X-Requested-With", "x").is(204)
		}, false},
		{"signed out with the token alone",
			func(who *signed) { who.do("POST", "/api/v1/auth/logout/", nil, "X-Requested-With", "x").is(204) }, false},
		{"signed out everywhere with the token alone", func(who *signed) {
			home.inside(home.signIn(email, now)).do("POST", "/api/v1/auth/logout/", j{"everywhere": true},
				"X-Requested-With", "x").is(204)
		}, false},
		{"ended from another one", func(who *signed) {
			other := home.inside(home.signIn(email, now))
			for _, one := range other.get("/api/v1/users/me/sessions/").list("results") {
				if one := one.(j); one["current"] == false {
					other.do("DELETE", "/api/v1/users/me/sessions/"+one["id"].(string), nil).is(204)
				}
			}
			other.get("/api/v1/users/me/sessions/").has("count", 1).has("results.0.current", true)
		}, false},
		{"a refresh token came twice", func(who *signed) {
			next := cookieOf(home.nobody().do("POST", "/api/v1/auth/refresh/", nil, "Cookie", who.cookie,
				"X-Requested-With", "x").is(200))
			home.nobody().do("POST", "/api/v1/auth/refresh/", nil, "Cookie", next, "X-Requested-With", "x").is(200)
			home.sql(`UPDATE sessions SET advanced_at = advanced_at - 36000000`)
			home.nobody().do("POST", "/api/v1/auth/refresh/", nil, "Cookie", who.cookie, "X-Requested-With", "x").
				refuses(401)
		}, false},
		{"the password was changed elsewhere", func(who *signed) {
			home.inside(home.signIn(email, now)).do("POST", "/api/v1/users/me/password/",
				j{"password": now, "new_password": now + "!"}).is(204)
			now += "!"
		}, false},
		{"a link chose a new password", func(who *signed) {
			url, err := home.app.UseCases.OperatorsLink(context.Background(), "", email, "")
			if err != nil {
				t.Fatal(err)
			}
			now += "?"
			home.use(secretOf(url), now).is(200)
		}, false},
		{"the password was changed here", func(who *signed) {
			who.do("POST", "/api/v1/users/me/password/", j{"password": now, "new_password": now + "!"}).is(204)
			now += "!"
		}, true},
	} {
		who := home.inside(home.signIn(email, now))
		elsewhere := &caller{site: far, token: who.token}
		elsewhere.get("/api/v1/services/")
		here := dial(t, home.addr, "/ws/status/org/"+acme.org+"/", nil, "bearer", who.token)
		there := dial(t, far.addr, "/ws/status/org/"+acme.org+"/", nil, "bearer", who.token)
		next(t, here)
		next(t, there)
		row.end(who)
		began := time.Now()
		if row.ours {
			who.get("/api/v1/services/")
			elsewhere.get("/api/v1/services/")
			continue
		}
		if a := who.do("GET", "/api/v1/services/", nil); a.code != 401 {
			t.Errorf("%s: answered %d here", row.name, a.code)
		}
		for elsewhere.do("GET", "/api/v1/services/", nil).code != 401 {
			if time.Since(began) > time.Second {
				t.Errorf("%s: still answered elsewhere after a second", row.name)
				break
			}
		}
		for name, ws := range map[string]int{"here": closed(t, here), "elsewhere": closed(t, there)} {
			if ws != 4401 {
				t.Errorf("%s: the socket %s was closed with %d", row.name, name, ws)
			}
		}
		who.do("POST", "/api/v1/auth/ticket/", nil).refuses(401)
	}
}

// Whoever brings neither a cookie nor a token of a person cannot end anybody's sessions.
func TestSigningOutEverywhereNeedsToBeSomebody(t *testing.T) {
	acme := world(t).org()
	key := acme.key("read", "write", "admin")
	acme.nobody().do("POST", "/api/v1/auth/logout/", j{"everywhere": true}, "X-Requested-With", "x").refuses(401)
	key.do("POST", "/api/v1/auth/logout/", j{"everywhere": true}, "X-Requested-With", "x").refuses(401)
	acme.nobody().do("POST", "/api/v1/auth/logout/", nil, "X-Requested-With", "x").is(204)
	acme.get("/api/v1/services/")
	// the token of a script is a session, too
	acme.do("POST", "/api/v1/auth/logout/", j{"everywhere": true}, "X-Requested-With", "x").is(204)
	acme.do("GET", "/api/v1/services/", nil).refuses(401)
}

func TestASessionIsEndedFromAnotherOne(t *testing.T) {
	acme := world(t).org()
	email := "ada@" + acme.slug + ".example"
	acme.joined(email, auth.Member, password)
	here, there := acme.inside(acme.signIn(email, password)), acme.inside(acme.signIn(email, password))
	mine := there.get("/api/v1/users/me/sessions/").has("count", 2).list("results")
	for _, one := range mine {
		if one := one.(j); one["current"] == false {
			there.do("DELETE", "/api/v1/users/me/sessions/"+one["id"].(string), nil).is(204)
		}
	}
	here.do("GET", "/api/v1/users/me/", nil).refuses(401)
	there.get("/api/v1/users/me/sessions/").has("count", 1).has("results.0.current", true)
}

func TestAPersonLooksAfterTheirAccount(t *testing.T) {
	o := mailing(t)
	home := o.site.org()
	email, moved := "ada@people.example", "ada@elsewhere.example"
	home.joined(email, auth.Member, password)
	home.joined("eve@people.example", auth.Member, password)
	ada, eve := o.inside(o.signIn(email, password)), o.inside(o.signIn("eve@people.example", password))
	ada.patch("/api/v1/users/me/", j{"name": "Ada Lovelace"}).has("name", "Ada Lovelace")
	ada.do("PATCH", "/api/v1/users/me/", j{"name": ""}).refuses(422, "name")
	mine := ada.get("/api/v1/users/me/sessions/").has("count", 1).str("results.0.id")
	eve.do("DELETE", "/api/v1/users/me/sessions/"+mine, nil).refuses(404)

	// An address is proved at both ends: nothing changes before the new mailbox says so, and the old one can undo it.
	change := func(to string) *answer {
		return ada.do("POST", "/api/v1/users/me/address/", j{"email": to, "password": password})
	}
	ada.do("POST", "/api/v1/users/me/address/", j{"email": moved, "password": "not mine at all"}).
		refuses(422, "password")
	taken, free := change("eve@people.example").is(202), change(moved).is(202)
	if string(taken.raw) != string(free.raw) {
		t.Errorf("the answers differ:\n%s\n%s", taken.raw, free.raw)
	}
	o.mail.Wait(t, 2)
	toEve, toNew := o.mail.To("eve@people.example"), o.mail.To(moved)
	// the newer link alone lives
	o.nobody().do("POST", "/api/v1/auth/address/", j{"token": mailedLink(t, toEve[0]), "password": password}).
		refuses(403, "token")
	link := mailedLink(t, toNew[0])
	o.nobody().do("POST", "/api/v1/auth/link/", j{"token": link}).is(200).has("purpose", "address").has("email", moved)
	o.signIn(moved, password).refuses(401)
	// Whoever believes every mail gives a stranger's account nothing: it is asked for that account's password, too.
	o.nobody().do("POST", "/api/v1/auth/address/", j{"token": link, "password": "a password of one's own"}).
		refuses(422, "password")
	o.nobody().do("POST", "/api/v1/auth/address/", j{"token": link, "password": password}).is(200).has("email", moved)
	o.nobody().do("POST", "/api/v1/auth/address/", j{"token": link, "password": password}).refuses(403, "token")
	ada.do("GET", "/api/v1/users/me/", nil).refuses(401)
	o.signIn(email, password).refuses(401)
	ada = o.inside(o.signIn(moved, password))
	o.mail.Wait(t, 3)
	old := o.mail.To(email)
	undo := mailedLink(t, old[len(old)-1])
	// Whoever took it over changes the password as well: the way back is still there.
	ada.do("POST", "/api/v1/users/me/password/", j{"password": password, "new_password": attackersOwn}).is(204)
	back := o.inside(o.use(undo, newPassword))
	back.get("/api/v1/users/me/").has("email", email)
	ada.do("GET", "/api/v1/users/me/", nil).refuses(401)
	o.signIn(moved, attackersOwn).refuses(401)
	o.signIn(email, attackersOwn).refuses(401)
	o.use(undo, newPassword).refuses(403, "token")
	// A taken address is found out by its mailbox alone.
	back.do("POST", "/api/v1/users/me/address/", j{"email": "eve@people.example", "password": newPassword}).is(202)
	o.mail.Wait(t, 4)
	toEve = o.mail.To("eve@people.example")
	o.nobody().do("POST", "/api/v1/auth/address/", j{"token": mailedLink(t, toEve[1]), "password": newPassword}).
		refuses(409)
}

// Who has an account that nobody has proved proves it by its own mailbox, without another password; and only where
// there is mail.
func TestAPersonProvesTheirAddress(t *testing.T) {
	const email = "ada@people.example"
	o := mailing(t)
	home := o.site.org()
	ada := o.inside(heldBy(t, o.site, home, email, newPassword))
	o.post("/api/v1/members/", j{"email": email, "role": "admin"})
	o.mail.Wait(t, 1)
	ada.get("/api/v1/users/me/").has("provable", true)
	ada.get("/api/v1/users/me/offers/").has("count", 0)
	ask := func(who *caller, password string) *answer {
		return who.do("POST", "/api/v1/users/me/address/", j{"email": email, "password": password})
	}
	ask(ada.caller, "not mine at all").refuses(422, "password")
	ask(ada.caller, newPassword).is(202)
	link, letter := o.lastLink(t, 2)
	if letter.To != email || !strings.Contains(letter.Text, "Is this your address?") {
		t.Errorf("to %s: %s", letter.To, letter.Text)
	}
	confirm := func(password string) *answer {
		return o.nobody().do("POST", "/api/v1/auth/address/", j{"token": link, "password": password})
	}
	// the mailbox alone is not enough: a stranger may have made the account
	confirm(attackersOwn).refuses(422, "password")
	confirm(newPassword).is(200).has("email", email)
	confirm(newPassword).refuses(403, "token")
	ada.do("GET", "/api/v1/users/me/", nil).refuses(401)
	again := o.inside(o.signIn(email, newPassword))
	again.get("/api/v1/users/me/").has("id", ada.id).has("provable", false)
	again.get("/api/v1/users/me/offers/").has("count", 1)
	ask(again.caller, newPassword).refuses(422, "email") // there is nothing left to prove
	if n := len(o.mail.Got()); n != 2 {
		t.Errorf("%d mails", n) // nobody hears of an address that has not changed
	}
	o.key().get("/api/v1/users/me/").has("provable", false)

	s := startSite(t, nil)
	acme := s.org()
	_, theirs := acme.offer(email, auth.Member)
	bob := s.inside(s.use(theirs, newPassword))
	bob.get("/api/v1/users/me/").has("provable", false)
	ask(bob.caller, newPassword).refuses(404)
}

func TestALastAdminStaysAndAnAccountEnds(t *testing.T) {
	s := startSite(t, nil)
	acme, other := s.org(), s.org()
	email := "ada@people.example"
	acme.joined(email, auth.Admin, password)
	other.joined(email, auth.Member, password)
	ada := s.inside(s.signIn(email, password))
	ada.get("/api/v1/users/me/organizations/").has("count", 2)
	key := ada.key("read")
	acme.do("DELETE", "/api/v1/members/"+acme.id, nil).is(204) // who made the organisation goes; ada is the last admin
	ada.do("DELETE", "/api/v1/users/me/organizations/"+acme.org, nil).refuses(409)
	ada.do("DELETE", "/api/v1/members/"+ada.id, nil).refuses(409)
	ada.do("POST", "/api/v1/users/me/deletion/", j{"email": email, "password": password}).refuses(409)
	ada.do("DELETE", "/api/v1/users/me/organizations/"+other.org, nil).is(204)
	other.get("/api/v1/audit-log/?page_size=1").has("results.0.action", "leave_organization").has("results.0.actor.id",
		ada.id)
	other.get("/api/v1/members/").has("count", 1)
	ada.do("DELETE", "/api/v1/users/me/organizations/"+other.org, nil).refuses(404)
	eve := acmeAdmin(s, ada, "eve@people.example")
	ada.do("POST", "/api/v1/users/me/deletion/", j{"email": "eve@people.example", "password": password}).
		refuses(422, "email")
	ada.do("POST", "/api/v1/users/me/deletion/", j{"email": email, "password": "not mine at all"}).
		refuses(422, "password")
	ada.do("POST", "/api/v1/users/me/deletion/", j{"email": email, "password": password}).is(204)
	ada.do("GET", "/api/v1/users/me/", nil).refuses(401)
	s.nobody().do("POST", "/api/v1/auth/refresh/", nil, "Cookie", ada.cookie, "X-Requested-With", "x").refuses(401)
	s.signIn(email, password).refuses(401)
	(&caller{site: s, token: key.token}).do("GET", "/api/v1/services/", nil).refuses(401)
	eve.get("/api/v1/members/").has("count", 1)
	eve.offer(email, auth.Member) // the address is free
}

func acmeAdmin(s *site, by *signed, email string) *signed {
	s.t.Helper()
	_, link := by.offer(email, auth.Admin)
	return s.inside(s.use(link, newPassword))
}

func TestADeletedOrganizationIsGoneAtOnceAndErasedLater(t *testing.T) {
	home, far := twoRegions(t)
	acme, other := home.org(), home.org()
	acme.incident("Errors")
	kept := other.service("API")
	email := "ada@people.example"
	acme.joined(email, auth.Admin, password)
	other.joined(email, auth.Member, password)
	member := acme.join(auth.Member)
	ada := home.inside(home.signIn(email, password))
	_, held := ada.offer("held@people.example", auth.Member)
	home.use(held, newPassword).is(200)
	key := acme.key("read", "write", "admin")
	_, open := ada.offer("open@people.example", auth.Member)
	page := "/api/v1/public/" + acme.slug + "/summary/"
	home.nobody().get(page)
	far.nobody().get(page)
	ws := dial(t, far.addr, "/ws/status/public/"+acme.slug+"/", nil)
	next(t, ws)

	deletion := "/api/v1/organization/deletion/"
	member.do("POST", deletion, j{"slug": acme.slug}).refuses(403)
	key.do("POST", deletion, j{"slug": acme.slug}).refuses(403)
	ada.do("POST", deletion, j{"slug": other.slug}).refuses(422, "slug")
	other.do("POST", deletion, j{"slug": acme.slug}).refuses(422, "slug")
	ada.post(deletion, j{"slug": acme.slug}).keys("", "deleted_at erased_at")
	began := time.Now()
	for _, token := range []string{acme.token, ada.token, member.token, key.token} {
		(&caller{site: home, token: token}).do("GET", "/api/v1/services/", nil).refuses(401)
		for (&caller{site: far, token: token}).do("GET", "/api/v1/services/", nil).code != 401 {
			if time.Since(began) > 2*time.Second {
				t.Fatal("still answered elsewhere")
			}
		}
	}
	home.nobody().do("GET", page, nil).refuses(404)
	if code := closed(t, ws); code != 4404 {
		t.Errorf("the public socket was closed with %d", code)
	}
	far.nobody().do("GET", page, nil).refuses(404)
	home.use(open, newPassword).refuses(403, "token")

	// Its admins bring it back, and nobody else.
	again := home.inside(home.signIn(email, password).has("organization.id", other.org))
	again.get("/api/v1/users/me/organizations/").has("count", 2)
	undo := "/api/v1/users/me/organizations/" + acme.org + "/deletion/"
	other.do("DELETE", undo, nil).refuses(404)
	again.do("DELETE", undo, nil).is(204)
	again.do("DELETE", undo, nil).refuses(404)
	acme.get("/api/v1/services/")
	home.nobody().get(page)
	key.get("/api/v1/services/")

	// Erased, nothing is left of it, and of others everything.
	acme.post(deletion, j{"slug": acme.slug})
	home.sql(`UPDATE deleted_organizations SET erase_at = 1 WHERE org_id = ?`, acme.org)
	home.app.UseCases.EraseDue(context.Background())
	for _, table := range tablesWithOrg(t, home) {
		if n := home.number(`SELECT count(*) FROM "`+table+`" WHERE org_id = ?`, acme.org); n != 0 &&
			table != "deleted_organizations" {
			t.Errorf("%d rows are left in %s", n, table)
		}
	}
	if n := home.number(`SELECT count(*) FROM organizations WHERE id = ?`, acme.org) +
		home.number(`SELECT count(*) FROM users WHERE email = 'held@people.example'`); n != 0 {
		t.Errorf("%d rows of it are left", n)
	}
	acme.do("GET", "/api/v1/services/", nil).refuses(401)
	again.do("DELETE", undo, nil).refuses(404)
	other.get("/api/v1/services/" + kept)
	home.signIn(email, password).is(200).has("organization.id", other.org)
}

// query reads one row of what no request tells.
func (s *site) query(statement string, args []any, into any) {
	s.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+s.file+"?_busy_timeout=10000")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRow(statement, args...).Scan(into); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) number(query string, args ...any) (n int) {
	s.t.Helper()
	s.query(query, args, &n)
	return n
}

func tablesWithOrg(t *testing.T, s *site) (tables []string) {
	t.Helper()
	var list string
	s.query(`SELECT group_concat(m.name) FROM sqlite_master m WHERE m.type = 'table' AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) c WHERE c.name = 'org_id') AND m.name NOT IN ('sessions')`, nil, &list)
	if tables = strings.Split(list, ","); len(tables) < 15 {
		t.Fatalf("the tables are %v", tables)
	}
	return tables
}

// Without a mail server a link is in a file that the operator alone reads, and never in the log.
func TestALinkStandsInAFileOfTheOperatorsAndNotInTheLog(t *testing.T) {
	log := recordLog(t)
	s := startSite(t, nil)
	acme := s.org()
	acme.joined("ada@people.example", auth.Member, password)
	s.nobody().do("POST", "/api/v1/auth/forgot/", j{"email": "ada@people.example"}).is(202)
	var text string
	var file os.FileInfo
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		names, _ := filepath.Glob(s.file + "*letters*")
		if len(names) == 0 {
			names, _ = filepath.Glob(filepath.Join(filepath.Dir(s.file), "*letters*"))
		}
		if len(names) == 1 {
			raw, err := os.ReadFile(names[0])
			if text = string(raw); err == nil && strings.Contains(text, "token=") {
				file, _ = os.Stat(names[0])
				break
			}
		}
		if time.Now().After(end) {
			t.Fatalf("no letter came: %v", names)
		}
	}
	if file.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %o", file.Mode().Perm())
	}
	secret := strings.TrimSpace(secretOf(text))
	_, offered := acme.offer("sam@people.example", auth.Member)
	s.use(offered, newPassword).is(200)
	s.use(secret, newPassword).is(200)
	s.stop()
	for _, word := range []string{secret, offered, "token="} {
		if strings.Contains(log.String(), word) {
			t.Errorf("%.10s… stands in the log", word)
		}
	}
}
