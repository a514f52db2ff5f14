package store_test

import (
	"context"
	"testing"

	"statuspage/lab/hrana"
	"statuspage/server/monitor/collect/collecttest"
	"statuspage/server/racetest"
	"statuspage/server/store"
	"statuspage/server/store/storetest"
)

// over opens a migrated database behind Hrana, as DATABASE_URL=http://… does.
func over(t testing.TB) *store.DB {
	t.Helper()
	server, err := hrana.Start(hrana.Config{HTTPListenAddr: "127.0.0.1:0", DBPath: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	db, err := store.Open(server.URL(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestLibSQLKeepsEverythingThatTheStorePromises(t *testing.T) { storetest.Run(t, over) }

func TestLibSQLKeepsWhatIsLarge(t *testing.T) { storetest.Large(t, over) }

func TestLibSQLKeepsWhatMonitorsMeasured(t *testing.T) {
	racetest.Plain(t, "its weight is the database")
	collecttest.Run(t, 10, over)
}
