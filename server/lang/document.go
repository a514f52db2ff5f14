package lang

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// own says that an element holds what people wrote, or what is not read.
func own(t *html.Token) bool {
	switch t.DataAtom {
	case atom.Bdi, atom.Script, atom.Style, atom.Code, atom.Title: // a title is written in the language from the start
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
	t := translation{tag: In(tag), miss: miss}
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
				t.out.WriteString(`<script type="application/json" id="page-words">` + string(Script(tag)) +
					"</script>\n")
			}
			t.out.Write(z.Raw())
			t.day = ""
			if t.depth > 0 {
				t.depth--
			}
		default:
			t.out.Write(z.Raw())
		}
	}
}

type translation struct {
	tag   In
	miss  func(string)
	out   bytes.Buffer
	depth int    // of elements within one that stays as it is
	day   string // of the <time> whose text comes, "2026-12-01"; "" is none, or one with a time of day
}

func (t *translation) start(raw []byte, token *html.Token) {
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
		if slices.Contains(read, a.Key) && !own(token) {
			a.Val, changed = t.line(a.Val), true
		}
		switch {
		case token.DataAtom == atom.Html && a.Key == "lang":
			a.Val = string(t.tag)
		case token.DataAtom == atom.Time && a.Key == "datetime" && len(a.Val) == len(time.DateOnly):
			t.day = a.Val
		}
	}
	if token.DataAtom == atom.Html && RightToLeft(string(t.tag)) {
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
	if day, err := time.Parse(time.DateOnly, t.day); err == nil {
		text, t.day = t.tag.Date(day), ""
		t.out.WriteString(html.EscapeString(text))
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
		words, known := Words(string(t.tag), strings.Join(strings.Fields(inner), " "))
		if !known && t.miss != nil {
			t.miss(inner)
		}
		at := strings.Index(part, inner)
		parts[i] = part[:at] + words + part[at+len(inner):]
	}
	return strings.Join(parts, "·")
}
