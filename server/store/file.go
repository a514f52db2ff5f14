package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/mattn/go-sqlite3"
)

const (
	readers = 8 // connections that read a file: database
	// writerStatements and readerStatements are how many prepared statements a connection keeps, those that were used
	// last: to prepare one costs more than most take to run.
	writerStatements = 100
	readerStatements = 32
)

func cached(statements int) string { return "&_stmt_cache_size=" + strconv.Itoa(statements) }

// file is the one that a file: database was opened with. Its name may be taken by another file later.
type file struct {
	path string
	info os.FileInfo // of the file that was opened
}

// openFile opens a file that nobody restores.
func openFile(path string) (*DB, error) {
	bearLimits()
	info, err := makeFile(path)
	if err != nil {
		return nil, err
	}
	f := &file{path: path, info: info}
	// One writer: SQLite has no more, and a pool of them only waits.
	write, read := sql.OpenDB(f.writer()), sql.OpenDB(f.reader())
	write.SetMaxOpenConns(1)
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	// The writer makes the file and its journal mode before any reader comes.
	if err := write.Ping(); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database %s: %w", path, err), write.Close(), read.Close())
	}
	db := &DB{read: read, write: write, file: f}
	db.queue = &queue{committer: &local{pool: write}, admissions: &db.admissions}
	return db, nil
}

// makeFile makes the file if it is not there, and says which one it is. One that is there is not opened here: to close
// it would drop the locks that SQLite has on it in this process.
func makeFile(path string) (os.FileInfo, error) {
	info, err := os.Stat(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return info, err
	}
	// #nosec G302 -- as SQLite makes it
	f, err := os.OpenFile(filepath.Clean(path), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) { // another process was faster
		return os.Stat(path)
	}
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	info, err = f.Stat()
	return info, errors.Join(err, f.Close())
}

// moved says that the file has lost its name, or another file has it. What would be written then is gone when this
// process ends. Another file is not taken: a -wal of the old one may stand beside it. It is nil for a remote database.
func (f *file) moved() error {
	if f == nil {
		return nil
	}
	now, err := os.Stat(f.path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		err = fmt.Errorf("%s is not there any more: put it back, or restart with a database that is restored", f.path)
	case err == nil && !os.SameFile(now, f.info):
		err = fmt.Errorf("%s is another file than the one that was opened: put that one back, or restart", f.path)
	default:
		return nil // what cannot be looked at is found out by SQLite
	}
	return &Failure{Trouble: Removed, err: err}
}

// writer connects to write, and no row longer than libSQL's server takes. FULL: a commit that was answered is on the
// disk. rw: a file that is gone is not made anew, empty.
func (f *file) writer() driver.Connector {
	return connector{f,
		source(f.path,
			"mode=rw&_journal_mode=WAL&_synchronous=FULL&_busy_timeout=5000&_foreign_keys=on&_txlock=immediate"+
				cached(writerStatements)), maxLength}
}

// reader connects to read, also the longer rows that older versions wrote. It sets no journal mode, which is a write:
// the writer did.
func (f *file) reader() driver.Connector {
	return connector{f, source(f.path, "mode=rw&_busy_timeout=5000&_foreign_keys=on&_query_only=on"+
		cached(readerStatements)), 0}
}

// connector connects to no other file than the one that was opened: a pool would keep the connection when the right
// file is back.
type connector struct {
	file   *file
	source string
	length int // of a row or value that it may make, in bytes; 0 is SQLite's own limit
}

func (c connector) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	if err := c.file.moved(); err != nil {
		return nil, err
	}
	conn, err := c.Driver().Open(c.source)
	if err != nil {
		return nil, err
	}
	if lite, is := conn.(*sqlite3.SQLiteConn); is && c.length > 0 {
		lite.SetLimit(sqlite3.SQLITE_LIMIT_LENGTH, c.length)
	}
	if err := c.file.moved(); err != nil { // meanwhile
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}
