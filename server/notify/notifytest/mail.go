// Package notifytest is what messages are sent to in tests: a real mail server, and a real receiver of webhooks.
package notifytest

import (
	"bytes"
	"crypto/tls"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// patience is how long a test waits for what must come.
const patience = 60 * time.Second

// Mail is a mail server on loopback that keeps what it accepts.
type Mail struct {
	Addr string

	mu     sync.Mutex
	got    []Letter
	answer func(step, from, to string) error
	conns  int
	ended  int
	setup  Setup
	signed []string
	news   chan struct{}
}

// Letter is a mail that was accepted.
type Letter struct {
	From, To   string // of the envelope
	Header     mail.Header
	Text, HTML string
	Raw        string
	Encrypted  bool
}

// StartMail runs a server until the test ends.
func StartMail(t testing.TB) *Mail {
	t.Helper()
	return StartMailWith(t, Setup{})
}

// Setup is what a mail server offers.
type Setup struct {
	TLS      *tls.Config // STARTTLS, or TLS from the first byte
	Implicit bool
	Auth     []string // mechanisms; with any, mail is taken of who has signed in as ada with the password sesame
	Secure   bool     // mechanisms are offered over TLS alone
	Listen   string   // "" is 127.0.0.1:0
	MaxIdle  time.Duration
}

// StartMailWith runs a server until the test ends.
func StartMailWith(t testing.TB, x Setup) *Mail {
	t.Helper()
	if x.Listen == "" {
		x.Listen = "127.0.0.1:0"
	}
	ln, err := net.Listen("tcp", x.Listen)
	if err != nil {
		t.Fatal(err)
	}
	m := &Mail{Addr: ln.Addr().String(), setup: x, news: make(chan struct{}, 1)}
	server := smtp.NewServer(m)
	server.ErrorLog = log.New(io.Discard, "", 0) // a client that is killed is no news
	server.Domain, server.ReadTimeout, server.WriteTimeout, server.MaxMessageBytes = "mail.test", time.Minute,
		time.Minute, 1<<20
	if x.MaxIdle > 0 {
		server.ReadTimeout = x.MaxIdle
	}
	server.AllowInsecureAuth = !x.Secure
	if x.Implicit {
		ln = tls.NewListener(ln, x.TLS)
	} else {
		server.TLSConfig = x.TLS
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(ln) // it ends with Close
	}()
	t.Cleanup(func() { _ = server.Close(); _ = ln.Close(); <-done })
	return m
}

// URL is an SMTP_URL.
func (m *Mail) URL() string { return "smtp://" + m.Addr + "?from=status@example.com" }

// Answer decides what the server says at a step, which is mail, rcpt or data; nil accepts.
func (m *Mail) Answer(f func(step, from, to string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answer = f
}

// Say is an answer of the server, such as 550, 5.1.1.
func Say(code int, enhanced [3]int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode(enhanced), Message: text}
}

// Got is what was accepted so far.
func (m *Mail) Got() []Letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.got)
}

// Connections counts those that were opened.
func (m *Mail) Connections() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.conns
}

// Ended waits until so many connections have ended.
func (m *Mail) Ended(t testing.TB, n int) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		m.mu.Lock()
		ended := m.ended
		m.mu.Unlock()
		if ended >= n {
			return
		}
	}
	t.Fatalf("%d connections have not ended", n)
}

// Wait waits until so many letters have come, and gives them.
func (m *Mail) Wait(t testing.TB, n int) []Letter {
	t.Helper()
	end := time.After(patience)
	for {
		if got := m.Got(); len(got) >= n {
			return got
		}
		select {
		case <-m.news:
		case <-time.After(20 * time.Millisecond):
		case <-end:
			t.Fatalf("%d letters came, not %d", len(m.Got()), n)
		}
	}
}

// To are the letters to one address.
func (m *Mail) To(address string) (out []Letter) {
	for _, l := range m.Got() {
		if l.To == address {
			out = append(out, l)
		}
	}
	return out
}

// NewSession is smtp.Backend's.
func (m *Mail) NewSession(c *smtp.Conn) (smtp.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.conns++
	s := &session{m: m, conn: c}
	if len(m.setup.Auth) > 0 {
		return &guarded{session: s}, nil
	}
	return s, nil
}

type session struct {
	m        *Mail
	conn     *smtp.Conn
	from, to string
}

func (s *session) ask(step string) error {
	s.m.mu.Lock()
	f := s.m.answer
	s.m.mu.Unlock()
	if f == nil {
		return nil
	}
	return f(step, s.from, s.to)
}

func (s *session) Reset() { s.from, s.to = "", "" }
func (s *session) Logout() error {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.m.ended++
	return nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return s.ask("mail")
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return s.ask("rcpt")
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.ask("data"); err != nil {
		return err
	}
	_, over := s.conn.TLSConnectionState()
	l, err := read(raw)
	if err != nil {
		return Say(554, [3]int{5, 6, 0}, "this is no mail: "+err.Error())
	}
	l.From, l.To, l.Encrypted = s.from, s.to, over
	s.m.mu.Lock()
	s.m.got = append(s.m.got, l)
	s.m.mu.Unlock()
	select {
	case s.m.news <- struct{}{}:
	default:
	}
	return nil
}

// read takes a mail of two alternatives apart.
func read(raw []byte) (Letter, error) {
	l := Letter{Raw: string(raw)}
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return l, err
	}
	l.Header = msg.Header
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		return l, err
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			return l, nil
		}
		if err != nil {
			return l, err
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			return l, err
		}
		text := strings.ReplaceAll(string(body), "\r\n", "\n")
		if strings.HasPrefix(p.Header.Get("Content-Type"), "text/html") {
			l.HTML = text
		} else {
			l.Text = text
		}
	}
}

// Subject is the subject in words.
func (l Letter) Subject() string {
	s, err := new(mime.WordDecoder).DecodeHeader(l.Header.Get("Subject"))
	if err != nil {
		return err.Error()
	}
	return s
}
