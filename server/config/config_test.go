package config

import (
	"strings"
	"testing"
)

// Commands beside the server share its environment, and sign with the built-in issuer whatever the server takes.
func TestTheEnvironmentHasNoWordInTheDefaults(t *testing.T) {
	want := usual(t)
	if want.PublicRate != 50 || want.OrgSockets != 18_000 || want.WriteForward != "fly-replay" ||
		want.Auth.Preset != "clerk" {
		t.Errorf("the defaults are %+v", want)
	}
	t.Setenv("AUTH_JWKS_URL", "https://issuer.example/jwks.json")
	t.Setenv("PUBLIC_RATE", "many")
	if got := usual(t); got.Auth.External() || got.PublicRate != want.PublicRate {
		t.Errorf("with an environment they are %+v", got)
	}
}

func TestWhatWouldBeLostIsRefusedAtTheStart(t *testing.T) {
	issuer := func(c *Config) { c.Auth.JWKSURL = "https://id.example.com/keys" }
	for _, row := range []struct {
		says   string // "" when it is right
		change func(*Config)
	}{
		{"", func(c *Config) { c.BaseURL = "https://status.example.com" }},
		{"", func(c *Config) { c.BaseURL = "https://status.example.com:8443/" }},
		{"", func(c *Config) { c.BaseURL = "http://[::1]:8080" }},
		{"BASE_URL", func(c *Config) { c.BaseURL = "https://example.com/status" }},
		{"BASE_URL", func(c *Config) { c.BaseURL = "https://example.com/status/" }},
		{"BASE_URL", func(c *Config) { c.BaseURL = "https://example.com//" }},
		{"BASE_URL", func(c *Config) { c.BaseURL = "https://example.com/?page=1" }},
		{"BASE_URL", func(c *Config) { c.BaseURL = "https://example.com?" }},
		{"BASE_URL", func(c *Config) { c.BaseURL = "https://example.com/#top" }},
		{"BASE_URL", func(c *Config) { c.BaseURL = "https://example.com#" }},
		{"BASE_URL", func(c *Config) { c.BaseURL = "https://ada:secret@example.com" }},
		{"BASE_URL", func(c *Config) { c.BaseURL = "https://ada@example.com" }},
		{"BASE_URL", func(c *Config) { c.BaseURL = "example.com" }},
		{"PRIMARY_URL", func(c *Config) { c.PrimaryURL = "http://10.0.0.1/prefix" }},
		{"AUTH_ISSUER needs", func(c *Config) { c.Auth.Issuer = "https://id.example.com" }},
		{"AUTH_AUDIENCE needs", func(c *Config) { c.Auth.Audience = []string{"x"} }},
		{"AUTH_AUTHORIZED_PARTIES needs", func(c *Config) { c.Auth.AuthorizedParties = []string{"x"} }},
		{"AUTH_CLAIM_ORG needs", func(c *Config) { c.Auth.ClaimOrg = "/org" }},
		{"AUTH_CLAIM_ORG_SLUG needs", func(c *Config) { c.Auth.ClaimOrgSlug = "/slug" }},
		{"AUTH_CLAIM_ROLE needs", func(c *Config) { c.Auth.ClaimRole = "/role" }},
		{"CLERK_WEBHOOK_SECRET needs", func(c *Config) { c.Auth.ClerkWebhookSecret = "whsec_abc" }},
		{"", func(c *Config) { issuer(c); c.Auth.ClaimRole = "/role" }},
		{"", func(c *Config) { c.Demo = true }},
		{"", func(c *Config) { c.Demo, c.Addr = true, "localhost:9" }},
		{"", func(c *Config) { c.Demo, c.Addr = true, "[::1]:9" }},
		{"", func(c *Config) { c.Demo, c.DemoAnywhere, c.Addr = true, true, ":9" }},
		{"", func(c *Config) { c.Demo, c.DemoAnywhere, c.Port = true, true, "9" }},
		{"DEMO_ANYWHERE", func(c *Config) { c.Demo, c.Addr = true, "0.0.0.0:9" }},
		{"DEMO_ANYWHERE", func(c *Config) { c.Demo, c.Addr = true, "[::]:9" }},
		{"DEMO_ANYWHERE", func(c *Config) { c.Demo, c.Addr = true, "192.0.2.7:9" }},
		{"DEMO_ANYWHERE", func(c *Config) { c.Demo, c.Addr = true, "status.example.com:9" }},
	} {
		c := usual(t)
		row.change(&c)
		if err := c.Validate(); row.says == "" && err != nil || row.says != "" &&
			(err == nil || !strings.Contains(err.Error(), row.says)) {
			t.Errorf("%+v: %v, not %q", c, err, row.says)
		}
	}
	for _, row := range []struct{ addr, port, plain, demo string }{
		{"", "", ":8080", "127.0.0.1:8080"}, {"", "9", ":9", "127.0.0.1:9"}, {":7", "9", ":7", "127.0.0.1:7"},
		{"[::1]:7", "", "[::1]:7", "[::1]:7"},
	} {
		c := usual(t)
		c.Addr, c.Port = row.addr, row.port
		if got := c.Listen(); got != row.plain {
			t.Errorf("%+v: %s", row, got)
		}
		if c.Demo = true; c.Listen() != row.demo || c.Validate() != nil {
			t.Errorf("%+v: the demonstration listens on %s: %v", row, c.Listen(), c.Validate())
		}
		if c.DemoAnywhere = true; c.Listen() != row.plain {
			t.Errorf("%+v: told so, it listens on %s", row, c.Listen())
		}
	}
}

func TestAClientNeedsAnIssuerAndIsTheOnlyDoor(t *testing.T) {
	issuer := Auth{JWKSURL: "https://id.example.com/keys", Preset: "keycloak", ClientID: "status", ClientSecret: "x",
		Scopes: []string{"openid"}}
	c := usual(t)
	c.Auth = issuer
	if err := c.Validate(); err != nil {
		t.Errorf("a client: %v", err)
	}
	for missing, change := range map[string]func(*Auth){
		"AUTH_CLIENT_ID needs AUTH_JWKS_URL":      func(a *Auth) { a.JWKSURL = "" },
		"AUTH_CLIENT_SECRET needs AUTH_CLIENT_ID": func(a *Auth) { a.ClientID = "" },
		"AUTH_SCOPES needs AUTH_CLIENT_ID":        func(a *Auth) { a.ClientID, a.ClientSecret = "", "" },
		"two ways to sign in": func(a *Auth) {
			a.ClerkPublishableKey = key("pk_live_",
				"clerk.example.com$")
		},
	} {
		c.Auth = issuer
		change(&c.Auth)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), missing) {
			t.Errorf("%v, not %s", err, missing)
		}
	}
}
