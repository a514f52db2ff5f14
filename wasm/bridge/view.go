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
	wire.List(f, "services", &v.Services, func(s *status.Service, f *wire.Fields) {
		s.Wire(f)
		names(f, "next", s.Status.Next(v.Cause(s.ID)))
		names(f, "next_by_incident", s.Status.Next(status.ByIncident))
	})
	wire.List(f, "incidents", &v.Incidents, func(i *status.Incident, f *wire.Fields) {
		i.Wire(f)
		names(f, "next", i.Status.Next())
	})
	wire.List(f, "maintenances", &v.Maintenances, func(m *status.Maintenance, f *wire.Fields) {
		m.Wire(f)
		names(f, "next", m.Status.Next())
	})
}

func names[T ~string](f *wire.Fields, key string, list []T) {
	words := status.Names(list)
	f.Strings(key, &words)
}
