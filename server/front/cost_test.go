package front

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"statuspage/server/limit"
	"statuspage/server/racetest"
	"statuspage/server/relay"
	"statuspage/server/site/serve"
)

// script is a connection on which a request comes so many times, and whose answers nobody reads.
type script struct {
	net.Conn
	request []byte
	left    int
	answers int
}

func (s *script) Read(b []byte) (int, error) {
	if s.left--; s.left < 0 {
		return 0, io.EOF
	}
	return copy(b, s.request), nil
}

func (s *script) Write(b []byte) (int, error) {
	s.answers += bytes.Count(b, []byte("HTTP/1.1 200 OK\r\n"))
	return len(b), nil
}

func (s *script) Close() error                     { return nil }
func (s *script) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }
func (s *script) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 5000} }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

// told is a document that is kept, on Fiber behind a front.
func told(body []byte) (*Front, *fasthttp.Server) {
	limiter := limit.New(limit.PerSecond(1<<30), 1<<10)
	f := New(Deps{Policy: "public", Closes: func() bool { return false },
		Client: func(peer netip.Addr, _ []byte) netip.Addr { return peer }, Count: limiter.AllowAddr,
		Secure: func(bool, []byte) bool { return false }, Lag: func() (time.Duration, bool) { return 0, true },
		ID:  func() (id [36]byte) { return id },
		Age: func(to []byte, _ time.Duration) []byte { return append(to, "0.000"...) }})
	app, p := fiber.New(fiber.Config{DisableStartupMessage: true}), &relay.Page{}
	app.Get("/doc", func(c *fiber.Ctx) error {
		for _, name := range []string{"X-Request-Id", "Status-Lag", "Status-Region", "Content-Security-Policy",
			"RateLimit-Policy", "RateLimit"} {
			c.Set(name, "x")
		}
		c.Set("ETag", `"x"`)
		serve.Keep(c, p, time.Now().Add(time.Hour))
		return c.Send(body)
	})
	s := &fasthttp.Server{Handler: f.Handler(app.Handler()), NoDefaultServerHeader: true}
	s.ConnState = func(conn net.Conn, state fasthttp.ConnState) {
		if c, is := conn.(*Conn); is {
			c.Note(state)
		}
	}
	return f, s
}

func used() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestAnAnswerCostsNoMoreThanAConstantOfFasthttps is the short form of `make bench`, without the kernel's part, which
// is the same for both: the best of several rounds, with room for what a busy machine does to either.
func TestAnAnswerCostsNoMoreThanAConstantOfFasthttps(t *testing.T) {
	racetest.Alone(t, "CPU")
	const each = 20_000
	body := bytes.Repeat([]byte("x"), 200)
	request := []byte("GET /doc HTTP/1.1\r\nHost: status.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) " +
		"AppleWebKit/537.36\r\nAccept: */*\r\n" +
		"Accept-Encoding: gzip, deflate, br\r\n\r\n")
	f, ours := told(body)
	constant := &fasthttp.Server{NoDefaultServerHeader: true, Handler: func(c *fasthttp.RequestCtx) {
		c.Response.Header.Set("ETag", `"x"`)
		c.Response.SetBodyRaw(body)
	}}
	run := func(s *fasthttp.Server, conn net.Conn, in *script) time.Duration {
		begun := used()
		if err := s.ServeConn(conn); err != nil {
			t.Fatal(err)
		}
		if in.answers != each {
			t.Fatalf("%d answers of %d", in.answers, each)
		}
		return used() - begun
	}
	mine, theirs := time.Hour, time.Hour
	for range 7 {
		a, b := &script{request: request, left: each}, &script{request: request, left: each}
		mine, theirs = min(mine, run(ours, f.Conn(a), a)), min(theirs, run(constant, b, b))
	}
	if f.Hits() < 7*each-1 {
		t.Errorf("%d answers of the front", f.Hits())
	}
	t.Logf("%v and %v an answer, %.2f ×", mine/each, theirs/each, float64(mine)/float64(theirs))
	if mine > theirs*2 {
		t.Errorf("an answer takes %v, a constant of fasthttp's %v", mine/each, theirs/each)
	}
}

// TestSlowHeadsHaveTheTimeOfARequest: the front moves deadlines for the wait between requests; a head that comes in
// part has no longer than the server allows.
func TestSlowHeadsHaveTheTimeOfARequest(t *testing.T) {
	f, _ := told(nil)
	f.Reading = time.Second
	in := &deadlines{script: script{request: []byte("GET /doc HT"), left: 1}}
	c := Of(f.Conn(in))
	c.moved.Store(1) // the front has answered before
	if n, err := c.Read(make([]byte, 100)); n != 11 || err != nil {
		t.Fatalf("%d bytes, %v", n, err)
	}
	if left := time.Until(in.reads); left > time.Second || left < -time.Minute {
		t.Errorf("the rest has %v", left)
	}
}

type deadlines struct {
	script
	reads time.Time
}

func (d *deadlines) SetReadDeadline(at time.Time) error {
	d.reads = at
	return nil
}
