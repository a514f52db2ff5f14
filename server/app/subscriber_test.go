package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"statuspage/server/app/apptest"
	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/notify/notifytest"
	"statuspage/server/racetest"
	"statuspage/server/store"
)

// office is a process that sends real mail to a real server, with one organisation.
type office struct {
	*caller
	mail  *notifytest.Mail
	hooks *notifytest.Hooks
}

func newOffice(t *testing.T, set func(*config.Config)) *office {
	t.Helper()
	o := &office{mail: notifytest.StartMail(t), hooks: notifytest.StartHooks(t)}
	s := &site{t: t, file: filepath.Join(t.TempDir(), "status.db"), addr: "127.0.0.1:0", set: func(c *config.Config) {
		c.SMTPURL, c.BaseURL, c.LoopbackHooks = o.mail.URL(), apptest.Itself, true
		if set != nil {
			set(c)
		}
	}}
	s.start()
	t.Cleanup(func() { s.stop() })
	o.caller = s.org()
	return o
}

func (o *office) subscribe(body any) *answer {
	o.t.Helper()
	return o.nobody().do("POST", "/api/v1/public/"+o.slug+"/subscribe/", body)
}

var manageLink = regexp.MustCompile(`unsubscribe: (\S+)`)

// link is the manage link of a mail, with its host replaced by the test's own.
func (o *office) link(l notifytest.Letter) string {
	o.t.Helper()
	found := manageLink.FindStringSubmatch(l.Text)
	if found == nil {
		o.t.Fatalf("there is no link in\n%s", l.Text)
	}
	return found[1]
}

var plainClient = &http.Client{Timeout: 30 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// form posts as a browser without scripts does; nil fields is a GET.
func (o *office) form(to string, fields url.Values) (*http.Response, string) {
	o.t.Helper()
	method, body := http.MethodGet, io.Reader(nil)
	if fields != nil {
		method, body = http.MethodPost, strings.NewReader(fields.Encode())
	}
	req, err := http.NewRequestWithContext(context.Background(), method, to, body)
	if err != nil {
		o.t.Fatal(err)
	}
	if fields != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := plainClient.Do(req)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		o.t.Fatal(err)
	}
	return res, html.UnescapeString(string(raw))
}

// subscribers waits until the list says so many are in a state.
func (o *office) subscribers(state string, n int) *answer {
	o.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		a := o.get("/api/v1/subscribers/?state=" + state)
		if a.int("count") == int64(n) {
			return a
		}
		if time.Now().After(end) {
			o.t.Fatalf("%s: %s", a.what, a.raw)
		}
	}
}

func (o *office) deliveries(state string, n int) *answer {
	o.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		a := o.get("/api/v1/deliveries/?state=" + state)
		if a.int("count") == int64(n) {
			return a
		}
		if time.Now().After(end) {
			o.t.Fatalf("%s: %s", a.what, a.raw)
		}
	}
}

func TestSomebodySubscribesByMailConfirmsChoosesAndLeaves(t *testing.T) {
	o := newOffice(t, nil)
	api, web := o.service("API"), o.service("Web")
	seq := o.get("/api/v1/organization/").seq()
	o.subscribe(j{"email": "Ada@Example.com"}).is(202)
	asked := o.mail.Wait(t, 1)[0]
	if asked.To != "Ada@example.com" || !strings.Contains(asked.Subject(), "Confirm your subscription") {
		t.Fatalf("%s: %s", asked.To, asked.Subject())
	}
	// Nothing is told before the address has said yes, and a mail scanner that opens every link says nothing.
	link := o.link(asked)
	if res, body := o.form(link, nil); res.StatusCode != 200 || !strings.Contains(body, "Confirm your subscription") ||
		res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	o.post("/api/v1/incidents/", j{"title": "Too early", "service": api, "to_state": "partial_outage"})
	o.deliveries("due", 0)
	o.subscribers("pending", 1).has("results.0.address", "Ada@example.com").has("results.0.whole_page", true).
		has("results.0.confirmed_at", nil)
	if res, body := o.form(link, url.Values{"action": {"confirm"}}); res.StatusCode != 200 ||
		!strings.Contains(body, "You are subscribed.") {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	o.subscribers("active", 1)
	o.post("/api/v1/incidents/", j{"title": "Errors", "service": web, "to_state": "partial_outage"})
	if got := o.mail.Wait(t, 2)[1]; !strings.Contains(got.Subject(), "New incident: Errors") || o.link(got) != link {
		t.Errorf("%s", got.Subject())
	}
	// To chosen services.
	if res, body := o.form(link, url.Values{"action": {"save"}, "whole": {"0"}}); res.StatusCode != 200 ||
		!strings.Contains(body, "Choose at least one service") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	if res, body := o.form(link, url.Values{"action": {"save"}, "whole": {"0"},
		"services": {api}}); res.StatusCode != 200 || !strings.Contains(body, "Saved.") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	o.subscribers("active", 1).has("results.0.whole_page", false).has("results.0.services.0.name", "API")
	o.patch("/api/v1/services/"+web+"/", j{"description": "Pages."}) // tells nobody
	o.post("/api/v1/incidents/", j{"title": "Web only", "service": web, "to_state": "major_outage"})
	o.post("/api/v1/incidents/", j{"title": "API again", "service": api, "to_state": "major_outage"})
	if got := o.mail.Wait(t, 3)[2]; !strings.Contains(got.Subject(), "API again") {
		t.Errorf("%s", got.Subject())
	}
	// One click of a mail program (RFC 8058), twice, since it may, in either form.
	if res, body := o.form(link, url.Values{"List-Unsubscribe": {"One-Click"}}); res.StatusCode != 200 ||
		res.Header.Get("Location") != "" || !strings.Contains(body, "unsubscribed") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	parts := "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n"
	if res, err := plainClient.Post(link, "multipart/form-data; boundary=b", strings.NewReader(parts)); err != nil ||
		res.StatusCode != 200 {
		t.Errorf("in parts: %v, %v", res, err)
	} else {
		_ = res.Body.Close()
	}
	o.subscribers("", 0)
	if res, _ := o.form(link, nil); res.StatusCode != 404 {
		t.Errorf("the link of a subscription that ended answers %d", res.StatusCode)
	}
	o.post("/api/v1/services/", j{"name": "Third"})
	o.deliveries("due", 0)
	if n := len(o.mail.Got()); n != 3 {
		t.Errorf("%d mails", n)
	}
	// Who said no is not brought back by an import.
	o.post("/api/v1/subscribers/", j{"emails": []string{"ADA@example.com"}, "consent": true}).has("added", 0).
		has("known", 1)
	o.isNoEvent(seq, "Ada", "example.com")
}

// isNoEvent looks through what every visitor may read.
func (o *office) isNoEvent(since int64, words ...string) {
	o.t.Helper()
	events, err := o.app.DB.Org(o.org).EventsSince(context.Background(), 0, 1000)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, e := range events {
		for _, w := range words {
			if strings.Contains(string(e.Frame()), w) {
				o.t.Errorf("event %d tells visitors of %s", e.Seq, w)
			}
		}
	}
	// The audit log says that it happened, and keeps nobody's address for ever.
	rows, _, err := o.app.DB.Org(o.org).AuditLog(context.Background(), store.AuditFilter{Actor: "visitor"},
		store.Span{Limit: 50})
	if err != nil || len(rows) == 0 {
		o.t.Fatalf("%d audit rows, %v", len(rows), err)
	}
	actions := ""
	for _, r := range rows {
		actions = r.Action + " " + actions
		if strings.Contains(r.Before+r.After, "Ada@") || r.Address == "" {
			o.t.Errorf("%+v", r)
		}
	}
	if actions != "subscribe confirm_subscription edit_subscription unsubscribe " {
		o.t.Errorf("the audit log has %s", actions)
	}
}

func TestNobodyLearnsWhetherAnAddressIsKnown(t *testing.T) {
	o := newOffice(t, nil)
	fresh := o.subscribe(j{"email": "eve@example.com"}).is(202)
	o.form(o.link(o.mail.Wait(t, 1)[0]), url.Values{"action": {"confirm"}})
	o.subscribers("active", 1)
	for _, again := range []string{"eve@example.com", "EVE@example.com", "new@example.com", "new@example.com"} {
		if a := o.subscribe(j{"email": again}).is(202); string(a.raw) != string(fresh.raw) {
			t.Errorf("%s: %s, not %s", again, a.raw, fresh.raw)
		}
	}
	// Whoever types in somebody's address again and again sends one mail.
	o.mail.Wait(t, 2)
	o.deliveries("due", 0)
	if n := len(o.mail.To("eve@example.com")) + len(o.mail.To("new@example.com")); n != 2 {
		t.Errorf("%d mails", n)
	}
}

func TestTheFormWorksWithoutScripts(t *testing.T) {
	o := newOffice(t, nil)
	at := "http://" + o.addr
	post := at + "/api/v1/public/" + o.slug + "/subscribe/"
	res, body := o.form(at+"/status/"+o.slug+"/subscription/", nil)
	if res.StatusCode != 200 || !strings.Contains(body, "Subscribe to updates") {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	res, _ = o.form(post, url.Values{"email": {"ada@example.com"}, "kind": {"email"}})
	if res.StatusCode != 303 || res.Header.Get("Location") != "/status/"+o.slug+"/subscription/?sent=1" {
		t.Fatalf("%d %s", res.StatusCode, res.Header.Get("Location"))
	}
	if _, body = o.form(at+res.Header.Get("Location"), nil); !strings.Contains(body, "a message is on its way") {
		t.Error(body)
	}
	o.mail.Wait(t, 1)
	for _, bad := range []url.Values{{"email": {"nonsense"}}, {}, {"channel": {"email"}, "address": {"a@b.example"},
		"whole": {"0"}}, {"channel": {"pigeon"}, "address": {"x"}}, {"webhook_url": {o.hooks.URL}}} {
		res, _ = o.form(post, bad)
		to := res.Header.Get("Location")
		if res.StatusCode != 303 || !strings.Contains(to, "problem=") {
			t.Errorf("%v: %d %s", bad, res.StatusCode, to)
			continue
		}
		if res, body := o.form(at+to, nil); res.StatusCode != 200 || !strings.Contains(body, `role="alert"`) {
			t.Errorf("%v: %d", bad, res.StatusCode)
		}
	}
	for _, forged := range []string{"<script>alert(1)</script>", "Your account is locked. Call 555-0100.", "email "} {
		res, body := o.form(at+"/status/"+o.slug+"/subscription/?problem="+url.QueryEscape(forged), nil)
		if res.StatusCode != 200 || !strings.Contains(body, "This did not work.") {
			t.Errorf("%d: the problem is not shown", res.StatusCode)
		}
		if strings.Contains(body, "555-0100") || strings.Contains(body, "alert(1)") {
			t.Errorf("the page says what a link wants it to say: %s", body)
		}
	}
}

func TestAWebhookSubscriberIsToldItsSecretOnce(t *testing.T) {
	o := newOffice(t, nil)
	svc := o.service("API")
	made := o.subscribe(j{"webhook_url": o.hooks.URL + "/hook", "services": []string{svc}}).is(202)
	secret, manage := made.str("secret"), made.str("manage_url")
	if !strings.HasPrefix(secret, "whsec_") || !strings.Contains(manage, "/status/"+o.slug+"/subscription/?token=") ||
		made.str("id") == "" {
		t.Fatalf("%s", made.raw)
	}
	first := o.hooks.Wait(t, "/hook", 1)[0]
	o.subscribers("active", 1)
	o.post("/api/v1/incidents/", j{"title": "Errors", "service": svc, "to_state": "partial_outage"})
	second := o.hooks.Wait(t, "/hook", 2)[1]
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range []notifytest.Request{first, second} {
		if err := verifier.Verify(r.Body, r.Header); err != nil {
			t.Error(err)
		}
		var x struct{ Type string }
		if err := json.Unmarshal(r.Body, &x); err != nil ||
			x.Type != []string{"subscription.confirm", "incident.opened"}[i] {
			t.Errorf("%s %v", r.Body, err)
		}
	}
	for _, path := range []string{"/api/v1/subscribers/", "/api/v1/subscribers/" + made.str("id") + "/",
		"/api/v1/audit-log/", "/api/v1/deliveries/"} {
		if a := o.get(path); strings.Contains(string(a.raw), secret) ||
			strings.Contains(string(a.raw), strings.SplitN(manage, "token=", 2)[1]) {
			t.Errorf("%s shows the secret or the link", path)
		}
	}
	if res, body := o.form(manage, url.Values{"action": {"unsubscribe"}}); res.StatusCode != 200 ||
		!strings.Contains(body, "You are unsubscribed") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	o.subscribers("", 0)
}

func TestChatsGetTheirOwnMessages(t *testing.T) {
	racetest.Long(t)
	o := newOffice(t, nil)
	svc := o.service("API")
	for field, path := range map[string]string{"slack_url": "/slack", "discord_url": "/discord",
		"teams_url": "/teams"} {
		a := o.subscribe(j{field: o.hooks.URL + path}).is(202)
		if a.at("secret") != nil || a.at("manage_url") != nil || a.at("id") != nil {
			t.Errorf("%s", a.raw)
		}
	}
	o.subscribers("active", 3)
	o.post("/api/v1/incidents/", j{"title": "Errors", "service": svc, "to_state": "partial_outage"})
	for path, member := range map[string]string{"/slack": "blocks", "/discord": "embeds", "/teams": "attachments"} {
		got := o.hooks.Wait(t, path, 2)
		for _, r := range got {
			var x j
			if err := json.Unmarshal(r.Body, &x); err != nil || x[member] == nil ||
				r.Header.Get("webhook-signature") != "" {
				t.Errorf("%s: %s", path, r.Body)
			}
		}
		if !strings.Contains(string(got[1].Body), "Errors") {
			t.Errorf("%s: %s", path, got[1].Body)
		}
	}
	// Whoever knows a chat's address may write there: members do not see it.
	if a := o.get("/api/v1/subscribers/?channel=slack"); strings.Contains(string(a.raw), "/slack\"") ||
		a.int("count") != 1 {
		t.Errorf("%s", a.raw)
	}
}

func TestWhatCannotBeSubscribed(t *testing.T) {
	o := newOffice(t, func(c *config.Config) { c.LoopbackHooks = false })
	for _, x := range []struct {
		body  any
		code  int
		field string
	}{
		{j{}, 422, "email"}, {j{"email": ""}, 422, "email"}, {j{"email": "nobody"}, 422, "email"},
		{j{"email": 1}, 422, "email"},
		{j{"email": "a@b.example", "webhook_url": "https://b.example/"}, 422, "email"},
		{j{"email": "a@b.example", "shoe_size": 1}, 422, "shoe_size"},
		{j{"email": "a@b.example", "services": []string{"x"}}, 422, "services[0]"},
		{j{"email": "a@b.example", "services": "x"}, 422, "services"},
		{j{"webhook_url": "http://127.0.0.1:9/"}, 422, "webhook_url"},
		{j{"webhook_url": "https://169.254.169.254/latest/"}, 422, "webhook_url"},
		{j{"webhook_url": "https://[::1]/"}, 422, "webhook_url"},
		{j{"slack_url": "https://discord.com/api/webhooks/1/2"}, 422, "slack_url"},
		{j{"email": "a@b.example", "consent": true}, 422, "consent"},
		{j{"emails": []string{"a@b.example"}}, 422, "emails"},
		{j{"channel": "email"}, 422, "address"}, {j{"channel": "fax", "address": "1"}, 422, "channel"},
	} {
		a := o.subscribe(x.body).is(x.code)
		if got := a.fields(); len(got) == 0 || got[0] != x.field {
			t.Errorf("%v: %s", x.body, a.raw)
		}
	}
	o.subscribe("{").is(400)
	o.nobody().do("POST", "/api/v1/public/nobody-here/subscribe/", j{"email": "a@b.example"}).is(404)
	o.nobody().do("GET", "/api/v1/public/"+o.slug+"/subscribe/", nil).is(405)
	if res, _ := o.form("http://"+o.addr+"/status/"+o.slug+"/subscription/?token="+strings.Repeat("a", 43),
		nil); res.StatusCode != 404 {
		t.Errorf("a made-up token answers %d", res.StatusCode)
	}
	if res, _ := o.form("http://"+o.addr+"/status/"+o.slug+"/subscription/?token=x",
		url.Values{"action": {"dance"}}); res.StatusCode < 400 || res.StatusCode >= 500 {
		t.Errorf("a made-up action answers %d", res.StatusCode)
	}
	o.subscribers("", 0)
}

func TestSubscribingIsLimitedByAddress(t *testing.T) {
	o := newOffice(t, func(c *config.Config) { c.PublicRate = 50 })
	codes := map[int]int{}
	for i := range 14 {
		codes[o.subscribe(j{"email": fmt.Sprintf("a%d@example.com", i)}).code]++
	}
	if codes[202] < 10 || codes[429] < 2 || codes[202]+codes[429] != 14 {
		t.Errorf("%v", codes)
	}
}

func TestAdminsSeeAddImportAndRemoveSubscribers(t *testing.T) {
	o := newOffice(t, nil)
	other := o.site.org()
	member := o.join(auth.Member)
	reader := o.key("read")
	svc := o.service("API")
	// Added with the person's consent, told from now on; without it, asked.
	yes := o.post("/api/v1/subscribers/", j{"email": "yes@example.com", "consent": true, "services": []string{svc}}).
		has("state", "active").has("services.0.name", "API").has("source", "admin")
	o.post("/api/v1/subscribers/", j{"channel": "email", "address": "maybe@example.com"}).has("state", "pending")
	o.mail.Wait(t, 1)
	o.do("POST", "/api/v1/subscribers/", j{"email": "YES@example.com"}).refuses(409, "email")
	hook := o.post("/api/v1/subscribers/", j{"webhook_url": o.hooks.URL + "/hook"}, "Idempotency-Key", "hook-1")
	if !strings.HasPrefix(hook.str("secret"), "whsec_") {
		t.Errorf("%s", hook.raw)
	}
	if again := o.post("/api/v1/subscribers/", j{"webhook_url": o.hooks.URL + "/hook"}, "Idempotency-Key",
		"hook-1"); string(again.raw) != string(hook.raw) {
		t.Errorf("%s, not %s", again.raw, hook.raw)
	}
	o.subscribers("active", 2)
	// Many at once, when consent is stated.
	o.do("POST", "/api/v1/subscribers/", j{"emails": []string{"a@example.com"}}).refuses(422, "consent")
	o.do("POST", "/api/v1/subscribers/", j{"emails": []string{}, "consent": true}).refuses(422, "emails")
	many := make([]string, 0, 1003)
	for i := range 1000 {
		many = append(many, fmt.Sprintf("person%d@example.com", i))
	}
	many = append(many, "Person1@EXAMPLE.com", "yes@example.com", "nonsense")
	o.post("/api/v1/subscribers/", j{"emails": many, "consent": true}).has("added", 1000).has("known", 1).
		has("refused.0.field", "emails[1002]")
	o.post("/api/v1/subscribers/", j{"emails": many, "consent": true}).has("added", 0).has("known", 1001)
	o.get("/api/v1/subscribers/?channel=email&search=PERSON99&page_size=5").has("count", 11)
	o.get("/api/v1/subscribers/?service="+svc+"&state=active").has("count", 1002) // the whole page, and who chose it
	o.patch("/api/v1/subscribers/"+yes.str("id")+"/", j{"services": []string{svc}}).has("whole_page", false)
	o.get("/api/v1/subscribers/?service="+o.service("Website")+","+svc+"&channel=email&state=active").has("count", 1001)
	// not who chose another
	o.get("/api/v1/subscribers/?service="+o.service("Mobile")+"&channel=email&state=active").has("count", 1000)
	o.do("GET", "/api/v1/subscribers/?service="+svc+",API", nil).refuses(422, "service")
	o.get("/api/v1/subscribers/?page=2&page_size=100").has("count", 1003)
	o.do("GET", "/api/v1/subscribers/?state=asleep", nil).refuses(422, "state")
	// Who may do it, and what others see.
	member.get("/api/v1/subscribers/?page_size=1").has("count", 1003)
	reader.get("/api/v1/deliveries/")
	for _, who := range []*caller{member, reader} {
		who.do("POST", "/api/v1/subscribers/", j{"email": "x@example.com"}).is(403)
		who.do("DELETE", "/api/v1/subscribers/"+yes.str("id")+"/", nil).is(403)
		who.do("POST", "/api/v1/deliveries/retry/", nil).is(403)
	}
	o.nobody().do("GET", "/api/v1/subscribers/", nil).is(401)
	other.get("/api/v1/subscribers/").has("count", 0)
	for _, method := range []string{"GET", "PATCH", "DELETE"} {
		other.do(method, "/api/v1/subscribers/"+yes.str("id")+"/", j{}).is(404)
	}
	// A bounce that came back to a person.
	o.patch("/api/v1/subscribers/"+yes.str("id")+"/", j{"state": "bouncing"}).has("state", "bouncing")
	o.patch("/api/v1/subscribers/"+yes.str("id")+"/", j{"state": "active", "services": []string{}}).
		has("state", "active").has("whole_page", true)
	o.do("PATCH", "/api/v1/subscribers/"+yes.str("id")+"/", j{"state": "pending"}).refuses(422, "state")
	o.do("DELETE", "/api/v1/subscribers/"+yes.str("id")+"/", nil).is(204)
	o.do("DELETE", "/api/v1/subscribers/"+yes.str("id")+"/", nil).is(404)
	o.do("GET", "/api/v1/subscribers/nonsense/", nil).is(404)
	rows := o.get("/api/v1/audit-log/?page_size=100")
	if text := string(rows.raw); strings.Contains(text, "yes@example.com") ||
		!strings.Contains(text, "y…@example.com") || !strings.Contains(text, `"action":"import_subscribers"`) ||
		!strings.Contains(text, `"consent":true`) {
		t.Errorf("%.2000s", text)
	}
}

func TestDeadLettersAreShownAndTriedAgain(t *testing.T) {
	racetest.Long(t)
	o := newOffice(t, nil)
	other := o.site.org()
	svc := o.service("API")
	o.post("/api/v1/subscribers/", j{"emails": []string{"a@example.com", "b@example.com"}, "consent": true})
	o.mail.Answer(func(step, _, to string) error {
		if step == "data" && to == "a@example.com" {
			return notifytest.Say(554, [3]int{5, 6, 0}, "we do not like this")
		}
		if step == "rcpt" && to == "b@example.com" {
			return notifytest.Say(550, [3]int{5, 1, 1}, "who?")
		}
		return nil
	})
	o.post("/api/v1/incidents/", j{"title": "Errors", "service": svc, "to_state": "partial_outage"})
	dead := o.deliveries("dead", 2)
	dead.has("results.0.type", "incident.opened").has("results.0.title", "Errors").has("results.0.tries", 1)
	if !strings.Contains(string(dead.raw), "we do not like this") {
		t.Errorf("%s", dead.raw)
	}
	id := func(address string) string {
		for i := range 2 {
			if dead.str(fmt.Sprintf("results.%d.subscriber.address", i)) == address {
				return fmt.Sprint(dead.int(fmt.Sprintf("results.%d.id", i)))
			}
		}
		return ""
	}
	o.subscribers("bouncing", 1).has("results.0.address", "b@example.com")
	o.mail.Answer(nil)
	other.do("POST", "/api/v1/deliveries/"+id("a@example.com")+"/retry/", nil).is(404)
	other.get("/api/v1/deliveries/").has("count", 0)
	o.do("POST", "/api/v1/deliveries/retry/", nil).is(200).has("retried", 1) // not to the one that bounces
	o.deliveries("sent", 1)
	o.do("POST", "/api/v1/deliveries/"+id("a@example.com")+"/retry/", nil).is(409)
	o.do("POST", "/api/v1/deliveries/nonsense/retry/", nil).is(404)
	o.do("POST", "/api/v1/deliveries/"+id("b@example.com")+"/retry/", nil).is(200).has("state", "due")
	o.deliveries("sent", 2)
	o.subscribers("active", 2)
}

func TestAnotherPagesSubscribersHearNothing(t *testing.T) {
	racetest.Long(t)
	o := newOffice(t, nil)
	other := o.site.org()
	svc := o.service("API")
	theirs := other.service("API")
	other.post("/api/v1/subscribers/", j{"emails": []string{"theirs@example.com"}, "consent": true})
	o.post("/api/v1/subscribers/", j{"emails": []string{"ours@example.com", "theirs@example.com"}, "consent": true})
	o.post("/api/v1/incidents/", j{"title": "Ours", "service": svc, "to_state": "partial_outage"})
	o.deliveries("sent", 2)
	other.post("/api/v1/incidents/", j{"title": "Theirs", "service": theirs, "to_state": "partial_outage"})
	o.mail.Wait(t, 3)
	for _, l := range o.mail.To("ours@example.com") {
		if !strings.Contains(l.Subject(), "Ours") {
			t.Errorf("%s", l.Subject())
		}
	}
	if got := o.mail.To("theirs@example.com"); len(got) != 2 || o.link(got[0]) == o.link(got[1]) {
		t.Errorf("%d letters, one link for both pages: %v", len(got), got)
	}
	// Their link opens nothing here.
	theirLink, err := url.Parse(o.link(o.mail.To("ours@example.com")[0]))
	if err != nil {
		t.Fatal(err)
	}
	if res, _ := o.form("http://"+o.addr+"/status/"+other.slug+"/subscription/?"+theirLink.RawQuery,
		nil); res.StatusCode != 404 {
		t.Errorf("another page's link answers %d", res.StatusCode)
	}
}

func TestAWindowOfTheAPIBeginsByItself(t *testing.T) {
	racetest.Long(t)
	o := newOffice(t, nil)
	svc := o.service("API")
	o.post("/api/v1/subscribers/", j{"emails": []string{"a@example.com"}, "consent": true})
	at := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339Nano) }
	id := o.post("/api/v1/maintenances/", j{"title": "Disks", "services": []string{svc},
		"scheduled_for": at(4 * time.Second), "scheduled_until": at(8 * time.Second)}).str("id")
	for end := time.Now().Add(time.Minute); o.get("/api/v1/maintenances/"+id+"/").
		str("status") != "completed"; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it did not end")
		}
	}
	m := o.get("/api/v1/maintenances/" + id + "/")
	if len(m.list("updates")) != 2 {
		t.Errorf("%s", m.raw)
	}
	o.get("/api/v1/services/"+svc+"/").has("status", "operational")
	subjects := ""
	for _, l := range o.mail.Wait(t, 3) {
		subjects += l.Subject() + "\n"
	}
	for _, words := range []string{"Planned maintenance: Disks", "Maintenance has started: Disks",
		"Maintenance is completed: Disks"} {
		if strings.Count(subjects, words) != 1 {
			t.Errorf("%s is not told once in\n%s", words, subjects)
		}
	}
}

// TestAVisitorOfAnotherRegionSubscribesAtThePrimary runs a second process, which does not write, beside the first.
func TestAVisitorOfAnotherRegionSubscribesAtThePrimary(t *testing.T) {
	racetest.Long(t)
	farAddr := reserved(t) // BASE_URL leads there, as one name leads to every region
	o := newOffice(t, func(c *config.Config) {
		c.FlyRegion, c.PrimaryRegion, c.BaseURL = "fra", "fra",
			"http://"+farAddr
	})
	far := &site{t: t, file: o.file, addr: farAddr, set: func(c *config.Config) {
		c.FlyRegion, c.PrimaryRegion, c.WriteForward, c.PrimaryURL, c.SMTPURL, c.BaseURL = "syd", "fra", "proxy",
			"http://"+o.addr, o.mail.URL(), apptest.Itself
	}}
	far.start()
	t.Cleanup(func() { far.stop() })
	a := far.nobody().do("POST", "/api/v1/public/"+o.slug+"/subscribe/", j{"email": "ada@example.com"}).is(202)
	if a.header.Get("Status-Region") != "fra" {
		t.Errorf("answered by %s", a.header.Get("Status-Region"))
	}
	link := o.link(o.mail.Wait(t, 1)[0])
	if !strings.HasPrefix(link, "http://"+far.addr+"/status/") {
		t.Errorf("the link is %s", link)
	}
	if res, body := o.form(link, nil); res.StatusCode != 200 || !strings.Contains(body, "Confirm your subscription") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	if res, _ := o.form(link, url.Values{"action": {"confirm"}}); res.StatusCode != 200 ||
		res.Header.Get("Status-Region") != "fra" {
		t.Errorf("%d by %s", res.StatusCode, res.Header.Get("Status-Region"))
	}
	o.subscribers("active", 1)
	// A token that neither knows is looked for at the primary, which says no.
	if res, _ := o.form(strings.Split(link, "token=")[0]+"token="+strings.Repeat("b", 43),
		nil); res.StatusCode != 404 || res.Header.Get("Status-Region") != "fra" {
		t.Errorf("%d by %s", res.StatusCode, res.Header.Get("Status-Region"))
	}
	o.post("/api/v1/incidents/", j{"title": "Errors", "service": o.service("API"), "to_state": "partial_outage"})
	o.deliveries("sent", 2)
	if n := len(o.mail.Got()); n != 2 { // only the primary sends
		t.Errorf("%d mails", n)
	}
}

// reserved is an address of this machine that nobody listens at.
func reserved(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

// No mail to a stranger begins its links with what a request said: where BASE_URL is missing there is none, and
// everybody who looks for it is told so.
func TestNobodyIsMailedALinkToWhereAnybodyCouldSend(t *testing.T) {
	racetest.Long(t)
	base := apptest.Itself
	o := newOffice(t, func(c *config.Config) { c.BaseURL = base })
	o.post("/api/v1/subscribers/", j{"email": "old@example.com", "consent": true}).is(201)
	o.stop()
	base = ""
	o.start()
	subscribe := "/api/v1/public/" + o.slug + "/subscribe/"
	for name, body := range map[string]j{"email": {"email": "ada@example.com"},
		"address": {"channel": "email", "address": "ada@example.com"}} {
		o.nobody().do("POST", subscribe, body, "Host", "evil.example").refuses(404, name)
		o.do("POST", "/api/v1/subscribers/", body).refuses(404, name)
	}
	o.do("POST", "/api/v1/subscribers/", j{"email": "ada@example.com", "consent": true}).refuses(404, "email")
	o.do("POST", "/api/v1/subscribers/", j{"emails": []string{"ada@example.com"}, "consent": true}).
		refuses(404, "emails")
	res, _ := o.form("http://"+o.addr+subscribe, url.Values{"email": {"ada@example.com"}})
	if to := res.Header.Get("Location"); res.StatusCode != 303 || !strings.HasSuffix(to, "?problem=not_found") {
		t.Errorf("the form is answered %d %s", res.StatusCode, to)
	}
	for path, words := range map[string]string{"": "", "/subscription/": "No mail is sent from here",
		"/subscription/?problem=not_found": "No mail can be sent from here at present"} {
		res, body := o.form("http://"+o.addr+"/status/"+o.slug+path, nil)
		if res.StatusCode != 200 || !strings.Contains(body, words) || strings.Contains(body, `type="email"`) ||
			strings.Contains(body, `value="email"`) {
			t.Errorf("%s offers mail, or does not say why not: %d", path, res.StatusCode)
		}
	}
	// Who subscribed before waits, and admins see why, also by a test.
	o.post("/api/v1/incidents/", j{"title": "Errors", "service": o.service("API"), "to_state": "partial_outage"}).
		is(201)
	if a := o.failing(true); !strings.Contains(a.str("problem"), "BASE_URL is not set") {
		t.Errorf("%s", a.raw)
	}
	if a := o.do("POST", "/api/v1/mail/test/", nil, "Host", "evil.example").is(200).
		has("sent", false); !strings.Contains(a.str("problem"), "BASE_URL is not set") {
		t.Errorf("%s", a.raw)
	}
	if a := o.deliveries("due", 1); len(o.mail.Got()) != 0 {
		t.Errorf("a mail went out: %s", a.raw)
	}
	hook := j{"webhook_url": o.hooks.URL + "/a"}
	o.nobody().do("POST", subscribe, hook).is(202) // no mail
	o.stop()
	base = apptest.Itself
	o.start()
	if letter := o.mail.Wait(t, 1)[0]; letter.To != "old@example.com" ||
		!strings.HasPrefix(o.link(letter), "http://"+o.addr+"/status/"+o.slug+"/") {
		t.Errorf("%s: %s", letter.To, letter.Text)
	}
}

func TestAMailsLinksBeginWithBaseURLWhateverTheRequestSays(t *testing.T) {
	o := newOffice(t, nil)
	for i, host := range []string{"evil.example", "evil.example:443", "EVIL.example", o.addr + ".evil.example",
		"status.acme.example:8443"} {
		to := fmt.Sprintf("ada%d@example.com", i)
		o.nobody().do("POST", "/api/v1/public/"+o.slug+"/subscribe/", j{"email": to}, "Host", host, "X-Forwarded-Host",
			"evil.example").is(202)
		letter := o.mail.Wait(t, i+1)[i]
		if strings.Contains(letter.Text+letter.HTML, "evil.example") ||
			!strings.HasPrefix(o.link(letter), "http://"+o.addr+"/status/"+o.slug+"/") {
			t.Errorf("%s: %s", host, letter.Text)
		}
	}
}

func TestOneIncidentIsFollowedUntilItIsOver(t *testing.T) {
	o := newOffice(t, nil)
	api, web := o.service("API"), o.service("Web")
	stranger := o.site.org()
	theirs := stranger.post("/api/v1/incidents/", j{"title": "Theirs", "service": stranger.service("X"),
		"to_state": "major_outage"}).str("id")
	one := o.post("/api/v1/incidents/", j{"title": "One", "service": api, "to_state": "partial_outage"}).str("id")
	ended := o.post("/api/v1/incidents/", j{"title": "Ended", "service": web, "to_state": "partial_outage"}).str("id")
	o.post("/api/v1/incidents/"+ended+"/updates/", j{"status": "resolved"})
	for _, no := range []string{theirs, ended, "nonsense"} {
		o.subscribe(j{"email": "ada@example.com", "incident": no}).refuses(422, "incident")
	}
	o.subscribe(j{"email": "ada@example.com", "incident": one, "services": []string{api}}).refuses(422, "incident")
	o.subscribe(j{"email": "ada@example.com", "incident": one}).is(202)
	asked := o.mail.Wait(t, 1)[0]
	if !strings.Contains(asked.Text, "one incident, until it is over") {
		t.Errorf("the question does not say of what: %s", asked.Text)
	}
	link := o.link(asked)
	if res, body := o.form(link, url.Values{"action": {"confirm"}}); res.StatusCode != 200 ||
		!strings.Contains(body, "You are subscribed.") {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	o.subscribers("active", 1).has("results.0.whole_page", false).has("results.0.incidents", 1.0)
	o.post("/api/v1/incidents/", j{"title": "Another", "service": api, "to_state": "major_outage"})
	o.post("/api/v1/incidents/"+one+"/updates/", j{"status": "resolved", "body": "It is over."})
	if got := o.mail.Wait(t, 2)[1]; !strings.Contains(got.Subject(), "One") ||
		!strings.Contains(got.Text, "It is over.") {
		t.Errorf("%s", got.Subject())
	}
}
