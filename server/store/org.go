package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Org is the data of one organisation and nothing else: the handle knows its tenant.
type Org struct {
	db *DB
	id string
}

// Org is the handle of an organisation, whether there is one or not.
func (db *DB) Org(id string) *Org { return &Org{db, id} }

// ID is the organisation's.
func (o *Org) ID() string { return o.id }

// OrgBySlug finds an organisation's id by its slug in either case; ErrNone, also for one that was deleted.
func (db *DB) OrgBySlug(ctx context.Context, text string) (id string, err error) {
	slug, ok := page.Slug(text)
	if !ok {
		return "", ErrNone
	}
	err = db.row(ctx, `SELECT o.id FROM organizations o WHERE o.slug = ? AND `+notDeleted("o.id"), []any{slug}, &id)
	return id, err
}

// OrgByHost finds the organisation that is served under a host name; ErrNone.
func (db *DB) OrgByHost(ctx context.Context, host string) (id string, err error) {
	err = db.row(ctx, `SELECT id FROM organizations WHERE hostname = ?`, []any{host}, &id)
	return id, err
}

// AnyOrg says whether there is an organisation at all.
func (db *DB) AnyOrg(ctx context.Context) (bool, error) {
	var n int
	err := db.row(ctx, `SELECT count(*) FROM (SELECT 1 FROM organizations LIMIT 1)`, nil, &n)
	return n > 0, err
}

// stateQuery is the whole page in one statement, so that it is one moment of the database, in the process or over HTTP.
// ?1 is the organisation, ?2 the oldest day of history, ?3 how many closed objects to keep.
var stateQuery = sync.OnceValue(func() string { return stateOfObjects(true) })

// stateOfObjects is stateQuery, with the timelines of what has one or without.
func stateOfObjects(timelines bool) string {
	var q strings.Builder
	q.WriteString(`
SELECT 0, json_object('org', json(` + orgJSON + `), 'seq', (SELECT max(seq) FROM events WHERE org_id = ?1),
  'at', (SELECT at FROM events WHERE org_id = ?1 ORDER BY seq DESC LIMIT 1), 'head', ` + head +
		`) FROM organizations WHERE id = ?1`)
	for i, kind := range page.Nouns() {
		if n := nouns[kind]; n.state != nil {
			for _, objects := range n.state(timelines) {
				fmt.Fprintf(&q, "\nUNION ALL SELECT %d, x FROM (%s)", rowKinds+i, objects)
			}
		}
	}
	fmt.Fprintf(&q, `
UNION ALL SELECT * FROM (SELECT %d, body FROM events WHERE org_id = ?1 ORDER BY seq DESC LIMIT 1)`, rowEvent)
	return q.String()
}

// State reads the page at its newest seq; ErrNone when there is no such organisation. now only bounds how much history
// is read.
func (o *Org) State(ctx context.Context, now status.Time) (page.State, error) {
	s, _, err := o.StateAt(ctx, now)
	return s, err
}

// StateAt is State with the newest id of the whole log at that moment. When rows of the page, or its newest event,
// cannot be read, there is the page without them beside an Unreadable.
func (o *Org) StateAt(ctx context.Context, now status.Time) (page.State, int64, error) {
	s, head, err := o.stateOf(ctx, stateQuery(), now)
	if errors.Is(err, ErrAnswerTooLarge) {
		return o.stateInParts(ctx, now)
	}
	return s, head, err
}

func (o *Org) stateOf(ctx context.Context, query string, now status.Time) (s page.State, head int64, err error) {
	var bad *Unreadable
	args := []any{o.id, now.DayNumber() - status.KeepDays, page.KeepClosed}
	err = o.db.rows(ctx, query, args, func(rows *sql.Rows) error {
		var kind int
		var body []byte
		if err := rows.Scan(&kind, &body); err != nil {
			return err
		}
		err := o.addTo(&s, &head, kind, body)
		if !errors.As(err, &bad) || s.Org.ID == "" {
			return err
		}
		o.db.quarantine.note(bad)
		return nil
	})
	if err != nil {
		return page.State{}, 0, fmt.Errorf("read the page: %w", o.mine("page", o.id, err))
	}
	if s.Org.ID == "" {
		return page.State{}, 0, ErrNone
	}
	for i := range s.Services {
		s.Services[i].Days = status.Trimmed(s.Services[i].Days, s.At)
	}
	s = page.Assemble(s)
	if bad != nil {
		return s, head, bad
	}
	return s, head, nil
}

// top is the first row: the page without its lists, and where the log stands.
type top struct {
	state *page.State
	head  *int64
}

func (t top) Wire(f *wire.Fields) {
	t.state.Wire(f)
	f.Int("head", t.head)
}

// addTo takes a row in. One that cannot be read is left out, and named.
func (o *Org) addTo(s *page.State, head *int64, kind int, body []byte) error {
	var err error
	name := string(kindOf(kind))
	switch kind {
	case rowPage:
		name, err = "page", decoded(body, top{s, head})
	case rowEvent:
		var e page.Event
		name = "event"
		if err = decoded(body, &e); err == nil && (e.Seq != s.Seq || !e.Whole()) {
			err = &Unreadable{why: "the newest event is not the one that its place says"}
		}
	default:
		err = nouns[page.Noun(name)].add(s, body)
	}
	var u *Unreadable
	if errors.As(err, &u) {
		u.OrgID, u.Kind = o.id, name
		if u.ID == "" {
			u.ID = idIn(body)
		}
	}
	return err
}

func added[T any](list *[]T, body []byte, object func(*T) wire.Object) error {
	var x T
	err := decoded(body, object(&x))
	if err == nil {
		*list = append(*list, x)
	}
	return err
}

// idIn is the id that a row says, however the rest of it is.
func idIn(body []byte) string {
	var x struct {
		ID  string `json:"id"`
		Seq int64  `json:"seq"`
	}
	_ = json.Unmarshal(body, &x)
	if x.ID == "" && x.Seq != 0 {
		return "seq " + wire.Itoa(x.Seq)
	}
	return x.ID
}

// decoded reads an object that the store wrote. What cannot be read is the store's fault, not the caller's.
func decoded(body []byte, x wire.Object) error {
	if err := wire.Unmarshal(body, x); err != nil {
		return &Unreadable{Kind: "row", why: fmt.Sprintf("%v in %.200s", err, body)}
	}
	return nil
}
