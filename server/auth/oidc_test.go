package auth

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"statuspage/lab/openid"
	"statuspage/shared/fault"
)

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
func signIn(t *testing.T, is *openid.Issuer, discovery map[string]any, callback, user string) map[string]any {
	t.Helper()
	var code string
	browser := openid.Browser()
	browser.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), callback) {
			code = r.URL.Query().Get("code")
			return http.ErrUseLastResponse
		}
		return nil
	}
	done, err := is.SignIn(browser, discovery["authorization_endpoint"].(string)+"?"+url.Values{
		"client_id": {openid.ClientID}, "redirect_uri": {callback}, "response_type": {"code"},
		"scope": {"openid profile email"}, "state": {"s"},
	}.Encode(), user)
	if err != nil {
		t.Fatal(err)
	}
	done.Body.Close()
	request, _ := http.NewRequest("POST", discovery["token_endpoint"].(string), strings.NewReader(url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback},
	}.Encode()))
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(openid.ClientID, url.QueryEscape(openid.Secret))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	return decoded(t, answer)
}

func TestTokensOfARealOpenIDProviderAreVerified(t *testing.T) {
	const callback = "http://127.0.0.1:9/callback"
	provider := openid.Start(t)
	provider.Knows(callback)
	name := provider.Name
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

	tokens := signIn(t, provider, discovery, callback, openid.Ada)
	access := tokens["access_token"].(string)
	who, err := v.Verify(t.Context(), access)
	if err != nil || who.ID != "id1" || who.OrgID != "org-of-id1" || who.OrgName != "ACME" || who.Role != Admin ||
		who.Issuer != name {
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
	other := signIn(t, provider, discovery, callback, openid.Bob)
	if got := verify(t, v, other["access_token"].(string)); got != fault.Forbidden {
		t.Errorf("an admin of another organisation: %q", got)
	}
	is.Audience = []string{"billing"}
	if got := verify(t, verifier(t, Options{Issuers: []Issuer{is}}), access); got != fault.Unauthenticated {
		t.Errorf("a token for another audience: %q", got)
	}
	// A second server of the same make signs with another key.
	is.Audience = nil
	strangers := openid.Start(t).Name
	is.JWKSURL = get(t, strangers+".well-known/openid-configuration")["jwks_uri"].(string)
	if got := verify(t, verifier(t, Options{Issuers: []Issuer{is}}), access); got != fault.Unauthenticated {
		t.Errorf("against the keys of another provider: %q", got)
	}
}
