//go:build !wasip1

package wire

import "statuspage/shared/fault"

// Member is one member of an object's JSON, as its mapping has it.
type Member struct {
	Key      string
	Type     string   // string, integer, boolean, time, strings (a list), object, objects (a list)
	Required bool     // it is written whatever the object is
	Nullable bool     // it is null when there is none
	Derived  bool     // it follows from other members: what is read of it is passed over
	Members  []Member // of object and objects
}

func init() { note = (*Fields).note }

// note records a member that a mapping asks for. Where it holds objects, one goes in, to be asked for its own.
func (f *Fields) note(key string, want kind, nullable bool) *value {
	what := kindNames[want]
	if want == kindNull && !nullable {
		what = ""
	}
	*f.errs = append(*f.errs, fault.Field{Name: f.at(key), Message: what})
	inner := value{kind: kindObject, text: describing}
	switch want {
	case kindObject:
		return &inner
	case kindArray:
		return &value{kind: kindArray, items: []value{inner}}
	}
	return nil
}

// Describe lists the members of an object, in the order in which they are written. x must be new; it is not worth
// anything afterwards.
func Describe(x Object) []Member {
	empty, _ := parse(Marshal(x))
	var notes []fault.Field
	readObject(&value{kind: kindObject, text: describing}, "", false, &notes, x.Wire)
	return described(notes, "", &empty)
}

// described makes members of the notes below a path. written is an object as it is written.
func described(notes []fault.Field, path string, written *value) []Member {
	var out []Member
	for i, n := range notes {
		if len(n.Name) <= len(path) || n.Name[:len(path)] != path || nested(n.Name[len(path):]) {
			continue
		}
		m := Member{Key: n.Name[len(path):], Derived: n.Message == ""}
		var is *value
		for k := range written.members {
			if written.members[k].key == m.Key {
				is, m.Required = &written.members[k].value, true
			}
		}
		if is == nil {
			is = &value{}
		}
		m.Nullable = m.Required && is.kind == kindNull
		switch n.Message {
		case kindNames[kindString]:
			m.Type = "string"
		case kindNames[kindNumber]:
			m.Type = "integer"
		case kindNames[kindBool]:
			m.Type = "boolean"
		case kindNames[kindObject]:
			m.Type, m.Members = "object", described(notes, n.Name+".", is)
		case kindNames[kindArray]:
			m.Type, m.Members = "objects", described(notes, n.Name+"[0].", &value{})
			if i+1 < len(notes) && notes[i+1].Name == n.Name { // it was refused that it holds no strings
				m.Type = "strings"
			}
		default:
			m.Type = "string"
			if _, moment := ParseTime(is.text); moment || !m.Derived {
				m.Type = "time"
			}
		}
		if k := len(out); k == 0 || out[k-1].Key != m.Key {
			out = append(out, m)
		}
	}
	return out
}

func nested(name string) bool {
	for i := range name {
		if name[i] == '.' || name[i] == '[' {
			return true
		}
	}
	return false
}
