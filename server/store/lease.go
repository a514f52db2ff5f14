package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// leaseFor is longer than any migration takes; whoever dies in the middle holds the others up for no longer.
const leaseFor = time.Minute

// lease lets one process migrate at a time: goose has no lock of its own for this dialect.
type lease struct {
	db     *DB
	holder string
}

func newLease(db *DB) *lease { return &lease{db, uuid.NewString()} }

// Lock waits until nobody else holds the lease, or the context ends.
func (l *lease) Lock(ctx context.Context, _ *sql.DB) error {
	for {
		now := time.Now()
		var b Batch
		b.Add(`CREATE TABLE IF NOT EXISTS migration_lease (id INTEGER PRIMARY KEY CHECK (id = 1), holder TEXT NOT NULL,
  until INTEGER NOT NULL)`)
		b.Add(`INSERT INTO migration_lease (id, holder, until) VALUES (1, ?, ?)
ON CONFLICT (id) DO UPDATE SET holder = excluded.holder, until = excluded.until WHERE until < ?`, l.holder,
			now.Add(leaseFor).UnixMilli(), now.UnixMilli())
		if err := l.db.Do(ctx, &b); err != nil {
			return fmt.Errorf("take the migration lease: %w", err)
		}
		var holder string
		if err := l.db.row(ctx, `SELECT holder FROM migration_lease WHERE id = 1`, nil, &holder); err != nil {
			return fmt.Errorf("read the migration lease: %w", err)
		}
		if holder == l.holder {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("another process is migrating: %w", ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Unlock gives the lease back.
func (l *lease) Unlock(ctx context.Context, _ *sql.DB) error {
	var b Batch
	b.Add(`UPDATE migration_lease SET until = 0 WHERE id = 1 AND holder = ?`, l.holder)
	return l.db.Do(ctx, &b)
}
