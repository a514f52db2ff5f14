package store

import (
	"context"
	"database/sql"
	"fmt"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Span is a page of a list: Limit rows behind Offset.
type Span struct{ Limit, Offset int }

// IncidentFilter narrows a list; zero values mean all.
type IncidentFilter struct {
	Status    string
	Active    *bool
	ServiceID string
	// From and Until bound created_at, the end left out.
	From, Until status.Time
}

// conditions is the WHERE of the filter. Each combination is served by an index (a test asks the planner).
func (f IncidentFilter) conditions(org string) (string, []any) {
	where, args := "i.org_id = ? AND i.deleted_at IS NULL", []any{org}
	if f.Status != "" {
		where, args = where+" AND i.status = ?", append(args, f.Status)
	}
	if f.Active != nil && *f.Active {
		where += " AND i.status <> 'resolved'"
	} else if f.Active != nil {
		where += " AND i.status = 'resolved'"
	}
	if f.ServiceID != "" {
		where += " AND i.id IN (SELECT incident_id FROM incident_services WHERE org_id = ? AND service_id = ?)"
		args = append(args, org, f.ServiceID)
	}
	if f.From != 0 {
		where, args = where+" AND i.created_at >= ?", append(args, int64(f.From))
	}
	if f.Until != 0 {
		where, args = where+" AND i.created_at < ?", append(args, int64(f.Until))
	}
	return where, args
}

// Incidents lists incidents, newest first, and counts all that match.
func (o *Org) Incidents(ctx context.Context, f IncidentFilter, s Span) ([]status.Incident, int, error) {
	where, args := f.conditions(o.id)
	n := 0
	if err := o.db.row(ctx, `SELECT count(*) FROM incidents i WHERE `+where, args, &n); err != nil {
		return nil, 0, fmt.Errorf("count incidents: %w", err)
	}
	query := `SELECT ` + incidentJSON + ` FROM incidents i WHERE ` + where + ` ORDER BY i.created_at DESC, i.id DESC LIMIT ? OFFSET ?`
	found, err := list(ctx, o.db, query, append(args, s.Limit, s.Offset), scanJSON[status.Incident])
	if err != nil {
		return nil, 0, fmt.Errorf("list incidents: %w", err)
	}
	return found, n, nil
}

// Incident reads one; ErrNone.
func (o *Org) Incident(ctx context.Context, id string) (status.Incident, error) {
	var i status.Incident
	var body []byte
	err := o.db.row(ctx, `SELECT `+incidentJSON+` FROM incidents i WHERE i.org_id = ? AND i.id = ? AND i.deleted_at IS NULL`, []any{o.id, id}, &body)
	if err != nil {
		return i, err
	}
	return i, decoded(body, &i)
}

func scanJSON[T any, P interface {
	*T
	wire.Object
}](rows *sql.Rows, x *T) error {
	var body []byte
	if err := rows.Scan(&body); err != nil {
		return err
	}
	return decoded(body, P(x))
}
