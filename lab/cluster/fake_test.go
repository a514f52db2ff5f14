package cluster

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tursodatabase/libsql-client-go/libsql"
)

func TestMain(m *testing.M) {
	Roles(map[string]func([]string) int{"app": fakeApp})
	os.Exit(m.Run())
}

// fakeApp is the smallest app that lives as the real one must: writes at the primary by fly-replay or by proxying, in
// one batch guarded by an idempotency key; reads from the region's own database.
func fakeApp([]string) int {
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = 32
	var opts []libsql.Option
	if token := os.Getenv("DATABASE_AUTH_TOKEN"); token != "" {
		opts = append(opts, libsql.WithAuthToken(token))
	}
	connector, err := libsql.NewConnector(os.Getenv("DATABASE_URL"), opts...)
	if err != nil {
		return fail(err)
	}
	a := &app{db: sql.OpenDB(connector), primary: os.Getenv("FLY_REGION") == os.Getenv("PRIMARY_REGION")}
	a.db.SetConnMaxLifetime(time.Second) // what a connection remembers of an older log must not outlive it for long
	if a.primary {
		_, err = a.db.Exec(`CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE)`)
		if err != nil {
			return fail(err)
		}
	}
	srv := &http.Server{Addr: os.Getenv("ADDR"), Handler: a}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		srv.Close()
	}()
	if err := srv.ListenAndServe(); err != http.ErrServerClosed {
		return fail(err)
	}
	return 0
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

type app struct {
	db      *sql.DB
	primary bool
	reads   atomic.Int64
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	defer cancel()
	w.Header().Set("Status-Region", os.Getenv("FLY_REGION"))
	switch {
	case r.URL.Path == "/env":
		json.NewEncoder(w).Encode(os.Environ())
	case r.Method == "POST" && !a.primary:
		a.forward(w, r)
	case r.Method == "POST":
		a.write(ctx, w, r)
	default:
		a.read(ctx, w)
	}
}

func (a *app) forward(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Fly-Replay-Failed") != "" {
		http.Error(w, "the primary is away", http.StatusServiceUnavailable)
		return
	}
	if os.Getenv("WRITE_FORWARD") == "fly-replay" {
		w.Header().Set("fly-replay", "region="+os.Getenv("PRIMARY_REGION")+";timeout=1s;fallback=force_self")
		return
	}
	res, err := http.Post(os.Getenv("PRIMARY_URL")+r.URL.Path, "text/plain", r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer res.Body.Close()
	w.Header().Set("Status-Region", res.Header.Get("Status-Region"))
	w.WriteHeader(res.StatusCode)
	io.Copy(w, res.Body)
}

func (a *app) write(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	key, _ := io.ReadAll(r.Body)
	_, err := a.db.ExecContext(ctx, `BEGIN IMMEDIATE; INSERT INTO events (key) VALUES (?); COMMIT`, string(key))
	if err != nil && !strings.Contains(err.Error(), "UNIQUE constraint failed") {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	io.WriteString(w, "ok")
}

// read answers how many events there are and the highest, from the region's own database; /readyz too.
func (a *app) read(ctx context.Context, w http.ResponseWriter) {
	var count, top int64
	err := a.db.QueryRowContext(ctx, `SELECT count(*), coalesce(max(id), 0) FROM events`).Scan(&count, &top)
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	json.NewEncoder(w).Encode(map[string]any{"count": count, "seq": top, "lag_ms": 7, "sockets": a.reads.Add(1)})
}
