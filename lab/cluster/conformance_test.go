package cluster

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tursodatabase/libsql-client-go/libsql"
)

// What the product relies on of its database, asked of whatever the cluster runs: the stand-in, or the real server when
// SQLD names one. Every sentence here has to hold for both.
func TestWhatTheProductReliesOn(t *testing.T) {
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = 32
	c, err := Start(Options{Regions: []string{"fra", "syd"}, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Kill)
	near, far := c.Region("fra").DBURL(), c.Region("syd").DBURL()
	t.Run("group", func(t *testing.T) {
		for name, test := range map[string]func(t *testing.T, near, far string){
			"a batch is all or nothing":                        batchIsAtomic,
			"racing batches leave no gap":                      batchesRace,
			"a replica shows states that really were":          replicaIsAPrefix,
			"writes on a replica run at the primary":           writesAreForwarded,
			"VACUUM, ANALYZE and TEMP are refused":             unsupportedIsRefused,
			"an idle stream expires after ten seconds":         streamExpires,
			"a transaction that others wait for ends after 5s": transactionTimesOut,
			"an answer over ten megabytes is refused":          answersAreLimited,
			"a row over five megabytes is refused":             rowsAreLimited,
		} {
			t.Run(name, func(t *testing.T) { t.Parallel(); test(t, near, far) })
		}
	})
	t.Run("without its primary a replica answers a batch that only reads", func(t *testing.T) {
		must(t, open(t, near), `CREATE TABLE stays (a); INSERT INTO stays VALUES (1)`)
		eventually(t, "the row arrives", func() bool { return readsBatch(open(t, far)) })
		c.Primary().DB.Kill()
		if !readsBatch(open(t, far)) {
			t.Error("it does not")
		}
	})
}

func open(t *testing.T, url string) *sql.DB {
	t.Helper()
	connector, err := libsql.NewConnector(url)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db
}

func must(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func ask(t *testing.T, db *sql.DB, query string, args ...any) (n int64) {
	t.Helper()
	if err := db.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func batchIsAtomic(t *testing.T, near, _ string) {
	db := open(t, near)
	must(t, db, `CREATE TABLE atomic (org TEXT, seq INTEGER, body TEXT, UNIQUE (org, seq))`)
	const batch = `BEGIN IMMEDIATE; INSERT INTO atomic VALUES (?, ?, ?); INSERT INTO atomic VALUES (?, ?, ?); COMMIT`
	must(t, db, batch, "a", 1, "it's; fine", "a", 2, nil)
	_, err := db.Exec(batch, "a", 3, "", "a", 2, "")
	if err == nil || !strings.Contains(err.Error(), "UNIQUE constraint failed: atomic.org, atomic.seq") {
		t.Fatalf("%v", err)
	}
	if n := ask(t, db, `SELECT count(*) FROM atomic`); n != 2 {
		t.Errorf("%d rows", n)
	}
	must(t, db, batch, "a", 3, "", "a", 4, "") // the lock is free
}

func batchesRace(t *testing.T, near, _ string) {
	db := open(t, near)
	must(t, db, `CREATE TABLE race (id INTEGER PRIMARY KEY AUTOINCREMENT, seq INTEGER UNIQUE)`)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for won := 0; won < 10; {
				var seq int64
				if err := db.QueryRow(`SELECT coalesce(max(seq), 0) + 1 FROM race`).Scan(&seq); err != nil {
					t.Error(err)
					return
				}
				_, err := db.Exec(`BEGIN IMMEDIATE; INSERT INTO race (seq) VALUES (?); COMMIT`, seq)
				switch {
				case err == nil:
					won++
				case !strings.Contains(err.Error(), "UNIQUE constraint failed"):
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if n, top := ask(t, db, `SELECT count(*) FROM race`), ask(t, db, `SELECT max(seq) FROM race`); n != 40 ||
		top != 40 {
		t.Errorf("%d rows up to %d", n, top)
	}
}

func replicaIsAPrefix(t *testing.T, near, far string) {
	db, replica := open(t, near), open(t, far)
	must(t, db, `CREATE TABLE prefix_a (n INTEGER PRIMARY KEY); CREATE TABLE prefix_b (n INTEGER PRIMARY KEY)`)
	eventually(t, "the tables arrive", func() bool {
		_, err := replica.Exec(`SELECT * FROM prefix_b`)
		return err == nil
	})
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := range 100 {
			if _, err := db.Exec(`BEGIN IMMEDIATE; INSERT INTO prefix_a VALUES (?); INSERT INTO prefix_b VALUES (?); COMMIT`, i+1, i+1); err != nil {
				t.Error(err)
				return
			}
		}
	})
	defer writer.Wait()
	last := int64(0)
	for deadline := time.Now().Add(20 * time.Second); last < 100 && time.Now().Before(deadline); {
		var a, top, b int64
		err := replica.QueryRow(`SELECT (SELECT count(*) FROM prefix_a), (SELECT coalesce(max(n), 0) FROM prefix_a), (SELECT count(*) FROM prefix_b)`).Scan(&a, &top, &b)
		if err != nil || a != top || a != b || a < last {
			t.Fatalf("%d rows up to %d beside %d, after %d: %v", a, top, b, last, err)
		}
		last = a
	}
	if last != 100 {
		t.Errorf("the replica stands at %d", last)
	}
}

// readsBatch reads the row of a table in a transaction that is one batch.
func readsBatch(db *sql.DB) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	rows, err := db.QueryContext(ctx, `BEGIN; SELECT a FROM stays; COMMIT`)
	if err != nil {
		return false
	}
	defer rows.Close()
	return rows.NextResultSet() && rows.Next()
}

func writesAreForwarded(t *testing.T, near, far string) {
	db := open(t, far)
	must(t, db, `CREATE TABLE forwarded (a INTEGER UNIQUE)`)
	must(t, db, `INSERT INTO forwarded VALUES (1)`)
	if n := ask(t, open(t, near), `SELECT count(*) FROM forwarded`); n != 1 {
		t.Errorf("%d rows at the primary", n)
	}
	if _, err := db.Exec(`INSERT INTO forwarded VALUES (1)`); err == nil ||
		!strings.Contains(err.Error(), "UNIQUE constraint failed: forwarded.a") {
		t.Errorf("%v", err)
	}
}

func unsupportedIsRefused(t *testing.T, near, _ string) {
	db := open(t, near)
	for _, statement := range []string{`VACUUM`, `ANALYZE`, `CREATE TEMP TABLE x (a)`, `PRAGMA journal_mode=DELETE`} {
		if _, err := db.Exec(statement); err == nil ||
			!strings.Contains(err.Error(), "SQL string could not be parsed") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// pipeline sends raw requests and returns the status, the body and the next baton.
func pipeline(t *testing.T, url string, baton any, sqls ...string) (int, string, any) {
	t.Helper()
	var requests []any
	for _, text := range sqls {
		requests = append(requests, map[string]any{"type": "execute", "stmt": map[string]any{"sql": text}})
	}
	body, err := json.Marshal(map[string]any{"baton": baton, "requests": requests})
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.Post(url+"/v3/pipeline", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	var reply struct {
		Baton   any
		BaseURL any `json:"base_url"`
	}
	json.Unmarshal(text, &reply)
	if reply.BaseURL != nil {
		t.Errorf("base_url is %v", reply.BaseURL)
	}
	return res.StatusCode, string(text), reply.Baton
}

func streamExpires(t *testing.T, near, _ string) {
	_, _, used := pipeline(t, near, nil, `SELECT 1`)
	_, _, idle := pipeline(t, near, nil, `SELECT 1`)
	time.Sleep(8 * time.Second)
	if status, text, _ := pipeline(t, near, used, `SELECT 2`); status != 200 {
		t.Errorf("expired within eight seconds: %d %s", status, text)
	}
	time.Sleep(3500 * time.Millisecond) // the real server looks at whole seconds
	if status, text, _ := pipeline(t, near, idle, `SELECT 3`); status != 400 ||
		!strings.Contains(text, `"STREAM_EXPIRED"`) {
		t.Errorf("%d %s", status, text)
	}
}

func transactionTimesOut(t *testing.T, near, _ string) {
	time.Sleep(3 * time.Second) // the other tests are through with writing: they would wait for this one
	db := open(t, near)
	must(t, db, `CREATE TABLE timeout (a)`)
	_, _, baton := pipeline(t, near, nil, `BEGIN IMMEDIATE`, `INSERT INTO timeout VALUES (1)`)
	started := time.Now()
	must(t, db, `INSERT INTO timeout VALUES (2)`)
	if waited := time.Since(started); waited < 4*time.Second || waited > 15*time.Second {
		t.Errorf("the next writer waited %s", waited)
	}
	if status, text, _ := pipeline(t, near, baton, `COMMIT`); status != 200 ||
		!strings.Contains(text, `"TRANSACTION_TIMEOUT"`) {
		t.Errorf("%d %s", status, text)
	}
	if n := ask(t, db, `SELECT sum(a) FROM timeout`); n != 2 {
		t.Errorf("sum %d", n)
	}
}

func answersAreLimited(t *testing.T, near, _ string) {
	db := open(t, near)
	// of each of three rows: one may have 5 MB
	for size, fits := range map[int]bool{3_000_000: true, 3_666_667: false} {
		got, err := lengths(db, fmt.Sprintf(`SELECT printf('%%.*c', %d, 'x') FROM (VALUES (1), (2), (3))`, size))
		if fits && (err != nil || got != 3*size) {
			t.Errorf("%d bytes: %d, %v", 3*size, got, err)
		}
		if !fits && (err == nil || !strings.Contains(err.Error(), "Response is too large")) {
			t.Errorf("%d bytes: %v", 3*size, err)
		}
	}
}

// lengths adds up what a query of one column answers.
func lengths(db *sql.DB, query string) (n int, err error) {
	rows, err := db.Query(query)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return n, err
		}
		n += len(text)
	}
	return n, rows.Err()
}

// rowsAreLimited keeps what is too long out, and nothing of its transaction.
func rowsAreLimited(t *testing.T, near, _ string) {
	db := open(t, near)
	must(t, db, `CREATE TABLE long (a)`)
	must(t, db, `INSERT INTO long VALUES (?)`, strings.Repeat("x", 4_900_000))
	_, err := db.Exec(`BEGIN IMMEDIATE; INSERT INTO long VALUES (1); INSERT INTO long VALUES (?); COMMIT`,
		strings.Repeat("x", 5_000_001))
	if err == nil || !strings.Contains(err.Error(), "string or blob too big") {
		t.Errorf("%v", err)
	}
	if n := ask(t, db, `SELECT count(*) FROM long`); n != 1 {
		t.Errorf("%d rows", n)
	}
}
