package page

import (
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

func (c *OpenIncident) decide(d *draft) *fault.Error {
	in := status.Incident{
		ID: c.ID, Title: c.Title, Description: c.Description, Status: status.Investigating,
		CreatedAt: d.at, UpdatedAt: d.at, Version: 1,
	}
	moves := c.moves()
	if err := c.check(&in, moves); err != nil {
		return err
	}
	if _, there := d.state.Incident(c.ID); there {
		return taken("an incident", "id")
	}
	if d.active() >= MaxActive {
		return tooMany("active incidents", MaxActive)
	}
	for i, m := range moves {
		a, err := d.affect(m, c.field(i, "id"), c.field(i, "to_state"))
		if err != nil {
			return err
		}
		in.Services = append(in.Services, a)
	}
	in.Impact = status.ImpactOf(in.Services)
	for _, a := range in.Services {
		d.moveService(a.ID, a.To)
	}
	d.emit(Event{Type: IncidentOpened, Incident: &in,
		Update: &status.Update{ID: c.UpdateID, Status: in.Status, Body: in.Description, CreatedAt: d.at}})
	return nil
}

// moves is Services with the short forms filled in.
func (c *OpenIncident) moves() []Move {
	list := append([]Move(nil), c.Services...)
	if c.Service != nil && (len(list) == 0 || list[0].ID != *c.Service) {
		list = append([]Move{{ID: *c.Service}}, list...)
	}
	for i := range list {
		if list[i].To == "" {
			list[i].To = c.ToState
		}
	}
	return list
}

// field is how the caller wrote member i.
func (c *OpenIncident) field(i int, name string) string {
	if len(c.Services) == 0 || c.Service != nil && c.Services[0].ID != *c.Service {
		if i == 0 {
			if name == "id" {
				return "service"
			}
			return name
		}
		i--
	}
	return "services[" + wire.Itoa(int64(i)) + "]." + name
}

func (c *OpenIncident) check(in *status.Incident, moves []Move) *fault.Error {
	var list status.Checks
	list.ID("id", c.ID)
	list.ID("update_id", c.UpdateID)
	list.That(len(moves) > 0, "service", "Say which service is affected.")
	list.That(len(moves) <= MaxAffected, "services", "An incident may affect %s services at most.", wire.Itoa(MaxAffected))
	if c.ToState != "" && !c.ToState.Valid() {
		list.OneOf("to_state", string(c.ToState), false, status.Names(status.ServiceStatuses))
	}
	seen := make(map[string]bool, len(moves))
	for i, m := range moves {
		list.That(!seen[m.ID], c.field(i, "id"), "This service is named twice.")
		seen[m.ID] = true
		if m.To == "" {
			list.That(false, c.field(i, "to_state"), "Say what state the service is in now.")
		} else if m.To != c.ToState {
			list.OneOf(c.field(i, "to_state"), string(m.To), m.To.Valid(), status.Names(status.ServiceStatuses))
		}
	}
	bad, words := list.Err(), in.Check()
	if bad == nil {
		return words
	}
	if words != nil {
		bad.Fields = append(bad.Fields, words.Fields...)
	}
	return bad
}

func (d *draft) affect(m Move, idField, toField string) (status.Affected, *fault.Error) {
	svc, there := d.state.Service(m.ID)
	if !there {
		return status.Affected{}, notFound("service").With(idField, "There is no such service.")
	}
	if !svc.Status.CanMove(m.To, status.ByIncident) {
		return status.Affected{}, forbidden(toField, svc.Name, string(svc.Status), string(m.To), status.Names(svc.Status.Next(status.ByIncident)))
	}
	return status.Affected{ID: svc.ID, Name: svc.Name, From: svc.Status, To: m.To}, nil
}

func (d *draft) active() int {
	n := 0
	for i := range d.state.Incidents {
		if d.state.Incidents[i].Active() {
			n++
		}
	}
	return n
}

func (c *EditIncident) decide(d *draft) *fault.Error {
	in, there := d.state.Incident(c.ID)
	if !there {
		return notFound("incident")
	}
	if err := stale("incident", c.Version, in.Version, in); err != nil {
		return err
	}
	next := *in
	edit(&next.Title, c.Title)
	edit(&next.Description, c.Description)
	if err := next.Check(); err != nil {
		return err
	}
	text := next.Title != in.Title || next.Description != in.Description
	if c.Message == nil && (c.Status == nil || *c.Status == string(in.Status)) {
		if text {
			d.emitIncident(IncidentEdited, next, nil)
		}
		return nil
	}
	move := UpdateIncident{ID: c.ID, UpdateID: c.UpdateID}
	edit(&move.Status, c.Status)
	edit(&move.Body, c.Message)
	return move.onto(d, next, "update_id", "message")
}

func (c *UpdateIncident) decide(d *draft) *fault.Error {
	in, there := d.state.Incident(c.ID)
	if !there {
		return notFound("incident")
	}
	if err := stale("incident", c.Version, in.Version, in); err != nil {
		return err
	}
	return c.onto(d, *in, "id", "body")
}

// onto adds the update to an incident whose text may have been corrected in the same breath.
func (c *UpdateIncident) onto(d *draft, next status.Incident, idField, bodyField string) *fault.Error {
	to := status.IncidentStatus(c.Status)
	if to == "" {
		to = next.Status
	}
	var list status.Checks
	list.ID(idField, c.UpdateID)
	list.OneOf("status", string(to), to.Valid(), status.Names(status.IncidentStatuses))
	list.Text(bodyField, c.Body, status.BodyMax, to == next.Status)
	if err := list.Err(); err != nil {
		return err
	}
	if !next.Active() {
		return forbidden("status", "A resolved incident", string(next.Status), string(to), nil)
	}
	if to != next.Status && !contains(next.Status.Next(), to) {
		return forbidden("status", "An incident", string(next.Status), string(to), status.Names(next.Status.Next()))
	}
	for i := range next.Updates {
		if next.Updates[i].ID == c.UpdateID {
			return taken("an update", idField)
		}
	}
	// The last place is kept for the resolution, so that an incident can always be ended.
	if n := len(next.Updates); n >= MaxUpdates-1 && to != status.Resolved {
		return tooMany("updates on this incident", MaxUpdates-1)
	}
	kind := IncidentUpdated
	next.Status = to
	if to == status.Resolved {
		kind, next.ResolvedAt = IncidentResolved, &d.at
		d.release(&next)
	}
	d.emitIncident(kind, next, &status.Update{ID: c.UpdateID, Status: to, Body: c.Body, CreatedAt: d.at})
	return nil
}

// release recalculates the services that an incident held; one under maintenance stays there.
func (d *draft) release(in *status.Incident) {
	for _, a := range in.Services {
		if svc, there := d.state.Service(a.ID); there && svc.Status != status.UnderMaintenance {
			d.moveService(a.ID, d.state.settled(a.ID, in.ID))
		}
	}
}

func (d *draft) emitIncident(kind EventType, next status.Incident, u *status.Update) {
	next.Updates = nil
	next.Version++
	next.UpdatedAt = d.at
	d.emit(Event{Type: kind, Incident: &next, Update: u})
}

func (c *DeleteIncident) decide(d *draft) *fault.Error {
	in, there := d.state.Incident(c.ID)
	if !there {
		return notFound("incident")
	}
	if err := stale("incident", c.Version, in.Version, in); err != nil {
		return err
	}
	gone := *in
	if gone.Active() {
		d.release(&gone)
	}
	d.emitIncident(IncidentDeleted, gone, nil)
	return nil
}

func contains[T comparable](list []T, x T) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}
