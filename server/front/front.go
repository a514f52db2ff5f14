// Package front answers what is asked most before the server has read it: a GET of a public document that was given
// before, in the same words, while nothing has changed. It gives the bytes that the router would; whatever is unusual
// about a request is left to the server, as it came.
package front

import (
	"bytes"
	"hash/maphash"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"statuspage/server/limit"
	"statuspage/server/relay"
	"statuspage/server/site/serve"
)

const (
	slots    = 1 << 13 // answers that are kept; two that fall into one slot replace each other
	maxHost  = 260     // bytes of a Host header, and of the others that an answer is kept by
	maxPath  = 512
	lagAge   = time.Millisecond
	maxBlock = 64 << 10 // bytes of answers that are sent at once
)

// Deps is what the front asks of the rest.
type Deps struct {
	Client func(peer netip.Addr, flyClientIP []byte) netip.Addr // whose request it is
	// of a visitor; what it refuses is refused by the router
	Count   func(client netip.Addr, now time.Time) limit.Result
	Policy  string                                     // under which Count is told
	Secure  func(tls bool, forwardedProto []byte) bool // whether the client speaks https
	Lag     func() (lag time.Duration, live bool)      // of what this region shows
	ID      func() [36]byte                            // of a request
	Age     func(to []byte, lag time.Duration) []byte  // Status-Lag
	Reading time.Duration                              // that a request may be on its way
	Closes  func() bool                                // whether connections end with their next answer
}

// Front keeps answers. Any number of goroutines may use it; an answer that is there takes no lock of the front's and no
// memory.
type Front struct {
	Deps
	seed  maphash.Seed
	table [slots]atomic.Pointer[answer]
	hits  atomic.Int64
	rooms sync.Pool // of *[]byte, in which answers are put together

	// lag is what Lag said at lagAt, in ns; it is asked again after lagAge. -1 is not live.
	lag, lagAt atomic.Int64
	date       atomic.Pointer[second]
}

// answer is what was given once, and to what.
type answer struct {
	host, path, accept, language []byte
	secure                       bool

	page  *relay.Page
	until time.Time
	etag  string
	found block // 200
	known block // 304
	body  []byte
}

// New makes an empty front.
func New(d Deps) *Front {
	return &Front{Deps: d, seed: maphash.MakeSeed(), rooms: sync.Pool{New: func() any { return new([]byte) }}}
}

// Hits counts the answers that were given without the router.
func (f *Front) Hits() int64 { return f.hits.Load() }

// Handler lets next answer, and keeps what it marked (serve.Keep).
func (f *Front) Handler(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		q, usual := f.read(ctx)
		next(ctx)
		if !usual {
			return
		}
		if a := q.keep(ctx); a != nil {
			f.slot(&q).Store(a)
		}
	}
}

// Sweep lets go of answers that are out of date, which hold their pages in memory.
func (f *Front) Sweep(now time.Time) {
	for i := range f.table {
		if a := f.table[i].Load(); a != nil && !a.holds(now) {
			f.table[i].CompareAndSwap(a, nil)
		}
	}
}

// append writes the answers to the requests that in begins with, as far as they are here. used is how much of in they
// were asked by.
func (f *Front) append(to, in []byte, c *Conn, now time.Time) (out []byte, used int) {
	for out = to; used < len(in) && len(out) < maxBlock; {
		var q question
		n := q.parse(in[used:])
		if n == 0 {
			return out, used
		}
		q.secure = f.Secure(c.tls, q.proto)
		a := f.slot(&q).Load()
		if a == nil || !a.answers(&q) {
			return out, used
		}
		given, is := f.give(out, a, &q, c, now)
		if !is {
			return out, used
		}
		out, used = given, used+n
	}
	return out, used
}

// give appends an answer; not when it is out of date, or the visitor is refused.
func (f *Front) give(to []byte, a *answer, q *question, c *Conn, now time.Time) ([]byte, bool) {
	lag, live := f.age(now)
	if !live || !a.holds(now) {
		return to, false
	}
	counted := f.Count(f.Client(c.peer, q.flyIP), now)
	if !counted.Allowed {
		return to, false
	}
	a.page.Touch(now)
	f.hits.Add(1)
	b, body := &a.found, a.body
	if len(q.has) > 0 && serve.Knows(string(q.has), a.etag) {
		b, body = &a.known, nil
	}
	id := f.ID()
	to = append(append(to, b[0]...), f.today(now)...)
	to = append(append(to, b[1]...), id[:]...)
	to = f.Age(append(to, b[2]...), lag)
	to = counted.Append(append(to, b[3]...), f.Policy)
	return append(append(to, b[4]...), body...), true
}

// age is Lag, as it was within lagAge: to look at clocks takes longer than all the rest.
func (f *Front) age(now time.Time) (lag time.Duration, live bool) {
	if at := f.lagAt.Load(); uint64(now.UnixNano()-at) < uint64(lagAge) {
		lag = time.Duration(f.lag.Load())
		return lag, lag >= 0
	}
	lag, live = f.Lag()
	if live {
		f.lag.Store(int64(lag))
	} else {
		f.lag.Store(-1)
	}
	f.lagAt.Store(now.UnixNano())
	return lag, live
}

func (f *Front) slot(q *question) *atomic.Pointer[answer] { return &f.table[q.hash(f.seed)%slots] }

func (a *answer) holds(now time.Time) bool { return now.Before(a.until) && a.page.Current() }

func (a *answer) answers(q *question) bool {
	return a.secure == q.secure && bytes.Equal(a.path, q.path) && bytes.Equal(a.host, q.host) &&
		bytes.Equal(a.accept, q.accept) && bytes.Equal(a.language, q.language)
}
