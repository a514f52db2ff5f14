package notify

import (
	"encoding/json"
	"fmt"
	"html"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"statuspage/server/store"
	"statuspage/shared/status"
)

// large are notices of what may be typed at most, in characters that grow when they are written.
func large(t *testing.T) (out []*Notice) {
	base := notices(t)[IncidentUpdated]
	for _, sign := range []string{"&", "<", "\"", "\\", "\u2028", "😀", "a", "**b** ", "[x](https://e.example/?a&b) ", "\x01"} {
		n := *base
		incident, update := *base.Incident, *base.Update
		incident.Title = clip(strings.Repeat(sign, 200), 200)
		update.Body = clip(strings.Repeat(sign, 20_000), 20_000)
		incident.Services = nil
		for i := range 90 {
			incident.Services = append(incident.Services, status.Affected{ID: fmt.Sprint(i), Name: clip(strings.Repeat(sign, 200), 200), To: status.Major})
		}
		n.Incident, n.Update = &incident, &update
		out = append(out, &n)
	}
	return out
}

func TestTheLargestMessageIsTakenByEveryChat(t *testing.T) {
	for _, n := range large(t) {
		sign := n.Incident.Title[:1]
		for _, channel := range []store.Channel{store.Slack, store.Discord, store.Teams} {
			to := reader(channel)
			raw := payload(write(n, acme, to, ""), to)
			var x map[string]any
			if err := json.Unmarshal(raw, &x); err != nil {
				t.Fatal(err)
			}
			switch channel {
			case store.Teams:
				if len(raw) >= 28_000 || len(raw) < 4_000 {
					t.Errorf("%q: %d bytes for Teams", sign, len(raw))
				}
			case store.Slack:
				slackIsSound(t, n.Kind, x)
				slackIsWhole(t, x)
			default:
				discordIsSound(t, n.Kind, x)
				discordIsSmall(t, x)
			}
		}
	}
}

// discordIsSmall counts what Discord counts together.
func discordIsSmall(t *testing.T, x map[string]any) {
	t.Helper()
	e := x["embeds"].([]any)[0].(map[string]any)
	all := e["title"].(string) + e["description"].(string) + e["author"].(map[string]any)["name"].(string)
	for _, f := range orNone(e["fields"]) {
		all += f.(map[string]any)["name"].(string) + f.(map[string]any)["value"].(string)
	}
	if n := utf8.RuneCountInString(all); n > 6000 {
		t.Errorf("%d characters for Discord", n)
	}
}

// slackIsWhole looks for escapes and links that were cut in two.
func slackIsWhole(t *testing.T, x map[string]any) {
	t.Helper()
	for _, b := range x["blocks"].([]any) {
		block := b.(map[string]any)
		texts := orNone(block["fields"])
		if inner, ok := block["text"].(map[string]any); ok && inner["type"] == "mrkdwn" {
			texts = append(texts, inner)
		}
		for _, f := range texts {
			text := f.(map[string]any)["text"].(string)
			if n := utf8.RuneCountInString(text); n > 3000 {
				t.Errorf("%d characters", n)
			}
			for rest := text; ; {
				i := strings.IndexByte(rest, '&')
				if i < 0 {
					break
				}
				rest = rest[i:]
				if !strings.HasPrefix(rest, "&amp;") && !strings.HasPrefix(rest, "&lt;") && !strings.HasPrefix(rest, "&gt;") {
					t.Fatalf("an escape is cut: …%q", rest[:min(8, len(rest))])
				}
				rest = rest[1:]
			}
			if strings.Count(text, "<") != strings.Count(text, ">") {
				t.Errorf("a link is cut: …%q", html.UnescapeString(text[max(0, len(text)-80):]))
			}
		}
	}
}

func TestAReceiverSaysInAnyFormWhenToComeBack(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for _, x := range []struct {
		retry, date string
		want        time.Duration
	}{
		{"120", "", 2 * time.Minute}, {"0", "", 0}, {"-5", "", 0}, {"1e9", "", time.Hour}, {"soon", "", 0}, {"", "", 0},
		{"Mon, 30 Nov 2026 12:20:00 GMT", "", 20 * time.Minute},
		{"Monday, 30-Nov-26 12:20:00 GMT", "", 20 * time.Minute},
		{"Mon Nov 30 12:20:00 2026", "", 20 * time.Minute},
		{"Mon, 30 Nov 2026 11:00:00 GMT", "", 0},
		{"Mon, 30 Nov 2027 12:00:00 GMT", "", time.Hour},
		{"Mon, 30 Nov 2026 13:20:00 GMT", "Mon, 30 Nov 2026 13:00:00 GMT", 20 * time.Minute}, // its clock is an hour ahead
	} {
		res := &http.Response{StatusCode: 503, Header: http.Header{}}
		res.Header.Set("Retry-After", x.retry)
		if x.date != "" {
			res.Header.Set("Date", x.date)
		}
		err := verdict(res, store.Webhook, nil, now)
		var wait time.Duration
		if l, ok := err.(later); ok {
			wait = l.wait
		}
		if wait != x.want {
			t.Errorf("%q %q: %s, not %s", x.retry, x.date, wait, x.want)
		}
	}
}

// noted is a connection that notes how long each answer may take.
type noted struct {
	net.Conn
	last time.Time
}

func (n *noted) SetDeadline(at time.Time) error { n.last = at; return n.Conn.SetDeadline(at) }

func TestTheAnswerToAMailMayTakeTenMinutes(t *testing.T) {
	here, there := net.Pipe()
	conn := &noted{Conn: here}
	allowed := map[string]time.Duration{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		server := textConn{there}
		server.say("220 mail.test")
		for {
			line := server.hear()
			word, _, _ := strings.Cut(line, " ")
			switch word {
			case "":
				return
			case "EHLO":
				server.say("250 mail.test")
				continue
			case "DATA":
				server.say("354 go on")
				for server.hear() != "." {
				}
				word = "answer"
			}
			allowed[word] = time.Until(conn.last)
			server.say("250 ok")
		}
	}()
	c, err := smtp.NewClient(conn, "mail.test")
	if err != nil {
		t.Fatal(err)
	}
	m := mail.NewMsg()
	_ = m.From("status@example.com")
	_ = m.To("ada@example.com")
	m.SetBodyString(mail.TypeTextPlain, "Hello.")
	if _, err := transact(c, m, "status@example.com", "ada@example.com"); err != nil {
		t.Fatal(err)
	}
	_ = here.Close()
	<-done
	if d := allowed["answer"]; d < 9*time.Minute || d > 10*time.Minute {
		t.Errorf("the answer to the mail may take %s", d)
	}
	if d := allowed["RCPT"]; d <= 0 || d > mailDeadline {
		t.Errorf("the answer to the recipient may take %s", d)
	}
}

// textConn speaks lines.
type textConn struct{ net.Conn }

func (c textConn) say(line string) { _, _ = c.Write([]byte(line + "\r\n")) }

func (c textConn) hear() string {
	var line []byte
	for b := make([]byte, 1); ; {
		if _, err := c.Read(b); err != nil {
			return ""
		}
		if b[0] == '\n' {
			return strings.TrimSuffix(string(line), "\r")
		}
		line = append(line, b[0])
	}
}
