package app_test

import (
	"context"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"statuspage/server/config"
	"statuspage/server/demo"
	"statuspage/server/racetest"
)

// visitor is a connection on which the same request comes whenever it is asked, and whose answers nobody reads.
type visitor struct {
	net.Conn
	request []byte
	come    bool
	answers int // bytes
}

func (v *visitor) Read(b []byte) (int, error) {
	if v.come = !v.come; !v.come {
		return 0, io.EOF
	}
	return copy(b, v.request), nil
}

func (v *visitor) Write(b []byte) (int, error)      { v.answers += len(b); return len(b), nil }
func (v *visitor) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 5000} }
func (v *visitor) SetReadDeadline(time.Time) error  { return nil }
func (v *visitor) SetWriteDeadline(time.Time) error { return nil }

// asked is a server that has given an answer once, and a function that asks for it again.
func asked(t testing.TB) (s *site, v *visitor, again func()) {
	t.Helper()
	s = &site{t: t, file: filepath.Join(t.TempDir(), "status.db"), addr: "127.0.0.1:0",
		set: func(c *config.Config) { c.PublicRate, c.RelayInterval = 1<<30, time.Minute }}
	s.start()
	t.Cleanup(s.stop)
	if _, err := demo.Fill(context.Background(), s.app.DB, s.app.UseCases, time.Now().Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	var req fasthttp.Request
	req.SetRequestURI("/api/v1/public/acme/status/")
	req.Header.SetHost("status.example")
	req.Header.Set("Accept-Encoding", "gzip, deflate, br")
	req.Header.Set("Accept-Language", "de")
	ctx := &fasthttp.RequestCtx{}
	ctx.Init(&req, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 5000}, nil)
	s.app.Fiber.Server().Handler(ctx)
	v = &visitor{request: []byte("GET /api/v1/public/acme/status/ HTTP/1.1\r\nHost: status.example\r\nUser-Agent: " +
		"Mozilla/5.0 (X11; Linux x86_64) " +
		"AppleWebKit/537.36\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: " +
		"de\r\nSec-Fetch-Mode: cors\r\n\r\n")}
	conn, in := s.app.FrontConn(v), make([]byte, 16<<10)
	return s, v, func() {
		if n, err := conn.Read(in); n != 0 || err != io.EOF {
			t.Fatalf("%d bytes were left to the server: %v", n, err)
		}
	}
}

func TestAnAnswerBeforeTheRouterTakesNoMemory(t *testing.T) {
	racetest.Alone(t, "allocations")
	s, v, again := asked(t)
	before := s.app.FrontAnswers()
	if n := testing.AllocsPerRun(20_000, again); n != 0 {
		t.Errorf("%g allocations an answer", n)
	}
	if n := s.app.FrontAnswers() - before; n < 20_000 || v.answers < 20_000*500 {
		t.Errorf("%d answers before the router, %d bytes", n, v.answers)
	}
}

func BenchmarkAnswerBeforeTheRouter(b *testing.B) {
	_, _, again := asked(b)
	b.ReportAllocs()
	for b.Loop() {
		again()
	}
}
