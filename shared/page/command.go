package page

import (
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Command is what somebody wants changed. Its JSON is the body of the REST call that carries it; the path's id replaces ID.
// Version, where there is one, is what the caller last read (If-Match): a mismatch is a conflict.
type Command interface {
	Kind() string
	Wire(*wire.Fields)
	decide(*draft) *fault.Error
}

// kinds makes an empty command by its name.
var kinds = map[string]func() Command{
	"create_service":     func() Command { return &CreateService{} },
	"edit_service":       func() Command { return &EditService{} },
	"delete_service":     func() Command { return &DeleteService{} },
	"open_incident":      func() Command { return &OpenIncident{} },
	"edit_incident":      func() Command { return &EditIncident{} },
	"update_incident":    func() Command { return &UpdateIncident{} },
	"correct_update":     func() Command { return &CorrectUpdate{} },
	"delete_incident":    func() Command { return &DeleteIncident{} },
	"plan_maintenance":   func() Command { return &PlanMaintenance{} },
	"edit_maintenance":   func() Command { return &EditMaintenance{} },
	"delete_maintenance": func() Command { return &DeleteMaintenance{} },
	"edit_page":          func() Command { return &EditPage{} },
}

// MarshalCommand writes a command with its kind, as a queue keeps it.
func MarshalCommand(c Command) []byte { return wire.Marshal(tagged{c}) }

type tagged struct{ Command }

func (t tagged) Wire(f *wire.Fields) {
	f.Derived("kind", t.Kind())
	t.Command.Wire(f)
}

// UnmarshalCommand reads what MarshalCommand wrote; unknown fields are refused.
func UnmarshalCommand(in []byte) (Command, *fault.Error) {
	var k kindOf
	if err := wire.Unmarshal(in, &k); err != nil {
		return nil, err
	}
	empty, known := kinds[k.kind]
	if !known {
		return nil, fault.OnField("kind", "There is no command named %s.", k.kind)
	}
	c := empty()
	if err := wire.UnmarshalStrict(in, tagged{c}); err != nil {
		return nil, err
	}
	return c, nil
}

type kindOf struct{ kind string }

func (k *kindOf) Wire(f *wire.Fields) { f.Str("kind", &k.kind) }

// CreateService adds a service. Status defaults to operational, Position to the end.
type CreateService struct {
	ID          string
	Name        string
	Description string
	Status      status.ServiceStatus
	Position    *int64
	Group       string
}

func (*CreateService) Kind() string { return "create_service" }

// Wire is the body of POST services.
func (c *CreateService) Wire(f *wire.Fields) {
	f.Str("id", &c.ID)
	f.Str("name", &c.Name)
	f.Str("description", &c.Description)
	if f.Reading() || c.Status != "" {
		f.Str("status", (*string)(&c.Status))
	}
	f.OptInt("position", &c.Position)
	f.Str("group", &c.Group)
}

// EditService changes what is given; a Status is a move by hand.
type EditService struct {
	ID          string
	Version     *int64
	Name        *string
	Description *string
	Status      *string
	Position    *int64
	Group       *string
}

func (*EditService) Kind() string { return "edit_service" }

// Wire is the body of PATCH services/{id}.
func (c *EditService) Wire(f *wire.Fields) {
	f.Str("id", &c.ID)
	f.OptInt("version", &c.Version)
	f.OptStr("name", &c.Name)
	f.OptStr("description", &c.Description)
	f.OptStr("status", &c.Status)
	f.OptInt("position", &c.Position)
	f.OptStr("group", &c.Group)
}

// DeleteService takes a service off the page; its incidents keep its name.
type DeleteService struct{ removal }

func (*DeleteService) Kind() string { return "delete_service" }

// removal names what is deleted.
type removal struct {
	ID      string
	Version *int64
}

// Wire is {id, version}.
func (c *removal) Wire(f *wire.Fields) {
	f.Str("id", &c.ID)
	f.OptInt("version", &c.Version)
}

// Remove fills in what is deleted, and the version that the caller read.
func (c *removal) Remove(id string, version *int64) { c.ID, c.Version = id, version }

// Move is one service of a new incident and what becomes of it. Without a To, the incident's own ToState holds.
type Move struct {
	ID string
	To status.ServiceStatus
}

// Wire is {id, to_state}.
func (m *Move) Wire(f *wire.Fields) {
	f.Str("id", &m.ID)
	if f.Reading() || m.To != "" {
		f.Str("to_state", (*string)(&m.To))
	}
}

// OpenIncident starts an incident in investigating. Service is short for the one member of Services.
type OpenIncident struct {
	ID          string
	UpdateID    string // of the first timeline entry
	Title       string
	Description string
	Service     *string
	Services    []Move
	ToState     status.ServiceStatus
	Notify      *bool // tell subscribers; the default is yes, unless it is over already

	StartedAt    *status.Time // in the past: the page tells it as if it had been opened then
	ResolvedAt   *status.Time // when it is over already
	Resolution   string       // what its last update says then
	ResolutionID string       // of that update
}

func (*OpenIncident) Kind() string { return "open_incident" }

// Wire is the body of POST incidents.
func (c *OpenIncident) Wire(f *wire.Fields) {
	f.Str("id", &c.ID)
	f.Str("update_id", &c.UpdateID)
	f.Str("title", &c.Title)
	f.Str("description", &c.Description)
	f.OptStr("service", &c.Service)
	wire.OptList(f, "services", &c.Services, (*Move).Wire)
	if f.Reading() || c.ToState != "" {
		f.Str("to_state", (*string)(&c.ToState))
	}
	f.OptBool("notify", &c.Notify)
	f.OptTime("started_at", &c.StartedAt)
	f.OptTime("resolved_at", &c.ResolvedAt)
	if f.Reading() || c.ResolvedAt != nil {
		f.Str("resolution", &c.Resolution)
		f.Str("resolution_id", &c.ResolutionID)
	}
}

// EditIncident corrects an incident's text, or moves it on: Status, Message and Services are then as in UpdateIncident. Postmortem
// and Excluded are for one that is resolved.
type EditIncident struct {
	ID          string
	UpdateID    string
	Version     *int64
	Title       *string
	Description *string
	Status      *string
	Message     *string
	Services    []Move
	Notify      *bool
	Postmortem  *string
	Excluded    *string
}

func (*EditIncident) Kind() string { return "edit_incident" }

// Wire is the body of PATCH incidents/{id}.
func (c *EditIncident) Wire(f *wire.Fields) {
	f.Str("id", &c.ID)
	f.Str("update_id", &c.UpdateID)
	f.OptInt("version", &c.Version)
	f.OptStr("title", &c.Title)
	f.OptStr("description", &c.Description)
	f.OptStr("status", &c.Status)
	f.OptStr("message", &c.Message)
	wire.OptList(f, "services", &c.Services, (*Move).Wire)
	f.OptBool("notify", &c.Notify)
	f.OptStr("postmortem", &c.Postmortem)
	f.OptStr("excluded_reason", &c.Excluded)
}

// UpdateIncident adds to an incident's timeline. An empty Status stays where the incident is. Services says which of the incident's
// services are in another state from here on; operational has recovered.
type UpdateIncident struct {
	ID       string // of the incident
	UpdateID string
	Version  *int64
	Status   string
	Body     string
	Services []Move
	Notify   *bool
}

func (*UpdateIncident) Kind() string { return "update_incident" }

// Wire is the body of POST incidents/{id}/updates.
func (c *UpdateIncident) Wire(f *wire.Fields) {
	f.Str("incident", &c.ID)
	f.Str("id", &c.UpdateID)
	f.OptInt("version", &c.Version)
	f.Str("status", &c.Status)
	f.Str("body", &c.Body)
	wire.OptList(f, "services", &c.Services, (*Move).Wire)
	f.OptBool("notify", &c.Notify)
}

// CorrectUpdate changes the text of an entry of a timeline, also of a resolved incident; the audit trail keeps what it was.
type CorrectUpdate struct {
	ID       string // of the incident
	UpdateID string
	Version  *int64
	Body     string
	silent   bool // the request had no body at all: that is no wish for an empty one
}

func (*CorrectUpdate) Kind() string { return "correct_update" }

// Wire is the body of PATCH incidents/{id}/updates/{update_id}.
func (c *CorrectUpdate) Wire(f *wire.Fields) {
	f.Str("incident", &c.ID)
	f.Str("id", &c.UpdateID)
	f.OptInt("version", &c.Version)
	body := &c.Body
	if f.Reading() {
		body = nil
	}
	f.OptStr("body", &body)
	if f.Reading() {
		if c.silent = body == nil; !c.silent {
			c.Body = *body
		}
	}
}

// DeleteIncident hides an incident; the log and the audit trail keep it.
type DeleteIncident struct{ removal }

func (*DeleteIncident) Kind() string { return "delete_incident" }

// PlanMaintenance schedules a window.
type PlanMaintenance struct {
	ID             string
	Title          string
	Description    string
	Services       []string
	ScheduledFor   status.Time
	ScheduledUntil status.Time
	Notify         *bool
}

func (*PlanMaintenance) Kind() string { return "plan_maintenance" }

// Wire is the body of POST maintenances.
func (c *PlanMaintenance) Wire(f *wire.Fields) {
	f.Str("id", &c.ID)
	f.Str("title", &c.Title)
	f.Str("description", &c.Description)
	f.Strings("services", &c.Services)
	f.Time("scheduled_for", &c.ScheduledFor)
	f.Time("scheduled_until", &c.ScheduledUntil)
	f.OptBool("notify", &c.Notify)
}

// EditMaintenance changes a window's text and times, moves it on, or adds to its timeline.
type EditMaintenance struct {
	ID             string
	UpdateID       string
	Version        *int64
	Title          *string
	Description    *string
	ScheduledFor   *status.Time
	ScheduledUntil *status.Time
	Status         *string
	Message        *string
	Notify         *bool
}

func (*EditMaintenance) Kind() string { return "edit_maintenance" }

// Wire is the body of PATCH maintenances/{id}.
func (c *EditMaintenance) Wire(f *wire.Fields) {
	f.Str("id", &c.ID)
	f.Str("update_id", &c.UpdateID)
	f.OptInt("version", &c.Version)
	f.OptStr("title", &c.Title)
	f.OptStr("description", &c.Description)
	f.OptTime("scheduled_for", &c.ScheduledFor)
	f.OptTime("scheduled_until", &c.ScheduledUntil)
	f.OptStr("status", &c.Status)
	f.OptStr("message", &c.Message)
	f.OptBool("notify", &c.Notify)
}

// DeleteMaintenance hides a window; a running one lets its services go first.
type DeleteMaintenance struct{ removal }

func (*DeleteMaintenance) Kind() string { return "delete_maintenance" }

// EditPage changes how the organisation appears.
type EditPage struct {
	Version     *int64
	Name        *string
	Description *string
	URL         *string
	Hostname    *string
	TimeZone    *string
	Accent      *string
	Logo        *string // "" takes it off

	Announcement      *string      // "" takes it off; a new one stays until it is taken off, unless it says until when
	AnnouncementUntil *status.Time // in the future
	Weights           *status.Weights
}

func (*EditPage) Kind() string { return "edit_page" }

// Wire is the body of PATCH organization.
func (c *EditPage) Wire(f *wire.Fields) {
	f.OptInt("version", &c.Version)
	f.OptStr("name", &c.Name)
	f.OptStr("description", &c.Description)
	f.OptStr("url", &c.URL)
	f.OptStr("hostname", &c.Hostname)
	f.OptStr("time_zone", &c.TimeZone)
	f.OptStr("accent", &c.Accent)
	f.OptStr("logo", &c.Logo)
	f.OptStr("announcement", &c.Announcement)
	f.OptTime("announcement_until", &c.AnnouncementUntil)
	wire.Opt(f, "uptime_weights", &c.Weights, (*status.Weights).Wire)
}
