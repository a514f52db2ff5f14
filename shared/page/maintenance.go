package page

import (
	"slices"

	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// PlanMaintenance schedules a window, or notes one that is over already; of that one nobody is told unless Notify says
// so.
type PlanMaintenance struct {
	ID             string
	Title          string
	Description    string
	Services       []string
	ScheduledFor   status.Time
	ScheduledUntil status.Time
	Notify         *bool

	Language     string // that it is written in; "" is the organisation's
	Translations []status.Translation
}

func (*PlanMaintenance) Kind() string { return "plan_maintenance" }

func (c *PlanMaintenance) texts(each func(field string, text *string)) {
	each("description", &c.Description)
	each("title", &c.Title)
	textsOf(c.Translations, "translations", each)
}

func (c *PlanMaintenance) parts() Parts {
	return Parts{of: c, ID: Place{"id", &c.ID}, Made: []Place{{"id", &c.ID}}, Notify: c.Notify}
}

func (c *PlanMaintenance) corrects(_ *State, now status.Time) (services []string, from status.Time) {
	if c.ScheduledUntil > now {
		return nil, 0
	}
	return c.Services, c.ScheduledFor
}

// Wire is the body of POST maintenances.
func (c *PlanMaintenance) Wire(f *wire.Fields) {
	f.Str("id", &c.ID)
	f.Str("title", &c.Title)
	f.Str("description", &c.Description)
	f.Strings("services", &c.Services)
	f.Time("scheduled_for", &c.ScheduledFor)
	f.Time("scheduled_until", &c.ScheduledUntil)
	f.OptBool("notify", &c.Notify)
	if f.Reading() || c.Language != "" {
		f.Str("language", &c.Language)
	}
	wire.OptList(f, "translations", &c.Translations, (*status.Translation).WireWindow)
}

// EditMaintenance changes a window's text and times, moves it on, or adds to its timeline.
type EditMaintenance struct {
	ID             string
	UpdateID       string
	Version        *int64
	Title          *string
	Description    *string
	Services       *[]string // while it has not begun
	ScheduledFor   *status.Time
	ScheduledUntil *status.Time
	Status         *string
	Message        *string
	Notify         *bool
	Language       *string

	Translations        []status.Translation // in the place of all there were; nil leaves those of texts that stay
	MessageTranslations []status.Translation
}

func (*EditMaintenance) Kind() string { return "edit_maintenance" }

func (c *EditMaintenance) texts(each func(field string, text *string)) {
	each("description", c.Description)
	each("title", c.Title)
	each("message", c.Message)
	textsOf(c.Translations, "translations", each)
	textsOf(c.MessageTranslations, "message_translations", each)
}

func (c *EditMaintenance) parts() Parts {
	return Parts{of: c, ID: Place{"id", &c.ID}, Version: &c.Version, Made: []Place{{"update_id", &c.UpdateID}},
		Notify: c.Notify}
}

// Wire is the body of PATCH maintenances/{id}.
func (c *EditMaintenance) Wire(f *wire.Fields) {
	f.Str("id", &c.ID)
	f.Str("update_id", &c.UpdateID)
	f.OptInt("version", &c.Version)
	f.OptStr("title", &c.Title)
	f.OptStr("description", &c.Description)
	optStrings(f, "services", &c.Services)
	f.OptTime("scheduled_for", &c.ScheduledFor)
	f.OptTime("scheduled_until", &c.ScheduledUntil)
	f.OptStr("status", &c.Status)
	f.OptStr("message", &c.Message)
	f.OptBool("notify", &c.Notify)
	f.OptStr("language", &c.Language)
	wire.OptList(f, "translations", &c.Translations, (*status.Translation).WireWindow)
	wire.OptList(f, "message_translations", &c.MessageTranslations, (*status.Translation).WireEntry)
}

// optStrings maps a list that may be absent.
func optStrings(f *wire.Fields, key string, list **[]string) {
	var found []string
	if *list != nil {
		found = **list
	}
	if f.Reading() || *list != nil {
		f.Strings(key, &found)
	}
	if f.Reading() && found != nil {
		*list = &found
	}
}

// DeleteMaintenance hides a window; a running one lets its services go first.
type DeleteMaintenance struct{ removal }

func (*DeleteMaintenance) Kind() string { return "delete_maintenance" }

func (c *DeleteMaintenance) parts() Parts {
	return c.removed(c)
}

func (c *DeleteMaintenance) corrects(s *State, _ status.Time) (services []string, from status.Time) {
	m, there := s.Maintenance(c.ID)
	if !there || !m.Noted() {
		return nil, 0
	}
	noted := m.AsIncident()
	return servicesOf(&noted), m.ScheduledFor
}

func (c *PlanMaintenance) decide(d *draft) *fault.Error {
	m := status.Maintenance{
		ID: c.ID, Title: c.Title, Description: c.Description, Status: status.Scheduled,
		ScheduledFor: c.ScheduledFor, ScheduledUntil: c.ScheduledUntil, CreatedAt: d.at, UpdatedAt: d.at, Version: 1,
		Language: c.Language,
	}
	if err := check(c.ID, joined(m.Check(), visible("title", m.Title, ""))); err != nil {
		return err
	}
	var err *fault.Error
	if m.Translations, err = d.translated("translations", c.Translations, m.Original(), m.Language); err != nil {
		return err
	}
	if m.ScheduledUntil <= d.at {
		if err := c.checkPast(d.at); err != nil {
			return err
		}
		m.Status, m.StartedAt, m.CompletedAt = status.Completed, &c.ScheduledFor, &c.ScheduledUntil
	}
	if _, there := d.state.Maintenance(c.ID); there {
		return taken("a maintenance", "id")
	}
	if !m.Over() && d.open() >= MaxActive {
		return tooMany("maintenance windows that are not over", MaxActive)
	}
	if err := d.cover(&m, c.Services, &m); err != nil {
		return err
	}
	planned := Event{Type: MaintenancePlanned, Maintenance: &m}
	if m.Noted() {
		planned.Days = d.recount(m.AsIncident())
	}
	d.emit(planned)
	return nil
}

// checkPast: what is noted afterwards corrects a bounded past.
func (c *PlanMaintenance) checkPast(now status.Time) *fault.Error {
	var list status.Checks
	days := (c.ScheduledUntil.DayNumber() - c.ScheduledFor.DayNumber() + 1) * int64(len(c.Services))
	list.That(days <= MaxServiceDays, "scheduled_for", "This corrects too many days of too many services at once.")
	list.That(c.ScheduledFor > now-MaxBack*wire.Day, "scheduled_for", "A maintenance may be dated back by %s days at "+
		"most.", wire.Itoa(MaxBack))
	return list.Err()
}

// coverOthers covers other services with a window that has not begun.
func (d *draft) coverOthers(was, next *status.Maintenance, ids []string) *fault.Error {
	next.Services = nil
	if err := d.cover(next, ids, was); err != nil {
		return err
	}
	if !slices.Equal(next.Services, was.Services) && was.Status != status.Scheduled {
		return fault.New(fault.Conflict, "The window has started already.").
			With("services", "The window has started already.")
	}
	return nil
}

// cover puts services into a window; those that it covered before may have left the page.
func (d *draft) cover(m *status.Maintenance, ids []string, before *status.Maintenance) *fault.Error {
	if len(ids) == 0 {
		return fault.OnField("services", "Say which services the maintenance is about.")
	}
	if len(ids) > MaxAffected {
		return fault.OnField("services", "A window may cover %s services at most.", wire.Itoa(MaxAffected))
	}
	for i, id := range ids {
		field := "services[" + wire.Itoa(int64(i)) + "]"
		if m.Covers(id) {
			return fault.OnField(field, "This service is named twice.")
		}
		if known := slices.IndexFunc(before.Services, func(s status.Ref) bool { return s.ID == id }); known >= 0 {
			m.Services = append(m.Services, before.Services[known])
			continue
		}
		svc, there := d.state.Service(id)
		if !there {
			return notFound("service").With(field, "There is no such service.")
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
	edit(&next.Language, c.Language)
	if err := joined(next.Check(), visible("title", next.Title, m.Title)); err != nil {
		return err
	}
	if err := c.checkTimes(m, &next, d.at); err != nil {
		return err
	}
	var err *fault.Error
	next.Translations, err = d.retold(c.Translations, m.Translations, m.Original(), next.Original(), next.Language)
	if err != nil {
		return err
	}
	if c.Services != nil {
		if err := d.coverOthers(m, &next, *c.Services); err != nil {
			return err
		}
	}
	if c.Message == nil && len(c.MessageTranslations) == 0 && (c.Status == nil || *c.Status == string(m.Status)) {
		if next.Title != m.Title || next.Description != m.Description || next.ScheduledFor != m.ScheduledFor ||
			next.ScheduledUntil != m.ScheduledUntil || next.Language != m.Language ||
			!slices.Equal(next.Services, m.Services) || !slices.Equal(next.Translations, m.Translations) {
			d.emitMaintenance(MaintenanceChanged, next, nil)
		}
		return nil
	}
	return c.move(d, next)
}

// checkTimes: what has begun cannot begin at another time, and what is over stays as it was.
func (c *EditMaintenance) checkTimes(was, next *status.Maintenance, at status.Time) *fault.Error {
	if was.Status != status.Scheduled && next.ScheduledFor != was.ScheduledFor {
		return fault.New(fault.Conflict, "The window has started already.").
			With("scheduled_for", "The window has started already.")
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
	told, err := d.translated("message_translations", c.MessageTranslations, entryText(body), next.Language)
	if err != nil {
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
	d.emitMaintenance(MaintenanceMoved, next, &status.MaintenanceUpdate{ID: c.UpdateID, Status: to, Body: body,
		CreatedAt: d.at, Translations: told})
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
	d.emitMaintenanceDays(kind, next, u, nil)
}

// emitMaintenanceDays is emitMaintenance with what becomes of the past.
func (d *draft) emitMaintenanceDays(kind EventType, next status.Maintenance, u *status.MaintenanceUpdate,
	days []status.ServiceDay) {
	next.Updates = nil
	next.Version++
	next.UpdatedAt = d.at
	d.emit(Event{Type: kind, Maintenance: &next, MaintenanceUpdate: u, Days: days})
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
	if gone.Noted() {
		untold := gone.AsIncident() // what it added to the record goes with it
		untold.Services = nil
		d.emitMaintenanceDays(MaintenanceDeleted, gone, nil, d.recount(untold))
		return nil
	}
	d.emitMaintenance(MaintenanceDeleted, gone, nil)
	return nil
}
