package store

import (
	"context"
	"slices"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

func init() {
	nouns[page.MaintenanceNoun] = &noun{
		tables: []orgTable{{"maintenance_services", "org_id, maintenance_id, ordinal"},
			{"maintenance_updates", "org_id, maintenance_id, seq"}, {"maintenances", "rowid"},
			{"series_windows", "org_id, series_id, starts_at"}, {"maintenance_series", "rowid"}},
		project: func(b *Batch, org string, e *page.Event, before page.State) {
			projectMaintenance(b, org, e, before)
			projectDays(b, org, e)
		},
		state: func(timelines bool) []string {
			all := `SELECT ` + objectJSON(keptMaintenance, "m.", timelines) +
				` AS x FROM maintenances m WHERE m.org_id = ?1 AND m.deleted_at IS NULL`
			return []string{all + ` AND m.completed_at IS NULL`,
				all + ` AND m.completed_at IS NOT NULL ORDER BY m.completed_at DESC, m.id DESC LIMIT ?3`}
		},
		words: `SELECT ` + whole(`json_object('id', m.id, 'title', m.title, 'description', m.description,
  'services', json((SELECT json_group_array(json_object('id', service_id, 'name', name)) FROM maintenance_services a
    WHERE a.org_id = m.org_id AND a.maintenance_id = m.id)),
  'updates', json((SELECT json_group_array(`+
			entry("json_object('id', u.id, 'body', u.body)", "u.")+`) FROM maintenance_updates u
    WHERE u.org_id = m.org_id AND u.maintenance_id = m.id AND u.id IN (SELECT value FROM json_each(?3)))))`, "m.") +
			` AS x
 FROM maintenances m WHERE m.org_id = ?1 AND m.deleted_at IS NULL AND m.id IN (SELECT value FROM json_each(?2))`,
		find: `SELECT ` + maintenanceJSON + ` FROM maintenances m WHERE m.org_id = ? AND m.id = ? AND m.deleted_at IS
  NULL`,
		add: func(s *page.State, body []byte) error {
			return added(&s.Maintenances, body, func(x *status.Maintenance) wire.Object { return x })
		},
		word: func(w *page.Words, body []byte) error {
			return addWord(w.Maintenances, body, func(x *status.Maintenance) string { return x.ID })
		},
		timelines: maintenanceTimelines,
		about: func(e *page.Event) (objects, entries []string) {
			for _, s := range e.Maintenance.Services {
				objects = append(objects, s.ID)
			}
			if e.MaintenanceUpdate != nil {
				entries = append(entries, e.MaintenanceUpdate.ID)
			}
			return objects, entries
		},
		head: func(e *page.Event, entry bool) wire.Object {
			x := *e.Maintenance
			if entry && e.MaintenanceUpdate != nil {
				x.Updates = []status.MaintenanceUpdate{*e.MaintenanceUpdate}
			}
			return &x
		},
		clip:   clipMaintenance,
		events: eventsOfMaintenance,
		again: func(events []page.Event, _ wire.Object, _ *page.Words) wire.Object {
			x := events[0].Maintenance
			for i := range events {
				if u := events[i].MaintenanceUpdate; u != nil {
					x.Updates = append(x.Updates, *u)
				}
			}
			return x
		},
	}
}

func maintenanceTimelines(ctx context.Context, o *Org, s *page.State) (err error) {
	for i := range s.Maintenances {
		m := &s.Maintenances[i]
		if m.Updates, err = entries[status.MaintenanceUpdate](ctx, o, `SELECT u.seq, `+entry(keptStep.json(), "u.")+`
 FROM maintenance_updates u WHERE u.org_id = ? AND u.maintenance_id = ? AND u.seq > ? ORDER BY u.seq LIMIT ?`,
			m.ID); err != nil {
			return err
		}
	}
	return nil
}

func clipMaintenance(x wire.Object) wire.Object {
	c := *x.(*status.Maintenance)
	c.Description = clip(c.Description)
	c.Services, c.Translations = c.Services[:min(len(c.Services), auditList)], clipTold(c.Translations)
	c.Updates = append([]status.MaintenanceUpdate{}, c.Updates...)
	for i := range c.Updates {
		c.Updates[i].Body = clip(c.Updates[i].Body)
		c.Updates[i].Translations = clipTold(c.Updates[i].Translations)
	}
	return &c
}

func eventsOfMaintenance(x wire.Object) []page.Event {
	m := x.(*status.Maintenance)
	head := *m
	head.Updates = nil
	events := []page.Event{{Maintenance: &head}}
	for i := range m.Updates {
		events = append(events, page.Event{Maintenance: &head, MaintenanceUpdate: &m.Updates[i]})
	}
	return events
}

var keptStep = keep(&status.MaintenanceUpdate{}, columns("", "id status body created_at"), "")

var keptMaintenance = keep(&status.Maintenance{}, columns("m.", `id title description status scheduled_for
  scheduled_until created_at
 updated_at started_at completed_at version`), maintenanceParts, "services", "updates")

var maintenanceParts = `'services', json((SELECT json_group_array(json_object('id', service_id, 'name', name))
  FROM (SELECT * FROM maintenance_services a WHERE a.org_id = m.org_id AND a.maintenance_id = m.id ORDER BY
  a.ordinal))),
 'updates', json((SELECT json_group_array(` + entry(keptStep.json(), "") + `)
  FROM (SELECT * FROM maintenance_updates u WHERE u.org_id = m.org_id AND u.maintenance_id = m.id ORDER BY u.seq)))`

// maintenanceJSON is the expression of a whole window.
var maintenanceJSON = whole(keptMaintenance.json(), "m.")

func projectMaintenance(b *Batch, org string, e *page.Event, before page.State) {
	m := e.Maintenance
	switch e.Type {
	case page.MaintenancePlanned:
		b.Add(`INSERT INTO maintenances (org_id, id, title, description, status, scheduled_for, scheduled_until,
  created_at, updated_at, started_at, completed_at, version, more)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			org, m.ID, m.Title, m.Description, string(m.Status), int64(m.ScheduledFor), int64(m.ScheduledUntil),
			int64(m.CreatedAt), int64(m.UpdatedAt),
			when(m.StartedAt), when(m.CompletedAt), m.Version, keptMaintenance.more(m))
		projectCovered(b, org, m)
	case page.MaintenanceDeleted:
		b.Add(`UPDATE maintenances SET deleted_at = ?, updated_at = ?, version = ? WHERE org_id = ? AND id = ?`,
			int64(e.At), int64(m.UpdatedAt), m.Version, org, m.ID)
	default:
		b.Add(`UPDATE maintenances SET title = ?, description = ?, status = ?, scheduled_for = ?, scheduled_until = ?,
  updated_at = ?, started_at = ?,
 completed_at = ?, version = ?, more = ? WHERE org_id = ? AND id = ?`,
			m.Title, m.Description, string(m.Status), int64(m.ScheduledFor), int64(m.ScheduledUntil),
			int64(m.UpdatedAt), when(m.StartedAt), when(m.CompletedAt),
			m.Version, keptMaintenance.more(m), org, m.ID)
		if was, there := before.Maintenance(m.ID); there && !slices.Equal(was.Services, m.Services) {
			b.Add(`DELETE FROM maintenance_services WHERE org_id = ? AND maintenance_id = ?`, org, m.ID)
			projectCovered(b, org, m)
		}
	}
	if u := e.MaintenanceUpdate; u != nil {
		b.Add(`INSERT INTO maintenance_updates (org_id, maintenance_id, seq, id, status, body, created_at, more) VALUES
  (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (org_id, maintenance_id, id) DO UPDATE
 SET body = excluded.body, created_at = excluded.created_at, more = excluded.more`,
			org, m.ID, e.Seq, u.ID, string(u.Status), u.Body, int64(u.CreatedAt), keptStep.more(u))
	}
}

// projectCovered writes which services a window is about.
func projectCovered(b *Batch, org string, m *status.Maintenance) {
	for n, s := range m.Services {
		b.Add(`INSERT INTO maintenance_services (org_id, maintenance_id, ordinal, service_id, name) VALUES (?, ?, ?, ?,
  ?)`, org, m.ID, n, s.ID, s.Name)
	}
}
