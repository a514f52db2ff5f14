package store

import (
	"database/sql/driver"
	"errors"
	"io"
	"time"
)

// followed is how many events a write's request reads at most.
const followed = 64

// Follow lets the request of a write read the log behind an event, too, once the write is committed: who wrote goes on
// from there without another question. A file is not asked: what this process wrote to it is handed over. See Followed.
func (b *Batch) Follow(after Anchor) { b.after = &after }

// Followed is the log as it was when the batch was committed, with its events; false when it was not read.
func (b *Batch) Followed() (Part, bool) {
	if b.log == nil {
		return Part{}, false
	}
	return *b.log, true
}

// follow reads what came with a write's outcome. What is wrong with it is found out by who asks the log itself.
func (db *DB) follow(b *Batch) {
	if b.rows == nil {
		return
	}
	l := reading{Part: Part{After: b.rows.after}, is: b.rows.after, begun: b.rows.begun}
	for {
		cells := make([]driver.Value, 6)
		if err := b.rows.Next(cells); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return
		}
		at, body, whole := logRow(cells)
		if !whole {
			return
		}
		l.row(db, at, body)
	}
	if log, err := l.done(db); err == nil {
		carried(log.Entries, b.rows.writes)
		b.log = &log
	}
}

// logRow takes a row of logQuery apart.
func logRow(cells []driver.Value) (at Anchor, body []byte, whole bool) {
	var is [6]bool
	at.ID, is[0] = cells[0].(int64)
	at.OrgID, is[1] = cells[1].(string)
	at.Seq, is[2] = cells[2].(int64)
	switch text := cells[3].(type) {
	case string:
		body, is[3] = []byte(text), true
	case []byte:
		body, is[3] = text, true
	}
	at.At, is[4] = cells[4].(int64)
	at.Command, is[5] = cells[5].(string)
	return at, body, is == [6]bool{true, true, true, true, true, true}
}

// logRows is an answer of logQuery, with the anchor behind which it was asked.
type logRows struct {
	answered
	after  Anchor
	begun  time.Time // before the database was asked
	writes []*write  // that went together
}
