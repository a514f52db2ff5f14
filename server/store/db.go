// Package store keeps everything in SQLite, in the process or behind libSQL's HTTP, with the same statements for both.
//
// Reads go to a pool; a write is one Batch. What belongs to an organisation is asked of an Org handle, which has no
// tenant argument to forget.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tursodatabase/libsql-client-go/libsql"

	"statuspage/shared/status"
)

// Deadline is for how long a single call to the database may take.
const Deadline = 8 * time.Second

const (
	remoteConns = 32               // reads of a remote database at once
	idleTCP     = 50 * time.Second // for which a connection of TCP is kept; below what servers and proxies wait
)

// ErrNone says that there is no such row.
var ErrNone = errors.New("no such row")

// DB is one database. Any number of goroutines may use it.
type DB struct {
	read, write *sql.DB
	remote      bool
	file        *file // nil when the database is remote
	lock        *fileLock
	queue       *queue // of writes
	admissions  admissions
	pipeline    *pipeline // of a remote database
	health      health
	quarantine  quarantine
	queries     atomic.Int64
	batches     atomic.Int64
	asked       func(query string, args []any) // hears every read, in tests
}

// Open connects to file:… (go-sqlite3; the folder is made) or to http(s)://… and libsql://… (Hrana over HTTP). It asks
// the database nothing yet. A file: database is locked against being restored until Close, or the end of the process.
func Open(url, token string) (*DB, error) { return OpenVia(nil, url, token) }

// Dial opens a connection to a remote database; nil is net.Dialer's way.
type Dial func(ctx context.Context, network, addr string) (net.Conn, error)

// OpenVia is Open, over a network of the caller's. Migrations alone go another way: libsql-client-go has no choice of
// one.
func OpenVia(dial Dial, url, token string) (*DB, error) {
	if !strings.HasPrefix(url, "file:") {
		return openRemote(dial, url, token)
	}
	path, err := filePath(url)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("make the database's folder: %w", err)
	}
	lock, err := lockFile(path, false)
	if err != nil {
		return nil, err
	}
	if err := private(path); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	db, err := openFile(path)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	db.lock = lock
	return db, nil
}

// openRemote reads and writes by a pipeline; libsql-client-go migrates.
func openRemote(dial Dial, url, token string) (*DB, error) {
	url = strings.Replace(url, "libsql://", "https://", 1)
	opts := []libsql.Option{}
	if token != "" {
		opts = append(opts, libsql.WithAuthToken(token))
	}
	connector, err := libsql.NewConnector(url, opts...)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	write := sql.OpenDB(connector)
	write.SetMaxIdleConns(0) // an idle one remembers a place in a log that may be gone
	p := newPipeline(dial, url, token)
	read := sql.OpenDB(p)
	read.SetMaxOpenConns(remoteConns)
	db := &DB{read: read, write: write, remote: true, pipeline: p}
	db.queue = &queue{committer: p, admissions: &db.admissions}
	return db, nil
}

// Beside is the path of a file that stands beside the database's, under its name and an ending; "" when the database is
// no file.
func (db *DB) Beside(ending string) string {
	if db.file == nil {
		return ""
	}
	return db.file.path + "." + ending
}

// Close ends all connections.
func (db *DB) Close() error {
	if db.pipeline != nil {
		defer db.pipeline.client.CloseIdleConnections()
	}
	return errors.Join(db.read.Close(), db.write.Close(), db.lock.Close())
}

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
	err := db.read.QueryRowContext(ctx, query, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNone
	}
	return db.failure(err)
}

// rows reads every row; scan is called for each.
func (db *DB) rows(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	db.count(ctx, query, args)
	rows, err := db.read.QueryContext(ctx, query, args...)
	if err != nil {
		return db.failure(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			u := spoiled(rows, "row", err)
			if u == nil {
				return err
			}
			if id, is := firstOf(args).(string); is && u.OrgID == "" && status.ValidID(id) {
				u.OrgID = id // statements about one organisation name it first
			}
			db.quarantine.note(u)
			return u
		}
	}
	return db.failure(rows.Err())
}

func firstOf(args []any) any {
	if len(args) == 0 {
		return nil
	}
	return args[0]
}

// everybodys is list for rows of all organisations: one that cannot be read is said once and left out, so that it costs
// nobody else anything. kind names what they are; unread hears of each that is left out.
func everybodys[T any](ctx context.Context, db *DB, kind, query string, args []any, scan func(*sql.Rows, *T) error,
	unread func(*Unreadable)) ([]T, error) {
	out := []T{}
	err := db.rows(ctx, query, args, func(rows *sql.Rows) error {
		var x T
		err := scan(rows, &x)
		if err == nil {
			out = append(out, x)
			return nil
		}
		u := spoiled(rows, kind, err)
		if u == nil {
			return err
		}
		db.quarantine.note(u)
		if unread != nil {
			unread(u)
		}
		return nil
	})
	return out, err
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
