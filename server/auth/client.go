package auth

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/oauth2"

	"statuspage/shared/fault"
)

const (
	issuerTimeout = 5 * time.Second // of one question to the issuer while somebody waits
	discoveryTTL  = time.Hour       // after which its addresses are asked for anew
	// maxRefresh is the longest token that a cookie holds, with its name and attributes (RFC 6265 6.1: 4096 bytes).
	maxRefresh = 3800
	// offline is the scope for a refresh token (OpenID Connect Core, section 11).
	offline = "offline_access"
)

// scopes is what each preset's issuer is asked for, so that its tokens say what the preset looks for and come with a
// refresh token. Keycloak gives one without offline_access, which would outlive the sign-out there.
var scopes = map[string][]string{
	"auth0":    {"openid", "profile", "email", "offline_access"},
	"keycloak": {"openid", "profile", "email", "organization"},
	"zitadel": {"openid", "profile", "email", "offline_access", "urn:zitadel:iam:user:resourceowner",
		"urn:zitadel:iam:org:projects:roles"},
}

// Client signs people in with an external issuer by its own pages: the authorization code flow (OpenID Connect Core,
// section 3.1) with PKCE (RFC 7636), which keeps others' codes out as RFC 9700 2.1.1, asks. Any number of goroutines
// may use it.
type Client struct {
	issuer   string
	id       string
	secret   string
	scopes   []string
	audience string // Auth0 makes a token that can be verified only for a named one
	http     *http.Client
	now      func() time.Time
	recent   exchanges

	asking  sync.Mutex
	known   endpoints
	knownAt time.Time
}

// endpoints are what is used of an issuer's own description (OpenID Connect Discovery, section 3).
type endpoints struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Revocation    string   `json:"revocation_endpoint"`
	Methods       []string `json:"token_endpoint_auth_methods_supported"`
}

// NewClient is this installation as the issuer knows it. Without a secret it is a public client; without scopes it asks
// for the preset's.
func NewClient(is Issuer, preset, id, secret string, ask []string) *Client {
	c := &Client{issuer: is.Name, id: id, secret: secret, scopes: ask, now: time.Now,
		http:   &http.Client{Transport: modest{network()}, Timeout: issuerTimeout},
		recent: exchanges{of: make(map[string]*exchange)}}
	if len(c.scopes) == 0 {
		c.scopes = scopes[preset]
	}
	if len(c.scopes) == 0 {
		c.scopes = scopes["auth0"]
	}
	if preset == "auth0" && len(is.Audience) > 0 {
		c.audience = is.Audience[0]
	}
	return c
}

// Begin is the issuer's address to send a browser to, which comes back to callback with state. anew has the issuer ask
// who it is even where it knows.
func (c *Client) Begin(ctx context.Context, callback, state, verifier string, anew bool) (string, error) {
	config, _, err := c.config(ctx, callback)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(verifier)}
	if c.audience != "" {
		options = append(options, oauth2.SetAuthURLParam("audience", c.audience))
	}
	if prompt := c.prompt(anew); prompt != "" {
		options = append(options, oauth2.SetAuthURLParam("prompt", prompt))
	}
	return config.AuthCodeURL(state, options...), nil
}

// prompt is what the issuer shall ask. A refresh token needs the person's consent each time: without that prompt an
// issuer that takes the standard at its word ignores the scope for one (OpenID Connect Core, section 11).
func (c *Client) prompt(anew bool) string {
	var prompts []string
	if anew {
		prompts = append(prompts, "login")
	}
	if slices.Contains(c.scopes, offline) {
		prompts = append(prompts, "consent")
	}
	return strings.Join(prompts, " ")
}

// IsIssuer says whether the `iss` that came back with a code is this issuer (RFC 9207). Few issuers send one.
func (c *Client) IsIssuer(iss string) bool { return iss == "" || iss == c.issuer }

// Grant is what an issuer gave for a code or a refresh token.
type Grant struct {
	Refresh    string // "" where it gave none: then nothing replaces the access token
	access, id string
}

// Finish exchanges the code that a browser came back with.
func (c *Client) Finish(ctx context.Context, callback, code, verifier string) (Grant, error) {
	if code == "" {
		return Grant{}, errUnfinished()
	}
	config, ctx, err := c.config(ctx, callback)
	if err != nil {
		return Grant{}, err
	}
	token, err := config.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		return Grant{}, refusal(err, errUnfinished)
	}
	return granted(token, "")
}

// Refresh exchanges a refresh token. An issuer that gives no other leaves it good; one that was replaced is good once
// more within Grace.
func (c *Client) Refresh(ctx context.Context, refresh string) (Grant, error) {
	if refresh == "" || len(refresh) > maxRefresh {
		return Grant{}, errSession()
	}
	return c.recent.do(refresh, c.now, func() (Grant, error) { return c.exchange(context.WithoutCancel(ctx), refresh) })
}

func (c *Client) exchange(ctx context.Context, refresh string) (Grant, error) {
	config, ctx, err := c.config(ctx, "")
	if err != nil {
		return Grant{}, err
	}
	token, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: refresh}).Token()
	if err != nil {
		return Grant{}, refusal(err, errSession)
	}
	return granted(token, refresh)
}

func granted(t *oauth2.Token, before string) (Grant, error) {
	g := Grant{Refresh: t.RefreshToken, access: t.AccessToken}
	g.id, _ = t.Extra("id_token").(string)
	if g.Refresh == "" {
		g.Refresh = before
	}
	if len(g.Refresh) > maxRefresh {
		return g, fault.New(fault.Forbidden, "The identity provider's refresh token is too long for a cookie.")
	}
	return g, nil
}

// Keepable is nil for a token that fits a cookie.
func Keepable(token string) error {
	if len(token) > maxRefresh {
		return fault.New(fault.Forbidden, "The identity provider gave no refresh token, and its access token is too "+
			"long for a cookie. Its administrator can allow a refresh token for this application.")
	}
	return nil
}

// Kept is whose a bearer token is that a browser kept since it signed in, which must have a place here.
func (v *Verifier) Kept(ctx context.Context, bearer string) (Principal, error) {
	if bearer == "" || strings.HasPrefix(bearer, keyMark) {
		return Principal{}, errSession()
	}
	who, err := v.Verify(ctx, bearer)
	if refused := (*fault.Error)(nil); errors.As(err, &refused) && refused.Code == fault.Unauthenticated {
		return who, errSession()
	}
	if err != nil {
		return who, err
	}
	return who, who.MayRead(who.OrgID)
}

// Bearer is the token of a grant that opens this installation, and whose it is: the access token, or else the ID token,
// where an issuer's access tokens are for itself alone. Both are verified as any other token is.
func (g Grant) Bearer(ctx context.Context, v *Verifier) (string, Principal, error) {
	who, err := g.person(ctx, v, g.access)
	if err == nil || g.id == "" {
		return g.access, who, err
	}
	other, second := g.person(ctx, v, g.id)
	if refused := (*fault.Error)(nil); second == nil || errors.As(err, &refused) &&
		refused.Code == fault.Unauthenticated {
		return g.id, other, second
	}
	return "", Principal{}, err
}

// person is a token's, who must have a place here.
func (g Grant) person(ctx context.Context, v *Verifier, token string) (Principal, error) {
	who, err := v.user(ctx, token, sha256.Sum256([]byte(token)), v.opts.Now())
	if err != nil {
		return who, err
	}
	if who, err = v.admit(ctx, g.named(who)); err != nil {
		return who, err
	}
	if who.OrgID == "" {
		return who, errNoOrg()
	}
	return who, who.MayRead(who.OrgID)
}

// named adds to an access token's person what the ID token says of the same one: few issuers put a name into both. It
// came from the issuer itself, which stands for its signature (OpenID Connect Core, section 3.1.3.7, point 6).
func (g Grant) named(who Principal) Principal {
	claims := jwt.MapClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(g.id, claims); err != nil || text(claims, "sub") != who.ID ||
		text(claims, "iss") != who.Issuer {
		return who
	}
	if who.Email == "" {
		who.Email = text(claims, "email")
	}
	if who.Name == "" {
		who.Name = text(claims, "name")
	}
	return who
}

// Revoke tells the issuer that a refresh token is of no use any more (RFC 7009), where it wants to hear.
func (c *Client) Revoke(ctx context.Context, refresh string) error {
	c.recent.end(refresh, c.now())
	at, err := c.endpoints(ctx)
	if err != nil || at.Revocation == "" || refresh == "" {
		return err
	}
	form := url.Values{"token": {refresh}, "token_type_hint": {"refresh_token"}}
	if c.style(at) == oauth2.AuthStyleInParams {
		form.Set("client_id", c.id)
		if c.secret != "" {
			form.Set("client_secret", c.secret)
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, at.Revocation, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("revoke a refresh token: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if c.style(at) == oauth2.AuthStyleInHeader {
		request.SetBasicAuth(url.QueryEscape(c.id), url.QueryEscape(c.secret)) // RFC 6749 2.3.1
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("revoke a refresh token: %w", err)
	}
	if answer.Body.Close(); answer.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("revoke a refresh token: the issuer answers %s", answer.Status)
	}
	return nil
}

// config is the flow's, and a context in which it uses our connections.
func (c *Client) config(ctx context.Context, callback string) (*oauth2.Config, context.Context, error) {
	at, err := c.endpoints(ctx)
	if err != nil {
		slog.Warn("the issuer's description cannot be had", "issuer", c.issuer, "error", err)
		return nil, nil, errIssuerAway()
	}
	return &oauth2.Config{ClientID: c.id, ClientSecret: c.secret, RedirectURL: callback, Scopes: c.scopes,
		Endpoint: oauth2.Endpoint{AuthURL: at.Authorization, TokenURL: at.Token, AuthStyle: c.style(at)},
	}, context.WithValue(ctx, oauth2.HTTPClient, c.http), nil
}

// style is how the issuer wants to be told the secret. In the header, unless it says otherwise (Discovery, section 3).
func (c *Client) style(at endpoints) oauth2.AuthStyle {
	if c.secret == "" || len(at.Methods) > 0 && !slices.Contains(at.Methods, "client_secret_basic") {
		return oauth2.AuthStyleInParams
	}
	return oauth2.AuthStyleInHeader
}

func (c *Client) endpoints(ctx context.Context) (endpoints, error) {
	c.asking.Lock()
	defer c.asking.Unlock()
	if c.now().Sub(c.knownAt) < discoveryTTL {
		return c.known, nil
	}
	found, err := c.discover(ctx)
	if err == nil {
		c.known, c.knownAt = found, c.now()
	} else if !c.knownAt.IsZero() {
		return c.known, nil // addresses seldom change; where they did, the next answer says so
	}
	return found, err
}

func (c *Client) discover(ctx context.Context) (endpoints, error) {
	var found endpoints
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.issuer, "/")+
		"/.well-known/openid-configuration", nil)
	if err != nil {
		return found, err
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return found, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return found, fmt.Errorf("%s answers %s", request.URL, answer.Status)
	}
	if err := json.NewDecoder(answer.Body).Decode(&found); err != nil {
		return found, fmt.Errorf("%s: %w", request.URL, err)
	}
	if found.Issuer != c.issuer {
		return found, fmt.Errorf("%s describes the issuer %q", request.URL, found.Issuer)
	}
	addresses := []string{found.Authorization, found.Token}
	if found.Revocation != "" {
		addresses = append(addresses, found.Revocation)
	}
	for _, one := range addresses {
		u, err := url.Parse(one)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != request.URL.Scheme {
			return found, fmt.Errorf("%s: %q is no address for secrets", request.URL, one)
		}
	}
	return found, nil
}

// refusal is what somebody who signs in may know of the issuer's refusal. An error of ours, such as a wrong secret, is
// for the operator.
func refusal(err error, refused func() *fault.Error) error {
	var answer *oauth2.RetrieveError
	if !errors.As(err, &answer) || answer.Response != nil &&
		answer.Response.StatusCode >= http.StatusInternalServerError {
		slog.Warn("the issuer's token endpoint did not answer", "error", err)
		return errIssuerAway()
	}
	if answer.ErrorCode == "invalid_grant" {
		return refused()
	}
	slog.Error("the issuer refuses this installation", "code", answer.ErrorCode, "description", answer.ErrorDescription)
	return errNotOurs()
}
