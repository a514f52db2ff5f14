package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// ReportSecret is what visitors' addresses are hashed with on a day; ErrNone before there is one.
func (db *DB) ReportSecret(ctx context.Context) (day int64, secret string, err error) {
	text := ""
	if err = db.row(ctx, `SELECT value FROM meta WHERE key = 'report_secret'`, nil, &text); err != nil {
		return 0, "", err
	}
	_, err = fmt.Sscanf(text, "%d %s", &day, &secret)
	return day, secret, err
}

// KeepReportSecret puts a new day's secret in the place of the one before. One that is there for the day already stays.
func (db *DB) KeepReportSecret(ctx context.Context, day int64, secret string) error {
	var b Batch
	b.Add(`INSERT INTO meta (key, value) VALUES ('report_secret', ?1 || ' ' || ?2) ON CONFLICT (key) DO UPDATE
SET value = excluded.value WHERE value NOT LIKE ?1 || ' %'`, wire.Itoa(day), secret)
	return db.Do(ctx, &b)
}

// Reported says whether somebody has reported a service on a day already.
func (o *Org) Reported(ctx context.Context, service string, day int64, hash string) (bool, error) {
	n := 0
	err := o.db.row(ctx, `SELECT 1 FROM report_marks WHERE org_id = ? AND service_id = ? AND day = ? AND hash = ?`,
		[]any{o.id, service, day, hash}, &n)
	if errors.Is(err, ErrNone) {
		return false, nil
	}
	return n == 1, err
}

// CountReport puts a report into a batch, unless it was counted already, or most are counted for the day.
func (o *Org) CountReport(b *Batch, service string, day int64, hash string, at status.Time, most int) {
	bucket := int64(at) / status.ReportBucket * status.ReportBucket
	b.Add(`INSERT INTO report_counts (org_id, service_id, at, count) SELECT ?1, ?2, ?3, 1
WHERE NOT EXISTS (SELECT 1 FROM report_marks WHERE org_id = ?1 AND service_id = ?2 AND day = ?4 AND hash = ?5)
 AND (SELECT coalesce(sum(count), 0) FROM report_counts WHERE org_id = ?1 AND service_id = ?2
  AND at >= ?4 * 86400000) < ?6
ON CONFLICT (org_id, service_id, at) DO UPDATE SET count = count + 1`, o.id, service, bucket, day, hash, most)
	b.Add(`INSERT INTO report_marks (org_id, service_id, day, hash) SELECT ?1, ?2, ?3, ?4 WHERE
 (SELECT count(*) FROM (SELECT 1 FROM report_marks WHERE org_id = ?1 AND service_id = ?2 AND day = ?3 LIMIT ?5)) < ?5
ON CONFLICT DO NOTHING`, o.id, service, day, hash, most)
}

// Reports lists what was reported of each service from a moment on, by service and time.
func (o *Org) Reports(ctx context.Context, service string, from status.Time) (map[string][]status.Reported, error) {
	where, args := "", []any{o.id}
	if service != "" {
		where, args = " AND service_id = ?", append(args, service)
	}
	out := map[string][]status.Reported{}
	err := o.db.rows(ctx, `SELECT service_id, at, count FROM report_counts WHERE org_id = ?`+where+
		` AND at >= ? ORDER BY service_id, at`, append(args, int64(from)), func(rows *sql.Rows) error {
		var id string
		var r status.Reported
		err := rows.Scan(&id, &r.At, &r.Count)
		out[id] = append(out[id], r)
		return err
	})
	return out, err
}

// CountReports is how often a service was reported in a time, [from, to).
func (o *Org) CountReports(ctx context.Context, service string, from, to status.Time) (n int64, err error) {
	err = o.db.row(ctx, `SELECT coalesce(sum(count), 0) FROM report_counts
WHERE org_id = ? AND service_id = ? AND at >= ? AND at < ?`, []any{o.id, service, int64(from), int64(to)}, &n)
	return n, err
}

// Rush is a service that is reported at present.
type Rush struct {
	OrgID, Service string
	Count          int64
	ToldAt         status.Time // when the team was told last; 0 is never
}

// Rushes lists the services that were reported so often since a moment, and not told of since another, the most first.
func (db *DB) Rushes(ctx context.Context, since, told status.Time, fewest int64, limit int) ([]Rush, error) {
	return list(ctx, db, `SELECT r.org_id, r.service_id, sum(r.count) AS n, coalesce(max(a.told_at), 0)
FROM report_counts r LEFT JOIN report_alarms a ON a.org_id = r.org_id AND a.service_id = r.service_id
WHERE r.at >= ? AND (a.told_at IS NULL OR a.told_at < ?) AND `+living("r")+`
GROUP BY r.org_id, r.service_id HAVING n >= ? ORDER BY n DESC LIMIT ?`,
		[]any{int64(since), int64(told), fewest, limit}, func(rows *sql.Rows, r *Rush) error {
			return rows.Scan(&r.OrgID, &r.Service, &r.Count, &r.ToldAt)
		})
}

// ToldOfReports counts the services of which the team was told since a moment.
func (o *Org) ToldOfReports(ctx context.Context, since status.Time) (n int, err error) {
	err = o.db.row(ctx, `SELECT count(*) FROM report_alarms WHERE org_id = ? AND told_at >= ?`,
		[]any{o.id, int64(since)}, &n)
	return n, err
}

// TellReports puts into a batch that the team is told, which is undone when somebody else has told it since.
func (o *Org) TellReports(b *Batch, r *Rush, at status.Time) {
	b.Require(`NOT EXISTS (SELECT 1 FROM report_alarms WHERE org_id = ? AND service_id = ? AND told_at <> ?)`,
		o.id, r.Service, int64(r.ToldAt))
	b.Add(`INSERT INTO report_alarms (org_id, service_id, told_at, count) VALUES (?, ?, ?, ?)
ON CONFLICT (org_id, service_id) DO UPDATE SET told_at = excluded.told_at, count = excluded.count`,
		o.id, r.Service, int64(at), r.Count)
}

// ReportAlarms lists when the team was told last of each service.
func (o *Org) ReportAlarms(ctx context.Context) (map[string]status.Time, error) {
	out := map[string]status.Time{}
	err := o.db.rows(ctx, `SELECT service_id, told_at FROM report_alarms WHERE org_id = ?`, []any{o.id},
		func(rows *sql.Rows) error {
			var id string
			var at status.Time
			err := rows.Scan(&id, &at)
			out[id] = at
			return err
		})
	return out, err
}

// ForgetReports deletes what is older, at most so many rows of each kind.
func (db *DB) ForgetReports(ctx context.Context, day int64, counts status.Time, most int) error {
	var b Batch
	b.Add(`DELETE FROM report_marks WHERE (org_id, service_id, day, hash) IN
(SELECT org_id, service_id, day, hash FROM report_marks WHERE day < ? LIMIT ?)`, day, most)
	b.Add(`DELETE FROM report_counts WHERE (org_id, service_id, at) IN
(SELECT org_id, service_id, at FROM report_counts WHERE at < ? LIMIT ?)`, int64(counts), most)
	return db.Do(ctx, &b)
}
