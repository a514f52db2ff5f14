package app_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/gorilla/websocket"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"statuspage/server/config"
)

// provider is an identity provider on loopback: a key set and its tokens.
type provider struct {
	t   *testing.T
	key *ecdsa.PrivateKey
	url string
}

const providerName = "https://clerk.acme.example"

func newProvider(t *testing.T) *provider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		t.Fatal(err)
	}
	set, err := json.Marshal(map[string]any{"keys": []any{map[string]string{"kty": "EC", "crv": "P-256", "kid": "one",
		"use": "sig", "alg": "ES256",
		"x": base64.RawURLEncoding.EncodeToString(public[1:33]),
		"y": base64.RawURLEncoding.EncodeToString(public[33:])}}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(set) }))
	t.Cleanup(server.Close)
	return &provider{t, key, server.URL}
}

func (p *provider) token(claims map[string]any) string {
	p.t.Helper()
	all := jwt.MapClaims{"iss": providerName, "exp": time.Now().Add(time.Minute).Unix(), "nbf": time.Now().Unix(),
		"azp": "https://app.acme.example"}
	for k, v := range claims {
		all[k] = v
	}
	t := jwt.NewWithClaims(jwt.SigningMethodES256, all)
	t.Header["kid"] = "one"
	text, err := t.SignedString(p.key)
	if err != nil {
		p.t.Fatal(err)
	}
	return text
}

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// external starts the program behind the provider.
func external(t *testing.T) (*site, *provider) {
	p := newProvider(t)
	s := startSite(t, func(c *config.Config) {
		c.Auth = config.Auth{JWKSURL: p.url, Issuer: providerName, Preset: "clerk",
			AuthorizedParties: []string{"https://app.acme.example"}, ClerkWebhookSecret: hookSecret}
	})
	return s, p
}

// as is the API with a token.
func (s *site) as(token string) *tenant { return &tenant{site: s, token: token} }

func TestAnExternalIssuersPeopleAndOrganisationsAreKnownFromTheirClaims(t *testing.T) {
	s, p := external(t)
	v2 := func(org, slug, role, sub string) string {
		return p.token(map[string]any{"sub": sub, "v": 2, "o": map[string]any{"id": org, "slg": slug, "rol": role}})
	}
	admin := s.as(v2("org_1", "acme", "admin", "user_ada"))
	id := admin.service("API")
	me := admin.must("GET", "/api/v1/users/me/", nil)
	if me["role"] != "admin" || me["organization"].(map[string]any)["slug"] != "acme" {
		t.Errorf("the first is %v", me)
	}
	// version 1
	member := s.as(p.token(map[string]any{"sub": "user_sam", "org_id": "org_1", "org_slug": "acme",
		"org_role": "org:member"}))
	if list := member.must("GET", "/api/v1/services/", nil); list["count"] != 1.0 {
		t.Errorf("the member sees %v", list)
	}
	if code, _, err := member.send("PATCH", "/api/v1/services/"+id+"/",
		map[string]any{"name": "x"}); code != http.StatusForbidden || err != nil {
		t.Errorf("the member may edit: %d %v", code, err)
	}
	promoted := s.as(v2("org_1", "acme", "admin", "user_sam"))
	promoted.must("PATCH", "/api/v1/services/"+id+"/", map[string]any{"name": "Interface"})
	other := s.as(v2("org_2", "acme", "admin", "user_eve")) // the same slug at another organisation is another page
	if code, _, err := other.send("GET", "/api/v1/services/"+id+"/", nil); code != http.StatusNotFound || err != nil {
		t.Errorf("another organisation's service: %d %v", code, err)
	}
	if got := other.must("GET", "/api/v1/organization/", nil); got["slug"] == "acme" {
		t.Error("a slug was taken over")
	}
	if got := admin.must("GET", "/api/v1/members/", nil); got["count"] != 2.0 {
		t.Errorf("members: %v", got)
	}
	socket := "/ws/status/org/" + me["organization"].(map[string]any)["id"].(string) + "/"
	ticket := admin.must("POST", "/api/v1/auth/ticket/", nil)["ticket"].(string)
	for way, ws := range map[string]*websocket.Conn{"a token": dial(t, s.addr, socket, nil, "bearer", admin.token),
		"a ticket": dial(t, s.addr, socket+"?ticket="+ticket, nil)} {
		if m := next(t, ws); m.Type != "hello" {
			t.Errorf("by %s the socket says %s", way, m.Type)
		}
	}
}

// A page for members is open to those whom an external issuer names, by the cookie that a browser keeps of an issuer
// which gives no refresh token, or by the token itself. CONTRACT 8.
func TestAnExternalIssuersMembersReadTheirPage(t *testing.T) {
	s, p := external(t)
	token := func(org, sub, role string, more map[string]any) string {
		claims := map[string]any{"sub": sub, "v": 2, "o": map[string]any{"id": org, "slg": org, "rol": role}}
		maps.Copy(claims, more)
		return p.token(claims)
	}
	ada := token("acme", "user_ada", "admin", nil)
	s.as(ada).must("PATCH", "/api/v1/organization/", map[string]any{"access": map[string]any{"kind": "members"}})
	over := map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}
	for _, c := range []struct {
		name, token string
		want        int
	}{
		{"an admin", ada, 200}, {"a member", token("acme", "user_sam", "member", nil), 200}, {"nobody", "", 401},
		{"another organisation's admin", token("globex", "user_eve", "admin", nil), 401},
		{"a role of another name", token("acme", "user_bob", "billing", nil), 401},
		{"whose session is over", token("acme", "user_sam", "member", over), 401},
		{"who made a token up", ada[:len(ada)-8] + "AAAAAAAA", 401},
	} {
		for way, with := range map[string][2]string{"cookie": {"bearer=" + c.token, ""}, "token": {"", "Bearer " + c.token}} {
			res, _ := visited(t, s, "GET", "/status/acme", "", with[0], with[1], nil)
			if res.StatusCode != c.want || res.Header.Get("Cache-Control") != "private, no-store" {
				t.Errorf("%s by a %s: %d, %s", c.name, way, res.StatusCode, res.Header.Get("Cache-Control"))
			}
		}
	}
}

func TestTheIdentityProvidersMessagesEndAMembershipAtOnce(t *testing.T) {
	s, p := external(t)
	claims := map[string]any{"sub": "user_sam", "v": 2, "o": map[string]any{"id": "org_1", "slg": "acme",
		"rol": "admin"}}
	sam := s.as(p.token(claims))
	org := sam.must("GET", "/api/v1/organization/", nil)
	ws := dial(t, s.addr, "/ws/status/org/"+org["id"].(string)+"/", nil, "bearer", sam.token)
	next(t, ws)
	tell := func(body, secret string) int {
		hook, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		signature, err := hook.Sign("msg_1", now, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(context.Background(), "POST", "http://"+s.addr+"/api/v1/webhooks/clerk/",
			strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("svix-id", "msg_1")
		req.Header.Set("svix-timestamp", strconv.FormatInt(now.Unix(), 10))
		req.Header.Set("svix-signature", signature)
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode < 400 { // nothing to read
			conforms(t, req, res, nil)
		}
		return res.StatusCode
	}
	gone := `{"type":"organizationMembership.deleted","data":{"organization":{"id":"org_1"},"public_user_data":{"user_id":"user_sam"}}}`
	if code := tell(gone, "whsec_"+base64.StdEncoding.EncodeToString(
		[]byte("a secret of somebody else"))); code != http.StatusUnauthorized {
		t.Errorf("a forged message: %d", code)
	}
	sam.must("GET", "/api/v1/organization/", nil)
	if code := tell(gone, hookSecret); code != http.StatusNoContent {
		t.Fatalf("the message: %d", code)
	}
	if code := closed(t, ws); code != 4403 {
		t.Errorf("the socket was closed with %d", code)
	}
	if code, _, err := sam.send("GET", "/api/v1/organization/", nil); code != http.StatusForbidden || err != nil {
		t.Errorf("the token that is still good: %d %v", code, err)
	}
	if code := tell(
		`{"type":"organizationMembership.created","data":{"role":"org:member","organization":{"id":"org_1","slug":"acme","name":"Acme"},"public_user_data":{"user_id":"user_sam"}}}`, hookSecret); code != http.StatusNoContent {
		t.Fatalf("back again: %d", code)
	}
	claims["o"].(map[string]any)["rol"] = "member"
	if back := s.as(p.token(claims)).must("GET", "/api/v1/users/me/", nil); back["role"] != "member" {
		t.Errorf("back as %v", back["role"])
	}
}
