// Package langtest reads catalogues of words for tests: those of pages, and those of the dashboard.
package langtest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// Catalogue reads a file of words: each is a text, or an object of CLDR's plural forms. One text is the form `other`.
func Catalogue(t testing.TB, file string) map[string]map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		t.Fatal(err)
	}
	raw := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(file, err)
	}
	out := map[string]map[string]string{}
	for key, value := range raw {
		forms := map[string]string{}
		if one := ""; json.Unmarshal(value, &one) == nil {
			forms["other"] = one
		} else if err := json.Unmarshal(value, &forms); err != nil {
			t.Errorf("%s: %q: %v", file, key, err)
		}
		out[key] = forms
	}
	return out
}

// Filled fails for a form of a word that has not the blanks of its key, which blank finds. number is the one that the
// form `one` or `two` may say in words, as "an hour" does.
func Filled(t testing.TB, file, key string, forms map[string]string, blank *regexp.Regexp, number string) {
	t.Helper()
	for form, text := range forms {
		want, got := blanks(blank, key), blanks(blank, text)
		if (form == "one" || form == "two") && !slices.Contains(got, number) {
			want = slices.DeleteFunc(want, func(p string) bool { return p == number })
		}
		if !slices.Equal(want, got) {
			t.Errorf("%s: %q has %v, and %q has %v", file, key, want, text, got)
		}
	}
}

func blanks(blank *regexp.Regexp, text string) []string {
	found := blank.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}
