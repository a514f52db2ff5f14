package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"

	"statuspage/shared/page"
	"statuspage/shared/wire"
)

// Replay is the organisation's log behind one seq and up to another, oldest first, in today's words: what was withdrawn
// is not told again. ErrStale says that this copy of the database has not got event `seen` yet: its words may be older
// than those that were seen.
func (o *Org) Replay(ctx context.Context, after, upTo, seen int64) ([]page.Event, error) {
	events, err := o.EventsSince(ctx, after, int(upTo-after))
	if err != nil {
		return nil, err
	}
	// After the events: words that are newer than these are as good.
	words, head, err := o.words(ctx, events)
	if err != nil {
		return nil, fmt.Errorf("read today's words: %w", err)
	}
	if head < seen {
		return nil, ErrStale
	}
	for i := range events {
		events[i] = events[i].Today(words)
	}
	return events, nil
}

var wordsQuery = sync.OnceValue(func() string {
	var q strings.Builder
	q.WriteString(`SELECT 0, (SELECT max(seq) FROM events WHERE org_id = ?1), ` + orgJSON +
		` FROM organizations WHERE id = ?1`)
	for i, kind := range page.Nouns() {
		if words := nouns[kind].words; words != "" {
			fmt.Fprintf(&q, "\nUNION ALL SELECT %d, 0, x FROM (%s)", rowKinds+i, words)
		}
	}
	return q.String()
})

// words are the texts that the objects of some events have now, after event head.
func (o *Org) words(ctx context.Context, events []page.Event) (w *page.Words, head int64, err error) {
	w = (&page.State{}).Words()
	objects, entries := subjects(events)
	err = o.db.rows(ctx, wordsQuery(), []any{o.id, jsonList(objects), jsonList(entries)}, func(rows *sql.Rows) error {
		var row int
		var seq int64
		var body []byte
		if err := rows.Scan(&row, &seq, &body); err != nil {
			return err
		}
		head = max(head, seq)
		return addWords(w, row, body)
	})
	return w, head, err
}

func addWords(w *page.Words, row int, body []byte) error {
	if row == rowPage {
		return decoded(body, &w.Org)
	}
	return nouns[kindOf(row)].word(w, body)
}

func addWord[T any, P interface {
	*T
	wire.Object
}](to map[string]T, body []byte, id func(*T) string) error {
	var x T
	if err := decoded(body, P(&x)); err != nil {
		return err
	}
	to[id(&x)] = x
	return nil
}

// subjects are the ids of what some events are about, of the services that they name, and of the entries that they
// carry.
func subjects(events []page.Event) (objects, entries []string) {
	for i := range events {
		kind, id := events[i].Of()
		if n := nouns[kind]; n != nil && n.words != "" {
			objects = append(objects, id)
			if n.about != nil {
				named, carried := n.about(&events[i])
				objects, entries = append(objects, named...), append(entries, carried...)
			}
		}
	}
	return objects, entries
}

// Anew is an object of the log with the words that it has today; without any when it is gone. A service that is there
// keeps the name that it had: whoever wrote it is answered the same when it was named anew.
func (o *Org) Anew(ctx context.Context, kind page.Noun, x wire.Object) (wire.Object, error) {
	n := nouns[kind]
	if n == nil {
		return nil, fmt.Errorf("a page has no %q", kind)
	}
	events := n.events(x)
	words, _, err := o.words(ctx, events)
	if err != nil {
		return nil, fmt.Errorf("read today's words: %w", err)
	}
	for i := range events {
		events[i] = events[i].Today(words)
	}
	return n.again(events, x, words), nil
}

// jsonList is a list of ids as json_each takes it. Ids need no escapes.
func jsonList(ids []string) string {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) == 0 {
		return "[]"
	}
	return `["` + strings.Join(ids, `","`) + `"]`
}
