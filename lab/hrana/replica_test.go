package hrana

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// pair is a primary and one replica that follows it.
func pair(t *testing.T, cfg Config) (*Server, *Server) {
	t.Helper()
	primary := start(t, cfg)
	return primary, follower(t, primary, Config{})
}

func follower(t *testing.T, primary *Server, cfg Config) *Server {
	t.Helper()
	cfg.PrimaryGRPCURL = primary.GRPCURL()
	r := start(t, cfg)
	eventually(t, "the replica is ready", func() bool { return r.Status().Ready })
	return r
}

func caughtUp(t *testing.T, primary, replica *Server) {
	t.Helper()
	want := primary.Status()
	eventually(t, "the replica catches up", func() bool {
		s := replica.Status()
		return s.Log == want.Log &&
			s.Index >= want.Index
	})
}

// snapshot reads everything in one batch, as the product does.
func snapshot(ctx context.Context, db *sql.DB) (count, top, pairs int64, err error) {
	rows, err := db.QueryContext(ctx, `BEGIN; SELECT count(*), coalesce(max(n), 0), (SELECT count(*) FROM b) FROM a; COMMIT`)
	if err != nil {
		return 0, 0, 0, err
	}
	defer rows.Close()
	if !rows.NextResultSet() || !rows.Next() {
		return 0, 0, 0, sql.ErrNoRows
	}
	return count, top, pairs, rows.Scan(&count, &top, &pairs)
}

func TestAReplicaIsAlwaysACommittedPrefix(t *testing.T) {
	primary, replica := pair(t, Config{})
	db, far := dial(t, primary.URL()), dial(t, replica.URL())
	exec(t, db, `CREATE TABLE a (n INTEGER PRIMARY KEY, body TEXT); CREATE TABLE b (n INTEGER)`)
	caughtUp(t, primary, replica)
	const writes = 240
	ctx, cancel := context.WithCancel(within(t, 30*time.Second))
	var all sync.WaitGroup
	var mu sync.Mutex
	reads, states := 0, map[int64]bool{}
	for range 3 {
		all.Go(func() {
			last := int64(0)
			for ctx.Err() == nil {
				count, top, pairs, err := snapshot(ctx, far)
				if err != nil {
					if ctx.Err() == nil {
						t.Error(err)
					}
					return
				}
				if count != top || count != pairs {
					t.Errorf("torn: %d rows, highest %d, %d in the other table", count, top, pairs)
				}
				if count < last {
					t.Errorf("backwards: %d after %d", count, last)
				}
				last = count
				mu.Lock()
				reads++
				states[count] = true
				mu.Unlock()
			}
		})
	}
	for i := range writes {
		if i == writes/2 {
			replica.SetLag(100 * time.Millisecond)
		}
		exec(t, db, `BEGIN IMMEDIATE; INSERT INTO a VALUES (?, ?); INSERT INTO b VALUES (?); COMMIT`, i+1,
			strings.Repeat("x", 100+i%2000), i)
	}
	replica.SetLag(0)
	eventually(t, "the replica has everything", func() bool {
		n, _, _, err := snapshot(ctx, far)
		return err == nil && n == writes
	})
	cancel()
	all.Wait()
	t.Logf("%d reads over %d copies saw %d states", reads, replica.Status().Copies, len(states))
	if len(states) < 10 {
		t.Errorf("only %d states seen: the readers did not race the copies", len(states))
	}
	if f := replica.Status().Forwarded; f != 0 {
		t.Errorf("%d reads went to the primary", f)
	}
}

func TestLagKeepsAReplicaThatOld(t *testing.T) {
	primary, replica := pair(t, Config{})
	db, far := dial(t, primary.URL()), dial(t, replica.URL())
	exec(t, db, `CREATE TABLE t (a)`)
	caughtUp(t, primary, replica)
	const lag = 400 * time.Millisecond
	replica.SetLag(lag)
	written := time.Now()
	exec(t, db, `INSERT INTO t VALUES (1)`)
	eventually(t, "the row arrives", func() bool { return number(t, far, `SELECT count(*) FROM t`) == 1 })
	if took := time.Since(written); took < lag {
		t.Errorf("it arrived after %s, before the lag of %s", took, lag)
	}
	exec(t, db, `INSERT INTO t VALUES (2)`)
	eventually(t, "the copy is staged", func() bool { return replica.stagedCopies() > 0 })
	replica.SetLag(0)
	caughtUp(t, primary, replica)
	if n := number(t, far, `SELECT count(*) FROM t`); n != 2 {
		t.Errorf("%d rows after the lag was lifted", n)
	}
}

func TestACopyThatComesLateDoesNotTurnBackTime(t *testing.T) {
	primary, replica := pair(t, Config{})
	db, far := dial(t, primary.URL()), dial(t, replica.URL())
	exec(t, db, `CREATE TABLE t (a); INSERT INTO t VALUES (1)`)
	caughtUp(t, primary, replica)
	replica.SetLag(time.Hour)
	exec(t, db, `INSERT INTO t VALUES (2)`)
	eventually(t, "the copy is staged", func() bool { return replica.stagedCopies() > 0 })
	replica.replica.mu.Lock()
	late := replica.replica.staged[0]
	replica.replica.mu.Unlock()
	replica.SetLag(0)
	exec(t, db, `INSERT INTO t VALUES (3)`)
	caughtUp(t, primary, replica)
	late.file = filepath.Join(t.TempDir(), "late")
	old, err := openFile(late.file, "_journal_mode=WAL")
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if _, err := old.Exec(`CREATE TABLE t (a)`, nil); err != nil {
		t.Fatal(err)
	}
	if err := replica.replica.showFile(late); err != nil {
		t.Fatal(err)
	}
	if n := number(t, far, `SELECT count(*) FROM t`); n != 3 {
		t.Errorf("%d rows after a late copy", n)
	}
}

func (s *Server) stagedCopies() int {
	s.replica.mu.Lock()
	defer s.replica.mu.Unlock()
	return len(s.replica.staged)
}

func TestAPausedReplicaStandsStill(t *testing.T) {
	primary, replica := pair(t, Config{})
	db, far := dial(t, primary.URL()), dial(t, replica.URL())
	exec(t, db, `CREATE TABLE t (a)`)
	caughtUp(t, primary, replica)
	replica.SetLag(time.Hour)
	exec(t, db, `INSERT INTO t VALUES (0)`)
	eventually(t, "a copy is staged", func() bool { return replica.stagedCopies() > 0 })
	replica.Pause()
	replica.SetLag(0)
	exec(t, db, `INSERT INTO t VALUES (1)`)
	other := follower(t, primary, Config{})
	caughtUp(t, primary, other) // as long as a replica needs, the paused one had too
	if n := number(t, far, `SELECT count(*) FROM t`); n != 0 {
		t.Errorf("%d rows on a paused replica, neither the staged nor the new one is due", n)
	}
	replica.Resume()
	caughtUp(t, primary, replica)
	if n := number(t, far, `SELECT count(*) FROM t`); n != 2 {
		t.Errorf("%d rows after it resumed", n)
	}
}

func TestWritesAndInteractiveTransactionsRunAtThePrimary(t *testing.T) {
	primary, replica := pair(t, Config{})
	far := dial(t, replica.URL())
	exec(t, far, `CREATE TABLE t (a INTEGER UNIQUE)`)
	exec(t, far, `INSERT INTO t VALUES (1)`)
	if n := number(t, dial(t, primary.URL()), `SELECT count(*) FROM t`); n != 1 {
		t.Fatalf("%d rows at the primary", n)
	}
	_, err := far.Exec(`INSERT INTO t VALUES (1)`)
	if err == nil || !strings.Contains(err.Error(), "error executing a request on the primary: UNIQUE constraint "+
		"failed: t.a") {
		t.Errorf("%v", err)
	}
	caughtUp(t, primary, replica) // its connection waits for what it wrote, were that an hour
	replica.SetLag(time.Hour)
	exec(t, dial(t, primary.URL()), `INSERT INTO t VALUES (2)`)
	before := replica.Status().Forwarded
	tx, err := far.BeginTx(within(t, 5*time.Second), nil)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRow(`SELECT count(*) FROM t`).Scan(&n); err != nil || n != 2 {
		t.Errorf("a read in a transaction saw %d rows (%v): it did not run at the primary", n, err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if f := replica.Status().Forwarded - before; f != 3 {
		t.Errorf("%d programs forwarded, want 3", f)
	}
}

func TestOneBatchThatOnlyReadsStaysLocal(t *testing.T) {
	primary, replica := pair(t, Config{})
	exec(t, dial(t, primary.URL()), `CREATE TABLE a (n INTEGER); CREATE TABLE b (n INTEGER); INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)`)
	caughtUp(t, primary, replica)
	primary.Kill()
	if count, _, _, err := snapshot(within(t, 5*time.Second), dial(t, replica.URL())); err != nil || count != 1 {
		t.Fatalf("%d rows, %v", count, err)
	}
}

func TestAStreamThatWroteReadsItsOwnWrites(t *testing.T) {
	primary, replica := pair(t, Config{})
	exec(t, dial(t, primary.URL()), `CREATE TABLE t (a)`)
	caughtUp(t, primary, replica)
	replica.SetLag(200 * time.Millisecond)
	w := &wire{t: t, url: replica.URL(), version: "v3"}
	w.ask(execute(`INSERT INTO t VALUES (1)`))
	if res := w.ask(execute(`SELECT count(*) FROM t`))[0]; !strings.Contains(string(res.Response.Result),
		`"value":"1"`) {
		t.Fatalf("%s", res.Response.Result)
	}
}

func TestAForwardedWriteWaitsAsLongAsItsClient(t *testing.T) {
	primary, replica := pair(t, Config{})
	exec(t, dial(t, primary.URL()), `CREATE TABLE t (a)`)
	caughtUp(t, primary, replica)
	primary.Kill()
	// A connection that was open may take one write along, which is not sent again; then there is none to take.
	const open = 3
	for try := 0; ; try++ {
		_, err := dial(t, replica.URL()).ExecContext(within(t, 700*time.Millisecond), `INSERT INTO t VALUES (1)`)
		if err != nil && strings.Contains(err.Error(), "deadline exceeded") {
			return
		}
		if try == open || err == nil || !strings.Contains(err.Error(), "Connection with primary broken") {
			t.Fatalf("%v", err)
		}
	}
}

func TestACleanRestartContinuesTheLog(t *testing.T) {
	dir := t.TempDir()
	primary := start(t, Config{DBPath: dir})
	exec(t, dial(t, primary.URL()), `CREATE TABLE t (a)`)
	before := primary.Status()
	if err := primary.Close(); err != nil {
		t.Fatal(err)
	}
	if after := start(t, Config{DBPath: dir}).Status(); after.Log != before.Log || after.Index < before.Index {
		t.Fatalf("%+v became %+v", before, after)
	}
}

func TestAfterACrashThereIsANewLogAndReplicasLoadEverythingAgain(t *testing.T) {
	dir, grpc := t.TempDir(), ""
	primary := start(t, Config{DBPath: dir})
	grpc = strings.TrimPrefix(primary.GRPCURL(), "http://")
	replica := follower(t, primary, Config{})
	db, far := dial(t, primary.URL()), dial(t, replica.URL())
	exec(t, db, `CREATE TABLE t (a)`)
	for i := range 20 {
		exec(t, db, `INSERT INTO t VALUES (?)`, i)
	}
	caughtUp(t, primary, replica)
	if n := number(t, far, `SELECT count(*) FROM t`); n != 20 {
		t.Fatalf("%d rows", n)
	}
	old := replica.Status()
	w := &wire{t: t, url: replica.URL(), version: "v3"}
	w.ask(execute(`SELECT 1`))
	primary.Kill()

	again, err := Start(Config{HTTPListenAddr: "127.0.0.1:0", GRPCListenAddr: grpc, DBPath: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(again.Kill)
	if s := again.Status(); s.Log == old.Log || s.Index >= old.Index {
		t.Fatalf("%+v goes on with %+v", s, old)
	}
	eventually(t, "the replica follows the new log", func() bool {
		s := replica.Status()
		return s.Ready &&
			s.Log != old.Log
	})
	caughtUp(t, again, replica)
	if status, text := post(t, replica.URL()+"/v3/pipeline", `{"baton":"`+*w.baton+`","requests":[]}`); status != 400 ||
		!strings.Contains(text, "invalid baton") {
		t.Errorf("a stream on the dropped file lives on: %d %s", status, text)
	}
	if n := number(t, dial(t, replica.URL()), `SELECT count(*) FROM t`); n != 20 {
		t.Errorf("%d rows", n)
	}
	// The hazard: a connection that remembers an index of the old log waits for what may never come.
	_, err = far.ExecContext(within(t, 300*time.Millisecond), `SELECT 1`)
	if err == nil || !strings.Contains(err.Error(), "deadline exceeded") {
		t.Errorf("an index of a log that is gone was not waited for: %v", err)
	}
}

func TestAReplicaThatNeverReachedItsPrimaryServesNothing(t *testing.T) {
	primary := start(t, Config{})
	url := primary.GRPCURL()
	primary.Kill()
	replica := start(t, Config{PrimaryGRPCURL: url})
	if _, err := dial(t, replica.URL()).ExecContext(within(t, 300*time.Millisecond), `SELECT 1`); err == nil {
		t.Fatal("it answered")
	}
	if replica.Status().Ready {
		t.Error("it says that it is ready")
	}
}

func TestARestartedReplicaGoesOnWithItsFile(t *testing.T) {
	primary := start(t, Config{})
	dir := t.TempDir()
	replica := follower(t, primary, Config{DBPath: dir})
	exec(t, dial(t, primary.URL()), `CREATE TABLE t (a); INSERT INTO t VALUES (1)`)
	caughtUp(t, primary, replica)
	replica.Kill()
	exec(t, dial(t, primary.URL()), `INSERT INTO t VALUES (2)`)
	replica = follower(t, primary, Config{DBPath: dir})
	if n := number(t, dial(t, replica.URL()), `SELECT count(*) FROM t`); n != 2 {
		t.Errorf("%d rows", n)
	}
}
