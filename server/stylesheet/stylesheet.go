// Package stylesheet rewrites the stylesheet that an organisation has written for its own page (`custom_css`, CONTRACT
// 8) so that it can load nothing, and can change neither a control nor the notice that a page is old.
//
// What is written is parsed, and only what is known to be harmless is written out again: rules and @media, properties
// of colour, text, border and room, their usual functions, no address, no escape and no position. Every selector leaves
// out the controls. The first thing that is not known is refused with its line.
package stylesheet

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"

	"statuspage/shared/page"
)

// MaxCSS is how many bytes a stylesheet may have as it is written.
const MaxCSS = page.MaxCSS

// spared is added to each selector: what people work the page with, and the notice that it is old. It weighs nothing.
const spared = ":not(:where(a.button,button,input,select,textarea,label,summary,fieldset,form,dialog,[popover]," +
	".notice,form *,dialog *,[popover] *,.notice *,button *))"

// Refused is the first thing that a stylesheet may not have.
type Refused struct {
	Line int    // from 1
	What string // as it is written, shortened
	Why  string // a sentence about it
}

func (r *Refused) Error() string { return fmt.Sprintf("line %d: %s: %s", r.Line, r.What, r.Why) }

// Rewrite is the stylesheet as it is served, or what is refused of it.
func Rewrite(text string) (string, *Refused) {
	if len(text) > MaxCSS {
		return "", &Refused{1, "", fmt.Sprintf("A stylesheet may have %d bytes.", MaxCSS)}
	}
	w := &writer{text: []byte(text)}
	if bytes.ContainsAny(w.text, "\\\x00<") {
		return "", w.refuse(bytes.IndexAny(w.text, "\\\x00<"), `\ or <`, "Escapes and markup are not taken.")
	}
	p := css.NewParser(parse.NewInputBytes(w.text), false)
	for {
		kind, _, data := p.Next()
		if kind == css.ErrorGrammar {
			if p.HasParseError() || p.Err() != io.EOF { //nolint:errorlint // the parser's own, never wrapped
				return "", w.refuse(p.Offset(), string(data), "It cannot be read as CSS.")
			}
			break
		}
		if no := w.take(kind, string(data), p.Values(), p.Offset()); no != nil {
			return "", no
		}
	}
	if w.depth != 0 {
		return "", w.refuse(len(text), "}", "A block is not closed.")
	}
	return w.out.String(), nil
}

type writer struct {
	text  []byte
	out   strings.Builder
	depth int
}

func (w *writer) refuse(offset int, what, why string) *Refused {
	if what = strings.TrimSpace(what); len(what) > 40 {
		what = what[:40] + "…"
	}
	return &Refused{1 + bytes.Count(w.text[:min(max(offset, 0), len(w.text))], []byte("\n")),
		strings.ToValidUTF8(what, ""), why}
}

func (w *writer) take(kind css.GrammarType, data string, values []css.Token, at int) *Refused {
	switch kind {
	case css.CommentGrammar:
		return nil
	case css.BeginAtRuleGrammar:
		if !strings.EqualFold(data, "@media") {
			break
		}
		condition, why := media(values)
		if why != "" {
			return w.refuse(at, condition, why)
		}
		w.depth++
		w.out.WriteString("@media " + condition + "{")
		return nil
	case css.EndAtRuleGrammar, css.EndRulesetGrammar:
		w.depth--
		w.out.WriteString("}\n")
		return nil
	case css.BeginRulesetGrammar:
		list, why := selectors(values)
		if why != "" {
			return w.refuse(at, list, why)
		}
		w.depth++
		w.out.WriteString(list + "{")
		return nil
	case css.DeclarationGrammar:
		name := strings.ToLower(data)
		if !properties[name] {
			return w.refuse(at, data, "This property is not taken; docs/look.md lists those that are.")
		}
		value, why := value(values)
		if why != "" {
			return w.refuse(at, data+": "+value, why)
		}
		w.out.WriteString(name + ":" + value + ";")
		return nil
	}
	return w.refuse(at, data, "Only rules and @media are taken.")
}

// media is the condition of an @media block: words, and comparisons in parentheses.
func media(values []css.Token) (string, string) {
	var b strings.Builder
	for _, t := range values {
		switch t.TokenType {
		case css.IdentToken, css.LeftParenthesisToken, css.RightParenthesisToken, css.ColonToken, css.CommaToken,
			css.NumberToken, css.DimensionToken, css.WhitespaceToken, css.DelimToken:
			b.Write(t.Data)
		default:
			return string(t.Data), "This cannot stand in @media."
		}
	}
	return b.String(), ""
}

// states are the pseudo-classes that a selector may have.
var states = map[string]bool{"hover": true, "root": true, "first-child": true, "last-child": true, "only-child": true,
	"first-of-type": true, "last-of-type": true, "empty": true, "lang(": true, "nth-child(": true, "nth-of-type(": true}

// selectors are those of a rule. A comma within parentheses is not taken, so that each comma is between two.
func selectors(values []css.Token) (string, string) {
	var all []string
	for len(values) > 0 {
		n := slices.IndexFunc(values, func(t css.Token) bool { return t.TokenType == css.CommaToken })
		last := n < 0
		if last {
			n = len(values)
		}
		one, why := selector(values[:n])
		if why != "" {
			return one, why
		}
		all = append(all, one)
		if values = values[min(n+1, len(values)):]; !last && len(values) == 0 {
			return ",", "A selector is not whole."
		}
	}
	if len(all) == 0 {
		return "{", "A selector is not whole."
	}
	return strings.Join(all, ","), ""
}

// selector is one of a rule, with what it spares.
func selector(values []css.Token) (string, string) {
	var b strings.Builder
	open := 0
	for i, t := range values {
		text := string(t.Data)
		open += opens(t)
		switch t.TokenType {
		case css.IdentToken, css.HashToken, css.LeftBracketToken, css.RightBracketToken, css.StringToken,
			css.WhitespaceToken, css.IncludeMatchToken, css.DashMatchToken, css.PrefixMatchToken, css.SuffixMatchToken,
			css.SubstringMatchToken, css.ColonToken, css.RightParenthesisToken, css.NumberToken, css.DimensionToken:
		case css.FunctionToken:
			if !states[strings.ToLower(text)] {
				return text, "This cannot stand in a selector."
			}
		case css.DelimToken:
			if !strings.Contains(".>+~*=", text) {
				return text, "This cannot stand in a selector."
			}
		default:
			return text, "This cannot stand in a selector."
		}
		if i > 0 && values[i-1].TokenType == css.ColonToken && !states[strings.ToLower(text)] {
			return ":" + text, "This state or part of an element cannot be chosen."
		}
		b.WriteString(text)
	}
	chosen := strings.TrimSpace(b.String())
	if chosen == "" || strings.ContainsAny(chosen[len(chosen)-1:], ":>+~.") || open != 0 {
		return chosen, "A selector is not whole."
	}
	return chosen + spared, ""
}

// opens is how many brackets a token opens.
func opens(t css.Token) int {
	switch t.TokenType {
	case css.FunctionToken, css.LeftParenthesisToken, css.LeftBracketToken:
		return 1
	case css.RightParenthesisToken, css.RightBracketToken:
		return -1
	}
	return 0
}

// Lengths may not move what stands elsewhere: pixels, and units of the letter.
const (
	maxPixels  = 400
	maxLetters = 20
	maxPercent = 100
)

// value is that of a property, made of known things alone.
func value(values []css.Token) (string, string) {
	var b strings.Builder
	for _, t := range values {
		text := string(t.Data)
		switch t.TokenType {
		case css.IdentToken, css.HashToken, css.StringToken, css.CommaToken, css.WhitespaceToken,
			css.RightParenthesisToken,
			css.LeftParenthesisToken, css.CustomPropertyNameToken:
		case css.NumberToken, css.PercentageToken, css.DimensionToken:
			if why := within(strings.ToLower(text)); why != "" {
				return text, why
			}
		case css.FunctionToken:
			if !functions[strings.ToLower(text)] {
				return text, "This function is not taken: nothing may be loaded."
			}
		case css.DelimToken:
			if !strings.Contains("!/+-*", text) {
				return text, "This cannot stand in a value."
			}
		default:
			return text, "This is not taken in a value: nothing may be loaded."
		}
		b.WriteString(text)
	}
	return b.String(), ""
}

// within says what is wrong with a number, or "".
func within(text string) string {
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz%")
	n, err := strconv.ParseFloat(strings.TrimPrefix(digits, "+"), 64)
	most, known := units[text[len(digits):]]
	switch {
	case err != nil || !known:
		return "This number or unit is not known."
	case n < 0:
		return "Numbers below 0 are not taken."
	case n > most:
		return fmt.Sprintf("This is more than %g.", most)
	}
	return ""
}

var units = map[string]float64{"": 1_000, "px": maxPixels, "em": maxLetters, "rem": maxLetters, "ch": 100,
	"ex": maxLetters, "pt": maxPixels, "%": maxPercent, "deg": 360, "turn": 1, "fr": 12, "s": 2, "ms": 2_000}

var functions = set("rgb( rgba( hsl( hsla( hwb( lab( lch( oklab( oklch( color-mix( light-dark( linear-gradient( " +
	"radial-gradient( conic-gradient( calc( min( max( clamp( var(")

var properties = set("color background background-color accent-color fill stroke " +
	"border border-color border-style border-width border-radius border-top border-right border-bottom border-left " +
	"border-block border-inline border-top-color border-right-color border-bottom-color border-left-color " +
	"border-top-width border-right-width border-bottom-width border-left-width border-top-style border-right-style " +
	"border-bottom-style border-left-style border-top-left-radius border-top-right-radius border-bottom-left-radius " +
	"border-bottom-right-radius border-collapse border-spacing box-shadow text-shadow " +
	"font-family font-size font-style font-weight font-stretch font-variant font-variant-caps font-variant-numeric " +
	"font-feature-settings letter-spacing word-spacing line-height text-align text-transform text-decoration " +
	"text-decoration-color text-decoration-line text-decoration-style text-decoration-thickness text-underline-offset " +
	"hyphens list-style-type padding padding-top padding-right padding-bottom padding-left padding-block " +
	"padding-inline margin margin-top margin-right margin-bottom margin-left margin-block margin-inline gap row-gap " +
	"column-gap max-width")

func set(words string) map[string]bool {
	all := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		all[w] = true
	}
	return all
}
