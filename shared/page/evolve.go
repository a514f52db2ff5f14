package page

import "statuspage/shared/status"

// Evolve is the state after one more event. The event must be the next one (Seq+1); the state it is given stays as it was.
func Evolve(s State, e *Event) State {
	s.Seq, s.At = e.Seq, e.At
	switch {
	case e.Org != nil:
		s.Org = *e.Org
	case e.Service != nil:
		s.Services = evolveServices(s.Services, e)
	case e.Incident != nil:
		s.Incidents = evolveIncidents(s.Incidents, e)
		s.Services = corrected(s.Services, e)
	case e.Maintenance != nil:
		s.Maintenances = evolveMaintenances(s.Maintenances, e)
	}
	return s
}

// corrected puts the event's tallies in their services' records; the list it was given stays as it was.
func corrected(list []status.Service, e *Event) []status.Service {
	if len(e.Days) == 0 {
		return list
	}
	days := map[string][]status.Tally{}
	for _, d := range e.Days {
		days[d.ServiceID] = append(days[d.ServiceID], d.Tally)
	}
	out := append(make([]status.Service, 0, len(list)), list...)
	for i := range out {
		if d := days[out[i].ID]; d != nil {
			out[i].Correct(d, e.At)
			out[i].Days = status.Trimmed(out[i].Days, e.At)
		}
	}
	return out
}

func evolveServices(list []status.Service, e *Event) []status.Service {
	next := *e.Service
	next.Booked = e.At
	out := make([]status.Service, 0, len(list)+1)
	for _, old := range list {
		if old.ID != next.ID {
			out = append(out, old)
			continue
		}
		old.Move(next.Status, e.At)
		next.Days, next.Booked = status.Trimmed(old.Days, e.At), old.Booked
	}
	if e.Type == ServiceDeleted {
		return out
	}
	at := len(out)
	for at > 0 && before(&next, &out[at-1]) {
		at--
	}
	out = append(out, status.Service{})
	copy(out[at+1:], out[at:])
	out[at] = next
	return out
}

// before is the order on the page: by position, then age, then id.
func before(a, b *status.Service) bool {
	if a.Position != b.Position {
		return a.Position < b.Position
	}
	return newer(b.CreatedAt, b.ID, a.CreatedAt, a.ID)
}

func evolveIncidents(list []status.Incident, e *Event) []status.Incident {
	next := *e.Incident
	out := make([]status.Incident, 0, len(list)+1)
	for _, old := range list {
		if old.ID == next.ID {
			next.Updates = old.Updates
		} else {
			out = append(out, old)
		}
	}
	if e.Type == IncidentDeleted || len(out) == len(list) && e.Type != IncidentOpened {
		return out // what the state left out long ago comes not back without its timeline
	}
	if e.Update != nil {
		next.Updates = placed(next.Updates, *e.Update, func(u *status.Update) string { return u.ID })
	}
	at := 0
	for at < len(out) && newer(out[at].CreatedAt, out[at].ID, next.CreatedAt, next.ID) {
		at++
	}
	out = append(out, status.Incident{})
	copy(out[at+1:], out[at:])
	out[at] = next
	return capped(out, func(i *status.Incident) bool { return i.Active() })
}

func evolveMaintenances(list []status.Maintenance, e *Event) []status.Maintenance {
	next := *e.Maintenance
	out := make([]status.Maintenance, 0, len(list)+1)
	for _, old := range list {
		if old.ID == next.ID {
			next.Updates = old.Updates
		} else {
			out = append(out, old)
		}
	}
	if e.Type == MaintenanceDeleted || len(out) == len(list) && e.Type != MaintenancePlanned {
		return out
	}
	if e.MaintenanceUpdate != nil {
		next.Updates = placed(next.Updates, *e.MaintenanceUpdate, func(u *status.MaintenanceUpdate) string { return u.ID })
	}
	at := 0
	for at < len(out) && newer(out[at].ScheduledFor, out[at].ID, next.ScheduledFor, next.ID) {
		at++
	}
	out = append(out, status.Maintenance{})
	copy(out[at+1:], out[at:])
	out[at] = next
	return capped(out, func(m *status.Maintenance) bool { return !m.Over() })
}

// placed adds an entry to a timeline, or corrects the one of the same id; the list it was given stays as it was.
func placed[T any](list []T, x T, id func(*T) string) []T {
	out := append(make([]T, 0, len(list)+1), list...)
	for i := range out {
		if id(&out[i]) == id(&x) {
			out[i] = x
			return out
		}
	}
	return append(out, x)
}

// capped keeps what is open and the KeepClosed first of the others.
func capped[T any](list []T, open func(*T) bool) []T {
	closed, out := 0, list[:0]
	for i := range list {
		if !open(&list[i]) {
			if closed++; closed > KeepClosed {
				continue
			}
		}
		out = append(out, list[i])
	}
	return out
}
