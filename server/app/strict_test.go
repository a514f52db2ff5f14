package app_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"statuspage/lab/openid"
	"statuspage/server/config"
	"statuspage/server/racetest"
)

// behindStrict starts the program with a provider that takes the standard at its word.
func behindStrict(t *testing.T, refresh bool, lasts time.Duration) *site {
	t.Helper()
	s := startSite(t, nil)
	provider := openid.StartStrict(t, "http://"+s.addr+"/login/callback", refresh, lasts)
	s.within(func(c *config.Config) {
		c.Auth = config.Auth{JWKSURL: provider.Keys(), Issuer: provider.Issuer, Audience: []string{provider.Audience},
			Preset: "auth0", ClientID: openid.ClientID, ClientSecret: openid.Secret}
	})
	return s
}

// enterStrictly signs in at the provider's own pages, and answers which scopes it asked consent to.
func enterStrictly(b *tab) string {
	b.t.Helper()
	b.until(`document.querySelector('a[data-begin]')`)
	b.do(chromedp.Click(`a.primary`))
	b.until(`document.querySelector('form[data-prompt]')`)
	if eval[bool](b, `document.querySelector('form').dataset.prompt === 'login'`) {
		b.do(chromedp.SendKeys(`#login`, "ada"), chromedp.Click(`button[type=submit]`))
	}
	b.until(`document.querySelector('form[data-prompt=consent]')`)
	scope := eval[string](b, `document.querySelector('#scope').textContent`)
	b.do(chromedp.Click(`button[type=submit]`))
	b.until(`location.pathname.startsWith('/dashboard')`)
	b.live()
	return scope
}

func TestAStrictProviderGivesARefreshTokenToWhoConsents(t *testing.T) {
	racetest.Outside(t, "a browser")
	s := behindStrict(t, true, time.Hour)
	b := openBrowser(t).visitor(t, "http://"+s.addr)
	b.visit("/dashboard")
	if scope := enterStrictly(b); !strings.Contains(scope, "offline_access") {
		t.Errorf("it was asked for %q", scope)
	}
	b.do(chromedp.Reload()) // by the refresh token
	b.live()
	b.reads("Ada Lovelace")
	if !eval[bool](b,
		`fetch('/api/v1/auth/refresh/', { method: 'POST', headers: { 'X-Requested-With': 'x' } }).then((r) => r.json()).then((d) => d.renewable === true)`) {
		t.Error("the session is not renewable")
	}
	if text := eval[string](b, `document.querySelector('.rail').textContent`); strings.Contains(text,
		"Signed in until") {
		t.Error("a session that is renewed is said to end")
	}
	b.do(chromedp.Click(`button[aria-label="Sign out"]`))
	b.until(`location.pathname === '/login'`)
	b.clean()
}

func TestWithoutARefreshTokenASessionLastsAsLongAsItsToken(t *testing.T) {
	racetest.Outside(t, "a browser")
	s := behindStrict(t, false, 40*time.Second)
	b := openBrowser(t).visitor(t, "http://"+s.addr)
	b.visit("/dashboard/services")
	if scope := enterStrictly(b); strings.Contains(scope, "offline_access") {
		t.Errorf("it was asked for %q", scope)
	}
	b.reads("Signed in until")
	b.reads("Your sign-in ends at")
	b.do(chromedp.Reload()) // the token is kept out of scripts' reach
	b.live()
	b.reads("Ada Lovelace")
	if !eval[bool](b,
		`document.cookie === '' && fetch('/api/v1/auth/refresh/', { method: 'POST', headers: { 'X-Requested-With': 'x' } }).then((r) => r.json()).then((d) => d.renewable === false && d.expires_in <= 40)`) {
		t.Error("the session is said to be renewable, or to last longer")
	}
	for end := time.Now().Add(40*time.Second + patience); !eval[bool](b,
		`document.body.innerText.includes('Your sign-in has ended.')`); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the session outlives its token")
		}
	}
	b.press("Sign in")
	b.until(`location.pathname === '/login'`)
	enterStrictly(b)
	b.do(chromedp.Click(`button[aria-label="Sign out"]`))
	b.until(`location.pathname === '/login'`)
	if !eval[bool](b,
		`fetch('/api/v1/auth/refresh/', { method: 'POST', headers: { 'X-Requested-With': 'x' } }).then((r) => r.status === 401)`) {
		t.Error("after signing out the session goes on")
	}
	b.clean()
}

func TestAnAnswerOfAnotherIssuerIsNoSignIn(t *testing.T) {
	s, _ := behindOpenID(t)
	here := "http://" + s.addr
	begun := openid.Browser()
	begun.CheckRedirect = plain.CheckRedirect
	state := stateOf(t, begun, here)
	res, err := begun.Get(here + "/login/callback?code=y&iss=" + url.QueryEscape("https://evil.example") + "&state=" +
		state)
	if body := read(t, res, err); res.StatusCode != 403 || !strings.Contains(body, "another identity provider") {
		t.Errorf("%s: %s", res.Status, body)
	}
}
