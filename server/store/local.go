package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/mattn/go-sqlite3"

	"statuspage/shared/page"
	"statuspage/shared/wire"
)

// local commits writes to a file. Those that wait while one is synced to the disk go together in the next transaction,
// with a savepoint each: one that is refused undoes itself alone, and events.id still ascends in the order of commits.
type local struct {
	pool *sql.DB // of one connection
	tail tail    // by one goroutine at a time: see queue
}

// again says that nothing was done of a write that shares no fault of the one that ended the transaction of both. A
// file that is locked was waited for already (_busy_timeout).
func (l *local) again(err error) bool { return errors.Is(err, errEnded) }

// commit does writes in one transaction, and gives the outcome of each.
func (l *local) commit(ctx context.Context, writes []*write) []error {
	outcomes := make([]error, len(writes))
	conn, err := l.pool.Conn(ctx)
	if err != nil {
		return fill(outcomes, fmt.Errorf("get the writer: %w", err))
	}
	defer func() { _ = conn.Close() }()
	err = conn.Raw(func(c any) error {
		lite, is := c.(*sqlite3.SQLiteConn)
		if !is {
			return fmt.Errorf("a %T is no connection to a file", c)
		}
		x := transacting{lite: lite, ctx: ctx, several: len(writes) > 1}
		x.run(writes, outcomes)
		if x.end(); x.bad {
			// The connection is in a state that nobody knows: it must not be used again.
			return errBad
		}
		if x.follows {
			l.tail.add(&x, writes, outcomes)
		}
		return nil
	})
	if err != nil && !errors.Is(err, errBad) {
		return fill(outcomes, err)
	}
	return outcomes
}

// fill gives every write that has no outcome yet the same.
func fill(outcomes []error, err error) []error {
	for i := range outcomes {
		if outcomes[i] == nil {
			outcomes[i] = err
		}
	}
	return outcomes
}

// transacting is one transaction of the writer. A statement runs to its end; between two of them the context's is
// looked at, and whoever is late is undone.
type transacting struct {
	lite    *sqlite3.SQLiteConn
	ctx     context.Context
	several bool
	bad     bool
	follows bool // somebody wants the log
	before  Anchor
	epoch   string
	events  []Entry
}

func (x *transacting) run(writes []*write, outcomes []error) {
	if err := x.exec("BEGIN IMMEDIATE"); err != nil {
		fill(outcomes, err)
		return
	}
	for _, w := range writes {
		x.follows = x.follows || w.batch.after != nil
	}
	if x.follows && x.head() != nil {
		x.follows = false // who wants the log asks for it
	}
	done := 0
	for i, w := range writes {
		if outcomes[i] = x.one(w.batch); outcomes[i] == nil {
			done++
		}
		if x.lite.AutoCommit() { // some errors, such as a full disk, end the transaction whole
			for k := range outcomes {
				if k != i && (k > i || outcomes[k] == nil) {
					outcomes[k] = errEnded
				}
			}
			return
		}
	}
	if done == 0 {
		return
	}
	if err := x.exec("COMMIT"); err != nil {
		fill(outcomes, err)
	}
}

// one does a batch, or nothing of it.
func (x *transacting) one(b *Batch) error {
	if x.several {
		if err := x.exec("SAVEPOINT w"); err != nil {
			return err
		}
	}
	had := len(x.events)
	err := x.statements(b)
	if x.several && err == nil {
		err = x.exec("RELEASE w")
	}
	if err == nil {
		return nil
	}
	x.events = x.events[:had]
	if x.several && !x.lite.AutoCommit() {
		if no := errors.Join(x.undo("ROLLBACK TO w"), x.undo("RELEASE w")); no != nil {
			_ = x.undo("ROLLBACK") // and everybody tries again
		}
	}
	return refusal(err)
}

func (x *transacting) statements(b *Batch) error {
	for i := range b.statements {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		s := &b.statements[i]
		id, err := x.insert(s.text, s.args)
		if err != nil {
			return err
		}
		if s.event != nil {
			x.events = append(x.events, entryOf(id, s))
		}
	}
	return nil
}

// end leaves no transaction open.
func (x *transacting) end() {
	if !x.lite.AutoCommit() {
		x.bad = x.undo("ROLLBACK") != nil
	}
}

// head reads where the log ends, and its epoch, before anything is written.
func (x *transacting) head() error {
	rows, err := x.lite.QueryContext(context.Background(), headQuery, nil)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var cells [6]driver.Value
	if err := rows.Next(cells[:]); err != nil {
		return err
	}
	is := [6]bool{}
	x.before.ID, is[0] = cells[0].(int64)
	x.before.OrgID, is[1] = cells[1].(string)
	x.before.Seq, is[2] = cells[2].(int64)
	x.before.At, is[3] = cells[3].(int64)
	x.before.Command, is[4] = cells[4].(string)
	x.epoch, is[5] = cells[5].(string)
	if is != [6]bool{true, true, true, true, true, true} {
		return errors.New("the end of the log is of other types")
	}
	return nil
}

// exec runs a statement without arguments. The driver starts a goroutine for each statement whose context can end.
func (x *transacting) exec(text string) error {
	_, err := x.insert(text, nil)
	return err
}

// undo is exec for what must be done after an error.
func (x *transacting) undo(text string) error { return x.exec(text) }

func (x *transacting) insert(text string, args []any) (id int64, err error) {
	values := make([]driver.NamedValue, len(args))
	for i, a := range args {
		values[i].Ordinal = i + 1
		if values[i].Value, err = driver.DefaultParameterConverter.ConvertValue(a); err != nil {
			return 0, fmt.Errorf("write a batch: %w", err)
		}
	}
	result, err := x.lite.ExecContext(context.Background(), text, values)
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

// entryOf is an event that was inserted with an id.
func entryOf(id int64, s *statement) Entry {
	at := Anchor{ID: id, OrgID: s.org, Seq: s.event.Seq, At: int64(s.event.At), Command: s.event.Command}
	return Entry{ID: id, OrgID: s.org, Event: *s.event, At: at, after: s.after}
}

// maxTail is how many events are kept for those who come a little late to read their own.
const maxTail = 64

// tail is the newest part of the log as this process wrote it: who has written goes on from there without reading it
// back.
type tail struct {
	after   Anchor
	epoch   string
	entries []Entry
}

// add takes the events of a transaction in and gives the tail to those who want it. What another process wrote in
// between, or another epoch, begins a new tail.
func (t *tail) add(x *transacting, writes []*write, outcomes []error) {
	end := t.after
	if n := len(t.entries); n > 0 {
		end = t.entries[n-1].At
	}
	if end != x.before || t.epoch != x.epoch {
		t.after, t.epoch, t.entries = x.before, x.epoch, nil
	}
	if n := len(t.entries); n > 0 && n+len(x.events) > maxTail {
		keep := min(n, maxTail/2)
		t.after = t.entries[n-keep].At
		t.entries = append(make([]Entry, 0, 2*maxTail), t.entries[n-keep+1:]...)
	}
	t.entries = append(t.entries, x.events...)
	part := Part{After: t.after, Entries: t.entries[:len(t.entries):len(t.entries)], Epoch: t.epoch, Own: true}
	for i, w := range writes {
		if outcomes[i] == nil && w.batch.after != nil {
			w.batch.log = &part
		}
	}
}

const insertEvent = `INSERT INTO events (org_id, seq, type, at, command, body) VALUES (?, ?, ?, ?, ?, ?)`

// addEvent puts an event into the log; its id is told to who follows.
func (b *Batch) addEvent(org string, e *page.Event) {
	b.Add(insertEvent, org, e.Seq, string(e.Type), int64(e.At), e.Command, string(wire.Marshal(e)))
	s := &b.statements[len(b.statements)-1]
	s.org, s.event = org, e
}
