package auth

import (
	"fmt"
	"strings"
)

// Pointer is a JSON Pointer (RFC 6901) into the claims of a token.
type Pointer struct {
	path []string
	set  bool
}

// ParsePointer reads "/o/id". "" is the whole document. "~1" stands for a slash and "~0" for a tilde inside a name.
func ParsePointer(text string) (Pointer, error) {
	p := Pointer{set: true}
	if text == "" {
		return p, nil
	}
	if text[0] != '/' {
		return Pointer{}, fmt.Errorf("%q is no JSON Pointer: it must begin with a slash, as in \"/org_id\"", text)
	}
	for _, part := range strings.Split(text[1:], "/") {
		name, err := unescape(part)
		if err != nil {
			return Pointer{}, fmt.Errorf("%q is no JSON Pointer: %w", text, err)
		}
		p.path = append(p.path, name)
	}
	return p, nil
}

// pointer is for the presets, whose pointers a test has read.
func pointer(text string) Pointer {
	p, err := ParsePointer(text)
	if err != nil {
		panic(err)
	}
	return p
}

func unescape(part string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(part); i++ {
		if part[i] != '~' {
			b.WriteByte(part[i])
			continue
		}
		i++
		switch {
		case i < len(part) && part[i] == '0':
			b.WriteByte('~')
		case i < len(part) && part[i] == '1':
			b.WriteByte('/')
		default:
			return "", fmt.Errorf("a tilde must be followed by 0 or 1")
		}
	}
	return b.String(), nil
}

var escaper = strings.NewReplacer("~", "~0", "/", "~1")

// String is the pointer's text; ParsePointer reads it back.
func (p Pointer) String() string {
	var b strings.Builder
	for _, name := range p.path {
		b.WriteByte('/')
		b.WriteString(escaper.Replace(name))
	}
	return b.String()
}

// Find follows the pointer into what encoding/json decoded. A pointer that was never set finds nothing.
func (p Pointer) Find(doc any) (any, bool) {
	if !p.set {
		return nil, false
	}
	for _, name := range p.path {
		var ok bool
		if doc, ok = step(doc, name); !ok {
			return nil, false
		}
	}
	return doc, true
}

func step(doc any, name string) (any, bool) {
	switch at := doc.(type) {
	case map[string]any:
		next, ok := at[name]
		return next, ok
	case []any:
		i, ok := index(name)
		if !ok || i >= len(at) {
			return nil, false
		}
		return at[i], true
	}
	return nil, false
}

// index reads an array index as RFC 6901 has it: digits without a leading zero.
func index(name string) (int, bool) {
	if name == "" || len(name) > 9 || len(name) > 1 && name[0] == '0' {
		return 0, false
	}
	n := 0
	for _, c := range []byte(name) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
