package store

import (
	"context"
	"database/sql"
	"fmt"

	"statuspage/shared/page"
	"statuspage/shared/status"
)

// maxIncidents bounds how many incidents of a service a correction of the past looks at.
const maxIncidents = 5_000

// Past is what was written down about some services from a moment on: the states that the log says they were in, and
// the incidents that were there meanwhile.
func (o *Org) Past(ctx context.Context, services []string, from, now status.Time) (*page.Past, error) {
	past := &page.Past{}
	seen := map[string]bool{}
	for _, id := range services {
		windows, err := list(ctx, o.db, `SELECT `+maintenanceJSON+` FROM maintenances m WHERE m.org_id = ? AND
  m.deleted_at IS NULL
 AND m.id IN (SELECT maintenance_id FROM maintenance_services WHERE org_id = ? AND service_id = ?)
 AND m.completed_at <= m.created_at AND m.completed_at > ? ORDER BY m.completed_at DESC, m.id DESC LIMIT ?`,
			[]any{o.id, o.id, id, int64(from), maxIncidents}, scanJSON[status.Maintenance])
		if err != nil {
			return nil, fmt.Errorf("read the windows of a service: %w", err)
		}
		for _, m := range windows {
			if !seen[m.ID] {
				seen[m.ID] = true
				past.Windows = append(past.Windows, m)
			}
		}
		spans, err := o.record(ctx, id, now)
		if err != nil {
			return nil, fmt.Errorf("read the record of a service: %w", err)
		}
		past.Record = append(past.Record, page.Record{ServiceID: id, Spans: spans})
		found, err := list(ctx, o.db, `SELECT `+incidentJSON+` FROM incidents i WHERE i.org_id = ? AND i.deleted_at IS
  NULL
 AND i.id IN (SELECT incident_id FROM incident_services WHERE org_id = ? AND service_id = ?)
 AND i.created_at < ? AND (i.resolved_at IS NULL OR i.resolved_at > ?) ORDER BY i.created_at, i.id LIMIT ?`,
			[]any{o.id, o.id, id, int64(now), int64(from), maxIncidents}, scanJSON[status.Incident])
		if err != nil {
			return nil, fmt.Errorf("read the incidents of a service: %w", err)
		}
		for _, in := range found {
			if !seen[in.ID] {
				seen[in.ID] = true
				past.Incidents = append(past.Incidents, in)
			}
		}
	}
	return past, nil
}

// record is in which states a service was written down to be, from its birth until now.
func (o *Org) record(ctx context.Context, service string, now status.Time) ([]status.Span, error) {
	var spans []status.Span
	err := o.db.rows(ctx, `SELECT at, json_extract(body, '$.service.status') FROM events
 WHERE org_id = ? AND json_extract(body, '$.service.id') = ? AND type IN ('service_created', 'service_changed',
 'service_deleted') ORDER BY seq`,
		[]any{o.id, service}, func(rows *sql.Rows) error {
			var at int64
			var state string
			if err := rows.Scan(&at, &state); err != nil {
				return err
			}
			if n := len(spans); n > 0 {
				if spans[n-1].Status == status.ServiceStatus(state) {
					return nil
				}
				spans[n-1].To = status.Time(at)
			}
			spans = append(spans, status.Span{Status: status.ServiceStatus(state), From: status.Time(at)})
			return nil
		})
	if n := len(spans); n > 0 {
		spans[n-1].To = max(now, spans[n-1].From)
	}
	return spans, err
}

// Days reads the tallies of all services over some days, both ends included.
func (o *Org) Days(ctx context.Context, first, last int64) (map[string][]status.Tally, error) {
	out := map[string][]status.Tally{}
	err := o.db.rows(ctx, `SELECT service_id, day, degraded, partial, major, maintenance FROM service_days
 WHERE org_id = ?1 AND service_id IN (SELECT id FROM services WHERE org_id = ?1 AND deleted_at IS NULL) AND day BETWEEN
 ?2 AND ?3 ORDER BY service_id, day`,
		[]any{o.id, first, last}, func(rows *sql.Rows) error {
			var id string
			var d status.Tally
			if err := rows.Scan(&id, &d.Day, &d.Degraded, &d.Partial, &d.Major, &d.Maintenance); err != nil {
				return err
			}
			if !d.Well() {
				out[id] = append(out[id], d)
			}
			return nil
		})
	return out, err
}

// DaysOf reads the tallies of one service over some days, both ends included.
func (o *Org) DaysOf(ctx context.Context, service string, first, last int64) ([]status.Tally, error) {
	var out []status.Tally
	err := o.db.rows(ctx, `SELECT day, degraded, partial, major, maintenance FROM service_days
 WHERE org_id = ? AND service_id = ? AND day BETWEEN ? AND ? ORDER BY day`,
		[]any{o.id, service, first, last}, func(rows *sql.Rows) error {
			var d status.Tally
			err := rows.Scan(&d.Day, &d.Degraded, &d.Partial, &d.Major, &d.Maintenance)
			if err == nil && !d.Well() {
				out = append(out, d)
			}
			return err
		})
	return out, err
}
