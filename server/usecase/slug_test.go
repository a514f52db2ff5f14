package usecase

import (
	"strings"
	"testing"

	"statuspage/shared/page"
)

func TestASlugIsMadeOfANameInAnyScript(t *testing.T) {
	for name, want := range map[string]string{
		"United Fruit Söhne":    "united-fruit-sohne",
		"Straße & Søn A/S":      "strasse-son-a-s",
		"Яндекс Облако":         "iandeks-oblako",
		"Объём":                 "obiom",
		"Ελληνικά Νέα":          "ellenika-nea",
		"北京":                    "bei-jing",
		"O'Reilly":              "oreilly",
		" --Acme,  Inc.-- ":     "acme-inc",
		"日本 Acme":               "ri-ben-acme",
		"🙂":                     "",
		"":                      "",
		"Ｆｕｌｌ width":            "full-width",
		"x\u200by":              "xy",
		"ACME\u00a0\u2014 2026": "acme-2026",
	} {
		if got := SlugOf(name); got != want {
			t.Errorf("%q became %q, not %q", name, got, want)
		}
	}
}

func TestASlugOfALongNameEndsWithAWord(t *testing.T) {
	z := strings.Repeat("z", 200)
	for _, name := range []string{strings.Repeat("Übermorgen ", 20), z, strings.Repeat("Щ", 200), "a " + z[:62]} {
		slug := SlugOf(name)
		if !page.ValidSlug(slug) || len(slug) > page.MaxSlug {
			t.Errorf("%q of %q", slug, name)
		}
	}
	if slug := SlugOf(strings.Repeat("Übermorgen ", 20)); !strings.HasSuffix(slug, "-ubermorgen") {
		t.Errorf("%q ends within a word", slug)
	}
}
