package page

import (
	"slices"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const (
	MaintenancePlanned EventType = "maintenance_planned"
	MaintenanceChanged EventType = "maintenance_changed"
	MaintenanceMoved   EventType = "maintenance_moved"
	MaintenanceDeleted EventType = "maintenance_deleted"
)

var maintenances = noun{
	name: MaintenanceNoun,
	commands: []Spec{
		{"plan_maintenance", MaintenanceNoun, "POST", "/maintenances", Creates, Writers, AsAsked,
			"Plan maintenance", "Planned the maintenance", func() Command { return &PlanMaintenance{} }},
		{"edit_maintenance", MaintenanceNoun, "PATCH", "/maintenances/:id", Changes, Writers, AsAsked,
			"Change maintenance", "Changed the maintenance", func() Command { return &EditMaintenance{} }},
		{"delete_maintenance", MaintenanceNoun, "DELETE", "/maintenances/:id", Deletes, Writers, AsEvents,
			"Delete maintenance", "Deleted the maintenance", func() Command { return &DeleteMaintenance{} }},
	},
	events: []EventSpec{
		{MaintenancePlanned, "maintenance_update", "it was planned"},
		{MaintenanceChanged, "maintenance_update", "it was changed"},
		{MaintenanceMoved, "maintenance_update", "it moved on"},
		{MaintenanceDeleted, "maintenance_update", "it was deleted"},
	},
	deleted: MaintenanceDeleted,

	blank: func() wire.Object { return &status.Maintenance{} },
	find: func(s *State, id string) (x wire.Object, version int64) {
		if x, there := s.Maintenance(id); there {
			return x, x.Version
		}
		return nil, 0
	},
	wire: func(s *State, f *wire.Fields) {
		wire.List(f, "maintenances", &s.Maintenances, (*status.Maintenance).Wire)
	},
	view: func(s *State, f *wire.Fields) {
		wire.List(f, "maintenances", &s.Maintenances, func(x *status.Maintenance, f *wire.Fields) {
			x.Wire(f)
			next(f, "next", x.Status.Next())
		})
	},
	size: func(s *State) int64 { return sizeOf(s.Maintenances, maintenanceSize) },

	about: func(e *Event) (id string, is bool) {
		if e.Maintenance == nil {
			return "", false
		}
		return e.Maintenance.ID, true
	},
	log: func(e *Event, f *wire.Fields) {
		wire.Opt(f, "maintenance", &e.Maintenance, (*status.Maintenance).WireHead)
		wire.Opt(f, "maintenance_update", &e.MaintenanceUpdate, (*status.MaintenanceUpdate).Wire)
	},
	frame: func(e *Event, f *wire.Fields) {
		wire.One(f, "data", e.Maintenance, func(m *status.Maintenance, f *wire.Fields) {
			m.WireHead(f)
			deleted := e.Type == MaintenanceDeleted
			f.Bool("deleted", &deleted)
			wire.Opt(f, "update", &e.MaintenanceUpdate, (*status.MaintenanceUpdate).Wire)
		})
	},
	room: func(e *Event) { e.Maintenance = &status.Maintenance{} },
	evolve: func(s *State, e *Event) (grown int64) {
		s.Maintenances, grown = evolveMaintenances(s.Maintenances, e)
		s.Services = corrected(s.Services, e)
		return grown
	},
	moved: func(before *State, e *Event) int64 {
		was, there := before.Maintenance(e.Maintenance.ID)
		if e.MaintenanceUpdate == nil || !there || was.Status == e.Maintenance.Status {
			return 0
		}
		return entryBytes + moveText
	},
}

var maintenancesTold = telling{
	name: MaintenanceNoun,

	sort: func(s *State) {
		slices.SortFunc(s.Maintenances, func(a, b status.Maintenance) int {
			return order(newer(a.ScheduledFor, a.ID, b.ScheduledFor, b.ID))
		})
	},
	over: func(e *Event) bool { return e.Maintenance.Over() },
	with: func(s State, older wire.Object) State { return s.WithMaintenance(*older.(*status.Maintenance)) },
	only: func(s, before *State, id string) {
		s.Maintenances = nil
		if x, there := before.Maintenance(id); there {
			s.Maintenances = []status.Maintenance{*x}
		}
	},
	words: func(s *State, w *Words) {
		w.Maintenances = map[string]status.Maintenance{}
		for _, x := range s.Maintenances {
			w.Maintenances[x.ID] = x
		}
	},
	copy:  func(e *Event) { x := *e.Maintenance; e.Maintenance = &x },
	strip: func(r rewriter, e *Event) { r.maintenance(e.Maintenance, &status.Maintenance{}) },
	today: func(r rewriter, e, was *Event, w *Words) {
		now, there := w.Maintenances[was.Maintenance.ID]
		r.maintenance(e.Maintenance, &now)
		// A service that the window covers keeps the name under which it was planned.
		e.Maintenance.Services = changed(e.Maintenance.Services, func(s *status.Ref) {
			if !there || !now.Covers(s.ID) {
				r.text(&s.Name, w.Services[s.ID].Name)
			}
		})
		if was.MaintenanceUpdate != nil {
			u := *was.MaintenanceUpdate
			today := stepOf(now.Updates, u.ID)
			r.entry(&u.Body, &u.Translations, today.Body, today.Translations)
			e.MaintenanceUpdate = &u
		}
	},
	gone: func(r rewriter, before *State, e *Event) {
		was, there := before.Maintenance(e.Maintenance.ID)
		if !there {
			*r.changed = e.Type != MaintenancePlanned
			return
		}
		old := *was
		r.maintenance(&old, e.Maintenance)
		for _, s := range was.Services {
			if svc, there := before.Service(s.ID); !e.Maintenance.Covers(s.ID) && (!there || svc.Name != s.Name) {
				*r.changed = true
			}
		}
		if e.MaintenanceUpdate != nil {
			u := stepOf(old.Updates, e.MaintenanceUpdate.ID)
			r.entry(&u.Body, &u.Translations, e.MaintenanceUpdate.Body, e.MaintenanceUpdate.Translations)
		}
	},
}

// Maintenance finds a window by id.
func (s *State) Maintenance(id string) (*status.Maintenance, bool) {
	for i := range s.Maintenances {
		if s.Maintenances[i].ID == id {
			return &s.Maintenances[i], true
		}
	}
	return nil, false
}

// WithMaintenance is WithIncident for windows.
func (s State) WithMaintenance(m status.Maintenance) State {
	if _, there := s.Maintenance(m.ID); !there {
		list, freed := withRoom(s.Maintenances, over, maintenanceSize)
		s.Maintenances = append(list, m)
		s.Bytes += maintenanceSize(&m) - freed
	}
	return s
}

// over is when a window was completed or cancelled.
func over(m *status.Maintenance) (at status.Time, id string, is bool) {
	if m.CompletedAt == nil {
		return 0, m.ID, m.Over()
	}
	return *m.CompletedAt, m.ID, m.Over()
}

func evolveMaintenances(list []status.Maintenance, e *Event) (out []status.Maintenance, grown int64) {
	next := *e.Maintenance
	out = make([]status.Maintenance, 0, len(list)+1)
	var was *status.Maintenance
	for i := range list {
		if list[i].ID == next.ID {
			was, next.Updates = &list[i], list[i].Updates
		} else {
			out = append(out, list[i])
		}
	}
	switch {
	case e.Type == MaintenanceDeleted && was != nil:
		return out, -maintenanceSize(was)
	case e.Type == MaintenanceDeleted || was == nil && e.Type != MaintenancePlanned:
		return out, 0
	case was != nil:
		grown = maintenanceGrowth(was, &next)
	default:
		grown = maintenanceBytes + maintenanceGrowth(&status.Maintenance{}, &next)
	}
	if e.MaintenanceUpdate != nil {
		var more int64
		next.Updates, more = placed(next.Updates, e.MaintenanceUpdate,
			func(u *status.MaintenanceUpdate) string { return u.ID }, entrySize)
		grown += more
	}
	at := 0
	for at < len(out) && newer(out[at].ScheduledFor, out[at].ID, next.ScheduledFor, next.ID) {
		at++
	}
	out = append(out, status.Maintenance{})
	copy(out[at+1:], out[at:])
	out[at] = next
	out, freed := capped(out, over, maintenanceSize)
	return out, grown - freed
}

func maintenanceSize(m *status.Maintenance) int64 {
	n := maintenanceBytes + maintenanceGrowth(&status.Maintenance{}, m)
	for k := range m.Updates {
		n += entrySize(&m.Updates[k])
	}
	return n
}

// maintenanceGrowth is without timelines.
func maintenanceGrowth(old, next *status.Maintenance) int64 {
	return growth(old.Title, next.Title) + growth(old.Description, next.Description) +
		listGrowth(old.Services, next.Services, refSize) +
		listGrowth(old.Translations, next.Translations, translationSize)
}

func entrySize(u *status.MaintenanceUpdate) int64 {
	return entryBytes + inAnswer(u.Body) + sizeOf(u.Translations, translationSize)
}

func refSize(r *status.Ref) int64 { return refBytes + inAnswer(r.Name) }

// stepOf finds an entry of a window's timeline; empty where it is not there.
func stepOf(list []status.MaintenanceUpdate, id string) status.MaintenanceUpdate {
	for i := range list {
		if list[i].ID == id {
			return list[i]
		}
	}
	return status.MaintenanceUpdate{}
}

// maintenance puts in all words of it; whoever adds a text adds it here.
func (r rewriter) maintenance(m, now *status.Maintenance) {
	r.text(&m.Title, now.Title)
	r.text(&m.Description, now.Description)
	r.translations(&m.Translations, now.Translations)
}
