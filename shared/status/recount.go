package status

import (
	"slices"

	"statuspage/shared/wire"
)

// Span is a stretch of time in one state; To is not part of it.
type Span struct {
	Status   ServiceStatus
	From, To Time
}

// ServiceDay is the tally of a service on a day, as a correction says it is.
type ServiceDay struct {
	ServiceID string
	Tally
}

// Wire is a member of an event's `days`.
func (d *ServiceDay) Wire(f *wire.Fields) {
	f.Str("service", &d.ServiceID)
	d.Tally.Wire(f)
}

// Recount tallies a service's days again, from the first day to a moment: one for each, also where there was no
// trouble. record is what was written down as it happened, in order and without a gap; incidents are all that were
// there meanwhile, except those that were deleted.
//
// An incident that was written down later counts from its beginning as if it had been written down then: at each moment
// the worse of the record and of what it held. While an incident that is excluded was active, only what would have been
// without it counts: what other incidents held, or maintenance, and never more than was recorded.
func Recount(serviceID string, record []Span, incidents []Incident, first int64, until Time) []Tally {
	var about []*Incident
	for i := range incidents {
		if _, on := incidents[i].On(serviceID); on {
			about = append(about, &incidents[i])
		}
	}
	var out []Tally
	edges := edges(record, about, Time(first)*wire.Day, until)
	for i := 0; i+1 < len(edges); i++ {
		from, to := edges[i], edges[i+1]
		for len(record) > 0 && record[0].To <= from {
			record = record[1:]
		}
		if day := from.DayNumber(); len(out) == 0 || out[len(out)-1].Day != day {
			out = append(out, Tally{Day: day})
		}
		out[len(out)-1].add(counted(serviceID, record, about, from), int64(to-from))
	}
	return out
}

// edges are the moments at which anything may change, the ends included.
func edges(record []Span, incidents []*Incident, from, until Time) []Time {
	list := []Time{from, until}
	add := func(t Time) {
		if t > from && t < until {
			list = append(list, t)
		}
	}
	for day := from; day < until; day += wire.Day {
		add(day)
	}
	for _, s := range record {
		add(s.From)
		add(s.To)
	}
	for _, in := range incidents {
		add(in.CreatedAt)
		for _, t := range []*Time{in.ResolvedAt, in.RecordedAt} {
			if t != nil {
				add(*t)
			}
		}
		for k := range in.Updates {
			add(in.Updates[k].CreatedAt)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// counted is the state that a moment counts as; the record begins with the span of the moment, or later.
func counted(serviceID string, record []Span, incidents []*Incident, at Time) ServiceStatus {
	if len(record) == 0 || at < record[0].From {
		return Operational // it did not exist yet
	}
	was := record[0].Status
	rest, excluded := Operational, false
	if was == UnderMaintenance {
		rest = was
	}
	for _, in := range incidents {
		held, active := in.HeldAt(serviceID, at)
		if !active {
			continue
		}
		if in.RecordedAt != nil && at < *in.RecordedAt {
			was = Worse(was, held)
		}
		if in.Excluded != "" {
			excluded = true
		} else {
			rest = Worse(rest, held)
		}
	}
	if excluded && Worse(was, rest) == was {
		return rest
	}
	return was
}
