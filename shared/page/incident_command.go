package page

import (
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

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

	Source *status.Source // what opened it; no request says it

	Language     string // that it is written in; "" is the organisation's
	Translations []status.Translation
}

func (*OpenIncident) Kind() string { return "open_incident" }

func (c *OpenIncident) texts(each func(field string, text *string)) {
	each("description", &c.Description)
	each("title", &c.Title)
	each("resolution", &c.Resolution)
	textsOf(c.Translations, "translations", each)
}

func (c *OpenIncident) parts() Parts {
	made := []Place{{"id", &c.ID}, {"update_id", &c.UpdateID}}
	if c.ResolvedAt != nil || c.ResolutionID != "" {
		made = append(made, Place{"resolution_id", &c.ResolutionID})
	}
	return Parts{of: c, ID: made[0], Made: made, Notify: c.Notify}
}

func (c *OpenIncident) corrects(_ *State, _ status.Time) (services []string, from status.Time) {
	if c.StartedAt == nil {
		return nil, 0
	}
	for _, m := range c.Services {
		services = append(services, m.ID)
	}
	if c.Service != nil {
		services = append(services, *c.Service)
	}
	return services, *c.StartedAt
}

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
	if f.Reading() || c.Language != "" {
		f.Str("language", &c.Language)
	}
	wire.OptList(f, "translations", &c.Translations, (*status.Translation).Wire)
}

// EditIncident corrects an incident's text, or moves it on: Status, Message and Services are then as in UpdateIncident.
// Postmortem and Excluded are for one that is resolved.
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
	Language    *string

	Translations        []status.Translation // in the place of all there were; nil leaves those of texts that stay
	MessageTranslations []status.Translation
}

func (*EditIncident) Kind() string { return "edit_incident" }

func (c *EditIncident) texts(each func(field string, text *string)) {
	each("description", c.Description)
	each("title", c.Title)
	each("message", c.Message)
	each("postmortem", c.Postmortem)
	each("excluded_reason", c.Excluded)
	textsOf(c.Translations, "translations", each)
	textsOf(c.MessageTranslations, "message_translations", each)
}

func (c *EditIncident) parts() Parts {
	return Parts{of: c, ID: Place{"id", &c.ID}, Version: &c.Version, Made: []Place{{"update_id", &c.UpdateID}},
		Notify: c.Notify}
}

func (c *EditIncident) corrects(s *State, _ status.Time) (services []string, from status.Time) {
	in, there := s.Incident(c.ID)
	if !there || c.Excluded == nil || (*c.Excluded == "") == (in.Excluded == "") {
		return nil, 0
	}
	return servicesOf(in), in.CreatedAt
}

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
	f.OptStr("language", &c.Language)
	wire.OptList(f, "translations", &c.Translations, (*status.Translation).Wire)
	wire.OptList(f, "message_translations", &c.MessageTranslations, (*status.Translation).WireEntry)
}

// UpdateIncident adds to an incident's timeline. An empty Status stays where the incident is. Services says which of
// the incident's services are in another state from here on; operational has recovered.
type UpdateIncident struct {
	ID       string // of the incident
	UpdateID string
	Version  *int64
	Status   string
	Body     string
	Services []Move
	Notify   *bool

	Translations []status.Translation
}

func (*UpdateIncident) Kind() string { return "update_incident" }

func (c *UpdateIncident) texts(each func(field string, text *string)) {
	each("body", &c.Body)
	textsOf(c.Translations, "translations", each)
}

func (c *UpdateIncident) parts() Parts {
	return Parts{of: c, ID: Place{"incident", &c.ID}, Version: &c.Version, Entry: Place{"id", &c.UpdateID},
		Made: []Place{{"id", &c.UpdateID}}, Notify: c.Notify}
}

// Wire is the body of POST incidents/{id}/updates.
func (c *UpdateIncident) Wire(f *wire.Fields) {
	f.Str("incident", &c.ID)
	f.Str("id", &c.UpdateID)
	f.OptInt("version", &c.Version)
	f.Str("status", &c.Status)
	f.Str("body", &c.Body)
	wire.OptList(f, "services", &c.Services, (*Move).Wire)
	f.OptBool("notify", &c.Notify)
	wire.OptList(f, "translations", &c.Translations, (*status.Translation).WireEntry)
}

// CorrectUpdate changes the text of an entry of a timeline, also of a resolved incident; the audit trail keeps what it
// was.
type CorrectUpdate struct {
	ID       string // of the incident
	UpdateID string
	Version  *int64
	Body     string
	silent   bool // the request had no body at all: that is no wish for an empty one

	Translations []status.Translation // in the place of all there were; nil leaves those of a Body that stays
}

func (*CorrectUpdate) Kind() string { return "correct_update" }

func (c *CorrectUpdate) texts(each func(field string, text *string)) {
	each("body", &c.Body)
	textsOf(c.Translations, "translations", each)
}

func (c *CorrectUpdate) parts() Parts {
	return Parts{of: c, ID: Place{"incident", &c.ID}, Version: &c.Version, Entry: Place{"id", &c.UpdateID}}
}

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
	wire.OptList(f, "translations", &c.Translations, (*status.Translation).WireEntry)
}

// DeleteIncident hides an incident; the log and the audit trail keep it.
type DeleteIncident struct{ removal }

func (*DeleteIncident) Kind() string { return "delete_incident" }

func (c *DeleteIncident) parts() Parts {
	return c.removed(c)
}

func (c *DeleteIncident) corrects(s *State, _ status.Time) (services []string, from status.Time) {
	in, there := s.Incident(c.ID)
	if !there {
		return nil, 0
	}
	return servicesOf(in), in.CreatedAt
}

func servicesOf(in *status.Incident) (services []string) {
	for _, a := range in.Services {
		services = append(services, a.ID)
	}
	return services
}
