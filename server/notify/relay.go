package notify

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail"
)

// encryption is what SMTP_URL says of TLS (tls=).
type encryption string

const (
	// a private host opportunistic, any other one verified, and required when there is a password
	tlsByHost        encryption = ""
	tlsRequired      encryption = "required"      // verified
	tlsOpportunistic encryption = "opportunistic" // when the server offers it, with any certificate
	tlsOff           encryption = "off"
)

// mechanisms are the ways to sign in, best first (auth=). XOAUTH2 takes a token where the others take a password, so
// that it is taken only where there is no other, or when it is asked for.
var mechanisms = []string{"SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN", "XOAUTH2"}

// relay is the mail server of SMTP_URL.
type relay struct {
	host, port string
	implicit   bool // TLS from the first byte (smtps://)
	tls        encryption
	roots      *x509.CertPool // ca=; nil is the machine's
	from       string
	user       string
	password   string
	signIn     bool
	mechanism  string // ""  is the best that is offered
}

const example = "it must look like smtp://user:pass@host:port?from=status@example.com"

// readRelay reads smtp://user:pass@host:port?from=…&tls=…&ca=…&auth=…, or smtps://.
func readRelay(address string) (*relay, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Path != "" && u.Path != "/" ||
		u.Fragment != "" {
		return nil, errors.New(example)
	}
	r := &relay{host: u.Hostname(), port: u.Port(), implicit: u.Scheme == "smtps", user: u.User.Username()}
	r.password, r.signIn = u.User.Password()
	if n, no := strconv.ParseUint(r.port, 10, 16); r.port != "" && (no != nil || n == 0) {
		return nil, fmt.Errorf("%s is no port", r.port)
	}
	if r.port == "" {
		r.port = strconv.Itoa(mail.DefaultPortTLS)
		if r.implicit {
			r.port = strconv.Itoa(mail.DefaultPortSSL)
		}
	}
	q, err := parameters(u)
	if err != nil {
		return nil, err
	}
	from, given := q["from"]
	if !given {
		from = r.user
	}
	sender, err := netmail.ParseAddress(from)
	if err != nil {
		return nil, errors.New("from= must be the address that mail comes from")
	}
	r.from = sender.Address
	return r, errors.Join(r.readAuth(q), r.readTLS(q))
}

// parameters are those of the address, each once.
func parameters(u *url.URL) (map[string]string, error) {
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, errors.New(example)
	}
	q := map[string]string{}
	for name, v := range values {
		if !slices.Contains([]string{"from", "tls", "ca", "auth"}, name) {
			return nil, fmt.Errorf("there is no parameter named %q: from, tls, ca and auth are", name)
		}
		if len(v) > 1 {
			return nil, fmt.Errorf("%s= is given twice", name)
		}
		q[name] = v[0]
	}
	return q, nil
}

func (r *relay) readAuth(q map[string]string) error {
	name, given := q["auth"]
	if !given {
		return nil
	}
	r.mechanism = strings.ToUpper(name)
	switch {
	case !slices.Contains(mechanisms, r.mechanism):
		return fmt.Errorf("auth= must be one of %s", strings.ToLower(strings.Join(mechanisms, ", ")))
	case !r.signIn:
		return errors.New("auth= needs a user and a password")
	}
	return nil
}

func (r *relay) readTLS(q map[string]string) error {
	name, given := q["tls"]
	r.tls = encryption(name)
	file, ca := q["ca"]
	switch {
	case given && !slices.Contains([]encryption{tlsRequired, tlsOpportunistic, tlsOff}, r.tls):
		return errors.New("tls= must be required, opportunistic or off")
	case r.implicit && r.tls == tlsOff:
		return errors.New("smtps:// is TLS: tls=off goes with smtp://")
	case ca && r.tls == tlsOff:
		return errors.New("ca= says whose certificates are taken: tls=off asks for none")
	case !ca:
		return nil
	}
	pem, err := os.ReadFile(file) // #nosec G304 -- the operator names it
	if err != nil {
		return fmt.Errorf("ca= must be a file with certificates: %w", err)
	}
	r.roots = x509.NewCertPool()
	if !r.roots.AppendCertsFromPEM(pem) {
		return fmt.Errorf("ca=: there is no certificate in PEM in %s", file)
	}
	if r.tls == tlsByHost {
		r.tls = tlsRequired
	}
	return nil
}

// private says that an address is this machine's or of a network of one's own, so that a certificate of its own and a
// password in the clear are what is usual.
func private(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || carrier.Contains(a)
}

// carrier is the shared space of RFC 6598, in which private networks over the internet give addresses.
var carrier = netip.MustParsePrefix("100.64.0.0/10")

// privateName says that a host is named as only a private network names hosts: by an address of it, without a dot, or
// under a domain that is not on the internet. A name of the internet may be led to a private address by whoever answers
// for DNS, so that an address alone says nothing.
func privateName(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return private(a)
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	return !strings.Contains(name, ".") || slices.ContainsFunc([]string{".localhost", ".local", ".internal", ".lan",
		".home", ".corp", ".home.arpa", ".test"},
		func(end string) bool { return strings.HasSuffix(name, end) })
}

// plan is how one connection to a relay is secured.
type plan struct {
	required bool // without TLS there is no mail
	off      bool
	clear    bool // a password may go over it without TLS
	config   *tls.Config
}

// plan depends on where the connection really goes to.
func (r *relay) plan(to netip.Addr) plan {
	trusted := r.tls == tlsByHost && privateName(r.host) && private(to)
	p := plan{off: r.tls == tlsOff, clear: private(to) && (trusted || r.tls == tlsOpportunistic || r.tls == tlsOff),
		config: &tls.Config{ServerName: r.host, RootCAs: r.roots, MinVersion: tls.VersionTLS12}}
	p.required = r.implicit || r.tls == tlsRequired || r.tls == tlsByHost && !trusted && r.signIn
	// Opportunistic security (RFC 7435): any certificate is better than none.
	p.config.InsecureSkipVerify = r.roots == nil && (trusted || r.tls == tlsOpportunistic) // #nosec G402 -- see above
	return p
}
