package notify

import (
	"context"
	"errors"
	"net/textproto"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// newMailer reads SMTP_URL; "" is the log.
func newMailer(address string) (mailer, error) {
	if address == "" {
		return logMailer{}, nil
	}
	r, err := readRelay(address)
	if err != nil {
		return nil, err
	}
	return &smtpMailer{relay: r}, nil
}

type smtpMailer struct{ *relay }

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
	dialogue
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

// send hands one mail to the server. A connection that the server gave up meanwhile is dialled again at once: the mail
// was not tried on it.
func (c *connection) send(ctx context.Context, e *envelope) error {
	m, err := e.message(c.mailer.from)
	if err != nil {
		return final{err}
	}
	if c.open != nil && (c.sent >= perConnection || time.Since(c.used) > idleConnection) {
		c.close()
	}
	kept := c.open != nil
	err = c.try(ctx, m, e.To)
	if hungUp(err, kept) {
		c.close()
		err = c.try(ctx, m, e.To)
	}
	if err == nil {
		return nil
	}
	var said *textproto.Error
	if c.open != nil && (!errors.As(err, &said) || said.Code == 421 || c.open.Reset() != nil) {
		c.close()
	}
	var at stepError
	if !errors.As(err, &at) {
		return unreachable{err}
	}
	return refusal(err, e.To)
}

// try sends a mail over the connection, which it opens if there is none.
func (c *connection) try(ctx context.Context, m *mail.Msg, to string) (err error) {
	if c.open == nil {
		if c.open, c.dialogue, err = c.mailer.dial(ctx); err != nil {
			c.open = nil
			return err
		}
		c.sent = 0
	}
	c.Answer, err = transact(c.open, m, c.mailer.from, to)
	c.sent++
	c.used = time.Now()
	return err
}

// hungUp says that a server ended a connection for reasons of its own (RFC 5321 3.8: 421), or had ended it while it was
// kept: the mail is not with it. Where only the answer to the mail is missing, it may be.
func hungUp(err error, kept bool) bool {
	var at stepError
	var said *textproto.Error
	if !errors.As(err, &at) {
		return false
	}
	if errors.As(err, &said) {
		return said.Code == 421
	}
	return kept && at.step == stepFrom
}

// final is a failure that another try would only repeat.
type final struct{ error }

func (f final) Unwrap() error { return f.error }

// bounced is a final failure that is the address's own.
type bounced struct{ error }

func (b bounced) Unwrap() error { return b.error }
