package store

import (
	"context"
	"database/sql"
	"fmt"

	"statuspage/shared/status"
)

// Window is a planned maintenance as the scheduler sees it.
type Window struct {
	OrgID   string
	ID      string
	Status  status.MaintenanceStatus
	From    status.Time
	Until   status.Time
	Version int64
	Quiet   bool // what it does by itself is not told
}

const windowColumns = `SELECT m.org_id, m.id, m.status, m.scheduled_for, m.scheduled_until, m.version,
 EXISTS (SELECT 1 FROM quiet_maintenances q WHERE q.org_id = m.org_id AND q.maintenance_id = m.id AND q.until_reminded =
 0)`

func scanWindow(rows *sql.Rows, w *Window) error {
	return rows.Scan(&w.OrgID, &w.ID, &w.Status, &w.From, &w.Until, &w.Version, &w.Quiet)
}

// WindowsToStart lists windows of all organisations that should have started by now, the earliest first.
func (db *DB) WindowsToStart(ctx context.Context, now status.Time, limit int) ([]Window, error) {
	found, err := everybodys(ctx, db, "maintenance", windowColumns+` FROM maintenances m WHERE m.deleted_at IS NULL AND
  m.status = 'scheduled' AND m.scheduled_for <= ? AND `+living("m")+`
ORDER BY m.scheduled_for LIMIT ?`, []any{int64(now), limit}, scanWindow, nil)
	if err != nil {
		return nil, fmt.Errorf("look for windows that start: %w", err)
	}
	return found, nil
}

// WindowsToEnd lists windows of all organisations that should have ended by now, the earliest first.
func (db *DB) WindowsToEnd(ctx context.Context, now status.Time, limit int) ([]Window, error) {
	found, err := everybodys(ctx, db, "maintenance", windowColumns+` FROM maintenances m WHERE m.deleted_at IS NULL AND
  m.status IN ('in_progress', 'verifying') AND m.scheduled_until <= ? AND `+living("m")+`
ORDER BY m.scheduled_until LIMIT ?`, []any{int64(now), limit}, scanWindow, nil)
	if err != nil {
		return nil, fmt.Errorf("look for windows that end: %w", err)
	}
	return found, nil
}

// Quiet puts into a batch that a window was planned without a word.
func (o *Org) Quiet(b *Batch, maintenanceID string) {
	b.Add(`INSERT INTO quiet_maintenances (org_id, maintenance_id) VALUES (?, ?) ON CONFLICT DO NOTHING`, o.id,
		maintenanceID)
}

// Loud puts into a batch that a window is told of from now on, although it was planned without a word.
func (o *Org) Loud(b *Batch, maintenanceID string) {
	b.Add(`DELETE FROM quiet_maintenances WHERE org_id = ? AND maintenance_id = ?`, o.id, maintenanceID)
}

// QuietIncident puts into a batch that an incident was opened without a word.
func (o *Org) QuietIncident(b *Batch, incidentID string) {
	b.Add(`INSERT INTO quiet_incidents (org_id, incident_id) VALUES (?, ?) ON CONFLICT DO NOTHING`, o.id, incidentID)
}

// LoudIncident puts into a batch that an incident is told of from now on, although it was opened without a word.
func (o *Org) LoudIncident(b *Batch, incidentID string) {
	b.Add(`DELETE FROM quiet_incidents WHERE org_id = ? AND incident_id = ?`, o.id, incidentID)
}

// TellUnlessQuiet is Tell for what is not told of an incident or a window that began without a word.
func (o *Org) TellUnlessQuiet(b *Batch, m Message, to Audience) {
	o.tellIf(b, m, to, `NOT EXISTS (SELECT 1 FROM quiet_incidents WHERE org_id = ? AND incident_id = ?)
 AND NOT EXISTS (SELECT 1 FROM quiet_maintenances WHERE org_id = ? AND maintenance_id = ?)`, o.id, m.Thread, o.id,
		m.Thread)
}

// Remind puts a reminder into a batch, unless the window is a quiet one.
func (o *Org) Remind(b *Batch, maintenanceID string, minutes int64, due status.Time) {
	b.Add(`INSERT INTO reminders (org_id, maintenance_id, minutes, due_at)
SELECT ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM quiet_maintenances WHERE org_id = ? AND maintenance_id = ? AND
 until_reminded = 0)
ON CONFLICT (org_id, maintenance_id, minutes) DO UPDATE SET due_at = excluded.due_at`,
		o.id, maintenanceID, minutes, int64(due), o.id, maintenanceID)
}

// TellLater puts into a batch that subscribers hear of a window by its first reminder, and until then of nothing.
func (o *Org) TellLater(b *Batch, maintenanceID string) {
	b.Add(`INSERT INTO quiet_maintenances (org_id, maintenance_id, until_reminded) VALUES (?, ?, 1)
ON CONFLICT (org_id, maintenance_id) DO UPDATE SET until_reminded = 1`, o.id, maintenanceID)
}

// ForgetReminders puts into a batch that a window needs none any more.
func (o *Org) ForgetReminders(b *Batch, maintenanceID string) {
	b.Add(`DELETE FROM reminders WHERE org_id = ? AND maintenance_id = ?`, o.id, maintenanceID)
}

// Reminder is due: so many minutes before a window.
type Reminder struct {
	OrgID         string
	MaintenanceID string
	Minutes       int64
	DueAt         status.Time
}

// DueReminders lists them, of all organisations, the earliest first.
func (db *DB) DueReminders(ctx context.Context, now status.Time, limit int) ([]Reminder, error) {
	found, err := everybodys(ctx, db, "reminder", `SELECT org_id, maintenance_id, minutes, due_at FROM reminders WHERE
  due_at <= ? AND `+living("reminders")+` ORDER BY due_at, minutes DESC LIMIT ?`,
		[]any{int64(now), limit}, func(rows *sql.Rows, r *Reminder) error {
			return rows.Scan(&r.OrgID, &r.MaintenanceID, &r.Minutes, &r.DueAt)
		}, nil)
	if err != nil {
		return nil, fmt.Errorf("look for reminders: %w", err)
	}
	return found, nil
}

// TellReminder sends a reminder on its way and strikes it off, in one batch, so that it is sent once; one that was put
// off meanwhile stays.
func (o *Org) TellReminder(ctx context.Context, r Reminder, m Message, to Audience) error {
	var b Batch
	o.tellIf(&b, m, to, `EXISTS (SELECT 1 FROM reminders WHERE org_id = ? AND maintenance_id = ? AND minutes = ? AND
  due_at = ?)`,
		o.id, r.MaintenanceID, r.Minutes, int64(r.DueAt))
	return o.strike(ctx, &b, r)
}

// DropReminder strikes a reminder off unsent.
func (o *Org) DropReminder(ctx context.Context, r Reminder) error { return o.strike(ctx, &Batch{}, r) }

func (o *Org) strike(ctx context.Context, b *Batch, r Reminder) error {
	b.Add(`DELETE FROM reminders WHERE org_id = ? AND maintenance_id = ? AND minutes = ? AND due_at = ?`, o.id,
		r.MaintenanceID, r.Minutes, int64(r.DueAt))
	b.Add(`DELETE FROM quiet_maintenances WHERE org_id = ? AND maintenance_id = ? AND until_reminded = 1`, o.id,
		r.MaintenanceID)
	if err := o.db.Do(ctx, b); err != nil {
		return fmt.Errorf("remind: %w", err)
	}
	return nil
}
