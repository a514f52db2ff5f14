package notify

import (
	"regexp"
	"strings"
	"testing"

	"statuspage/server/lang"
	"statuspage/server/store"
	"statuspage/shared/page"
)

var (
	unmarked = regexp.MustCompile("[A-Za-z]{2}")
	zones    = regexp.MustCompile(`CES?T|UTC`)
)

// TestLettersAreWholeInEveryLanguage writes each letter in a language in which each letter of the program's own has a
// mark.
func TestLettersAreWholeInEveryLanguage(t *testing.T) {
	org := acme
	org.Style.Language = lang.Pseudo
	theirs := strings.NewReplacer(nasty, "", "API "+nasty[:60], "", strings.TrimSpace("API "+nasty[:60]), "",
		nasty[:190], "", strings.TrimSpace(nasty[:190]), "",
		"Cables", "", acme.Name, "", strings.Repeat(nasty, 60), "", "Done.", "")
	for kind, n := range notices(t) {
		for _, channel := range store.Channels {
			l := write(n, org, reader(channel), "https://status.example.com")
			texts := []string{l.Subject, l.Heading, l.Step, l.Say, l.Why, l.Button, l.Managing(), l.Sender()}
			for _, f := range l.Facts {
				texts = append(texts, f.Name, f.Value)
			}
			for _, text := range texts {
				if rest := zones.ReplaceAllString(theirs.Replace(text), ""); unmarked.MatchString(rest) {
					t.Errorf("%s by %s: %q", kind, channel, rest)
				}
			}
		}
	}
}

// TestASubscriberIsToldInTheirLanguage: theirs, else the page's own; one that the page no longer has is the page's own.
func TestASubscriberIsToldInTheirLanguage(t *testing.T) {
	n := notices(t)[IncidentOpened]
	for _, c := range []struct{ theirs, own, root, subject string }{
		{"de", "", `<html lang="de">`, "Neue Störung"}, {"", "fr", `<html lang="fr">`, "Nouvel incident"},
		{"", "", `<html lang="en">`, "New incident"},
		{"he", "fr", `<html lang="he" dir="rtl">`, "תקלה חדשה"}, {"xx", "de", `<html lang="de">`, "Neue Störung"},
	} {
		org, to := acme, reader(store.Email)
		org.Style.Language, to.Language = c.own, c.theirs
		e := &envelope{letter: write(n, org, to, "https://status.example.com"), To: to.Address, ID: "x"}
		plain, html, err := e.bodies()
		if err != nil || !strings.Contains(html, c.root) || !strings.Contains(e.Subject, c.subject) ||
			!strings.Contains(plain, e.Managing()) {
			t.Errorf("%+v: %v %s %.200s", c, err, e.Subject, html)
		}
		for _, channel := range []store.Channel{store.Slack, store.Discord, store.Teams} {
			to := reader(channel)
			to.Language = c.theirs
			if body := string(payload(write(n, org, to, ""), to)); !strings.Contains(body,
				e.In.Say("Manage subscription")) {
				t.Errorf("%+v by %s: %s", c, channel, body)
			}
		}
	}
	org, to := acme, reader(store.Email)
	org.Style = page.Style{Language: "fr", Languages: []string{"fr", "en"}}
	to.Language = "de"
	if l := write(n, org, to, ""); l.In != "fr" {
		t.Errorf("the page has no German, and the letter is in %s", l.In)
	}
}
