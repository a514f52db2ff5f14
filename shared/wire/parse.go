package wire

import (
	"unicode/utf8"

	"statuspage/shared/fault"
)

const (
	maxDepth   = 32  // of nesting, so that hostile input cannot exhaust the stack
	maxMembers = 200 // of one object, since twins are looked for one by one
)

type kind uint8

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindString
	kindArray
	kindObject
)

var kindNames = [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}

type value struct {
	kind    kind
	text    string // a string's content, a number as written, "true" or "false"
	items   []value
	members []member
}

type member struct {
	key   string
	value value
	used  bool
}

type parser struct {
	in  []byte
	pos int
}

// parse reads one JSON text (RFC 8259). It refuses invalid UTF-8, duplicate keys and nesting beyond maxDepth.
func parse(in []byte) (value, *fault.Error) {
	if !utf8.Valid(in) {
		return value{}, fault.New(fault.Malformed, "The text is not valid UTF-8.")
	}
	p := parser{in: in}
	v, err := p.value(0)
	if err != nil {
		return value{}, err
	}
	if p.space(); p.pos < len(p.in) {
		return value{}, p.fail("unexpected text after the end")
	}
	return v, nil
}

func (p *parser) fail(why string) *fault.Error {
	return fault.New(fault.Malformed, "This is not valid JSON: %s at byte %s.", why, Itoa(int64(p.pos)))
}

func (p *parser) space() {
	for p.pos < len(p.in) {
		switch p.in[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

func (p *parser) eat(c byte) bool {
	p.space()
	if p.pos < len(p.in) && p.in[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func (p *parser) value(depth int) (value, *fault.Error) {
	if depth > maxDepth {
		return value{}, p.fail("too deeply nested")
	}
	p.space()
	if p.pos >= len(p.in) {
		return value{}, p.fail("it ends too early")
	}
	switch c := p.in[p.pos]; {
	case c == '{':
		return p.object(depth)
	case c == '[':
		return p.array(depth)
	case c == '"':
		s, err := p.string()
		return value{kind: kindString, text: s}, err
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	for _, word := range [...]struct {
		text string
		kind kind
	}{{"true", kindBool}, {"false", kindBool}, {"null", kindNull}} {
		if end := p.pos + len(word.text); end <= len(p.in) && string(p.in[p.pos:end]) == word.text {
			p.pos = end
			return value{kind: word.kind, text: word.text}, nil
		}
	}
	return value{}, p.fail("unexpected character")
}

func (p *parser) object(depth int) (value, *fault.Error) {
	p.pos++
	v := value{kind: kindObject}
	if p.eat('}') {
		return v, nil
	}
	for {
		p.space()
		if p.pos >= len(p.in) || p.in[p.pos] != '"' {
			return v, p.fail("a field's name is missing")
		}
		key, err := p.string()
		if err != nil {
			return v, err
		}
		for i := range v.members {
			if v.members[i].key == key {
				return v, p.fail("a field is there twice")
			}
		}
		if !p.eat(':') {
			return v, p.fail("a colon is missing")
		}
		if len(v.members) == maxMembers {
			return v, p.fail("an object with too many fields")
		}
		item, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.members = append(v.members, member{key: key, value: item})
		if p.eat('}') {
			return v, nil
		}
		if !p.eat(',') {
			return v, p.fail("a comma is missing")
		}
	}
}

func (p *parser) array(depth int) (value, *fault.Error) {
	p.pos++
	v := value{kind: kindArray}
	if p.eat(']') {
		return v, nil
	}
	for {
		item, err := p.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.items = append(v.items, item)
		if p.eat(']') {
			return v, nil
		}
		if !p.eat(',') {
			return v, p.fail("a comma is missing")
		}
	}
}

// number follows the grammar of RFC 8259 6, and keeps the text.
func (p *parser) number() (value, *fault.Error) {
	start := p.pos
	digits := func() bool {
		from := p.pos
		for p.pos < len(p.in) && p.in[p.pos] >= '0' && p.in[p.pos] <= '9' {
			p.pos++
		}
		return p.pos > from
	}
	if p.in[p.pos] == '-' {
		p.pos++
	}
	first := p.pos
	if !digits() || p.in[first] == '0' && p.pos > first+1 {
		return value{}, p.fail("bad number")
	}
	if p.pos < len(p.in) && p.in[p.pos] == '.' {
		p.pos++
		if !digits() {
			return value{}, p.fail("bad number")
		}
	}
	if p.pos < len(p.in) && (p.in[p.pos] == 'e' || p.in[p.pos] == 'E') {
		p.pos++
		if p.pos < len(p.in) && (p.in[p.pos] == '+' || p.in[p.pos] == '-') {
			p.pos++
		}
		if !digits() {
			return value{}, p.fail("bad number")
		}
	}
	return value{kind: kindNumber, text: string(p.in[start:p.pos])}, nil
}

func (p *parser) string() (string, *fault.Error) {
	p.pos++
	start := p.pos
	for p.pos < len(p.in) {
		switch c := p.in[p.pos]; {
		case c == '"':
			s := string(p.in[start:p.pos])
			p.pos++
			return s, nil
		case c == '\\':
			return p.escaped(start)
		case c < 0x20:
			return "", p.fail("a control character inside a string")
		}
		p.pos++
	}
	return "", p.fail("a string does not end")
}

// escaped goes on from the first backslash of a string that began at start.
func (p *parser) escaped(start int) (string, *fault.Error) {
	out := append([]byte(nil), p.in[start:p.pos]...)
	for p.pos < len(p.in) {
		c := p.in[p.pos]
		p.pos++
		switch {
		case c == '"':
			return string(out), nil
		case c < 0x20:
			return "", p.fail("a control character inside a string")
		case c != '\\':
			out = append(out, c)
			continue
		}
		if p.pos >= len(p.in) {
			break
		}
		c = p.in[p.pos]
		p.pos++
		switch c {
		case '"', '\\', '/':
			out = append(out, c)
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, ok := p.unicode()
			if !ok {
				return "", p.fail("bad \\u escape")
			}
			out = utf8.AppendRune(out, r)
		default:
			return "", p.fail("unknown escape")
		}
	}
	return "", p.fail("a string does not end")
}

// unicode reads the four digits after \u, and the low surrogate that must follow a high one.
// A lone surrogate becomes U+FFFD, as in encoding/json.
func (p *parser) unicode() (rune, bool) {
	r, ok := p.hex4()
	if !ok || r < 0xD800 || r > 0xDFFF {
		return r, ok
	}
	if r < 0xDC00 && p.pos+1 < len(p.in) && p.in[p.pos] == '\\' && p.in[p.pos+1] == 'u' {
		back := p.pos
		p.pos += 2
		low, ok := p.hex4()
		if !ok {
			return 0, false
		}
		if low >= 0xDC00 && low <= 0xDFFF {
			return (r-0xD800)<<10 + (low - 0xDC00) + 0x10000, true
		}
		p.pos = back
	}
	return utf8.RuneError, true
}

func (p *parser) hex4() (rune, bool) {
	if p.pos+4 > len(p.in) {
		return 0, false
	}
	var r rune
	for _, c := range p.in[p.pos : p.pos+4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return 0, false
		}
	}
	p.pos += 4
	return r, true
}
