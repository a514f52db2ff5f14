package status

import (
	"statuspage/shared/fault"
	"statuspage/shared/wire"
)

// IncidentStatus is how far the handling of an incident has come.
type IncidentStatus string

const (
	Investigating IncidentStatus = "investigating"
	Identified    IncidentStatus = "identified"
	Monitoring    IncidentStatus = "monitoring"
	Resolved      IncidentStatus = "resolved"
)

// IncidentStatuses lists them in the order in which an incident goes through them.
var IncidentStatuses = []IncidentStatus{Investigating, Identified, Monitoring, Resolved}

// Display is the status in words.
func (s IncidentStatus) Display() string {
	switch s {
	case Investigating:
		return "Investigating"
	case Identified:
		return "Identified"
	case Monitoring:
		return "Monitoring"
	case Resolved:
		return "Resolved"
	}
	return string(s)
}

// Valid says whether s is one of the four.
func (s IncidentStatus) Valid() bool { return contains(IncidentStatuses, s) }

// Next lists where an incident may go: forward only, steps may be skipped; nothing follows resolved.
func (s IncidentStatus) Next() []IncidentStatus { return after(IncidentStatuses, s) }

func after[T comparable](list []T, x T) []T {
	for i, y := range list {
		if x == y {
			return list[i+1:]
		}
	}
	return nil
}

// Impact is what an incident did at its worst.
type Impact string

const (
	ImpactNone     Impact = "none"
	ImpactMinor    Impact = "minor"
	ImpactMajor    Impact = "major"
	ImpactCritical Impact = "critical"
)

var impacts = map[Impact]int{ImpactNone: 0, ImpactMinor: 1, ImpactMajor: 2, ImpactCritical: 3}

// Worse is the worse of two impacts.
func (i Impact) Worse(other Impact) Impact {
	if impacts[other] > impacts[i] {
		return other
	}
	return i
}

// ImpactOf follows Statuspage: degraded is minor, a partial outage major, a major outage critical.
func ImpactOf(services []Affected) Impact {
	worst := ImpactNone
	for _, a := range services {
		switch {
		case a.To == Major:
			return ImpactCritical
		case a.To == Partial:
			worst = ImpactMajor
		case a.To == Degraded && worst == ImpactNone:
			worst = ImpactMinor
		}
	}
	return worst
}

// Affected is a service in an incident: what it was before, and what the incident made of it.
type Affected struct {
	ID   string
	Name string // when the incident was opened; it outlives the service
	From ServiceStatus
	To   ServiceStatus
}

// Wire is a member of the incident's `services`.
func (a *Affected) Wire(f *wire.Fields) {
	f.Str("id", &a.ID)
	f.Str("name", &a.Name)
	f.Str("from_state", (*string)(&a.From))
	f.Str("to_state", (*string)(&a.To))
}

// Update is one entry of an incident's timeline. Body is Markdown.
type Update struct {
	ID        string
	Status    IncidentStatus
	Body      string
	CreatedAt Time
	EditedAt  *Time      // when its text was corrected
	Services  []Affected // what the incident holds from here on, where that changed

	Translations []Translation // of Body
}

// Wire is a member of the incident's `updates`.
func (u *Update) Wire(f *wire.Fields) {
	f.Str("id", &u.ID)
	f.Str("status", (*string)(&u.Status))
	f.Derived("status_display", u.Status.Display())
	f.Str("body", &u.Body)
	f.Time("created_at", &u.CreatedAt)
	f.NullTime("edited_at", &u.EditedAt)
	wire.List(f, "services", &u.Services, (*Affected).Wire)
	wire.OptList(f, "translations", &u.Translations, (*Translation).WireEntry)
}

// Incident is something that went wrong. Services has at least one member; one whose To is operational has recovered,
// and the incident holds it no longer.
type Incident struct {
	ID          string
	Title       string
	Description string // Markdown
	Status      IncidentStatus
	Impact      Impact
	Services    []Affected
	Updates     []Update // oldest first
	CreatedAt   Time     // when it began, as far as anybody is concerned
	UpdatedAt   Time
	ResolvedAt  *Time
	Version     int64

	RecordedAt   *Time  // when it was written down, if that was later than it began
	Postmortem   string // Markdown; only once it is resolved
	PostmortemAt *Time
	Excluded     string  // why its time does not count as downtime, for everybody to read; "" counts
	Source       *Source // what opened it; nil is a person

	Language     string // of all that is said of it, "de"; "" is the organisation's
	Translations []Translation
}

// Source is the monitor or the alert that opened an incident.
type Source struct {
	Kind        string // monitor, alertmanager, grafana …
	ID          string // of the monitor, or what the sender calls it
	Fingerprint string // by which the source says again what it means
}

// Wire is {kind, id, fingerprint}.
func (s *Source) Wire(f *wire.Fields) {
	f.Str("kind", &s.Kind)
	f.Str("id", &s.ID)
	f.Str("fingerprint", &s.Fingerprint)
}

// Wire is the `incident` of CONTRACT 3.
func (i *Incident) Wire(f *wire.Fields) {
	i.WireHead(f)
	wire.List(f, "updates", &i.Updates, (*Update).Wire)
}

// WireHead is Wire without the timeline: what an event carries, beside the one update it is about.
func (i *Incident) WireHead(f *wire.Fields) {
	f.Str("id", &i.ID)
	f.Str("title", &i.Title)
	f.Str("description", &i.Description)
	f.Str("status", (*string)(&i.Status))
	f.Derived("status_display", i.Status.Display())
	f.Str("impact", (*string)(&i.Impact))
	first := i.First()
	ref := Ref{ID: first.ID, Name: first.Name}
	wire.One(f, "service", &ref, (*Ref).Wire)
	f.Derived("from_state", string(first.From))
	f.Derived("to_state", string(first.To))
	wire.List(f, "services", &i.Services, (*Affected).Wire)
	f.Time("created_at", &i.CreatedAt)
	f.Time("updated_at", &i.UpdatedAt)
	f.NullTime("resolved_at", &i.ResolvedAt)
	f.Int("version", &i.Version)
	f.Derived("started_at", i.CreatedAt.String())
	f.NullTime("recorded_at", &i.RecordedAt)
	f.Str("postmortem", &i.Postmortem)
	f.NullTime("postmortem_at", &i.PostmortemAt)
	f.Str("excluded_reason", &i.Excluded)
	wire.Opt(f, "source", &i.Source, (*Source).Wire) // CONTRACT 7
	wireLanguage(f, &i.Language)
	wire.OptList(f, "translations", &i.Translations, (*Translation).Wire)
}

// Original are its texts.
func (i *Incident) Original() Original {
	return Original{i.Title, i.Description, i.Postmortem, i.Excluded}
}

// First is the service that stands for the incident.
func (i *Incident) First() Affected {
	if len(i.Services) == 0 {
		return Affected{}
	}
	return i.Services[0]
}

// Active says that it is not over.
func (i *Incident) Active() bool { return i.Status != Resolved }

// On gives what the incident did to a service.
func (i *Incident) On(serviceID string) (Affected, bool) {
	for _, a := range i.Services {
		if a.ID == serviceID {
			return a, true
		}
	}
	return Affected{}, false
}

// Check says what is wrong with an incident's own words.
func (i *Incident) Check() *fault.Error {
	var c Checks
	c.Line("title", i.Title, TitleMax, true)
	c.Text("description", i.Description, BodyMax, false)
	c.Text("postmortem", i.Postmortem, BodyMax, false)
	c.Text("excluded_reason", i.Excluded, ReasonMax, false)
	c.Language(i.Language)
	return c.Err()
}

// Worst is the worst state in which the incident held a service, whatever became of it since.
func (i *Incident) Worst(serviceID string) ServiceStatus {
	a, _ := i.On(serviceID)
	worst := Worse(Operational, a.To)
	for k := range i.Updates {
		u := &i.Updates[k]
		for _, x := range u.Services {
			if x.ID != serviceID {
				continue
			}
			if k > 0 {
				worst = Worse(worst, x.From)
			}
			if u.Status != Resolved { // where a resolution leaves a service is no matter of this incident
				worst = Worse(worst, x.To)
			}
		}
	}
	return worst
}

// HeldAt is the state in which the incident held a service at a moment.
func (i *Incident) HeldAt(serviceID string, at Time) (ServiceStatus, bool) {
	if at < i.CreatedAt || i.ResolvedAt != nil && at >= *i.ResolvedAt {
		return "", false
	}
	a, on := i.On(serviceID)
	if !on {
		return "", false
	}
	held := a.To
	for k := range i.Updates {
		u := &i.Updates[k]
		if k > 0 && u.CreatedAt > at {
			break
		}
		for _, x := range u.Services {
			if x.ID == serviceID {
				held = x.To
			}
		}
	}
	return held, held != Operational
}

// Ref names another object.
type Ref struct{ ID, Name string }

// Wire is {id, name}.
func (r *Ref) Wire(f *wire.Fields) {
	f.Str("id", &r.ID)
	f.Str("name", &r.Name)
}
