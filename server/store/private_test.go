package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"statuspage/server/store"
)

// TestNobodyButItsOwnerReadsADatabaseOrItsCopy: a new one, what SQLite puts beside it, one that was readable before,
// and a backup.
func TestNobodyButItsOwnerReadsADatabaseOrItsCopy(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "status.db")
	open := func() {
		t.Helper()
		db, err := store.Open("file:"+file, "")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = db.Close() }()
		if err := db.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{file, file + "-wal", file + "-shm"} {
			isPrivate(t, name)
		}
	}
	open()
	if err := os.Chmod(file, 0o644); err != nil { // #nosec G302 -- as versions before made it
		t.Fatal(err)
	}
	open()
	if err := store.Backup(t.Context(), "file:"+file, filepath.Join(dir, "copy.db")); err != nil {
		t.Fatal(err)
	}
	isPrivate(t, filepath.Join(dir, "copy.db"))
}

func isPrivate(t *testing.T, name string) {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%s is %v", filepath.Base(name), info.Mode())
	}
}
