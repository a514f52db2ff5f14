package status

import (
	"statuspage/shared/fault"
	"statuspage/shared/wire"
)

// MaintenanceStatus is how far a planned window has come.
type MaintenanceStatus string

const (
	Scheduled  MaintenanceStatus = "scheduled"
	InProgress MaintenanceStatus = "in_progress"
	Verifying  MaintenanceStatus = "verifying"
	Completed  MaintenanceStatus = "completed"
	Cancelled  MaintenanceStatus = "cancelled"
)

// MaintenanceStatuses lists them all.
var MaintenanceStatuses = []MaintenanceStatus{Scheduled, InProgress, Verifying, Completed, Cancelled}

var maintenanceNext = map[MaintenanceStatus][]MaintenanceStatus{
	Scheduled:  {InProgress, Verifying, Completed, Cancelled},
	InProgress: {Verifying, Completed},
	Verifying:  {Completed},
}

// Display is the status in words.
func (s MaintenanceStatus) Display() string {
	switch s {
	case Scheduled:
		return "Scheduled"
	case InProgress:
		return "In Progress"
	case Verifying:
		return "Verifying"
	case Completed:
		return "Completed"
	case Cancelled:
		return "Cancelled"
	}
	return string(s)
}

// Valid says whether s is one of the five.
func (s MaintenanceStatus) Valid() bool { return contains(MaintenanceStatuses, s) }

// Next lists where a window may go: forward, steps may be skipped; only a scheduled one may be cancelled.
func (s MaintenanceStatus) Next() []MaintenanceStatus { return maintenanceNext[s] }

// Maintenance is a planned window over some services.
type Maintenance struct {
	ID             string
	Title          string
	Description    string // Markdown
	Status         MaintenanceStatus
	Services       []Ref
	Updates        []MaintenanceUpdate // oldest first
	ScheduledFor   Time
	ScheduledUntil Time
	CreatedAt      Time
	UpdatedAt      Time
	StartedAt      *Time
	CompletedAt    *Time
	Version        int64

	Language     string // of all that is said of it, "de"; "" is the organisation's
	Translations []Translation
}

// MaintenanceUpdate is one entry of a window's timeline. Body is Markdown.
type MaintenanceUpdate struct {
	ID        string
	Status    MaintenanceStatus
	Body      string
	CreatedAt Time

	Translations []Translation // of Body
}

// Wire is a member of the window's `updates`.
func (u *MaintenanceUpdate) Wire(f *wire.Fields) {
	f.Str("id", &u.ID)
	f.Str("status", (*string)(&u.Status))
	f.Derived("status_display", u.Status.Display())
	f.Str("body", &u.Body)
	f.Time("created_at", &u.CreatedAt)
	wire.OptList(f, "translations", &u.Translations, (*Translation).WireEntry)
}

// Wire is the `maintenance` of the REST API.
func (m *Maintenance) Wire(f *wire.Fields) {
	m.WireHead(f)
	wire.List(f, "updates", &m.Updates, (*MaintenanceUpdate).Wire)
}

// WireHead is Wire without the timeline.
func (m *Maintenance) WireHead(f *wire.Fields) {
	f.Str("id", &m.ID)
	f.Str("title", &m.Title)
	f.Str("description", &m.Description)
	f.Str("status", (*string)(&m.Status))
	f.Derived("status_display", m.Status.Display())
	wire.List(f, "services", &m.Services, (*Ref).Wire)
	f.Time("scheduled_for", &m.ScheduledFor)
	f.Time("scheduled_until", &m.ScheduledUntil)
	f.Time("created_at", &m.CreatedAt)
	f.Time("updated_at", &m.UpdatedAt)
	f.NullTime("started_at", &m.StartedAt)
	f.NullTime("completed_at", &m.CompletedAt)
	f.Int("version", &m.Version)
	wireLanguage(f, &m.Language)
	wire.OptList(f, "translations", &m.Translations, (*Translation).WireWindow)
}

// Original are its texts.
func (m *Maintenance) Original() Original { return Original{m.Title, m.Description} }

// Running says that the window is open now.
func (m *Maintenance) Running() bool { return m.Status == InProgress || m.Status == Verifying }

// Over says that nothing more will happen.
func (m *Maintenance) Over() bool { return m.Status == Completed || m.Status == Cancelled }

// Noted says that the window was over before it was written down.
func (m *Maintenance) Noted() bool { return m.CompletedAt != nil && *m.CompletedAt <= m.CreatedAt }

// AsIncident is what a window that was noted afterwards adds to the record: its services were under maintenance.
func (m *Maintenance) AsIncident() Incident {
	in := Incident{ID: m.ID, Status: Resolved, CreatedAt: m.ScheduledFor, ResolvedAt: m.CompletedAt,
		RecordedAt: &m.CreatedAt}
	for _, s := range m.Services {
		in.Services = append(in.Services, Affected{ID: s.ID, Name: s.Name, From: Operational, To: UnderMaintenance})
	}
	return in
}

// Covers says whether the window is about a service.
func (m *Maintenance) Covers(serviceID string) bool {
	for _, s := range m.Services {
		if s.ID == serviceID {
			return true
		}
	}
	return false
}

// Check says what is wrong with a window's own words and times.
func (m *Maintenance) Check() *fault.Error {
	var c Checks
	c.Line("title", m.Title, TitleMax, true)
	c.Text("description", m.Description, BodyMax, false)
	c.Language(m.Language)
	c.That(m.ScheduledFor > 0, "scheduled_for", "Say when the maintenance starts.")
	c.That(m.ScheduledUntil > 0, "scheduled_until", "Say when the maintenance ends.")
	if m.ScheduledFor > 0 && m.ScheduledUntil > 0 {
		c.That(m.ScheduledUntil > m.ScheduledFor, "scheduled_until", "The end must be after the start.")
		c.That(m.ScheduledUntil-m.ScheduledFor <= 30*wire.Day, "scheduled_until", "A window may last 30 days at most.")
	}
	return c.Err()
}
