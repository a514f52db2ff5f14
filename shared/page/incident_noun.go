package page

import (
	"slices"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const (
	IncidentOpened    EventType = "incident_opened"
	IncidentUpdated   EventType = "incident_updated"
	UpdateWithdrawn   EventType = "update_withdrawn" // just after it was published
	IncidentResolved  EventType = "incident_resolved"
	IncidentEdited    EventType = "incident_edited"
	IncidentExplained EventType = "incident_explained" // its post-mortem was published
	IncidentDeleted   EventType = "incident_deleted"
)

var incidents = noun{
	name: IncidentNoun,
	commands: []Spec{
		{"open_incident", IncidentNoun, "POST", "/incidents", Creates, Writers, AsAsked,
			"Open incident", "Opened the incident", func() Command { return &OpenIncident{} }},
		{"edit_incident", IncidentNoun, "PATCH", "/incidents/:id", Changes, Writers, AsAsked,
			"Correct the text of", "Changed the incident", func() Command { return &EditIncident{} }},
		{"delete_incident", IncidentNoun, "DELETE", "/incidents/:id", Deletes, Writers, AsEvents,
			"Delete incident", "Deleted the incident", func() Command { return &DeleteIncident{} }},
		{"update_incident", IncidentNoun, "POST", "/incidents/:id/updates", Adds, Writers, AsAsked,
			"Update", "Updated the incident", func() Command { return &UpdateIncident{} }},
		{"correct_update", IncidentNoun, "PATCH", "/incidents/:id/updates/:update", Changes, Writers, Never,
			"Correct a message of", "Corrected a message of", func() Command { return &CorrectUpdate{} }},
		{"withdraw_update", IncidentNoun, "DELETE", "/incidents/:id/updates/:update", Changes, Writers, Never,
			"Withdraw the last message of", "Withdrew a message of", func() Command { return &WithdrawUpdate{} }},
	},
	events: []EventSpec{
		{IncidentOpened, "incident_update", "an incident was opened"},
		{IncidentUpdated, "incident_update", "it was updated"},
		{UpdateWithdrawn, "incident_update", "its last message was withdrawn"},
		{IncidentResolved, "incident_update", "it was resolved"},
		{IncidentEdited, "incident_update", "its text was changed"},
		{IncidentExplained, "incident_update", "its post-mortem was published"},
		{IncidentDeleted, "incident_deleted", "it was deleted"},
	},
	deleted: IncidentDeleted,

	blank: func() wire.Object { return &status.Incident{} },
	find: func(s *State, id string) (x wire.Object, version int64) {
		if x, there := s.Incident(id); there {
			return x, x.Version
		}
		return nil, 0
	},
	wire: func(s *State, f *wire.Fields) { wire.List(f, "incidents", &s.Incidents, (*status.Incident).Wire) },
	view: func(s *State, f *wire.Fields) {
		wire.List(f, "incidents", &s.Incidents, func(x *status.Incident, f *wire.Fields) {
			x.Wire(f)
			next(f, "next", x.Status.Next())
		})
	},
	size: func(s *State) int64 { return sizeOf(s.Incidents, incidentSize) },

	about: func(e *Event) (id string, is bool) {
		if e.Incident == nil {
			return "", false
		}
		return e.Incident.ID, true
	},
	log: func(e *Event, f *wire.Fields) {
		wire.Opt(f, "incident", &e.Incident, (*status.Incident).WireHead)
		wire.Opt(f, "update", &e.Update, (*status.Update).Wire)
	},
	frame: func(e *Event, f *wire.Fields) {
		wire.One(f, "data", e.Incident, func(i *status.Incident, f *wire.Fields) {
			i.WireHead(f)
			wire.Opt(f, "update", &e.Update, (*status.Update).Wire)
		})
	},
	room: func(e *Event) { e.Incident = &status.Incident{} },
	evolve: func(s *State, e *Event) (grown int64) {
		s.Incidents, grown = evolveIncidents(s.Incidents, e)
		s.Services = corrected(s.Services, e)
		return grown
	},
	moved: func(before *State, e *Event) int64 {
		was, there := before.Incident(e.Incident.ID)
		if e.Update == nil || !there || was.Status == e.Incident.Status {
			return 0
		}
		return updateBytes + moveText + listGrowth(nil, e.Update.Services, affectedSize)
	},
}

var incidentsTold = telling{
	name: IncidentNoun,

	sort: func(s *State) {
		slices.SortFunc(s.Incidents, func(a, b status.Incident) int {
			return order(newer(a.CreatedAt, a.ID, b.CreatedAt, b.ID))
		})
	},
	over: func(e *Event) bool { return !e.Incident.Active() },
	with: func(s State, older wire.Object) State { return s.WithIncident(*older.(*status.Incident)) },
	only: func(s, before *State, id string) {
		s.Incidents = nil
		if x, there := before.Incident(id); there {
			s.Incidents = []status.Incident{*x}
		}
	},
	words: func(s *State, w *Words) {
		w.Incidents = map[string]status.Incident{}
		for _, x := range s.Incidents {
			w.Incidents[x.ID] = x
		}
	},
	copy:  func(e *Event) { x := *e.Incident; e.Incident = &x },
	strip: func(r rewriter, e *Event) { r.incident(e.Incident, &status.Incident{}) },
	today: func(r rewriter, e, was *Event, w *Words) {
		now, there := w.Incidents[was.Incident.ID]
		r.incident(e.Incident, &now)
		if was.Update != nil {
			u := *was.Update
			today := entryOf(now.Updates, u.ID)
			r.entry(&u.Body, &u.Translations, today.Body, today.Translations)
			e.Update = &u
		}
		if !there {
			r.affected(e, w)
		}
	},
	gone: func(r rewriter, before *State, e *Event) {
		was, there := before.Incident(e.Incident.ID)
		if !there {
			*r.changed = e.Type != IncidentOpened // it is older than what the page keeps
			return
		}
		old := *was
		r.incident(&old, e.Incident)
		if e.Update != nil {
			u := entryOf(old.Updates, e.Update.ID)
			r.entry(&u.Body, &u.Translations, e.Update.Body, e.Update.Translations)
		}
	},
}

// Incident finds an incident by id.
func (s *State) Incident(id string) (*status.Incident, bool) {
	for i := range s.Incidents {
		if s.Incidents[i].ID == id {
			return &s.Incidents[i], true
		}
	}
	return nil, false
}

// WithIncident adds an older incident that the state left out, so that it can be decided about. It takes the place of
// the one that was closed first, so that it is still there after its own event.
func (s State) WithIncident(i status.Incident) State {
	if _, there := s.Incident(i.ID); !there {
		list, freed := withRoom(s.Incidents, resolved, incidentSize)
		s.Incidents = append(list, i)
		s.Bytes += incidentSize(&i) - freed
	}
	return s
}

// resolved is when an incident was resolved.
func resolved(i *status.Incident) (at status.Time, id string, is bool) {
	if i.ResolvedAt == nil {
		return 0, i.ID, !i.Active()
	}
	return *i.ResolvedAt, i.ID, !i.Active()
}

func evolveIncidents(list []status.Incident, e *Event) (out []status.Incident, grown int64) {
	next := *e.Incident
	out = make([]status.Incident, 0, len(list)+1)
	var was *status.Incident
	for i := range list {
		if list[i].ID == next.ID {
			was, next.Updates = &list[i], list[i].Updates
		} else {
			out = append(out, list[i])
		}
	}
	switch {
	case e.Type == IncidentDeleted && was != nil:
		return out, -incidentSize(was)
	case e.Type == IncidentDeleted || was == nil && e.Type != IncidentOpened:
		return out, 0 // what the state left out long ago comes not back without its timeline
	case was != nil:
		grown = incidentGrowth(was, &next)
	default:
		grown = incidentBytes + incidentGrowth(&status.Incident{}, &next)
	}
	if e.Update != nil && e.Type == UpdateWithdrawn {
		var freed int64
		next.Updates, freed = without(next.Updates, e.Update.ID)
		grown -= freed
	} else if e.Update != nil {
		var more int64
		next.Updates, more = placed(next.Updates, e.Update, func(u *status.Update) string { return u.ID }, updateSize)
		grown += more
	}
	at := 0
	for at < len(out) && newer(out[at].CreatedAt, out[at].ID, next.CreatedAt, next.ID) {
		at++
	}
	out = append(out, status.Incident{})
	copy(out[at+1:], out[at:])
	out[at] = next
	out, freed := capped(out, resolved, incidentSize)
	return out, grown - freed
}

// without is a timeline without an entry, and by how many bytes it shrank; the list it was given stays as it was.
func without(list []status.Update, id string) (out []status.Update, freed int64) {
	out = make([]status.Update, 0, len(list))
	for i := range list {
		if list[i].ID == id {
			freed += updateSize(&list[i])
		} else {
			out = append(out, list[i])
		}
	}
	return out, freed
}

func incidentSize(i *status.Incident) int64 {
	n := incidentBytes + incidentGrowth(&status.Incident{}, i)
	for k := range i.Updates {
		n += updateSize(&i.Updates[k])
	}
	return n
}

// incidentGrowth is without timelines.
func incidentGrowth(old, next *status.Incident) int64 {
	return growth(old.Title, next.Title) + growth(old.Description, next.Description) +
		growth(old.Postmortem, next.Postmortem) +
		growth(old.Excluded, next.Excluded) + listGrowth(old.Services, next.Services, affectedSize) +
		listGrowth(old.Translations, next.Translations, translationSize)
}

func updateSize(u *status.Update) int64 {
	return updateBytes + inAnswer(u.Body) + listGrowth(nil, u.Services, affectedSize) +
		sizeOf(u.Translations, translationSize)
}

func affectedSize(a *status.Affected) int64 { return affectedBytes + inAnswer(a.Name) }

// affected leaves an incident that is gone, which names services as they were named then, with the names that services
// have today.
func (r rewriter) affected(e *Event, w *Words) {
	name := func(a *status.Affected) { r.text(&a.Name, w.Services[a.ID].Name) }
	e.Incident.Services = changed(e.Incident.Services, name)
	if e.Update != nil {
		e.Update.Services = changed(e.Update.Services, name)
	}
}

// entryOf finds an entry of a timeline; empty where it is not there.
func entryOf(list []status.Update, id string) status.Update {
	for i := range list {
		if list[i].ID == id {
			return list[i]
		}
	}
	return status.Update{}
}
