package store

import (
	"encoding/json"
	"slices"
	"strings"

	"statuspage/shared/wire"
)

// kept says where a table keeps the members of an object: some in columns of their own, some in other tables, and all
// others together in the column `more`, so that a new member needs no migration.
type kept struct {
	columns []column
	others  string   // of the JSON, made of other tables: "'days', json(…)"
	rest    []string // the members that `more` keeps
}

// column is a member of an object and the expression that gives it.
type column struct{ member, from string }

// columns are members whose columns have the same names.
func columns(alias, names string) (out []column) {
	for _, name := range strings.Fields(names) {
		out = append(out, column{name, alias + name})
	}
	return out
}

// keep finds out what `more` has to keep: what is neither in a column nor made of something else.
func keep(of wire.Object, columns []column, others string, made ...string) *kept {
	k := &kept{columns: columns, others: others}
	for _, m := range wire.Describe(of) {
		in := slices.ContainsFunc(columns, func(c column) bool { return c.member == m.Key })
		if !in && !m.Derived && !slices.Contains(made, m.Key) {
			k.rest = append(k.rest, m.Key)
		}
	}
	return k
}

// json is the expression of the object in a query, without what `more` keeps.
func (k *kept) json() string {
	var parts []string
	for _, c := range k.columns {
		parts = append(parts, "'"+c.member+"', "+c.from)
	}
	if k.others != "" {
		parts = append(parts, k.others)
	}
	return "json_object(" + strings.Join(parts, ", ") + ")"
}

// whole is an expression of an object with what `more` keeps of it. One that is no JSON spoils its own object alone.
func whole(object, alias string) string {
	more := alias + "more"
	return `(SELECT CASE WHEN ` + more + ` = '{}' THEN j WHEN json_valid(` + more + `) THEN json_patch(j, ` + more +
		`) ELSE '{"id":0}' END
 FROM (SELECT ` + object + ` AS j))`
}

// entry is whole of an entry of a timeline, which stands in another object.
func entry(object, alias string) string {
	more := alias + "more"
	return `CASE WHEN ` + more + ` = '{}' THEN ` + object + ` WHEN json_valid(` + more + `) THEN json_patch(` + object +
		`, ` + more + `)
 ELSE json_object('id', 0) END`
}

// more is what the column of that name keeps of an object.
func (k *kept) more(x wire.Object) string {
	if len(k.rest) == 0 {
		return "{}"
	}
	all := map[string]json.RawMessage{}
	if err := json.Unmarshal(wire.Marshal(x), &all); err != nil {
		panic("an object that was written cannot be read: " + err.Error())
	}
	for member := range all {
		if !slices.Contains(k.rest, member) {
			delete(all, member)
		}
	}
	text, err := json.Marshal(all)
	if err != nil {
		panic(err) // it was JSON above
	}
	return string(text)
}
