package hrana

import "strings"

type tokenKind uint8

const (
	word   tokenKind = iota // a keyword or a plain identifier
	quoted                  // 'text', "name", `name`, [name]
	param                   // ?, ?1, :name, @name, $name
	mark                    // one character of anything else, digits too
)

type token struct {
	kind       tokenKind
	text       string
	start, end int
}

// is compares a word without regard to case.
func (t token) is(words ...string) bool {
	for _, w := range words {
		if t.kind == word && strings.EqualFold(t.text, w) {
			return true
		}
	}
	return false
}

func (t token) mark(text string) bool { return t.kind == mark && t.text == text }

// scan cuts SQL into tokens; comments and white space are dropped. It knows just enough to tell statements apart, find
// their parameters and read their first words; whether they are right is SQLite's to say.
func scan(sql string) []token {
	var out []token
	for i := 0; i < len(sql); {
		if n := blank(sql[i:]); n > 0 {
			i += n
			continue
		}
		kind, n := next(sql[i:])
		out = append(out, token{kind, sql[i : i+n], i, i + n})
		i += n
	}
	return out
}

func blank(s string) int {
	switch {
	case strings.ContainsRune(" \t\r\n\f", rune(s[0])):
		return 1
	case strings.HasPrefix(s, "--"):
		return through(s, 2, "\n")
	case strings.HasPrefix(s, "/*"):
		return through(s, 2, "*/")
	}
	return 0
}

// through is the length of s up to and with the first end after from, or all of s.
func through(s string, from int, end string) int {
	if i := strings.Index(s[from:], end); i >= 0 {
		return from + i + len(end)
	}
	return len(s)
}

func next(s string) (tokenKind, int) {
	switch c := s[0]; {
	case c == '\'' || c == '"' || c == '`':
		return quoted, closing(s, c)
	case c == '[':
		return quoted, through(s, 1, "]")
	case c == '?' || ((c == ':' || c == '@' || c == '$') && len(s) > 1 && inName(s[1])):
		return param, 1 + nameLength(s[1:])
	case inName(c) && (c < '0' || c > '9'):
		return word, nameLength(s)
	}
	return mark, 1
}

// closing is the length of a quoted token; a doubled quote stands for itself.
func closing(s string, quote byte) int {
	for i := 1; i < len(s); i++ {
		if s[i] != quote {
			continue
		}
		if i+1 < len(s) && s[i+1] == quote {
			i++
			continue
		}
		return i + 1
	}
	return len(s)
}

func nameLength(s string) int {
	n := 0
	for n < len(s) && inName(s[n]) {
		n++
	}
	return n
}

func inName(c byte) bool {
	return c == '_' || c >= 0x80 || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}
