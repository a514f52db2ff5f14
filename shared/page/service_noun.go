package page

import (
	"slices"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const (
	ServiceCreated EventType = "service_created"
	ServiceChanged EventType = "service_changed"
	ServiceDeleted EventType = "service_deleted"
)

var services = noun{
	name: ServiceNoun,
	commands: []Spec{
		{"create_service", ServiceNoun, "POST", "/services", Creates, Writers, AsEvents,
			"Add service", "Added the service", func() Command { return &CreateService{} }},
		{"edit_service", ServiceNoun, "PATCH", "/services/:id", Changes, Writers, AsEvents,
			"Change service", "Changed the service", func() Command { return &EditService{} }},
		{"delete_service", ServiceNoun, "DELETE", "/services/:id", Deletes, Writers, AsEvents,
			"Delete service", "Deleted the service", func() Command { return &DeleteService{} }},
	},
	events: []EventSpec{
		{ServiceCreated, "service_status_update", "it was created"},
		{ServiceChanged, "service_status_update", "it was changed"},
		{ServiceDeleted, "service_deleted", "it was deleted"},
	},
	deleted: ServiceDeleted,

	blank: func() wire.Object { return &status.Service{} },
	find: func(s *State, id string) (x wire.Object, version int64) {
		if x, there := s.Service(id); there {
			return x, x.Version
		}
		return nil, 0
	},
	wire: func(s *State, f *wire.Fields) { wire.List(f, "services", &s.Services, (*status.Service).WireHistory) },
	view: func(s *State, f *wire.Fields) {
		wire.List(f, "services", &s.Services, func(x *status.Service, f *wire.Fields) {
			x.Wire(f)
			next(f, "next", x.Status.Next(s.Cause(x.ID)))
			next(f, "next_by_incident", x.Status.Next(status.ByIncident))
		})
	},
	size: func(s *State) int64 { return sizeOf(s.Services, serviceSize) },

	about: func(e *Event) (id string, is bool) {
		if e.Service == nil {
			return "", false
		}
		return e.Service.ID, true
	},
	log:   func(e *Event, f *wire.Fields) { wire.Opt(f, "service", &e.Service, (*status.Service).Wire) },
	frame: func(e *Event, f *wire.Fields) { wire.One(f, "data", e.Service, (*status.Service).Wire) },
	room:  func(e *Event) { e.Service = &status.Service{} },
	evolve: func(s *State, e *Event) (grown int64) {
		s.Services, grown = evolveServices(s.Services, e)
		s.Services = corrected(s.Services, e)
		return grown
	},
}

var servicesTold = telling{
	name: ServiceNoun,

	sort: func(s *State) {
		slices.SortFunc(s.Services, func(a, b status.Service) int { return order(before(&a, &b)) })
	},
	words: func(s *State, w *Words) {
		w.Services = map[string]status.Service{}
		for _, x := range s.Services {
			w.Services[x.ID] = x
		}
	},
	copy:  func(e *Event) { x := *e.Service; e.Service = &x },
	strip: func(r rewriter, e *Event) { r.service(e.Service, &status.Service{}) },
	today: func(r rewriter, e, _ *Event, w *Words) {
		now := w.Services[e.Service.ID]
		r.service(e.Service, &now)
	},
	gone: func(r rewriter, before *State, e *Event) {
		if was, there := before.Service(e.Service.ID); there {
			old := *was
			r.service(&old, e.Service)
		}
	},
}

// Service finds a service by id.
func (s *State) Service(id string) (*status.Service, bool) {
	for i := range s.Services {
		if s.Services[i].ID == id {
			return &s.Services[i], true
		}
	}
	return nil, false
}

func evolveServices(list []status.Service, e *Event) (out []status.Service, grown int64) {
	next := *e.Service
	next.Booked = e.At
	out = make([]status.Service, 0, len(list)+1)
	grown = serviceBytes
	was := &status.Service{}
	for i, old := range list {
		if old.ID != next.ID {
			out = append(out, old)
			continue
		}
		grown, was = 0, &list[i]
		old.Move(next.Status, e.At)
		next.Days, next.Booked = status.Trimmed(old.Days, e.At), old.Booked
	}
	if e.Type == ServiceDeleted {
		return out, grown - serviceBytes - serviceGrowth(&status.Service{}, was)
	}
	grown += serviceGrowth(was, &next)
	at := len(out)
	for at > 0 && before(&next, &out[at-1]) {
		at--
	}
	out = append(out, status.Service{})
	copy(out[at+1:], out[at:])
	out[at] = next
	return out, grown
}

// before is the order on the page: by position, then age, then id.
func before(a, b *status.Service) bool {
	if a.Position != b.Position {
		return a.Position < b.Position
	}
	return newer(b.CreatedAt, b.ID, a.CreatedAt, a.ID)
}

func serviceSize(s *status.Service) int64 { return serviceBytes + serviceGrowth(&status.Service{}, s) }

func serviceGrowth(old, next *status.Service) int64 {
	return growth(old.Name, next.Name) + growth(old.Description, next.Description) + growth(old.Group, next.Group)
}

// service puts in all words of it; whoever adds a text adds it here.
func (r rewriter) service(s, now *status.Service) {
	r.text(&s.Name, now.Name)
	r.text(&s.Description, now.Description)
	r.text(&s.Group, now.Group)
}
