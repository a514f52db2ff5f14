package storetest

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"statuspage/server/store"
)

// Lay writes a database that nothing was written to but its schema, unless there is a file already. To copy it takes a
// hundredth of what all migrations take; those who test migrations do not begin with it.
func Lay(t testing.TB, file string) {
	t.Helper()
	empty, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Clean(file), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write(empty)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

// New is an empty database in a file of its own, until the test ends.
func New(t testing.TB) *store.DB {
	t.Helper()
	return At(t, filepath.Join(t.TempDir(), "status.db"))
}

// At is the database in a file, which it makes if there is none, until the test ends.
func At(t testing.TB, file string) *store.DB {
	t.Helper()
	Lay(t, file)
	db, err := store.Open("file:"+file, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return db
}

// migrated is the file that Migrate makes, without what is drawn anew for each database: its epoch and its key.
var migrated = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "schema")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "status.db")
	db, err := store.Open("file:"+path, "")
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	var b store.Batch
	b.Add(`DELETE FROM meta WHERE key IN ('epoch', 'push_key')`)
	if err = errors.Join(db.Migrate(ctx), db.Do(ctx, &b), db.Close()); err != nil { // which leaves no -wal
		return nil, err
	}
	return os.ReadFile(filepath.Clean(path))
})
