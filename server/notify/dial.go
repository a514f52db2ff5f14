package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/textproto"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// dialogue is what came of the steps of a connection, for people: it names no address, no network and no user.
type dialogue struct {
	Encryption string // "TLS 1.3, with a certificate that was checked"
	SignedIn   string // the mechanism
	Answer     string // to the mail
}

// dial opens a connection that is ready for mail. Where TLS is taken only when it is to be had, a server whose TLS is
// broken is asked again without.
func (r *relay) dial(ctx context.Context) (*smtp.Client, dialogue, error) {
	c, d, err := r.open(ctx, false)
	var broken noTLS
	if errors.As(err, &broken) && broken.goOn {
		c, d, err = r.open(ctx, true)
	}
	return c, d, err
}

// noTLS is a failure to encrypt.
type noTLS struct {
	error
	goOn bool // without
}

func (n noTLS) Unwrap() error { return n.error }

func (r *relay) open(ctx context.Context, plain bool) (*smtp.Client, dialogue, error) {
	conn, p, err := r.connect(ctx)
	if err != nil {
		return nil, dialogue{}, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	c, d, err := r.greet(conn, p, plain)
	if err != nil {
		_ = conn.Close()
		return nil, dialogue{}, err
	}
	return c, d, nil
}

func (r *relay) connect(ctx context.Context) (net.Conn, plan, error) {
	ctx, cancel := context.WithTimeout(ctx, mailDeadline)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(r.host, r.port))
	if err != nil {
		return nil, plan{}, inWords{err, "the mail server cannot be reached"}
	}
	to, _ := netip.ParseAddrPort(conn.RemoteAddr().String())
	p := r.plan(to.Addr())
	if !r.implicit {
		return conn, p, nil
	}
	over := tls.Client(conn, p.config)
	if err := over.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, p, inWords{err, untrusted(err)}
	}
	return over, p, nil
}

// greet goes from the server's first word to where it takes mail. Each step has mailDeadline.
func (r *relay) greet(conn net.Conn, p plan, plain bool) (*smtp.Client, dialogue, error) {
	d := dialogue{Encryption: "no TLS"}
	if err := conn.SetDeadline(time.Now().Add(mailDeadline)); err != nil {
		return nil, d, err
	}
	c, err := smtp.NewClient(conn, r.host)
	if err != nil {
		return nil, d, answered(err, "to the connection")
	}
	name, err := os.Hostname()
	if err != nil {
		name = "localhost"
	}
	if err := errors.Join(c.UpdateDeadline(mailDeadline), c.Hello(name)); err != nil {
		return nil, d, answered(err, "to the greeting")
	}
	if err := errors.Join(c.UpdateDeadline(mailDeadline), r.encrypt(c, p, plain)); err != nil {
		return nil, d, err
	}
	if state, is := c.TLSConnectionState(); is {
		d.Encryption = tls.VersionName(state.Version) + ", with a certificate that was checked"
		if p.config.InsecureSkipVerify {
			d.Encryption = tls.VersionName(state.Version) + ", with a certificate that was not checked"
		}
	}
	if !r.signIn {
		return c, d, nil
	}
	how := &signIn{relay: r, clear: p.clear}
	if err := errors.Join(c.UpdateDeadline(mailDeadline), c.Auth(how)); err != nil {
		return nil, d, answered(err, "to the sign-in")
	}
	d.SignedIn = how.name
	return c, d, nil
}

// encrypt speaks STARTTLS, if that is the plan.
func (r *relay) encrypt(c *smtp.Client, p plan, plain bool) error {
	offered, _ := c.Extension("STARTTLS")
	switch {
	case r.implicit, p.off, plain, !offered && !p.required:
		return nil
	case !offered:
		return noTLS{inWords{errors.New("STARTTLS is not offered"), "the mail server offers no TLS"}, false}
	}
	if err := c.StartTLS(p.config); err != nil {
		words := untrusted(err)
		if said := new(textproto.Error); errors.As(err, &said) {
			words = answered(err, "to STARTTLS").Error()
		}
		return noTLS{inWords{err, words}, !p.required && p.config.InsecureSkipVerify}
	}
	return nil
}

// untrusted says why there is no TLS.
func untrusted(err error) string {
	var name x509.HostnameError
	var bad *tls.CertificateVerificationError
	switch {
	case errors.As(err, &name):
		return "the mail server’s certificate is for another name"
	case errors.As(err, &bad):
		return "the mail server’s certificate is not trusted (ca= in SMTP_URL names a file with its issuer)"
	}
	return "the mail server and we agree on no TLS"
}

// answered puts what went wrong at a step before any mail into words: the server's where it said something.
func answered(err error, at string) error {
	var said *textproto.Error
	var own ourWord
	switch {
	case errors.As(err, &said):
		return inWords{err, fmt.Sprintf("the mail server answered %d %s %s", said.Code, clean(said.Msg), at)}
	case errors.As(err, &own):
		return own
	}
	return inWords{err, "the mail server did not answer " + at}
}

// ourWord is a refusal of our own, in words.
type ourWord string

func (o ourWord) Error() string { return string(o) }

// signIn is the best mechanism of a server, once; go-mail speaks it.
type signIn struct {
	relay *relay
	clear bool
	name  string
	smtp.Auth
}

// Start is smtp.Auth's.
func (s *signIn) Start(server *smtp.ServerInfo) (string, []byte, error) {
	if s.name = s.choose(server.Auth); s.name == "" {
		return "", nil, ourWord(s.why(server.Auth))
	}
	secret := !slices.Contains([]string{"PLAIN", "LOGIN", "XOAUTH2"}, s.name)
	if !secret && !server.TLS && !s.clear {
		return "", nil, ourWord("the mail server offers no TLS, and a password goes without it to this machine and " +
			"to private networks only")
	}
	r := s.relay
	switch s.name {
	case "SCRAM-SHA-256":
		s.Auth = smtp.ScramSHA256Auth(r.user, r.password)
	case "SCRAM-SHA-1":
		s.Auth = smtp.ScramSHA1Auth(r.user, r.password)
	case "CRAM-MD5":
		s.Auth = smtp.CRAMMD5Auth(r.user, r.password)
	case "PLAIN":
		s.Auth = smtp.PlainAuth("", r.user, r.password, r.host, true) // whether it may go is decided above
	case "LOGIN":
		s.Auth = smtp.LoginAuth(r.user, r.password, r.host, true)
	case "XOAUTH2":
		s.Auth = smtp.XOAuth2Auth(r.user, r.password)
	}
	return s.Auth.Start(server)
}

func (s *signIn) choose(offered []string) string {
	for _, m := range mechanisms {
		if (s.relay.mechanism == "" || s.relay.mechanism == m) &&
			slices.ContainsFunc(offered, func(o string) bool { return strings.EqualFold(o, m) }) {
			return m
		}
	}
	return ""
}

func (s *signIn) why(offered []string) string {
	if len(offered) == 0 {
		return "the mail server takes no sign-in"
	}
	want := "any that we know"
	if s.relay.mechanism != "" {
		want = s.relay.mechanism
	}
	return fmt.Sprintf("the mail server signs in by %s, not by %s", clean(strings.Join(offered, ", ")), want)
}
