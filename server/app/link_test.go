package app_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/notify/notifytest"
)

// knock sends a request without a token, as the pages before the dashboard do.
func (s *site) knock(path string, body any) (int, map[string]any) {
	s.t.Helper()
	a := s.nobody().do("POST", path, body, "X-Requested-With", "statuspage")
	return a.code, a.body
}

func TestAnEmptyInstallationIsSetUpOnceByItsLink(t *testing.T) {
	s := startSite(t, nil)
	secret, err := s.app.UseCases.SetupLink(context.Background())
	if err != nil || secret == "" {
		t.Fatal(secret, err)
	}
	first := map[string]any{"token": secret, "organization": map[string]any{"slug": "acme", "name": "Acme"},
		"email": "ada@acme.example", "name": "Ada", "password": "a few words are good"}
	wrong := map[string]any{"token": secret, "organization": map[string]any{"slug": "-"}, "email": "ada",
		"password": "short"}
	if code, out := s.knock("/api/v1/auth/setup/", wrong); code != http.StatusUnprocessableEntity ||
		len(out["errors"].([]any)) != 4 {
		t.Errorf("what is wrong: %d %v", code, out)
	}
	if code, _ := s.knock("/api/v1/auth/setup/", map[string]any{"token": strings.Repeat("x", 43),
		"organization": first["organization"], "email": "e@x.example",
		"password": "a few words are good"}); code != http.StatusForbidden {
		t.Errorf("a link that is none: %d", code)
	}
	code, out := s.knock("/api/v1/auth/setup/", first)
	if code != http.StatusOK || out["role"] != "admin" {
		t.Fatalf("set up: %d %v", code, out)
	}
	s.as(out["access_token"].(string)).service("API")
	if code, _ := s.knock("/api/v1/auth/setup/", first); code != http.StatusForbidden {
		t.Errorf("the link a second time: %d", code)
	}
	if again, err := s.app.UseCases.SetupLink(context.Background()); again != "" || err != nil {
		t.Errorf("another link: %q %v", again, err)
	}
	if code, _ := s.knock("/api/v1/auth/login/",
		map[string]any{"email": "ADA@acme.example", "password": "a few words are good"}); code != http.StatusOK {
		t.Errorf("sign in: %d", code)
	}
}

func TestAMemberChoosesAPasswordByALinkThatWorksOnce(t *testing.T) {
	s := startSite(t, nil)
	acme, other := s.tenant("acme"), s.tenant("other")
	made := acme.must("POST", "/api/v1/members/", map[string]any{"email": "sam@acme.example"})
	invite := fmt.Sprintf("/api/v1/members/%s/invitation/", made["id"])
	if code, _, _ := other.send("POST", invite, nil); code != http.StatusNotFound {
		t.Errorf("another organisation's admin: %d", code)
	}
	secretOf := func(url any) string {
		_, secret, _ := strings.Cut(url.(string), "token=")
		return secret
	}
	before, first := secretOf(made["url"]), secretOf(acme.must("POST", invite, nil)["url"])
	if code, _ := s.knock("/api/v1/auth/accept/",
		map[string]any{"token": before, "password": "a few words are good"}); code != http.StatusForbidden {
		t.Errorf("the link before: %d", code)
	}
	token := func() string { // of the operator's, since no organisation has one to an account
		url, err := s.app.UseCases.OperatorsLink(context.Background(), "acme", "sam@acme.example", "")
		if err != nil {
			t.Fatal(err)
		}
		return secretOf(url)
	}
	if code, out := s.knock("/api/v1/auth/accept/",
		map[string]any{"token": first, "password": "short"}); code != http.StatusUnprocessableEntity {
		t.Errorf("a bad password: %d %v", code, out)
	}
	code, out := s.knock("/api/v1/auth/accept/", map[string]any{"token": first, "password": "a few words are good"})
	if code != http.StatusOK || out["role"] != "member" {
		t.Fatalf("accepted: %d %v", code, out)
	}
	if code, _ := s.knock("/api/v1/auth/accept/",
		map[string]any{"token": first, "password": "somebody else's words"}); code != http.StatusForbidden {
		t.Errorf("the link a second time: %d", code)
	}
	// a reset
	if code, _ := s.knock("/api/v1/auth/accept/",
		map[string]any{"token": token(), "password": "other words are good"}); code != http.StatusOK {
		t.Errorf("a reset: %d", code)
	}
	for password, want := range map[string]int{"a few words are good": http.StatusUnauthorized,
		"other words are good": http.StatusOK} {
		if code, _ := s.knock("/api/v1/auth/login/",
			map[string]any{"email": "sam@acme.example", "password": password}); code != want {
			t.Errorf("%q signs in with %d", password, code)
		}
	}
}

func TestASessionIsARowOfCookiesUntilItEnds(t *testing.T) {
	s := world(t)
	acme := s.org()
	email := "ada@" + acme.slug + ".example"
	acme.joined(email, auth.Member, "a few words are good")
	cookie := func(a *answer) string {
		found, _, _ := strings.Cut(a.is(200).header.Get("Set-Cookie"), ";")
		return found
	}
	first := cookie(s.nobody().do("POST", "/api/v1/auth/login/",
		map[string]any{"email": email, "password": "a few words are good"}))
	ask := func(path, cookie string) *answer {
		return s.nobody().do("POST", path, nil, "X-Requested-With", "statuspage", "Cookie", cookie)
	}
	second := cookie(ask("/api/v1/auth/refresh/", first))
	if second == first {
		t.Error("the cookie was not exchanged")
	}
	// another site's form could send that
	s.nobody().do("POST", "/api/v1/auth/refresh/", nil, "Cookie", second).refuses(403)
	s.nobody().do("POST", "/api/v1/auth/refresh/", nil, "X-Requested-With", "x", "Cookie", second, "Origin",
		"https://evil.example").refuses(403)
	ask("/api/v1/auth/logout/", second).is(204)
	ask("/api/v1/auth/refresh/", second).refuses(401)
}

// The answer that brings the next cookie may be lost, and the network with it, for longer than any tab waits for
// another.
func TestALostAnswerToARefreshSignsNobodyOut(t *testing.T) {
	s := world(t)
	acme := s.org()
	email := "ada@" + acme.slug + ".example"
	acme.joined(email, auth.Member, "a few words are good")
	cookie := func(a *answer) string {
		found, _, _ := strings.Cut(a.is(200).header.Get("Set-Cookie"), ";")
		return found
	}
	ask := func(cookie string) *answer {
		return s.nobody().do("POST", "/api/v1/auth/refresh/", nil, "X-Requested-With", "statuspage", "Cookie", cookie)
	}
	hours := func() { // pass
		s.sql(`UPDATE sessions SET advanced_at = advanced_at - 36000000 WHERE user_id = (SELECT id FROM users WHERE email = ?)`, email)
	}
	first := cookie(s.nobody().do("POST", "/api/v1/auth/login/", j{"email": email, "password": "a few words are good"}))
	lost := cookie(ask(first))
	hours()
	again := cookie(ask(first))
	hours()
	third := cookie(ask(again))
	hours()
	ask(lost).refuses(401) // its twin was used: one of the two is somebody else's
	ask(third).refuses(401)

	first = cookie(s.nobody().do("POST", "/api/v1/auth/login/", j{"email": email, "password": "a few words are good"}))
	third = cookie(ask(cookie(ask(first))))
	ask(first).refuses(401)
	ask(third).refuses(401)
}

// mailedLink is the secret of the link in a mail.
func mailedLink(t *testing.T, l notifytest.Letter) string {
	t.Helper()
	_, rest, found := strings.Cut(l.Text, "https://status.example/accept#token=")
	secret, _, _ := strings.Cut(rest, "\n")
	if !found || !strings.Contains(l.HTML, secret) || strings.Contains(l.Text, "unsubscribe") {
		t.Fatalf("the mail is\n%s\n%s", l.Text, l.HTML)
	}
	return strings.TrimSpace(secret)
}

func TestAForgottenPasswordIsReplacedByMail(t *testing.T) {
	o := newOffice(t, func(c *config.Config) { c.BaseURL = "https://status.example" })
	email := "ada@" + o.slug + ".example"
	offer := o.post("/api/v1/members/", map[string]any{"email": email, "name": "Ada"}).has("mailed", true).
		has("url", "").str("id")
	first := mailedLink(t, o.mail.Wait(t, 1)[0])
	o.post("/api/v1/members/"+offer+"/invitation/", map[string]any{"mail": true}).has("mailed", true).has("url", "")
	invitation := o.mail.Wait(t, 2)[1]
	if code, _ := o.knock("/api/v1/auth/accept/",
		map[string]any{"token": first, "password": "a few words are good"}); code != 403 {
		t.Errorf("the link before: %d", code)
	}
	if !strings.Contains(invitation.Subject(), "You are invited") {
		t.Errorf("the subject is %q", invitation.Subject())
	}
	if code, out := o.knock("/api/v1/auth/accept/", map[string]any{"token": mailedLink(t, invitation),
		"password": "a few words are good"}); code != 200 {
		t.Fatalf("accept: %d %v", code, out)
	}

	known := o.nobody().do("POST", "/api/v1/auth/forgot/", map[string]any{"email": strings.ToUpper(email)}).is(202)
	unknown := o.nobody().do("POST", "/api/v1/auth/forgot/", map[string]any{"email": "nobody@acme.example"}).is(202)
	if string(known.raw) != string(unknown.raw) {
		t.Errorf("the answers differ: %s and %s", known.raw, unknown.raw)
	}
	secret := mailedLink(t, o.mail.Wait(t, 3)[2])
	if code, out := o.knock("/api/v1/auth/accept/",
		map[string]any{"token": secret, "password": "other words are good"}); code != 200 {
		t.Fatalf("accept: %d %v", code, out)
	}
	if code, _ := o.knock("/api/v1/auth/login/",
		map[string]any{"email": email, "password": "other words are good"}); code != 200 {
		t.Errorf("sign in: %d", code)
	}
	for _, l := range o.mail.Got() {
		if l.To != email {
			t.Errorf("%s got a mail", l.To)
		}
	}
	// What a person does with their own account is no row of any organisation's.
	for i, want := range []string{"accept_offer", "renew_offer", "offer_membership", "add_member"} {
		o.get("/api/v1/audit-log/").has(fmt.Sprintf("results.%d.action", i), want)
	}
	// Nobody's mailbox is filled, and nobody learns by it who has one.
	for _, address := range []string{email, "nobody@acme.example"} {
		for range 4 {
			o.nobody().do("POST", "/api/v1/auth/forgot/", map[string]any{"email": address}).is(202)
		}
		o.nobody().do("POST", "/api/v1/auth/forgot/", map[string]any{"email": address}).refuses(429)
	}
	o.nobody().do("POST", "/api/v1/auth/forgot/", map[string]any{"email": "ada"}).refuses(422, "email")
	o.nobody().do("POST", "/api/v1/auth/forgot/", map[string]any{"email": email}, "Origin", "https://evil.example").
		refuses(403)
}

func TestNoLinkIsMailedWhoseBeginningAnybodyCouldWrite(t *testing.T) {
	o := newOffice(t, func(c *config.Config) { c.BaseURL = "" }) // mail goes out, and nothing says where links begin
	o.nobody().do("POST", "/api/v1/auth/forgot/", map[string]any{"email": "admin@" + o.slug + ".example"}, "Host",
		"evil.example").refuses(404)
	o.do("POST", "/api/v1/members/"+o.id+"/invitation/", map[string]any{"mail": true}).refuses(404)
}

func TestPasswordsAreTriedSlowly(t *testing.T) {
	// refusedAfter is how many attempts were answered before one was refused. A slow machine is given back some
	// meanwhile.
	refusedAfter := func(s *site, email func(n int) string) int {
		for n := range 200 {
			a := s.nobody().do("POST", "/api/v1/auth/login/",
				map[string]any{"email": email(n), "password": "not the one"})
			if a.code == http.StatusTooManyRequests {
				return n
			}
			a.refuses(401)
		}
		t.Fatal("nothing was ever refused")
		return 0
	}
	address := startSite(t, func(c *config.Config) { c.PublicRate = 12 })
	if n := refusedAfter(address, func(n int) string { return fmt.Sprintf("somebody-%d@acme.example", n) }); n < 12 {
		t.Errorf("an address was refused after %d", n)
	}
	account := startSite(t, nil)
	// there is no such account, which nobody is told
	if n := refusedAfter(account, func(n int) string {
		return []string{"ada@acme.example",
			"ADA@acme.example"}[n%2]
	}); n < 20 {
		t.Errorf("an account was refused after %d", n)
	}
	account.nobody().do("POST", "/api/v1/auth/login/",
		map[string]any{"email": "sam@acme.example", "password": "not the one"}).refuses(401)
}
