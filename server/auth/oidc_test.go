package auth

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"

	"statuspage/shared/fault"
)

// provider is zitadel/oidc's example server with one thing changed: its access tokens are JWTs that name an
// organisation and a role, as Zitadel's own do.
type provider struct{ *storage.Storage }

func (p provider) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	client, err := p.Storage.GetClientByClientID(ctx, id)
	return jwtClient{client}, err
}

func (p provider) GetPrivateClaimsFromScopes(_ context.Context, userID, _ string, _ []string) (map[string]any, error) {
	return map[string]any{
		"urn:zitadel:iam:user:resourceowner:id":   "org-of-" + userID,
		"urn:zitadel:iam:user:resourceowner:name": "ACME",
		"urn:zitadel:iam:org:project:roles":       map[string]any{"admin": map[string]any{"org-of-id1": "acme.example.com"}},
	}, nil
}

type jwtClient struct{ op.Client }

func (jwtClient) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }

// realProvider starts the server and answers its issuer.
func realProvider(t *testing.T, callback string) string {
	t.Helper()
	before := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the example logs each request there
	t.Cleanup(func() { slog.SetDefault(before) })
	server := httptest.NewUnstartedServer(nil)
	issuer := "http://" + server.Listener.Addr().String() + "/"
	clients := map[string]*storage.Client{"status": storage.WebClient("status", "secret", callback)}
	server.Config.Handler = exampleop.SetupServer(issuer, provider{storage.NewStorageWithClients(storage.NewUserStore(issuer), clients)}, nil, false)
	server.Start()
	t.Cleanup(server.Close)
	return issuer
}

// get fetches JSON.
func get(t *testing.T, address string) map[string]any {
	t.Helper()
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	return decoded(t, answer)
}

func decoded(t *testing.T, answer *http.Response) map[string]any {
	t.Helper()
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(body, &doc); err != nil || answer.StatusCode != 200 {
		t.Fatalf("%s: %s", answer.Status, body)
	}
	return doc
}

// signIn goes through the code flow as a browser does and answers what the token endpoint gave.
func signIn(t *testing.T, discovery map[string]any, callback, username string) map[string]any {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	var code string
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), callback) {
			code = r.URL.Query().Get("code")
			return http.ErrUseLastResponse
		}
		return nil
	}}
	login, err := browser.Get(discovery["authorization_endpoint"].(string) + "?" + url.Values{
		"client_id": {"status"}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid profile email"}, "state": {"s"},
	}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	login.Body.Close()
	done, err := browser.PostForm(login.Request.URL.String(), url.Values{
		"username": {username}, "password": {"verysecure"}, "id": {login.Request.URL.Query().Get("authRequestID")},
	})
	if err != nil {
		t.Fatal(err)
	}
	done.Body.Close()
	request, _ := http.NewRequest("POST", discovery["token_endpoint"].(string), strings.NewReader(url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback},
	}.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth("status", "secret")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	return decoded(t, answer)
}

func TestTokensOfARealOpenIDProviderAreVerified(t *testing.T) {
	const callback = "http://127.0.0.1:9/callback"
	name := realProvider(t, callback)
	discovery := get(t, name+".well-known/openid-configuration")
	if discovery["issuer"] != name {
		t.Fatalf("the provider calls itself %v", discovery["issuer"])
	}
	is, err := External(discovery["jwks_uri"].(string), name, "zitadel", Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	is.Audience = []string{"status"}
	v := verifier(t, Options{Issuers: []Issuer{is}})

	tokens := signIn(t, discovery, callback, "test-user@127.0.0.1")
	access := tokens["access_token"].(string)
	who, err := v.Verify(t.Context(), access)
	if err != nil || who.ID != "id1" || who.OrgID != "org-of-id1" || who.OrgName != "ACME" || who.Role != Admin || who.Issuer != name {
		t.Errorf("the access token: %+v, %v", who, err)
	}
	if left := time.Until(who.ExpiresAt); left < time.Minute || left > time.Hour {
		t.Errorf("it expires in %v", left)
	}
	id, err := v.Verify(t.Context(), tokens["id_token"].(string))
	if err != nil || id.ID != "id1" || id.OrgID != "" || id.MayRead("org-of-id1") == nil {
		t.Errorf("the id token, which names no organisation: %+v, %v", id, err)
	}
	// The second user is an admin only of the first one's organisation, and so not of their own.
	other := signIn(t, discovery, callback, "test-user2")
	if got := verify(t, v, other["access_token"].(string)); got != fault.Forbidden {
		t.Errorf("an admin of another organisation: %q", got)
	}
	is.Audience = []string{"billing"}
	if got := verify(t, verifier(t, Options{Issuers: []Issuer{is}}), access); got != fault.Unauthenticated {
		t.Errorf("a token for another audience: %q", got)
	}
	// A second server of the same make signs with another key.
	is.Audience = nil
	strangers := realProvider(t, callback)
	is.JWKSURL = get(t, strangers+".well-known/openid-configuration")["jwks_uri"].(string)
	if got := verify(t, verifier(t, Options{Issuers: []Issuer{is}}), access); got != fault.Unauthenticated {
		t.Errorf("against the keys of another provider: %q", got)
	}
}
