package app_test

import (
	_ "embed"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"statuspage/server/config"
)

//go:embed testdata/clerk.browser.js
var clerkScript string

// clerkHost is a stand-in for Clerk's host: its script, and the tokens of whoever signed in.
type clerkHost struct {
	*provider
	server *httptest.Server
	asked  atomic.Int64 // for tokens
	away   atomic.Bool
}

// tokenLife is short, so that a test sees tokens end.
const tokenLife = 6 * time.Second

func (h *clerkHost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.away.Load() {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	w.Header().Set("Access-Control-Allow-Origin", "*")
	switch r.URL.Path {
	case "/npm/@clerk/clerk-js@5/dist/clerk.browser.js":
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write([]byte(clerkScript))
	case "/token":
		h.asked.Add(1)
		now, org := time.Now(), r.FormValue("org")
		_, _ = w.Write([]byte(h.token(map[string]any{"sub": r.FormValue("user"), "v": 2, "iat": now.Unix(),
			"exp": now.Add(tokenLife).Unix(),
			"o": map[string]any{"id": org, "slg": map[string]string{"org_1": "acme", "org_2": "globex"}[org],
				"rol": map[string]string{"user_ada": "admin", "user_eve": "billing"}[r.FormValue("user")]}})))
	}
}

// behindClerk starts the program with a publishable key.
func behindClerk(t *testing.T) (*site, *clerkHost) {
	t.Helper()
	h := &clerkHost{provider: newProvider(t)}
	h.server = httptest.NewTLSServer(h)
	t.Cleanup(h.server.Close)
	host := strings.TrimPrefix(h.server.URL, "https://")
	s := startSite(t, func(c *config.Config) {
		c.Auth = config.Auth{JWKSURL: h.url, Issuer: providerName, Preset: "clerk",
			AuthorizedParties:   []string{"https://app.acme.example"},
			ClerkPublishableKey: "pk_test_" + base64.StdEncoding.EncodeToString([]byte(host+"$"))}
	})
	return s, h
}

func TestOnlyTheLoginMayAskClerk(t *testing.T) {
	s, h := behindClerk(t)
	clerk := h.server.URL
	header, body := fetch(t, "http://"+s.addr+"/login")
	policy := header.Get("Content-Security-Policy")
	for _, part := range []string{"script-src 'self' " + clerk + " https://challenges.cloudflare.com;",
		"connect-src 'self' " + clerk + ";", "img-src 'self' https://img.clerk.com;",
		"worker-src 'self' blob:;", "style-src 'self' 'unsafe-inline';", "frame-src https://challenges.cloudflare.com;",
		"frame-ancestors 'self'", "default-src 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy of /login has no %q: %s", part, policy)
		}
	}
	if !strings.Contains(body, `src="`+clerk+`/npm/@clerk/clerk-js@5/dist/clerk.browser.js"`) ||
		strings.Contains(body, "<form") {
		t.Errorf("the page is %s", body)
	}
	for path, leads := range map[string]string{"/": "", "/dashboard": "", "/dashboard/x": "", "/api/docs": "",
		"/setup": "/login", "/forgot": "/login", "/accept": "/login"} {
		res, err := plain.Get("http://" + s.addr + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		policy := res.Header.Get("Content-Security-Policy")
		if all := string(body) + policy; err != nil || policy == "" || strings.Contains(all, clerk) ||
			strings.Contains(all, "cloudflare") {
			t.Errorf("%s knows of Clerk: %s, %v", path, policy, err)
		}
		if res.Header.Get("Location") != leads {
			t.Errorf("%s: %d, to %q", path, res.StatusCode, res.Header.Get("Location"))
		}
	}
}

func TestWhoSignsInWithAnotherIssuerFindsNoFormThatCannotWork(t *testing.T) {
	s, _ := external(t)
	header, body := fetch(t, "http://"+s.addr+"/login")
	if strings.Contains(body, "<form") || strings.Contains(body, "<script") ||
		!strings.Contains(body, "another identity provider") {
		t.Errorf("the page is %s", body)
	}
	if policy := header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe-inline") ||
		!strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("the policy is %s", policy)
	}
	for _, path := range []string{"/setup", "/forgot", "/accept"} { // which are about passwords, lead there
		if _, body := fetch(t, "http://"+s.addr+path); !strings.Contains(body, "another identity provider") {
			t.Errorf("%s is %s", path, body)
		}
	}
}

func TestTheDashboardBehindClerk(t *testing.T) {
	s, h := behindClerk(t)
	w := openBrowserIn(t, t.TempDir(), chromedp.Flag("ignore-certificate-errors", true))
	b := w.visitor(t, "http://"+s.addr)
	// Nobody is signed in: the door is Clerk's, then the choice of an organisation, then the place that was asked for.
	b.visit("/dashboard/team")
	b.until(`location.pathname === '/login'`)
	b.press("Continue as Ada")
	b.reads("Choose an organisation")
	b.press("Acme")
	b.until(`location.pathname === '/dashboard/team'`)
	b.live()
	b.until(`document.querySelector('.rail .org .name').textContent === 'acme'`)
	b.clean()

	// Tokens end, and the connection does not: each is replaced in band.
	eval[any](b, `(() => {
		window.lost = 0;
		new MutationObserver(() => { if (!document.querySelector('.connection.live')) window.lost++; }).observe(document.body, { subtree: true, childList: true, attributes: true });
	})()`)
	first, until := h.asked.Load(), time.Now().Add(2*tokenLife)
	for end := time.Now().Add(patience + 2*tokenLife); time.Now().Before(until) || h.asked.Load() < first+
		4; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("only %d tokens were asked for", h.asked.Load()-first)
		}
	}
	if lost := eval[int](b, `window.lost`); lost != 0 {
		t.Errorf("the connection was lost %d times", lost)
	}
	b.press("Services")
	b.press("Add a service")
	b.write("Name", "Billing")
	b.press("Add")
	b.reads("Billing")
	ada := s.as(h.provider.token(map[string]any{"sub": "user_ada", "v": 2,
		"o": map[string]any{"id": "org_1", "slg": "acme", "rol": "admin"}}))
	ada.until("the service comes to the server", func() bool {
		return ada.must("GET", "/api/v1/services/", nil)["count"] == 1.0
	})
	b.queued(0)

	// The other organisation is another page.
	b.visit("/login")
	b.press("Globex")
	b.until(`location.pathname === '/dashboard'`)
	b.live()
	b.visit("/dashboard/services")
	b.until(
		`document.querySelector('main h1')?.textContent === 'Services' && document.querySelector('.rail .org .name').textContent === 'globex'`)
	if eval[bool](b, `document.body.innerText.includes('Billing')`) {
		t.Error("Acme's service is shown at Globex")
	}

	// Who has no role here is told so, and is not sent in a circle.
	outside := w.visitor(t, "http://"+s.addr)
	outside.visit("/login?next=/dashboard")
	outside.press("Continue as Eve")
	outside.press("Acme")
	outside.reads("Your account has no role in this organisation")
	outside.press("Another account")
	outside.reads("Choose an organisation")

	// Away: said, and tried again.
	h.away.Store(true)
	away := w.visitor(t, "http://"+s.addr)
	away.visit("/login")
	away.reads("We could not reach the service that signs people in.")
	h.away.Store(false)

	b.until(`document.querySelector('.connection.live')`)
	b.do(chromedp.Click(`button[aria-label="Sign out"]`))
	b.until(
		`location.pathname === '/login' && [...document.querySelectorAll('button')].some((x) => x.textContent === 'Continue as Ada')`)
	b.visit("/dashboard")
	b.until(`location.pathname === '/login'`)
}
