package store

import (
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// project turns an event into the rows that follow from it: the only place where these tables are written.
func project(b *Batch, org string, e *page.Event, before, after page.State) {
	switch {
	case e.Org != nil:
		projectOrg(b, e)
	case e.Service != nil:
		projectService(b, org, e, before)
	case e.Incident != nil:
		projectIncident(b, org, e)
		projectDays(b, org, e)
	case e.Maintenance != nil:
		projectMaintenance(b, org, e)
	}
}

func projectOrg(b *Batch, e *page.Event) {
	o := e.Org
	var hostname any
	if o.Hostname != "" {
		hostname = o.Hostname
	}
	weights := o.UptimeWeights()
	if e.Type == page.PageCreated {
		b.Add(`INSERT INTO organizations (id, slug, name, description, url, hostname, time_zone, accent, created_at, updated_at, version, uptime_weights)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			o.ID, o.Slug, o.Name, o.Description, o.URL, hostname, o.TimeZone, o.Accent, int64(o.CreatedAt), int64(o.UpdatedAt), o.Version, string(wire.Marshal(&weights)))
		return
	}
	var until any
	if o.AnnouncementUntil != 0 {
		until = int64(o.AnnouncementUntil)
	}
	b.Add(`UPDATE organizations SET name = ?, description = ?, url = ?, hostname = ?, time_zone = ?, accent = ?, logo = ?, updated_at = ?, version = ?,
 announcement = ?, announcement_until = ?, uptime_weights = ? WHERE id = ?`,
		o.Name, o.Description, o.URL, hostname, o.TimeZone, o.Accent, o.Logo, int64(o.UpdatedAt), o.Version, o.Announcement, until, string(wire.Marshal(&weights)), o.ID)
}

func projectService(b *Batch, org string, e *page.Event, before page.State) {
	s := e.Service
	switch e.Type {
	case page.ServiceCreated:
		b.Add(`INSERT INTO services (org_id, id, name, description, status, position, group_name, since, booked, created_at, updated_at, version)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			org, s.ID, s.Name, s.Description, string(s.Status), s.Position, s.Group, int64(s.Since), int64(e.At), int64(s.CreatedAt), int64(s.UpdatedAt), s.Version)
		return
	case page.ServiceDeleted:
		b.Add(`UPDATE services SET deleted_at = ?, updated_at = ?, version = ? WHERE org_id = ? AND id = ?`,
			int64(e.At), int64(s.UpdatedAt), s.Version, org, s.ID)
		return
	}
	b.Add(`UPDATE services SET name = ?, description = ?, status = ?, position = ?, group_name = ?, since = ?, updated_at = ?, version = ? WHERE org_id = ? AND id = ?`,
		s.Name, s.Description, string(s.Status), s.Position, s.Group, int64(s.Since), int64(s.UpdatedAt), s.Version, org, s.ID)
	was, there := before.Service(s.ID)
	if !there || was.Status == s.Status {
		return
	}
	// The state lets go of days that are long past; the table does not.
	moved, from := *was, was.BookedUntil().DayNumber()
	moved.Move(s.Status, e.At)
	for _, d := range moved.Days {
		if d.Day >= from {
			projectDay(b, org, s.ID, d)
		}
	}
	b.Add(`UPDATE services SET booked = ? WHERE org_id = ? AND id = ?`, int64(e.At), org, s.ID)
}

// projectDays writes what a correction says of the past.
func projectDays(b *Batch, org string, e *page.Event) {
	seen := map[string]bool{}
	for _, d := range e.Days {
		projectDay(b, org, d.ServiceID, d.Tally)
		if !seen[d.ServiceID] {
			b.Add(`UPDATE services SET booked = ? WHERE org_id = ? AND id = ?`, int64(e.At), org, d.ServiceID)
			seen[d.ServiceID] = true
		}
	}
}

func projectDay(b *Batch, org, service string, d status.Tally) {
	b.Add(`INSERT INTO service_days (org_id, service_id, day, degraded, partial, major, maintenance) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (org_id, service_id, day) DO UPDATE SET degraded = excluded.degraded, partial = excluded.partial, major = excluded.major, maintenance = excluded.maintenance`,
		org, service, d.Day, d.Degraded, d.Partial, d.Major, d.Maintenance)
}

func projectIncident(b *Batch, org string, e *page.Event) {
	i := e.Incident
	switch e.Type {
	case page.IncidentOpened:
		b.Add(`INSERT INTO incidents (org_id, id, title, description, status, impact, created_at, updated_at, resolved_at, version, recorded_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			org, i.ID, i.Title, i.Description, string(i.Status), string(i.Impact), int64(i.CreatedAt), int64(i.UpdatedAt), when(i.ResolvedAt), i.Version, when(i.RecordedAt))
		for n, a := range i.Services {
			b.Add(`INSERT INTO incident_services (org_id, incident_id, ordinal, service_id, name, from_state, to_state) VALUES (?, ?, ?, ?, ?, ?, ?)`,
				org, i.ID, n, a.ID, a.Name, string(a.From), string(a.To))
		}
	case page.IncidentDeleted:
		b.Add(`UPDATE incidents SET deleted_at = ?, updated_at = ?, version = ? WHERE org_id = ? AND id = ?`,
			int64(e.At), int64(i.UpdatedAt), i.Version, org, i.ID)
	default:
		b.Add(`UPDATE incidents SET title = ?, description = ?, status = ?, impact = ?, updated_at = ?, resolved_at = ?, version = ?,
 postmortem = ?, postmortem_at = ?, excluded = ? WHERE org_id = ? AND id = ?`,
			i.Title, i.Description, string(i.Status), string(i.Impact), int64(i.UpdatedAt), when(i.ResolvedAt), i.Version,
			i.Postmortem, when(i.PostmortemAt), i.Excluded, org, i.ID)
	}
	u := e.Update
	if u == nil {
		return
	}
	b.Add(`INSERT INTO incident_updates (org_id, incident_id, seq, id, status, body, created_at, edited_at, services) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (org_id, incident_id, id) DO UPDATE SET body = excluded.body, created_at = excluded.created_at, edited_at = excluded.edited_at`,
		org, i.ID, e.Seq, u.ID, string(u.Status), u.Body, int64(u.CreatedAt), when(u.EditedAt), affectedJSON(u.Services))
	if e.Type != page.IncidentUpdated {
		return
	}
	for _, a := range u.Services {
		b.Add(`UPDATE incident_services SET to_state = ? WHERE org_id = ? AND incident_id = ? AND service_id = ?`, string(a.To), org, i.ID, a.ID)
	}
}

// affectedJSON is a list as its column keeps it.
func affectedJSON(list []status.Affected) string {
	text := wire.Marshal(listed{"l", list})
	return string(text[len(`{"l":`) : len(text)-1])
}

type listed struct {
	key  string
	list []status.Affected
}

func (l listed) Wire(f *wire.Fields) {
	wire.List(f, l.key, &l.list, (*status.Affected).Wire)
}

func projectMaintenance(b *Batch, org string, e *page.Event) {
	m := e.Maintenance
	switch e.Type {
	case page.MaintenancePlanned:
		b.Add(`INSERT INTO maintenances (org_id, id, title, description, status, scheduled_for, scheduled_until, created_at, updated_at, started_at, completed_at, version)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			org, m.ID, m.Title, m.Description, string(m.Status), int64(m.ScheduledFor), int64(m.ScheduledUntil), int64(m.CreatedAt), int64(m.UpdatedAt),
			when(m.StartedAt), when(m.CompletedAt), m.Version)
		for n, s := range m.Services {
			b.Add(`INSERT INTO maintenance_services (org_id, maintenance_id, ordinal, service_id, name) VALUES (?, ?, ?, ?, ?)`, org, m.ID, n, s.ID, s.Name)
		}
	case page.MaintenanceDeleted:
		b.Add(`UPDATE maintenances SET deleted_at = ?, updated_at = ?, version = ? WHERE org_id = ? AND id = ?`,
			int64(e.At), int64(m.UpdatedAt), m.Version, org, m.ID)
	default:
		b.Add(`UPDATE maintenances SET title = ?, description = ?, status = ?, scheduled_for = ?, scheduled_until = ?, updated_at = ?, started_at = ?, completed_at = ?, version = ? WHERE org_id = ? AND id = ?`,
			m.Title, m.Description, string(m.Status), int64(m.ScheduledFor), int64(m.ScheduledUntil), int64(m.UpdatedAt), when(m.StartedAt), when(m.CompletedAt), m.Version, org, m.ID)
	}
	if u := e.MaintenanceUpdate; u != nil {
		b.Add(`INSERT INTO maintenance_updates (org_id, maintenance_id, seq, id, status, body, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (org_id, maintenance_id, id) DO UPDATE SET body = excluded.body, created_at = excluded.created_at`,
			org, m.ID, e.Seq, u.ID, string(u.Status), u.Body, int64(u.CreatedAt))
	}
}
