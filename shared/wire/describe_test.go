//go:build !wasip1

package wire_test

import (
	"fmt"
	"reflect"
	"testing"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

type everything struct {
	text, opt string
	may       *string
	n         int64
	mayN      *int64
	yes       bool
	at        wire.Time
	ended     *wire.Time
	begun     *wire.Time
	words     []string
	list      []point
	some      []point
	one       point
	other     *point
}

type point struct {
	x  int64
	up *wire.Time
}

func (p *point) Wire(f *wire.Fields) {
	f.Int("x", &p.x)
	f.NullTime("up", &p.up)
}

func (e *everything) Wire(f *wire.Fields) {
	f.Str("text", &e.text)
	if f.Reading() || e.opt != "" {
		f.Str("sometimes", &e.opt)
	}
	f.OptStr("may", &e.may)
	f.Int("n", &e.n)
	f.OptInt("may_n", &e.mayN)
	f.Bool("yes", &e.yes)
	f.Derived("words_of_it", e.text)
	f.Derived("same_moment", e.at.String())
	f.Time("at", &e.at)
	f.NullTime("ended", &e.ended)
	f.OptTime("begun", &e.begun)
	f.Strings("words", &e.words)
	wire.List(f, "list", &e.list, (*point).Wire)
	wire.OptList(f, "some", &e.some, (*point).Wire)
	wire.One(f, "one", &e.one, (*point).Wire)
	wire.Opt(f, "other", &e.other, (*point).Wire)
}

// A mapping says what its JSON is made of.
func TestAMappingDescribesItself(t *testing.T) {
	of := []wire.Member{{Key: "x", Type: "integer"}, {Key: "up", Type: "time"}}
	always := []wire.Member{{Key: "x", Type: "integer", Required: true},
		{Key: "up", Type: "time", Required: true, Nullable: true}}
	want := []wire.Member{
		{Key: "text", Type: "string", Required: true}, {Key: "sometimes", Type: "string"}, {Key: "may", Type: "string"},
		{Key: "n", Type: "integer", Required: true}, {Key: "may_n", Type: "integer"},
		{Key: "yes", Type: "boolean", Required: true},
		{Key: "words_of_it", Type: "string", Required: true, Derived: true},
		{Key: "same_moment", Type: "time", Required: true, Derived: true},
		{Key: "at", Type: "time", Required: true}, {Key: "ended", Type: "time", Required: true, Nullable: true},
		{Key: "begun", Type: "time"},
		{Key: "words", Type: "strings", Required: true}, {Key: "list", Type: "objects", Required: true, Members: of},
		{Key: "some", Type: "objects", Members: of}, {Key: "one", Type: "object", Required: true, Members: always},
		{Key: "other", Type: "object", Members: of},
	}
	is := wire.Describe(&everything{})
	for i := range want {
		if i >= len(is) || !reflect.DeepEqual(is[i], want[i]) {
			t.Fatalf("member %d: %+v\nwant %+v", i, is[min(i, len(is)-1)], want[i])
		}
	}
	if len(is) != len(want) {
		t.Errorf("more: %+v", is[len(want):])
	}
}

// No text of JSON is taken for the object that is described.
func TestNoInputIsDescribed(t *testing.T) {
	for _, in := range []string{`{}`, `{"?":"?"}`, `{"list":[{}]}`, `{"other":{"?":1}}`} {
		if err := wire.Unmarshal([]byte(in), &everything{}); err != nil {
			t.Errorf("%s: %v", in, err)
		}
	}
}

// Everything that the rules know describes itself whole: what is written is what is described.
func TestObjectsWriteWhatTheyDescribe(t *testing.T) {
	objects := []wire.Object{&status.Service{}, &status.Incident{}, &status.Maintenance{}, &page.Org{},
		&status.Update{}, &status.Tally{}}
	for _, row := range page.Commands {
		objects = append(objects, row.New())
	}
	for _, x := range objects {
		name := fmt.Sprintf("%T", x)
		members := wire.Describe(x)
		if len(members) == 0 {
			t.Errorf("%s has no members", name)
		}
		for _, m := range members {
			if m.Key == "" || m.Type == "" {
				t.Errorf("%s: %+v", name, m)
			}
		}
	}
}
