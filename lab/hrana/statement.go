package hrana

import (
	"strconv"
	"strings"
)

// statement is one SQL statement and what sqld's own parser would say of it.
type statement struct {
	text    string
	kind    kind
	iud     bool // INSERT, UPDATE or DELETE: the only ones that report affected rows
	insert  bool
	explain bool
	params  []string // the name of each parameter from the first on; "" is a nameless one
}

// parse cuts SQL into statements. Its error is a *Error with the code SQL_PARSE_ERROR.
func parse(sql string) ([]statement, error) {
	var out []statement
	for _, tokens := range split(scan(sql)) {
		text := sql[tokens[0].start:tokens[len(tokens)-1].end]
		s := statement{text: text, params: parameters(tokens), explain: tokens[0].is("EXPLAIN")}
		var ok bool
		if s.kind, ok = kindOf(tokens); !ok {
			return nil, parseError("unsupported statement: " + text)
		}
		verb := verbOf(tokens)
		s.insert = verb.is("INSERT", "REPLACE") && !s.explain
		s.iud = s.insert || verb.is("UPDATE", "DELETE") && !s.explain
		out = append(out, s)
	}
	return out, nil
}

// split groups tokens by statement, without the semicolons between them; those inside a trigger's body stay.
func split(tokens []token) [][]token {
	var out [][]token
	start, depth := 0, 0
	for i, t := range tokens {
		if isTrigger(tokens[start:]) {
			depth = bodyDepth(depth, t)
		}
		if !t.mark(";") || depth > 0 {
			continue
		}
		if i > start {
			out = append(out, tokens[start:i])
		}
		start = i + 1
	}
	if start < len(tokens) {
		out = append(out, tokens[start:])
	}
	return out
}

func bodyDepth(depth int, t token) int {
	switch {
	case t.is("BEGIN", "CASE"):
		return depth + 1
	case t.is("END") && depth > 0:
		return depth - 1
	}
	return depth
}

func isTrigger(tokens []token) bool {
	if len(tokens) < 3 || !tokens[0].is("CREATE") {
		return false
	}
	return tokens[1].is("TRIGGER") || tokens[1].is("TEMP", "TEMPORARY") && tokens[2].is("TRIGGER")
}

// parameters lists the names by index as SQLite numbers them.
func parameters(tokens []token) []string {
	var names []string
	seen := map[string]bool{}
	for _, t := range tokens {
		if t.kind != param || seen[t.text] {
			continue
		}
		number, err := strconv.Atoi(strings.TrimPrefix(t.text, "?"))
		switch {
		case t.text == "?":
			names = append(names, "")
			continue
		case t.text[0] == '?' && err == nil && number < 1<<15:
			for len(names) < number {
				names = append(names, "")
			}
			names[number-1] = t.text
		default:
			names = append(names, t.text)
		}
		seen[t.text] = true
	}
	return names
}

// bind lays the arguments out by index. Each parameter needs one, and none may be left over.
func (s statement) bind(args []Value, named []NamedArg) ([]any, error) {
	if len(args) > 0 && len(named) > 0 {
		return nil, &Error{"Specifying both positional and named arguments is not supported",
			"ARGS_BOTH_POSITIONAL_AND_NAMED"}
	}
	if given := len(args) + len(named); given > len(s.params) {
		return nil, argsInvalid("too many parameters, expected " + strconv.Itoa(len(s.params)) + " found " +
			strconv.Itoa(given))
	}
	out := make([]any, len(s.params))
	for i, name := range s.params {
		value, ok := argument(i, name, args, named)
		if !ok && !s.explain {
			return nil, argsInvalid("value for parameter " + strings.TrimSpace(name+" ") + strconv.Itoa(i+1) +
				" not found")
		}
		out[i] = value
	}
	return out, nil
}

func argument(i int, name string, args []Value, named []NamedArg) (any, bool) {
	if name == "" || name[0] == '?' {
		if i < len(args) {
			return args[i].V, true
		}
		return nil, false
	}
	for _, want := range []string{name, name[1:]} {
		for _, n := range named {
			if n.Name == want {
				return n.Value.V, true
			}
		}
	}
	return nil, false
}

func argsInvalid(detail string) *Error {
	return &Error{"Arguments do not match SQL parameters: " + detail, "ARGS_INVALID"}
}

// pragma is true for what may change the connection itself.
func (s statement) pragma() bool {
	tokens := scan(s.text)
	return len(tokens) > 0 && tokens[0].is("PRAGMA")
}
