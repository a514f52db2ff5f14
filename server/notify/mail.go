package notify

import (
	"bytes"
	"context"
	_ "embed" // the templates
	"fmt"
	"html/template"
	"log/slog"
	netmail "net/mail"
	"strings"
	text "text/template"

	"github.com/wneessen/go-mail"

	"statuspage/server/lang"
	"statuspage/server/markdown"
)

//go:embed mail.html
var mailHTML string

//go:embed mail.txt
var mailText string

var (
	htmlView = template.Must(template.New("mail.html").Parse(mailHTML))
	textView = text.Must(text.New("mail.txt").Parse(mailText))
)

// Sender is whose letter it is: an organisation's, or, about an account, the installation's.
func (l *letter) Sender() string {
	if l.Org.Name == "" {
		return "Status Page"
	}
	return l.In.Say("{name} Status", "name", l.Org.Name)
}

// envelope is a letter on its way to one address.
type envelope struct {
	*letter
	To string
	ID string // the same for every try
}

// sender takes envelopes. It is used by one goroutine at a time.
type sender interface {
	send(ctx context.Context, e *envelope) error
	close()
}

// mailer makes senders.
type mailer interface{ sender() sender }

// Managing is what the link to the subscription is called.
func (l *letter) Managing() string { return l.In.Say("Manage your subscription or unsubscribe") }

// Tongue are the attributes of the root element that say the language.
func (l *letter) Tongue() template.HTMLAttr {
	in := string(l.In)
	if in == "" {
		in = lang.English // a letter about an account
	}
	out := `lang="` + in + `"`
	if lang.RightToLeft(in) {
		out += ` dir="rtl"`
	}
	return template.HTMLAttr(out) // #nosec G203 -- a tag of the program's own list
}

// view is what the templates show.
type view struct {
	*letter
	HTML                     template.HTML
	Accent, Ink, Light, Dark string
	LogoWidth, LogoHeight    int64
}

func (e *envelope) bodies() (plain, html string, err error) {
	colour := colours[e.State]
	v := view{e.letter, markdown.HTML(e.Body), accent(e.Org.Accent), ink(accent(e.Org.Accent)), colour.light,
		colour.dark, 0, 0}
	v.LogoWidth, v.LogoHeight = e.Org.LogoSize(160, 32)
	if e.Body == "" {
		v.HTML = ""
	}
	var h, t bytes.Buffer
	if err := htmlView.Execute(&h, v); err != nil {
		return "", "", fmt.Errorf("write the mail: %w", err)
	}
	if err := textView.Execute(&t, v); err != nil {
		return "", "", fmt.Errorf("write the mail: %w", err)
	}
	return t.String(), h.String(), nil
}

// message is the mail as it is sent. Everything that concerns one incident hangs together in the reader's list
// (References), and a mail program's own button ends the subscription (RFC 8058).
func (e *envelope) message(from string) (*mail.Msg, error) {
	plain, html, err := e.bodies()
	if err != nil {
		return nil, err
	}
	m := mail.NewMsg(mail.WithEncoding(mail.EncodingQP), mail.WithNoDefaultUserAgent())
	// FromFormat would put a name with quotes in it between quotes.
	m.FromMailAddress(&netmail.Address{Name: e.Sender(), Address: from})
	if err := m.To(e.To); err != nil {
		return nil, fmt.Errorf("to: %w", err)
	}
	_, domain, _ := strings.Cut(from, "@")
	m.Subject(oneLine(e.Subject))
	m.SetMessageIDWithValue(e.ID + "@" + domain)
	if thread := e.thread(); thread != "" {
		m.SetGenHeader(mail.HeaderReferences, "<"+thread+"@"+domain+">")
	}
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	if e.Manage != "" {
		m.SetBulk()
		m.SetGenHeader("List-Id", "<"+e.Org.Slug+".status."+domain+">")
		m.SetListUnsubscribe(e.Manage)
		m.SetListUnsubscribePost()
	}
	m.SetBodyString(mail.TypeTextPlain, plain)
	m.AddAlternativeString(mail.TypeTextHTML, html)
	return m, nil
}

func (e *envelope) thread() string {
	switch n := e.Notice; {
	case n.Incident != nil:
		return n.Incident.ID
	case n.Maintenance != nil:
		return n.Maintenance.ID
	}
	return ""
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// logMailer writes mail to the log, links and all: for a machine of one's own, where nobody has a mail server. A letter
// about an account never comes here: its link would let whoever reads the log in.
type logMailer struct{}

func (l logMailer) sender() sender { return l }
func (logMailer) close()           {}

func (logMailer) send(_ context.Context, e *envelope) error {
	plain, _, err := e.bodies()
	if err != nil {
		return err
	}
	slog.Info("mail (there is no SMTP_URL)", "to", e.To, "subject", e.Subject, "link", e.Link, "manage", e.Manage,
		"text", plain)
	return nil
}
