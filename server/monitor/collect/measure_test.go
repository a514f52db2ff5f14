package collect_test

import (
	"context"
	"path/filepath"
	"testing"

	"statuspage/server/monitor/collect/collecttest"
	"statuspage/server/racetest"
	"statuspage/server/store"
)

func TestWhatMonitorsMeasuredIsKeptInAFile(t *testing.T) {
	racetest.Plain(t, "its weight is the database")
	collecttest.Run(t, 100, func(t testing.TB) *store.DB {
		db, err := store.Open("file:"+filepath.Join(t.TempDir(), "status.db"), "")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		if err := db.Migrate(context.Background()); err != nil {
			t.Fatal(err)
		}
		return db
	})
}
