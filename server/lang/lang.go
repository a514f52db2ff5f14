// Package lang writes pages in the languages that their readers ask for. Pages are rendered in English; what is the
// program's own in them is put into another language by a catalogue whose keys are the English words, as gettext does.
// What people wrote stays as it is: elements with dir="auto", <bdi> and prose are left alone. CONTRACT 8.
package lang

import (
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"

	"statuspage/shared/page"
)

// English is what pages are rendered in.
const English = "en"

// Names are what the languages call themselves.
var Names = map[string]string{"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español",
	"pt-BR": "Português (Brasil)", "it": "Italiano",
	"nl": "Nederlands", "sv": "Svenska", "pl": "Polski", "cs": "Čeština", "uk": "Українська", "tr": "Türkçe",
	"ja": "日本語", "ko": "한국어",
	"zh-Hans": "简体中文", "ar": "العربية", "he": "עברית"}

// RightToLeft says in which direction a language is written.
func RightToLeft(tag string) bool { return tag == "ar" || tag == "he" }

// matchers choose among the languages of a page, by the list of them.
var matchers sync.Map

// Choose is the language for a reader of a page: what the address asks for, what they chose before, what their browser
// asks for, what the page speaks. may are the languages of the page; none is all.
func Choose(asked, chosen, accept, own string, may []string) string {
	if own == "" {
		own = English
	}
	if len(may) == 0 {
		may = page.Languages
	}
	for _, wish := range []string{asked, chosen} {
		if tag, ok := known(wish, may); ok {
			return tag
		}
	}
	if len(accept) > 0 && len(accept) <= maxAccept {
		if wishes, _, err := language.ParseAcceptLanguage(accept); err == nil {
			if tag, ok := match(wishes, may); ok {
				return tag
			}
		}
	}
	return own
}

const maxAccept = 200 // bytes of Accept-Language that are looked at

func known(wish string, may []string) (string, bool) {
	if wish == "" || len(wish) > 35 { // RFC 5646 4.4.1
		return "", false
	}
	if slices.Contains(may, wish) {
		return wish, true
	}
	tag, err := language.Parse(wish)
	if err != nil {
		return "", false
	}
	return match([]language.Tag{tag}, may)
}

func match(wishes []language.Tag, may []string) (string, bool) {
	key := strings.Join(may, ",")
	m, there := matchers.Load(key)
	if !there {
		tags := make([]language.Tag, len(may))
		for i, t := range may {
			tags[i] = language.Make(t)
		}
		m = language.NewMatcher(tags)
		if len(may) == len(page.Languages) { // other lists are organisations' to make, and are not kept
			matchers.Store(key, m)
		}
	}
	if _, i, sure := m.(language.Matcher).Match(wishes...); sure >= language.High {
		return may[i], true
	}
	return "", false
}
