package hrana

import (
	"context"
	"sync"
	"testing"
	"time"
)

// writesOf lets so many clients write for a while and counts what each second brought.
func writesOf(t *testing.T, s *Server, clients int, until time.Duration) (written int64, last time.Duration) {
	t.Helper()
	db := openClient(t, s.URL())
	db.SetMaxOpenConns(clients)
	// it may be locked up already
	_, _ = db.ExecContext(within(t, 2*time.Second), `CREATE TABLE IF NOT EXISTS n (id INTEGER PRIMARY KEY)`)
	ctx, cancel := context.WithTimeout(t.Context(), until)
	defer cancel()
	var all sync.WaitGroup
	var mu sync.Mutex
	began := time.Now()
	for range clients {
		all.Go(func() {
			for ctx.Err() == nil {
				if _, err := db.ExecContext(ctx, `BEGIN IMMEDIATE; INSERT INTO n DEFAULT VALUES; COMMIT`); err == nil {
					mu.Lock()
					written, last = written+1, time.Since(began)
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	return written, last
}

// FACTS: eight clients at once, and after some thousand writes there was none any more, for ever; with two it was not
// seen.
func TestEightWritersLockTheWritesUpForEver(t *testing.T) {
	s := start(t, Config{Wedges: true, TxTimeout: time.Second})
	for tries := 0; ; tries++ {
		n, last := writesOf(t, s, 8, 4*time.Second)
		if last < 2*time.Second {
			break // there was none for as long as that
		}
		if tries == 10 {
			t.Fatalf("%d writes, the last after %v: nothing is locked up", n, last)
		}
	}
	db := openClient(t, s.URL())
	if n := number(t, db, `SELECT count(*) FROM n`); n == 0 {
		t.Error("reads should go on")
	}
	if _, err := db.ExecContext(within(t, 2*time.Second), `INSERT INTO n DEFAULT VALUES`); err == nil {
		t.Error("a write came through")
	}
}

func TestTwoWritersDoNot(t *testing.T) {
	s := start(t, Config{Wedges: true})
	if n, last := writesOf(t, s, 2, 2*time.Second); n < 100 || last < time.Second {
		t.Errorf("%d writes, the last after %v", n, last)
	}
}
