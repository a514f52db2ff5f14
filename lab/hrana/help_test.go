package hrana

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/tursodatabase/libsql-client-go/libsql"
)

func TestMain(m *testing.M) {
	// The client uses the default transport, which keeps two idle connections a host and would run out of ports.
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = 64
	os.Exit(m.Run())
}

func start(t *testing.T, cfg Config) *Server {
	t.Helper()
	cfg.HTTPListenAddr = "127.0.0.1:0"
	if cfg.PrimaryGRPCURL == "" {
		cfg.GRPCListenAddr = "127.0.0.1:0"
	}
	if cfg.DBPath == "" {
		cfg.DBPath = t.TempDir()
	}
	s, err := Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill)
	return s
}

// dial is the product's way to the database: database/sql on libsql-client-go, over http.
func dial(t *testing.T, url string, opts ...libsql.Option) *sql.DB {
	return openClient(t, url, opts...)
}

func openClient(t testing.TB, url string, opts ...libsql.Option) *sql.DB {
	t.Helper()
	connector, err := libsql.NewConnector(url, opts...)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db
}

func exec(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(within(t, 10*time.Second), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func number(t *testing.T, db *sql.DB, query string, args ...any) int64 {
	t.Helper()
	var n int64
	if err := db.QueryRowContext(within(t, 10*time.Second), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits on the thing itself.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

// post sends a raw request and returns the status and the body.
func post(t *testing.T, url, body string) (int, string) {
	t.Helper()
	res, err := http.Post(url, "application/json", bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// wire is a raw client that keeps the baton.
type wire struct {
	t       *testing.T
	url     string
	version string
	baton   *string
}

// ask sends one pipeline and returns its results.
func (w *wire) ask(requests ...any) []streamResult {
	w.t.Helper()
	body, err := json.Marshal(map[string]any{"baton": w.baton, "requests": requests})
	if err != nil {
		w.t.Fatal(err)
	}
	status, text := post(w.t, w.url+"/"+w.version+"/pipeline", string(body))
	var reply pipelineResponse
	if status != 200 || json.Unmarshal([]byte(text), &reply) != nil {
		w.t.Fatalf("%d %s", status, text)
	}
	w.baton = reply.Baton
	return reply.Results
}

func execute(sql string, args ...any) any {
	stmt := Stmt{SQL: &sql}
	for _, a := range args {
		stmt.Args = append(stmt.Args, Value{a})
	}
	return streamRequest{Type: "execute", Stmt: &stmt}
}

func batch(steps ...BatchStep) any {
	return streamRequest{Type: "batch", Batch: &Batch{Steps: steps}}
}

func when(cond *Cond, sql string) BatchStep { return BatchStep{Condition: cond, Stmt: Stmt{SQL: &sql}} }

func onStep(kind string, n uint32) *Cond { return &Cond{Type: kind, Step: &n} }
