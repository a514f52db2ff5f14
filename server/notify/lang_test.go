package notify

import (
	"regexp"
	"strings"
	"testing"

	"statuspage/server/lang"
	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/status"
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

// TestASubscriberReadsTheTranslation where there is one, else the original under its own language.
func TestASubscriberReadsTheTranslation(t *testing.T) {
	n := *notices(t)[IncidentOpened]
	in, update := *n.Incident, *n.Update
	in.Title, update.Body = "API fails", "We look into it."
	in.Translations = []status.Translation{{Language: "de", Title: "API fällt aus"}}
	n.Incident, n.Update, n.Earlier = &in, &update, nil
	letterTo := func(language string) (subject, html string) {
		to := reader(store.Email)
		to.Language = language
		e := &envelope{letter: write(&n, acme, to, "https://status.example.com"), To: to.Address, ID: "x"}
		_, html, err := e.bodies()
		if err != nil {
			t.Fatal(err)
		}
		return e.Subject, html
	}
	if subject, html := letterTo("de"); !strings.Contains(subject, "API fällt aus") || !strings.Contains(html,
		`<div class="prose" lang="en" dir="auto"><p>We look into it.`) || !strings.Contains(html, `<h1 dir="auto"`) {
		t.Errorf("half of it is translated: %s %s", subject, html)
	}
	update.Translations = []status.Translation{{Language: "de", Body: "Wir sehen nach."}}
	if _, html := letterTo("de"); !strings.Contains(html, `<div class="prose" dir="auto"><p>Wir sehen nach.`) {
		t.Errorf("all of it is translated: %s", html)
	}
	if subject, html := letterTo("fr"); !strings.Contains(subject, "API fails") || !strings.Contains(html,
		`<h1 lang="en" dir="auto"`) {
		t.Errorf("in French: %s %s", subject, html)
	}
	if subject, html := letterTo("en"); !strings.Contains(subject, "API fails") || strings.Contains(html,
		` lang="en" dir="auto"`) {
		t.Errorf("in its own language: %s %s", subject, html)
	}
	to := reader(store.Slack)
	to.Language = "de"
	if body := string(payload(write(&n, acme, to, ""), to)); !strings.Contains(body, "Wir sehen nach.") {
		t.Errorf("a chat is told %s", body)
	}
	to = reader(store.Webhook)
	to.Language = "de"
	if body := string(payload(write(&n, acme, to, ""), to)); !strings.Contains(body, `"title":"API fails"`) ||
		!strings.Contains(body, "Wir sehen nach.") {
		t.Errorf("a program is told %s", body)
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
