// Package page is one organisation's page: its State, the Commands that may change it, the Events that did.
//
// Decide(State, Command, at) answers with events or a fault; Evolve(State, Event) with the next state. Both are pure; the
// server and the browser run these same two functions.
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
	KeepClosed  = 100 // resolved incidents, and windows that are over, that stay in State; all stay in the database
	MaxAffected = 100 // services of one incident or window
	MaxSlug     = 63  // characters, as a DNS label
	MaxBack     = 730 // days by which an incident may be dated back
	// MaxServiceDays is how many days, over all its services, an incident that is written down later may cover.
	MaxServiceDays = 5_000
)

// Org is the organisation as its visitors know it.
type Org struct {
	ID          string
	Slug        string
	Name        string
	Description string
	URL         string // its own site, or ""
	Hostname    string // that serves its page, or ""
	TimeZone    string // IANA name
	Accent      string // #rrggbb, or "" for the house colour
	CreatedAt   status.Time
	UpdatedAt   status.Time
	Version     int64
	Logo        string // name of its picture, or ""

	Announcement      string         // Markdown, pinned to the top of the page
	AnnouncementUntil status.Time    // when it goes by itself; 0 is never
	Weights           status.Weights // of downtime; none at all is the usual
}

// UptimeWeights say what counts as downtime on this page.
func (o *Org) UptimeWeights() status.Weights {
	if o.Weights == (status.Weights{}) {
		return status.DefaultWeights
	}
	return o.Weights
}

// Announced is the announcement that is pinned at a moment, or "".
func (o *Org) Announced(at status.Time) string {
	if o.AnnouncementUntil != 0 && at >= o.AnnouncementUntil {
		return ""
	}
	return o.Announcement
}

// Wire is the `organization` of the REST API.
func (o *Org) Wire(f *wire.Fields) {
	f.Str("id", &o.ID)
	f.Str("slug", &o.Slug)
	f.Str("name", &o.Name)
	f.Str("description", &o.Description)
	f.Str("url", &o.URL)
	f.Str("hostname", &o.Hostname)
	f.Str("time_zone", &o.TimeZone)
	f.Str("accent", &o.Accent)
	f.Str("logo", &o.Logo)
	f.Time("created_at", &o.CreatedAt)
	f.Time("updated_at", &o.UpdatedAt)
	f.Int("version", &o.Version)
	f.Str("announcement", &o.Announcement)
	wireUntil(f, &o.AnnouncementUntil)
	weights := o.UptimeWeights()
	wire.One(f, "uptime_weights", &weights, (*status.Weights).Wire)
	if f.Reading() {
		o.Weights = weights
	}
}

// wireUntil writes a moment that is null when there is none.
func wireUntil(f *wire.Fields, t *status.Time) {
	var until *status.Time
	if *t != 0 {
		until = t
	}
	f.NullTime("announcement_until", &until)
	if f.Reading() && until != nil {
		*t = *until
	}
}

// State is a page after event Seq. It is a value: nothing that was handed out is changed later.
type State struct {
	Org          Org
	Seq          int64       // of the last event in it; starts at 1 with the page itself and has no gap
	At           status.Time // of that event
	Services     []status.Service
	Incidents    []status.Incident    // newest first: all active ones and the KeepClosed newest others
	Maintenances []status.Maintenance // newest first, likewise

	// Past is what a command that corrects the past must know; it is no part of the page. Without it the past stays as it is.
	Past *Past
}

// Past is what was written down as it happened, from long enough ago until now.
type Past struct {
	Record    []Record          // of the services that it is about
	Incidents []status.Incident // that were there meanwhile, with their timelines
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
	wire.List(f, "services", &s.Services, (*status.Service).WireHistory)
	wire.List(f, "incidents", &s.Incidents, (*status.Incident).Wire)
	wire.List(f, "maintenances", &s.Maintenances, (*status.Maintenance).Wire)
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

// Incident finds an incident by id.
func (s *State) Incident(id string) (*status.Incident, bool) {
	for i := range s.Incidents {
		if s.Incidents[i].ID == id {
			return &s.Incidents[i], true
		}
	}
	return nil, false
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

// WithIncident adds an older incident that the state left out, so that it can be decided about. It takes the place of the oldest
// of the closed ones, so that it is still there after its own event.
func (s State) WithIncident(i status.Incident) State {
	if _, there := s.Incident(i.ID); !there {
		s.Incidents = append(withRoom(s.Incidents, func(i *status.Incident) bool { return i.Active() }), i)
	}
	return s
}

// WithMaintenance is WithIncident for windows.
func (s State) WithMaintenance(m status.Maintenance) State {
	if _, there := s.Maintenance(m.ID); !there {
		s.Maintenances = append(withRoom(s.Maintenances, func(m *status.Maintenance) bool { return !m.Over() }), m)
	}
	return s
}

// withRoom is a copy of the list that capped will not cut when one more closed member is put at its end.
func withRoom[T any](list []T, open func(*T) bool) []T {
	out := append(make([]T, 0, len(list)+1), list...)
	closed, last := 0, -1
	for i := range out {
		if !open(&out[i]) {
			closed, last = closed+1, i
		}
	}
	if closed >= KeepClosed {
		out = slices.Delete(out, last, last+1)
	}
	return out
}

// ActiveOn finds the most recently opened active incident that holds a service, other than one. An incident from which the service
// has recovered is not active on it any more.
func (s *State) ActiveOn(serviceID, other string) (status.Affected, bool) {
	var found status.Affected
	var best *status.Incident
	for i := range s.Incidents {
		in := &s.Incidents[i]
		if !in.Active() || in.ID == other {
			continue
		}
		if a, on := in.On(serviceID); on && a.To != status.Operational && (best == nil || newer(in.CreatedAt, in.ID, best.CreatedAt, best.ID)) {
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
	slices.SortFunc(s.Services, func(a, b status.Service) int { return order(before(&a, &b)) })
	slices.SortFunc(s.Incidents, func(a, b status.Incident) int { return order(newer(a.CreatedAt, a.ID, b.CreatedAt, b.ID)) })
	slices.SortFunc(s.Maintenances, func(a, b status.Maintenance) int {
		return order(newer(a.ScheduledFor, a.ID, b.ScheduledFor, b.ID))
	})
	return s
}

func order(first bool) int {
	if first {
		return -1
	}
	return 1
}
