package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	"statuspage/lab/hrana"
	"statuspage/server/store"
)

// wedging is a database that eight writers at once lock up, as the real one.
func wedging(t testing.TB) (*store.DB, *hrana.Server) {
	t.Helper()
	server, err := hrana.Start(hrana.Config{HTTPListenAddr: "127.0.0.1:0", DBPath: t.TempDir(), Wedges: true,
		TxTimeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Kill)
	db, err := store.Open(server.URL(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return db, server
}

// TestEightWritersDoNotLockTheDatabaseUp has writers that fail among those that succeed: each is told its own outcome.
func TestEightWritersDoNotLockTheDatabaseUp(t *testing.T) {
	db, _ := wedging(t)
	const writers, each = 8, 150
	var all sync.WaitGroup
	errs := make(chan error, writers*each)
	began := time.Now()
	for w := range writers {
		all.Go(func() {
			for i := range each {
				var b store.Batch
				b.Add(`INSERT INTO meta (key, value) VALUES (?, 'x')`, fmt.Sprintf("w%d.%d", w, i))
				refused := w == 0 && i%2 == 1
				if refused { // the second statement undoes the first
					b.Add(`INSERT INTO meta (key, value) VALUES ('w0.0', 'again')`)
				}
				err := db.Do(context.Background(), &b)
				if (err != nil) != refused {
					errs <- fmt.Errorf("writer %d, %d: %w", w, i, err)
				}
				if refused && store.Uncertain(err) {
					errs <- fmt.Errorf("writer %d, %d: a refusal is taken for a lost answer: %w", w, i, err)
				}
			}
		})
	}
	all.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	t.Logf("%d writes in %v, %.0f a second", writers*each, time.Since(began), float64(writers*each)/time.Since(began).
		Seconds())
	if at, err := db.Epoch(context.Background()); err != nil || at == "" {
		t.Error(err)
	}
}

// TestAWriteThatEndsTheTransactionTakesNobodyAlong has statements that make SQLite roll the whole transaction back, as
// a full disk does. What was told to have failed is not there, and what was told to have been written is.
func TestAWriteThatEndsTheTransactionTakesNobodyAlong(t *testing.T) {
	db, server := wedging(t)
	ctx := context.Background()
	raw, err := sql.Open("libsql", server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	var first store.Batch
	first.Add(`INSERT INTO meta (key, value) VALUES ('taken', 'x')`)
	if err := db.Do(ctx, &first); err != nil {
		t.Fatal(err)
	}
	const writers, each = 8, 40
	outcomes := make([]error, writers*each)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				var b store.Batch
				b.Add(`INSERT INTO meta (key, value) VALUES (?, 'x')`, fmt.Sprintf("e%d", w*each+i))
				if w == 0 {
					b.Add(`INSERT OR ROLLBACK INTO meta (key, value) VALUES ('taken', 'again')`)
				}
				outcomes[w*each+i] = db.Do(ctx, &b)
			}
		})
	}
	all.Wait()
	failed := 0
	for i, err := range outcomes {
		var n int
		if no := raw.QueryRowContext(ctx, `SELECT count(*) FROM meta WHERE key = ?`, fmt.Sprintf("e%d", i)).
			Scan(&n); no != nil {
			t.Fatal(no)
		}
		if (err == nil) != (n == 1) && !store.Uncertain(err) || err != nil && n == 1 {
			t.Errorf("write %d is there %d times, and was told %v", i, n, err)
		}
		if err != nil && i >= each {
			failed++
		}
	}
	t.Logf("%d of others' writes failed with it", failed)
}
