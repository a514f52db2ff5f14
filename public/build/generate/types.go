package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"statuspage/shared/wire"
)

// ofTheView are members that the rules' view adds for the dashboard (wasm/bridge/view.go).
var ofTheView = []string{"next", "next_by_incident"}

var member = regexp.MustCompile(`^ \* @property \{(.+?)\} \[?([a-z_]+)\]?( .*)?$`)

// types writes the members of objects into types.js: which there are, and their types. What is said of them stays.
func types(root string, now []byte) ([]byte, error) {
	src, err := read(root)
	if err != nil {
		return nil, err
	}
	lines := strings.Split(string(now), "\n")
	for _, o := range objects {
		if o.js == "" {
			continue
		}
		lines = withType(lines, o.js)
		first := slices.IndexFunc(lines, func(l string) bool {
			return l == " * @typedef {object} "+o.js || strings.HasPrefix(l, " * @typedef {object} "+o.js+" ")
		}) + 1
		end := first + slices.Index(lines[first:], " */")
		if first == 0 || end < first {
			return nil, fmt.Errorf("there is no type named %s", o.js)
		}
		members := wire.Describe(o.new)
		lines = slices.Concat(lines[:first], jsMembers(src, o.goType, members, lines[first:end]), lines[end:])
	}
	return []byte(strings.Join(lines, "\n")), nil
}

// withType adds a type that is not there yet, at the end.
func withType(lines []string, name string) []string {
	head := " * @typedef {object} " + name
	if slices.ContainsFunc(lines, func(l string) bool { return l == head || strings.HasPrefix(l, head+" ") }) {
		return lines
	}
	return append(lines, "/**", head, " */", "")
}

func jsMembers(src *source, goType string, members []wire.Member, lines []string) []string {
	was := map[string]string{}
	var keys, view []string
	for _, line := range lines {
		m := member.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if slices.Contains(ofTheView, m[2]) {
			view = append(view, line)
			continue
		}
		keys = append(keys, m[2])
		was[m[2]] = line
	}
	var out []string
	for _, key := range orderOf(keys, members) {
		m := members[slices.IndexFunc(members, func(m wire.Member) bool { return m.Key == key })]
		line := was[key]
		if old := member.FindStringSubmatch(line); old == nil || !jsFits(&m, old[1]) {
			line = strings.TrimRight(fmt.Sprintf(" * @property {%s} %s %s", jsType(&m), key, src.docs[goType+"."+key]),
				" ")
		}
		out = append(out, line)
	}
	return append(out, view...)
}

// jsType is the type of a member as JSDoc writes it.
func jsType(m *wire.Member) string {
	name := map[string]string{"integer": "number", "boolean": "boolean", "strings": "string[]", "objects": "object[]",
		"object": "object"}[m.Type]
	if name == "" {
		name = "string"
	}
	if m.Nullable {
		name += "|null"
	}
	return name
}

// jsFits says whether a type that is written is the member's: of lists and objects it may say more.
func jsFits(m *wire.Member, was string) bool {
	if m.Nullable != strings.Contains(was, "null") {
		return false
	}
	switch m.Type {
	case "objects":
		return strings.HasSuffix(was, "[]")
	case "object":
		return !slices.Contains([]string{"string", "number", "boolean"}, was)
	}
	return strings.TrimSuffix(was, "|null") == strings.TrimSuffix(jsType(m), "|null")
}
