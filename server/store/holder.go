package store

import (
	"context"
	"database/sql"
	"fmt"

	"statuspage/shared/status"
)

// Holder is a process that sends. Its leases begin with its id and a colon.
type Holder struct {
	ID      string
	Process string // machine, boot, pid and start
	Beat    int64  // goes up while it holds leases
}

// Holders lists all that held leases and were not ended.
func (db *DB) Holders(ctx context.Context) ([]Holder, error) {
	found, err := list(ctx, db, `SELECT id, process, beat FROM workers WHERE id > '' ORDER BY id`, nil,
		func(rows *sql.Rows, h *Holder) error {
			return rows.Scan(&h.ID, &h.Process, &h.Beat)
		})
	if err != nil {
		return nil, fmt.Errorf("look for other workers: %w", err)
	}
	return found, nil
}

// leasesOf are those of a holder.
const leasesOf = `lease <> '' AND lease >= ? || ':' AND lease < ? || ';'`

// Hold says that a holder is there, and makes its leases last until a moment.
func (db *DB) Hold(ctx context.Context, h Holder, until status.Time) error {
	var b Batch
	b.Add(`INSERT INTO workers (id, process, beat) VALUES (?, ?, 1) ON CONFLICT (id) DO UPDATE SET beat = beat + 1`,
		h.ID, h.Process)
	b.Add(`UPDATE jobs SET due_at = ? WHERE `+leasesOf, int64(until), h.ID, h.ID)
	return db.Do(ctx, &b)
}

// Free ends the leases of a holder that is gone: what was under way may have arrived, and is sent again unless
// something newer replaces it.
func (db *DB) Free(ctx context.Context, holder string, now status.Time) error {
	var b Batch
	b.Add(`UPDATE jobs SET doubt = 1, due_at = ? WHERE `+leasesOf, int64(now), holder, holder)
	letGo(&b, leasesOf, now, holder, holder)
	b.Add(`DELETE FROM workers WHERE id = ?`, holder)
	if err := db.Do(ctx, &b); err != nil {
		return fmt.Errorf("free the jobs of a worker that is gone: %w", err)
	}
	return nil
}

// FreeExpired ends leases whose time is over, whoever held them.
func (db *DB) FreeExpired(ctx context.Context, now status.Time) error {
	const over = `lease <> '' AND state = 'due' AND due_at <= ?`
	n := 0
	if err := db.row(ctx, `SELECT count(*) FROM jobs WHERE lease > '' AND `+over, []any{int64(now)}, &n); err != nil ||
		n == 0 {
		return err
	}
	var b Batch
	b.Add(`UPDATE jobs SET doubt = 1 WHERE lease > '' AND `+over, int64(now))
	letGo(&b, `lease > '' AND `+over, now, int64(now))
	return db.Do(ctx, &b)
}
