package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/html"

	"statuspage/server/notify/notifytest"
	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const nasty = `"><script>alert(1)</script> <!channel> @everyone **bold** [link](https://example.com/x) ![pixel](https://evil.example/p.png) <img src=https://evil.example/q.png onerror=alert(2)> &amp; javascript:alert(3)`

// notices is one of each kind, with text that tries everything.
func notices(t *testing.T) map[Kind]*Notice {
	d := newDiary(t)
	api := d.service("API " + nasty[:60])
	incident, window := uuid.NewString(), uuid.NewString()
	all := map[Kind]*Notice{}
	tell := func(c page.Command) {
		n, _ := d.do(c)
		if n == nil {
			t.Fatalf("%s tells nothing", c.Kind())
		}
		all[n.Kind] = n
	}
	tell(&page.EditService{ID: api, Status: ptr("partial_outage")})
	tell(&page.EditService{ID: api, Status: ptr("operational")})
	tell(&page.OpenIncident{ID: incident, UpdateID: uuid.NewString(), Title: nasty[:190], Description: nasty,
		Services: []page.Move{{ID: api, To: status.Partial}}})
	tell(&page.UpdateIncident{ID: incident, UpdateID: uuid.NewString(), Status: "identified", Body: nasty})
	tell(&page.UpdateIncident{ID: incident, UpdateID: uuid.NewString(), Status: "resolved",
		Body: strings.Repeat(nasty, 60)})
	gone := &page.DeleteIncident{}
	gone.Remove(incident, nil)
	tell(gone)
	tell(&page.PlanMaintenance{ID: window, Title: nasty[:190], Description: nasty, Services: []string{api},
		ScheduledFor: d.at + 48*wire.Hour, ScheduledUntil: d.at + 50*wire.Hour})
	tell(&page.EditMaintenance{ID: window, ScheduledFor: ptr(d.at + 47*wire.Hour)})
	tell(&page.EditMaintenance{ID: window, UpdateID: uuid.NewString(), Message: ptr(nasty)})
	reminder := *all[MaintenanceRescheduled]
	reminder.Kind, reminder.Seq, reminder.Minutes = MaintenanceReminder, 0, 60
	all[MaintenanceReminder] = &reminder
	tell(&page.EditMaintenance{ID: window, UpdateID: uuid.NewString(), Status: ptr("in_progress")})
	tell(&page.EditMaintenance{ID: window, UpdateID: uuid.NewString(), Status: ptr("completed"), Message: ptr("Done.")})
	second := uuid.NewString()
	tell(&page.PlanMaintenance{ID: second, Title: "Cables", Services: []string{api}, ScheduledFor: d.at + 48*wire.Hour,
		ScheduledUntil: d.at + 50*wire.Hour})
	tell(&page.EditMaintenance{ID: second, UpdateID: uuid.NewString(), Status: ptr("cancelled")})
	third := uuid.NewString()
	tell(&page.PlanMaintenance{ID: third, Title: "Cables", Services: []string{api}, ScheduledFor: d.at + 48*wire.Hour,
		ScheduledUntil: d.at + 50*wire.Hour})
	withdrawn := &page.DeleteMaintenance{}
	withdrawn.Remove(third, nil)
	tell(withdrawn)
	for _, k := range []Kind{Confirm, Reminded, Stranded} {
		all[k] = &Notice{Kind: k, At: d.at, Services: []status.Ref{{ID: api, Name: nasty}}}
	}
	if len(all) != 16 {
		t.Fatalf("%d kinds", len(all))
	}
	return all
}

var acme = page.Org{ID: "0197a1de-3c00-7000-8000-000000000001", Slug: "acme", Name: `Acme "<b>" & Söhne`,
	TimeZone: "Europe/Berlin", Accent: "#ffcc00"}

func reader(channel store.Channel) *store.Subscriber {
	return &store.Subscriber{ID: uuid.NewString(), Channel: channel, Address: "ada@example.com", State: store.Active,
		Token: "tok_en-1", Base: "https://status.example.com/status/acme",
		Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
}

func TestAMailIsSoundInBothFormsAndLoadsNothing(t *testing.T) {
	server := notifytest.StartMail(t)
	m, err := newMailer(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	s := m.sender()
	defer s.close()
	all := notices(t)
	for kind, n := range all {
		e := &envelope{letter: write(n, acme, reader(store.Email), ""), To: "ada@example.com", ID: uuid.NewString()}
		if err := s.send(context.Background(), e); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		got := server.Got()
		l := got[len(got)-1]
		if l.Header.Get("Message-Id") != "<"+e.ID+"@example.com>" || l.From != "status@example.com" ||
			l.To != "ada@example.com" {
			t.Errorf("%s: %v from %s to %s", kind, l.Header.Get("Message-Id"), l.From, l.To)
		}
		manage := "https://status.example.com/status/acme/subscription/?token=tok_en-1"
		if l.Header.Get("List-Unsubscribe") != "<"+manage+">" ||
			l.Header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
			t.Errorf("%s: RFC 8058: %q %q", kind, l.Header.Get("List-Unsubscribe"),
				l.Header.Get("List-Unsubscribe-Post"))
		}
		if from, err := mail.ParseAddress(l.Header.Get("From")); err != nil || from.Name != acme.Name+" Status" ||
			from.Address != "status@example.com" {
			t.Errorf("%s: from %v %v", kind, from, err)
		}
		if !strings.HasPrefix(l.Subject(), "["+acme.Name+"] ") || strings.ContainsAny(l.Subject(), "\r\n") {
			t.Errorf("%s: subject %q", kind, l.Subject())
		}
		if l.Header.Get("Auto-Submitted") != "auto-generated" || l.Header.Get("Precedence") != "bulk" ||
			l.Header.Get("Date") == "" {
			t.Errorf("%s: %v", kind, l.Header)
		}
		if !strings.Contains(l.Text, e.Heading) || !strings.Contains(l.Text, manage) ||
			!strings.Contains(l.Text, e.Link) || strings.Contains(l.Text, "<no value>") {
			t.Errorf("%s: the text is\n%s", kind, l.Text)
		}
		sound(t, kind, l.HTML)
		if kind == IncidentUpdated && (!strings.Contains(l.HTML, "<strong>bold</strong>") ||
			!strings.Contains(l.HTML, "&lt;script&gt;")) {
			t.Errorf("Markdown is not rendered:\n%s", l.HTML)
		}
		for i, line := range strings.Split(l.Raw, "\r\n") {
			if len(line) > 998 {
				t.Errorf("%s: line %d has %d bytes (RFC 5322 allows 998)", kind, i, len(line))
			}
		}
	}
	if server.Connections() != 1 {
		t.Errorf("%d connections for %d mails", server.Connections(), len(all))
	}
}

var loads = regexp.MustCompile(`(?i)url\(|@import|<link|<script|<img|<iframe|<object`)

// sound walks a mail's HTML: nothing is loaded, nothing runs, every link is one of ours or was typed as a link.
func sound(t *testing.T, kind Kind, text string) {
	t.Helper()
	if found := loads.FindString(text); found != "" {
		t.Errorf("%s: there is %s in\n%s", kind, found, text)
	}
	doc, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	h1 := 0
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode {
			switch n.Data {
			case "script", "img", "link", "iframe", "form", "svg", "video":
				t.Errorf("%s: <%s>", kind, n.Data)
			case "h1":
				h1++
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "src" || a.Key == "background" || a.Key == "srcset" {
					t.Errorf("%s: %s=%q", kind, a.Key, a.Val)
				}
				if a.Key == "href" && !strings.HasPrefix(a.Val, "https://status.example.com/status/acme") &&
					a.Val != "https://example.com/x" && !strings.HasPrefix(a.Val, "https://evil.example/") {
					t.Errorf("%s: a link to %q", kind, a.Val)
				}
				if a.Key == "style" && strings.Contains(a.Val, "ZgotmplZ") {
					t.Errorf("%s: a style was refused: %s", kind, a.Val)
				}
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(doc)
	if h1 != 1 || !strings.Contains(text, "#ffcc00") || !strings.Contains(text, "prefers-color-scheme: dark") ||
		!strings.Contains(text, "color:#000000") {
		t.Errorf("%s: %d headings, or not the organisation's look", kind, h1)
	}
}

func TestMailOfOneIncidentHangsTogether(t *testing.T) {
	server := notifytest.StartMail(t)
	m, err := newMailer(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	s := m.sender()
	defer s.close()
	all := notices(t)
	for _, k := range []Kind{IncidentOpened, IncidentUpdated, IncidentResolved} {
		if err := s.send(context.Background(), &envelope{letter: write(all[k], acme, reader(store.Email), ""),
			To: "ada@example.com", ID: uuid.NewString()}); err != nil {
			t.Fatal(err)
		}
	}
	thread := "<" + all[IncidentOpened].Incident.ID + "@example.com>"
	for _, l := range server.Wait(t, 3) {
		if l.Header.Get("References") != thread {
			t.Errorf("References %q", l.Header.Get("References"))
		}
	}
}

func TestAMailServersWordIsUnderstood(t *testing.T) {
	for _, x := range []struct {
		step string
		code int
		esc  [3]int
		want string
	}{
		{"rcpt", 550, [3]int{5, 1, 1}, "bounced"}, {"rcpt", 553, [3]int{5, 1, 3}, "bounced"},
		{"rcpt", 552, [3]int{5, 2, 2}, "bounced"},
		{"rcpt", 550, [3]int{5, 7, 1}, "policy"}, {"rcpt", 451, [3]int{4, 7, 1}, "again"},
		{"rcpt", 450, [3]int{4, 2, 1}, "again"},
		{"data", 554, [3]int{5, 7, 1}, "policy"}, {"data", 554, [3]int{5, 6, 0}, "final"},
		{"data", 552, [3]int{5, 3, 4}, "final"}, {"data", 452, [3]int{4, 3, 1}, "again"},
		{"mail", 550, [3]int{5, 7, 1}, "unreachable"}, {"mail", 421, [3]int{4, 3, 2}, "unreachable"},
		{"rcpt", 421, [3]int{4, 3, 2}, "unreachable"},
	} {
		t.Run(fmt.Sprint(x.step, x.code, x.esc), func(t *testing.T) {
			server := notifytest.StartMail(t)
			m, err := newMailer(server.URL())
			if err != nil {
				t.Fatal(err)
			}
			s := m.sender()
			defer s.close()
			server.Answer(func(step, _, to string) error {
				if step == x.step {
					return notifytest.Say(x.code, x.esc, "no to Ada@example.com")
				}
				return nil
			})
			e := &envelope{letter: write(notices(t)[IncidentOpened], acme, reader(store.Email), ""),
				To: "ada@example.com", ID: uuid.NewString()}
			err = s.send(context.Background(), e)
			got := "again"
			switch {
			case err == nil:
				got = "sent"
			case errors.As(err, new(bounced)):
				got = "bounced"
			case errors.As(err, new(final)):
				got = "final"
			case errors.As(err, new(policy)):
				got = "policy"
			case errors.As(err, new(unreachable)):
				got = "unreachable"
			}
			if got != x.want {
				t.Errorf("%s, not %s: %v", got, x.want, err)
			}
			if strings.Contains(strings.ToLower(problem(err)), "ada@") {
				t.Errorf("the problem names the address: %v", err)
			}
			// The next mail goes through, on this connection or on another.
			server.Answer(nil)
			if err := s.send(context.Background(), e); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestAMailServerThatIsAwayIsTriedAgain(t *testing.T) {
	m, err := newMailer("smtp://127.0.0.1:1?from=status@example.com")
	if err != nil {
		t.Fatal(err)
	}
	err = m.sender().send(context.Background(),
		&envelope{letter: write(notices(t)[IncidentOpened], acme, reader(store.Email), ""), To: "ada@example.com",
			ID: "x"})
	if err == nil || errors.As(err, new(final)) || errors.As(err, new(bounced)) {
		t.Error(err)
	}
}

func TestAMalformedSMTPURLStopsTheStart(t *testing.T) {
	for _, bad := range []string{"smtp://", "http://mail.example", "smtp://mail.example",
		"smtp://mail.example?from=nobody", "smtp://mail.example?from=a@b.example&tls=no",
		"smtp://mail.example?from=a@b.example&tls=", "smtp://mail.example?from=a@b.example&tls=off&tls=required",
		"smtps://mail.example?from=a@b.example&tls=off", "smtp://mail.example?from=a@b.example&ca=/nowhere.pem",
		"smtp://mail.example?from=a@b.example&ca=", "smtp://mail.example?from=a@b.example&ca=letter_test.go",
		"smtp://u:p@mail.example?from=a@b.example&auth=ntlm", "smtp://mail.example?from=a@b.example&auth=login",
		"smtp://mail.example?from=a@b.example#x", "smtp://mail.example?from=a@b.example&tls=off&ca=letter_test.go",
		"smtp://mail.example?from=a@b.example&x=%zz",
		"smtp://mail.example:0?from=a@b.example", "smtp://mail.example:x?from=a@b.example",
		"smtp://mail.example/path?from=a@b.example", "mail.example"} {
		if _, err := newMailer(bad); err == nil {
			t.Errorf("%s is taken", bad)
		} else if strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than one line: %v", bad, err)
		}
	}
	for _, good := range []string{"", "smtp://mail.example?from=a@b.example",
		"smtp://u:p@mail.example:2525?from=a@b.example", "smtps://u:p@mail.example?from=a@b.example",
		"smtp://a%40b.example:p@mail.example"} {
		if _, err := newMailer(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}

// limits are those of the services' own documents.
func TestEveryChatGetsItsOwnPayload(t *testing.T) {
	for kind, n := range notices(t) {
		for _, channel := range []store.Channel{store.Slack, store.Discord, store.Teams} {
			to := reader(channel)
			raw := payload(write(n, acme, to, ""), to)
			var x map[string]any
			if err := json.Unmarshal(raw, &x); err != nil {
				t.Fatalf("%s to %s: %v", kind, channel, err)
			}
			if len(raw) > 28<<10 { // of Teams
				t.Errorf("%s to %s: %d bytes", kind, channel, len(raw))
			}
			text := string(raw)
			if !strings.Contains(text, "tok_en-1") {
				t.Errorf("%s to %s: no way to manage it", kind, channel)
			}
			if seq := "seq " + wire.Itoa(n.Seq); n.Seq > 0 && !strings.Contains(text, seq) {
				t.Errorf("%s to %s: no %s", kind, channel, seq)
			}
			switch channel {
			case store.Slack:
				slackIsSound(t, kind, x)
			case store.Discord:
				discordIsSound(t, kind, x)
			case store.Teams:
				a := x["attachments"].([]any)[0].(map[string]any)
				card := a["content"].(map[string]any)
				if x["type"] != "message" || a["contentType"] != "application/vnd.microsoft.card.adaptive" ||
					card["type"] != "AdaptiveCard" || len(card["body"].([]any)) < 2 ||
					len(card["actions"].([]any)) != 2 {
					t.Errorf("%s to Teams: %s", kind, raw)
				}
			}
		}
	}
}

func slackIsSound(t *testing.T, kind Kind, x map[string]any) {
	t.Helper()
	text, _ := x["text"].(string)
	for _, b := range x["blocks"].([]any) {
		block := b.(map[string]any)
		if inner, ok := block["text"].(map[string]any); ok {
			said := inner["text"].(string)
			if limit := map[string]int{"header": 150, "section": 3000}[block["type"].(string)]; said == "" ||
				len([]rune(said)) > limit {
				t.Errorf("%s: a %s of %d characters", kind, block["type"], len([]rune(said)))
			}
			if inner["type"] == "mrkdwn" {
				text += said
			}
		}
		for _, f := range orNone(block["fields"]) {
			text += f.(map[string]any)["text"].(string)
		}
	}
	if strings.Contains(text, "<!") || strings.Contains(text, "<script") {
		t.Errorf("%s: Slack would read a mention in %q", kind, text)
	}
}

func orNone(x any) []any {
	list, _ := x.([]any)
	return list
}

func discordIsSound(t *testing.T, kind Kind, x map[string]any) {
	t.Helper()
	e := x["embeds"].([]any)[0].(map[string]any)
	if n := len([]rune(e["title"].(string))); n == 0 || n > 256 {
		t.Errorf("%s: a title of %d", kind, n)
	}
	if n := len([]rune(e["description"].(string))); n == 0 || n > 4096 {
		t.Errorf("%s: a description of %d", kind, n)
	}
	for _, f := range orNone(e["fields"]) {
		if v := f.(map[string]any)["value"].(string); v == "" || len([]rune(v)) > 1024 {
			t.Errorf("%s: a field of %d", kind, len([]rune(v)))
		}
	}
	if parse := x["allowed_mentions"].(map[string]any)["parse"].([]any); len(parse) != 0 {
		t.Errorf("%s: it may mention %v", kind, parse)
	}
	if _, err := time.Parse(time.RFC3339, e["timestamp"].(string)); err != nil {
		t.Errorf("%s: %v", kind, err)
	}
}

func TestMarkdownInSlacksSpelling(t *testing.T) {
	got := slackText("**bold** and __too__, see [docs](https://example.com/a?b=1&c=2) <!here> & <script>")
	if want := "*bold* and *too*, see <https://example.com/a?b=1&amp;c=2|docs> &lt;!here&gt; &amp; &lt;script&gt;"; got != want {
		t.Errorf("%s", got)
	}
}

func TestTimesAreInTheOrganisationsZoneAcrossADSTChange(t *testing.T) {
	berlin := location("Europe/Berlin")
	at := func(s string) status.Time {
		x, ok := wire.ParseTime(s)
		if !ok {
			t.Fatal(s)
		}
		return x
	}
	// In the night of 25 October 2026 the hour from two to three comes twice.
	for _, x := range []struct{ from, until, want string }{
		{"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "Sun 25 Oct 2026, 02:30 CEST (UTC+02:00) – Sun 25 Oct 2026, " +
			"02:30 CET (UTC+01:00)"},
		{"2026-10-25T02:00:00Z", "2026-10-25T04:00:00Z", "Sun 25 Oct 2026, 03:00 – 05:00 CET (UTC+01:00)"},
		{"2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "Sun 29 Mar 2026, 01:30 CET (UTC+01:00) – Sun 29 Mar 2026, " +
			"03:30 CEST (UTC+02:00)"},
		{"2026-07-01T20:00:00Z", "2026-07-01T23:00:00Z", "Wed 1 Jul 2026, 22:00 CEST (UTC+02:00) – Thu 2 Jul 2026, " +
			"01:00 CEST (UTC+02:00)"},
	} {
		if got := (&letter{In: "en"}).span(at(x.from), at(x.until), berlin); got != x.want {
			t.Errorf("%s", got)
		}
	}
	if location("Nowhere/Atall") != time.UTC {
		t.Error("an unknown zone is not UTC")
	}
}

func TestLinksFollowWhereTheSubscriberCameFrom(t *testing.T) {
	org := acme
	org.Hostname, org.HostProvedAt = "status.acme.example", 1
	// whose port nobody has proved
	own := &store.Subscriber{Base: PageBase(&org, "Status.Acme.Example:8443", "https://base.example")}
	ours := &store.Subscriber{Base: PageBase(&org, "pages.example", "https://pages.example")}
	for _, x := range []struct {
		s          *store.Subscriber
		base, want string
	}{
		{own, "https://base.example/", "https://status.acme.example"},
		{ours, "https://base.example/", "https://base.example/status/acme"},
		{ours, "", "https://pages.example/status/acme"},
	} {
		if got := pageURL(x.s, &org, x.base); got != x.want {
			t.Errorf("%s, not %s", got, x.want)
		}
	}
	claimed := org
	claimed.HostProvedAt = 0
	if got := pageURL(own, &claimed, "https://base.example"); got != "https://base.example/status/acme" {
		t.Errorf("a name that nobody has proved is linked to: %s", got)
	}
	moved := org
	moved.Hostname = "elsewhere.acme.example"
	if got := pageURL(own, &moved, "https://base.example"); got != "https://base.example/status/acme" {
		t.Errorf("after the host name was given up: %s", got)
	}
}

func TestTheInkOnAnAccentCanBeRead(t *testing.T) {
	for colour, want := range map[string]string{"#ffcc00": "#000000", "#3448c5": "#ffffff", "#000000": "#ffffff",
		"#ffffff": "#000000", "#0a66c2": "#ffffff"} {
		if got := ink(colour); got != want {
			t.Errorf("on %s it is %s", colour, got)
		}
	}
}
