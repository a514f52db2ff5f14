package status

import (
	"unicode/utf8"

	"statuspage/shared/fault"
	"statuspage/shared/wire"
)

// Limits of text, in characters (CONTRACT 2).
const (
	TitleMax  = 200
	BodyMax   = 20_000
	ReasonMax = 500
)

// maxRefused is how many refusals one answer has: more than the fields that any input may have.
const maxRefused = 250

// Checks gathers what is wrong with an input, every field at once.
type Checks struct{ fields []fault.Field }

// Err is nil when nothing was wrong.
func (c *Checks) Err() *fault.Error {
	if len(c.fields) == 0 {
		return nil
	}
	return &fault.Error{Code: fault.Invalid, Message: c.fields[0].Message, Fields: c.fields}
}

// That refuses a field unless ok.
func (c *Checks) That(ok bool, field, sentence string, args ...string) {
	if !ok && len(c.fields) < maxRefused {
		c.fields = append(c.fields, fault.Field{Name: field, Message: fault.Text(sentence, args...)})
	}
}

// Line checks one line of text: no control characters, at most limit characters, not blank when needed.
func (c *Checks) Line(field, s string, limit int, needed bool) {
	c.text(field, s, limit, needed, false)
}

// Text is Line for text that may have line breaks and tabs.
func (c *Checks) Text(field, s string, limit int, needed bool) {
	c.text(field, s, limit, needed, true)
}

func (c *Checks) text(field, s string, limit int, needed, breaks bool) {
	switch {
	case needed && blank(s):
		c.That(false, field, "%s must not be empty.", field)
	case utf8.RuneCountInString(s) > limit:
		c.That(false, field, "%s may have %s characters at most.", field, wire.Itoa(int64(limit)))
	case hasControl(s, breaks):
		c.That(false, field, "%s must not contain control characters.", field)
	}
}

// Between checks a number, both ends included.
func (c *Checks) Between(field string, n, low, high int64) {
	c.That(n >= low && n <= high, field, "%s must be from %s to %s.", field, wire.Itoa(low), wire.Itoa(high))
}

// OneOf refuses a word that is not among those allowed.
func (c *Checks) OneOf(field, got string, ok bool, allowed []string) {
	c.That(ok, field, "%s must be one of %s.", field, Join(allowed))
}

// ID refuses what is not a UUID in its usual form.
func (c *Checks) ID(field, id string) {
	c.That(ValidID(id), field, "%s must be a UUID such as 0197a1de-3c00-7000-8000-000000000001.", field)
}

// Made refuses what is no UUID of version 7 (RFC 9562 5.7): whoever makes an id makes it so, since ids ascend with
// time.
func (c *Checks) Made(field, id string) {
	c.That(MadeID(id), field, "%s must be a UUID of version 7 such as 0197a1de-3c00-7000-8000-000000000001.", field)
}

// MadeID says whether id is a UUID of version 7 in its usual form.
func MadeID(id string) bool {
	return ValidID(id) && id[14] == '7' && (id[19] == '8' || id[19] == '9' || id[19] == 'a' || id[19] == 'b')
}

// ValidID says whether id is a UUID in lower case with hyphens: one spelling, so that ids compare as text.
func ValidID(id string) bool {
	if len(id) != 36 {
		return false
	}
	for i := 0; i < len(id); i++ {
		c := id[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
		} else if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Join writes "a, b or c".
func Join(words []string) string {
	out := ""
	for i, w := range words {
		switch {
		case i == 0:
		case i == len(words)-1:
			out += " or "
		default:
			out += ", "
		}
		out += w
	}
	return out
}

func blank(s string) bool {
	for _, r := range s {
		if !isSpace(r) {
			return false
		}
	}
	return true
}

func isSpace(r rune) bool {
	switch r {
	case ' ', '\t', '\n', '\r', '\v', '\f', 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0x200b, 0xfeff:
		return true
	}
	return r >= 0x2000 && r <= 0x200a
}

// Tidy makes of somebody else's text a line that Name takes, or "" where nothing is left.
func Tidy(s string, limit int) string {
	var out []rune
	last := rune(0)
	for _, r := range s {
		if unseen(last, r) {
			continue
		}
		last = r
		if r == utf8.RuneError || hasControl(string(r), false) {
			r = ' '
		}
		if isSpace(r) && len(out) == 0 {
			continue
		}
		if out = append(out, r); len(out) == limit {
			break
		}
	}
	for len(out) > 0 && isSpace(out[len(out)-1]) {
		out = out[:len(out)-1]
	}
	return string(out)
}

// hasControl finds C0, C1 and DEL, and the bidirectional overrides that make text read otherwise than it is.
func hasControl(s string, breaks bool) bool {
	for _, r := range s {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			if !breaks {
				return true
			}
		case r < 0x20, r >= 0x7f && r <= 0x9f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return true
		}
	}
	return false
}
