package page

import "statuspage/shared/status"

// recount tallies the days of an incident's services again, as they are with the incident told like this; one that was
// deleted has no services. Without a Past nobody knows, and nothing is said.
func (d *draft) recount(told status.Incident) []status.ServiceDay {
	past := d.state.Past
	if past == nil {
		return nil
	}
	incidents := append([]status.Incident{told}, past.told(told.ID)...)
	var out []status.ServiceDay
	for _, r := range past.Record {
		svc, there := d.state.Service(r.ServiceID)
		if !there {
			continue
		}
		first := max(min(told.CreatedAt, svc.BookedUntil()), min(svc.Born(), svc.CreatedAt)).DayNumber()
		for _, t := range status.Recount(svc.ID, r.since(svc.Born()), incidents, first, d.at) {
			// A day of the incident may be well now; any other that is well needs no word.
			if within := t.Day >= told.CreatedAt.DayNumber() &&
				(told.ResolvedAt == nil || t.Day <= told.ResolvedAt.DayNumber()); within || !t.Well() {
				out = append(out, status.ServiceDay{ServiceID: svc.ID, Tally: t})
			}
		}
	}
	return out
}

// recountFrom tallies all days of a service whose record begins earlier than it did.
func (d *draft) recountFrom(svc *status.Service) []status.ServiceDay {
	past := d.state.Past
	if past == nil {
		return nil
	}
	var out []status.ServiceDay
	for _, r := range past.Record {
		if r.ServiceID != svc.ID {
			continue
		}
		for _, t := range status.Recount(svc.ID, r.since(svc.Born()), past.told(""), svc.Born().DayNumber(), d.at) {
			if !t.Well() {
				out = append(out, status.ServiceDay{ServiceID: svc.ID, Tally: t})
			}
		}
	}
	return out
}

// told is what was written down of the past, without one incident or window.
func (p *Past) told(without string) []status.Incident {
	var out []status.Incident
	for _, in := range p.Incidents {
		if in.ID != without {
			out = append(out, in)
		}
	}
	for i := range p.Windows {
		if p.Windows[i].ID != without {
			out = append(out, p.Windows[i].AsIncident())
		}
	}
	return out
}

// since is the record from a service's birth on: before it was written down, nothing is known to have been wrong.
func (r *Record) since(born status.Time) []status.Span {
	if len(r.Spans) == 0 || born >= r.Spans[0].From {
		return r.Spans
	}
	return append([]status.Span{{Status: status.Operational, From: born, To: r.Spans[0].From}}, r.Spans...)
}
