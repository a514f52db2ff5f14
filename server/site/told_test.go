package site

import (
	"encoding/xml"
	"strings"
	"testing"

	"statuspage/shared/page"
	"statuspage/shared/status"
)

// translated is a page with an incident that is told in German, too, but for its newest update, a window likewise, and
// an incident that was written in French.
func translated(t *testing.T) (st *stand, incident, window string) {
	t.Helper()
	s, services := company(t)
	incident = s.open(today-day, "API fails", "We look into it.", status.Partial, services["API"])
	s.do(today-day/4, &page.EditIncident{ID: incident, UpdateID: s.id(), Translations: []status.Translation{
		{Language: "de", Title: "API fällt aus", Description: "Wir sehen nach."}}})
	in, _ := s.state.Incident(incident)
	s.do(today-day/4, &page.CorrectUpdate{ID: incident, UpdateID: in.Updates[0].ID, Body: "We look into it.",
		Translations: []status.Translation{{Language: "de", Body: "Wir sehen nach."}}})
	s.do(today-day/5, &page.UpdateIncident{ID: incident, UpdateID: s.id(), Body: "Found."})
	window = s.plan(today-day/5, today+day, today+day+day/24, "Work", "New disks.", services["Search"])
	s.do(today-day/6, &page.EditMaintenance{ID: window, UpdateID: s.id(), Translations: []status.Translation{
		{Language: "de", Title: "Arbeiten", Description: "Neue Platten."}}})
	french := &page.OpenIncident{ID: s.id(), UpdateID: s.id(), Title: "Panne", Language: "fr",
		Service: ptr(services["Search"]), ToState: status.Degraded}
	s.do(today-day/7, french)
	s.do(today-day/8, &page.UpdateIncident{ID: french.ID, UpdateID: s.id(), Status: "resolved"})
	return open(t, nil, s.state), incident, window
}

func TestAReaderIsToldInTheirLanguageWhereItIsThere(t *testing.T) {
	st, incident, window := translated(t)
	for path, want := range map[string][]string{
		"?lang=de": {`" dir="auto"><a href="/status/acme/incidents/` + incident + `">API fällt aus</a>`,
			`<div class="prose" dir="auto"><p>Wir sehen nach.</p>`,
			`<div class="prose" lang="en" dir="auto"><p>Found.</p>`,
			`">Arbeiten</a>`, `<p>Neue Platten.</p>`, ` lang="fr" dir="auto">Panne</a>`},
		"": {">API fails</a>", ">Work</a>", ` lang="fr" dir="auto">Panne</a>`,
			`<div class="prose" dir="auto"><p>Found.</p>`},
		"?lang=fr": {` lang="en" dir="auto"><a href="/status/acme/incidents/` + incident + `">API fails</a>`,
			`/incidents/`, `" dir="auto">Panne</a>`},
		"/incidents/" + incident + "?lang=de": {`" dir="auto">API fällt aus</h1>`,
			`<title>API fällt aus – `, `<div class="prose" lang="en" dir="auto"><p>Found.</p>`, `"inLanguage":"de"`},
		"/incidents/" + incident + "?lang=ar": {`" lang="en" dir="auto">API fails</h1>`, `"inLanguage":"en"`,
			`<html lang="ar" dir="rtl"`},
		"/incidents/" + window + "?lang=de": {`" dir="auto">Arbeiten</h1>`, "Neue Platten."},
		"/history?lang=de":                  {`" dir="auto">API fällt aus</a>`, ` lang="fr" dir="auto">Panne</a>`},
		"/feed.atom?lang=de": {"<title>API fällt aus</title>", "Wir sehen nach.",
			"&lt;div lang=&#34;en&#34; dir=&#34;auto&#34;&gt;&lt;p&gt;Found."},
		"/feed.rss?lang=de": {": API fällt aus</title>"},
		"/feed.atom":        {"<title>API fails</title>", "<title>Panne</title>"},
	} {
		res, body := st.get(t, "/status/acme"+path)
		for _, words := range want {
			if !strings.Contains(body, words) {
				t.Errorf("%s, %s: there is no %q", path, res.Status, words)
			}
		}
		if strings.HasPrefix(path, "/feed") {
			if err := xml.Unmarshal([]byte(body), new(struct{})); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	_, english := st.get(t, "/status/acme")
	if strings.Contains(english, "Wir sehen nach") || strings.Contains(english, `lang="en" dir="auto"`) {
		t.Error("the page in English has German, or marks its own language")
	}
}
