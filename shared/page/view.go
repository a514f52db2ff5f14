package page

import (
	"slices"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// View is the page as somebody sees it who belongs to some audiences: the services that are for everybody and those of
// these audiences, and what was said of them. Nothing in it comes from any other service, but the number of the last
// event: it is the same as if the others did not exist. No audience is named in it.
//
// An incident or window that names services of both kinds is one: its texts, times and version are seen by both. What
// names no service that is seen, or only such that are deleted, is not there.
func View(s State, audiences []string) State {
	v := State{Org: s.Org, Seq: s.Seq, At: s.Org.UpdatedAt}
	v.Org.Access = Access{Kind: s.Org.Access.Kind}
	for _, x := range s.Services {
		if !sees(audiences, x.Audiences) {
			continue
		}
		x.Audiences, x.Position = nil, int64(len(v.Services)) // how many others are between them is not told
		v.Services = append(v.Services, x)
		v.At = max(v.At, x.UpdatedAt)
	}
	seen := v.seen()
	for i := range s.Incidents {
		if x, is := seenIncident(s.Incidents[i], seen); is {
			v.Incidents = append(v.Incidents, x)
			v.At = max(v.At, x.UpdatedAt)
		}
	}
	for i := range s.Maintenances {
		if x, is := seenMaintenance(s.Maintenances[i], seen); is {
			v.Maintenances = append(v.Maintenances, x)
			v.At = max(v.At, x.UpdatedAt)
		}
	}
	v.Bytes = v.measure()
	return v
}

// sees says whether somebody of some audiences sees what is for others; what is for none is for everybody.
func sees(mine, its []string) bool {
	return len(its) == 0 || slices.ContainsFunc(its, func(id string) bool { return slices.Contains(mine, id) })
}

func (s *State) seen() map[string]bool {
	ids := make(map[string]bool, len(s.Services))
	for i := range s.Services {
		ids[s.Services[i].ID] = true
	}
	return ids
}

// SeenIncidents are those of a list, from wherever it was read, that a view shows, as it shows them.
func (s *State) SeenIncidents(list []status.Incident) []status.Incident {
	seen, out := s.seen(), []status.Incident{}
	for i := range list {
		if x, is := seenIncident(list[i], seen); is {
			out = append(out, x)
		}
	}
	return out
}

// SeenMaintenances is SeenIncidents of windows.
func (s *State) SeenMaintenances(list []status.Maintenance) []status.Maintenance {
	seen, out := s.seen(), []status.Maintenance{}
	for i := range list {
		if x, is := seenMaintenance(list[i], seen); is {
			out = append(out, x)
		}
	}
	return out
}

func seenIncident(in status.Incident, seen map[string]bool) (status.Incident, bool) {
	all := len(in.Services)
	in.Services = seenOf(in.Services, seen, affectedID)
	if len(in.Services) == 0 || len(in.Services) == all {
		return in, len(in.Services) > 0
	}
	list := make([]status.Update, 0, len(in.Updates))
	for _, u := range in.Updates {
		said := u.Services
		u.Services = seenOf(said, seen, affectedID)
		if n := len(list); n > 0 && u.Body == "" && u.Status == list[n-1].Status && len(said) > 0 &&
			len(u.Services) == 0 {
			continue // it was only about the others
		}
		list = append(list, u)
	}
	in.Updates = list
	if len(list) > 0 {
		if list[len(list)-1].Status == status.Resolved { // a resolution leaves services to what else holds them
			list = list[:len(list)-1]
		}
		in.Impact = status.ImpactNone.Worse(impactSince(list))
	}
	return in, true
}

func seenMaintenance(m status.Maintenance, seen map[string]bool) (status.Maintenance, bool) {
	m.Services = seenOf(m.Services, seen, func(x *status.Ref) string { return x.ID })
	return m, len(m.Services) > 0
}

func affectedID(a *status.Affected) string { return a.ID }

// seenOf is the list itself where all of it is seen.
func seenOf[T any](list []T, seen map[string]bool, id func(*T) string) []T {
	if !slices.ContainsFunc(list, func(x T) bool { return !seen[id(&x)] }) {
		return list
	}
	var out []T
	for i := range list {
		if seen[id(&list[i])] {
			out = append(out, list[i])
		}
	}
	return out
}

// In is the event as a reader of a view is told it: before and after are the view before the event and after it. With
// nil and false the view is the same, and with nil and true it has become another one in a way that no single event
// tells: the reader is given the whole view.
func (e *Event) In(before, after *State) (told *Event, whole bool) {
	if alike(before, after) {
		return nil, false
	}
	if told = e.seenIn(before, after); told != nil {
		if folded := Evolve(*before, told); alike(&folded, after) {
			return told, false
		}
	}
	return nil, true
}

// alike says that two states tell the same, but for which event and moment they are of.
func alike(a, b *State) bool {
	x, y := *a, *b
	x.Seq, x.At = y.Seq, y.At
	return string(wire.Marshal(&x)) == string(wire.Marshal(&y))
}

// seenIn is the event with its object as it is in the view; nil where that has none.
func (e *Event) seenIn(before, after *State) *Event {
	in := after
	if e.deletes() {
		in = before
	}
	told := &Event{Seq: e.Seq, Type: e.Type, At: e.At, Command: e.Command, Withdrawn: e.Withdrawn}
	seen := after.seen()
	for _, d := range e.Days {
		if seen[d.ServiceID] {
			told.Days = append(told.Days, d)
		}
	}
	switch {
	case e.Org != nil:
		org := after.Org
		told.Org = &org
	case e.Service != nil:
		svc, there := in.Service(e.Service.ID)
		if !there {
			return nil
		}
		x := *svc
		x.Days, x.Booked = nil, 0
		told.Service = &x
	case e.Incident != nil:
		i, there := in.Incident(e.Incident.ID)
		if !there {
			return nil
		}
		told.Incident, told.Update = headOf(i), seenUpdate(e, i)
	case e.Maintenance != nil:
		m, there := in.Maintenance(e.Maintenance.ID)
		if !there {
			return nil
		}
		x := *m
		x.Updates = nil
		told.Maintenance, told.MaintenanceUpdate = &x, e.MaintenanceUpdate
	default:
		return nil // a noun that this file does not know
	}
	return told
}

func headOf(i *status.Incident) *status.Incident {
	x := *i
	x.Updates = nil
	return &x
}

// seenUpdate is the event's entry of the timeline as the view has it.
func seenUpdate(e *Event, in *status.Incident) *status.Update {
	if e.Update == nil {
		return nil
	}
	for i := range in.Updates {
		if in.Updates[i].ID == e.Update.ID {
			return &in.Updates[i]
		}
	}
	gone := *e.Update // it was withdrawn
	gone.Body, gone.Services = "", nil
	return &gone
}
