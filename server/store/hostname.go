package store

import (
	"context"
	"database/sql"
	"time"

	"statuspage/shared/status"
)

// HostCheck is a host name that is served, and when its proof was looked at.
type HostCheck struct {
	OrgID        string
	Hostname     string
	CheckedAt    status.Time // 0 is never
	MissingSince status.Time // 0: it was there, or nobody could tell
	Until        status.Time // until when it is served without a proof; 0 is never
}

// DueHosts are the names that are served and were last looked at before a moment, or whose time without a proof is
// over: the longest unseen first.
func (db *DB) DueHosts(ctx context.Context, before, now time.Time, limit int) ([]HostCheck, error) {
	return everybodys(ctx, db, "host name", `SELECT o.id, o.hostname, coalesce(c.checked_at, 0),
  coalesce(c.missing_since, 0), coalesce(o.hostname_until, 0)
FROM organizations o LEFT JOIN hostname_checks c ON c.org_id = o.id AND c.hostname = o.hostname
WHERE o.hostname IS NOT NULL AND (coalesce(c.checked_at, 0) < ? OR o.hostname_until <= ?) ORDER BY 3 LIMIT ?`,
		[]any{before.UnixMilli(), now.UnixMilli(), limit}, func(r *sql.Rows, h *HostCheck) error {
			return r.Scan(&h.OrgID, &h.Hostname, &h.CheckedAt, &h.MissingSince, &h.Until)
		}, nil)
}

// HostCheck is when the proof of the organisation's host name was last looked at; ErrNone.
func (o *Org) HostCheck(ctx context.Context, hostname string) (HostCheck, error) {
	h := HostCheck{OrgID: o.id, Hostname: hostname}
	err := o.db.row(ctx, `SELECT checked_at, coalesce(missing_since, 0) FROM hostname_checks WHERE org_id = ? AND
  hostname = ?`, []any{o.id, hostname},
		&h.CheckedAt, &h.MissingSince)
	return h, err
}

// AddHostCheck writes down that the proof was looked at.
func (o *Org) AddHostCheck(b *Batch, h HostCheck) {
	b.Add(`INSERT INTO hostname_checks (org_id, hostname, checked_at, missing_since) VALUES (?, ?, ?, ?)
ON CONFLICT (org_id) DO UPDATE SET hostname = excluded.hostname, checked_at = excluded.checked_at, missing_since =
 excluded.missing_since`,
		o.id, h.Hostname, int64(h.CheckedAt), moment(h.MissingSince))
}
