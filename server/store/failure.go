package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/mattn/go-sqlite3"

	"statuspage/shared/fault"
)

// Trouble is what keeps a database from doing its work, in the words of /readyz.
type Trouble string

// The kinds of trouble.
const (
	Full        Trouble = "full"
	ReadOnly    Trouble = "read-only"
	Removed     Trouble = "removed" // the file has lost its name
	Damaged     Trouble = "damaged"
	Failing     Trouble = "failing" // the disk or the file system
	Locked      Trouble = "locked"
	Unreachable Trouble = "unreachable"
	Unmigrated  Trouble = "not migrated"
	TooMuch     Trouble = "unable to answer so much"
	Stalled     Trouble = "writes stalled"
)

// told is what a caller may read of each trouble, and after how many seconds he may try again.
var told = map[Trouble]struct {
	sentence string
	again    int
}{
	Full: {"The server's disk is full, so nothing can be saved. Its operator must make room; please try again " +
		"later.", 30},
	ReadOnly:    {"The server's disk can only be read, so nothing can be saved. Please try again later.", 30},
	Removed:     {"The server's database was taken away, so nothing can be saved. Please try again later.", 30},
	Damaged:     {"The server's database is damaged. Its operator must repair it; please try again later.", 60},
	Failing:     {"The server's disk is failing, so nothing can be saved. Please try again later.", 30},
	Locked:      {"The database is busy. Please try again.", 1},
	Unreachable: {"The database did not answer. Please try again, a write with the same Idempotency-Key.", 2},
	TooMuch:     {"This is more than the database answers at once. Ask for a shorter page of the list.", 60},
	Unmigrated:  {"The database is being brought up to date. Please try again.", 5},
}

// Failure is a fault of the database: the question was right, and may be asked again. To whoever looks for a
// fault.Error it is `unavailable` with Retry-After, whatever way it came, so that no caller hears of it as an error of
// his own.
type Failure struct {
	Trouble Trouble
	// Uncertain says that a batch may have been committed all the same.
	Uncertain bool
	err       error
}

func (f *Failure) Error() string {
	return "the database is " + string(f.Trouble) + ": " + f.err.Error()
}

func (f *Failure) Unwrap() error { return f.err }

// As is errors.As'.
func (f *Failure) As(target any) bool {
	e, is := target.(**fault.Error)
	if !is {
		return false
	}
	say := told[f.Trouble]
	*e = fault.New(fault.Unavailable, say.sentence)
	(*e).RetryAfter = say.again
	return true
}

// Unreadable is a row that was there and could not be read. It is a fault of the store, never of whoever asked.
type Unreadable struct {
	OrgID string // "" where nobody could tell
	Kind  string // event, service, template …
	ID    string
	why   string
}

func (u *Unreadable) Error() string {
	return fmt.Sprintf("%s %s of organisation %s cannot be read: %s", u.Kind, u.ID, u.OrgID, u.why)
}

// As is errors.As'.
func (u *Unreadable) As(target any) bool {
	e, is := target.(**fault.Error)
	if !is {
		return false
	}
	*e = fault.New(fault.Unavailable, "A part of this page's data cannot be read. Its operator has been told; please "+
		"try again later.")
	(*e).RetryAfter = 60
	return true
}

// unreadable says that a row was there, but is none.
func unreadable(err error) bool {
	var u *Unreadable
	return errors.As(err, &u)
}

// errTooBig says that a value or row is longer than a database takes.
var errTooBig = fault.New(fault.TooLarge, "This is more than can be kept in one piece.")

// tooBigWords are SQLite's for a value or row beyond its limit: one that is written is the caller's, one that is read
// is too much to answer.
const tooBigWords = "string or blob too big"

// ErrAnswerTooLarge says that a remote database has more to answer than it may: ask for less.
var ErrAnswerTooLarge = errors.New("the answer is larger than the database gives")

// failure recognises what is the database's fault. Other errors stay as they are: a constraint, no row, a mistake in a
// statement.
func (db *DB) failure(err error) error {
	var known *Failure
	var u *Unreadable
	switch {
	case err == nil, errors.Is(err, errTooBig), errors.As(err, &known), errors.As(err, &u),
		errors.Is(err, sql.ErrNoRows), errors.Is(err, context.Canceled):
		return err
	}
	text := err.Error()
	if strings.Contains(text, "malformed JSON") {
		return &Unreadable{Kind: "row", why: text}
	}
	if strings.Contains(text, "sql: Scan error") {
		return &Unreadable{Kind: "row", why: text}
	}
	if strings.Contains(text, "Response is too large") || strings.Contains(text, tooBigWords) {
		return &Failure{Trouble: TooMuch, err: fmt.Errorf("%w: %w", ErrAnswerTooLarge, err)}
	}
	if t := troubleOf(err); t != "" {
		if t == Failing && db.file.moved() != nil {
			t = Removed
		}
		return &Failure{Trouble: t, Uncertain: t == Unreachable || t == Failing, err: err}
	}
	if db.remote && unanswered(err) {
		return &Failure{Trouble: Unreachable, Uncertain: true, err: err}
	}
	return err
}

// troubleOf goes by SQLite's code where the driver hands it out, and by its words where a remote database only has
// these.
func troubleOf(err error) Trouble {
	var lite sqlite3.Error
	if errors.As(err, &lite) {
		if t := byErrno(lite.SystemErrno); t != "" {
			return t
		}
		return byCode[lite.Code]
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return Unreachable
	}
	for _, w := range byWords {
		if strings.Contains(err.Error(), w.words) {
			return w.trouble
		}
	}
	return ""
}

var byCode = map[sqlite3.ErrNo]Trouble{
	sqlite3.ErrFull: Full, sqlite3.ErrReadonly: ReadOnly, sqlite3.ErrPerm: ReadOnly, sqlite3.ErrIoErr: Failing,
	sqlite3.ErrCantOpen: Failing,
	sqlite3.ErrNomem:    Failing, sqlite3.ErrProtocol: Locked, sqlite3.ErrBusy: Locked, sqlite3.ErrLocked: Locked,
	sqlite3.ErrCorrupt: Damaged,
	sqlite3.ErrNotADB:  Damaged,
}

var byWords = []struct {
	words   string
	trouble Trouble
}{
	{"database or disk is full", Full}, {"attempt to write a readonly database", ReadOnly}, {"is locked", Locked},
	{"disk I/O error", Failing}, {"unable to open database file", Failing},
	{"database disk image is malformed", Damaged},
	{"file is not a database", Damaged}, {"no such table", Unmigrated}, {"no such column", Unmigrated},
	{"has no column named", Unmigrated},
}

func byErrno(no syscall.Errno) Trouble {
	switch no {
	case syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG:
		return Full
	case syscall.EROFS:
		return ReadOnly
	}
	return ""
}

// unanswered says that a remote database, or what lies before it, gave no answer to a statement: refused, reset, cut
// off, expired, or an error of the server itself.
func unanswered(err error) bool {
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, sql.ErrConnDone) {
		return true
	}
	text := err.Error()
	for _, answered := range []string{"SQLite error: ", "SQL input error: ", "could not be parsed",
		" constraint failed", "sql: ", "failed to marshal"} {
		if strings.Contains(text, answered) {
			return false
		}
	}
	for _, words := range []string{"error code ", "stream is closed", "no response received", "stream has expired",
		"ransaction timed out", "imed out",
		"invalid character", "unexpected end of JSON", "Internal Error", "baton", "namespace", "Namespace"} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}
