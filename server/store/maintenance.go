package store

import (
	"context"
	"fmt"

	"statuspage/shared/status"
)

// MaintenanceFilter narrows a list; zero values mean all.
type MaintenanceFilter struct {
	Status   string
	Upcoming bool // not started yet
	// From and Until bound scheduled_for, the end left out.
	From, Until status.Time
}

// Maintenances lists windows, the latest start first, and counts all that match.
func (o *Org) Maintenances(ctx context.Context, f MaintenanceFilter, s Span) ([]status.Maintenance, int, error) {
	where, args := "m.org_id = ? AND m.deleted_at IS NULL", []any{o.id}
	if f.Status != "" {
		where, args = where+" AND m.status = ?", append(args, f.Status)
	}
	if f.Upcoming {
		where += " AND m.status = 'scheduled'"
	}
	if f.From != 0 {
		where, args = where+" AND m.scheduled_for >= ?", append(args, int64(f.From))
	}
	if f.Until != 0 {
		where, args = where+" AND m.scheduled_for < ?", append(args, int64(f.Until))
	}
	n := 0
	if err := o.db.row(ctx, `SELECT count(*) FROM maintenances m WHERE `+where, args, &n); err != nil {
		return nil, 0, fmt.Errorf("count maintenances: %w", err)
	}
	query := `SELECT ` + maintenanceJSON + ` FROM maintenances m WHERE ` + where + ` ORDER BY m.scheduled_for DESC, m.id DESC LIMIT ? OFFSET ?`
	found, err := list(ctx, o.db, query, append(args, s.Limit, s.Offset), scanJSON[status.Maintenance])
	if err != nil {
		return nil, 0, fmt.Errorf("list maintenances: %w", err)
	}
	return found, n, nil
}

// Maintenance reads one; ErrNone.
func (o *Org) Maintenance(ctx context.Context, id string) (status.Maintenance, error) {
	var m status.Maintenance
	var body []byte
	err := o.db.row(ctx, `SELECT `+maintenanceJSON+` FROM maintenances m WHERE m.org_id = ? AND m.id = ? AND m.deleted_at IS NULL`, []any{o.id, id}, &body)
	if err != nil {
		return m, err
	}
	return m, decoded(body, &m)
}
