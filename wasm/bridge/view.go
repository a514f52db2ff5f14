package bridge

import (
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// view is a state with what follows from it: the page's indicator, and where each object may go next.
type view struct{ *page.State }

func (v *view) Wire(f *wire.Fields) {
	indicator, words := status.RollUp(v.Services)
	f.Int("seq", &v.Seq)
	f.Time("at", &v.At)
	wire.One(f, "org", &v.Org, (*page.Org).Wire)
	f.Derived("indicator", string(indicator))
	f.Derived("description", words)
	v.WireView(f)
}
