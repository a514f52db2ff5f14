// Package store keeps everything in SQLite, in the process or behind libSQL's HTTP, with the same statements for both.
//
// Reads go to a pool; a write is one Batch. What belongs to an organisation is asked of an Org handle, which has no tenant
// argument to forget.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver for file:
	"github.com/tursodatabase/libsql-client-go/libsql"

	"statuspage/shared/status"
)

// Deadline is for how long a single call to the database may take.
const Deadline = 8 * time.Second

// idleConns is how many connections to a remote database are kept for the next call.
const idleConns = 16

// ErrNone says that there is no such row.
var ErrNone = errors.New("no such row")

// DB is one database. Any number of goroutines may use it.
type DB struct {
	read, write *sql.DB
	remote      bool
	file        string // the data source of a file: database's writer
	queries     atomic.Int64
	batches     atomic.Int64
	asked       func(query string, args []any) // hears every read, in tests
}

// Open connects to file:… (go-sqlite3; the folder is made) or to http(s)://… and libsql://… (Hrana over HTTP). It asks the database
// nothing yet.
func Open(url, token string) (*DB, error) {
	if path, ok := strings.CutPrefix(url, "file:"); ok {
		return openFile(path)
	}
	return openRemote(url, token)
}

func openFile(path string) (*DB, error) {
	path, query, _ := strings.Cut(path, "?")
	if query != "" {
		return nil, fmt.Errorf("DATABASE_URL: parameters after ? are not taken")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("make the database's folder: %w", err)
	}
	// FULL: a commit that was answered is on the disk. One writer: SQLite has no more, and a pool of them only waits.
	file := "file:" + path + "?_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_foreign_keys=on&_txlock=immediate"
	write, err := sql.Open("sqlite3", file)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite3", "file:"+path+"?_journal_mode=WAL&_busy_timeout=5000&_foreign_keys=on&_query_only=on")
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	read.SetMaxOpenConns(8)
	read.SetMaxIdleConns(8)
	// The writer makes the file and its journal mode before any reader comes.
	if err := write.Ping(); err != nil {
		return nil, fmt.Errorf("open the database %s: %w", path, err)
	}
	return &DB{read: read, write: write, file: file}, nil
}

func openRemote(url, token string) (*DB, error) {
	url = strings.Replace(url, "libsql://", "https://", 1)
	raiseIdle()
	opts := []libsql.Option{}
	if token != "" {
		opts = append(opts, libsql.WithAuthToken(token))
	}
	connector, err := libsql.NewConnector(url, opts...)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(32)
	db.SetMaxIdleConns(idleConns)
	db.SetConnMaxLifetime(time.Minute)
	return &DB{read: db, write: db, remote: true}, nil
}

// raiseIdle lets http.DefaultClient, which the libSQL client uses, keep its connections: with two idle ones a host it opened 245
// for 200 queries.
var raiseIdle = sync.OnceFunc(func() {
	if t, ok := http.DefaultTransport.(*http.Transport); ok {
		t.MaxIdleConnsPerHost = 64
	}
})

// Close ends all connections.
func (db *DB) Close() error { return errors.Join(db.read.Close(), db.write.Close()) }

// Queries counts what was read of the database since the start, in statements, on somebody's behalf.
func (db *DB) Queries() int64 { return db.queries.Load() }

// Batches counts the writes that were sent to the database since the start.
func (db *DB) Batches() int64 { return db.batches.Load() }

// Reachable asks the database something that it must answer.
func (db *DB) Reachable(ctx context.Context) error {
	var one int
	return db.row(ctx, `SELECT 1`, nil, &one)
}

type unasked struct{}

// Unasked marks what the program reads again and again by itself, which Queries leaves out.
func Unasked(ctx context.Context) context.Context { return context.WithValue(ctx, unasked{}, true) }

func (db *DB) count(ctx context.Context, query string, args []any) {
	if ctx.Value(unasked{}) == nil {
		db.queries.Add(1)
	}
	if db.asked != nil {
		db.asked(query, args)
	}
}

// row reads one row; ErrNone when there is none.
func (db *DB) row(ctx context.Context, query string, args []any, into ...any) error {
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	db.count(ctx, query, args)
	err := db.heard(ctx, db.read.QueryRowContext(ctx, query, args...).Scan(into...))
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNone
	}
	return err
}

// heard lets the idle connections of a remote database go when one did not answer in time: after the primary database crashed, a
// replica's connections may wait for a place in the old log for as long as they live.
func (db *DB) heard(ctx context.Context, err error) error {
	if err != nil && db.remote && ctx.Err() != nil {
		db.read.SetMaxIdleConns(0)
		db.read.SetMaxIdleConns(idleConns)
	}
	return err
}

// rows reads every row; scan is called for each.
func (db *DB) rows(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	db.count(ctx, query, args)
	rows, err := db.read.QueryContext(ctx, query, args...)
	if err != nil {
		return db.heard(ctx, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// list reads every row into a slice.
func list[T any](ctx context.Context, db *DB, query string, args []any, scan func(*sql.Rows, *T) error) ([]T, error) {
	out := []T{}
	err := db.rows(ctx, query, args, func(rows *sql.Rows) error {
		var x T
		if err := scan(rows, &x); err != nil {
			return err
		}
		out = append(out, x)
		return nil
	})
	return out, err
}

func nullTime(n sql.NullInt64) *status.Time {
	if !n.Valid {
		return nil
	}
	t := status.Time(n.Int64)
	return &t
}

// when turns a moment into its column; nil and the zero time are NULL.
func when[T ~int64](t *T) any {
	if t == nil {
		return nil
	}
	return int64(*t)
}
