package serve

import (
	"cmp"
	"slices"

	"statuspage/shared/page"
	"statuspage/shared/status"
)

// Turn is when a thing is told, in a list that has not room for all.
type Turn int

const (
	Always Turn = iota // it goes on, or comes soon
	Then               // it is over
	Last               // it is further ahead
)

// Thing is an incident or a window.
type Thing struct {
	Turn        Turn
	Incident    *status.Incident
	Maintenance *status.Maintenance
}

// Changed is when something was last said of it.
func (t Thing) Changed() status.Time {
	if t.Incident != nil {
		return t.Incident.UpdatedAt
	}
	return t.Maintenance.UpdatedAt
}

// soonest is how many windows to come are told before what is over.
const soonest = 10

// Told are the incidents and windows that a list of both has room for, what matters most first: active incidents and
// windows that go on, the windows that come soonest, what is over by its last change, and then the windows that are
// further ahead. The limit cuts the far end.
func Told(s *page.State, most int) []Thing {
	var now, planned, over []Thing
	for i := range s.Incidents {
		in := &s.Incidents[i]
		if in.Active() {
			now = append(now, Thing{Incident: in})
		} else {
			over = append(over, Thing{Incident: in})
		}
	}
	for i := range s.Maintenances {
		t := Thing{Maintenance: &s.Maintenances[i]}
		switch m := t.Maintenance; {
		case m.Running():
			now = append(now, t)
		case m.Over():
			over = append(over, t)
		default:
			planned = append(planned, t)
		}
	}
	newest := func(a, b Thing) int { return cmp.Compare(b.Changed(), a.Changed()) }
	slices.SortStableFunc(now, func(a, b Thing) int {
		return cmp.Or(first(a.Incident != nil, b.Incident != nil), newest(a, b))
	})
	slices.SortStableFunc(over, newest)
	slices.SortStableFunc(planned, func(a, b Thing) int {
		return cmp.Compare(a.Maintenance.ScheduledFor, b.Maintenance.ScheduledFor)
	})
	near := min(soonest, len(planned))
	for i := range over {
		over[i].Turn = Then
	}
	for i := range planned[near:] {
		planned[near+i].Turn = Last
	}
	all := slices.Concat(now, planned[:near], over, planned[near:])
	return all[:min(len(all), most)]
}
