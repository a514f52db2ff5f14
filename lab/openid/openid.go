// Package openid is a real OpenID provider for tests, zitadel/oidc's example server on loopback, and a browser that
// signs in with it.
package openid

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// Who has an account: Ada, an admin of the organisation org-of-id1, and Bob, who has a role in hers alone, and so none
// in his own.
const (
	Ada, Bob = "test-user@127.0.0.1", "test-user2"
	Password = "verysecure"
)

// ClientID and Secret are the application's.
const (
	ClientID = "status"
	Secret   = "a secret of two"
)

// Issuer is the server.
type Issuer struct {
	Name    string // its iss, which ends in a slash
	clients map[string]*storage.Client
	server  *httptest.Server
}

// provider has one thing changed: its access tokens are JWTs that name an organisation and a role, as Zitadel's own do.
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

// IDTokenUserinfoClaimsAssertion puts name and address into ID tokens alone, as Zitadel does where it is told to.
func (jwtClient) IDTokenUserinfoClaimsAssertion() bool { return true }

// Start starts it until the test ends. No application is known yet.
func Start(t testing.TB) *Issuer {
	t.Helper()
	before := slog.Default()
	slog.SetDefault(slog.New(slog.DiscardHandler)) // the example logs each request there
	t.Cleanup(func() { slog.SetDefault(before) })
	i := &Issuer{clients: map[string]*storage.Client{}, server: httptest.NewUnstartedServer(nil)}
	i.Name = "http://" + i.server.Listener.Addr().String() + "/"
	i.server.Config.Handler = exampleop.SetupServer(i.Name,
		provider{storage.NewStorageWithClients(storage.NewUserStore(i.Name), i.clients)}, nil, false)
	i.server.Start()
	t.Cleanup(i.server.Close)
	return i
}

// Keys is where its keys are.
func (i *Issuer) Keys() string { return i.Name + "keys" }

// Stop ends it before the test does.
func (i *Issuer) Stop() { i.server.Close() }

// Knows tells it of the application, before anybody signs in to it.
func (i *Issuer) Knows(callback string) {
	i.clients[ClientID] = storage.WebClient(ClientID, Secret, callback)
}

// Browser is somebody's, with cookies. It follows redirects.
func Browser() *http.Client {
	jar, _ := cookiejar.New(nil) // which fails for no options that are there
	return &http.Client{Jar: jar}
}

// SignIn goes from an address that leads to the issuer through its form, and answers the page where that ends.
func (i *Issuer) SignIn(browser *http.Client, from, user string) (*http.Response, error) {
	form, err := browser.Get(from)
	if err != nil {
		return nil, err
	}
	_, _ = io.Copy(io.Discard, form.Body)
	_ = form.Body.Close()
	id := form.Request.URL.Query().Get("authRequestID")
	if id == "" {
		return nil, fmt.Errorf("%s leads to %s, which is no form to sign in: %s", from, form.Request.URL, form.Status)
	}
	return browser.PostForm(form.Request.URL.String(), url.Values{"username": {user}, "password": {Password},
		"id": {id}})
}
