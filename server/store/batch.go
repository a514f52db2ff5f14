package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"statuspage/shared/page"
)

// Batch is a list of statements that happen all or not at all: BEGIN IMMEDIATE; …; COMMIT. To a remote database that is
// one round trip. One goes at a time, with those that came meanwhile; see queue.
type Batch struct {
	statements []statement
	after      *Anchor  // see Follow
	rows       *logRows // the log as it came with the outcome
	log        *Part
	reasons    []func(context.Context, *Constraint) error // see Otherwise
}

type statement struct {
	text  string
	args  []any
	org   string // of the event
	event *page.Event
	after *Carried // the page after it, or nil
}

// Add puts a statement (without semicolon) at the end; each ? takes the next argument.
func (b *Batch) Add(text string, args ...any) {
	b.statements = append(b.statements, statement{text: text, args: args})
}

// Require undoes the whole batch unless a condition holds when it is committed: what was decided on must still be so.
// It is refused with a Constraint on Requirement.
func (b *Batch) Require(condition string, args ...any) {
	b.Add(`INSERT INTO requirements (held) SELECT CASE WHEN `+condition+` THEN 1 ELSE 0 END`, args...)
	b.Add(`DELETE FROM requirements`)
}

// Requirement is the constraint by which a batch is undone that required what is so no more.
const Requirement = "requirement"

// Overtaken says that a batch was undone since something that it required is so no more.
func Overtaken(err error) bool {
	var c *Constraint
	return errors.As(err, &c) && c.Kind == "CHECK" && c.On(Requirement)
}

// Len counts the statements.
func (b *Batch) Len() int { return len(b.statements) }

// Do commits a batch. A refusal by a constraint is a *Constraint and leaves nothing behind; after any other error of a
// remote database the batch may have been committed all the same (see Uncertain).
//
// A write that was begun is finished whatever happens to the caller's context: only its values are used.
func (db *DB) Do(ctx context.Context, b *Batch) error {
	if b.Len() == 0 {
		return nil
	}
	if ctx.Value(rehearsal{}) != nil {
		return errRehearsed
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), Deadline)
	defer cancel()
	db.batches.Add(1)
	begun := time.Now()
	err := db.do(ctx, b)
	if err != nil && strings.Contains(err.Error(), tooBigWords) {
		err = fmt.Errorf("%w (%w)", errTooBig, err)
	}
	err = db.failure(err)
	db.health.note(b.bytes(), err, begun, time.Now())
	return err
}

func (db *DB) do(ctx context.Context, b *Batch) error {
	if err := b.tooLong(); err != nil {
		return err
	}
	if err := db.file.moved(); err != nil {
		return err
	}
	err := db.queue.do(ctx, b)
	if err == nil && db.remote {
		db.follow(b)
	}
	return err
}

// maxLength is how many bytes a row or a value may have: that of libSQL's server, and of what is written to a file, so
// that every database can move.
const maxLength = 5_000_000

// MaxRow is how many bytes the values of one statement may have, beside what the database adds to them.
const MaxRow = maxLength - 10_000

// tooLong says that a statement writes more than a row may have.
func (b *Batch) tooLong() error {
	for _, s := range b.statements {
		if s.bytes() > MaxRow {
			return fmt.Errorf("%w: %d bytes", errTooBig, s.bytes())
		}
	}
	return nil
}

// bytes is about how much there is to write.
func (b *Batch) bytes() (n int) {
	for _, s := range b.statements {
		n += s.bytes() + len(s.text)
	}
	return n
}

func (s *statement) bytes() (n int) {
	for _, a := range s.args {
		switch a := a.(type) {
		case string:
			n += len(a)
		case []byte:
			n += len(a)
		}
	}
	return n
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

// gap is what the schema says of an event whose predecessor is not there (migration 31): whoever decided it saw a log
// that is gone.
const gap = "an event without its predecessor"

// refusal recognises a constraint by the database's words, which are all that libSQL's client leaves of it.
func refusal(err error) error {
	before, columns, found := strings.Cut(err.Error(), " constraint failed")
	if !found && strings.Contains(err.Error(), gap) {
		return &Constraint{Kind: "UNIQUE", Columns: "events.org_id, events.seq"}
	}
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

// Uncertain says whether a batch that failed with this error may have been committed: the answer was lost, not the
// question.
func Uncertain(err error) bool {
	var c *Constraint
	var f *Failure
	if errors.As(err, &f) {
		return f.Uncertain
	}
	if errors.Is(err, errTooBig) {
		return false
	}
	return err != nil && !errors.As(err, &c) && !errors.Is(err, sql.ErrConnDone)
}
