package store

import (
	"context"
	"fmt"

	"statuspage/shared/page"
	"statuspage/shared/status"
)

// MaintenanceFilter narrows a list; zero values mean all.
type MaintenanceFilter struct {
	Status   string
	Upcoming bool // not started yet
	// From and Until bound scheduled_for, the end left out.
	From, Until status.Time
}

// Maintenances lists windows, those that go on first, then the soonest, then the newest that are over, and counts all
// that match.
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
	query := `SELECT ` + maintenanceJSON + ` FROM maintenances m WHERE ` + where +
		` ORDER BY CASE WHEN m.completed_at IS NOT NULL THEN 2 WHEN m.status = 'scheduled' THEN 1 ELSE 0 END,
 CASE WHEN m.status = 'scheduled' THEN m.scheduled_for ELSE -m.scheduled_for END, m.id LIMIT ? OFFSET ?`
	found, err := list(ctx, o.db, query, append(args, s.Limit, s.Offset), scanJSON[status.Maintenance])
	if err != nil {
		return nil, 0, fmt.Errorf("list maintenances: %w", err)
	}
	return found, n, nil
}

// Maintenance reads one; ErrNone.
func (o *Org) Maintenance(ctx context.Context, id string) (status.Maintenance, error) {
	var x status.Maintenance
	return x, o.read(ctx, page.MaintenanceNoun, id, &x)
}

// MaintenancesDuring lists windows that are over and went on in a time, or were cancelled then, the newest end first.
func (o *Org) MaintenancesDuring(ctx context.Context, f PastFilter, limit int) ([]status.Maintenance, error) {
	more, args := f.conditions(o.id, "m", "maintenance")
	found, err := list(ctx, o.db, `SELECT `+maintenanceJSON+` FROM maintenances m WHERE m.org_id = ? AND m.deleted_at IS
  NULL AND m.completed_at >= ?
 AND min(m.scheduled_for, coalesce(m.started_at, m.scheduled_for), m.completed_at) < ?`+more+`
 ORDER BY m.completed_at DESC, m.id DESC LIMIT ?`,
		append(append([]any{o.id, int64(f.From), int64(f.To)}, args...), limit), scanJSON[status.Maintenance])
	if err != nil {
		return nil, fmt.Errorf("list maintenances of a time: %w", err)
	}
	return found, nil
}
