package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"statuspage/shared/page"
	"statuspage/shared/wire"
)

// schemas writes the members of objects and commands into openapi.json: which there are, their types, their limits, and
// which are always there. What is said of them in words stays, and so does whatever is stricter than a type.
func schemas(root string, now []byte) ([]byte, error) {
	src, err := read(root)
	if err != nil {
		return nil, err
	}
	d := &document{lines: strings.Split(string(now), "\n"), source: src, all: described()}
	if err := json.Unmarshal(now, &d.read); err != nil {
		return nil, err
	}
	for _, o := range schemaObjects() {
		if err := d.schema(o.schema, o.goType, d.all[o.schema], true); err != nil {
			return nil, err
		}
	}
	for i := range page.Commands {
		row := &page.Commands[i]
		if name := d.body(row); name != "" {
			c := row.New()
			goType := strings.TrimPrefix(fmt.Sprintf("%T", c), "*page.")
			if err := d.schema(name, goType, wire.Describe(c), false); err != nil {
				return nil, err
			}
		}
	}
	return []byte(strings.Join(d.lines, "\n")), nil
}

// document is openapi.json by lines: each property begins one.
type document struct {
	lines  []string
	source *source
	all    map[string][]wire.Member
	read   struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct {
					Schema struct {
						Ref string `json:"$ref"`
					}
				}
			}
		}
		Components struct{ Schemas map[string]map[string]any }
	}
}

// body is the schema of a command's body; "" where it has none.
func (d *document) body(row *page.Spec) string {
	path := slashed("/api/v1" + strings.NewReplacer(":id", "{id}", ":update", "{update}").Replace(row.Path))
	ref := d.read.Paths[path][strings.ToLower(row.Method)].RequestBody.Content["application/json"].Schema.Ref
	return ref[strings.LastIndexByte(ref, '/')+1:]
}

const (
	inSchemas    = "   " // what stands before the name of a schema
	inProperties = "     "
)

// schema rewrites one. whole says that it is an object as it is answered, which has its members always.
func (d *document) schema(name, goType string, members []wire.Member, whole bool) error {
	first := slices.Index(d.lines, inSchemas+`"`+name+`": {`)
	if first < 0 {
		return fmt.Errorf("there is no schema named %s, or it does not begin a line of its own", name)
	}
	from := first + slices.Index(d.lines[first:], `    "properties": {`) + 1
	to := from + slices.IndexFunc(d.lines[from:], func(l string) bool { return strings.HasPrefix(l, "    }") })
	if from <= first || to < from {
		return fmt.Errorf("%s: its properties do not stand a line each", name)
	}
	was := properties(d.lines[from:to])
	var list []string
	for _, key := range order(was, members) {
		i := slices.IndexFunc(members, func(m wire.Member) bool { return m.Key == key })
		list = append(list, inProperties+`"`+key+`": `+d.property(goType, &members[i], was[key]))
	}
	text := strings.Split(strings.Join(list, ",\n"), "\n")
	d.lines = slices.Concat(d.lines[:from], text, d.lines[to:])
	if whole {
		d.require(first, from, members)
	}
	return nil
}

// require says which members are always there, in the order that they are said in already.
func (d *document) require(first, to int, members []wire.Member) {
	const head = `    "required": [`
	for i := first; i < to; i++ {
		if !strings.HasPrefix(d.lines[i], head) {
			continue
		}
		end := i
		for !strings.HasSuffix(d.lines[end], "],") {
			end++
		}
		var said []string
		text := strings.Join(d.lines[i:end+1], "")
		_ = json.Unmarshal([]byte(strings.TrimSuffix(strings.TrimPrefix(text, `    "required": `), ",")), &said)
		var always []wire.Member
		for _, m := range members {
			if m.Required {
				always = append(always, m)
			}
		}
		keys := orderOf(said, always)
		list := []string{head + `"` + strings.Join(keys, `", "`) + `"],`}
		if end > i {
			list = strings.Split(head+"\n     \""+strings.Join(keys, "\",\n     \"")+"\"\n    ],", "\n")
		}
		d.lines = slices.Concat(d.lines[:i], list, d.lines[end+1:])
		return
	}
}

type written map[string]string

var begins = regexp.MustCompile(`^     "([a-z_]+)": (.*)$`)

// properties are the texts of some lines, by name; "\x00" is the order.
func properties(lines []string) written {
	out := written{}
	key := ""
	for _, line := range lines {
		if m := begins.FindStringSubmatch(line); m != nil {
			key = m[1]
			out["\x00"] += key + " "
			out[key] = m[2]
			continue
		}
		out[key] += "\n" + line
	}
	for key, text := range out {
		out[key] = strings.TrimSuffix(text, ",")
	}
	return out
}

func order(was written, members []wire.Member) []string {
	return orderOf(strings.Fields(was["\x00"]), members)
}

// orderOf keeps what is there where it is, and puts what is new behind the member that goes before it.
func orderOf(was []string, members []wire.Member) []string {
	there := func(key string) bool {
		return slices.ContainsFunc(members, func(m wire.Member) bool { return m.Key == key })
	}
	var out []string
	for _, key := range was {
		if there(key) {
			out = append(out, key)
		}
	}
	for i, m := range members {
		if slices.Contains(out, m.Key) {
			continue
		}
		at := 0
		if i > 0 {
			at = slices.Index(out, members[i-1].Key) + 1
		}
		out = slices.Insert(out, at, m.Key)
	}
	return out
}

// property is the schema of a member: as it was, if it fits, with the limit of today.
func (d *document) property(goType string, m *wire.Member, was string) string {
	l := d.source.limits[goType+"."+m.Key]
	if was != "" && d.fits(m, was) {
		if l.most != "" && m.Type == "string" {
			was = regexp.MustCompile(`"maxLength": \d+`).ReplaceAllString(was, `"maxLength": `+l.most)
		} else if l.most != "" {
			was = regexp.MustCompile(`"maximum": \d+`).ReplaceAllString(was, `"maximum": `+l.most)
		}
		return was
	}
	parts := []string{d.typeOf(m)}
	if doc := d.source.docs[goType+"."+m.Key]; doc != "" {
		text, _ := json.Marshal(strings.ToUpper(doc[:1]) + strings.TrimSuffix(doc[1:], ".") + ".")
		parts = append(parts, `"description": `+string(text))
	}
	switch {
	case l.most != "" && m.Type == "string":
		parts = append(parts, `"maxLength": `+l.most)
	case l.most != "":
		parts = append(parts, `"minimum": `+l.least, `"maximum": `+l.most)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// fits says whether a schema is of the member's type.
func (d *document) fits(m *wire.Member, was string) bool {
	var s map[string]any
	if json.Unmarshal([]byte(was), &s) != nil {
		return false
	}
	if ref, is := s["$ref"].(string); is {
		s = d.read.Components.Schemas[ref[strings.LastIndexByte(ref, '/')+1:]]
	}
	if text, is := s["const"].(string); is {
		return m.Type == "string" && text == "" // what may only be taken away
	}
	types := typesOf(s)
	return slices.Contains(types, any(jsonTypes[m.Type])) && (!m.Nullable || slices.Contains(types, any("null")))
}

// typesOf are the types that a schema allows.
func typesOf(s map[string]any) []any {
	types := []any{s["type"]}
	if several, is := s["type"].([]any); is {
		types = several
	}
	for _, of := range []string{"anyOf", "oneOf"} {
		choices, _ := s[of].([]any)
		for _, choice := range choices {
			if one, is := choice.(map[string]any); is {
				types = append(types, typesOf(one)...)
			}
		}
	}
	return types
}

var jsonTypes = map[string]string{
	"string": "string", "time": "string", "integer": "integer", "boolean": "boolean", "strings": "array",
	"objects": "array", "object": "object",
}

// typeOf is a schema's beginning for a member that it did not have.
func (d *document) typeOf(m *wire.Member) string {
	switch {
	case m.Type == "time" && m.Nullable:
		return `"$ref": "#/components/schemas/NullTime"`
	case m.Type == "time":
		return `"$ref": "#/components/schemas/Time"`
	case m.Type == "strings":
		return `"type": "array", "items": {"type": "string"}`
	case m.Type == "objects":
		return `"type": "array", "items": {` + d.named(m.Members) + `}`
	case m.Type == "object":
		return d.named(m.Members)
	}
	return `"type": "` + m.Type + `"`
}

// named refers to the schema that has just these members, or says that it is some object.
func (d *document) named(members []wire.Member) string {
	for _, o := range schemaObjects() {
		same := func(a, b wire.Member) bool { return a.Key == b.Key }
		if slices.EqualFunc(d.all[o.schema], members, same) {
			return `"$ref": "#/components/schemas/` + o.schema + `"`
		}
	}
	return `"type": "object"`
}
