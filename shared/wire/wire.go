// Package wire is JSON for shared/: one mapping per type serves reading and writing, on the server and in the browser.
//
// encoding/json and fmt would add 238 KB (brotli) to what every admin's browser downloads; this package says what is
// wrong with an input by field besides, which they cannot. It is compared with encoding/json by fuzzing.
package wire

import (
	"unicode/utf8"

	"statuspage/shared/fault"
)

// Object is anything with a JSON form: Wire names each field once, in the order in which it is written.
type Object interface{ Wire(*Fields) }

// Fields is one JSON object that is being written or read. A mapping does not ask which of the two, save through
// Reading.
type Fields struct {
	writing bool
	out     *[]byte
	some    bool // a field was written
	in      *value
	path    string
	errs    *[]fault.Field
	strict  bool
}

// Marshal writes x.
func Marshal(x Object) []byte { return Append(nil, x) }

// Append writes x behind out.
func Append(out []byte, x Object) []byte {
	f := Fields{writing: true, out: &out}
	out = append(out, '{')
	x.Wire(&f)
	return append(out, '}')
}

// Unmarshal reads x and passes over fields it does not know: for data of our own that a newer version may have written.
func Unmarshal(in []byte, x Object) *fault.Error { return read(in, x, false) }

// UnmarshalStrict reads x from a person or a program: unknown fields are refused by name.
func UnmarshalStrict(in []byte, x Object) *fault.Error { return read(in, x, true) }

func read(in []byte, x Object, strict bool) *fault.Error {
	v, err := parse(in)
	if err != nil {
		return err
	}
	if v.kind != kindObject {
		return fault.New(fault.Invalid, "A JSON object is expected, not %s.", kindNames[v.kind])
	}
	var errs []fault.Field
	readObject(&v, "", strict, &errs, x.Wire)
	if len(errs) == 0 {
		return nil
	}
	return &fault.Error{Code: fault.Invalid, Message: errs[0].Message, Fields: errs}
}

func readObject(v *value, path string, strict bool, errs *[]fault.Field, wire func(*Fields)) {
	f := Fields{in: v, path: path, errs: errs, strict: strict}
	wire(&f)
	if !strict {
		return
	}
	for _, m := range v.members {
		if !m.used {
			f.refuse(m.key, "There is no field named %s here.", m.key)
		}
	}
}

// Reading tells a mapping that fields are being filled.
func (f *Fields) Reading() bool { return !f.writing }

func (f *Fields) at(key string) string {
	if f.path == "" {
		return key
	}
	return f.path + "." + key
}

func (f *Fields) refuse(key, sentence string, args ...string) {
	if len(*f.errs) < 20 {
		*f.errs = append(*f.errs, fault.Field{Name: f.at(key), Message: fault.Text(sentence, args...)})
	}
}

// find takes a member while reading; a wrong kind is refused. want kindNull takes any kind, and is not nullable where
// the value is passed over.
func (f *Fields) find(key string, want kind, nullable bool) *value {
	for i := range f.in.members {
		m := &f.in.members[i]
		if m.key != key {
			continue
		}
		m.used = true
		if want != kindNull && m.value.kind != want {
			if nullable && m.value.kind == kindNull {
				return nil
			}
			f.refuse(key, "%s must be %s, not %s.", key, kindNames[want], kindNames[m.value.kind])
			return nil
		}
		return &m.value
	}
	if f.in.text == describing {
		return note(f, key, want, nullable)
	}
	return nil
}

// describing is the text of a value whose readers are noted (Describe): no JSON has an object with a text.
const describing = "?"

// note is Fields.note, which no browser needs.
var note func(f *Fields, key string, want kind, nullable bool) *value

func (f *Fields) key(key string) {
	if f.some {
		*f.out = append(*f.out, ',')
	}
	f.some = true
	*f.out = append(appendString(*f.out, key), ':')
}

// Str maps a string; types whose base is string are passed as (*string)(&x).
func (f *Fields) Str(key string, s *string) {
	if f.writing {
		f.key(key)
		*f.out = appendString(*f.out, *s)
	} else if v := f.find(key, kindString, false); v != nil {
		*s = v.text
	}
}

// OptStr maps a string that may be absent (nil).
func (f *Fields) OptStr(key string, s **string) {
	if f.writing {
		if *s != nil {
			f.Str(key, *s)
		}
	} else if v := f.find(key, kindString, false); v != nil {
		text := v.text
		*s = &text
	}
}

// Derived writes a string that follows from other fields; it is passed over when read.
func (f *Fields) Derived(key, text string) {
	if f.writing {
		f.key(key)
		*f.out = appendString(*f.out, text)
	} else {
		f.find(key, kindNull, false)
	}
}

// Int maps an integer of up to 18 digits.
func (f *Fields) Int(key string, n *int64) {
	if f.writing {
		f.key(key)
		*f.out = append(*f.out, Itoa(*n)...)
	} else if v := f.find(key, kindNumber, false); v != nil {
		f.integer(key, v, n)
	}
}

// OptInt maps an integer that may be absent.
func (f *Fields) OptInt(key string, n **int64) {
	if f.writing {
		if *n != nil {
			f.Int(key, *n)
		}
	} else if v := f.find(key, kindNumber, false); v != nil {
		*n = new(int64)
		f.integer(key, v, *n)
	}
}

func (f *Fields) integer(key string, v *value, n *int64) {
	i, ok := Atoi(v.text)
	if !ok {
		f.refuse(key, "%s must be a whole number.", key)
		return
	}
	*n = i
}

// Bool maps a boolean.
func (f *Fields) Bool(key string, b *bool) {
	if f.writing {
		f.key(key)
		*f.out = append(*f.out, boolText(*b)...)
	} else if v := f.find(key, kindBool, false); v != nil {
		*b = v.text == "true"
	}
}

// OptBool maps a boolean that may be absent.
func (f *Fields) OptBool(key string, b **bool) {
	if f.writing {
		if *b != nil {
			f.Bool(key, *b)
		}
	} else if v := f.find(key, kindBool, false); v != nil {
		yes := v.text == "true"
		*b = &yes
	}
}

func boolText(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// Time maps a moment: RFC 3339 when written; a number of milliseconds is also read.
func (f *Fields) Time(key string, t *Time) {
	if f.writing {
		f.key(key)
		*f.out = appendString(*f.out, t.String())
	} else if v := f.find(key, kindNull, true); v != nil {
		f.moment(key, v, t)
	}
}

// NullTime maps a moment that is null when there is none.
func (f *Fields) NullTime(key string, t **Time) {
	if f.writing {
		if *t != nil {
			f.Time(key, *t)
			return
		}
		f.key(key)
		*f.out = append(*f.out, "null"...)
	} else if v := f.find(key, kindNull, true); v != nil && v.kind != kindNull {
		*t = new(Time)
		f.moment(key, v, *t)
	}
}

// OptTime maps a moment that may be absent.
func (f *Fields) OptTime(key string, t **Time) {
	if !f.writing || *t != nil {
		f.NullTime(key, t)
	}
}

func (f *Fields) moment(key string, v *value, t *Time) {
	switch v.kind {
	case kindString:
		if at, ok := ParseTime(v.text); ok {
			*t = at
			return
		}
	case kindNumber:
		if n, ok := Atoi(v.text); ok && Time(n).Valid() {
			*t = Time(n)
			return
		}
	}
	f.refuse(key, "%s must be a time such as 2026-01-31T14:00:00Z.", key)
}

// Strings maps a list of strings, [] when empty.
func (f *Fields) Strings(key string, list *[]string) {
	if f.writing {
		f.key(key)
		*f.out = append(*f.out, '[')
		for i, s := range *list {
			if i > 0 {
				*f.out = append(*f.out, ',')
			}
			*f.out = appendString(*f.out, s)
		}
		*f.out = append(*f.out, ']')
		return
	}
	v := f.find(key, kindArray, false)
	if v == nil {
		return
	}
	*list = make([]string, 0, len(v.items))
	for _, item := range v.items {
		if item.kind != kindString {
			f.refuse(key, "%s must hold strings only.", key)
			return
		}
		*list = append(*list, item.text)
	}
}

// Raw writes bytes that are JSON already, and is passed over when read.
func (f *Fields) Raw(key string, json []byte) {
	if f.writing {
		f.key(key)
		*f.out = append(*f.out, json...)
	} else {
		f.find(key, kindNull, false)
	}
}

// JSON is a value whose meaning somebody else knows, as it was written.
type JSON []byte

// JSON maps a value as it is; nil is left out.
func (f *Fields) JSON(key string, raw *JSON) {
	if f.writing {
		if *raw != nil {
			f.Raw(key, *raw)
		}
	} else if v := f.find(key, kindNull, true); v != nil {
		*raw = v.append(nil)
	}
}

func (v *value) append(out []byte) []byte {
	switch v.kind {
	case kindString:
		return appendString(out, v.text)
	case kindArray:
		out = append(out, '[')
		for i := range v.items {
			if i > 0 {
				out = append(out, ',')
			}
			out = v.items[i].append(out)
		}
		return append(out, ']')
	case kindObject:
		out = append(out, '{')
		for i := range v.members {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(appendString(out, v.members[i].key), ':')
			out = v.members[i].value.append(out)
		}
		return append(out, '}')
	}
	return append(out, v.text...)
}

// List maps a list of objects, [] when empty.
func List[T any](f *Fields, key string, list *[]T, wire func(*T, *Fields)) {
	if f.writing {
		f.key(key)
		*f.out = append(*f.out, '[')
		for i := range *list {
			if i > 0 {
				*f.out = append(*f.out, ',')
			}
			f.nested(func(inner *Fields) { wire(&(*list)[i], inner) })
		}
		*f.out = append(*f.out, ']')
		return
	}
	v := f.find(key, kindArray, false)
	if v == nil {
		return
	}
	*list = make([]T, len(v.items))
	for i := range v.items {
		path := key + "[" + Itoa(int64(i)) + "]"
		if v.items[i].kind != kindObject {
			f.refuse(path, "%s must be an object.", path)
			continue
		}
		readObject(&v.items[i], f.at(path), f.strict, f.errs, func(inner *Fields) { wire(&(*list)[i], inner) })
	}
}

// OptList maps a list of objects that may be absent (nil), which is another thing than empty.
func OptList[T any](f *Fields, key string, list *[]T, wire func(*T, *Fields)) {
	if !f.writing || *list != nil {
		List(f, key, list, wire)
	}
}

// Opt maps an object that may be absent.
func Opt[T any](f *Fields, key string, x **T, wire func(*T, *Fields)) {
	if f.writing {
		if *x != nil {
			f.key(key)
			f.nested(func(inner *Fields) { wire(*x, inner) })
		}
		return
	}
	if v := f.find(key, kindObject, true); v != nil {
		*x = new(T)
		readObject(v, f.at(key), f.strict, f.errs, func(inner *Fields) { wire(*x, inner) })
	}
}

// One maps an object that is always there.
func One[T any](f *Fields, key string, x *T, wire func(*T, *Fields)) {
	p := x
	if f.writing {
		Opt(f, key, &p, wire)
		return
	}
	p = nil
	if Opt(f, key, &p, wire); p != nil {
		*x = *p
	}
}

func (f *Fields) nested(wire func(*Fields)) {
	*f.out = append(*f.out, '{')
	wire(&Fields{writing: true, out: f.out})
	*f.out = append(*f.out, '}')
}

const hexDigits = "0123456789abcdef"

// appendString writes what encoding/json writes, so that the text is safe inside <script> too.
func appendString(out []byte, s string) []byte {
	out = append(out, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= 0x20 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' {
				i++
				continue
			}
			out = append(out, s[from:i]...)
			switch c {
			case '"', '\\':
				out = append(out, '\\', c)
			case '\n':
				out = append(out, '\\', 'n')
			case '\r':
				out = append(out, '\\', 'r')
			case '\t':
				out = append(out, '\\', 't')
			case '\b':
				out = append(out, '\\', 'b')
			case '\f':
				out = append(out, '\\', 'f')
			default:
				out = append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			}
			i++
			from = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			out = append(append(out, s[from:i]...), `\ufffd`...)
		} else if r == '\u2028' || r == '\u2029' {
			out = append(append(out, s[from:i]...), '\\', 'u', '2', '0', '2', hexDigits[r&15])
		} else {
			i += size
			continue
		}
		i += size
		from = i
	}
	return append(append(out, s[from:]...), '"')
}
