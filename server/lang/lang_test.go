package lang_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"statuspage/server/lang"
	"statuspage/server/lang/langtest"
	"statuspage/shared/page"
)

func file(tag string) string { return "words/" + tag + ".json" }

func catalogue(t *testing.T, tag string) map[string]map[string]string {
	t.Helper()
	return langtest.Catalogue(t, file(tag))
}

var place = regexp.MustCompile(`\{[a-z]+\}`)

func TestEveryLanguageHasEveryWord(t *testing.T) {
	first := catalogue(t, "de")
	if len(first) < 250 {
		t.Fatalf("%d words", len(first))
	}
	for _, tag := range page.Languages[1:] {
		all := catalogue(t, tag)
		for key := range first {
			forms := all[key]
			if forms["other"] == "" {
				t.Errorf("%s has no %q", tag, key)
			}
			for name, said := range forms {
				if name != "other" && len(forms) < 2 || said == "" {
					t.Errorf("%s: %q has a form %q alone, or an empty one", tag, key, name)
				}
			}
			langtest.Filled(t, file(tag), key, forms, place, "{n}")
		}
		for key := range all {
			if first[key] == nil {
				t.Errorf("%s has %q, and de has not", tag, key)
			}
		}
		if lang.Names[tag] == "" {
			t.Errorf("%s has no name", tag)
		}
	}
	for key := range catalogue(t, "en") {
		if first[key] == nil {
			t.Errorf("en has the forms of %q, and no other language has it", key)
		}
	}
}

// TestPluralsHaveTheFormsOfTheirLanguage asks CLDR for each number up to a thousand which form it takes.
func TestPluralsHaveTheFormsOfTheirLanguage(t *testing.T) {
	for _, tag := range page.Languages {
		needed := map[string]bool{}
		for n := range 1000 {
			needed[lang.FormOf(tag, int64(n))] = true
		}
		for key, forms := range catalogue(t, tag) {
			for form := range needed {
				// CLDR 42 has it no more
				if older := tag == "he" && form == "many"; !older && len(forms) > 1 && forms[form] == "" {
					t.Errorf("%s: %q has no form for %q", tag, key, form)
				}
			}
		}
	}
	for want, got := range map[string]string{
		"3 incydenty":  lang.In("pl").Count(3, "{n} incidents"),
		"5 incydentów": lang.In("pl").Count(5, "{n} incidents"),
		"21 інцидент":  lang.In("uk").Count(21, "{n} incidents"),
		"حادثان":       lang.In("ar").Count(2, "{n} incidents"),
		"11 حادثًا":    lang.In("ar").Count(11, "{n} incidents"),
		"1 incident":   lang.In("en").Count(1, "{n} incidents"),
		"יומיים":       lang.In("he").Count(2, "{n} days"),
	} {
		if got != want {
			t.Errorf("%q instead of %q", got, want)
		}
	}
}

// said finds what Go puts into a language by name.
var said = regexp.MustCompile(`(\w*)\.(?:Say|Count)\((?:[^"()]*, )?"((?:[^"\\]|\\.)*)"`)

// broken is where a text goes on in the next line.
var broken = regexp.MustCompile(`"\s*\+\s*"`)

// TestNoWordIsMissingOrUnused reads the sources: what they say in a language is in the catalogues, and what is in the
// catalogues is said somewhere.
func TestNoWordIsMissingOrUnused(t *testing.T) {
	first := catalogue(t, "de")
	var all strings.Builder
	for _, dir := range []string{"..", "../../shared", "../../public/templates", "../../public/js"} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") ||
				!slices.Contains([]string{".go", ".html", ".js", ".txt"}, filepath.Ext(path)) {
				return err
			}
			text, err := os.ReadFile(filepath.Clean(path))
			if filepath.Ext(path) == ".go" {
				text = broken.ReplaceAll(text, nil)
				for _, m := range said.FindAllStringSubmatch(string(text), -1) {
					key, quoted := strconv.Unquote(`"` + m[2] + `"`)
					if quoted == nil && first[key] == nil && m[1] != "strings" && !strings.HasPrefix(key, "{n} ") {
						t.Errorf("%s says %q, which is in no catalogue", path, key)
					}
				}
			}
			all.Write(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	sources := strings.ReplaceAll(all.String(), `\"`, `"`)
	for key := range first {
		part := ""
		for _, p := range place.Split(key, -1) {
			if p = strings.TrimSpace(p); len(p) > len(part) {
				part = p
			}
		}
		if word, is := strings.CutPrefix(part, "Maintenance "); is {
			part = word // its status is written in lower case
			if !strings.Contains(strings.ToLower(sources), part) {
				t.Errorf("nobody says %q", key)
			}
		} else if !strings.Contains(sources, part) {
			t.Errorf("nobody says %q", key)
		}
	}
}

// sentence is one that stands in a script, and the letters before it.
var sentence = regexp.MustCompile(`(\S*)['` + "`" + `]([A-Z][a-z]+ [^'` + "`\n" + `]*[.…])['` + "`" + `]`)

// Whatever a page's scripts say goes through the page's words, which a server gives them in each language.
func TestWhatScriptsOfThePageSayIsInItsWords(t *testing.T) {
	var given map[string]string
	if err := json.Unmarshal(lang.Script("de"), &given); err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob("../../public/js/status/*.js")
	if err != nil || len(paths) < 10 {
		t.Fatal(paths, err)
	}
	found := 0
	for _, path := range append(paths, "../../public/js/subscribe.js", "../../public/js/prefs.js") {
		text, err := os.ReadFile(filepath.Clean(path))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range sentence.FindAllStringSubmatch(string(text), -1) {
			found++
			if given[m[2]] == "" || given[m[2]] == m[2] {
				t.Errorf("%s says %q in English to everybody", path, m[2])
			} else if !strings.HasSuffix(m[1], "t(") && m[1] != "" {
				t.Errorf("%s does not look for %q in the page's words", path, m[2])
			}
		}
	}
	if found < 10 {
		t.Errorf("%d sentences were found", found)
	}
}

func TestThePseudoLanguageMarksEveryLetter(t *testing.T) {
	if got := lang.In(lang.Pseudo).Say("{name} Status", "name", "Acme"); got != "Acme Ｓｔａｔｕｓ" {
		t.Error(got)
	}
	if got, ok := lang.Words(lang.Pseudo, "Resolved after 2 hours 3 minutes"); !ok || regexp.MustCompile("[A-Za-z]").
		MatchString(got) {
		t.Error(got, ok)
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
	for _, want := range []string{`lang="de"`, "<title>All Systems Operational – Live Status</title>",
		`<p dir="auto">Live <b>Today</b></p>`, "<bdi>Resolved</bdi>",
		"Behoben nach 2\u00a0Std. 3\u00a0Min.", "30. November 2026, 14:03 CET", "<p>Services</p>",
		"Störungen an 3 von 90\u00a0Tg.",
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
	for tag, want := range map[string]string{"de": "99,98\u00a0% verfügbar", "ja": "99.98%", "fr": "99,98"} {
		if got, known := lang.Words(tag, "99.98% uptime"); !known || !strings.Contains(got, want) {
			t.Errorf("%s: %q", tag, got)
		}
	}
	// The sign stands as in the words: Unicode's CLDR has it so.
	for tag, want := range map[string]string{"en": "99.9%", "pl": "99,9%", "de": "99,9\u00a0%", "fr": "99,9\u00a0%",
		"sv": "99,9\u00a0%", "tr": "%99,9", "ja": "99.9%", "he": "99.9%"} {
		if got, _ := lang.Words(tag, "99.9%"); got != want {
			t.Errorf("%s: %q, want %q", tag, got, want)
		}
		if got, _ := lang.Words(tag, "100%"); got != strings.NewReplacer("99,9", "100", "99.9", "100").Replace(want) {
			t.Errorf("%s: %q", tag, got)
		}
	}
}
