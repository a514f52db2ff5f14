package page

import (
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// What the looks of a page may hold. CONTRACT 8.
const (
	MaxLinks      = 10
	MaxLinkName   = 60     // characters
	MaxLinkURL    = 500    // characters
	MaxHeaderText = 500    // characters
	MaxCSS        = 20_000 // characters
)

// Languages that pages are written in, by their tags (RFC 5646).
var Languages = status.Languages

// Looks, Themes and Densities are what a page may look like, the usual one first.
var (
	Looks     = []string{"plain", "soft", "lines", "print"}
	Themes    = []string{"auto", "light", "dark"}
	Densities = []string{"comfortable", "compact"}
	places    = []string{"head", "foot"}

	// Reports says what becomes of visitors' reports: the team's alone, their number on the page, or none are taken.
	Reports = []string{"private", ShownReports, NoReports}
)

const (
	ShownReports = "shown"
	NoReports    = "off"
)

// Link leads from the head or the foot of the page to another site.
type Link struct {
	Name, URL string
	Place     string // head or foot
}

// Wire is one of an organisation's `links`.
func (l *Link) Wire(f *wire.Fields) {
	f.Str("name", &l.Name)
	f.Str("url", &l.URL)
	f.Str("place", &l.Place)
}

// Style is how an organisation's page looks and speaks. Of words, "" is the usual one.
type Style struct {
	Language   string   // that it speaks to whoever asks for no other
	Languages  []string // that it may speak; none is all
	Theme      string
	Look       string
	Density    string
	Links      []Link
	HeaderText string
	LogoDark   string // name of the picture on dark grounds, or "" for the same as on light ones
	Favicon    string // name of a picture, or "" for the symbol of the state
	CSS        string // its own stylesheet, as it was written; served on its own host name alone
	Hidden     bool   // search engines keep nothing of it
	Reports    string // what becomes of visitors' reports
}

// wire is its part of the `organization` of the REST API.
func (s *Style) wire(f *wire.Fields) {
	word(f, "language", &s.Language, Languages)
	f.Strings("languages", &s.Languages)
	word(f, "theme", &s.Theme, Themes)
	word(f, "look", &s.Look, Looks)
	word(f, "density", &s.Density, Densities)
	wire.List(f, "links", &s.Links, (*Link).Wire)
	f.Str("header_text", &s.HeaderText)
	f.Str("logo_dark", &s.LogoDark)
	f.Str("favicon", &s.Favicon)
	f.Str("custom_css", &s.CSS)
	word(f, "reports", &s.Reports, Reports)
	indexing := !s.Hidden
	if f.Bool("indexing", &indexing); f.Reading() { // what is written is shared with others who read it
		s.Hidden = !indexing
	}
}

// word maps a word of a list of which the first is kept as "".
func word(f *wire.Fields, key string, text *string, words []string) {
	full := or(*text, words[0])
	f.Str(key, &full)
	if f.Reading() {
		if *text = full; full == words[0] {
			*text = ""
		}
	}
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func among(word string, words []string) bool {
	for _, w := range words {
		if w == word {
			return true
		}
	}
	return false
}

// check says what is wrong with it.
func (s *Style) check(c *status.Checks) {
	for _, w := range []struct {
		field, word string
		allowed     []string
	}{{"language", s.Language, Languages}, {"theme", s.Theme, Themes}, {"look", s.Look, Looks}, {"density", s.Density,
		Densities}, {"reports", s.Reports, Reports}} {
		c.OneOf(w.field, w.word, w.word == "" || among(w.word, w.allowed), w.allowed)
	}
	for i, l := range s.Languages {
		field := "languages[" + wire.Itoa(int64(i)) + "]"
		c.OneOf(field, l, among(l, Languages), Languages)
		c.That(!among(l, s.Languages[:i]), field, "%s is in languages twice.", l)
	}
	own := or(s.Language, Languages[0])
	c.That(len(s.Languages) == 0 || among(own, s.Languages), "languages",
		"languages must have the page's own language, %s.", own)
	c.That(len(s.Links) <= MaxLinks, "links", "A page may have %s links at most.", wire.Itoa(MaxLinks))
	for i := range s.Links {
		s.Links[i].check(c, "links["+wire.Itoa(int64(i))+"].")
	}
	c.Line("header_text", s.HeaderText, MaxHeaderText, false)
	c.Text("custom_css", s.CSS, MaxCSS, false)
	for _, p := range []struct{ field, name, at string }{{"logo_dark", s.LogoDark, "logo-dark"}, {"favicon",
		s.Favicon, "favicon"}} {
		_, _, named := logoSize(p.name)
		c.That(p.name == "" || named, p.field, "%s must name a picture that was put at organization/%s.", p.field, p.at)
	}
}

func (l *Link) check(c *status.Checks, at string) {
	c.Line(at+"name", l.Name, MaxLinkName, true)
	c.Line(at+"url", l.URL, MaxLinkURL, true)
	c.That(prefixed(l.URL, "https://") || prefixed(l.URL, "http://") || prefixed(l.URL, "mailto:"), at+"url",
		"%s must start with https://, http:// or mailto:.", at+"url")
	c.OneOf(at+"place", l.Place, among(l.Place, places), places)
}

// size is how many bytes its texts take in an answer of the database.
func (s *Style) size() int64 {
	n := inAnswer(s.HeaderText) + inAnswer(s.CSS)
	for _, l := range s.Links {
		n += inAnswer(l.Name) + inAnswer(l.URL) + refBytes
	}
	return n
}

// style puts in all words of it, as they are today.
func (r rewriter) style(s, now *Style) {
	r.text(&s.HeaderText, now.HeaderText)
	r.text(&s.LogoDark, now.LogoDark)
	r.text(&s.Favicon, now.Favicon)
	r.text(&s.CSS, now.CSS)
	if len(s.Links) > 0 && !sameLinks(s.Links, now.Links) {
		s.Links, *r.changed = now.Links, true
	}
}

func sameLinks(a, b []Link) bool {
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

// EditStyle changes what is given of a Style; nil is left as it is.
type EditStyle struct {
	Language, Theme, Look, Density *string
	Reports                        *string
	Languages                      []string // [] is all
	Links                          []Link
	HeaderText                     *string
	LogoDark                       *string // "" takes it off
	Favicon                        *string // "" takes it off
	CSS                            *string // "" takes it off
	Indexing                       *bool
}

func (e *EditStyle) wire(f *wire.Fields) {
	f.OptStr("language", &e.Language)
	someStrings(f, "languages", &e.Languages)
	f.OptStr("theme", &e.Theme)
	f.OptStr("look", &e.Look)
	f.OptStr("density", &e.Density)
	wire.OptList(f, "links", &e.Links, (*Link).Wire)
	f.OptStr("header_text", &e.HeaderText)
	f.OptStr("logo_dark", &e.LogoDark)
	f.OptStr("favicon", &e.Favicon)
	f.OptStr("custom_css", &e.CSS)
	f.OptBool("indexing", &e.Indexing)
	f.OptStr("reports", &e.Reports)
}

func (e *EditStyle) apply(s *Style) {
	for _, w := range []struct {
		of     *string
		change *string
		usual  string
	}{{&s.Language, e.Language, Languages[0]}, {&s.Theme, e.Theme, Themes[0]}, {&s.Look, e.Look,
		Looks[0]}, {&s.Density, e.Density, Densities[0]}, {&s.Reports, e.Reports,
		Reports[0]}} {
		if edit(w.of, w.change) && *w.of == w.usual {
			*w.of = ""
		}
	}
	if e.Languages != nil {
		s.Languages = e.Languages
	}
	if e.Links != nil {
		s.Links = e.Links
	}
	edit(&s.HeaderText, e.HeaderText)
	edit(&s.LogoDark, e.LogoDark)
	edit(&s.Favicon, e.Favicon)
	edit(&s.CSS, e.CSS)
	if e.Indexing != nil {
		s.Hidden = !*e.Indexing
	}
}
