package status

import "statuspage/shared/wire"

// Languages that pages are written in, and that texts may be translated into, by their tags (RFC 5646).
var Languages = []string{"en", "de", "fr", "es", "pt-BR", "it", "nl", "sv", "pl", "cs", "uk", "tr", "ja", "ko",
	"zh-Hans", "ar", "he"}

// Translation is what an incident, a window or an entry of a timeline says in another language than its own. Of texts,
// "" is not translated.
type Translation struct {
	Language    string
	Title       string
	Description string
	Postmortem  string // of an incident
	Excluded    string // of an incident
	Body        string // of an entry
}

// Wire is one of an incident's `translations`.
func (t *Translation) Wire(f *wire.Fields) {
	t.WireWindow(f)
	f.Str("postmortem", &t.Postmortem)
	f.Str("excluded_reason", &t.Excluded)
}

// WireWindow is one of a window's `translations`.
func (t *Translation) WireWindow(f *wire.Fields) {
	f.Str("language", &t.Language)
	f.Str("title", &t.Title)
	f.Str("description", &t.Description)
}

// WireEntry is one of the `translations` of an entry of a timeline.
func (t *Translation) WireEntry(f *wire.Fields) {
	f.Str("language", &t.Language)
	f.Str("body", &t.Body)
}

// Original are the texts that a translation is of, each in the place that Texts has it in.
type Original [5]string

var originals = Original{"title", "description", "postmortem", "excluded_reason", "body"}

// Texts are its texts, each in its place.
func (t *Translation) Texts() [5]*string {
	return [...]*string{&t.Title, &t.Description, &t.Postmortem, &t.Excluded, &t.Body}
}

// Wire of a language that may be left out.
func wireLanguage(f *wire.Fields, language *string) {
	if f.Reading() || *language != "" {
		f.Str("language", language)
	}
}

// Empty says that it says nothing.
func (t *Translation) Empty() bool {
	return t.Title == "" && t.Description == "" && t.Postmortem == "" && t.Excluded == "" && t.Body == ""
}

// TranslatedInto finds what is said in a language; nil where it is not there.
func TranslatedInto(list []Translation, language string) *Translation {
	for i := range list {
		if list[i].Language == language {
			return &list[i]
		}
	}
	return nil
}

// Language refuses a language that is not spoken; "" is the organisation's.
func (c *Checks) Language(language string) {
	c.OneOf("language", language, language == "" || contains(Languages, language), Languages)
}

// Translations refuses translations that are none: into a language that is not spoken, into one twice, into that of the
// original, or of a text that is not there.
func (c *Checks) Translations(field string, list []Translation, of Original, language string) {
	for i := range list {
		t, at := &list[i], field+"["+wire.Itoa(int64(i))+"]."
		if i == len(Languages) {
			return // one of those before was refused
		}
		c.OneOf(at+"language", t.Language, contains(Languages, t.Language), Languages)
		c.That(t.Language != language, at+"language", "The original is in %s already.", language)
		c.That(TranslatedInto(list[:i], t.Language) == nil, at+"language", "%s is there twice.", t.Language)
		for k, text := range t.Texts() {
			c.That(*text == "" || of[k] != "", at+originals[k], "There is no original of this text.")
		}
		c.Name(at+"title", t.Title, TitleMax, false)
		c.Text(at+"description", t.Description, BodyMax, false)
		c.Text(at+"postmortem", t.Postmortem, BodyMax, false)
		c.Text(at+"excluded_reason", t.Excluded, ReasonMax, false)
		c.Text(at+"body", t.Body, BodyMax, false)
	}
}
