package app_test

import (
	"strings"
	"testing"
	"time"

	"statuspage/server/auth"
	"statuspage/server/notify/notifytest"
	"statuspage/server/racetest"
)

// failing waits until mail is known to fail, or not to.
func (o *office) failing(want bool) *answer {
	o.t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		a := o.get("/api/v1/mail/")
		if (a.at("failing_since") != nil) == want {
			return a
		}
		if time.Now().After(end) {
			o.t.Fatalf("%s: %s", a.what, a.raw)
		}
	}
}

func TestAdminsAreToldThatMailDoesNotGetThrough(t *testing.T) {
	racetest.Long(t)
	o := newOffice(t, nil)
	o.get("/api/v1/mail/").has("configured", true).has("failing_since", nil).has("problem", "").
		has("waiting", float64(0))
	other := o.site.org()
	other.service("Theirs")
	api := o.service("API")
	for _, email := range []string{"ada@example.com", "bob@example.com"} {
		o.post("/api/v1/subscribers/", j{"email": email, "consent": true}).is(201)
	}
	for name, x := range map[string]struct {
		answer error
		words  string
	}{
		"of a policy":  {notifytest.Say(554, [3]int{5, 7, 1}, "Relay access denied"), "554 5.7.1 Relay access denied"},
		"it goes away": {notifytest.Say(421, [3]int{4, 3, 2}, "Out of order today"), "421 4.3.2 Out of order today"},
	} {
		o.mail.Answer(func(step, _, _ string) error {
			if step == "rcpt" {
				return x.answer
			}
			return nil
		})
		incident := o.post("/api/v1/incidents/", j{"title": name, "service": api, "to_state": "major_outage"}).is(201).
			str("id")
		a := o.failing(true)
		if !strings.Contains(a.str("problem"), x.words) || strings.Contains(a.str("problem"), "127.0.0.1") ||
			strings.Contains(a.str("problem"), "example.com") {
			t.Errorf("%s: %s", name, a.raw)
		}
		if n := o.get("/api/v1/mail/").int("waiting"); n < 1 || n > 4 {
			t.Errorf("%s: %d wait", name, n)
		}
		other.get("/api/v1/mail/").has("waiting", float64(0)) // it sees that mail fails, and nothing of whose it is
		o.nobody().get("/readyz").is(200)
		failed := o.do("POST", "/api/v1/mail/test/", nil).is(200).has("sent", false)
		if !strings.Contains(failed.str("problem"), x.words) {
			t.Errorf("%s: %s", name, failed.raw)
		}
		o.mail.Answer(nil)
		sent := o.do("POST", "/api/v1/mail/test/", nil).is(200).has("sent", true).has("problem", "").
			has("encryption", "no TLS").has("signed_in", "")
		if o.failing(false).str("problem") != "" || sent.str("answer") == "" {
			t.Errorf("%s: %s", name, sent.raw)
		}
		o.patch("/api/v1/incidents/"+incident+"/", j{"status": "resolved"})
	}
	o.join(auth.Member).do("GET", "/api/v1/mail/", nil).refuses(403)
}

func TestATestMailGoesToWhoAsksAndToNobodyElse(t *testing.T) {
	o := newOffice(t, nil)
	o.get("/api/v1/mail/").has("configured", true).has("waiting", float64(0))
	first := o.do("POST", "/api/v1/mail/test/", nil, "Idempotency-Key", "one").is(200).has("sent", true)
	again := o.do("POST", "/api/v1/mail/test/", nil, "Idempotency-Key", "one").is(200)
	if string(first.raw) != string(again.raw) || len(o.mail.Got()) != 1 {
		t.Errorf("%s, then %s: %d mails", first.raw, again.raw, len(o.mail.Got()))
	}
	l := o.mail.Got()[0]
	if l.To != first.str("to") || !strings.Contains(l.Subject(), "A test of mail") ||
		!strings.Contains(l.HTML, "you asked for it in the dashboard") {
		t.Errorf("%s: %s", l.To, l.Subject())
	}
	key := o.key("admin")
	key.do("POST", "/api/v1/mail/test/", nil).is(200).has("to", first.str("to")) // who answers for it
	if n := o.get("/api/v1/audit-log/?page_size=100").raw; strings.Count(string(n), `"test_mail"`) != 2 {
		t.Errorf("the audit log: %s", n)
	}
	for range 3 {
		o.do("POST", "/api/v1/mail/test/", nil).is(200)
	}
	if a := o.do("POST", "/api/v1/mail/test/", nil).refuses(429); a.header.Get("Retry-After") == "" {
		t.Errorf("%v", a.header)
	}
	o.site.org().do("POST", "/api/v1/mail/test/", nil).is(200) // others are not counted with it
}
