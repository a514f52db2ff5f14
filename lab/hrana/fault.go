package hrana

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/mattn/go-sqlite3"
)

// protocolError is a client that broke the protocol: 400, plain text, and the stream is gone.
type protocolError string

func (e protocolError) Error() string { return string(e) }

// internalError is everything that sqld answers as a server error: `{"error": …}` and the stream is gone.
type internalError struct {
	status  int
	message string
}

func (e *internalError) Error() string { return e.message }

func internal(format string, args ...any) error {
	return &internalError{http.StatusInternalServerError, "Internal Error: `" + fmt.Sprintf(format, args...) + "`"}
}

// errExpired is a baton whose stream was idle for too long; it is answered once as an Error with status 400.
var errExpired = &Error{"The stream has expired due to inactivity", "STREAM_EXPIRED"}

// errTooLarge ends a whole batch at once and leaves its transaction open, as in sqld.
var errTooLarge = &Error{"Response is too large", "RESPONSE_TOO_LARGE"}

var errTxTimeout = &Error{"Transaction timed out", "TRANSACTION_TIMEOUT"}

const (
	errBatonInvalid = protocolError("Received an invalid baton")
	errBatonReused  = protocolError("Received a baton that has already been used")
	errStreamClosed = protocolError("Stream for this baton was closed")
)

// codes are sqld's: the primary result code only, never the extended one.
var codes = map[sqlite3.ErrNo]string{
	sqlite3.ErrInternal: "SQLITE_INTERNAL", sqlite3.ErrPerm: "SQLITE_PERM", sqlite3.ErrAbort: "SQLITE_ABORT",
	sqlite3.ErrBusy: "SQLITE_BUSY", sqlite3.ErrLocked: "SQLITE_LOCKED", sqlite3.ErrNomem: "SQLITE_NOMEM",
	sqlite3.ErrReadonly: "SQLITE_READONLY", sqlite3.ErrInterrupt: "SQLITE_INTERRUPT", sqlite3.ErrIoErr: "SQLITE_IOERR",
	sqlite3.ErrCorrupt: "SQLITE_CORRUPT", sqlite3.ErrNotFound: "SQLITE_NOTFOUND", sqlite3.ErrFull: "SQLITE_FULL",
	sqlite3.ErrCantOpen: "SQLITE_CANTOPEN", sqlite3.ErrProtocol: "SQLITE_PROTOCOL", sqlite3.ErrSchema: "SQLITE_SCHEMA",
	sqlite3.ErrTooBig: "SQLITE_TOOBIG", sqlite3.ErrConstraint: "SQLITE_CONSTRAINT",
	sqlite3.ErrMismatch: "SQLITE_MISMATCH",
	sqlite3.ErrMisuse:   "SQLITE_MISUSE", sqlite3.ErrNoLFS: "SQLITE_NOLFS", sqlite3.ErrAuth: "SQLITE_AUTH",
	sqlite3.ErrRange: "SQLITE_RANGE", sqlite3.ErrNotADB: "SQLITE_NOTADB",
}

// stmtError turns what SQLite said about a statement into what sqld says.
func stmtError(sql string, err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var lite sqlite3.Error
	if !errors.As(err, &lite) {
		return &Error{"SQLite error: " + err.Error(), "SQLITE_UNKNOWN"}
	}
	if offset := inputOffset(sql, lite); offset >= 0 {
		return &Error{fmt.Sprintf("SQL input error: %s (at offset %d)", lite, offset), "SQL_INPUT_ERROR"}
	}
	code, ok := codes[lite.Code]
	if !ok {
		code = "SQLITE_UNKNOWN"
	}
	return &Error{"SQLite error: " + lite.Error(), code}
}

// inputOffset finds the place that SQLite complains about, or -1; the driver does not hand it out.
func inputOffset(sql string, err sqlite3.Error) int {
	name, found := strings.CutPrefix(err.Error(), "no such column: ")
	if err.Code != sqlite3.ErrError || !found {
		return -1
	}
	return strings.Index(sql, name)
}

func parseError(detail string) *Error {
	return &Error{"SQL string could not be parsed: " + detail, "SQL_PARSE_ERROR"}
}

// isSyntax says whether SQLite could not read the statement, whatever tables exist.
func isSyntax(err error) bool {
	text := err.Error()
	return strings.Contains(text, "syntax error") || strings.Contains(text, "unrecognized token") ||
		strings.Contains(text, "incomplete input")
}
