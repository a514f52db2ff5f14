package app_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"statuspage/lab/openid"
	"statuspage/server/config"
	"statuspage/server/racetest"
)

// behindOpenID starts the program with a real provider that signs people in by its own pages.
func behindOpenID(t *testing.T) (*site, *openid.Issuer) {
	t.Helper()
	provider := openid.Start(t)
	s := startSite(t, clientOf(provider))
	provider.Knows("http://" + s.addr + "/login/callback")
	return s, provider
}

func clientOf(provider *openid.Issuer) func(*config.Config) {
	return func(c *config.Config) {
		c.Auth = config.Auth{JWKSURL: provider.Keys(), Issuer: provider.Name, Audience: []string{openid.ClientID},
			Preset: "zitadel", ClientID: openid.ClientID, ClientSecret: openid.Secret}
	}
}

func TestASignInFarFromThePrimaryIsFinishedThere(t *testing.T) {
	provider := openid.Start(t)
	home, far := twoRegionsOf(t, clientOf(provider))
	provider.Knows("http://" + far.addr + "/login/callback")
	ada := openid.Browser()
	res, err := provider.SignIn(ada, "http://"+far.addr+"/login/begin", openid.Ada)
	if read(t, res, err); res.Request.URL.String() != "http://"+far.addr+"/dashboard" {
		t.Fatalf("it ends at %s", res.Request.URL)
	}
	refresh := ""
	for _, c := range ada.Jar.Cookies(res.Request.URL) {
		if c.Name == "refresh" {
			refresh = c.Value
		}
	}
	far.nobody().do("POST", "/api/v1/auth/refresh/", nil, "Cookie", "refresh="+refresh, "X-Requested-With",
		"statuspage").is(200).has("organization.name", "ACME")

	// Without the primary nobody's code is spent: they are told.
	away := openid.Browser()
	away.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	state := stateOf(t, away, "http://"+far.addr)
	home.stop()
	res, err = away.Get("http://" + far.addr + "/login/callback?code=y&state=" + state)
	if body := read(t, res, err); res.StatusCode != 503 || res.Header.Get("Retry-After") == "" ||
		!strings.Contains(body, "data-begin") {
		t.Errorf("without the primary: %s: %s", res.Status, body)
	}
}

// read takes an answer's text, and ends it.
func read(t *testing.T, res *http.Response, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestASignInWithTheProvidersPagesIsASessionHere(t *testing.T) {
	s, provider := behindOpenID(t)
	here := "http://" + s.addr
	ada := openid.Browser()
	res, err := provider.SignIn(ada, here+"/login/begin?next=/dashboard/team%3Fa=b", openid.Ada)
	if body := read(t, res, err); res.Request.URL.String() != here+"/dashboard/team?a=b" ||
		!strings.Contains(body, "data-core") {
		t.Fatalf("it ends at %s: %s", res.Request.URL, body)
	}
	cookies := map[string]string{}
	for _, c := range ada.Jar.Cookies(res.Request.URL) {
		cookies[c.Name] = c.Value
	}
	if cookies["refresh"] == "" || len(cookies) != 1 {
		t.Fatalf("the browser keeps %v", cookies)
	}
	ask := func(path, cookie string, body any, header ...string) *answer {
		return s.nobody().do("POST", path, body, append([]string{"Cookie", "refresh=" + cookie}, header...)...)
	}
	ours := []string{"X-Requested-With", "statuspage"}
	ask("/api/v1/auth/refresh/", cookies["refresh"], nil).refuses(403)
	ask("/api/v1/auth/refresh/", cookies["refresh"], nil, append(ours, "Origin", "https://evil.example")...).
		refuses(403)
	ask("/api/v1/auth/refresh/", cookies["refresh"], j{"organization": "globex"}, ours...).refuses(422, "organization")
	in := ask("/api/v1/auth/refresh/", cookies["refresh"], nil, ours...).is(200)
	// which the ID token says
	in.has("role", "admin").has("organization.name", "ACME").has("user.email", "test-user@zitadel.ch").
		has("user.name", "Test User")
	set := in.header.Get("Set-Cookie")
	for _, part := range []string{"HttpOnly", "SameSite=Strict", "path=/"} {
		if !strings.Contains(set, part) {
			t.Errorf("the cookie has no %s: %s", part, set)
		}
	}
	next := strings.TrimPrefix(strings.Split(set, ";")[0], "refresh=")
	me := s.as(in.str("access_token")).must("GET", "/api/v1/users/me/", nil)
	if me["role"] != "admin" || me["id"] != in.str("user.id") || me["name"] != "Test User" {
		t.Errorf("the token is of %v", me)
	}
	// An answer that was lost on the way, as by a reload, is given again.
	if again := ask("/api/v1/auth/refresh/", cookies["refresh"], nil, ours...).is(200).
		header.Get("Set-Cookie"); !strings.HasPrefix(again, "refresh="+next+";") {
		t.Errorf("the second time the cookie is %s", again)
	}
	ask("/api/v1/auth/logout/", next, j{"everywhere": true}, ours...).refuses(422, "everywhere")
	if gone := ask("/api/v1/auth/logout/", next, nil, ours...).is(204).header.Get("Set-Cookie"); !strings.HasPrefix(
		gone, "refresh=;") {
		t.Errorf("signing out leaves %s", gone)
	}
	ask("/api/v1/auth/refresh/", next, nil, ours...).refuses(401) // the provider was told
	ask("/api/v1/auth/refresh/", cookies["refresh"], nil, ours...).refuses(401)
	ask("/api/v1/auth/login/", "", j{"email": "a@b.example", "password": password}).refuses(404)
}

func TestASignInThatCannotBeEndsAtTheLoginWithItsReason(t *testing.T) {
	s, provider := behindOpenID(t)
	here := "http://" + s.addr
	refused := func(what string, res *http.Response, err error, status int, sentence string) {
		t.Helper()
		body := read(t, res, err)
		if res.StatusCode != status || !strings.Contains(body, sentence) ||
			!strings.Contains(body, `data-begin href="/login/begin"`) {
			t.Errorf("%s: %s: %s", what, res.Status, body)
		}
		if policy := res.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "trusted-types 'none'") ||
			res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: under the policy %s, %s", what, policy, res.Header.Get("Cache-Control"))
		}
		for _, c := range res.Cookies() {
			if c.Name == "refresh" {
				t.Errorf("%s: a cookie %s", what, c.Value)
			}
		}
	}
	bob, err := provider.SignIn(openid.Browser(), here+"/login/begin", openid.Bob)
	refused("no role in one's organisation", bob, err, 403, "Your account has no role in this organisation")

	res, err := plain.Get(here + "/login/callback?state=x&code=y")
	refused("begun nowhere", res, err, 403, "was not begun in this browser")
	begun := openid.Browser()
	begun.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	begin := func(next string) string {
		t.Helper()
		res, err := begun.Get(here + "/login/begin?next=" + url.QueryEscape(next))
		if read(t, res, err); res.StatusCode != 303 || !strings.HasPrefix(res.Header.Get("Location"), provider.Name) {
			t.Fatalf("to begin: %s, to %s", res.Status, res.Header.Get("Location"))
		}
		to, err := url.Parse(res.Header.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		return to.Query().Get("state")
	}
	begin("")
	res, err = begun.Get(here + "/login/callback?state=another&code=y")
	refused("another's state", res, err, 403, "was not begun in this browser")
	res, err = begun.Get(here + "/login/callback?state=&code=y")
	refused("no state, and the attempt is over", res, err, 403, "was not begun in this browser")
	res, err = begun.Get(here + "/login/callback?code=y&state=" + begin(""))
	refused("a code that nobody gave", res, err, 401, "too old, or was finished already")
	res, err = begun.Get(here + "/login/callback?error=access_denied&error_description=%3Cb%3E&state=" + begin(""))
	refused("refused by the provider", res, err, 403, "did not sign you in: access denied.")
	res, err = begun.Get(here + "/login/callback?error=%3Cscript%3E&state=" + begin(""))
	if refused("no reason that there is", res, err, 401, "Sign in again"); err == nil &&
		strings.Contains(res.Header.Get("Content-Type"), "plain") {
		t.Error("the page is no page")
	}

	// It leads nowhere but to the dashboard.
	for _, next := range []string{"https://evil.example/", "//evil.example/dashboard", "/dashboardx",
		"/dashboard\\evil", "/dashboard/../status/acme", "/dashboard/%2e%2e/api/docs", "/dashboard/a/..%2F../../logout",
		"/dashboard/\r\nSet-Cookie: a=b", "javascript:alert(1)", "/dashboard/" + strings.Repeat("x", 4000)} {
		ada := openid.Browser()
		res, err := provider.SignIn(ada, here+"/login/begin?next="+url.QueryEscape(next), openid.Ada)
		if read(t, res, err); res.Request.URL.String() != here+"/dashboard" {
			t.Errorf("%q ends at %s", next, res.Request.URL)
		}
	}

	provider.Stop()
	res, err = begun.Get(here + "/login/callback?code=y&state=" + stateOf(t, begun, here))
	refused("the provider is away", res, err, 503, "cannot be reached")
	if res.Header.Get("Retry-After") == "" {
		t.Error("it does not say when to try again")
	}
}

// stateOf begins once more and answers the state.
func stateOf(t *testing.T, browser *http.Client, here string) string {
	t.Helper()
	res, err := browser.Get(here + "/login/begin")
	read(t, res, err)
	to, err := url.Parse(res.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	return to.Query().Get("state")
}

func TestWithoutAClientNothingLeadsElsewhere(t *testing.T) {
	s, _ := external(t)
	for _, path := range []string{"/login/begin", "/login/callback"} {
		res, err := plain.Get("http://" + s.addr + path)
		if read(t, res, err); res.StatusCode != 404 {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
}

func TestTheDashboardBehindAnOpenIDProvider(t *testing.T) {
	racetest.Outside(t, "a browser")
	s, _ := behindOpenID(t)
	b := openBrowser(t).visitor(t, "http://"+s.addr)
	b.visit("/dashboard/services")
	b.until(`location.pathname === '/login'`)
	b.until(`decodeURIComponent(document.querySelector('a[data-begin]')?.search) === '?next=/dashboard/services'`)
	b.clean()
	b.passesAxe("login")
	enter := func() {
		b.do(chromedp.Click(`a.primary`), chromedp.WaitVisible(`#username`), chromedp.SendKeys(`#username`, openid.Ada),
			chromedp.SendKeys(`#password`, openid.Password), chromedp.Click(`button[type=submit]`))
	}
	enter()
	b.until(`location.pathname === '/dashboard/services'`)
	b.live()
	b.until(`document.querySelector('.rail .org .name').textContent === 'ACME'`)
	b.press("Add a service")
	b.write("Name", "Billing")
	b.press("Add")
	b.reads("Done: Add service")
	b.do(chromedp.Reload()) // by the cookie
	b.live()
	b.reads("Billing")
	b.queued(0) // where the message overtook the answer, the answer is asked for again
	b.do(chromedp.Click(`button[aria-label="Sign out"]`))
	b.until(`location.pathname === '/login' && document.querySelector('a[data-begin]')`)
	b.visit("/dashboard")
	b.until(`location.pathname === '/login'`)

	// Where the sign-in has ended, what is here stays, and the way back is the same.
	enter()
	b.until(`location.pathname === '/dashboard'`)
	b.live()
	eval[bool](b,
		`fetch('/api/v1/auth/logout/', { method: 'POST', headers: { 'X-Requested-With': 'another program' } }).then((r) => r.ok)`)
	b.do(chromedp.Reload())
	b.reads("Your sign-in has ended.")
	b.press("Sign in")
	b.until(
		`location.pathname === '/login' && decodeURIComponent(document.querySelector('a[data-begin]')?.search) === '?next=/dashboard'`)
	enter()
	b.live()

	// The team is the provider's.
	b.visit("/dashboard/team")
	b.reads("come from your identity provider")
	b.reads("Test User")
	b.until(
		`document.querySelector('table.list') && !document.querySelector('main select, main table button') && !document.querySelector('main').innerText.includes('Add a member')`)
	b.clean()
}
