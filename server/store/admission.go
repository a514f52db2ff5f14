package store

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// admissionsAge is how old the newest look at the log may be, from when it began, for who was let in before to be let
// in again without another look: what other processes changed is heard of by then.
const admissionsAge = time.Second

// admissions counts the changes of who may come in, as far as this process has heard of them.
type admissions struct {
	mu    sync.Mutex
	count uint64
	mark  string    // what the log said of them, with its epoch
	begun time.Time // when the look at the log began that said so
}

// Admissions counts how often it was changed who may come in: members, accounts, sessions, keys, organisations. A
// change of this process counts before its writer hears that it is made; one of another process, when the log tells of
// it. Whoever was found to be let in after a count was taken may be let in for as long as the count stays. It is not
// known while the log was not read for admissionsAge, and of a database whose schema does not tell.
func (db *DB) Admissions() (count uint64, known bool) {
	a := &db.admissions
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.count, a.mark != "" && time.Since(a.begun) < admissionsAge
}

func (a *admissions) changed() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count++
}

// heard takes in what a look at the log said that began at a moment. What an earlier one said is old.
func (a *admissions) heard(epoch, mark string, begun time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if mark == "" || begun.Before(a.begun) {
		return
	}
	if mark = epoch + " " + mark; mark != a.mark {
		a.count++
	}
	a.mark, a.begun = mark, begun
}

// admitting are the tables that say who may come in. Migration 93 has triggers on them, by which other processes hear.
var admitting = map[string]bool{
	"members": true, "users": true, "sessions": true, "ended_sessions": true, "organizations": true,
	"deleted_organizations": true, "organization_security": true, "api_keys": true, "external_organizations": true,
}

// alike are how statements begin that write to one of these tables, are frequent, and change nothing for whom was let
// in before: who signs in has a new session, whose next tokens come every few minutes.
var alike = []string{
	"INSERT INTO sessions (", "UPDATE sessions SET generation = ", "UPDATE sessions SET org_id = ",
	"UPDATE users SET last_org = ", "UPDATE api_keys SET last_used_at = ",
	"DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < ",
	"DELETE FROM ended_sessions WHERE session_id IN (SELECT session_id FROM ended_sessions WHERE until < ",
}

// admits says whether a batch may change who may come in: it writes to such a table, or begins as no other does.
func (b *Batch) admits() bool {
	for i := range b.statements {
		text := b.statements[i].text
		begins := func(with string) bool { return strings.HasPrefix(text, with) }
		if table, known := written(text); !known || admitting[table] && !slices.ContainsFunc(alike, begins) {
			return true
		}
	}
	return false
}

// written is the table that a statement writes to, beside those of its triggers.
func written(text string) (table string, known bool) {
	for _, begins := range []string{"INSERT INTO ", "UPDATE ", "DELETE FROM "} {
		if rest, is := strings.CutPrefix(text, begins); is {
			end := strings.IndexAny(rest, " \n(")
			if end < 0 {
				end = len(rest)
			}
			return rest[:end], true
		}
	}
	return "", false
}
