package auth

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"statuspage/shared/fault"
)

var webhookSecret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("twenty-four bytes of key"))

// message is signed as Clerk does; names are the prefixes of its headers.
func message(t *testing.T, secret, names, id, body string, at time.Time) func(string) string {
	t.Helper()
	w, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := w.Sign(id, at, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	headers := map[string]string{names + "id": id, names + "timestamp": fmt.Sprint(at.Unix()),
		names + "signature": "v1,bm9wZQ== " + signature}
	return func(name string) string { return headers[strings.ToLower(name)] }
}

func TestWebhooksAreReadUnderBothNamesOfTheirHeaders(t *testing.T) {
	w, err := NewWebhooks(webhookSecret)
	if err != nil {
		t.Fatal(err)
	}
	for _, names := range []string{"svix-", "webhook-"} {
		for kind, want := range map[string][2]string{
			"user.created": {"user", "created"}, "user.deleted": {"user", "deleted"},
			"organization.updated":           {"organization", "updated"},
			"organizationMembership.deleted": {"organizationMembership", "deleted"}, "session.created": {"", ""},
			"organizationInvitation.created": {"", ""}, "users.created": {"", ""},
		} {
			body := `{"data":{"id":"user_1","first_name":"Ada"},"object":"event","type":"` + kind + `"}`
			got, err := w.Read(message(t, webhookSecret, names, "msg_1", body, time.Now()), []byte(body))
			if err != nil || got.ID != "msg_1" || got.Type != kind || got.Noun != want[0] || got.Verb != want[1] ||
				string(got.Data) != `{"id":"user_1","first_name":"Ada"}` {
				t.Errorf("%s%s: %+v, %v", names, kind, got, err)
			}
		}
	}
}

func TestWebhooksOfOthersAreRefused(t *testing.T) {
	w, err := NewWebhooks(webhookSecret)
	if err != nil {
		t.Fatal(err)
	}
	other := "whsec_" + base64.StdEncoding.EncodeToString([]byte("another four-and-twenty b"))
	const body = `{"type":"user.created","data":{}}`
	now := time.Now()
	for name, c := range map[string]struct {
		header func(string) string
		body   string
		want   fault.Code
	}{
		"another secret": {message(t, other, "svix-", "msg_1", body, now), body, fault.Unauthenticated},
		"another body": {message(t, webhookSecret, "svix-", "msg_1", body, now), body + " ",
			fault.Unauthenticated},
		"an hour old": {message(t, webhookSecret, "svix-", "msg_1", body, now.Add(-time.Hour)), body,
			fault.Unauthenticated},
		"of the next hour": {message(t, webhookSecret, "svix-", "msg_1", body, now.Add(time.Hour)), body,
			fault.Unauthenticated},
		"no headers": {func(string) string { return "" }, body, fault.Unauthenticated},
		"no JSON":    {message(t, webhookSecret, "svix-", "msg_1", "hello", now), "hello", fault.Malformed},
		"no type":    {message(t, webhookSecret, "svix-", "msg_1", "{}", now), "{}", fault.Malformed},
		"the type a number": {message(t, webhookSecret, "svix-", "msg_1", `{"type":7}`, now), `{"type":7}`,
			fault.Malformed},
	} {
		if _, err := w.Read(c.header, []byte(c.body)); code(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAWebhookNeedsARealSecret(t *testing.T) {
	for _, secret := range []string{"", "whsec_", "whsec_c2hvcnQ=", "whsec_!!!"} {
		if _, err := NewWebhooks(secret); err == nil {
			t.Errorf("%q is taken", secret)
		}
	}
}
