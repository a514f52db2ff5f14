package store

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"statuspage/shared/fault"
)

// remote opens a database that is whatever answers.
func remote(t *testing.T, answers http.HandlerFunc) *DB {
	t.Helper()
	server := httptest.NewServer(answers)
	t.Cleanup(server.Close)
	return remoteAt(t, server.URL)
}

func remoteAt(t *testing.T, url string) *DB {
	t.Helper()
	db, err := Open(url, "token")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func saying(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func refusing(message string) string {
	return `{"baton":null,"results":[{"type":"error","error":{"message":"` + message +
		`","code":"X"}},{"type":"ok","response":{"type":"close"}}]}`
}

// cutOff ends the connection in the middle of its answer, or before it.
func cutOff(after string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = conn.Write([]byte(after))
		if tcp, is := conn.(*net.TCPConn); is && after == "" {
			_ = tcp.SetLinger(0) // reset
		}
		_ = conn.Close()
	}
}

// TestADatabaseOutOfReachIsUnavailable whatever way it does not answer: never an error of ours, nor one of the
// caller's.
func TestADatabaseOutOfReachIsUnavailable(t *testing.T) {
	closed := httptest.NewServer(saying(200, ""))
	closed.Close()
	for name, db := range map[string]*DB{
		"refused":            remoteAt(t, closed.URL),
		"reset":              remote(t, cutOff("")),
		"cut off":            remote(t, cutOff("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")),
		"an empty answer":    remote(t, saying(200, "")),
		"no results":         remote(t, saying(200, `{"results":[]}`)),
		"a proxy":            remote(t, saying(502, "<html>Bad gateway</html>")),
		"busy":               remote(t, saying(503, "")),
		"internal":           remote(t, saying(500, `{"error":"Internal Error: broken"}`)),
		"an expired stream":  remote(t, saying(400, `{"message":"The stream has expired due to inactivity","code":"STREAM_EXPIRED"}`)),
		"a baton":            remote(t, saying(400, "Received an invalid baton")),
		"a wrong token":      remote(t, saying(401, `{"error":"Unauthorized"}`)),
		"no such namespace":  remote(t, saying(404, `{"error":"Namespace default doesn't exist"}`)),
		"a full disk":        remote(t, saying(200, refusing("SQLite error: database or disk is full"))),
		"read-only":          remote(t, saying(200, refusing("SQLite error: attempt to write a readonly database"))),
		"locked":             remote(t, saying(200, refusing("SQLite error: database is locked"))),
		"a table is missing": remote(t, saying(200, refusing("SQLite error: no such table: events"))),
		"timed out":          remote(t, saying(200, refusing("Transaction timed out"))),
		"an answer too long": remote(t, saying(200, refusing("Response is too large"))),
	} {
		t.Run(name, func(t *testing.T) {
			var b Batch
			b.Add(`DELETE FROM meta WHERE key = ''`)
			ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
			defer cancel()
			_, read := db.LastBeat(ctx)
			write := db.failure(db.queue.do(ctx, &b))
			for what, err := range map[string]error{"read": read, "write": write} {
				var no *fault.Error
				if !errors.As(err, &no) || no.Code != fault.Unavailable || no.RetryAfter < 1 {
					t.Errorf("a %s is %v", what, err)
				}
			}
		})
	}
}

// TestAMistakeOfOursIsNoFailureOfTheDatabase so that it is found.
func TestAMistakeOfOursIsNoFailureOfTheDatabase(t *testing.T) {
	for _, message := range []string{"SQL input error: near x: syntax error (at offset 3)",
		"SQL string could not be parsed: no"} {
		_, err := remote(t, saying(200, refusing(message))).LastBeat(context.Background())
		var f *Failure
		if err == nil || errors.As(err, &f) {
			t.Errorf("%s: %v", message, err)
		}
	}
}

// TestEachOfThoseWhoGoTogetherHearsItsOwnOutcome by the steps that an answer has.
func TestEachOfThoseWhoGoTogetherHearsItsOwnOutcome(t *testing.T) {
	var writes []*write
	for range 3 {
		var b Batch
		b.Add(`INSERT INTO a VALUES (?)`, 1)
		b.Add(`INSERT INTO b VALUES (?)`, "two")
		writes = append(writes, &write{batch: &b})
	}
	steps, places, err := transaction(writes)
	if err != nil || len(steps) != 3+3*6 || len(places) != 3 {
		t.Fatalf("%d steps, %v", len(steps), err)
	}
	if steps[0].Stmt.SQL != "BEGIN IMMEDIATE" || steps[len(steps)-2].Stmt.SQL != "COMMIT" ||
		steps[len(steps)-1].Stmt.SQL != "ROLLBACK" {
		t.Errorf("%+v", steps)
	}
}

// TestWritesThatStallAreSaid when none has succeeded for ten seconds, and not before.
func TestWritesThatStallAreSaid(t *testing.T) {
	var h health
	locked := &Failure{Trouble: Locked, err: errors.New("locked")}
	at := time.Unix(1000, 0)
	h.note(10, locked, at, at.Add(8*time.Second))
	if is := h.now(at.Add(9 * time.Second)); is != "" {
		t.Errorf("after nine seconds it is %q", is)
	}
	h.note(10, locked, at.Add(8*time.Second), at.Add(10*time.Second))
	if is := h.now(at.Add(10 * time.Second)); is != Stalled {
		t.Errorf("after ten seconds it is %q", is)
	}
	h.note(10, nil, at.Add(10*time.Second), at.Add(11*time.Second))
	if is := h.now(at.Add(30 * time.Second)); is != "" {
		t.Errorf("after a success it is %q", is)
	}
}

// TestASmallWriteDoesNotHideAFullDisk on which a larger one has no room.
func TestASmallWriteDoesNotHideAFullDisk(t *testing.T) {
	var h health
	at := time.Unix(1000, 0)
	h.note(5000, &Failure{Trouble: Full, err: errors.New("full")}, at, at)
	h.note(10, nil, at, at.Add(time.Second))
	if h.now(at) != Full {
		t.Error("it is well too soon")
	}
	h.note(5000, nil, at, at.Add(2*time.Second))
	if h.now(at) != "" {
		t.Error("it is not well")
	}
	h.note(5000, &Failure{Trouble: Full, err: errors.New("full")}, at, at)
	h.note(10, nil, at, at.Add(6*time.Second))
	if h.now(at) != "" {
		t.Error("it is never well without a large write")
	}
}
