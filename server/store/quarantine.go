package store

import (
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
)

// maxNoted bounds how many unreadable rows are remembered, and so said only once.
const maxNoted = 10_000

// quarantine remembers what could not be read, so that each is said once.
type quarantine struct {
	mu    sync.Mutex
	known map[string]bool
	count int64
}

// note says once, with its organisation and id, that a row cannot be read.
func (q *quarantine) note(u *Unreadable) {
	key := u.OrgID + " " + u.Kind + " " + u.ID
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.known[key] {
		return
	}
	if len(q.known) >= maxNoted {
		clear(q.known)
	}
	if q.known == nil {
		q.known = map[string]bool{}
	}
	q.known[key] = true
	q.count++
	slog.Error("this cannot be read; its page is left as it is, and all others go on", "organization", u.OrgID, "kind",
		u.Kind, "id", u.ID, "error", u.why)
}

// UnreadableRows counts the rows that could not be read since the start, each once.
func (db *DB) UnreadableRows() int64 {
	db.quarantine.mu.Lock()
	defer db.quarantine.mu.Unlock()
	return db.quarantine.count
}

// IsUnreadable says that a row was there and could not be read.
func IsUnreadable(err error) bool { return unreadable(err) }

// Broken makes an Unreadable of an object that breaks whoever works with it.
func Broken(orgID, kind, id string, why any) *Unreadable {
	return &Unreadable{OrgID: orgID, Kind: kind, ID: id, why: fmt.Sprint(why)}
}

// Note says once that something cannot be read.
func (db *DB) Note(u *Unreadable) { db.quarantine.note(u) }

// spoiled turns an error of a row's scan into an Unreadable that names the row, as far as its columns do; nil when the
// error is another.
func spoiled(rows *sql.Rows, kind string, err error) *Unreadable {
	var u *Unreadable
	if !errors.As(err, &u) {
		if !strings.HasPrefix(err.Error(), "sql: Scan error") {
			return nil
		}
		u = &Unreadable{why: err.Error()}
	}
	if u.Kind == "" || u.Kind == "row" {
		u.Kind = kind
	}
	columns, no := rows.Columns()
	if no != nil || u.OrgID != "" && u.ID != "" {
		return u
	}
	values := make([]any, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	if rows.Scan(into...) != nil {
		return u
	}
	for i, name := range columns {
		text := fmt.Sprint(values[i])
		if raw, is := values[i].([]byte); is {
			text = string(raw)
		}
		switch {
		case u.OrgID == "" && name == "org_id":
			u.OrgID = text
		case u.ID == "" && name == "id":
			u.ID = text
		case u.ID == "" && strings.HasPrefix(text, "{"):
			u.ID = idIn([]byte(text))
		}
	}
	return u
}

// mine is an error of reading one of the organisation's objects: said once, with its id.
func (o *Org) mine(kind, id string, err error) error {
	var u *Unreadable
	if errors.As(err, &u) {
		if u.OrgID == "" {
			u.OrgID = o.id
		}
		if u.Kind == "" || u.Kind == "row" {
			u.Kind = kind
		}
		if u.ID == "" {
			u.ID = id
		}
		o.db.quarantine.note(u)
	}
	return err
}
