package notify

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// newMailer reads smtp://user:pass@host:port?from=… or smtps://…; "" is the log.
//
// smtp:// speaks STARTTLS when the server does, and insists on it when there is a password and the server is not on this machine.
func newMailer(address string) (mailer, error) {
	if address == "" {
		return logMailer{}, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Path != "" && u.Path != "/" {
		return nil, errors.New("it must look like smtp://user:pass@host:port?from=status@example.com")
	}
	if port, no := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && (no != nil || port == 0) {
		return nil, fmt.Errorf("%s is no port", u.Port())
	}
	for name := range u.Query() {
		if name != "from" {
			return nil, fmt.Errorf("there is no parameter named %q", name)
		}
	}
	from := u.Query().Get("from")
	if from == "" {
		from = u.User.Username()
	}
	sender, err := netmail.ParseAddress(from)
	if err != nil {
		return nil, errors.New("from= must be the address that mail comes from")
	}
	s := &smtpMailer{from: sender.Address}
	s.client, err = mail.NewClient(u.Hostname(), clientOptions(u)...)
	if err != nil {
		return nil, fmt.Errorf("set up: %w", err)
	}
	return s, nil
}

func clientOptions(u *url.URL) []mail.Option {
	opts := []mail.Option{mail.WithTimeout(mailDeadline), mail.WithTLSPolicy(mail.TLSOpportunistic)}
	port, _ := strconv.Atoi(u.Port()) // newMailer has looked at it
	if u.Scheme == "smtps" {
		opts = append(opts, mail.WithSSL())
		if port == 0 {
			port = mail.DefaultPortSSL
		}
	} else if port == 0 {
		port = mail.DefaultPortTLS
	}
	opts = append(opts, mail.WithPort(port))
	password, has := u.User.Password()
	if !has {
		return opts
	}
	opts = append(opts, mail.WithUsername(u.User.Username()), mail.WithPassword(password))
	if here := u.Hostname(); here == "localhost" || strings.HasPrefix(here, "127.") || here == "::1" {
		return append(opts, mail.WithSMTPAuth(mail.SMTPAuthPlainNoEnc))
	}
	return append(opts, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithTLSPolicy(mail.TLSMandatory))
}

type smtpMailer struct {
	client *mail.Client
	from   string
}

func (m *smtpMailer) sender() sender { return &connection{mailer: m} }

const (
	idleConnection = 8 * time.Second // after which a server may have hung up
	perConnection  = 200             // messages
)

// connection sends one mail after another over the same connection to the server.
type connection struct {
	mailer *smtpMailer
	open   *smtp.Client
	sent   int
	used   time.Time
}

func (c *connection) close() {
	if c.open != nil {
		// It is not used again, whatever the server says to that.
		_ = c.open.UpdateDeadline(time.Second)
		_ = c.open.Quit()
		_ = c.open.Close()
		c.open = nil
	}
}

func (c *connection) send(ctx context.Context, e *envelope) error {
	m, err := e.message(c.mailer.from)
	if err != nil {
		return final{err}
	}
	if c.open != nil && (c.sent >= perConnection || time.Since(c.used) > idleConnection) {
		c.close()
	}
	if c.open == nil {
		if c.open, err = c.mailer.client.DialToSMTPClientWithContext(ctx); err != nil {
			return fmt.Errorf("reach the mail server: %w", err)
		}
		c.sent = 0
	}
	err = c.mailer.client.SendWithSMTPClient(c.open, m) // within mailDeadline
	c.sent++
	c.used = time.Now()
	if m.IsDelivered() {
		if err != nil {
			c.close() // only the reset behind it failed
		}
		return nil
	}
	return c.refusal(err)
}

var enhanced = regexp.MustCompile(`\b5\.(\d{1,3})\.\d{1,3}\b`)

// refusal says what a server's no means. The server's word on the address or the message is final; one on the sender, or none at all, is
// tried again, since every other mail would get it too.
func (c *connection) refusal(err error) error {
	var no *mail.SendError
	if !errors.As(err, &no) || no.ErrorCode() == 0 {
		c.close()
		return err
	}
	err = errors.New(saying(no))
	if no.ErrorCode() < 500 || no.Reason != mail.ErrSMTPRcptTo && no.Reason != mail.ErrSMTPDataClose && no.Reason != mail.ErrSMTPData {
		return err
	}
	// X.7.X is a policy, such as a relay that is not allowed: it says nothing about the address (RFC 3463).
	policy := enhanced.FindStringSubmatch(err.Error())
	if no.Reason == mail.ErrSMTPRcptTo && (policy == nil || policy[1] != "7") {
		return bounced{err}
	}
	return final{err}
}

// saying is what the server said, without the address that it said it of: problems are kept for longer than subscribers.
func saying(err *mail.SendError) string {
	text, _, _ := strings.Cut(err.Error(), ", affected ")
	return text
}

// final is a failure that another try would only repeat.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// bounced is a final failure that is the address's own.
type bounced struct{ error }

func (b bounced) Unwrap() error { return b.error }
