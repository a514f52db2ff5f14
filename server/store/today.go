package store

import (
	"context"
	"database/sql"
	"fmt"

	"statuspage/shared/status"
)

// maxEntries is how many entries of a timeline a message may tell at once.
const maxEntries = 20

// Today is what a message is about as it is now, whatever it was when the message came to be.
type Today struct {
	Services    []status.Service // of the page, without their history
	Incident    *status.Incident // with the entries that were told, oldest first, the newest of them
	Maintenance *status.Maintenance
	Service     *status.Service
	Deleted     bool
	Messages    map[string]int64 // by a timeline entry's id, the message that told it
}

// Today reads what is there now of an incident, a window or a service. update is an entry that is read whatever its
// place.
func (o *Org) Today(ctx context.Context, thread, update string) (*Today, error) {
	t := &Today{Messages: map[string]int64{}}
	err := o.db.rows(ctx, `SELECT `+whole(`json_object('id', id, 'name', name, 'description', description, 'status',
  status, 'position', position, 'group', group_name,
 'created_at', created_at, 'updated_at', updated_at, 'version', version, 'status_since', since)`, "")+`,
 deleted_at IS NOT NULL FROM services WHERE org_id = ?1 AND (deleted_at IS NULL OR id = ?2)
 ORDER BY position, created_at, id`,
		[]any{o.id, thread}, func(rows *sql.Rows) error {
			var svc status.Service
			var body []byte
			var deleted bool
			if err := rows.Scan(&body, &deleted); err != nil {
				return err
			}
			if err := decoded(body, &svc); err != nil {
				return err
			}
			if svc.ID == thread {
				one := svc
				t.Service, t.Deleted = &one, deleted
			}
			if !deleted {
				t.Services = append(t.Services, svc)
			}
			return nil
		})
	if err != nil || thread == "" || t.Service != nil {
		return t, wrapped(err)
	}
	var body []byte
	entries := func(table, of, columns string) string {
		return `(SELECT json_group_array(` + entry(`json_object('id', id, 'status', status, 'body', body, 'created_at',
  created_at`+columns+`)`, "") + `) FROM (SELECT * FROM (
 SELECT u.* FROM ` + table + ` u WHERE u.org_id = ?1 AND u.` + of +
			` = ?2 AND (u.id = ?3 OR u.seq IN (SELECT seq FROM messages WHERE thread = ?2 AND org_id = ?1))
 ORDER BY u.seq DESC LIMIT ?4) ORDER BY seq))`
	}
	err = o.db.row(ctx, `SELECT `+whole(`json_object('id', i.id, 'title', i.title, 'description', i.description, 'status',
  i.status, 'impact', i.impact,
 'created_at', i.created_at, 'updated_at', i.updated_at, 'resolved_at', i.resolved_at, 'version', i.version,
 'recorded_at', i.recorded_at, 'postmortem', i.postmortem, 'postmortem_at', i.postmortem_at, 'excluded_reason',
 i.excluded,
 'services', json((SELECT json_group_array(json_object('id', service_id, 'name', name, 'from_state', from_state,
 'to_state', to_state))
  FROM (SELECT * FROM incident_services a WHERE a.org_id = i.org_id AND a.incident_id = i.id ORDER BY a.ordinal))),
 'updates', json(`+entries("incident_updates", "incident_id", `, 'edited_at', edited_at, 'services', json(services)`)+
		`))`, "i.")+`, i.deleted_at IS NOT NULL
FROM incidents i WHERE i.org_id = ?1 AND i.id = ?2`, []any{o.id, thread, update, maxEntries}, &body, &t.Deleted)
	switch err {
	case nil:
		t.Incident = &status.Incident{}
		err = decoded(body, t.Incident)
	case ErrNone:
		err = o.db.row(ctx, `SELECT `+whole(`json_object('id', m.id, 'title', m.title, 'description', m.description, 'status',
  m.status,
 'scheduled_for', m.scheduled_for, 'scheduled_until', m.scheduled_until, 'created_at', m.created_at, 'updated_at',
 m.updated_at,
 'started_at', m.started_at, 'completed_at', m.completed_at, 'version', m.version,
 'services', json((SELECT json_group_array(json_object('id', service_id, 'name', name))
  FROM (SELECT * FROM maintenance_services a WHERE a.org_id = m.org_id AND a.maintenance_id = m.id ORDER BY
  a.ordinal))),
 'updates', json(`+entries("maintenance_updates", "maintenance_id", "")+`))`, "m.")+`, m.deleted_at IS NOT NULL
FROM maintenances m WHERE m.org_id = ?1 AND m.id = ?2`, []any{o.id, thread, update, maxEntries}, &body, &t.Deleted)
		if err == nil {
			t.Maintenance = &status.Maintenance{}
			err = decoded(body, t.Maintenance)
		}
	}
	if err == ErrNone {
		t.Deleted = true // it was never there: nothing is told of it
		return t, nil
	}
	if err != nil {
		return nil, wrapped(err)
	}
	table, of := "incident_updates", "incident_id"
	if t.Maintenance != nil {
		table, of = "maintenance_updates", "maintenance_id"
	}
	err = o.db.rows(ctx, `SELECT u.id, m.id FROM messages m JOIN `+table+` u ON u.org_id = m.org_id AND u.`+of+
		` = m.thread AND u.seq = m.seq
WHERE m.thread = ? AND m.org_id = ? ORDER BY m.id DESC LIMIT ?`, []any{thread, o.id, maxEntries},
		func(rows *sql.Rows) error {
			var id string
			var message int64
			if err := rows.Scan(&id, &message); err != nil {
				return err
			}
			t.Messages[id] = message
			return nil
		})
	return t, wrapped(err)
}

func wrapped(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("read what a message is about: %w", err)
}
