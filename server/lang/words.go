package lang

import (
	"embed"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"statuspage/shared/page"
)

//go:embed words/*.json
var files embed.FS

// phrase is a sentence in one language: one text, or one for each of the forms that CLDR's plural rules give the number
// in it ("one", "few", "many", …). "other" is always there.
type phrase map[string]string

// UnmarshalJSON takes a text, or an object of forms.
func (p *phrase) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*p = phrase{"other": one}
		return nil
	}
	return json.Unmarshal(text, (*map[string]string)(p))
}

// catalogue is one language's words by the English ones. That of English has only what depends on a number.
type catalogue map[string]phrase

// catalogues are those of all languages.
var catalogues = sync.OnceValue(func() map[string]catalogue {
	all := map[string]catalogue{}
	for _, tag := range page.Languages {
		text, err := files.ReadFile("words/" + tag + ".json")
		if err != nil {
			panic(err) // it is part of the program
		}
		words := catalogue{}
		if err := json.Unmarshal(text, &words); err != nil {
			panic(err)
		}
		all[tag] = words
	}
	all[Pseudo] = pseudo(all["de"])
	return all
})

// Pseudo is a language that nobody reads: each letter of a key has a mark. What comes out of it without marks is in no
// catalogue. It is never chosen; tests render in it.
const Pseudo = "qps"

func pseudo(keys catalogue) catalogue {
	out := catalogue{}
	for key := range keys {
		out[key] = phrase{"other": marked(key)}
	}
	return out
}

// marked is an English text in the pseudo language; places keep their names.
func marked(text string) string {
	inside := false
	return strings.Map(func(r rune) rune {
		switch {
		case r == '{' || r == '}':
			inside = r == '{'
		case !inside && r >= 'a' && r <= 'z':
			return r - 'a' + 'ａ'
		case !inside && r >= 'A' && r <= 'Z':
			return r - 'A' + 'Ａ'
		}
		return r
	}, text)
}

// In is the language that something is written in.
type In string

// Say puts a sentence of the program's own into the language. pairs are names of places in it, each with its text,
// which stays as it is.
func (l In) Say(key string, pairs ...string) string {
	return fill(l.form(key, -1), pairs)
}

// Count is Say for a sentence with a number in it, {n}: in the form that the number takes there.
func (l In) Count(n int64, key string, pairs ...string) string {
	return fill(l.form(key, n), append([]string{"n", strconv.FormatInt(n, 10)}, pairs...))
}

// form is the text of a key; n is the number in it, or -1.
func (l In) form(key string, n int64) string {
	forms := catalogues()[string(l)][key]
	if forms == nil {
		return key
	}
	if n >= 0 && len(forms) > 1 {
		if text, there := forms[formOf(string(l), n)]; there {
			return text
		}
	}
	return forms["other"]
}

var formNames = map[plural.Form]string{plural.Zero: "zero", plural.One: "one", plural.Two: "two",
	plural.Few: "few", plural.Many: "many",
	plural.Other: "other"}

// formOf is the form of a whole number, by CLDR's plural rules.
func formOf(tag string, n int64) string {
	// The rules look at a number's last six digits.
	small := int(n)
	if n >= 1e7 {
		small = 1e6 + int(n%1e6)
	}
	return formNames[plural.Cardinal.MatchPlural(language.Make(tag), small, 0, 0, 0, 0)]
}

func fill(text string, pairs []string) string {
	if len(pairs) == 0 {
		return text
	}
	places := make([]string, len(pairs))
	for i := 0; i+1 < len(pairs); i += 2 {
		places[i], places[i+1] = "{"+pairs[i]+"}", pairs[i+1]
	}
	return strings.NewReplacer(places...).Replace(text)
}

// pattern is an English form of a key with places in it, which finds what stands in them.
type pattern struct {
	key   string
	text  *regexp.Regexp
	names []string
}

var place = regexp.MustCompile(`\\\{([a-z]+)\\\}`)

// patterns are the keys that are no fixed words, the longest first.
var patterns = sync.OnceValue(func() (out []pattern) {
	for key := range catalogues()["de"] {
		if !strings.Contains(key, "{") || strings.HasPrefix(key, "{d} ") || strings.HasPrefix(key, "{m} ") {
			continue
		}
		forms := catalogues()[English][key]
		if forms == nil {
			forms = phrase{"other": key}
		}
		for _, form := range forms {
			text := place.ReplaceAllStringFunc(regexp.QuoteMeta(form), func(p string) string {
				name := place.FindStringSubmatch(p)[1]
				if name == "n" {
					return `(?P<n>\d+)`
				}
				return `(?P<` + name + `>.+?)`
			})
			re := regexp.MustCompile("^" + text + "$")
			out = append(out, pattern{key, re, re.SubexpNames()})
		}
	}
	slices.SortFunc(out, func(a, b pattern) int {
		if n := len(b.key) - len(a.key); n != 0 {
			return n
		}
		return strings.Compare(a.key, b.key)
	})
	return out
})

// places puts words with places in them into a language. What stands at {x} is the program's own and is put into it,
// too; what stands at any other name is somebody's.
func (l In) places(text string) (string, bool) {
	for _, p := range patterns() {
		m := p.text.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		n, ok := int64(-1), true
		var pairs []string
		for i, name := range p.names {
			inner := m[i]
			switch name {
			case "":
				continue
			case "n":
				n, _ = strconv.ParseInt(inner, 10, 64) // digits, as the pattern says
			case "x":
				inner, ok = l.words(inner)
			}
			pairs = append(pairs, name, inner)
		}
		return fill(l.form(p.key, n), pairs), ok
	}
	return "", false
}

// everywhere are words that are the same in every language.
var everywhere = []string{"Atom", "RSS", "UTC", ", UTC", "you@example.com", "Slack", "Teams", "Discord",
	"Webhook", "URL"}

// verbs stand before words of their own.
var verbs = []string{"was", "begins", "ends", "began", "planned for"}

// Words puts English words of the program's own into a language; not ok are words that it does not know.
func Words(tag, text string) (string, bool) { return In(tag).words(text) }

func (l In) words(text string) (string, bool) {
	words := catalogues()[string(l)]
	if words == nil || l == English {
		return text, true
	}
	if _, ok := words[text]; ok && !strings.Contains(text, "{") {
		return l.form(text, -1), true
	}
	if out, is := l.measure(text); is {
		return out, true
	}
	if aClock.MatchString(text) || slices.Contains(everywhere, text) {
		return text, true
	}
	for _, verb := range verbs {
		if rest, is := strings.CutPrefix(text, verb+" "); is {
			if out, ok := l.words(rest); ok {
				return l.Say(verb) + " " + out, true
			}
		}
	}
	if out, ok := l.places(text); out != "" {
		return out, ok
	}
	return text, !letters.MatchString(text)
}

var letters = regexp.MustCompile(`[A-Za-z]{2}`)

// Script is what a page's scripts say, as JSON: the words of a language by the English ones.
func Script(tag string) []byte {
	out := map[string]string{}
	for _, key := range scripted {
		out[key] = In(tag).Say(key)
	}
	const zone = "Times are in {x}, and so are the days of incidents."
	out["Times are in your zone, {x}, and so are the days of incidents."] = In(tag).Say(zone)
	text, err := json.Marshal(out)
	if err != nil {
		panic(err)
	}
	return text
}

var scripted = []string{"Live", "Not live since {x}.", "Connecting…", "Trying again…",
	"We could not reconnect. We look once a minute.",
	"This page is live again.", "This page is not live.", "This page is no longer here.",
	"This page is not open to everybody any more.",
	"Too many pages are open in your network. We look once a minute.", "The newest page did not come yet.",
	"This region is behind.", "just now", "Refresh", "No incidents.",
	"Times are in {x}, and so are the days of incidents.",
	"{x}% uptime", "No data", "No trouble", "Day by day, from midnight UTC", "Enter leads to the incidents of a day.",
	"Close", "The link is copied.",
	"We could not reach the server. Please try again.",
	// What frames say, in English.
	"Operational", "Degraded Performance", "Partial Outage", "Major Outage", "Under Maintenance",
	"Investigating", "Identified", "Monitoring", "Resolved",
	"Maintenance scheduled", "Maintenance in progress", "Maintenance verifying", "Maintenance completed",
	"Maintenance cancelled"}
