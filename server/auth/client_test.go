package auth

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"statuspage/lab/openid"
	"statuspage/shared/fault"
)

const ourCallback = "http://127.0.0.1:9/login/callback"

// behind is a client of a real provider, and what verifies its tokens.
func behind(t *testing.T) (*openid.Issuer, *Client, *Verifier) {
	t.Helper()
	provider := openid.Start(t)
	provider.Knows(ourCallback)
	is, err := External(provider.Keys(), provider.Name, "zitadel", Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	is.Audience = []string{openid.ClientID}
	return provider, NewClient(is, "zitadel", openid.ClientID, openid.Secret, nil),
		verifier(t, Options{Issuers: []Issuer{is}})
}

// authorize goes to the provider and comes back with a code.
func authorize(t *testing.T, provider *openid.Issuer, c *Client, secret string) string {
	t.Helper()
	address, err := c.Begin(t.Context(), ourCallback, "state", secret, false)
	if err != nil {
		t.Fatal(err)
	}
	var back url.Values
	browser := openid.Browser()
	browser.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), ourCallback) {
			back = r.URL.Query()
			return http.ErrUseLastResponse
		}
		return nil
	}
	done, err := provider.SignIn(browser, address, openid.Ada)
	if err != nil {
		t.Fatal(err)
	}
	done.Body.Close()
	if back.Get("state") != "state" || back.Get("code") == "" {
		t.Fatalf("back with %v", back)
	}
	return back.Get("code")
}

func refusedAs(t *testing.T, what string, err error, want fault.Code) {
	t.Helper()
	if got := code(err); got != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}

func TestACodeBecomesASessionThatLastsUntilItIsRevoked(t *testing.T) {
	provider, c, v := behind(t)
	secret := oauth2.GenerateVerifier()
	once := authorize(t, provider, c, secret)
	grant, err := c.Finish(t.Context(), ourCallback, once, secret)
	if err != nil {
		t.Fatal(err)
	}
	token, who, err := grant.Bearer(t.Context(), v)
	if err != nil || who.ID != "id1" || who.Role != Admin || token != grant.access {
		t.Fatalf("%+v, %v", who, err)
	}
	_, err = c.Finish(t.Context(), ourCallback, once, secret)
	refusedAs(t, "a code a second time", err, fault.Unauthenticated)
	_, err = c.Finish(t.Context(), ourCallback, authorize(t, provider, c, secret), oauth2.GenerateVerifier())
	refusedAs(t, "somebody else's code, without what its challenge was made of", err, fault.Unauthenticated)

	next, err := c.Refresh(t.Context(), grant.Refresh)
	if err != nil {
		t.Fatal(err)
	}
	if _, who, err := next.Bearer(t.Context(), v); err != nil || who.ID != "id1" {
		t.Errorf("refreshed: %+v, %v", who, err)
	}
	// The provider rotates them, and takes none twice.
	later := time.Now().Add(Grace + time.Second)
	c.now = func() time.Time { return later }
	_, err = c.Refresh(t.Context(), grant.Refresh)
	refusedAs(t, "a refresh token that was exchanged", err, fault.Unauthenticated)
	if err := c.Revoke(t.Context(), next.Refresh); err != nil {
		t.Fatal(err)
	}
	_, err = c.Refresh(t.Context(), next.Refresh)
	refusedAs(t, "a refresh token that was revoked", err, fault.Unauthenticated)
	for _, none := range []string{"", "x", strings.Repeat("x", maxRefresh+1)} {
		_, err = c.Refresh(t.Context(), none)
		refusedAs(t, "what is no refresh token", err, fault.Unauthenticated)
	}
}

func TestWhoLostTheAnswerToARefreshMayAskOnceMore(t *testing.T) {
	provider, c, v := behind(t)
	secret := oauth2.GenerateVerifier()
	first, err := c.Finish(t.Context(), ourCallback, authorize(t, provider, c, secret), secret)
	if err != nil {
		t.Fatal(err)
	}
	const tabs = 8
	got := make(chan Grant, tabs)
	for range tabs {
		go func() {
			grant, err := c.Refresh(t.Context(), first.Refresh)
			if err != nil {
				t.Error(err)
			}
			got <- grant
		}()
	}
	second := <-got
	for range tabs - 1 {
		if other := <-got; other != second {
			t.Error("two that asked together were given different tokens")
		}
	}
	if _, who, err := second.Bearer(t.Context(), v); err != nil || who.ID != "id1" {
		t.Fatalf("%+v, %v", who, err)
	}
	third, err := c.Refresh(t.Context(), second.Refresh)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Refresh(t.Context(), first.Refresh)
	refusedAs(t, "one whose successor was used", err, fault.Unauthenticated)
	if again, err := c.Refresh(t.Context(), second.Refresh); err != nil || again != third {
		t.Errorf("lost a second time: %v", err)
	}
	if err := c.Revoke(t.Context(), third.Refresh); err != nil {
		t.Fatal(err)
	}
	_, err = c.Refresh(t.Context(), second.Refresh)
	refusedAs(t, "one whose successor signed out", err, fault.Unauthenticated)
	if n := len(c.recent.of); n != 0 {
		t.Errorf("%d exchanges are remembered", n)
	}
}

// Nothing is remembered of an issuer that replaces no token: an access token that is refused must not come back for ten
// seconds.
func TestATokenThatIsNotReplacedIsExchangedEachTime(t *testing.T) {
	asked := 0
	c := told(t, "auth0", nil, map[string]any{"issuer": "HERE/realm", "authorization_endpoint": "HERE/a",
		"token_endpoint": "HERE/token"}, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.Header().Set("Content-Type", "application/json")
		if asked == 1 {
			w.WriteHeader(http.StatusBadGateway)
		}
		_, _ = fmt.Fprintf(w, `{"access_token":"a%d","token_type":"Bearer"}`, asked)
	})
	_, err := c.Refresh(t.Context(), "r")
	refusedAs(t, "away", err, fault.Unavailable)
	for _, want := range []string{"a2", "a3"} {
		if grant, err := c.Refresh(t.Context(), "r"); err != nil || grant.access != want {
			t.Errorf("%q, %v, want %s", grant.access, err, want)
		}
	}
}

func TestAProviderThatIsAwayOrStrangeIsToldFromARefusal(t *testing.T) {
	provider, c, _ := behind(t)
	wrong := NewClient(Issuer{Name: provider.Name}, "zitadel", openid.ClientID, "another secret", nil)
	_, err := wrong.Refresh(t.Context(), "x")
	refusedAs(t, "our own secret is wrong", err, fault.Unavailable)
	if _, err := c.Begin(t.Context(), ourCallback, "s", "v", false); err != nil {
		t.Fatal(err)
	}
	provider.Stop()
	_, err = c.Refresh(t.Context(), "x")
	refusedAs(t, "known, and away now", err, fault.Unavailable)
	c.now = func() time.Time { return time.Now().Add(2 * discoveryTTL) }
	if _, err := c.Begin(t.Context(), ourCallback, "s", "v", false); err != nil {
		t.Errorf("its addresses, which are old: %v", err)
	}
	_, err = NewClient(Issuer{Name: provider.Name}, "zitadel", "x", "", nil).Begin(t.Context(), ourCallback, "s", "v",
		false)
	refusedAs(t, "never seen", err, fault.Unavailable)
}

// told is a client of a provider that describes itself so, "HERE" being its address.
func told(t *testing.T, preset string, audience []string, description map[string]any, token http.HandlerFunc) *Client {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	text, err := json.Marshal(description)
	if err != nil {
		t.Fatal(err)
	}
	mux.HandleFunc("/realm/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(strings.ReplaceAll(string(text), "HERE", server.URL)))
	})
	if token != nil {
		mux.HandleFunc("/token", token)
	}
	return NewClient(Issuer{Name: server.URL + "/realm", Audience: audience}, preset, "us", "p&q", nil)
}

func TestWhatAProviderSaysOfItselfIsHeldAgainstItsName(t *testing.T) {
	for name, description := range map[string]map[string]any{
		"another name": {"issuer": "HERE/other", "authorization_endpoint": "HERE/a", "token_endpoint": "HERE/token"},
		"no token":     {"issuer": "HERE/realm", "authorization_endpoint": "HERE/a"},
		"a script": {"issuer": "HERE/realm", "authorization_endpoint": "javascript:alert(1)",
			"token_endpoint": "HERE/token"},
		"a file to heed": {"issuer": "HERE/realm", "authorization_endpoint": "HERE/a",
			"token_endpoint": "file:///etc/passwd"},
		"an ill revoking": {"issuer": "HERE/realm", "authorization_endpoint": "HERE/a", "token_endpoint": "HERE/token",
			"revocation_endpoint": "/revoke"},
	} {
		_, err := told(t, "auth0", nil, description, nil).Begin(t.Context(), ourCallback, "s", "v", false)
		if code(err) != fault.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheFlowIsAsTheProviderAndItsPresetWantIt(t *testing.T) {
	description := map[string]any{"issuer": "HERE/realm", "authorization_endpoint": "HERE/a?realm=1",
		"token_endpoint": "HERE/token"}
	address, err := told(t, "auth0", []string{"https://status.example.com"}, description, nil).
		Begin(t.Context(), ourCallback, "s", strings.Repeat("v", 43), true)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	for name, want := range map[string]string{"realm": "1", "audience": "https://status.example.com",
		"prompt": "login consent", "state": "s", "client_id": "us", "response_type": "code",
		"redirect_uri": ourCallback, "scope": "openid profile email offline_access", "code_challenge_method": "S256",
		"code_challenge": oauth2.S256ChallengeFromVerifier(strings.Repeat("v", 43))} {
		if q.Get(name) != want {
			t.Errorf("%s is %q, not %q", name, q.Get(name), want)
		}
	}
	if address, err = told(t, "keycloak", []string{"x"}, description, nil).Begin(t.Context(), ourCallback, "s", "v",
		false); err != nil ||
		!strings.Contains(address, "scope=openid+profile+email+organization&") ||
		strings.Contains(address, "audience=") || strings.Contains(address, "prompt=") {
		t.Errorf("Keycloak's: %s, %v", address, err)
	}

	// The secret is sent as the provider takes it; one that is too long fits no cookie.
	for _, one := range []struct {
		methods       []string
		header, body  bool
		answer        string
		status        int
		want          fault.Code
		wantedRefresh string
	}{
		{nil, true, false, `{"access_token":"a","token_type":"Bearer","refresh_token":"r2"}`, 200, "", "r2"},
		// not rotated: the old one stays good
		{[]string{"client_secret_post"}, false, true, `{"access_token":"a","token_type":"Bearer"}`, 200, "", "r1"},
		{[]string{"client_secret_basic", "client_secret_post"}, true, false,
			`{"access_token":"a","token_type":"Bearer","refresh_token":"` + strings.Repeat("r", maxRefresh+1) + `"}`,
			200, fault.Forbidden, ""},
		{nil, true, false, `{"error":"invalid_grant"}`, 400, fault.Unauthenticated, ""},
		{nil, true, false, `{"error":"invalid_client"}`, 401, fault.Unavailable, ""},
		{nil, true, false, `<html>`, 502, fault.Unavailable, ""},
		{nil, true, false, `<html>`, 200, fault.Unavailable, ""},
	} {
		description["token_endpoint_auth_methods_supported"] = one.methods
		var asked atomic.Pointer[http.Request]
		c := told(t, "auth0", nil, description, func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			asked.Store(r)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(one.status)
			_, _ = w.Write([]byte(one.answer))
		})
		grant, err := c.Refresh(t.Context(), "r1")
		if code(err) != one.want || one.want == "" && (err != nil || grant.Refresh != one.wantedRefresh) {
			t.Errorf("%s: %+v, %v", one.answer, grant, err)
		}
		seen := asked.Load()
		_, password, header := seen.BasicAuth()
		if header != one.header || header && password != "p%26q" ||
			one.body != (seen.PostForm.Get("client_secret") == "p&q") {
			t.Errorf("%v: the secret in the header %t (%s), in the body %q", one.methods, header, password,
				seen.PostForm.Get("client_secret"))
		}
	}
	c := told(t, "auth0", nil, description, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"access_token":"a","token_type":"Bearer"}`))
	})
	if grant, err := c.Finish(t.Context(), ourCallback, "code", "v"); err != nil || grant.Refresh != "" ||
		grant.access != "a" {
		t.Errorf("a code without a refresh token: %+v, %v", grant, err)
	}
	refusedAs(t, "an access token too long for a cookie", Keepable(strings.Repeat("a", maxRefresh+1)), fault.Forbidden)
}
