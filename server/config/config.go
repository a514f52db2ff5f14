// Package config is what the environment and the flags say: CONTRACT.md, section 1.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// Database names the database; every command takes it.
type Database struct {
	DatabaseURL       string `name:"database-url" env:"DATABASE_URL" default:"file:./data/status.db" help:"file:…, http(s)://… or libsql://…; {region} is replaced by the region."`
	DatabaseAuthToken string `name:"database-auth-token" env:"DATABASE_AUTH_TOKEN" help:"Token of a libSQL database."`
	DatabaseReadToken string `name:"database-read-token" env:"DATABASE_READ_TOKEN" help:"Token outside the primary region, which only reads (default: DATABASE_AUTH_TOKEN)."`
	FlyRegion         string `name:"fly-region" env:"FLY_REGION" help:"The region this process runs in."`
	PrimaryRegion     string `name:"primary-region" env:"PRIMARY_REGION" help:"The region that writes."`
}

// URL is DATABASE_URL for this region.
func (d Database) URL() string { return strings.ReplaceAll(d.DatabaseURL, "{region}", d.Region()) }

// Token is what the database asks of this region: outside the primary, one that may only read will do.
func (d Database) Token() string {
	if !d.Primary() && d.DatabaseReadToken != "" {
		return d.DatabaseReadToken
	}
	return d.DatabaseAuthToken
}

// Region is where this process runs; "local" on a machine of one's own.
func (d Database) Region() string {
	switch {
	case d.FlyRegion != "":
		return d.FlyRegion
	case d.PrimaryRegion != "":
		return d.PrimaryRegion
	}
	return "local"
}

// Primary says whether this region writes. Only the environment decides it, never a request.
func (d Database) Primary() bool {
	return d.PrimaryRegion == "" || d.FlyRegion == "" || d.FlyRegion == d.PrimaryRegion
}

// Validate is one clear line, or nil.
func (d Database) Validate() error {
	if strings.HasPrefix(d.DatabaseURL, "file:") && len(d.DatabaseURL) > len("file:") {
		return nil
	}
	u, err := url.Parse(d.URL())
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "libsql" {
		return fmt.Errorf("DATABASE_URL must begin with file:, http://, https:// or libsql://, not %q", d.DatabaseURL)
	}
	return nil
}

// Config is all that `serve` needs to know.
type Config struct {
	Database      `embed:""`
	Addr          string        `env:"ADDR" help:"Listen address (default :8080)."`
	Port          string        `env:"PORT" help:"Port to listen on, when there is no ADDR."`
	MetricsAddr   string        `name:"metrics-addr" env:"METRICS_ADDR" help:"Listen address of GET /metrics; none when empty."`
	BaseURL       string        `name:"base-url" env:"BASE_URL" help:"Absolute address of this installation (default: from the request)."`
	WriteForward  string        `name:"write-forward" env:"WRITE_FORWARD" default:"fly-replay" enum:"fly-replay,proxy" help:"How a write finds the primary: fly-replay or proxy."`
	PrimaryURL    string        `name:"primary-url" env:"PRIMARY_URL" help:"Address of the primary, for WRITE_FORWARD=proxy."`
	RelayInterval time.Duration `name:"relay-interval" env:"RELAY_INTERVAL" default:"100ms" help:"How often the replica is polled for new events."`
	StaleAfter    time.Duration `name:"stale-after" env:"STALE_AFTER" default:"10s" help:"From what lag on a page says that it may be old."`

	Auth Auth `embed:""`

	SMTPURL       string `name:"smtp-url" env:"SMTP_URL" help:"smtp://user:pass@host:port?from=…; mail is written to the log when empty."`
	PublicRate    int    `name:"public-rate" env:"PUBLIC_RATE" default:"50" help:"Requests a second and client address on public endpoints."`
	PublicSockets int    `name:"public-sockets" env:"PUBLIC_SOCKETS" default:"50" help:"Open WebSockets of one client address."`
	CallerRate    int    `name:"caller-rate" env:"CALLER_RATE" default:"500" help:"Requests a second of one user or API key."`
	OrgRate       int    `name:"org-rate" env:"ORG_RATE" default:"1000" help:"Requests a second of one organisation's users and keys together."`
	OrgSockets    int    `name:"org-sockets" env:"ORG_SOCKETS" default:"18000" help:"Open WebSockets of one organisation's visitors in this process; of its members a tenth as many, counted apart."`
	LogLevel      string `name:"log-level" env:"LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"debug, info, warn or error."`
	LogFormat     string `name:"log-format" env:"LOG_FORMAT" help:"json or text (default: text on a terminal)."`
	LoopbackHooks bool   `name:"loopback-hooks" env:"LOOPBACK_HOOKS" hidden:"" help:"Let subscribers' webhooks be on this machine: for tests."`
	Demo          bool   `env:"DEMO" help:"Fill an empty database with the demonstration organisation acme."`

	DeliveryLease time.Duration `kong:"-"` // of one message; 0 is a minute. Tests that kill the process do not wait that long
}

// Default is what `serve` runs with when nobody says otherwise, on a database: the flags' own defaults. The environment has no word in
// it, since commands beside the server must not have its issuer, nor tests somebody's shell.
func Default(d Database) Config {
	var c Config
	k, err := kong.New(&c)
	if err == nil {
		for _, f := range k.Model.Flags {
			f.Tag.Envs = nil
		}
		_, err = k.Parse(nil)
	}
	if err != nil {
		panic(err) // a mistake in the tags above
	}
	c.Database = d
	return c
}

// Auth says who vouches for people.
type Auth struct {
	JWKSURL             string   `name:"auth-jwks-url" env:"AUTH_JWKS_URL" help:"Key set of an external issuer; the built-in issuer when empty."`
	Issuer              string   `name:"auth-issuer" env:"AUTH_ISSUER" help:"Exact iss of its tokens."`
	Audience            []string `name:"auth-audience" env:"AUTH_AUDIENCE" help:"Accepted aud, comma-separated."`
	AuthorizedParties   []string `name:"auth-authorized-parties" env:"AUTH_AUTHORIZED_PARTIES" help:"Accepted azp, comma-separated."`
	Preset              string   `name:"auth-preset" env:"AUTH_PRESET" default:"clerk" enum:"clerk,auth0,keycloak,zitadel,workos" help:"Where the issuer puts organisation and role."`
	ClaimOrg            string   `name:"auth-claim-org" env:"AUTH_CLAIM_ORG" help:"JSON Pointer (RFC 6901)."`
	ClaimOrgSlug        string   `name:"auth-claim-org-slug" env:"AUTH_CLAIM_ORG_SLUG" help:"JSON Pointer."`
	ClaimRole           string   `name:"auth-claim-role" env:"AUTH_CLAIM_ROLE" help:"JSON Pointer."`
	ClientID            string   `name:"auth-client-id" env:"AUTH_CLIENT_ID" help:"This installation at the issuer; the login page then leads to the issuer's own."`
	ClientSecret        string   `name:"auth-client-secret" env:"AUTH_CLIENT_SECRET" help:"Its secret; a public client has none."`
	Scopes              []string `name:"auth-scopes" env:"AUTH_SCOPES" help:"What a sign-in asks for, comma-separated (default: what the preset needs)."`
	ClerkPublishableKey string   `name:"clerk-publishable-key" env:"CLERK_PUBLISHABLE_KEY" help:"The login page then uses Clerk's own UI."`
	ClerkWebhookSecret  string   `name:"clerk-webhook-secret" env:"CLERK_WEBHOOK_SECRET" help:"Signing secret (whsec_…) of Clerk's webhooks."`
}

// External says that another issuer vouches.
func (a Auth) External() bool { return a.JWKSURL != "" }

// Listen is the address to listen on.
func (c Config) Listen() string {
	switch {
	case c.Addr != "":
		return c.Addr
	case c.Port != "":
		return ":" + c.Port
	}
	return ":8080"
}

// Validate is one clear line about the first thing that is wrong, or nil.
func (c Config) Validate() error {
	return errors.Join(first(
		c.Database.Validate,
		func() error { return address("ADDR", c.Listen()) },
		func() error { return address("METRICS_ADDR", c.MetricsAddr) },
		func() error { return absolute("BASE_URL", c.BaseURL) },
		func() error { return absolute("PRIMARY_URL", c.PrimaryURL) },
		func() error { return absolute("AUTH_JWKS_URL", c.Auth.JWKSURL) },
		func() error {
			return that(c.WriteForward != "proxy" || c.Primary() || c.PrimaryURL != "", "WRITE_FORWARD=proxy needs PRIMARY_URL")
		},
		func() error {
			return that(c.RelayInterval >= 5*time.Millisecond && c.RelayInterval <= time.Minute, "RELAY_INTERVAL must be from 5ms to 1m")
		},
		func() error { return that(c.StaleAfter >= time.Second, "STALE_AFTER must be at least 1s") },
		func() error { return that(c.PublicRate > 0, "PUBLIC_RATE must be at least 1") },
		func() error { return that(c.PublicSockets > 0, "PUBLIC_SOCKETS must be at least 1") },
		func() error { return that(c.CallerRate > 0, "CALLER_RATE must be at least 1") },
		func() error { return that(c.OrgRate > 0, "ORG_RATE must be at least 1") },
		func() error { return that(c.OrgSockets >= 10, "ORG_SOCKETS must be at least 10") },
		func() error {
			return that(c.LogFormat == "" || c.LogFormat == "json" || c.LogFormat == "text", "LOG_FORMAT must be json or text")
		},
		func() error {
			return that(c.Auth.Issuer == "" || c.Auth.External(), "AUTH_ISSUER needs AUTH_JWKS_URL")
		},
		func() error {
			return that(c.Auth.ClerkPublishableKey == "" || c.Auth.External(), "CLERK_PUBLISHABLE_KEY needs AUTH_JWKS_URL")
		},
		func() error { _, err := c.Auth.ClerkHost(); return err },
		func() error {
			return that(c.Auth.ClientID == "" || c.Auth.External(), "AUTH_CLIENT_ID needs AUTH_JWKS_URL")
		},
		func() error {
			return that(c.Auth.ClientID == "" || c.Auth.ClerkPublishableKey == "", "AUTH_CLIENT_ID and CLERK_PUBLISHABLE_KEY are two ways to sign in: set one of them")
		},
		func() error {
			return that(c.Auth.ClientSecret == "" || c.Auth.ClientID != "", "AUTH_CLIENT_SECRET needs AUTH_CLIENT_ID")
		},
		func() error {
			return that(len(c.Auth.Scopes) == 0 || c.Auth.ClientID != "", "AUTH_SCOPES needs AUTH_CLIENT_ID")
		},
		func() error { return smtp(c.SMTPURL) },
	))
}

func first(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func that(ok bool, sentence string) error {
	if ok {
		return nil
	}
	return errors.New(sentence)
}

func address(name, s string) error {
	if s == "" {
		return nil
	}
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return fmt.Errorf("%s must be host:port, not %q", name, s)
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return fmt.Errorf("%s: %q is no port", name, port)
	}
	return nil
}

func absolute(name, s string) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	return that(err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https"), name+" must begin with http:// or https://")
}

func smtp(s string) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	return that(err == nil && u.Host != "" && (u.Scheme == "smtp" || u.Scheme == "smtps"), "SMTP_URL must look like smtp://user:pass@host:port?from=…")
}
