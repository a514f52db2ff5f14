package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// Batch is a list of statements that happen all or not at all, in one round trip: BEGIN IMMEDIATE; …; COMMIT.
type Batch struct {
	sql  strings.Builder
	args []any
	n    int
}

// Add puts a statement (without semicolon) at the end; each ? takes the next argument.
func (b *Batch) Add(statement string, args ...any) {
	b.sql.WriteString(statement)
	b.sql.WriteString(";\n")
	b.args = append(b.args, args...)
	b.n++
}

// Len counts the statements.
func (b *Batch) Len() int { return b.n }

// Do commits a batch. A refusal by a constraint is a *Constraint and leaves nothing behind; after any other error of a remote
// database the batch may have been committed all the same (see Uncertain).
//
// A write that was begun is finished whatever happens to the caller's context: only its values are used.
func (db *DB) Do(ctx context.Context, b *Batch) error {
	if b.n == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), Deadline)
	defer cancel()
	db.batches.Add(1)
	text := "BEGIN IMMEDIATE;\n" + b.sql.String() + "COMMIT" // #nosec G202 -- our own statements; values are parameters
	if db.remote {
		if _, err := db.write.ExecContext(ctx, text, b.args...); err != nil {
			return refusal(err)
		}
		return nil
	}
	return db.doLocal(ctx, text, b.args)
}

// doLocal also undoes: go-sqlite3 stops at the statement that failed and leaves the transaction open.
func (db *DB) doLocal(ctx context.Context, text string, args []any) error {
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("get the writer: %w", err)
	}
	defer func() { _ = conn.Close() }()
	_, err = conn.ExecContext(ctx, text, args...)
	if err == nil {
		return nil
	}
	undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), Deadline)
	defer cancel()
	if _, e := conn.ExecContext(undo, "ROLLBACK"); e != nil && !strings.Contains(e.Error(), "no transaction is active") {
		// The connection is in a state that nobody knows: it must not be used again.
		_ = conn.Raw(func(any) error { return errBad })
	}
	return refusal(err)
}

var errBad = fmt.Errorf("a transaction that cannot be undone: %w", errBadConn)

// Constraint is a refusal by the schema. Columns is as SQLite writes it, such as "events.org_id, events.seq".
type Constraint struct {
	Kind    string // UNIQUE, CHECK, FOREIGN KEY, NOT NULL
	Columns string
}

func (c *Constraint) Error() string { return c.Kind + " constraint failed: " + c.Columns }

// On says whether the constraint is about a column, such as "events.seq".
func (c *Constraint) On(column string) bool { return strings.Contains(c.Columns, column) }

// refusal recognises a constraint by the database's words, which are all that libSQL's client leaves of it.
func refusal(err error) error {
	before, columns, found := strings.Cut(err.Error(), " constraint failed")
	if !found {
		return err
	}
	kind := before
	for _, k := range []string{"FOREIGN KEY", "NOT NULL", "UNIQUE", "CHECK", "PRIMARY KEY"} {
		if strings.HasSuffix(before, k) {
			kind = k
		}
	}
	columns = strings.TrimPrefix(columns, ": ")
	if i := strings.IndexAny(columns, "\n\"`"); i >= 0 {
		columns = columns[:i]
	}
	return &Constraint{Kind: kind, Columns: columns}
}

// Uncertain says whether a batch that failed with this error may have been committed: the answer was lost, not the question.
func Uncertain(err error) bool {
	var c *Constraint
	return err != nil && !errors.As(err, &c) && !errors.Is(err, sql.ErrConnDone)
}
