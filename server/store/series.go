package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Series is maintenance that comes again.
type Series struct {
	OrgID       string
	ID          string
	Title       string
	Description string // Markdown
	Services    []string
	RRule       string
	Zone        string
	StartsAt    string // the first, by the clock there
	Minutes     int64
	Notify      bool
	PlannedFor  status.Time // up to when its windows are planned; before the first one it is when the series was made
	CreatedAt   status.Time
	Version     int64
	Withdraw    []string // windows that were planned by an older version and have not been taken back yet
	Listed      bool     // its windows are in the list that SeriesWindows reads
}

// Wire is the `recurring maintenance` of the REST API.
func (s *Series) Wire(f *wire.Fields) {
	f.Str("id", &s.ID)
	f.Str("title", &s.Title)
	f.Str("description", &s.Description)
	f.Strings("services", &s.Services)
	f.Str("rrule", &s.RRule)
	f.Str("time_zone", &s.Zone)
	f.Str("starts_at", &s.StartsAt)
	f.Int("duration_minutes", &s.Minutes)
	f.Bool("notify", &s.Notify)
	f.Time("created_at", &s.CreatedAt)
	f.Int("version", &s.Version)
}

const seriesColumns = `org_id, id, title, description, services, rrule, time_zone, starts_at, minutes, notify,
  planned_for, created_at, version, withdraw, listed`

func scanSeries(rows *sql.Rows, s *Series) error {
	var services, withdraw string
	if err := rows.Scan(&s.OrgID, &s.ID, &s.Title, &s.Description, &services, &s.RRule, &s.Zone, &s.StartsAt,
		&s.Minutes, &s.Notify, &s.PlannedFor, &s.CreatedAt, &s.Version, &withdraw, &s.Listed); err != nil {
		return err
	}
	if err := errors.Join(json.Unmarshal([]byte(services), &s.Services),
		json.Unmarshal([]byte(withdraw), &s.Withdraw)); err != nil {
		return &Unreadable{OrgID: s.OrgID, Kind: "series", ID: s.ID, why: err.Error()}
	}
	return nil
}

// SeriesList lists the organisation's series, the newest first, and counts them all.
func (o *Org) SeriesList(ctx context.Context, s Span) ([]Series, int, error) {
	n := 0
	if err := o.db.row(ctx, `SELECT count(*) FROM maintenance_series WHERE org_id = ? AND deleted_at IS NULL`,
		[]any{o.id}, &n); err != nil {
		return nil, 0, fmt.Errorf("count series: %w", err)
	}
	found, err := list(ctx, o.db, `SELECT `+seriesColumns+` FROM maintenance_series WHERE org_id = ? AND deleted_at IS
  NULL ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?`,
		[]any{o.id, s.Limit, s.Offset}, scanSeries)
	if err != nil {
		return nil, 0, fmt.Errorf("list series: %w", err)
	}
	return found, n, nil
}

// Series reads one; ErrNone.
func (o *Org) Series(ctx context.Context, id string) (Series, error) {
	found, err := list(ctx, o.db, `SELECT `+seriesColumns+` FROM maintenance_series WHERE org_id = ? AND id = ? AND
  deleted_at IS NULL`, []any{o.id, id}, scanSeries)
	if err != nil || len(found) == 0 {
		return Series{}, orNone(err)
	}
	return found[0], nil
}

// SeriesToPlan lists series of all organisations that are not planned up to a moment.
func (db *DB) SeriesToPlan(ctx context.Context, before status.Time, limit int) ([]Series, error) {
	found, err := everybodys(ctx, db, "series", `SELECT `+seriesColumns+` FROM maintenance_series WHERE deleted_at IS
  NULL AND planned_for < ? AND `+living("maintenance_series")+` ORDER BY planned_for LIMIT ?`,
		[]any{int64(before), limit}, scanSeries, nil)
	if err != nil {
		return nil, fmt.Errorf("list series to plan: %w", err)
	}
	return found, nil
}

// AddSeries puts a new series into a batch.
func (o *Org) AddSeries(b *Batch, s Series) {
	b.Add(`INSERT INTO maintenance_series (`+seriesColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		o.id, s.ID, s.Title, s.Description, jsonStrings(s.Services), s.RRule, s.Zone, s.StartsAt, s.Minutes, s.Notify,
		int64(s.PlannedFor), int64(s.CreatedAt),
		s.Version, jsonStrings(s.Withdraw), s.Listed)
}

// EditSeries puts a change of a series into a batch, which is undone when somebody else changed it meanwhile.
func (o *Org) EditSeries(b *Batch, s Series) {
	o.unchanged(b, CountSeries, s.ID, s.Version-1)
	b.Add(`UPDATE maintenance_series SET title = ?, description = ?, services = ?, rrule = ?, time_zone = ?, starts_at =
  ?, minutes = ?, notify = ?, planned_for = ?,
version = ?, withdraw = ?, listed = ? WHERE org_id = ? AND id = ?`, s.Title, s.Description, jsonStrings(s.Services),
		s.RRule, s.Zone, s.StartsAt, s.Minutes, s.Notify, int64(s.PlannedFor),
		s.Version, jsonStrings(s.Withdraw), s.Listed, o.id, s.ID)
}

// SeriesWithdrawn notes that what older versions of a series had planned is taken back.
func (o *Org) SeriesWithdrawn(ctx context.Context, id string, version int64) error {
	var b Batch
	b.Add(`UPDATE maintenance_series SET withdraw = '[]' WHERE org_id = ? AND id = ? AND version = ?`, o.id, id,
		version)
	return o.db.Do(ctx, &b)
}

// SeriesPlanned puts into a batch up to when the windows of this version of a series are planned.
func (o *Org) SeriesPlanned(b *Batch, s *Series, start status.Time) {
	b.Add(`UPDATE maintenance_series SET planned_for = max(planned_for, ?) WHERE org_id = ? AND id = ? AND version = ?`,
		int64(start), o.id, s.ID, s.Version)
}

// DeleteSeries ends a series, as it was read; what it planned stays.
func (o *Org) DeleteSeries(b *Batch, s *Series, at status.Time) {
	o.unchanged(b, CountSeries, s.ID, s.Version)
	b.Add(`UPDATE maintenance_series SET deleted_at = ? WHERE org_id = ? AND id = ?`, int64(at), o.id, s.ID)
}
