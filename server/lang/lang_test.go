package lang_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"statuspage/server/lang"
	"statuspage/shared/page"
)

func words(t *testing.T, tag string) map[string]string {
	t.Helper()
	text, err := os.ReadFile("words/" + tag + ".json")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEveryLanguageHasEveryWord(t *testing.T) {
	first := words(t, "de")
	if len(first) < 120 {
		t.Fatalf("%d words", len(first))
	}
	for _, tag := range page.Languages[1:] {
		all := words(t, tag)
		for key := range first {
			said := all[key]
			if said == "" {
				t.Errorf("%s has no %q", tag, key)
			}
			for _, place := range []string{"{x}", "{n}", "{d}", "{m}", "{y}"} {
				if strings.Contains(key, place) != strings.Contains(said, place) {
					t.Errorf("%s: %q has no %s, or one too many: %q", tag, key, place, said)
				}
			}
		}
		if len(all) != len(first) || lang.Names[tag] == "" {
			t.Errorf("%s has %d words, and de has %d; its name is %q", tag, len(all), len(first), lang.Names[tag])
		}
	}
}

func TestALanguageIsChosen(t *testing.T) {
	for _, c := range []struct {
		asked, chosen, accept, own string
		may                        []string
		want                       string
	}{
		{"", "", "", "", nil, "en"},
		{"", "", "", "de", nil, "de"},
		{"fr", "de", "es", "it", nil, "fr"},
		{"", "de", "es", "it", nil, "de"},
		{"", "", "es-MX,es;q=0.9,en;q=0.8", "it", nil, "es"},
		{"", "", "pt", "", nil, "pt-BR"},
		{"", "", "zh-CN,zh;q=0.9", "", nil, "zh-Hans"},
		{"qaa", "", "", "sv", nil, "sv"},
		{"fr", "", "fr", "de", []string{"de", "en"}, "de"},
		{"", "", "xx;;;q", "", nil, "en"},
		{"", "", strings.Repeat("de,", 100), "", nil, "en"},
	} {
		if got := lang.Choose(c.asked, c.chosen, c.accept, c.own, c.may); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestWhatPeopleWroteStays(t *testing.T) {
	const in = `<!doctype html><html lang="en"><head><title>All Systems Operational – Live Status</title></head><body><p dir="auto">Live <b>Today</b></p>` +
		`<bdi>Resolved</bdi><p class="x">Resolved after 2 hours 3 minutes&nbsp;· <time>30 Nov 2026, 14:03 CET</time></p><div class="prose" dir="auto"><p>Services</p></div>` +
		`<svg aria-label="Trouble on 3 of 90 days"><path d="M0"/></svg><p>Partial Outage 34 minutes, Degraded Performance 2 hours</p></body></html>`
	var missed []string
	out := string(lang.Document("de", []byte(in), func(s string) { missed = append(missed, s) }))
	for _, want := range []string{`lang="de"`, "<title>Alle Systeme funktionieren – Live – Status</title>", `<p dir="auto">Live <b>Today</b></p>`, "<bdi>Resolved</bdi>",
		"Behoben nach 2\u00a0Std. 3\u00a0Min.", "30. November 2026, 14:03 CET", "<p>Services</p>", "Störungen an 3 von 90\u00a0Tg.",
		"Teilausfall 34\u00a0Min., Eingeschränkte Leistung 2\u00a0Std.", `<path d="M0"/>`, `id="page-words"`} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not in %s", want, out)
		}
	}
	if len(missed) > 0 {
		t.Errorf("unknown are %q", missed)
	}
	if rtl := string(lang.Document("ar", []byte(in), nil)); !strings.Contains(rtl, `lang="ar" dir="rtl"`) {
		t.Error(rtl)
	}
	if string(lang.Document("en", []byte(in), nil)) != in {
		t.Error("English is changed")
	}
}

func TestNumbersHaveTheirLanguagesPoint(t *testing.T) {
	for tag, want := range map[string]string{"de": "99,98 % verfügbar", "ja": "99.98%", "fr": "99,98"} {
		if got, known := lang.Words(tag, "99.98% uptime"); !known || !strings.Contains(got, want) {
			t.Errorf("%s: %q", tag, got)
		}
	}
	if got, _ := lang.Words("pl", "99.9%"); got != "99,9%" {
		t.Errorf("a share alone: %q", got)
	}
}
