package store

import (
	"context"
	"database/sql"
	"math"

	"statuspage/shared/page"
	"statuspage/shared/wire"
)

// readBytes is how much of the log one query asks for at most, as far as rows have room for it: sqld answers with 10 MB
// at most.
const readBytes = 2 << 20

// logged are the kinds of objects that the log holds whole: what is kept elsewhere may refer to it.
func logged(kind string) bool { return nouns[page.Noun(kind)] != nil }

// ObjectAt is an object as it was when event seq had happened, as a command that is about it is answered; nil when
// there was none. Every event of the object is read.
func (o *Org) ObjectAt(ctx context.Context, kind, id string, seq int64) (wire.Object, error) {
	f := folded{kind: kind, id: id}
	if !timeline(kind) { // each of their events has all of them
		e, err := o.lastAbout(ctx, kind+":"+id, seq)
		if err != nil || e == nil {
			return nil, err
		}
		f.add(e)
		return f.object(), nil
	}
	err := o.about(ctx, kind+":"+id, 0, seq, func(e *page.Event) error { f.add(e); return nil })
	return f.object(), err
}

// about reads the events of an object, kind:id, behind one seq and up to another, in parts of readBytes.
func (o *Org) about(ctx context.Context, object string, after, until int64, each func(*page.Event) error) error {
	for after < until {
		upTo, err := o.part(ctx, object, after, until)
		if err != nil || upTo == 0 {
			return err
		}
		entries, err := list(ctx, o.db, `SELECT `+entryColumns+` FROM events WHERE org_id = ? AND object = ? AND seq > ?
  AND seq <= ? ORDER BY seq`,
			[]any{o.id, object, after, upTo}, scanEntry)
		if err != nil {
			return err
		}
		for i := range entries {
			if err := each(&entries[i].Event); err != nil {
				return err
			}
		}
		after = upTo
	}
	return nil
}

// part is the seq up to which events have readBytes together; at least one. 0 when there are none.
func (o *Org) part(ctx context.Context, object string, after, until int64) (upTo int64, err error) {
	bytes := int64(0)
	err = o.db.rows(ctx, `SELECT seq, octet_length(body) FROM events WHERE org_id = ? AND object = ? AND seq > ? AND seq
  <= ? ORDER BY seq LIMIT 1000`,
		[]any{o.id, object, after, until}, func(rows *sql.Rows) error {
			var seq, n int64
			if err := rows.Scan(&seq, &n); err != nil {
				return err
			}
			if bytes += n; upTo == 0 || bytes <= readBytes {
				upTo = seq
			} else {
				bytes = math.MaxInt64 / 2 // what follows waits for the next part
			}
			return nil
		})
	return upTo, err
}

// lastAbout is the newest event of an object up to a seq; nil when there is none.
func (o *Org) lastAbout(ctx context.Context, object string, seq int64) (*page.Event, error) {
	entries, err := list(ctx, o.db, `SELECT `+entryColumns+` FROM events WHERE org_id = ? AND object = ? AND seq <= ?
  ORDER BY seq DESC LIMIT 1`,
		[]any{o.id, object, seq}, scanEntry)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	return &entries[0].Event, nil
}

// folded is one object, made of its events.
type folded struct {
	kind, id string
	state    page.State
}

func (f *folded) add(e *page.Event) { f.state = page.Evolve(f.state, e) }

func (f *folded) object() wire.Object {
	x, _ := f.state.Object(page.Noun(f.kind), f.id)
	return x
}

func (f *folded) version() int64 {
	_, version := f.state.Object(page.Noun(f.kind), f.id)
	return version
}

// text is the object as JSON; "" where there is none.
func (f *folded) text() string { return textOf(f.object()) }

func textOf(x wire.Object) string {
	if x == nil {
		return ""
	}
	return string(wire.Marshal(x))
}

// same says whether a text is the object: to the byte, or as an older version wrote it, without fields that were added
// since.
func (f *folded) same(text string) bool {
	own := f.text()
	if own == text {
		return true
	}
	if own == "" || text == "" {
		return false
	}
	read := page.Noun(f.kind).Blank()
	return decoded([]byte(text), read) == nil && textOf(read) == own
}
