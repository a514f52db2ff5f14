package config

import (
	"strings"
	"testing"
)

// Commands beside the server share its environment, and sign with the built-in issuer whatever the server takes.
func TestTheEnvironmentHasNoWordInTheDefaults(t *testing.T) {
	want := usual(t)
	if want.PublicRate != 50 || want.OrgSockets != 18_000 || want.WriteForward != "fly-replay" || want.Auth.Preset != "clerk" {
		t.Errorf("the defaults are %+v", want)
	}
	t.Setenv("AUTH_JWKS_URL", "https://issuer.example/jwks.json")
	t.Setenv("PUBLIC_RATE", "many")
	if got := usual(t); got.Auth.External() || got.PublicRate != want.PublicRate {
		t.Errorf("with an environment they are %+v", got)
	}
}

func TestAClientNeedsAnIssuerAndIsTheOnlyDoor(t *testing.T) {
	issuer := Auth{JWKSURL: "https://id.example.com/keys", Preset: "keycloak", ClientID: "status", ClientSecret: "x", Scopes: []string{"openid"}}
	c := usual(t)
	c.Auth = issuer
	if err := c.Validate(); err != nil {
		t.Errorf("a client: %v", err)
	}
	for missing, change := range map[string]func(*Auth){
		"AUTH_CLIENT_ID needs AUTH_JWKS_URL":      func(a *Auth) { a.JWKSURL = "" },
		"AUTH_CLIENT_SECRET needs AUTH_CLIENT_ID": func(a *Auth) { a.ClientID = "" },
		"AUTH_SCOPES needs AUTH_CLIENT_ID":        func(a *Auth) { a.ClientID, a.ClientSecret = "", "" },
		"two ways to sign in":                     func(a *Auth) { a.ClerkPublishableKey = key("pk_live_", "clerk.example.com$") },
	} {
		c.Auth = issuer
		change(&c.Auth)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), missing) {
			t.Errorf("%v, not %s", err, missing)
		}
	}
}
