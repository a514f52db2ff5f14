package wire

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"statuspage/shared/fault"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{}`, `[]`, `null`, ` {"a":[1,-0.5e+10,true,false,null,"x\u00e9\ud83d\ude92\ud83d\n"],"b":{"c":{}}} `,
		`{"a":1,"a":2}`, `"\u2028<>&"`,
		`[1,]`, `{"a"}`, `01`, `1.`, `-`, `1e`, `"\x"`, `"\u12"`, "\"\x01\"", "\"\xff\"", `"\ud83d\ud83d\ude92"`,
		`"\ud83dA"`, `tru`, `truefalse`,
		strings.Repeat("[", 40) + strings.Repeat("]", 40), `"`, `{"a":`, "\ufeff{}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := parse(in)
		if err != nil {
			if err.Code != fault.Malformed {
				t.Fatalf("%q is refused as %s", in, err.Code)
			}
			if json.Valid(in) && utf8.Valid(in) && !stricter(in) {
				t.Fatalf("%q is refused: %s, encoding/json takes it", in, err.Message)
			}
			return
		}
		if !json.Valid(in) || !utf8.Valid(in) || stricter(in) {
			t.Fatalf("%q is accepted", in)
		}
		want := decoded(t, in)
		if diff := cmp.Diff(want, plain(&got)); diff != "" {
			t.Fatalf("%q (-encoding/json +wire):\n%s", in, diff)
		}
		// What was read and is handed on is still the same value.
		if diff := cmp.Diff(want, decoded(t, got.append(nil))); diff != "" {
			t.Fatalf("%q, written again (-before +after):\n%s", in, diff)
		}
	})
}

func decoded(t *testing.T, in []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(in))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%q: %v", in, err)
	}
	return v
}

// plain is what encoding/json makes of the same text.
func plain(v *value) any {
	switch v.kind {
	case kindNull:
		return nil
	case kindBool:
		return v.text == "true"
	case kindNumber:
		return json.Number(v.text)
	case kindString:
		return v.text
	case kindArray:
		out := make([]any, len(v.items))
		for i := range v.items {
			out[i] = plain(&v.items[i])
		}
		return out
	}
	out := map[string]any{}
	for i := range v.members {
		out[v.members[i].key] = plain(&v.members[i].value)
	}
	return out
}

// stricter finds what this package refuses and encoding/json does not: twins, deep nesting, very many fields.
func stricter(in []byte) bool {
	type object struct {
		keys map[string]bool // nil in a list
		name bool            // a field's name comes next
	}
	var open []object
	d := json.NewDecoder(bytes.NewReader(in))
	d.UseNumber()
	for {
		token, err := d.Token()
		if err != nil {
			return err != io.EOF
		}
		top := len(open) - 1
		if key, isText := token.(string); isText && top >= 0 && open[top].name {
			if open[top].keys[key] || len(open[top].keys) == maxMembers {
				return true
			}
			open[top].keys[key], open[top].name = true, false
			continue
		}
		if token == json.Delim('}') || token == json.Delim(']') {
			open = open[:top]
			continue
		}
		if top >= 0 && open[top].keys != nil {
			open[top].name = true
		}
		if len(open) > maxDepth {
			return true
		}
		switch token {
		case json.Delim('{'):
			open = append(open, object{keys: map[string]bool{}, name: true})
		case json.Delim('['):
			open = append(open, object{})
		}
	}
}

func FuzzString(f *testing.F) {
	for _, s := range []string{"", "plain", "\x00\x01\b\f\n\r\t\x1f\x7f\"\\/", "<script>&amp;</script>",
		"é🚒\u2028\u2029\u2030\ufffd", "\xff\xc3", "a\xe2\x80", "\xed\xa0\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := appendString(nil, s); !bytes.Equal(got, want) {
			t.Fatalf("%q is written %s, encoding/json writes %s", s, got, want)
		}
	})
}

func TestHostileInputIsRefusedWithItsPlace(t *testing.T) {
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(`,"k` + Itoa(int64(i)) + `":0`)
		}
		return "{" + b.String()[1:] + "}"
	}
	for _, c := range []struct{ name, in, want string }{
		{"twins", `{"a":1,"b":2,"a":3}`, "This is not valid JSON: a field is there twice at byte 16."},
		{"twins by another spelling", `{"a":1,"\u0061":3}`,
			"This is not valid JSON: a field is there twice at byte 15."},
		{"33 levels", strings.Repeat("[", 33) + strings.Repeat("]", 33), ""},
		{"34 levels", strings.Repeat("[", 34) + strings.Repeat("]", 34), "This is not valid JSON: too deeply nested " +
			"at byte 33."},
		{"a million levels", strings.Repeat(`{"a":`, 1_000_000), "This is not valid JSON: too deeply nested at byte " +
			"165."},
		{"200 fields", many(200), ""},
		{"201 fields", many(201), "This is not valid JSON: an object with too many fields at byte 1698."},
		{"not UTF-8", "{\"a\":\"\xff\"}", "The text is not valid UTF-8."},
		{"nothing", "", "This is not valid JSON: it ends too early at byte 0."},
		{"a byte order mark", "\ufeff{}", "This is not valid JSON: unexpected character at byte 0."},
		{"two values", "{}{}", "This is not valid JSON: unexpected text after the end at byte 2."},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parse([]byte(c.in))
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %s", err.Message)
			case c.want != "" && (err == nil || err.Code != fault.Malformed || err.Message != c.want):
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
