// Package lang writes pages in the languages that their readers ask for. Pages are rendered in English; what is the
// program's own in them is put into another language by a catalogue whose keys are the English words, as gettext does.
// What people wrote stays as it is: elements with dir="auto", <bdi> and prose are left alone. CONTRACT 8.
package lang

import (
	"bytes"
	"embed"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/text/language"

	"statuspage/shared/page"
)

//go:embed words/*.json
var files embed.FS

// English is what pages are rendered in.
const English = "en"

// catalogue is one language's words by the English ones.
type catalogue map[string]string

// catalogues are those of all languages but English.
var catalogues = sync.OnceValue(func() map[string]catalogue {
	all := map[string]catalogue{}
	for _, tag := range page.Languages[1:] {
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
	return all
})

// Names are what the languages call themselves.
var Names = map[string]string{"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español", "pt-BR": "Português (Brasil)", "it": "Italiano",
	"nl": "Nederlands", "sv": "Svenska", "pl": "Polski", "cs": "Čeština", "uk": "Українська", "tr": "Türkçe", "ja": "日本語", "ko": "한국어",
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

// pattern is a key with places for numbers, spans and dates in it.
type pattern struct {
	key   string
	text  *regexp.Regexp
	names []string
}

const (
	spanText  = `(?:\d+ (?:day|hour|minute)s?)(?: \d+ (?:hour|minute)s?)?|less than a minute`
	stateText = `Operational|Degraded Performance|Partial Outage|Major Outage|Under Maintenance`
	dateText  = `\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* \d{4}`
)

// patterns are the keys that are no fixed words, the longest first.
var patterns = sync.OnceValue(func() (out []pattern) {
	for key := range catalogues()["de"] {
		if !strings.Contains(key, "{") || strings.HasPrefix(key, "{d} {m}") {
			continue
		}
		text := regexp.QuoteMeta(key)
		text = strings.ReplaceAll(text, `\{n\}`, `(?P<n>\d+)`)
		text = strings.ReplaceAll(text, `\{x\}`, `(?P<x>.+?)`)
		re := regexp.MustCompile("^" + text + "$")
		out = append(out, pattern{key, re, re.SubexpNames()})
	}
	slices.SortFunc(out, func(a, b pattern) int { return len(b.key) - len(a.key) })
	return out
})

var (
	aSpan = regexp.MustCompile(`^(?:` + spanText + `)$`)
	aDate = regexp.MustCompile(`^(` + dateText + `)(, \d\d:\d\d.*)?$`)
	aPart = regexp.MustCompile(`(\d+) (day|hour|minute)s?`)
)

// aDecimal is a number with decimals, or a share. points are the languages that write them with a point, as CLDR has it.
var (
	aDecimal = regexp.MustCompile(`^\d+\.\d+%?$`)
	points   = []string{"ar", "he", "ja", "ko", "zh-Hans"}
)

var months = []string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}

// Words puts English words of the program's own into a language; not ok are words that it does not know.
func Words(tag, text string) (string, bool) {
	words := catalogues()[tag]
	if words == nil {
		return text, true
	}
	if out, ok := words[text]; ok && out != "" && !strings.Contains(text, "{") {
		return out, true
	}
	if aSpan.MatchString(text) {
		return words.span(text), true
	}
	if m := aDate.FindStringSubmatch(text); m != nil {
		return words.date(m[1]) + m[2], true
	}
	if aClock.MatchString(text) || slices.Contains(everywhere, text) {
		return text, true
	}
	if aDecimal.MatchString(text) {
		if slices.Contains(points, tag) {
			return text, true
		}
		return strings.Replace(text, ".", ",", 1), true
	}
	for _, verb := range verbs {
		if rest, is := strings.CutPrefix(text, verb+" "); is {
			if out, ok := Words(tag, rest); ok {
				return words[verb] + " " + out, true
			}
		}
	}
	if happened.MatchString(text) {
		return words.happened(tag, text), true
	}
	for _, p := range patterns() {
		m := p.text.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		out := words[p.key]
		for i, name := range p.names {
			if name != "" {
				inner := m[i]
				if name == "x" {
					inner, _ = Words(tag, inner)
				}
				out = strings.ReplaceAll(out, "{"+name+"}", inner)
			}
		}
		return out, true
	}
	return text, !letters.MatchString(text)
}

// everywhere are words that are the same in every language.
var everywhere = []string{"Atom", "RSS", "you@example.com"}

// verbs stand before words of their own.
var verbs = []string{"was", "begins", "ends", "began", "planned for"}

var (
	aClock   = regexp.MustCompile(`^\d\d:\d\d( [A-Z0-9+:-]+)?$`)
	happened = regexp.MustCompile(`^(?:(?:` + stateText + `) (?:` + spanText + `)(?:, |$))+$`)
	aState   = regexp.MustCompile(`(` + stateText + `) (less than a minute|\d[^,]*)`)
)

// happened writes "Partial Outage 34 minutes, Degraded Performance 2 hours".
func (c catalogue) happened(tag, text string) string {
	return aState.ReplaceAllStringFunc(text, func(one string) string {
		m := aState.FindStringSubmatch(one)
		state, _ := Words(tag, m[1])
		return state + " " + c.span(m[2])
	})
}

var letters = regexp.MustCompile(`[A-Za-z]{2}`)

// span writes "2 hours 3 minutes" in the short units of a language, which have no plurals.
func (c catalogue) span(text string) string {
	if out, fixed := c[text]; fixed {
		return out
	}
	return aPart.ReplaceAllStringFunc(text, func(part string) string {
		m := aPart.FindStringSubmatch(part)
		return m[1] + "\u00a0" + c[map[string]string{"day": "d", "hour": "h", "minute": "min"}[m[2]]]
	})
}

func (c catalogue) date(text string) string {
	parts := strings.Fields(text)
	i := slices.IndexFunc(months, func(m string) bool { return strings.HasPrefix(m, parts[1][:3]) })
	return strings.NewReplacer("{d}", parts[0], "{m}", c[months[i]], "{y}", parts[2]).Replace(c["{d} {m} {y}"])
}

// Script is what a page's scripts say, as JSON: the words of a language by the English ones.
func Script(tag string) []byte {
	out := map[string]string{}
	for _, key := range scripted {
		out[key] = catalogues()[tag][key]
	}
	out["Times are in your zone, {x}, and so are the days of incidents."] = catalogues()[tag]["Times are in {x}, and so are the days of incidents."]
	text, err := json.Marshal(out)
	if err != nil {
		panic(err)
	}
	return text
}

var scripted = []string{"Live", "Not live since {x}.", "Connecting…", "Trying again…", "We could not reconnect. We look once a minute.", "This page is live again.",
	"just now", "Refresh", "No incidents.", "Times are in {x}, and so are the days of incidents."}

// own says that an element holds what people wrote, or what is not read.
func own(t *html.Token) bool {
	if t.DataAtom == atom.Bdi || t.DataAtom == atom.Script || t.DataAtom == atom.Style || t.DataAtom == atom.Code {
		return true
	}
	for _, a := range t.Attr {
		if a.Key == "dir" && a.Val == "auto" || a.Key == "translate" && a.Val == "no" {
			return true
		}
	}
	return false
}

// read are the attributes that are read to people.
var read = []string{"aria-label", "placeholder", "title"}

// void are elements without an end.
var void = []atom.Atom{atom.Img, atom.Br, atom.Input, atom.Meta, atom.Link, atom.Source, atom.Hr, atom.Col, atom.Wbr}

// Document puts a rendered page into a language. miss hears of words that the catalogue has not; it may be nil.
func Document(tag string, doc []byte, miss func(string)) []byte {
	if tag == English || catalogues()[tag] == nil {
		return doc
	}
	t := translation{tag: tag, miss: miss}
	z := html.NewTokenizer(bytes.NewReader(doc))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return t.out.Bytes()
		case html.TextToken:
			t.text(z.Raw(), z.Token().Data)
		case html.StartTagToken, html.SelfClosingTagToken:
			raw := bytes.Clone(z.Raw())
			token := z.Token()
			t.start(raw, &token)
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == "head" {
				t.out.WriteString(`<script type="application/json" id="page-words">` + string(Script(tag)) + "</script>\n")
			}
			t.out.Write(z.Raw())
			t.title = false
			if t.depth > 0 {
				t.depth--
			}
		default:
			t.out.Write(z.Raw())
		}
	}
}

type translation struct {
	tag   string
	miss  func(string)
	out   bytes.Buffer
	depth int  // of elements within one that stays as it is
	title bool // the text that comes is the document's title
}

func (t *translation) start(raw []byte, token *html.Token) {
	t.title = token.DataAtom == atom.Title
	leaf := token.Type == html.SelfClosingTagToken || slices.Contains(void, token.DataAtom)
	if t.depth > 0 {
		t.out.Write(raw)
		if !leaf {
			t.depth++
		}
		return
	}
	if own(token) && !leaf {
		t.depth = 1
	}
	changed := token.DataAtom == atom.Html
	for i := range token.Attr {
		a := &token.Attr[i]
		if slices.Contains(read, a.Key) {
			a.Val, changed = t.line(a.Val), true
		}
		if token.DataAtom == atom.Html && a.Key == "lang" {
			a.Val = t.tag
		}
	}
	if token.DataAtom == atom.Html && RightToLeft(t.tag) {
		token.Attr = append(token.Attr, html.Attribute{Key: "dir", Val: "rtl"})
	}
	if changed {
		t.out.WriteString(token.String())
	} else {
		t.out.Write(raw)
	}
}

func (t *translation) text(raw []byte, text string) {
	if t.depth > 0 || strings.TrimSpace(text) == "" {
		t.out.Write(raw)
		return
	}
	if first, rest, is := strings.Cut(text, " – "); t.title && is {
		words, _ := Words(t.tag, first)
		status, _ := Words(t.tag, "Status")
		t.out.WriteString(html.EscapeString(words + " – " + strings.TrimSuffix(rest, " Status") + " – " + status))
		return
	}
	if t.title {
		t.out.Write(raw)
		return
	}
	t.out.WriteString(html.EscapeString(t.line(text)))
}

// line puts each of the words between dots into the language; the space around them stays.
func (t *translation) line(text string) string {
	parts := strings.Split(text, "·")
	for i, part := range parts {
		inner := strings.Trim(part, " \n\t\u00a0")
		if inner == "" {
			continue
		}
		words, known := Words(t.tag, strings.Join(strings.Fields(inner), " "))
		if !known && t.miss != nil {
			t.miss(inner)
		}
		at := strings.Index(part, inner)
		parts[i] = part[:at] + words + part[at+len(inner):]
	}
	return strings.Join(parts, "·")
}
