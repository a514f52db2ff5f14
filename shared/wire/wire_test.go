package wire

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"statuspage/shared/fault"
)

// sample has a field of every kind that a mapping may have.
type sample struct {
	Word   string
	MayBe  *string
	N      int64
	MayN   *int64
	Yes    bool
	MayYes *bool
	At     Time
	Ended  *Time
	MayAt  *Time
	Words  []string
	Parts  []part
	Extras []part
	One    part
	MayOne *part
	Any    JSON
}

type part struct {
	ID    string
	Count int64
}

func (p *part) Wire(f *Fields) {
	f.Str("id", &p.ID)
	f.Int("count", &p.Count)
}

func (s *sample) Wire(f *Fields) {
	f.Str("word", &s.Word)
	f.Derived("loud", strings.ToUpper(s.Word))
	f.OptStr("may_be", &s.MayBe)
	f.Int("n", &s.N)
	f.OptInt("may_n", &s.MayN)
	f.Bool("yes", &s.Yes)
	f.OptBool("may_yes", &s.MayYes)
	f.Time("at", &s.At)
	f.NullTime("ended", &s.Ended)
	f.OptTime("may_at", &s.MayAt)
	f.Strings("words", &s.Words)
	List(f, "parts", &s.Parts, (*part).Wire)
	OptList(f, "extras", &s.Extras, (*part).Wire)
	One(f, "one", &s.One, (*part).Wire)
	Opt(f, "may_one", &s.MayOne, (*part).Wire)
	f.JSON("any", &s.Any)
}

// twin is sample as encoding/json would have it.
type twin struct {
	Word   string          `json:"word"`
	Loud   string          `json:"loud"`
	MayBe  *string         `json:"may_be,omitempty"`
	N      int64           `json:"n"`
	MayN   *int64          `json:"may_n,omitempty"`
	Yes    bool            `json:"yes"`
	MayYes *bool           `json:"may_yes,omitempty"`
	At     time.Time       `json:"at"`
	Ended  *time.Time      `json:"ended"`
	MayAt  *time.Time      `json:"may_at,omitempty"`
	Words  []string        `json:"words"`
	Parts  []twinPart      `json:"parts"`
	Extras *[]twinPart     `json:"extras,omitempty"`
	One    twinPart        `json:"one"`
	MayOne *twinPart       `json:"may_one,omitempty"`
	Any    json.RawMessage `json:"any,omitempty"`
}

type twinPart struct {
	ID    string `json:"id"`
	Count int64  `json:"count"`
}

func drawn(t *rapid.T) *sample {
	text := rapid.String()
	number := rapid.Int64Range(-999_999_999_999_999_999, 999_999_999_999_999_999)
	moment := rapid.Custom(func(t *rapid.T) Time { return Time(rapid.Int64Range(0, int64(lastMoment)).Draw(t, "ms")) })
	piece := rapid.Custom(func(t *rapid.T) part { return part{text.Draw(t, "id"), number.Draw(t, "count")} })
	s := &sample{
		Word: text.Draw(t, "word"), MayBe: rapid.Ptr(text, true).Draw(t, "may_be"),
		N: number.Draw(t, "n"), MayN: rapid.Ptr(number, true).Draw(t, "may_n"),
		Yes: rapid.Bool().Draw(t, "yes"), MayYes: rapid.Ptr(rapid.Bool(), true).Draw(t, "may_yes"),
		At: moment.Draw(t, "at"), Ended: rapid.Ptr(moment, true).Draw(t, "ended"), MayAt: rapid.Ptr(moment, true).
			Draw(t, "may_at"),
		Words: rapid.SliceOfN(text, 0, 3).Draw(t, "words"), Parts: rapid.SliceOfN(piece, 0, 3).Draw(t, "parts"),
		One: piece.Draw(t, "one"), MayOne: rapid.Ptr(piece, true).Draw(t, "may_one"),
	}
	if rapid.Bool().Draw(t, "with extras") {
		s.Extras = rapid.SliceOfN(piece, 0, 2).Draw(t, "extras")
	}
	s.Any = rapid.SampledFrom([]JSON{nil, JSON(`null`), JSON(`{"a":[1,2.50,{"b":"\u003c"}]}`), JSON(`"x"`)}).
		Draw(t, "any")
	return s
}

func TestWhatIsWrittenIsWhatEncodingJSONWritesAndReads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawn(t)
		ours := Marshal(s)
		d := json.NewDecoder(strings.NewReader(string(ours)))
		d.DisallowUnknownFields()
		var theirs twin
		if err := d.Decode(&theirs); err != nil {
			t.Fatalf("encoding/json does not read %s: %v", ours, err)
		}
		if theirs.Loud != strings.ToUpper(s.Word) {
			t.Fatalf("derived: %q", theirs.Loud)
		}
		again, err := json.Marshal(&theirs)
		if err != nil {
			t.Fatal(err)
		}
		back := &sample{}
		if err := UnmarshalStrict(again, back); err != nil {
			t.Fatalf("what encoding/json wrote is refused: %v\n%s", err, again)
		}
		if diff := cmp.Diff(s, back); diff != "" {
			t.Fatalf("there and back (-before +after):\n%s", diff)
		}
		if string(Marshal(back)) != string(ours) {
			t.Fatalf("the second writing differs:\n%s\n%s", ours, Marshal(back))
		}
	})
}

// FuzzUnmarshal: what both accept, both understand alike; and nothing that is accepted changes by being written and
// read again.
func FuzzUnmarshal(f *testing.F) {
	f.Add(
		[]byte(
			`{"word":"a","n":1,"yes":true,"at":"2026-01-31T14:00:00Z","ended":null,"words":["x"],"parts":[{"id":"p","count":2}],"one":{},"any":[1]}`))
	f.Add([]byte(`{"may_be":"b","may_n":-5,"may_yes":false,"may_at":1700000000000,"extras":[],"may_one":null}`))
	f.Add([]byte(`{"word":null}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		var s sample
		if err := Unmarshal(in, &s); err != nil {
			if err.Code != fault.Malformed && err.Code != fault.Invalid || err.Message == "" {
				t.Fatalf("%q is refused as %+v", in, err)
			}
			return
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(in, &fields); err != nil {
			t.Fatalf("%q is accepted, encoding/json: %v", in, err)
		}
		if raw, there := fields["word"]; there {
			var want string
			if err := json.Unmarshal(raw, &want); err != nil || want != s.Word {
				t.Fatalf("%q: word is %q, encoding/json: %q, %v", in, s.Word, want, err)
			}
		}
		if raw, there := fields["n"]; there {
			var want int64
			if err := json.Unmarshal(raw, &want); err != nil || want != s.N {
				t.Fatalf("%q: n is %d, encoding/json: %d, %v", in, s.N, want, err)
			}
		}
		once := Marshal(&s)
		var again sample
		if err := UnmarshalStrict(once, &again); err != nil {
			t.Fatalf("%q is written %s and refused: %v", in, once, err)
		}
		if twice := Marshal(&again); string(once) != string(twice) {
			t.Fatalf("%q is written %s, then %s", in, once, twice)
		}
	})
}

func TestUnknownFieldsAreNamedWithTheirPath(t *testing.T) {
	in := []byte(
		`{"word":"a","wrod":"b","parts":[{"id":"p"},{"id":"q","nmae":1}],"one":{"id":"o","x":null},"any":{"unknown":"is fine here"}}`)
	err := UnmarshalStrict(in, &sample{})
	want := []fault.Field{
		{Name: "parts[1].nmae", Message: "There is no field named nmae here."},
		{Name: "one.x", Message: "There is no field named x here."},
		{Name: "wrod", Message: "There is no field named wrod here."},
	}
	if err == nil || err.Code != fault.Invalid {
		t.Fatalf("%v", err)
	}
	if diff := cmp.Diff(want, err.Fields); diff != "" {
		t.Error(diff)
	}
	if err := Unmarshal(in, &sample{}); err != nil {
		t.Errorf("data of our own is refused for a field that a newer version wrote: %v", err)
	}
}

func TestWrongKindsAreNamedWithTheirPath(t *testing.T) {
	for _, c := range []struct{ in, field, message string }{
		{`{"word":1}`, "word", "word must be a string, not a number."},
		{`{"word":null}`, "word", "word must be a string, not null."},
		{`{"may_be":null}`, "may_be", "may_be must be a string, not null."},
		{`{"n":"1"}`, "n", "n must be a number, not a string."},
		{`{"n":1.5}`, "n", "n must be a whole number."},
		{`{"n":1e400}`, "n", "n must be a whole number."},
		{`{"may_n":99999999999999999999}`, "may_n", "may_n must be a whole number."},
		{`{"yes":"true"}`, "yes", "yes must be a boolean, not a string."},
		{`{"may_yes":0}`, "may_yes", "may_yes must be a boolean, not a number."},
		{`{"at":null}`, "at", "at must be a time such as 2026-01-31T14:00:00Z."},
		{`{"at":"tomorrow"}`, "at", "at must be a time such as 2026-01-31T14:00:00Z."},
		{`{"at":-1}`, "at", "at must be a time such as 2026-01-31T14:00:00Z."},
		{`{"at":253402300800000}`, "at", "at must be a time such as 2026-01-31T14:00:00Z."},
		{`{"ended":true}`, "ended", "ended must be a time such as 2026-01-31T14:00:00Z."},
		{`{"words":"x"}`, "words", "words must be a list, not a string."},
		{`{"words":["x",1]}`, "words", "words must hold strings only."},
		{`{"parts":{}}`, "parts", "parts must be a list, not an object."},
		{`{"parts":[{},7]}`, "parts[1]", "parts[1] must be an object."},
		{`{"parts":[{"count":"x"}]}`, "parts[0].count", "count must be a number, not a string."},
		{`{"one":[]}`, "one", "one must be an object, not a list."},
	} {
		err := UnmarshalStrict([]byte(c.in), &sample{})
		if err == nil || err.Code != fault.Invalid || len(err.Fields) != 1 ||
			err.Fields[0] != (fault.Field{Name: c.field, Message: c.message}) {
			t.Errorf("%s: %+v, want %s: %s", c.in, err, c.field, c.message)
		}
	}
	for _, in := range []string{`[]`, `null`, `7`, `"x"`} {
		if err := Unmarshal([]byte(in), &sample{}); err == nil || err.Code != fault.Invalid {
			t.Errorf("%s: %v", in, err)
		}
	}
}

func TestAtMostTwentyRefusalsAreListed(t *testing.T) {
	in := `{"x0":0`
	for i := int64(1); i < 100; i++ {
		in += `,"x` + Itoa(i) + `":0`
	}
	if err := UnmarshalStrict([]byte(in+"}"), &sample{}); err == nil || len(err.Fields) != 20 {
		t.Errorf("%+v", err)
	}
}
