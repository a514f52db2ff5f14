// Package config is what the environment and the flags say: CONTRACT 1.
package config

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// Database names the database; every command takes it.
type Database struct {
	DatabaseURL string `env:"DATABASE_URL" default:"file:./data/status.db" help:"file:…, http(s)://… or libsql://…; {region} is replaced by the region."`

	DatabaseAuthToken string `env:"DATABASE_AUTH_TOKEN" help:"Token of a libSQL database."`
	DatabaseReadToken string `env:"DATABASE_READ_TOKEN" help:"Token for reading alone (default: DATABASE_AUTH_TOKEN)."`
	FlyRegion         string `env:"FLY_REGION" help:"The region this process runs in."`
	PrimaryRegion     string `env:"PRIMARY_REGION" help:"The region that writes."`
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

// PrimaryName is the region that writes, as this process knows it.
func (d Database) PrimaryName() string {
	if d.PrimaryRegion != "" {
		return d.PrimaryRegion
	}
	return d.Region()
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
	Database    `embed:""`
	Addr        string `env:"ADDR" help:"Listen address (default :8080)."`
	Port        string `env:"PORT" help:"Port to listen on, when there is no ADDR."`
	MetricsAddr string `env:"METRICS_ADDR" help:"Listen address of GET /metrics; none when empty."`
	BaseURL     string `env:"BASE_URL" help:"Absolute address of this installation (default: from the request)."`

	WriteForward  string        `env:"WRITE_FORWARD" default:"fly-replay" enum:"fly-replay,proxy" help:"How a write finds the primary: fly-replay or proxy."`
	PrimaryURL    string        `env:"PRIMARY_URL" help:"Address of the primary, for WRITE_FORWARD=proxy."`
	RelayInterval time.Duration `env:"RELAY_INTERVAL" default:"100ms" help:"How often new events are looked for."`
	StaleAfter    time.Duration `env:"STALE_AFTER" default:"10s" help:"From what lag on a page says that it may be old."`

	Index []string `env:"INDEX" help:"Slugs of public pages that / lists, comma-separated (default: the product page)."`

	TLS string `env:"TLS" enum:",acme" default:"" help:"acme: serve https itself, for BASE_URL and the host names that organisations have proved; ADDR then answers http by leading there."`

	TLSAddr      string `env:"TLS_ADDR" default:":443" help:"Listen address of https, with TLS=acme."`
	TLSEmail     string `env:"TLS_EMAIL" help:"Where the certificate authority writes to; it may be empty."`
	TLSDirectory string `env:"TLS_DIRECTORY" help:"Directory of the certificate authority (default: Let's Encrypt)."`

	Auth Auth `embed:""`

	SMTPURL string `name:"smtp-url" env:"SMTP_URL" help:"smtp://user:pass@host:port?from=…&tls=required|opportunistic|off&ca=FILE; mail is written to the log when empty."`

	PublicRate    int    `env:"PUBLIC_RATE" default:"50" help:"Requests a second and client address on public endpoints."`
	PublicSockets int    `env:"PUBLIC_SOCKETS" default:"50" help:"Open WebSockets of one client address."`
	CallerRate    int    `env:"CALLER_RATE" default:"500" help:"Requests a second of one user or API key."`
	OrgRate       int    `env:"ORG_RATE" default:"1000" help:"Requests a second of an organisation's users and keys."`
	OrgSockets    int    `env:"ORG_SOCKETS" default:"18000" help:"Open WebSockets of one organisation's visitors in this process; of its members a tenth as many, counted apart."`
	LogLevel      string `env:"LOG_LEVEL" default:"info" enum:"debug,info,warn,error" help:"debug, info, warn or error."`
	LogFormat     string `env:"LOG_FORMAT" help:"json or text (default: text on a terminal)."`
	LoopbackHooks bool   `env:"LOOPBACK_HOOKS" hidden:"" help:"Let subscribers' webhooks be on this machine: for tests."`
	ClockTrust    bool   `env:"CLOCK_TRUST" help:"Believe the machine's clock at the start, whatever was noted before."`
	Demo          bool   `env:"DEMO" help:"Fill an empty database with the demonstration; listens on this machine only."`
	DemoAnywhere  bool   `env:"DEMO_ANYWHERE" help:"Let the demonstration be reached from other machines."`

	// SecretsKey seals what must be read again; see auth.OpenSealer for what holds without it.
	SecretsKey string `env:"SECRETS_KEY" help:"Base64 of 32 bytes that secrets are encrypted with (default: a file's)."`

	MonitorNetworks []string `env:"MONITOR_NETWORKS" help:"Private networks (CIDR) where targets may be, comma-separated."`

	Version string `kong:"-"` // of the program, for /readyz
	// DeliveryLease is of one message; 0 is a minute. Tests that kill the process do not wait that long.
	DeliveryLease time.Duration `kong:"-"`
	Host          Host          `kong:"-"`
	// MonitorBeside is one address that monitors may reach beside MonitorNetworks: the demonstration's own target.
	MonitorBeside netip.AddrPort `kong:"-"`
}

// Host is what a process has of its machine beside the environment. The zero Host is the machine itself; the
// laboratory's simulation gives each of many processes another.
type Host struct {
	Dial   func(ctx context.Context, network, addr string) (net.Conn, error) // to the database
	Now    func() time.Time
	Uptime func() (boot string, since time.Duration) // since the boot of that name
	Roots  *x509.CertPool                            // whom it trusts with TLS_DIRECTORY's own address
	// HashMemory is how many KiB the hash of a password takes; 0 is what a server takes.
	HashMemory uint32
}

// Default is what `serve` runs with when nobody says otherwise, on a database: the flags' own defaults. The environment
// has no word in it, since commands beside the server must not have its issuer, nor tests somebody's shell.
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
	JWKSURL  string   `name:"auth-jwks-url" env:"AUTH_JWKS_URL" help:"Key set of an external issuer; the built-in issuer when empty."`
	Issuer   string   `name:"auth-issuer" env:"AUTH_ISSUER" help:"Exact iss of its tokens."`
	Audience []string `name:"auth-audience" env:"AUTH_AUDIENCE" help:"Accepted aud, comma-separated."`

	AuthorizedParties []string `name:"auth-authorized-parties" env:"AUTH_AUTHORIZED_PARTIES" help:"Accepted azp, comma-separated."`

	Preset string `name:"auth-preset" env:"AUTH_PRESET" default:"clerk" enum:"clerk,auth0,keycloak,zitadel,workos" help:"Where the issuer puts organisation and role."`

	ClaimOrg     string `name:"auth-claim-org" env:"AUTH_CLAIM_ORG" help:"JSON Pointer (RFC 6901)."`
	ClaimOrgSlug string `name:"auth-claim-org-slug" env:"AUTH_CLAIM_ORG_SLUG" help:"JSON Pointer."`
	ClaimRole    string `name:"auth-claim-role" env:"AUTH_CLAIM_ROLE" help:"JSON Pointer."`

	ClientID     string `name:"auth-client-id" env:"AUTH_CLIENT_ID" help:"This installation at the issuer; the login page then leads to the issuer's own."`
	ClientSecret string `name:"auth-client-secret" env:"AUTH_CLIENT_SECRET" help:"Its secret; a public client has none."`

	Scopes []string `name:"auth-scopes" env:"AUTH_SCOPES" help:"Scopes, comma-separated (default: what the preset needs)."`

	ClerkPublishableKey string `env:"CLERK_PUBLISHABLE_KEY" help:"The login page then uses Clerk's own UI."`
	ClerkWebhookSecret  string `env:"CLERK_WEBHOOK_SECRET" help:"Signing secret (whsec_…) of Clerk's webhooks."`
}

// alone refuses what says something about another issuer when there is none: nobody would hear of it.
func (a Auth) alone() error {
	if a.External() {
		return nil
	}
	for _, x := range []struct {
		name string
		set  bool
	}{
		{"AUTH_ISSUER", a.Issuer != ""}, {"AUTH_AUDIENCE", len(a.Audience) > 0},
		{"AUTH_AUTHORIZED_PARTIES", len(a.AuthorizedParties) > 0},
		{"AUTH_CLAIM_ORG", a.ClaimOrg != ""}, {"AUTH_CLAIM_ORG_SLUG", a.ClaimOrgSlug != ""},
		{"AUTH_CLAIM_ROLE", a.ClaimRole != ""},
		{"AUTH_CLIENT_ID", a.ClientID != ""}, {"CLERK_PUBLISHABLE_KEY", a.ClerkPublishableKey != ""},
		{"CLERK_WEBHOOK_SECRET", a.ClerkWebhookSecret != ""},
	} {
		if x.set {
			return fmt.Errorf("%s needs AUTH_JWKS_URL", x.name)
		}
	}
	return nil
}

// External says that another issuer vouches.
func (a Auth) External() bool { return a.JWKSURL != "" }

// Listen is the address to listen on. Where no host is named it is every one of the machine's; for the demonstration it
// is this machine alone.
func (c Config) Listen() string {
	addr := cmp.Or(c.Addr, ":"+cmp.Or(c.Port, "8080"))
	if c.Demo && !c.DemoAnywhere && strings.HasPrefix(addr, ":") {
		return "127.0.0.1" + addr
	}
	return addr
}

// demo refuses to show everybody a page whose admin has a password that stands in the documentation.
func (c Config) demo() error {
	if !c.Demo || c.DemoAnywhere {
		return nil
	}
	host, _, _ := net.SplitHostPort(c.Listen())
	ip := net.ParseIP(host)
	return that(host == "localhost" || ip != nil && ip.IsLoopback(), "everybody knows the demonstration's password: "+
		"with DEMO, ADDR must be on this machine, such as 127.0.0.1:8080 (or set DEMO_ANYWHERE)")
}

// maxIndex is how many pages / may list.
const maxIndex = 100

// Validate is one clear line about the first thing that is wrong, or nil.
func (c Config) Validate() error {
	return errors.Join(first(
		c.Database.Validate,
		func() error { return address("ADDR", c.Listen()) },
		c.demo,
		func() error { return address("METRICS_ADDR", c.MetricsAddr) },
		func() error { return origin("BASE_URL", c.BaseURL) },
		func() error { return origin("PRIMARY_URL", c.PrimaryURL) },
		c.https,
		func() error { return that(len(c.Index) <= maxIndex, "INDEX may name 100 pages") },
		func() error { return absolute("AUTH_JWKS_URL", c.Auth.JWKSURL) },
		func() error {
			return that(c.WriteForward != "proxy" || c.Primary() || c.PrimaryURL != "",
				"WRITE_FORWARD=proxy needs PRIMARY_URL")
		},
		func() error {
			return that(c.RelayInterval >= 5*time.Millisecond && c.RelayInterval <= time.Minute,
				"RELAY_INTERVAL must be from 5ms to 1m")
		},
		func() error { return that(c.StaleAfter >= time.Second, "STALE_AFTER must be at least 1s") },
		func() error { return that(c.PublicRate > 0, "PUBLIC_RATE must be at least 1") },
		func() error { return that(c.PublicSockets > 0, "PUBLIC_SOCKETS must be at least 1") },
		func() error { return that(c.CallerRate > 0, "CALLER_RATE must be at least 1") },
		func() error { return that(c.OrgRate > 0, "ORG_RATE must be at least 1") },
		func() error { return that(c.OrgSockets >= 10, "ORG_SOCKETS must be at least 10") },
		func() error {
			return that(c.LogFormat == "" || c.LogFormat == "json" || c.LogFormat == "text",
				"LOG_FORMAT must be json or text")
		},
		c.Auth.alone,
		func() error { _, err := c.Auth.ClerkHost(); return err },
		func() error {
			return that(c.Auth.ClientID == "" || c.Auth.ClerkPublishableKey == "",
				"AUTH_CLIENT_ID and CLERK_PUBLISHABLE_KEY are two ways to sign in: set one of them")
		},
		func() error {
			return that(c.Auth.ClientSecret == "" || c.Auth.ClientID != "", "AUTH_CLIENT_SECRET needs AUTH_CLIENT_ID")
		},
		func() error {
			return that(len(c.Auth.Scopes) == 0 || c.Auth.ClientID != "", "AUTH_SCOPES needs AUTH_CLIENT_ID")
		},
		func() error { return smtp(c.SMTPURL) },
		func() error { return secretsKey(c.SecretsKey) },
		func() error { return networks(c.MonitorNetworks) },
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
	return that(err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https"),
		name+" must begin with http:// or https://")
}

// origin is an absolute address of which nothing but scheme, host and port is used: what else it says would be lost on
// the way.
// https holds TLS and what belongs to it together.
func (c Config) https() error {
	if c.TLS == "" {
		return nil
	}
	return first(
		func() error { return address("TLS_ADDR", c.TLSAddr) },
		func() error { return absolute("TLS_DIRECTORY", c.TLSDirectory) },
		func() error {
			return that(strings.HasPrefix(c.BaseURL, "https://"),
				"TLS=acme needs BASE_URL, which begins with https:// and has the name that the certificate is for")
		},
	)
}

func origin(name, s string) error {
	if err := absolute(name, s); s == "" || err != nil {
		return err
	}
	u, err := url.Parse(s)
	return that(err == nil && (u.Path == "" || u.Path == "/") && u.RawQuery == "" && !u.ForceQuery &&
		u.Fragment == "" && !strings.Contains(s, "#") && u.User == nil,
		name+" must be scheme and host alone, such as https://status.example.com: no path, query or user")
}

func smtp(s string) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	return that(err == nil && u.Host != "" && (u.Scheme == "smtp" || u.Scheme == "smtps"),
		"SMTP_URL must look like smtp://user:pass@host:port?from=…")
}

func networks(list []string) error {
	for _, s := range list {
		if _, err := netip.ParsePrefix(strings.TrimSpace(s)); err != nil {
			return fmt.Errorf("MONITOR_NETWORKS must be networks such as 10.0.0.0/8, comma-separated, not %q", s)
		}
	}
	return nil
}

func secretsKey(s string) error {
	if s == "" {
		return nil
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(s))
	return that(err == nil && len(key) == 32, "SECRETS_KEY must be Base64 of 32 bytes, as `openssl rand -base64 32` "+
		"prints")
}
