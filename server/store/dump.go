package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// Dump is every row of a table as text, in the order of its columns: for tests that compare whole tables. name is never
// a caller's.
func (db *DB) Dump(ctx context.Context, name string) ([]string, error) {
	columns, err := list(ctx, db, `SELECT name FROM pragma_table_info(?) ORDER BY cid`, []any{name},
		func(rows *sql.Rows, s *string) error {
			return rows.Scan(s)
		})
	if err != nil {
		return nil, err
	}
	parts := make([]string, len(columns))
	for i, c := range columns {
		parts[i] = "'" + c + "=' || quote(" + c + ")"
	}
	// #nosec G201 -- names of our own schema
	out, err := list(ctx, db, fmt.Sprintf("SELECT %s FROM %s", strings.Join(parts, " || ' ' || "), name), nil,
		func(rows *sql.Rows, s *string) error { return rows.Scan(s) })
	slices.Sort(out)
	return out, err
}
