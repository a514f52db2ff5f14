package config

import (
	"encoding/base64"
	"strings"
	"testing"
)

func key(kind, text string) string { return kind + base64.StdEncoding.EncodeToString([]byte(text)) }

func TestAPublishableKeyNamesItsHostOrStopsTheStart(t *testing.T) {
	for _, row := range []struct{ name, key, host string }{
		{"none", "", ""},
		{"of a test instance", "pk_test_Y2xlYW4tbWF5Zmx5LTYyLmNsZXJrLmFjY291bnRzLmRldiQ",
			"clean-mayfly-62.clerk.accounts.dev"},
		{"live", key("pk_live_", "clerk.example.com$"), "clerk.example.com"},
		{"without its padding", strings.TrimRight(key("pk_live_", "clerk.example.com$"), "="), "clerk.example.com"},
		{"with a port", key("pk_test_", "127.0.0.1:4443$"), "127.0.0.1:4443"},
		{"a secret key", key("sk_live_", "clerk.example.com$"), "no"},
		{"no base64", "pk_live_%%%", "no"},
		{"without the dollar sign", key("pk_live_", "clerk.example.com"), "no"},
		{"nothing in it", key("pk_live_", "$"), "no"},
		{"a word of a policy", key("pk_live_", "clerk.example.com; script-src *$"), "no"},
		{"a path", key("pk_live_", "clerk.example.com/x$"), "no"},
		{"markup", key("pk_live_", `x"><script>$`), "no"},
	} {
		c := usual(t)
		c.Auth.JWKSURL, c.Auth.ClerkPublishableKey = "https://clerk.example.com/.well-known/jwks.json", row.key
		host, _ := c.Auth.ClerkHost()
		switch err := c.Validate(); {
		case row.host == "no" && (host != "" || err == nil || !strings.Contains(err.Error(), "CLERK_PUBLISHABLE_KEY") ||
			strings.Contains(err.Error(), "\n")):
			t.Errorf("%s: %q, %v", row.name, host, err)
		case row.host != "no" && (host != row.host || err != nil):
			t.Errorf("%s: %q, %v", row.name, host, err)
		}
	}
	alone := usual(t)
	alone.Auth.ClerkPublishableKey = key("pk_live_", "clerk.example.com$")
	if err := alone.Validate(); err == nil || !strings.Contains(err.Error(), "AUTH_JWKS_URL") {
		t.Errorf("a key whose tokens nobody takes: %v", err)
	}
}

func usual(t *testing.T) Config {
	t.Helper()
	c := Default(Database{DatabaseURL: "file:x"})
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return c
}

// FuzzClerkHost: what a key names may stand in a policy and in an address.
func FuzzClerkHost(f *testing.F) {
	for _, seed := range []string{key("pk_live_", "clerk.example.com$"), key("pk_test_", "127.0.0.1:4443$"), "pk_live_",
		"pk_test_%", key("pk_live_", "a;b$")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if host, err := (Auth{ClerkPublishableKey: text}).ClerkHost(); err == nil &&
			strings.ContainsAny(host, " ;,'\"/<>*\\\r\n\t") {
			t.Errorf("%q names %q", text, host)
		}
	})
}
