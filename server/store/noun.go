package store

import (
	"context"
	"slices"
	"strings"
	"sync"

	"statuspage/shared/page"
	"statuspage/shared/wire"
)

// noun is what the store asks of a kind of object of the page; its file registers it. What may be nil says so.
type noun struct {
	tables  []orgTable // that hold it, those first that refer to others
	project func(b *Batch, org string, e *page.Event, before page.State)

	// state are the queries of its objects in stateQuery, without UNION ALL: one column, the whole object, or as it is
	// without its timeline. Nil where the page has one such object.
	state func(timelines bool) []string
	// words is the query of the words of its objects: one column. ?1 is the organisation, ?2 their ids, ?3 those of
	// entries.
	words string
	// find is the query of one object, with the organisation and its id; "" where the state leaves none out.
	find string
	add  func(s *page.State, body []byte) error // takes a row of state in
	word func(w *page.Words, body []byte) error // takes a row of words in
	// timelines reads the timelines of all objects of a page; nil where they have none.
	timelines func(ctx context.Context, o *Org, s *page.State) error

	// about are the ids of what an event names beside its object, and of the entries that it carries; may be nil.
	about func(e *page.Event) (objects, entries []string)
	// head is the object of an event, with its entry as its whole timeline where that is asked for.
	head func(e *page.Event, entry bool) wire.Object
	// clip is an object with the beginnings of its texts and lists.
	clip func(wire.Object) wire.Object
	// events tells an object as events, one for each entry of its timeline.
	events func(wire.Object) []page.Event
	// again is the object of such events, which have today's words by now. was is as it was written.
	again func(events []page.Event, was wire.Object, w *page.Words) wire.Object
}

// nouns are the kinds of objects of the page, each registered by its own file. Their order is the page's.
var nouns = map[page.Noun]*noun{}

// nounOf is the kind of the object that an event carries; nil when it carries none.
func nounOf(e *page.Event) *noun {
	kind, _ := e.Of()
	return nouns[kind]
}

// timeline says whether objects of a kind grow with each event.
func timeline(kind string) bool {
	n := nouns[page.Noun(kind)]
	return n != nil && n.timelines != nil
}

// timelines are the kinds that grow with each event, as a list in SQL.
var timelines = sync.OnceValue(func() string {
	var kinds []string
	for _, kind := range page.Nouns() {
		if timeline(string(kind)) {
			kinds = append(kinds, "'"+string(kind)+"'")
		}
	}
	return strings.Join(kinds, ", ")
})

// The numbers of rows in stateQuery and wordsQuery: a kind's place in page.Nouns follows the first.
const (
	rowPage  = 0
	rowKinds = 1
	rowEvent = -1
)

// kindOf is the kind of objects that a row of such a number has; "" when there is none.
func kindOf(row int) page.Noun {
	if all := page.Nouns(); row >= rowKinds && row-rowKinds < len(all) {
		return all[row-rowKinds]
	}
	return ""
}

// Object reads an object of the page, also one that the state left out; ErrNone.
func (o *Org) Object(ctx context.Context, kind page.Noun, id string) (wire.Object, error) {
	n := nouns[kind]
	if n == nil || n.find == "" {
		return nil, ErrNone
	}
	x := kind.Blank()
	return x, o.read(ctx, kind, id, x)
}

// read reads an object of the page by its id; ErrNone.
func (o *Org) read(ctx context.Context, kind page.Noun, id string, x wire.Object) error {
	var body []byte
	err := o.db.row(ctx, nouns[kind].find, []any{o.id, id}, &body)
	if err == nil {
		err = decoded(body, x)
	}
	return o.mine(string(kind), id, err)
}

// orgTable is a table with rows of an organisation, and the columns that name a row.
type orgTable struct{ table, key string }

// tablesOfNouns are all tables of the page's objects, those first that refer to others.
func tablesOfNouns() (all []orgTable) {
	for _, kind := range slices.Backward(page.Nouns()) {
		all = append(all, nouns[kind].tables...)
	}
	return all
}
