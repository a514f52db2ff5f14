// Package status holds what a status page is about: services, incidents, maintenance; their states and the moves
// between them, the roll-up to the page's indicator, and the arithmetic of uptime.
package status

import (
	"statuspage/shared/fault"
	"statuspage/shared/wire"
)

// Time is in milliseconds since 1970, UTC.
type Time = wire.Time

// ServiceStatus is the state of one service.
type ServiceStatus string

const (
	Operational      ServiceStatus = "operational"
	Degraded         ServiceStatus = "degraded_performance"
	Partial          ServiceStatus = "partial_outage"
	Major            ServiceStatus = "major_outage"
	UnderMaintenance ServiceStatus = "under_maintenance"
)

// ServiceStatuses lists every state, best first.
var ServiceStatuses = []ServiceStatus{Operational, Degraded, Partial, Major, UnderMaintenance}

// Display is the state in words.
func (s ServiceStatus) Display() string {
	switch s {
	case Operational:
		return "Operational"
	case Degraded:
		return "Degraded Performance"
	case Partial:
		return "Partial Outage"
	case Major:
		return "Major Outage"
	case UnderMaintenance:
		return "Under Maintenance"
	}
	return string(s)
}

// Valid says whether s is one of the five.
func (s ServiceStatus) Valid() bool { return contains(ServiceStatuses, s) }

// rank orders states by how bad they are. Planned work is no fault: any trouble outweighs it.
var rank = map[ServiceStatus]int{Operational: 0, UnderMaintenance: 1, Degraded: 2, Partial: 3, Major: 4}

// Worse is the worse of two states.
func Worse(a, b ServiceStatus) ServiceStatus {
	if rank[b] > rank[a] {
		return b
	}
	return a
}

// Cause is who moves a service.
type Cause uint8

const (
	ByIncident     Cause = iota // an incident that opens or gets worse
	ByHand                      // an admin, while no incident is active on the service
	ByHandIncident              // an admin, while an incident is active on it: it may not get better
)

// moves is the table of CONTRACT 2, "Transition rules".
var moves = map[ServiceStatus][3][]ServiceStatus{
	// an incident by hand by hand during an incident
	Operational: {{Degraded, Partial, Major}, {Degraded, Partial, Major, UnderMaintenance},
		{Degraded, Partial, Major, UnderMaintenance}},
	Degraded:         {{Partial, Major}, {Operational, Partial, Major}, {Partial, Major}},
	Partial:          {{Major}, {Operational, Degraded, Major}, {Major}},
	Major:            {nil, {Operational, Degraded, Partial}, nil},
	UnderMaintenance: {nil, {Operational}, {Operational}},
}

// Next lists the states that s may move to, best first.
func (s ServiceStatus) Next(cause Cause) []ServiceStatus { return moves[s][cause] }

// CanMove says whether s may move to the other state.
func (s ServiceStatus) CanMove(to ServiceStatus, cause Cause) bool {
	return contains(s.Next(cause), to)
}

// Service is one thing that visitors depend on; the field calls it a component, too.
type Service struct {
	ID          string
	Name        string
	Description string
	Status      ServiceStatus
	Position    int64  // ascending on the page
	Group       string // "" is no group
	CreatedAt   Time
	UpdatedAt   Time
	Version     int64 // 1 at creation, one more with every event about it

	// StartDate is the UTC day with which its record begins, as 2026-01-31; "" is the moment of its creation. Days
	// before are unknown.
	StartDate string

	// Audiences are the ids of those who alone see it; none is everybody who may see the page.
	Audiences []string

	Since  Time    // when Status began
	Days   []Tally // what passed before Booked, by UTC day, oldest first; days without trouble are left out
	Booked Time    // Since, or later where the record was corrected meanwhile
}

// Wire is the `service` of CONTRACT 3.
func (s *Service) Wire(f *wire.Fields) {
	f.Str("id", &s.ID)
	f.Str("name", &s.Name)
	f.Str("description", &s.Description)
	f.Str("status", (*string)(&s.Status))
	f.Derived("status_display", s.Status.Display())
	f.Int("position", &s.Position)
	f.Str("group", &s.Group)
	f.Time("created_at", &s.CreatedAt)
	f.Time("updated_at", &s.UpdatedAt)
	f.Int("version", &s.Version)
	f.Time("status_since", &s.Since)
	f.Str("start_date", &s.StartDate)
	if f.Reading() || len(s.Audiences) > 0 {
		f.Strings("audiences", &s.Audiences)
	}
}

// WireHistory is Wire and the days.
func (s *Service) WireHistory(f *wire.Fields) {
	s.Wire(f)
	f.Time("booked_until", &s.Booked)
	wire.List(f, "days", &s.Days, (*Tally).Wire)
}

// Born is when the service's record begins.
func (s *Service) Born() Time {
	if at, ok := wire.ParseDate(s.StartDate); ok {
		return at
	}
	return s.CreatedAt
}

// MaxAudiences is how many audiences an organisation may have, and a service may be for.
const MaxAudiences = 20

// firstStart is the earliest day with which a record may begin.
const firstStart = "2000-01-01"

// CheckStart says what is wrong with the day with which the record begins, as seen at a moment.
func (s *Service) CheckStart(c *Checks, now Time) {
	at, ok := wire.ParseDate(s.StartDate)
	c.That(s.StartDate == "" || ok && at <= now && s.StartDate >= firstStart, "start_date",
		"start_date must be a day such as 2026-01-31, from %s until today.", firstStart)
}

// BookedUntil is from when on the state that holds now is not in Days yet.
func (s *Service) BookedUntil() Time { return max(s.Since, s.Booked) }

// Move puts the service into a state at a moment and books the time that the old one lasted.
func (s *Service) Move(to ServiceStatus, at Time) {
	if to == s.Status {
		return
	}
	s.Days = book(s.Days, s.Status, s.BookedUntil(), at)
	s.Status, s.Since, s.Booked = to, at, at
}

// Correct puts other tallies in the place of those of the same days. They must hold everything up to the moment.
func (s *Service) Correct(days []Tally, at Time) {
	out := append(make([]Tally, 0, len(s.Days)+len(days)), s.Days...)
	for _, d := range days {
		i := len(out)
		for i > 0 && out[i-1].Day >= d.Day {
			i--
		}
		switch there := i < len(out) && out[i].Day == d.Day; {
		case there:
			out[i] = d
		case !d.Well():
			out = append(out[:i], append([]Tally{d}, out[i:]...)...)
		}
	}
	kept := out[:0]
	for _, d := range out {
		if !d.Well() {
			kept = append(kept, d)
		}
	}
	s.Days, s.Booked = kept, at
}

// Check says what is wrong with a service's own words.
func (s *Service) Check() *fault.Error {
	var c Checks
	c.Line("name", s.Name, TitleMax, true)
	c.Text("description", s.Description, BodyMax, false)
	c.Line("group", s.Group, TitleMax, false)
	c.Between("position", s.Position, 0, 1_000_000)
	c.OneOf("status", string(s.Status), s.Status.Valid(), Names(ServiceStatuses))
	c.That(len(s.Audiences) <= MaxAudiences, "audiences", "A service may be for %s audiences at most.",
		wire.Itoa(MaxAudiences))
	for i, id := range s.Audiences[:min(len(s.Audiences), MaxAudiences)] {
		c.ID("audiences["+wire.Itoa(int64(i))+"]", id)
	}
	return c.Err()
}

func contains[T comparable](list []T, x T) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}

// Names turns states into plain strings.
func Names[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, x := range list {
		out[i] = string(x)
	}
	return out
}
