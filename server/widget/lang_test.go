package widget_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"statuspage/server/app/apptest"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// TestWhatOthersShowIsInTheirReadersLanguage: ?lang=, or what the browser asks for, or the page's own, each by itself
// whatever was asked for before.
func TestWhatOthersShowIsInTheirReadersLanguage(t *testing.T) {
	o, svc := company(t)
	o.Open(ago(time.Hour), "777", status.Partial, svc)
	begin := status.Time(now.Add(48 * time.Hour).UnixMilli())
	o.Do(now, &page.PlanMaintenance{ID: apptest.NewID(), Title: "888", Services: []string{svc}, ScheduledFor: begin,
		ScheduledUntil: begin + 3_600_000})
	want := map[string][2]string{
		"/status/acme/badge.svg":    {"Kleinere Störung", "Incident mineur"},
		"/status/acme/feed.atom":    {"Betroffen: API", "Touchés : API"},
		"/status/acme/feed.rss":     {"<language>de</language>", "<language>fr</language>"},
		"/status/acme/calendar.ics": {"Wartungen von", "Maintenances de"},
		"/status/acme/embed":        {`<html lang="de"`, `<html lang="fr"`},
		"/status/acme/embed.js":     {"Kleinere Störung", "Status unknown\":\"État inconnu"},
		"/status/acme/shields.json": {"Kleinere Störung", "état"},
	}
	for path, words := range want {
		for i, ask := range [][]string{{"?lang=de", ""}, {"", "de-DE,de;q=0.9"}, {"?lang=de", "fr"}, {"", "fr"},
			{"?lang=fr", "de"}} {
			which := 0
			if i > 2 {
				which = 1
			}
			h, body := get(o, path+ask[0], "Accept-Language", ask[1])
			if !strings.Contains(body, words[which]) && path != "/status/acme/badge.svg" || which == 0 &&
				!strings.Contains(body, words[0]) {
				t.Errorf("%s%s for %q lacks %q: %.600s", path, ask[0], ask[1], words[which], body)
			}
			if h.Get("Content-Language") != []string{"de", "fr"}[which] ||
				!strings.Contains(h.Get("Vary"), "Accept-Language") || h.Get("Set-Cookie") != "" {
				t.Errorf("%s: %v", path, h)
			}
		}
	}
	other := o.Site.Org("other", ago(99*time.Hour))
	if code, answer := o.Send("PATCH", "/api/v1/organization/", map[string]any{"language": "de"}); code != 200 {
		t.Fatal(code, answer)
	}
	for path, words := range want {
		if _, body := get(o, path); !strings.Contains(body, words[0]) {
			t.Errorf("%s is not in the page's own language", path)
		}
		if h, _ := get(other, strings.Replace(path, "acme", "other", 1)); h.Get("Content-Language") != "en" {
			t.Errorf("another organisation's %s is in %s", path, h.Get("Content-Language"))
		}
	}
	if letters := regexp.MustCompile(`Maintenance|Affected`); letters.MatchString(
		body(o, "/status/acme/feed.atom?lang=de")) {
		t.Error("the feed has English words")
	}
}

func body(o *apptest.Org, path string) string {
	_, text := get(o, path)
	return text
}
