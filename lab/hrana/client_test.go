package hrana

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestEveryTypeOfValueComesBackAsItWas(t *testing.T) {
	db := dial(t, start(t, Config{}).URL())
	exec(t, db, `CREATE TABLE v (x)`)
	for _, want := range []any{nil, int64(math.MaxInt64), int64(math.MinInt64), 0.1, 3.0, "", "it's; \"x\" ? <&>\u2028",
		[]byte{0, 255, 10}} {
		exec(t, db, `DELETE FROM v`)
		exec(t, db, `INSERT INTO v VALUES (?)`, want)
		var got any
		if err := db.QueryRow(`SELECT x FROM v`).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprintf("%T %v", got, got) != fmt.Sprintf("%T %v", want, want) {
			t.Errorf("sent %T %v, got %T %v", want, want, got, got)
		}
	}
}

// As measured of the client: a nil slice is sent as an empty blob.
func TestANilSliceBecomesAnEmptyBlob(t *testing.T) {
	db := dial(t, start(t, Config{}).URL())
	var kind string
	if err := db.QueryRow(`SELECT typeof(?)`, []byte(nil)).Scan(&kind); err != nil || kind != "blob" {
		t.Fatalf("%q, %v", kind, err)
	}
}

func TestDeclaredDatesAndBooleansAreNotTouched(t *testing.T) {
	s := start(t, Config{})
	db := dial(t, s.URL())
	exec(t, db, `CREATE TABLE d (a TIMESTAMP, b BOOLEAN, c DATE)`)
	exec(t, db, `INSERT INTO d VALUES (1700000000123, 7, '2026-01-02T03:04:05Z')`)
	res := (&wire{t: t, url: s.URL(), version: "v3"}).ask(execute(`SELECT a, b, c FROM d`))
	want := `[[{"type":"integer","value":"1700000000123"},{"type":"integer","value":"7"},{"type":"text","value":"2026-01-02T03:04:05Z"}]]`
	if got := string(res[0].Response.Result); !strings.Contains(got, want) {
		t.Fatalf("%s", got)
	}
}

func TestAnInsertReportsItsRowidAndChangesReportTheirCount(t *testing.T) {
	db := dial(t, start(t, Config{}).URL())
	exec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, x)`)
	res, err := db.Exec(`INSERT INTO t (x) VALUES (1), (2), (3)`)
	if err != nil {
		t.Fatal(err)
	}
	if id, _ := res.LastInsertId(); id != 3 {
		t.Errorf("last id %d", id)
	}
	res, err = db.Exec(`UPDATE t SET x = x + 1 WHERE id > 1`)
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := res.RowsAffected(); n != 2 {
		t.Errorf("%d rows", n)
	}
	var id int64
	if err := db.QueryRow(`INSERT INTO t (x) VALUES (9) RETURNING id`).Scan(&id); err != nil || id != 4 {
		t.Errorf("returning: %d, %v", id, err)
	}
}

const append3 = `BEGIN IMMEDIATE;
INSERT INTO events (org, seq, body) VALUES (?, ?, ?);
INSERT INTO rows (name) VALUES (?);
COMMIT;`

func newEvents(t *testing.T, url string) *sql.DB {
	db := dial(t, url)
	exec(t, db,
		`CREATE TABLE events (id INTEGER PRIMARY KEY AUTOINCREMENT, org TEXT, seq INTEGER, body TEXT, UNIQUE (org, seq))`)
	exec(t, db, `CREATE TABLE rows (name TEXT)`)
	return db
}

func TestAUniqueViolationInTheMiddleUndoesAllAndFreesTheLock(t *testing.T) {
	db := newEvents(t, start(t, Config{}).URL())
	exec(t, db, append3, "acme", 1, "a;'b", "one")
	_, err := db.Exec(`BEGIN IMMEDIATE; INSERT INTO rows (name) VALUES (?); INSERT INTO events (org, seq) VALUES (?, ?); COMMIT;`, "two", "acme", 1)
	if err == nil || !strings.Contains(err.Error(), "UNIQUE constraint failed: events.org, events.seq") {
		t.Fatalf("%v", err)
	}
	if n := number(t, db, `SELECT count(*) FROM rows`); n != 1 {
		t.Errorf("%d rows: the batch was not undone", n)
	}
	started := time.Now()
	exec(t, db, append3, "acme", 2, "b", "three")
	if took := time.Since(started); took > 4*time.Second {
		t.Errorf("the next writer waited %s", took)
	}
}

func TestRacingWritersLeaveNoGapAndNoLock(t *testing.T) {
	const writers, each = 8, 20
	db := newEvents(t, start(t, Config{}).URL())
	var won, refused atomic.Int64
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := 0; i < each; {
				seq := number(t, db, `SELECT coalesce(max(seq), 0) + 1 FROM events WHERE org = 'acme'`)
				_, err := db.Exec(append3, "acme", seq, "x", fmt.Sprint(w, i))
				switch {
				case err == nil:
					won.Add(1)
					i++
				case strings.Contains(err.Error(), "UNIQUE constraint failed"):
					refused.Add(1)
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	t.Logf("%d batches won, %d refused whole by the guard", won.Load(), refused.Load())
	if n := number(t, db, `SELECT count(*) FROM events`); n != writers*each {
		t.Errorf("%d events", n)
	}
	if n := number(t, db, `SELECT max(seq) FROM events`); n != writers*each {
		t.Errorf("seq goes to %d", n)
	}
	if n := number(t, db, `SELECT count(*) FROM rows`); n != writers*each {
		t.Errorf("%d rows: a refused batch left something", n)
	}
	if n := number(t, db,
		`SELECT count(*) FROM events a JOIN events b ON a.id = b.id - 1 WHERE a.seq <> b.seq - 1`); n != 0 {
		t.Errorf("%d places where id and seq disagree on the order", n)
	}
}

func TestAnInteractiveTransactionIsSeenWhenItCommits(t *testing.T) {
	db := newEvents(t, start(t, Config{}).URL())
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(`INSERT INTO rows (name) VALUES (?)`, "a"); err != nil {
		t.Fatal(err)
	}
	if n := number(t, db, `SELECT count(*) FROM rows`); n != 0 {
		t.Errorf("others see %d uncommitted rows", n)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if n := number(t, db, `SELECT count(*) FROM rows`); n != 1 {
		t.Errorf("%d rows after the commit", n)
	}
	tx, err = db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(`DELETE FROM rows`); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if n := number(t, db, `SELECT count(*) FROM rows`); n != 1 {
		t.Errorf("%d rows after the rollback", n)
	}
}

// The client gives up; the server has the statement and runs it to the end. That is why writes carry idempotency keys.
func TestACancelledWriteMayBeWrittenAllTheSame(t *testing.T) {
	db := newEvents(t, start(t, Config{}).URL())
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(`INSERT INTO rows (name) VALUES ('holds the lock')`); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := db.ExecContext(ctx, append3, "acme", 1, "x", "late"); err == nil {
		t.Fatal("the write went past a held lock")
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the cancelled write is committed",
		func() bool { return number(t, db, `SELECT count(*) FROM events`) == 1 })
}

func TestForeignKeysAreOn(t *testing.T) {
	db := dial(t, start(t, Config{}).URL())
	exec(t, db, `CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE b (a INTEGER REFERENCES a(id));`)
	if _, err := db.Exec(`INSERT INTO b VALUES (1)`); err == nil ||
		!strings.Contains(err.Error(), "FOREIGN KEY constraint failed") {
		t.Fatalf("%v", err)
	}
}
