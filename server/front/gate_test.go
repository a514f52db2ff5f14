package front

import (
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// desk is a gate before a handler that works until it is told to stop.
type desk struct {
	t       *testing.T
	gate    *Gate
	handler fasthttp.RequestHandler
	begun   chan string
	finish  chan struct{}
	all     sync.WaitGroup
}

func newDesk(t *testing.T, of Sizes) *desk {
	d := &desk{t: t, begun: make(chan string, 100), finish: make(chan struct{})}
	d.gate = NewGate(of, func(peer netip.Addr, _ []byte) netip.Addr { return peer })
	d.handler = d.gate.Handler(func(ctx *fasthttp.RequestCtx) {
		d.begun <- string(ctx.Path())
		<-d.finish
		ctx.SetStatusCode(fasthttp.StatusOK)
	}, func(ctx *fasthttp.RequestCtx) { ctx.SetStatusCode(fasthttp.StatusServiceUnavailable) })
	return d
}

// ask sends a request of an address, and gives its status when it is answered.
func (d *desk) ask(method, path, token string, from byte) <-chan int {
	var req fasthttp.Request
	req.SetRequestURI(path)
	req.Header.SetMethod(method)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	answered := make(chan int, 1)
	d.all.Go(func() {
		ctx := &fasthttp.RequestCtx{}
		ctx.Init(&req, &net.TCPAddr{IP: net.IPv4(192, 0, 2, from), Port: 5000}, nil)
		d.handler(ctx)
		answered <- ctx.Response.StatusCode()
	})
	return answered
}

func (d *desk) begins() string {
	d.t.Helper()
	select {
	case path := <-d.begun:
		return path
	case <-time.After(time.Minute):
		d.t.Fatal("nothing has begun")
		return ""
	}
}

func (d *desk) status(of <-chan int, want int) {
	d.t.Helper()
	select {
	case got := <-of:
		if got != want {
			d.t.Errorf("status %d, want %d", got, want)
		}
	case <-time.After(time.Minute):
		d.t.Fatal("no answer")
	}
}

func TestWhatIsTooMuchIsRefusedAndAdminsGoOn(t *testing.T) {
	d := newDesk(t, Sizes{Reads: Size{Working: 2, Waiting: 1, Patience: time.Hour}, Writes: Size{Working: 1, Share: 1},
		Known: Size{Working: 3, Share: 2}})
	first, second := d.ask("GET", "/a", "", 1), d.ask("HEAD", "/b", "", 2)
	d.begins()
	d.begins()
	waits := d.ask("GET", "/c", "", 3)
	for d.gate.reads.waiting.Load() != 1 {
		time.Sleep(time.Millisecond)
	}
	for from := range byte(50) { // none of them begins
		d.status(d.ask("GET", "/d", "", from), fasthttp.StatusServiceUnavailable)
	}
	if n := d.gate.Refused(); n != 50 || len(d.begun) != 0 {
		t.Errorf("%d refused, %d begun", n, len(d.begun))
	}
	// Whoever says who they are has a reserve, of which one address has its share.
	mine := d.ask("PATCH", "/mine", "token", 1)
	if got := d.begins(); got != "/mine" {
		t.Errorf("%s begins", got)
	}
	also := d.ask("POST", "/also", "token", 1)
	d.begins()
	d.status(d.ask("POST", "/third", "token", 1), fasthttp.StatusServiceUnavailable)
	theirs := d.ask("GET", "/theirs", "token", 2)
	if got := d.begins(); got != "/theirs" {
		t.Errorf("%s begins", got)
	}
	d.status(d.ask("POST", "/fourth", "token", 4), fasthttp.StatusServiceUnavailable)
	subscribes := d.ask("POST", "/subscribe", "", 1)
	d.begins()
	d.status(d.ask("POST", "/subscribe", "", 2), fasthttp.StatusServiceUnavailable)
	for _, path := range []string{"/healthz", "/readyz", "/ws/status/public/acme/"} {
		free := d.ask("GET", path, "", 1)
		if got := d.begins(); got != path {
			t.Errorf("%s begins", got)
		}
		defer d.status(free, fasthttp.StatusOK)
	}
	close(d.finish)
	for _, answered := range []<-chan int{first, second, waits, mine, also, theirs, subscribes} {
		d.status(answered, fasthttp.StatusOK)
	}
	d.all.Wait()
	if d.gate.Working() != 0 || d.gate.reads.waiting.Load() != 0 || d.gate.known.of.Len() != 0 ||
		d.gate.writes.of.Len() != 0 {
		t.Errorf("%d are still worked on", d.gate.Working())
	}
	d.status(d.ask("GET", "/after", "", 1), fasthttp.StatusOK)
}

func TestWhoHasWaitedLongEnoughIsRefused(t *testing.T) {
	d := newDesk(t, Sizes{Reads: Size{Working: 1, Waiting: 1, Patience: time.Millisecond}})
	first := d.ask("GET", "/a", "", 1)
	d.begins()
	d.status(d.ask("GET", "/b", "", 1), fasthttp.StatusServiceUnavailable)
	close(d.finish)
	d.status(first, fasthttp.StatusOK)
}

func TestAPanicGivesItsPlaceBack(t *testing.T) {
	g := NewGate(Sizes{Reads: Size{Working: 1}}, nil)
	h := g.Handler(func(*fasthttp.RequestCtx) { panic("x") }, func(*fasthttp.RequestCtx) { t.Error("refused") })
	for range 3 {
		func() {
			defer func() { _ = recover() }()
			ctx := &fasthttp.RequestCtx{}
			ctx.Init(&fasthttp.Request{}, &net.TCPAddr{}, nil)
			h(ctx)
		}()
	}
}
