// Package certificate obtains, keeps and renews the certificates of an installation that serves https itself
// (TLS=acme).
//
// The names are the installation's own and the host names that organisations have proved; no other name has a
// certificate. Only the primary region obtains and renews, by ACME (RFC 8555): http-01 and tls-alpn-01, which any
// region answers. Keys, certificates and open challenges are in the database, sealed, so that a restart and every
// region have them.
package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/mholt/acmez/v3"
	"go.uber.org/zap"

	"statuspage/server/auth"
	"statuspage/server/store"
)

// every is how often the names are read, and in other regions the certificates.
const every = 5 * time.Second

// Deps are what a Keeper works with.
type Deps struct {
	DB        *store.DB
	Sealer    auth.Sealer
	Own       []string       // the installation's own names
	Primary   bool           // whether this process obtains certificates
	Email     string         // for the authority, may be ""
	Directory string         // the authority's directory; "" is Let's Encrypt
	Roots     *x509.CertPool // trusted with the directory's own address; nil are the machine's
	// Settle is for how long a challenge waits before the authority is told to look: until every region has it.
	Settle        time.Duration
	Plain, Secure net.Addr // where challenges are answered: http, https
	Now           func() time.Time
	Look          time.Duration // how often certificates are looked at for renewal; 0 is every 10 minutes
}

// Keeper answers handshakes. Make one with New.
type Keeper struct {
	deps   Deps
	files  *files
	cache  *certmagic.Cache
	config *certmagic.Config
	issuer *certmagic.ACMEIssuer

	mu    sync.RWMutex
	names map[string]*name
}

// name is one that is served.
type name struct {
	stop   context.CancelFunc // ends its obtaining and renewing; nil where others do that
	read   time.Time          // when what is served was written; Run's
	served atomic.Pointer[tls.Certificate]
}

// New makes a Keeper that knows no name yet; Run finds them.
func New(d Deps) (*Keeper, error) {
	if !d.Sealer.Works() {
		return nil, errors.New("TLS=acme keeps private keys in the database: set SECRETS_KEY, with which they are " +
			"sealed")
	}
	k := &Keeper{deps: d, files: &files{db: d.DB, sealer: d.Sealer, settle: d.Settle, now: d.Now},
		names: map[string]*name{}}
	silent := zap.NewNop() // what matters is told by events
	k.cache = certmagic.NewCache(certmagic.CacheOptions{Logger: silent, RenewCheckInterval: d.Look,
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return k.config, nil }})
	k.config = certmagic.New(k.cache, certmagic.Config{Storage: k.files, Logger: silent, OnEvent: k.event,
		OCSP: certmagic.OCSPConfig{DisableStapling: true}})
	k.issuer = certmagic.NewACMEIssuer(k.config, certmagic.ACMEIssuer{CA: directory(d.Directory), Email: d.Email,
		TrustedRoots: d.Roots,
		Agreed:       true, Logger: silent, ListenHost: host(d.Plain), AltHTTPPort: port(d.Plain),
		AltTLSALPNPort: port(d.Secure)})
	k.config.Issuers = []certmagic.Issuer{k.issuer}
	return k, nil
}

// Close ends what goes on in the background.
func (k *Keeper) Close() { k.cache.Stop() }

// TLS is how connections are accepted. HTTP/2 is not spoken.
func (k *Keeper) TLS() *tls.Config {
	c := k.config.TLSConfig()
	c.MinVersion = tls.VersionTLS12
	c.NextProtos = append([]string{"http/1.1"}, c.NextProtos...)
	c.GetCertificate = k.get
	return c
}

// get is what certmagic has at the primary, and elsewhere what was read; challenges are certmagic's everywhere.
func (k *Keeper) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	n := k.of(hello.ServerName)
	switch {
	case n == nil:
	case k.deps.Primary, slices.Contains(hello.SupportedProtos, acmez.ACMETLS1Protocol):
		return k.config.GetCertificate(hello)
	default:
		if c := n.served.Load(); c != nil {
			return c, nil
		}
	}
	return nil, fmt.Errorf("no certificate for %q", hello.ServerName)
}

// Serves says whether a name has, or will have, a certificate here.
func (k *Keeper) Serves(host string) bool { return k.of(host) != nil }

func (k *Keeper) of(host string) *name {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.names[strings.ToLower(strings.TrimSuffix(host, "."))]
}

// Challenge answers a request of the authority for http-01 (RFC 8555 8.3), and says whether it was one.
func (k *Keeper) Challenge(w http.ResponseWriter, r *http.Request) bool {
	return k.issuer.HandleHTTPChallenge(w, r)
}

// Run looks for names, and obtains or reads their certificates, until the context ends.
func (k *Keeper) Run(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := k.look(ctx); err != nil && ctx.Err() == nil {
			slog.Warn("the names of certificates could not be read", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (k *Keeper) look(ctx context.Context) error {
	served, err := k.deps.DB.ServedHosts(ctx)
	if err != nil {
		return err
	}
	served = append(served, k.deps.Own...)
	now := map[string]bool{}
	for _, host := range served {
		now[host] = true
		k.add(ctx, host)
	}
	k.mu.Lock()
	for host, n := range k.names {
		if !now[host] {
			k.drop(host, n)
		}
	}
	k.mu.Unlock()
	if k.deps.Primary {
		return nil
	}
	return k.read(ctx)
}

// add begins to serve a name.
func (k *Keeper) add(ctx context.Context, host string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.names[host] != nil {
		return
	}
	n := &name{}
	if k.deps.Primary {
		var own context.Context
		own, n.stop = context.WithCancel(ctx)
		if err := k.config.ManageAsync(own, []string{host}); err != nil {
			slog.Warn("no certificate", "host", host, "error", err)
		}
	}
	k.names[host] = n
}

// drop ends it: the name is not the organisation's any more.
func (k *Keeper) drop(host string, n *name) {
	if n.stop != nil {
		n.stop()
		k.cache.RemoveManaged([]certmagic.SubjectIssuer{{Subject: host}})
	}
	delete(k.names, host)
}

// read brings the certificates that the primary has obtained or renewed since the last time.
func (k *Keeper) read(ctx context.Context) error {
	issuer := k.issuer.IssuerKey()
	written, err := k.deps.DB.CertificateFiles(ctx, certmagic.StorageKeys.CertsPrefix(issuer)+"/")
	if err != nil {
		return err
	}
	at := map[string]time.Time{}
	for _, f := range written {
		at[f.Key] = f.ModifiedAt
	}
	k.mu.RLock()
	names := maps.Clone(k.names)
	k.mu.RUnlock()
	for host, n := range names {
		when := at[certmagic.StorageKeys.SiteCert(issuer, host)]
		if !when.After(n.read) {
			continue
		}
		pair, err := k.pair(ctx, issuer, host)
		if err != nil { // the key and its certificate are written one after the other
			slog.Debug("a certificate could not be read", "host", host, "error", err)
			continue
		}
		n.read = when
		n.served.Store(&pair)
	}
	return nil
}

// pair reads a certificate and its key.
func (k *Keeper) pair(ctx context.Context, issuer, host string) (tls.Certificate, error) {
	chain, err := k.files.Load(ctx, certmagic.StorageKeys.SiteCert(issuer, host))
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := k.files.Load(ctx, certmagic.StorageKeys.SitePrivateKey(issuer, host))
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(chain, key)
}

// event tells what came of a certificate.
func (k *Keeper) event(_ context.Context, event string, data map[string]any) error {
	host := fmt.Sprint(data["identifier"])
	switch event {
	case "cert_obtained":
		slog.Info("a certificate was obtained", "host", host, "renewal", data["renewal"])
	case "cert_failed":
		slog.Warn("no certificate was obtained; it is tried again", "host", host, "error", data["error"])
	}
	return nil
}

func directory(of string) string {
	if of == "" {
		return certmagic.LetsEncryptProductionCA
	}
	return of
}

func host(a net.Addr) string {
	h, _, err := net.SplitHostPort(a.String())
	if err != nil || h == "::" {
		return ""
	}
	return h
}

func port(a net.Addr) int {
	_, p, err := net.SplitHostPort(a.String())
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(p)
	return n
}
