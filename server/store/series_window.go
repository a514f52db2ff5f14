package store

import (
	"context"
	"database/sql"
	"fmt"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// SeriesWindow is the window that a series planned for one of its times. It stays listed when the window is cancelled
// or deleted, so that nothing comes back that somebody has taken off.
type SeriesWindow struct {
	Start   status.Time // as the rule says
	ID      string
	Version int64 // of the series that it was brought up to
	Made    bool  // it has been planned
	Planned SeriesPlan
}

// SeriesPlan is what the series wrote into a window; anything else there was written by hand.
type SeriesPlan struct {
	Title       string
	Description string
	Services    []string
	From, Until status.Time
}

// Wire is the plan as its column keeps it.
func (p *SeriesPlan) Wire(f *wire.Fields) {
	f.Str("title", &p.Title)
	f.Str("description", &p.Description)
	f.Strings("services", &p.Services)
	f.Time("from", &p.From)
	f.Time("until", &p.Until)
}

// SeriesWindows lists a series' windows from a time of its rule on, the soonest first, most at the most.
func (o *Org) SeriesWindows(ctx context.Context, seriesID string, from status.Time, most int) ([]SeriesWindow, error) {
	found, err := list(ctx, o.db, `SELECT starts_at, window_id, version, made, planned FROM series_windows
 WHERE org_id = ? AND series_id = ? AND starts_at >= ? ORDER BY starts_at LIMIT ?`,
		[]any{o.id, seriesID, int64(from), most},
		func(rows *sql.Rows, w *SeriesWindow) error {
			var planned []byte
			if err := rows.Scan(&w.Start, &w.ID, &w.Version, &w.Made, &planned); err != nil {
				return err
			}
			return decoded(planned, &w.Planned)
		})
	if err != nil {
		return nil, fmt.Errorf("list a series' windows: %w", err)
	}
	return found, nil
}

// PutSeriesWindow puts what is known of a series' window into a batch.
func (o *Org) PutSeriesWindow(b *Batch, seriesID string, w SeriesWindow) {
	b.Add(`INSERT INTO series_windows (org_id, series_id, starts_at, window_id, version, made, planned) VALUES (?, ?, ?,
  ?, ?, ?, ?)
ON CONFLICT (org_id, series_id, starts_at) DO UPDATE SET window_id = excluded.window_id, version = excluded.version,
 made = excluded.made, planned = excluded.planned`,
		o.id, seriesID, int64(w.Start), w.ID, w.Version, w.Made, string(wire.Marshal(&w.Planned)))
}

// DropSeriesWindow puts into a batch that nothing is planned for a time of a series.
func (o *Org) DropSeriesWindow(b *Batch, seriesID string, start status.Time) {
	b.Add(`DELETE FROM series_windows WHERE org_id = ? AND series_id = ? AND starts_at = ?`, o.id, seriesID,
		int64(start))
}

// ForgetSeriesWindows puts into a batch that the windows of a series before some time need not be known any more.
func (o *Org) ForgetSeriesWindows(b *Batch, seriesID string, before status.Time) {
	b.Add(`DELETE FROM series_windows WHERE org_id = ? AND series_id = ? AND starts_at < ?`, o.id, seriesID,
		int64(before))
}

// SeriesListed puts into a batch that all windows of a series are listed.
func (o *Org) SeriesListed(b *Batch, seriesID string) {
	b.Add(`UPDATE maintenance_series SET listed = 1 WHERE org_id = ? AND id = ?`, o.id, seriesID)
}
