package page

import (
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// EventType names what happened.
type EventType string

const (
	PageCreated        EventType = "page_created"
	PageChanged        EventType = "page_changed"
	ServiceCreated     EventType = "service_created"
	ServiceChanged     EventType = "service_changed"
	ServiceDeleted     EventType = "service_deleted"
	IncidentOpened     EventType = "incident_opened"
	IncidentUpdated    EventType = "incident_updated"
	IncidentResolved   EventType = "incident_resolved"
	IncidentEdited     EventType = "incident_edited"
	IncidentExplained  EventType = "incident_explained" // its post-mortem was published
	IncidentDeleted    EventType = "incident_deleted"
	MaintenancePlanned EventType = "maintenance_planned"
	MaintenanceChanged EventType = "maintenance_changed"
	MaintenanceMoved   EventType = "maintenance_moved"
	MaintenanceDeleted EventType = "maintenance_deleted"
)

// frames maps what happened to the message type that clients know (CONTRACT.md, section 4).
var frames = map[EventType]string{
	PageCreated: "page_update", PageChanged: "page_update",
	ServiceCreated: "service_status_update", ServiceChanged: "service_status_update", ServiceDeleted: "service_deleted",
	IncidentOpened: "incident_update", IncidentUpdated: "incident_update", IncidentResolved: "incident_update",
	IncidentEdited: "incident_update", IncidentExplained: "incident_update", IncidentDeleted: "incident_deleted",
	MaintenancePlanned: "maintenance_update", MaintenanceChanged: "maintenance_update", MaintenanceMoved: "maintenance_update",
	MaintenanceDeleted: "maintenance_update",
}

// Event is one entry of an organisation's log. It carries the object as it was afterwards, without its timeline, and the one
// timeline entry that is new or corrected. Visitors may know all of it.
type Event struct {
	Seq     int64
	Type    EventType
	At      status.Time
	Command string // id of the command that caused it, "" when nobody waits for it

	Org               *Org
	Service           *status.Service
	Incident          *status.Incident
	Update            *status.Update
	Maintenance       *status.Maintenance
	MaintenanceUpdate *status.MaintenanceUpdate
	Days              []status.ServiceDay // tallies that are other ones now, because the past was corrected; up to At
}

// Wire is the event as the log keeps it.
func (e *Event) Wire(f *wire.Fields) {
	f.Int("seq", &e.Seq)
	f.Str("type", (*string)(&e.Type))
	f.Time("at", &e.At)
	f.Str("command", &e.Command)
	wire.Opt(f, "org", &e.Org, (*Org).Wire)
	wire.Opt(f, "service", &e.Service, (*status.Service).Wire)
	wire.Opt(f, "incident", &e.Incident, (*status.Incident).WireHead)
	wire.Opt(f, "update", &e.Update, (*status.Update).Wire)
	wire.Opt(f, "maintenance", &e.Maintenance, (*status.Maintenance).WireHead)
	wire.Opt(f, "maintenance_update", &e.MaintenanceUpdate, (*status.MaintenanceUpdate).Wire)
	wire.OptList(f, "days", &e.Days, (*status.ServiceDay).Wire)
}

// FrameType is the message type under which clients hear of the event.
func (e *Event) FrameType() string { return frames[e.Type] }

// Frame is the WebSocket message of an event: {type, seq, data} and, for those that fold it, {event, at, command}.
func (e *Event) Frame() []byte { return wire.Marshal(frame{e}) }

// FromFrame reads the event back from its frame: the browser folds what it hears. Frames that are about nothing on the page
// (hello, a newer server's) are refused, so that none of them passes for the next event.
func FromFrame(in []byte) (*Event, *fault.Error) {
	e := &Event{}
	if err := wire.Unmarshal(in, frame{e}); err != nil {
		return nil, err
	}
	if e.subject() == "" {
		return nil, fault.New(fault.Invalid, "This message is no event of a page.")
	}
	return e, nil
}

// subject is the id of what the event is about, "" when it is about nothing.
func (e *Event) subject() string {
	switch {
	case e.Service != nil:
		return e.Service.ID
	case e.Incident != nil:
		return e.Incident.ID
	case e.Maintenance != nil:
		return e.Maintenance.ID
	case e.Org != nil:
		return e.Org.ID
	}
	return ""
}

type frame struct{ *Event }

func (e frame) Wire(f *wire.Fields) {
	if f.Reading() {
		f.Str("event", (*string)(&e.Type))
		e.makeRoom()
	}
	f.Derived("type", e.FrameType())
	f.Int("seq", &e.Seq)
	switch {
	case e.Service != nil:
		wire.One(f, "data", e.Service, (*status.Service).Wire)
	case e.Incident != nil:
		wire.One(f, "data", e.Incident, func(i *status.Incident, f *wire.Fields) {
			i.WireHead(f)
			wire.Opt(f, "update", &e.Update, (*status.Update).Wire)
		})
	case e.Maintenance != nil:
		wire.One(f, "data", e.Maintenance, func(m *status.Maintenance, f *wire.Fields) {
			m.WireHead(f)
			deleted := e.Type == MaintenanceDeleted
			f.Bool("deleted", &deleted)
			wire.Opt(f, "update", &e.MaintenanceUpdate, (*status.MaintenanceUpdate).Wire)
		})
	case e.Org != nil:
		wire.One(f, "data", e.Org, (*Org).Wire)
	}
	if !f.Reading() {
		f.Str("event", (*string)(&e.Type))
	}
	f.Time("at", &e.At)
	f.Str("command", &e.Command)
	wire.OptList(f, "days", &e.Days, (*status.ServiceDay).Wire)
}

// makeRoom gives the object that a frame of this type carries.
func (e *Event) makeRoom() {
	switch e.FrameType() {
	case "service_status_update", "service_deleted":
		e.Service = &status.Service{}
	case "incident_update", "incident_deleted":
		e.Incident = &status.Incident{}
	case "maintenance_update":
		e.Maintenance = &status.Maintenance{}
	case "page_update":
		e.Org = &Org{}
	}
}
