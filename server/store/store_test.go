package store_test

import (
	"context"
	"path/filepath"
	"testing"

	"statuspage/server/store"
	"statuspage/server/store/storetest"
)

func open(t testing.TB) *store.DB { return openFile(t, filepath.Join(t.TempDir(), "status.db")) }

func openFile(t testing.TB, file string) *store.DB {
	t.Helper()
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

func TestAFileKeepsEverythingThatTheStorePromises(t *testing.T) { storetest.Run(t, open) }

func TestAFileKeepsWhatIsLarge(t *testing.T) { storetest.Large(t, open) }
