package store

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/google/uuid"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// rowsAtOnce is how many buckets or results one question asks for: of the largest, sqld answers no more.
const rowsAtOnce = 5_000

// LastLooks lists a monitor's newest results since a moment, at most so many, newest first and without their bodies.
func (o *Org) LastLooks(ctx context.Context, monitor string, since status.Time, most int) (all []Look, err error) {
	at, region := status.Time(1<<62), ""
	for {
		n := min(most-len(all), rowsAtOnce)
		part, err := list(ctx, o.db, `SELECT at, region, ok, ms, error FROM monitor_results
WHERE org_id = ? AND monitor_id = ? AND at >= ? AND (at, region) < (?, ?) ORDER BY at DESC, region DESC LIMIT ?`,
			[]any{o.id, monitor, int64(since), int64(at), region, n}, func(rows *sql.Rows, l *Look) error {
				l.OrgID, l.Monitor = o.id, monitor
				return rows.Scan(&l.At, &l.Region, &l.OK, &l.Ms, &l.Error)
			})
		if err != nil {
			return nil, err
		}
		if all = append(all, part...); len(part) < rowsAtOnce || len(all) >= most {
			return all, nil
		}
		at, region = part[n-1].At, part[n-1].Region
	}
}

// Measured is what a region's results of a while come to.
type Measured struct {
	At                 status.Time
	Region             string
	Count, Failed      int64
	Min, P50, P95, Max int64 // of those that succeeded, in milliseconds
}

// Wire is a bucket of CONTRACT 7.
func (m *Measured) Wire(f *wire.Fields) {
	f.Time("at", &m.At)
	f.Str("region", &m.Region)
	f.Int("count", &m.Count)
	f.Int("failed", &m.Failed)
	f.Int("min_ms", &m.Min)
	f.Int("p50_ms", &m.P50)
	f.Int("p95_ms", &m.P95)
	f.Int("max_ms", &m.Max)
}

// MonitorID names a monitor.
type MonitorID struct{ OrgID, ID string }

// MeasuredOf is a bucket of a monitor.
type MeasuredOf struct {
	MonitorID
	Measured
}

// Measure is what the results of some monitors come to from a moment until before another, in buckets of span, by
// monitor, time and region. A percentile is the smallest value that so many of a hundred do not exceed. The database
// does the counting: results are many, and buckets few.
func (db *DB) Measure(ctx context.Context, of []MonitorID, span, from, until status.Time) ([]MeasuredOf, error) {
	names := make([][2]string, len(of))
	for i, m := range of {
		names[i] = [2]string{m.OrgID, m.ID}
	}
	text, err := json.Marshal(names)
	if err != nil {
		return nil, err
	}
	return list(ctx, db, `WITH seen AS (SELECT r.org_id AS org, r.monitor_id AS id, r.at / ?1 * ?1 AS began, r.region,
  r.ok, r.ms, row_number() OVER (alike ORDER BY r.ms) AS place, count(*) OVER alike AS many
 FROM json_each(?2) k CROSS JOIN monitor_results r ON r.org_id = json_extract(k.value, '$[0]')
  AND r.monitor_id = json_extract(k.value, '$[1]') AND r.at >= ?3 AND r.at < ?4
 WINDOW alike AS (PARTITION BY r.org_id, r.monitor_id, r.at / ?1, r.region, r.ok))
SELECT org, id, began, region, count(*), sum(ok = 0), coalesce(min(CASE WHEN ok THEN ms END), 0),
 coalesce(max(CASE WHEN ok AND place = (many * 50 + 99) / 100 THEN ms END), 0),
 coalesce(max(CASE WHEN ok AND place = (many * 95 + 99) / 100 THEN ms END), 0),
 coalesce(max(CASE WHEN ok THEN ms END), 0)
FROM seen GROUP BY org, id, began, region ORDER BY org, id, began, region`,
		[]any{int64(span), string(text), int64(from), int64(until)}, func(rows *sql.Rows, m *MeasuredOf) error {
			return rows.Scan(&m.OrgID, &m.ID, &m.At, &m.Region, &m.Count, &m.Failed, &m.Min, &m.P50, &m.P95, &m.Max)
		})
}

// Measure is what a monitor's results come to; see DB.Measure.
func (o *Org) Measure(ctx context.Context, monitor string, span, from, until status.Time) ([]Measured, error) {
	found, err := o.db.Measure(ctx, []MonitorID{{o.id, monitor}}, span, from, until)
	list := make([]Measured, len(found))
	for i := range found {
		list[i] = found[i].Measured
	}
	return list, err
}

// Metrics lists what was measured of a monitor in spans of so many seconds from a moment until before another, oldest
// first.
func (o *Org) Metrics(ctx context.Context, monitor string, span int64, from, until status.Time) (all []Measured,
	err error) {
	region := ""
	for {
		part, err := list(ctx, o.db, `SELECT at, region, count, failed, min_ms, p50_ms, p95_ms, max_ms
FROM monitor_metrics WHERE org_id = ? AND monitor_id = ? AND span = ? AND (at, region) > (?, ?) AND at < ?
ORDER BY at, region LIMIT ?`, []any{o.id, monitor, span, int64(from), region, int64(until), rowsAtOnce},
			func(rows *sql.Rows, m *Measured) error {
				return rows.Scan(&m.At, &m.Region, &m.Count, &m.Failed, &m.Min, &m.P50, &m.P95, &m.Max)
			})
		if err != nil {
			return nil, err
		}
		if all = append(all, part...); len(part) < rowsAtOnce {
			return all, nil
		}
		from, region = part[rowsAtOnce-1].At, part[rowsAtOnce-1].Region
	}
}

// KeepMeasured puts a bucket into a batch, in the place of the one that is there.
func (b *Batch) KeepMeasured(orgID, monitor string, span int64, m *Measured) {
	b.Add(`INSERT OR REPLACE INTO monitor_metrics (org_id, monitor_id, span, at, region, count, failed, min_ms, p50_ms,
 p95_ms, max_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, orgID, monitor, span, int64(m.At), m.Region, m.Count, m.Failed, m.Min,
		m.P50, m.P95, m.Max)
}

// LastMeasured is when the newest bucket of a span begins; 0 when there is none.
func (db *DB) LastMeasured(ctx context.Context, span int64) (at status.Time, err error) {
	err = db.row(ctx, `SELECT coalesce(max(at), 0) FROM monitor_metrics WHERE span = ?`, []any{span}, &at)
	return at, err
}

// Buckets lists the buckets of a span that have results, from a moment until before another, oldest first.
func (db *DB) Buckets(ctx context.Context, span, from, until status.Time) ([]status.Time, error) {
	return list(ctx, db, `SELECT DISTINCT at / ?1 * ?1 FROM monitor_results WHERE at >= ?2 AND at < ?3 ORDER BY 1`,
		[]any{int64(span), int64(from), int64(until)}, func(rows *sql.Rows, at *status.Time) error {
			return rows.Scan(at)
		})
}

// OldestLook is when the oldest result that is kept was seen; otherwise where there is none.
func (db *DB) OldestLook(ctx context.Context, otherwise status.Time) (at status.Time, err error) {
	err = db.row(ctx, `SELECT coalesce(min(at), ?) FROM monitor_results`, []any{int64(otherwise)}, &at)
	return at, err
}

// MeasuredDay puts into a batch that a day is measured of all monitors.
func (b *Batch) MeasuredDay(at status.Time) {
	b.Add(`INSERT INTO meta (key, value) VALUES ('monitor_day', ?) ON CONFLICT (key) DO UPDATE SET value =
 excluded.value`, wire.Itoa(int64(at)))
}

// LastDay is the newest day that is measured of all monitors, or the day before there was anything to measure; 0 when
// there never was.
func (db *DB) LastDay(ctx context.Context) (at status.Time, err error) {
	err = db.row(ctx, `SELECT coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'monitor_day'),
 (SELECT max(at) FROM monitor_metrics WHERE span = 86400),
 (SELECT min(at) / 86400000 * 86400000 - 86400000 FROM monitor_metrics WHERE span = 300), 0)`, nil, &at)
	return at, err
}

// LateBucket is one that results came for when it may have been measured already.
type LateBucket struct {
	At   status.Time
	mark string // another one each time that results came
}

// Late puts into a batch that results came for a bucket which may have been measured.
func (b *Batch) Late(at status.Time) {
	b.Add(`INSERT INTO meta (key, value) VALUES ('monitor_late/' || ?, ?) ON CONFLICT (key) DO UPDATE SET value =
 excluded.value`, wire.Itoa(int64(at)), uuid.NewString())
}

// LateBuckets lists the buckets that are to be measured again, oldest first.
func (db *DB) LateBuckets(ctx context.Context) ([]LateBucket, error) {
	return list(ctx, db, `SELECT CAST(substr(key, 14) AS INTEGER), value FROM meta
WHERE key > 'monitor_late/' AND key < 'monitor_late0' ORDER BY key`, nil, func(rows *sql.Rows, l *LateBucket) error {
		return rows.Scan(&l.At, &l.mark)
	})
}

// Measured puts into a batch that a late bucket was measured again, unless more has come for it meanwhile.
func (b *Batch) Measured(l LateBucket) {
	b.Add(`DELETE FROM meta WHERE key = 'monitor_late/' || ? AND value = ?`, wire.Itoa(int64(l.At)), l.mark)
}

// Outdated says that there are results or buckets from before these moments.
func (db *DB) Outdated(ctx context.Context, results, minutes, days status.Time) (some bool, err error) {
	err = db.row(ctx, `SELECT EXISTS (SELECT 1 FROM monitor_results WHERE at < ?)
 OR EXISTS (SELECT 1 FROM monitor_metrics WHERE span = 300 AND at < ?)
 OR EXISTS (SELECT 1 FROM monitor_metrics WHERE span = 86400 AND at < ?)`,
		[]any{int64(results), int64(minutes), int64(days)}, &some)
	return some, err
}

// ForgetLooks puts into a batch that some results and buckets are too old, at most so many of each.
func (b *Batch) ForgetLooks(results, minutes, days status.Time, most int) {
	b.Add(`DELETE FROM monitor_results WHERE (org_id, monitor_id, at, region) IN
(SELECT org_id, monitor_id, at, region FROM monitor_results WHERE at < ? LIMIT ?)`, int64(results), most)
	for span, before := range map[int64]status.Time{300: minutes, 86400: days} {
		b.Add(`DELETE FROM monitor_metrics WHERE (org_id, monitor_id, span, at, region) IN
(SELECT org_id, monitor_id, span, at, region FROM monitor_metrics WHERE span = ? AND at < ? LIMIT ?)`, span,
			int64(before), most)
	}
}
