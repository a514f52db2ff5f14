package usecase

import (
	"testing"
	"time"

	"statuspage/shared/page"
)

// stranger is a command of a type that this package has never heard of.
type stranger struct{ page.Command }

// An unknown command would be audited, answered and told as a change of the page.
func TestEveryCommandHasATargetAndAnUnknownOneIsRefused(t *testing.T) {
	for _, kind := range page.Kinds() {
		c, no := page.UnmarshalCommand([]byte(`{"kind":"` + kind + `"}`))
		if no != nil {
			t.Fatalf("%s: %v", kind, no)
		}
		is := page.Known(c)
		if err := unknown(c); err != nil || (is.Noun == "organization") != (kind == "edit_page" ||
			kind == "prove_host") {
			t.Errorf("%s is about %q: %v", kind, is.Noun, err)
		}
		d := &UseCases{}
		for name, c := range map[string]page.Command{"of another type": stranger{c}, "none": nil} {
			if _, err := d.Change(t.Context(), Caller{System: true}, "o", c); err == nil {
				t.Errorf("%s, %s: it is taken", kind, name)
			}
			if _, err := d.ChangeAt(t.Context(), Caller{System: true}, "o", c, time.Time{}); err == nil {
				t.Errorf("%s, %s: it is taken", kind, name)
			}
		}
		if o := outcome(&page.State{}, stranger{c}); o.kind != "" || o.value != nil || told(stranger{c}) {
			t.Errorf("%s: the outcome of another type is %+v", kind, o)
		}
	}
}

// told says that subscribers hear of a command that says nothing about it.
func told(c page.Command) bool {
	tell := page.Tells(c, nil)
	return tell == nil || *tell
}
