package desk

import (
	"github.com/google/uuid"

	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// newID is a UUIDv7: ids ascend with time.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// fill gives ids to what the caller left without.
func fill(c page.Command) {
	set := func(id *string) {
		if *id == "" {
			*id = newID()
		}
	}
	switch c := c.(type) {
	case *page.CreateService:
		set(&c.ID)
	case *page.OpenIncident:
		set(&c.ID)
		set(&c.UpdateID)
		if c.ResolvedAt != nil {
			set(&c.ResolutionID)
		}
	case *page.EditIncident:
		set(&c.UpdateID)
	case *page.UpdateIncident:
		set(&c.UpdateID)
	case *page.PlanMaintenance:
		set(&c.ID)
	case *page.EditMaintenance:
		set(&c.UpdateID)
	}
}

// target is what a command is about.
func target(c page.Command) (kind, id string) {
	switch c := c.(type) {
	case *page.CreateService:
		return "service", c.ID
	case *page.EditService:
		return "service", c.ID
	case *page.DeleteService:
		return "service", c.ID
	case *page.OpenIncident:
		return "incident", c.ID
	case *page.EditIncident:
		return "incident", c.ID
	case *page.UpdateIncident:
		return "incident", c.ID
	case *page.CorrectUpdate:
		return "incident", c.ID
	case *page.DeleteIncident:
		return "incident", c.ID
	case *page.PlanMaintenance:
		return "maintenance", c.ID
	case *page.EditMaintenance:
		return "maintenance", c.ID
	case *page.DeleteMaintenance:
		return "maintenance", c.ID
	}
	return "organization", ""
}

// wantsNotice says whether subscribers are told: yes, unless the command says no.
func wantsNotice(c page.Command) bool {
	var notify *bool
	switch c := c.(type) {
	case *page.OpenIncident:
		if notify = c.Notify; notify == nil && c.ResolvedAt != nil {
			return false // nobody wants to hear now of what is over
		}
	case *page.CorrectUpdate:
		return false
	case *page.EditIncident:
		notify = c.Notify
	case *page.UpdateIncident:
		notify = c.Notify
	case *page.PlanMaintenance:
		notify = c.Notify
	case *page.EditMaintenance:
		notify = c.Notify
	}
	return notify == nil || *notify
}

// object is what a command was about, in one state.
type object struct {
	kind, id string
	version  int64
	value    wire.Object // nil when it is not there
}

func outcome(s *page.State, c page.Command) object {
	kind, id := target(c)
	o := object{kind: kind, id: id}
	switch kind {
	case "service":
		if x, there := s.Service(id); there {
			o.version, o.value = x.Version, x
		}
	case "incident":
		if x, there := s.Incident(id); there {
			o.version, o.value = x.Version, x
		}
	case "maintenance":
		if x, there := s.Maintenance(id); there {
			o.version, o.value = x.Version, x
		}
	default:
		o.id, o.version, o.value = s.Org.ID, s.Org.Version, &s.Org
	}
	return o
}

func (o object) json() string {
	if o.value == nil {
		return ""
	}
	return string(encode(o.value))
}

func encode(x wire.Object) []byte { return wire.Marshal(x) }

// answer is the representation that the caller gets back: the object, or the update that it asked for with its incident.
func (o object) answer(c page.Command, fingerprint string, seq int64) store.Answer {
	a := store.Answer{Fingerprint: fingerprint, Status: statusOf(c), Seq: seq}
	if o.value == nil {
		return a
	}
	a.ETag, a.Body = `"`+wire.Itoa(o.version)+`"`, o.json()
	in, _ := o.value.(*status.Incident)
	switch c := c.(type) {
	case *page.UpdateIncident:
		a.Body = string(encode(added{in, c.UpdateID}))
	case *page.CorrectUpdate:
		a.Body = string(encode(added{in, c.UpdateID}))
	}
	return a
}

// outcomeOf is the outcome of events that may have made an object which the state, full of newer ones, does not keep.
func outcomeOf(before, after *page.State, events []page.Event, c page.Command) object {
	o := outcome(after, c)
	if o.value != nil || len(events) == 0 {
		return o
	}
	alone := *before
	alone.Incidents = nil
	if in, there := before.Incident(o.id); there {
		alone.Incidents = []status.Incident{*in}
	}
	for i := range events {
		alone = page.Evolve(alone, &events[i])
	}
	return outcome(&alone, c)
}

// added is a timeline entry with the incident that it made of it.
type added struct {
	in *status.Incident
	id string
}

func (a added) Wire(f *wire.Fields) {
	for i := range a.in.Updates {
		if a.in.Updates[i].ID == a.id {
			a.in.Updates[i].Wire(f)
		}
	}
	wire.One(f, "incident", a.in, (*status.Incident).Wire)
}
