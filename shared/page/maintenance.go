package page

import (
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

func (c *PlanMaintenance) decide(d *draft) *fault.Error {
	m := status.Maintenance{
		ID: c.ID, Title: c.Title, Description: c.Description, Status: status.Scheduled,
		ScheduledFor: c.ScheduledFor, ScheduledUntil: c.ScheduledUntil, CreatedAt: d.at, UpdatedAt: d.at, Version: 1,
	}
	if err := check(c.ID, m.Check()); err != nil {
		return err
	}
	if m.ScheduledUntil <= d.at {
		return fault.OnField("scheduled_until", "The end must be in the future.")
	}
	if _, there := d.state.Maintenance(c.ID); there {
		return taken("a maintenance", "id")
	}
	if d.open() >= MaxActive {
		return tooMany("maintenance windows that are not over", MaxActive)
	}
	if err := d.cover(&m, c.Services); err != nil {
		return err
	}
	d.emit(Event{Type: MaintenancePlanned, Maintenance: &m})
	return nil
}

func (d *draft) cover(m *status.Maintenance, ids []string) *fault.Error {
	if len(ids) == 0 {
		return fault.OnField("services", "Say which services the maintenance is about.")
	}
	if len(ids) > MaxAffected {
		return fault.OnField("services", "A window may cover %s services at most.", wire.Itoa(MaxAffected))
	}
	for i, id := range ids {
		field := "services[" + wire.Itoa(int64(i)) + "]"
		svc, there := d.state.Service(id)
		if !there {
			return notFound("service").With(field, "There is no such service.")
		}
		if m.Covers(id) {
			return fault.OnField(field, "This service is named twice.")
		}
		m.Services = append(m.Services, status.Ref{ID: id, Name: svc.Name})
	}
	return nil
}

func (d *draft) open() int {
	n := 0
	for i := range d.state.Maintenances {
		if !d.state.Maintenances[i].Over() {
			n++
		}
	}
	return n
}

func (c *EditMaintenance) decide(d *draft) *fault.Error {
	m, there := d.state.Maintenance(c.ID)
	if !there {
		return notFound("maintenance")
	}
	if err := stale("maintenance", c.Version, m.Version, m); err != nil {
		return err
	}
	next := *m
	edit(&next.Title, c.Title)
	edit(&next.Description, c.Description)
	edit(&next.ScheduledFor, c.ScheduledFor)
	edit(&next.ScheduledUntil, c.ScheduledUntil)
	if err := next.Check(); err != nil {
		return err
	}
	if err := c.checkTimes(m, &next, d.at); err != nil {
		return err
	}
	if c.Message == nil && (c.Status == nil || *c.Status == string(m.Status)) {
		if next.Title != m.Title || next.Description != m.Description || next.ScheduledFor != m.ScheduledFor || next.ScheduledUntil != m.ScheduledUntil {
			d.emitMaintenance(MaintenanceChanged, next, nil)
		}
		return nil
	}
	return c.move(d, next)
}

// checkTimes: what has begun cannot begin at another time, and what is over stays as it was.
func (c *EditMaintenance) checkTimes(was, next *status.Maintenance, at status.Time) *fault.Error {
	if was.Status != status.Scheduled && next.ScheduledFor != was.ScheduledFor {
		return fault.New(fault.Conflict, "The window has started already.").With("scheduled_for", "The window has started already.")
	}
	if next.ScheduledUntil == was.ScheduledUntil {
		return nil
	}
	if was.Over() {
		return fault.New(fault.Conflict, "The window is over.").With("scheduled_until", "The window is over.")
	}
	if next.ScheduledUntil <= at {
		return fault.OnField("scheduled_until", "The end must be in the future.")
	}
	return nil
}

func (c *EditMaintenance) move(d *draft, next status.Maintenance) *fault.Error {
	to := next.Status
	if c.Status != nil {
		to = status.MaintenanceStatus(*c.Status)
	}
	body := ""
	edit(&body, c.Message)
	var list status.Checks
	list.ID("update_id", c.UpdateID)
	list.OneOf("status", string(to), to.Valid(), status.Names(status.MaintenanceStatuses))
	list.Text("message", body, status.BodyMax, to == next.Status)
	if err := list.Err(); err != nil {
		return err
	}
	if next.Over() || to != next.Status && !contains(next.Status.Next(), to) {
		return forbidden("status", "A maintenance", string(next.Status), string(to), status.Names(next.Status.Next()))
	}
	for i := range next.Updates {
		if next.Updates[i].ID == c.UpdateID {
			return taken("an update", "update_id")
		}
	}
	// The last three places are kept for the moves to the end.
	if len(next.Updates) >= MaxUpdates-3 && to == next.Status {
		return tooMany("updates on this maintenance", MaxUpdates-3)
	}
	was := next.Status
	next.Status = to
	if was == status.Scheduled && to != status.Cancelled {
		next.StartedAt = &d.at
	}
	if next.Over() {
		next.CompletedAt = &d.at
	}
	switch {
	case was == status.Scheduled && next.Running():
		d.hold(&next)
	case was != status.Scheduled && next.Over():
		d.letGo(&next)
	}
	d.emitMaintenance(MaintenanceMoved, next, &status.MaintenanceUpdate{ID: c.UpdateID, Status: to, Body: body, CreatedAt: d.at})
	return nil
}

// hold puts the covered services under maintenance; one with an active incident keeps the incident's state.
func (d *draft) hold(m *status.Maintenance) {
	for _, s := range m.Services {
		if _, active := d.state.ActiveOn(s.ID, ""); !active {
			d.moveService(s.ID, status.UnderMaintenance)
		}
	}
}

// letGo recalculates the services that were under this maintenance and no other.
func (d *draft) letGo(m *status.Maintenance) {
	for _, s := range m.Services {
		svc, there := d.state.Service(s.ID)
		if !there || svc.Status != status.UnderMaintenance || d.state.runningOn(s.ID, m.ID) {
			continue
		}
		to := status.Operational
		if a, active := d.state.ActiveOn(s.ID, ""); active {
			to = a.To
		}
		d.moveService(s.ID, to)
	}
}

func (d *draft) emitMaintenance(kind EventType, next status.Maintenance, u *status.MaintenanceUpdate) {
	next.Updates = nil
	next.Version++
	next.UpdatedAt = d.at
	d.emit(Event{Type: kind, Maintenance: &next, MaintenanceUpdate: u})
}

func (c *DeleteMaintenance) decide(d *draft) *fault.Error {
	m, there := d.state.Maintenance(c.ID)
	if !there {
		return notFound("maintenance")
	}
	if err := stale("maintenance", c.Version, m.Version, m); err != nil {
		return err
	}
	gone := *m
	if gone.Running() {
		d.letGo(&gone)
	}
	d.emitMaintenance(MaintenanceDeleted, gone, nil)
	return nil
}
