package store

import (
	"context"
	"database/sql"
	"fmt"

	"statuspage/shared/page"
	"statuspage/shared/wire"
)

// Entry is an event where it stands in the log of all organisations.
type Entry struct {
	ID    int64 // ascends in the order of commits
	OrgID string
	Event page.Event
}

func scanEntry(rows *sql.Rows, e *Entry) error {
	var body []byte
	if err := rows.Scan(&e.ID, &e.OrgID, &body); err != nil {
		return err
	}
	if err := wire.Unmarshal(body, &e.Event); err != nil {
		return fmt.Errorf("read event %d: %w", e.ID, err)
	}
	return nil
}

// EventsAfter is the log of all organisations behind an id, oldest first.
func (db *DB) EventsAfter(ctx context.Context, id int64, limit int) ([]Entry, error) {
	return list(ctx, db, `SELECT id, org_id, body FROM events WHERE id > ? ORDER BY id LIMIT ?`, []any{id, limit}, scanEntry)
}

// LastEventID is the newest id of the log; 0 when it is empty.
func (db *DB) LastEventID(ctx context.Context) (int64, error) {
	var id int64
	err := db.row(ctx, `SELECT coalesce(max(id), 0) FROM events`, nil, &id)
	return id, err
}

// EventsSince is the organisation's log behind a seq, oldest first.
func (o *Org) EventsSince(ctx context.Context, seq int64, limit int) ([]page.Event, error) {
	entries, err := list(ctx, o.db, `SELECT id, org_id, body FROM events WHERE org_id = ? AND seq > ? ORDER BY seq LIMIT ?`, []any{o.id, seq, limit}, scanEntry)
	if err != nil {
		return nil, err
	}
	events := make([]page.Event, len(entries))
	for i := range entries {
		events[i] = entries[i].Event
	}
	return events, nil
}
