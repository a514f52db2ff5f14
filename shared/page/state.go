// Package page is one organisation's page: its State, the Commands that may change it, the Events that did.
//
// Decide(State, Command, at) answers with events or a fault; Evolve(State, Event) with the next state. Both are pure;
// the server and the browser run these same two functions.
package page

import (
	"slices"

	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// What a page may hold; every list has an end.
const (
	MaxServices = 500 // of a page
	MaxActive   = 100 // incidents at a time, and windows that are not over
	MaxUpdates  = 500 // of one incident or window
	// of the resolved incidents, and of the windows that are over, those closed last stay in State; all stay in the
	// database
	KeepClosed  = 100
	MaxAffected = 100 // services of one incident or window
	MaxSlug     = 63  // characters, as a DNS label
	MaxBack     = 730 // days by which an incident may be dated back
	// HeldBack is by how much a clock may be set back for the time of events to stand still meanwhile.
	HeldBack = 3 * wire.Day
	// MaxServiceDays is how many days, over all its services, an incident that is written down later may cover.
	MaxServiceDays = 5_000
)

// Past is what was written down as it happened, from long enough ago until now.
type Past struct {
	Record    []Record             // of the services that it is about
	Incidents []status.Incident    // that were there meanwhile, with their timelines
	Windows   []status.Maintenance // that were noted afterwards
}

// excludes says that the time of some incident does not count: what the others held meanwhile matters then.
func (p *Past) excludes() bool {
	if p == nil {
		return false
	}
	for i := range p.Incidents {
		if p.Incidents[i].Excluded != "" {
			return true
		}
	}
	return false
}

// Record is in which states a service was written down to be, in order and without a gap.
type Record struct {
	ServiceID string
	Spans     []status.Span
}

// Wire is the state with its history: what the dashboard keeps.
func (s *State) Wire(f *wire.Fields) {
	wire.One(f, "org", &s.Org, (*Org).Wire)
	f.Int("seq", &s.Seq)
	f.Time("at", &s.At)
	for _, n := range nouns {
		if n.wire != nil {
			n.wire(s, f)
		}
	}
	if f.Reading() {
		s.Bytes = s.measure()
	}
}

// withRoom is a copy of the list that capped will not cut when one more closed member is put at its end, and how many
// bytes that made free.
func withRoom[T any](list []T, closed func(*T) (status.Time, string, bool),
	size func(*T) int64) (out []T, freed int64) {
	out = append(make([]T, 0, len(list)+1), list...)
	if n, first := firstClosed(out, closed); n >= KeepClosed {
		freed = size(&out[first])
		out = slices.Delete(out, first, first+1)
	}
	return out, freed
}

// firstClosed counts the members that are closed, and finds the one that was closed before all others.
func firstClosed[T any](list []T, closed func(*T) (status.Time, string, bool)) (n, first int) {
	var best status.Time
	var bestID string
	for i := range list {
		at, id, is := closed(&list[i])
		if !is {
			continue
		}
		if n++; n == 1 || newer(best, bestID, at, id) {
			best, bestID, first = at, id, i
		}
	}
	return n, first
}

// ActiveOn finds the most recently opened active incident that holds a service, other than one. An incident from which
// the service has recovered is not active on it any more.
func (s *State) ActiveOn(serviceID, other string) (status.Affected, bool) {
	var found status.Affected
	var best *status.Incident
	for i := range s.Incidents {
		in := &s.Incidents[i]
		if !in.Active() || in.ID == other {
			continue
		}
		if a, on := in.On(serviceID); on && a.To != status.Operational &&
			(best == nil || newer(in.CreatedAt, in.ID, best.CreatedAt, best.ID)) {
			best, found = in, a
		}
	}
	return found, best != nil
}

// Cause says what holds for a move by hand now.
func (s *State) Cause(serviceID string) status.Cause {
	if _, active := s.ActiveOn(serviceID, ""); active {
		return status.ByHandIncident
	}
	return status.ByHand
}

func (s *State) runningOn(serviceID, other string) bool {
	for i := range s.Maintenances {
		if m := &s.Maintenances[i]; m.ID != other && m.Running() && m.Covers(serviceID) {
			return true
		}
	}
	return false
}

// settled is where a service belongs when incident `other` no longer holds it.
func (s *State) settled(serviceID, other string) status.ServiceStatus {
	if a, active := s.ActiveOn(serviceID, other); active {
		return a.To
	}
	if s.runningOn(serviceID, "") {
		return status.UnderMaintenance
	}
	return status.Operational
}

func newer(at status.Time, id string, than status.Time, thanID string) bool {
	return at > than || at == than && id > thanID
}

func notFound(what string) *fault.Error {
	return fault.New(fault.NotFound, "There is no such %s.", what)
}

// Assemble is the state of rows in any order, as the tables hold them.
func Assemble(s State) State {
	for _, n := range tellings {
		if n.sort != nil {
			n.sort(&s)
		}
	}
	s.Bytes = s.measure()
	return s
}

func order(first bool) int {
	if first {
		return -1
	}
	return 1
}
