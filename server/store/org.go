package store

import (
	"context"
	"database/sql"
	"fmt"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Org is the data of one organisation and nothing else: the handle knows its tenant.
type Org struct {
	db *DB
	id string
}

// Org is the handle of an organisation, whether there is one or not.
func (db *DB) Org(id string) *Org { return &Org{db, id} }

// ID is the organisation's.
func (o *Org) ID() string { return o.id }

// OrgBySlug finds an organisation's id; ErrNone.
func (db *DB) OrgBySlug(ctx context.Context, slug string) (id string, err error) {
	err = db.row(ctx, `SELECT id FROM organizations WHERE slug = ?`, []any{slug}, &id)
	return id, err
}

// OrgByHost finds the organisation that is served under a host name; ErrNone.
func (db *DB) OrgByHost(ctx context.Context, host string) (id string, err error) {
	err = db.row(ctx, `SELECT id FROM organizations WHERE hostname = ?`, []any{host}, &id)
	return id, err
}

// AnyOrg says whether there is an organisation at all.
func (db *DB) AnyOrg(ctx context.Context) (bool, error) {
	var n int
	err := db.row(ctx, `SELECT count(*) FROM (SELECT 1 FROM organizations LIMIT 1)`, nil, &n)
	return n > 0, err
}

const orgJSON = `json_object('id', id, 'slug', slug, 'name', name, 'description', description, 'url', url, 'hostname', coalesce(hostname, ''),
 'time_zone', time_zone, 'accent', accent, 'logo', logo, 'created_at', created_at, 'updated_at', updated_at, 'version', version,
 'announcement', announcement, 'announcement_until', announcement_until, 'uptime_weights', json(nullif(uptime_weights, '')))`

const serviceJSON = `json_object('id', s.id, 'name', s.name, 'description', s.description, 'status', s.status, 'position', s.position,
 'group', s.group_name, 'created_at', s.created_at, 'updated_at', s.updated_at, 'version', s.version, 'status_since', s.since, 'booked_until', s.booked,
 'days', json((SELECT json_group_array(json_object('day', day, 'degraded', degraded, 'partial', partial, 'major', major, 'maintenance', maintenance))
  FROM (SELECT * FROM service_days d WHERE d.org_id = s.org_id AND d.service_id = s.id AND d.day >= ?2
    AND d.degraded + d.partial + d.major + d.maintenance > 0 ORDER BY d.day))))`

const incidentJSON = `json_object('id', i.id, 'title', i.title, 'description', i.description, 'status', i.status, 'impact', i.impact,
 'created_at', i.created_at, 'updated_at', i.updated_at, 'resolved_at', i.resolved_at, 'version', i.version,
 'recorded_at', i.recorded_at, 'postmortem', i.postmortem, 'postmortem_at', i.postmortem_at, 'excluded_reason', i.excluded,
 'services', json((SELECT json_group_array(json_object('id', service_id, 'name', name, 'from_state', from_state, 'to_state', to_state))
  FROM (SELECT * FROM incident_services a WHERE a.org_id = i.org_id AND a.incident_id = i.id ORDER BY a.ordinal))),
 'updates', json((SELECT json_group_array(json_object('id', id, 'status', status, 'body', body, 'created_at', created_at,
   'edited_at', edited_at, 'services', json(services)))
  FROM (SELECT * FROM incident_updates u WHERE u.org_id = i.org_id AND u.incident_id = i.id ORDER BY u.seq))))`

const maintenanceJSON = `json_object('id', m.id, 'title', m.title, 'description', m.description, 'status', m.status,
 'scheduled_for', m.scheduled_for, 'scheduled_until', m.scheduled_until, 'created_at', m.created_at, 'updated_at', m.updated_at,
 'started_at', m.started_at, 'completed_at', m.completed_at, 'version', m.version,
 'services', json((SELECT json_group_array(json_object('id', service_id, 'name', name))
  FROM (SELECT * FROM maintenance_services a WHERE a.org_id = m.org_id AND a.maintenance_id = m.id ORDER BY a.ordinal))),
 'updates', json((SELECT json_group_array(json_object('id', id, 'status', status, 'body', body, 'created_at', created_at))
  FROM (SELECT * FROM maintenance_updates u WHERE u.org_id = m.org_id AND u.maintenance_id = m.id ORDER BY u.seq))))`

// stateQuery is the whole page in one statement, so that it is one moment of the database, in the process or over HTTP.
// ?1 is the organisation, ?2 the oldest day of history, ?3 how many closed objects to keep.
const stateQuery = `
SELECT 0, json_object('org', json(` + orgJSON + `), 'seq', (SELECT max(seq) FROM events WHERE org_id = ?1),
  'at', (SELECT at FROM events WHERE org_id = ?1 ORDER BY seq DESC LIMIT 1), 'head', (SELECT max(id) FROM events)) FROM organizations WHERE id = ?1
UNION ALL SELECT 1, ` + serviceJSON + ` FROM services s WHERE s.org_id = ?1 AND s.deleted_at IS NULL
UNION ALL SELECT 2, ` + incidentJSON + ` FROM incidents i WHERE i.org_id = ?1 AND i.deleted_at IS NULL AND i.status <> 'resolved'
UNION ALL SELECT * FROM (SELECT 2, ` + incidentJSON + ` FROM incidents i
  WHERE i.org_id = ?1 AND i.deleted_at IS NULL AND i.status = 'resolved' ORDER BY i.created_at DESC, i.id DESC LIMIT ?3)
UNION ALL SELECT 3, ` + maintenanceJSON + ` FROM maintenances m WHERE m.org_id = ?1 AND m.deleted_at IS NULL AND m.completed_at IS NULL
UNION ALL SELECT * FROM (SELECT 3, ` + maintenanceJSON + ` FROM maintenances m
  WHERE m.org_id = ?1 AND m.deleted_at IS NULL AND m.completed_at IS NOT NULL ORDER BY m.scheduled_for DESC, m.id DESC LIMIT ?3)`

// State reads the page at its newest seq; ErrNone when there is no such organisation. now only bounds how much history is read.
func (o *Org) State(ctx context.Context, now status.Time) (page.State, error) {
	s, _, err := o.StateAt(ctx, now)
	return s, err
}

// StateAt is State with the newest id of the whole log at that moment.
func (o *Org) StateAt(ctx context.Context, now status.Time) (s page.State, head int64, err error) {
	args := []any{o.id, now.DayNumber() - status.KeepDays, page.KeepClosed}
	err = o.db.rows(ctx, stateQuery, args, func(rows *sql.Rows) error {
		var kind int
		var body []byte
		if err := rows.Scan(&kind, &body); err != nil {
			return err
		}
		if kind == 0 {
			return decoded(body, top{&s, &head})
		}
		return addTo(&s, kind, body)
	})
	if err != nil {
		return page.State{}, 0, fmt.Errorf("read the page: %w", err)
	}
	if s.Org.ID == "" {
		return page.State{}, 0, ErrNone
	}
	for i := range s.Services {
		s.Services[i].Days = status.Trimmed(s.Services[i].Days, s.At)
	}
	return page.Assemble(s), head, nil
}

// top is the first row: the page without its lists, and where the log stands.
type top struct {
	state *page.State
	head  *int64
}

func (t top) Wire(f *wire.Fields) {
	t.state.Wire(f)
	f.Int("head", t.head)
}

func addTo(s *page.State, kind int, body []byte) error {
	switch kind {
	case 1:
		s.Services = append(s.Services, status.Service{})
		return decoded(body, history{&s.Services[len(s.Services)-1]})
	case 2:
		s.Incidents = append(s.Incidents, status.Incident{})
		return decoded(body, &s.Incidents[len(s.Incidents)-1])
	}
	s.Maintenances = append(s.Maintenances, status.Maintenance{})
	return decoded(body, &s.Maintenances[len(s.Maintenances)-1])
}

type history struct{ *status.Service }

func (h history) Wire(f *wire.Fields) { h.WireHistory(f) }

// decoded keeps a nil fault from becoming an error that is not nil.
func decoded(body []byte, x wire.Object) error {
	if err := wire.Unmarshal(body, x); err != nil {
		return fmt.Errorf("%w in %.200s", err, body)
	}
	return nil
}
