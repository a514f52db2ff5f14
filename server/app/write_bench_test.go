package app_test

import (
	"encoding/json"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"statuspage/server/config"
	"statuspage/server/store"
)

// spent is the CPU time of the process.
func spent() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// written sends a change to the handler of the whole program, without a connection, and gives the id in the answer.
func written(b *testing.B, h fasthttp.RequestHandler, who *caller, method, path, body string) string {
	var req fasthttp.Request
	req.Header.SetMethod(method)
	req.SetRequestURI(path)
	req.Header.SetHost("status.example")
	req.Header.Set("Authorization", "Bearer "+who.token)
	req.Header.SetContentType("application/json")
	req.SetBodyString(body)
	ctx := &fasthttp.RequestCtx{}
	ctx.Init(&req, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 5000}, nil)
	h(ctx)
	var made struct{ ID string }
	if err := json.Unmarshal(ctx.Response.Body(), &made); err != nil || ctx.Response.StatusCode() >= 300 {
		b.Errorf("%s %s: %d %s", method, path, ctx.Response.StatusCode(), ctx.Response.Body())
	}
	return made.ID
}

// BenchmarkWrite is what a change costs at a file: by so many admins at once, each of an organisation of its own, and
// beside it a bare batch of six inserts.
func BenchmarkWrite(b *testing.B) {
	for _, n := range []int{1, 8, 32} {
		s := &site{t: b, file: filepath.Join(b.TempDir(), "status.db"), addr: "127.0.0.1:0"}
		s.set = func(c *config.Config) { c.CallerRate, c.OrgRate, c.RelayInterval = 1<<30, 1<<30, time.Second }
		s.start()
		h := s.app.Fiber.Server().Handler
		tenants := make([]*caller, n)
		services := make([]string, n)
		for i := range tenants {
			tenants[i] = s.org()
			services[i] = tenants[i].service("Website")
		}
		each := func(name string, per int, work func(i int)) {
			b.Run(name+"/"+strconv.Itoa(n), func(b *testing.B) {
				var left atomic.Int64
				left.Store(int64(b.N))
				var wait sync.WaitGroup
				began := spent()
				for i := range n {
					wait.Go(func() {
						for left.Add(-1) >= 0 {
							work(i)
						}
					})
				}
				wait.Wait()
				b.ReportMetric(float64((spent()-began).Microseconds())/float64(b.N*per), "cpu-µs/write")
				b.ReportMetric(float64(b.N*per)/b.Elapsed().Seconds(), "writes/s")
			})
		}
		each("incident", 2, func(i int) {
			id := written(b, h, tenants[i], "POST", "/api/v1/incidents/",
				`{"title":"Elevated error rates","service":"`+services[i]+`","to_state":"degraded_performance"}`)
			written(b, h, tenants[i], "PATCH", "/api/v1/incidents/"+id+"/", `{"status":"resolved"}`)
		})
		var turn atomic.Int64
		each("service", 1, func(i int) {
			written(b, h, tenants[i], "PATCH", "/api/v1/services/"+services[i]+"/",
				`{"description":"It is number `+strconv.FormatInt(turn.Add(1), 10)+`."}`)
		})
		bare := bareRows(b, s.app.DB)
		each("bare", 1, func(int) { bare() })
		s.stop()
	}
}

// bareRows gives a batch of six inserts, about what opening an incident takes.
func bareRows(b *testing.B, db *store.DB) func() {
	var create store.Batch
	create.Add(`CREATE TABLE IF NOT EXISTS bench_rows (id INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL)`)
	if err := db.Do(b.Context(), &create); err != nil {
		b.Fatal(err)
	}
	return func() {
		var batch store.Batch
		for range 6 {
			batch.Add(`INSERT INTO bench_rows (body) VALUES (?)`, "We see more errors than usual and are looking "+
				"into it.")
		}
		if err := db.Do(b.Context(), &batch); err != nil {
			b.Error(err)
		}
	}
}
