package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

var errRemote = errors.New("this is for a file: database; docs/deploy.md says how libSQL is backed up")

// Backup copies a file: database into a new file, whole and of one moment, while it is used or not, and checks what it
// wrote. to is a path, or a file: address.
func Backup(ctx context.Context, url, to string) error {
	from, err := filePath(url)
	if err != nil {
		return err
	}
	if strings.HasPrefix(to, "file:") {
		if to, err = filePath(to); err != nil {
			return err
		}
	}
	if err := There(url); err != nil {
		return err
	}
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("%s is there already", to)
	}
	if _, err := os.Stat(filepath.Dir(to)); err != nil {
		return fmt.Errorf("the folder of %s is not there", to)
	}
	lock, err := lockFile(from, false)
	// who may only read may still copy
	if err != nil && !errors.Is(err, os.ErrPermission) && !errors.Is(err, syscall.EROFS) {
		return err
	}
	defer func() { _ = lock.Close() }()
	return writeCopy(ctx, from, to)
}

// writeCopy writes under another name first: a file that has the name was checked.
func writeCopy(ctx context.Context, from, to string) error {
	unchecked, err := filepath.Abs(to + ".unchecked") // a name that began with file: would be a URI to SQLite
	if err != nil {
		return err
	}
	if err := discard(unchecked); err != nil {
		return err
	}
	err = copyInto(ctx, from, unchecked)
	if err == nil {
		err = checkCopy(ctx, unchecked)
	}
	if err == nil {
		err = errors.Join(syncFile(unchecked), nameFile(unchecked, to))
	}
	return errors.Join(err, discard(unchecked), syncFile(filepath.Dir(to)))
}

func copyInto(ctx context.Context, from, to string) (err error) {
	db, err := sql.Open("sqlite3", source(from, "_busy_timeout=5000"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if err := ours(ctx, db, from); err != nil {
		return err
	}
	if err := private(to); err != nil { // VACUUM fills a file that is there and empty
		return err
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, to)
	return err
}

// checkCopy reads a file that nobody else knows of from beginning to end.
func checkCopy(ctx context.Context, path string) (err error) {
	db, err := sql.Open("sqlite3", source(path, "mode=ro&_foreign_keys=on"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return errors.Join(ours(ctx, db, path), sound(ctx, db, path))
}

// ours says whether a database is one of this program's, of a version that it knows.
func ours(ctx context.Context, db *sql.DB, name string) error {
	var tables int
	err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN
  ('goose_db_version', 'meta', 'organizations', 'events')`).Scan(&tables)
	if err != nil {
		return fmt.Errorf("%s cannot be read as a database: %w", name, err)
	}
	strange := fmt.Errorf("%s is a database of another program", name)
	if tables != 4 {
		return strange
	}
	var version, logs int64
	err = db.QueryRowContext(ctx, `SELECT (SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied =
  1),
(SELECT count(*) FROM meta WHERE key = 'epoch') + (SELECT count(*) FROM (SELECT id, org_id, seq, body FROM events LIMIT
 0))`).Scan(&version, &logs)
	if err != nil && strings.Contains(err.Error(), "no such column") || err == nil && logs == 0 {
		return strange
	}
	if err != nil {
		return fmt.Errorf("%s cannot be read: %w", name, err)
	}
	provider, err := gooseOn(db)
	if err != nil {
		return err
	}
	sources := provider.ListSources()
	if newest := sources[len(sources)-1].Version; version > newest {
		return fmt.Errorf("%s was written by a newer version of this program (schema %d; this one knows %d)", name,
			version, newest)
	}
	return nil
}

func sound(ctx context.Context, db *sql.DB, name string) error {
	var word string
	if err := db.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&word); err != nil {
		return fmt.Errorf("%s is damaged: %w", name, err)
	}
	if word != "ok" {
		return fmt.Errorf("%s is damaged: %s", name, strings.ReplaceAll(word, "\n", " "))
	}
	return nil
}

// beside are the endings of the files that SQLite keeps beside a database.
var beside = []string{"-wal", "-shm", "-journal"}

// discard deletes a database that is nobody's, or the remains of one.
func discard(path string) error {
	var all error
	for _, end := range append([]string{""}, beside...) {
		if err := os.Remove(path + end); err != nil && !errors.Is(err, os.ErrNotExist) {
			all = errors.Join(all, err)
		}
	}
	return all
}

// nameFile gives a file a second name, which nobody had; where there are no links it takes the first one away.
func nameFile(file, name string) error {
	err := os.Link(file, name)
	if err == nil || errors.Is(err, os.ErrExist) {
		return err
	}
	if _, err := os.Lstat(name); err == nil {
		return fmt.Errorf("%s is there already", name)
	}
	return os.Rename(file, name)
}

// syncFile waits until a file, or a folder's list of names, is on the disk.
func syncFile(path string) error {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
