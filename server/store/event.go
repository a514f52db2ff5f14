package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"statuspage/shared/page"
	"statuspage/shared/wire"
)

// Entry is an event where it stands in the log of all organisations.
type Entry struct {
	ID    int64 // ascends in the order of commits
	OrgID string
	Event page.Event
	At    Anchor // the event itself, for who goes on behind it; only of EventsAfter
	// Bad says that the event cannot be read: of it there is only where it stands.
	Bad *Unreadable

	after *Carried // nil but for what was decided in this process; see Take
}

const entryColumns = `id, org_id, seq, body`

// scanEntry reads an event of entryColumns.
func scanEntry(rows *sql.Rows, e *Entry) error {
	var body []byte
	var seq int64
	if err := rows.Scan(&e.ID, &e.OrgID, &seq, &body); err != nil {
		return err
	}
	if bad := e.read(body, seq); bad != nil {
		return bad
	}
	return nil
}

// read takes the event out of its body. One that says another seq than it stands at, or is about nothing, is none.
func (e *Entry) read(body []byte, seq int64) *Unreadable {
	no := func(why string) *Unreadable {
		return &Unreadable{OrgID: e.OrgID, Kind: "event", ID: wire.Itoa(e.ID), why: why}
	}
	if err := wire.Unmarshal(body, &e.Event); err != nil {
		return no(err.Error())
	}
	switch {
	case e.Event.Seq != seq:
		return no("it stands at seq " + wire.Itoa(seq) + " and says " + wire.Itoa(e.Event.Seq))
	case !e.Event.Whole():
		return no("it is about nothing")
	}
	return nil
}

// Anchor is the newest event that somebody has read of the log of all organisations; the zero Anchor is before the
// first.
type Anchor struct {
	ID      int64
	OrgID   string
	Seq, At int64
	Command string
}

// ErrWentBack says that the event which was read last is not in the log any more: the database has lost what it had
// acknowledged, or is a copy that has not got it yet.
var ErrWentBack = errors.New("the log ends before what was read of it, or is another")

// head is the newest id that the log ever gave; 0 when there was none. The row itself may be gone, with its
// organisation.
const head = `coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)`

// logQuery reads where the log ends with what else a region follows (a row with the id 0: epoch, end, departures,
// heartbeat, monitors and admissions), the anchor (?1) without its body, and events behind it: ?2 rows at most, of ?3
// bytes, but one event at least.
const logQuery = `SELECT 0 AS id, coalesce((SELECT value FROM meta WHERE key = 'epoch'), '') AS org_id, ` + head +
	` AS seq,
 coalesce((SELECT value FROM meta WHERE key = 'departed'), '') AS body, coalesce((SELECT at FROM heartbeat WHERE id =
 1), 0) AS at,
 coalesce((SELECT value FROM meta WHERE key = 'monitors'), '') || ' ' || coalesce((SELECT value FROM meta WHERE key =
 'admissions'), '') AS command UNION ALL
SELECT id, org_id, seq, body, at, command FROM (
 SELECT id, org_id, seq, CASE WHEN id > ?1 THEN body ELSE '' END AS body, at, command,
  sum(CASE WHEN id > ?1 THEN octet_length(body) ELSE 0 END) OVER (ORDER BY id) AS total, sum(id > ?1) OVER (ORDER BY id)
  AS n
 FROM (SELECT id, org_id, seq, body, at, command FROM events WHERE id >= ?1 ORDER BY id LIMIT ?2) subquery) subquery
 WHERE total <= ?3 OR n <= 1 ORDER BY 1`

// Part is what one reading of the log of all organisations found, all of one moment.
type Part struct {
	After   Anchor  // behind which it was read
	Entries []Entry // oldest first, with those that cannot be read
	More    bool    // there is more of it
	Epoch   string
	Beat    int64 // the newest heartbeat, in ms; 0 when there is none
	// Departed is another one whenever organisations were deleted or restored; see DeletedOrgs.
	Departed string
	// Monitors is another one whenever a monitor was changed; see Watched.
	Monitors string
	// Own says that it is what this process wrote itself: it is the log of a file, not of a copy that may be another
	// one.
	Own bool
}

// EventsAfter is PartAfter's entries.
func (db *DB) EventsAfter(ctx context.Context, after Anchor, limit int) (found []Entry, more bool, err error) {
	l, err := db.PartAfter(ctx, after, limit)
	return l.Entries, l.More, err
}

// PartAfter reads the log of all organisations behind an event, in one question. An answer that is too large for the
// database is asked for in halves, down to one event. With ErrWentBack there is the epoch.
func (db *DB) PartAfter(ctx context.Context, after Anchor, limit int) (l Part, err error) {
	for n := limit; ; n /= 2 {
		l, err = db.partAfter(ctx, after, n, logQuery)
		if !errors.Is(err, ErrAnswerTooLarge) {
			return l, err
		}
		if n <= 1 {
			break
		}
	}
	// One event is more than the database answers: it cannot be read by anybody.
	return db.partAfter(ctx, after, 1, strings.Replace(logQuery, "THEN body ELSE", "THEN '' ELSE", 1))
}

func (db *DB) partAfter(ctx context.Context, after Anchor, limit int, query string) (Part, error) {
	l := reading{Part: Part{After: after}, is: after, begun: time.Now()}
	err := db.rows(ctx, query, logArgs(after, limit), func(rows *sql.Rows) error {
		var at Anchor
		var body []byte
		if err := rows.Scan(&at.ID, &at.OrgID, &at.Seq, &body, &at.At, &at.Command); err != nil {
			return err
		}
		l.row(db, at, body)
		return nil
	})
	if err != nil {
		return Part{}, err
	}
	return l.done(db)
}

func logArgs(after Anchor, limit int) []any { return []any{after.ID, limit + 1, readBytes} }

// reading takes the rows of logQuery in.
type reading struct {
	Part
	end   int64
	is    Anchor    // what stands where the anchor stood
	begun time.Time // before the database was asked
	// admissions is another one whenever it was changed who may come in; see DB.Admissions.
	admissions string
}

func (l *reading) row(db *DB, at Anchor, body []byte) {
	switch at.ID {
	case 0:
		l.Epoch, l.end, l.Departed, l.Beat = at.OrgID, at.Seq, string(body), at.At
		l.Monitors, l.admissions, _ = strings.Cut(at.Command, " ")
		return
	case l.After.ID:
		l.is = at
		return
	}
	e := Entry{ID: at.ID, OrgID: at.OrgID, At: at}
	if bad := e.read(body, at.Seq); bad != nil {
		e.Event, e.Bad = page.Event{}, bad
		db.quarantine.note(bad)
	}
	l.Entries = append(l.Entries, e)
}

// done holds what was read against the anchor: one that is not there was erased with its organisation, or the log ends
// before it.
func (l *reading) done(db *DB) (Part, error) {
	if l.end < l.After.ID || l.is != l.After {
		return Part{Epoch: l.Epoch}, ErrWentBack
	}
	db.admissions.heard(l.Epoch, l.admissions, l.begun)
	l.More = len(l.Entries) > 0 && l.Entries[len(l.Entries)-1].ID < l.end
	return l.Part, nil
}

// headQuery reads the newest event that the log ever had, without its body, and the epoch.
const headQuery = `SELECT subquery.id, coalesce(e.org_id, ''), coalesce(e.seq, 0), coalesce(e.at, 0),
  coalesce(e.command, ''),
 coalesce((SELECT value FROM meta WHERE key = 'epoch'), '') FROM (SELECT ` + head +
	` AS id) subquery LEFT JOIN events e ON e.id = subquery.id`

// LastEvent is the newest event that the log ever had; the zero Anchor when it had none, and only an ID when it was
// erased.
func (db *DB) LastEvent(ctx context.Context) (Anchor, error) {
	var a Anchor
	var epoch string
	err := db.row(ctx, headQuery, nil, &a.ID, &a.OrgID, &a.Seq, &a.At, &a.Command, &epoch)
	return a, err
}

// LastEventID is the newest id of the log; 0 when it is empty.
func (db *DB) LastEventID(ctx context.Context) (int64, error) {
	a, err := db.LastEvent(ctx)
	return a.ID, err
}

// EventsSince is the organisation's log behind a seq, oldest first, read in parts.
func (o *Org) EventsSince(ctx context.Context, seq int64, limit int) ([]page.Event, error) {
	events := []page.Event{}
	for len(events) < limit {
		entries, err := list(ctx, o.db, `SELECT `+entryColumns+` FROM (SELECT `+entryColumns+
			`, sum(octet_length(body)) OVER (ORDER BY seq) AS total,
  row_number() OVER (ORDER BY seq) AS n FROM (SELECT `+entryColumns+
			` FROM events WHERE org_id = ? AND seq > ? ORDER BY seq LIMIT ?) subquery) subquery
 WHERE total <= ? OR n = 1 ORDER BY seq`, []any{o.id, seq, limit - len(events), readBytes}, scanEntry)
		if err != nil {
			return nil, o.mine("event", "", err)
		}
		if len(entries) == 0 {
			break
		}
		for i := range entries {
			events = append(events, entries[i].Event)
		}
		seq = events[len(events)-1].Seq
	}
	return events, nil
}
