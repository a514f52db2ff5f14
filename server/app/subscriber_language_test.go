package app_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"statuspage/server/app/apptest"
	"statuspage/server/config"
)

// TestASubscriberHasTheLanguageOfTheirPage: of the page on which they subscribed, or the one that they chose since.
func TestASubscriberHasTheLanguageOfTheirPage(t *testing.T) {
	s := apptest.Start(t, func(c *config.Config) { c.BaseURL = "http://status.example" })
	o, other := s.Org("acme", time.Now().Add(-time.Hour)), s.Org("other", time.Now().Add(-time.Hour))
	told := func(o *apptest.Org) string {
		t.Helper()
		_, answer := o.Send("GET", "/api/v1/subscribers/", nil)
		return answer["results"].([]any)[0].(map[string]any)["language"].(string)
	}
	ask := func(o *apptest.Org, accept string) {
		t.Helper()
		res, raw := o.Ask("POST", "/api/v1/public/"+o.Slug+"/subscribe/", map[string]any{"email": "ada@example.com"},
			"Accept-Language", accept)
		if res.StatusCode != 202 {
			t.Fatalf("%s %s", res.Status, raw)
		}
	}
	ask(o, "de-AT,de;q=0.9,en;q=0.5")
	ask(other, "")
	if got := told(o) + told(other); got != "deen" {
		t.Errorf("they are told in %s", got)
	}
	found, err := s.App.DB.Org(o.ID).SubscriberByAddress(t.Context(), "email", "ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	manage := "/status/acme/subscription/?token=" + url.QueryEscape(found.Token)
	post := func(form url.Values) string {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+o.Addr+manage,
			strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Accept-Language", "de")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%v %s %s", err, res.Status, raw)
		}
		return string(raw)
	}
	post(url.Values{"action": {"confirm"}})
	page := post(url.Values{"action": {"save"}, "whole": {"1"}, "language": {"fr"}})
	if !strings.Contains(page, `<option value="fr" lang="fr" translate="no" selected>`) ||
		!strings.Contains(page, "Gespeichert.") {
		t.Errorf("the page says %s", page)
	}
	post(url.Values{"action": {"save"}, "whole": {"1"}, "language": {"klingon"}})
	if got := told(o) + told(other); got != "fren" {
		t.Errorf("they are told in %s", got)
	}
}
