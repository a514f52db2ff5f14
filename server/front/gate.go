package front

import (
	"bytes"
	"net"
	"net/netip"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"statuspage/server/limit"
)

const (
	// of visitors, that are worked on at once: some wait for a database, or an event
	readsACore   = 128
	readsShare   = 64                     // of one address
	readsWaiting = 128                    // that wait for it
	patience     = 500 * time.Millisecond // for which they wait
	writesAtOnce = 1024                   // of visitors: to subscribe, to sign in
	writesShare  = 64                     // of one address
	knownAtOnce  = 2048                   // of whoever says who they are: their reserve
	knownShare   = 64                     // of one address
)

// Gate bounds how many requests are worked on at once, so that a machine that is asked for more than it can do refuses
// the rest before any work, and what people who run the page do goes through meanwhile. What the front answers and
// sockets, which have limits of their own, do not pass it.
type Gate struct {
	reads, writes, known *lane
	client               func(peer netip.Addr, flyClientIP []byte) netip.Addr
	refused              atomic.Int64
}

// Size is how many requests of one kind are worked on at once and how many wait for how long; Share is how many one
// address has of these, 0 is all.
type Size struct {
	Working, Waiting, Share int
	Patience                time.Duration
}

// Sizes are those of reads and writes of visitors, and of requests that say whose they are.
type Sizes struct{ Reads, Writes, Known Size }

// DefaultSizes are for this machine.
func DefaultSizes() Sizes {
	return Sizes{
		Reads: Size{Working: readsACore * runtime.GOMAXPROCS(0), Waiting: readsWaiting, Share: readsShare,
			Patience: patience},
		Writes: Size{Working: writesAtOnce, Share: writesShare},
		Known:  Size{Working: knownAtOnce, Share: knownShare},
	}
}

// NewGate makes one; client finds out whose a request is.
func NewGate(of Sizes, client func(peer netip.Addr, flyClientIP []byte) netip.Addr) *Gate {
	return &Gate{reads: newLane(of.Reads), writes: newLane(of.Writes), known: newLane(of.Known), client: client}
}

// Refused counts the requests that were refused.
func (g *Gate) Refused() int64 { return g.refused.Load() }

// Working is how many requests are worked on now.
func (g *Gate) Working() int { return len(g.reads.places) + len(g.writes.places) + len(g.known.places) }

// Handler lets next answer, or refuse.
func (g *Gate) Handler(next, refuse fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		l := g.lane(ctx)
		if l == nil {
			next(ctx)
			return
		}
		var addr netip.Addr
		if l.share > 0 {
			addr = g.address(ctx)
		}
		if !l.enter(addr) {
			g.refused.Add(1)
			refuse(ctx)
			return
		}
		defer l.leave(addr)
		next(ctx)
	}
}

// lane is where a request waits for its turn; nil is none.
func (g *Gate) lane(ctx *fasthttp.RequestCtx) *lane {
	h := &ctx.Request.Header
	path := ctx.Path()
	switch {
	case bytes.HasPrefix(path, []byte("/ws/")), string(path) == "/healthz", string(path) == "/readyz":
		return nil
	case len(h.Peek("Authorization")) > 0:
		return g.known
	case h.IsGet() || h.IsHead():
		return g.reads
	}
	return g.writes
}

func (g *Gate) address(ctx *fasthttp.RequestCtx) netip.Addr {
	var peer netip.Addr
	if a, is := ctx.RemoteAddr().(*net.TCPAddr); is {
		peer = a.AddrPort().Addr().Unmap()
	}
	return g.client(peer, ctx.Request.Header.Peek("Fly-Client-IP"))
}

// lane lets so many in at once.
type lane struct {
	places   chan struct{}
	waiting  atomic.Int64
	queue    int64
	patience time.Duration
	share    int
	of       *limit.Counter
}

func newLane(s Size) *lane {
	return &lane{places: make(chan struct{}, s.Working), queue: int64(s.Waiting), patience: s.Patience,
		share: s.Share, of: limit.NewCounter()}
}

func (l *lane) enter(addr netip.Addr) bool {
	if l.share > 0 && !l.of.AcquireAddr(addr, l.share) {
		return false
	}
	if l.place() {
		return true
	}
	if l.share > 0 {
		l.of.ReleaseAddr(addr)
	}
	return false
}

func (l *lane) leave(addr netip.Addr) {
	<-l.places
	if l.share > 0 {
		l.of.ReleaseAddr(addr)
	}
}

// place takes one, or waits for one where there is room to wait.
func (l *lane) place() bool {
	select {
	case l.places <- struct{}{}:
		return true
	default:
	}
	defer l.waiting.Add(-1)
	if l.waiting.Add(1) > l.queue {
		return false
	}
	timer := time.NewTimer(l.patience)
	defer timer.Stop()
	select {
	case l.places <- struct{}{}:
		return true
	case <-timer.C:
		return false
	}
}
