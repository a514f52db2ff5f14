package store

import (
	"context"
	"database/sql"
	"fmt"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// MaxCounted is how many incidents, or deliveries of a state, one count of the past looks at: the newest.
const MaxCounted = 20_000

// Lasted is when one incident was opened and, unless it goes on, resolved.
type Lasted struct {
	Opened   status.Time
	Resolved *status.Time
}

// Lasted lists when incidents since a moment were opened and resolved, newest first.
func (o *Org) Lasted(ctx context.Context, since status.Time) ([]Lasted, error) {
	found, err := list(ctx, o.db, `SELECT created_at, resolved_at FROM incidents
WHERE org_id = ? AND deleted_at IS NULL AND created_at >= ? ORDER BY created_at DESC, id DESC LIMIT ?`,
		[]any{o.id, int64(since), MaxCounted}, func(rows *sql.Rows, x *Lasted) error {
			var end sql.NullInt64
			err := rows.Scan(&x.Opened, &end)
			x.Resolved = nullTime(end)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read how long incidents lasted: %w", err)
	}
	return found, nil
}

// Told is how many deliveries arrived on a day of UTC, and how many were given up.
type Told struct{ Day, Sent, Failed int64 }

// Told counts the deliveries of the days since one, of which each has a place.
func (o *Org) Told(ctx context.Context, since, until int64) ([]Told, error) {
	out := make([]Told, until-since+1)
	for i := range out {
		out[i].Day = since + int64(i)
	}
	newest := `SELECT * FROM (SELECT state, done_at FROM jobs WHERE org_id = ?1 AND state = `
	err := o.db.rows(ctx, `SELECT state, done_at / ?2, count(*) FROM (`+newest+`'sent' ORDER BY id DESC LIMIT ?3)
 UNION ALL `+newest+`'dead' ORDER BY id DESC LIMIT ?3)) WHERE done_at >= ?4 GROUP BY 1, 2`,
		[]any{o.id, int64(wire.Day), MaxCounted, since * int64(wire.Day)}, func(rows *sql.Rows) error {
			var state string
			var day, n int64
			if err := rows.Scan(&state, &day, &n); err != nil || day > until {
				return err
			}
			if state == Sent {
				out[day-since].Sent = n
			} else {
				out[day-since].Failed = n
			}
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("count deliveries by day: %w", err)
	}
	return out, nil
}
