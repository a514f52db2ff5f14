package store

import (
	"context"
	"fmt"
)

// Durability is what becomes of commits that were acknowledged when the power of the database's host is cut.
type Durability string

// The kinds of durability.
const (
	Strong  Durability = "strong"  // they stay
	Relaxed Durability = "relaxed" // the newest may be gone
	Unknown Durability = "unknown" // the database does not say
)

// full is SQLite's `PRAGMA synchronous` from which on each commit is synced; EXTRA is more. libSQL's server, of which
// strong and extra are the names, gives it to every connection that it opens for a request (0.24.33,
// connection_core.rs).
const full = 2

// Durability asks the database what its commits outlive. Of a remote one only the primary's answer means anything.
func (db *DB) Durability(ctx context.Context) (Durability, error) {
	ctx, cancel := context.WithTimeout(Unasked(ctx), Deadline)
	defer cancel()
	var level int
	var err error
	if db.remote {
		err = db.row(ctx, `SELECT synchronous FROM pragma_synchronous`, nil, &level)
	} else {
		err = db.failure(db.write.QueryRowContext(ctx, `PRAGMA synchronous`).Scan(&level))
	}
	switch {
	case err != nil:
		return Unknown, fmt.Errorf("ask the database for its durability: %w", err)
	case level >= full:
		return Strong, nil
	}
	return Relaxed, nil
}
