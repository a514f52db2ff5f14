// Package limit counts what each address, organisation or key does, in bounded memory.
package limit

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// Rate is how much is allowed: Quota at once, and Quota again for every Window that passes, evenly.
type Rate struct {
	Quota  int
	Window time.Duration
}

// PerSecond is n a second.
func PerSecond(n int) Rate { return Rate{n, time.Second} }

// DefaultKeys is how many keys a Limiter remembers if nobody says: a million, which cost up to 48 MB when full.
const DefaultKeys = 1 << 20

const shards = 64

// Limiter is a generic cell rate algorithm for each key: one number, the time at which the key's quota is whole again.
// Any number of goroutines may use it; a call takes under half a microsecond and, for a known key, no allocation.
type Limiter struct {
	rate  Rate
	step  int64 // nanoseconds that one request costs
	burst int64 // nanoseconds that a key may be ahead
	keys  int
	start time.Time
	names maphash.Seed
	addrs maphash.Seed
	parts [shards]part
}

// part keeps its keys in two generations. What nobody touched for a whole generation is dropped with it, and since a
// generation lasts at least as long as a quota takes to be whole again, dropping it forgets nothing. Only when more
// keys come than may be kept does a generation end early; then the least recent keys start afresh.
type part struct {
	mu      sync.Mutex
	recent  map[uint64]int64
	older   map[uint64]int64
	changed int64
	_       [24]byte // a cache line of its own
}

// New makes a Limiter that remembers at most this many keys; 0 is DefaultKeys. A Rate without quota or window allows
// nothing.
func New(rate Rate, keys int) *Limiter {
	if keys <= 0 {
		keys = DefaultKeys
	}
	l := &Limiter{rate: rate, keys: max(keys, 2*shards), start: time.Now(), names: maphash.MakeSeed(),
		addrs: maphash.MakeSeed()}
	if rate.Quota > 0 && rate.Window > 0 {
		l.step = max(1, int64(rate.Window)/int64(rate.Quota))
		l.burst = l.step * int64(rate.Quota)
	}
	return l
}

// Result is the answer to one request, with what its headers need.
type Result struct {
	Allowed bool
	// Rate is the limiter's.
	Rate Rate
	// Remaining is how many more would be allowed at once.
	Remaining int
	// Reset is until the quota is whole again.
	Reset time.Duration
	// RetryAfter is until the next request is allowed; 0 when this one was.
	RetryAfter time.Duration
}

// Allow counts one request of a key.
func (l *Limiter) Allow(key string, now time.Time) Result {
	return l.count(maphash.String(l.names, key), now)
}

// AllowAddr counts one request of a client's address; see Group.
func (l *Limiter) AllowAddr(addr netip.Addr, now time.Time) Result {
	b := Group(addr).As16()
	return l.count(maphash.Bytes(l.addrs, b[:]), now)
}

// Forget gives a key its whole quota back.
func (l *Limiter) Forget(key string) {
	k := maphash.String(l.names, key)
	p := &l.parts[k%shards]
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.recent, k)
	delete(p.older, k)
}

func (l *Limiter) count(key uint64, now time.Time) Result {
	at := int64(now.Sub(l.start))
	p := &l.parts[key%shards]
	p.mu.Lock()
	defer p.mu.Unlock()
	whole := max(p.find(key), at)
	allowed := l.step > 0 && whole+l.step-at <= l.burst
	if allowed {
		whole += l.step
	}
	if whole > at {
		p.turn(at, l.burst, l.keys/shards/2)
		p.recent[key] = whole // a refused one too, so that whoever keeps coming is not forgotten in a flood
	}
	return l.result(allowed, whole, at)
}

func (l *Limiter) result(allowed bool, whole, at int64) Result {
	r := Result{Allowed: allowed, Rate: l.rate, Reset: time.Duration(whole - at)}
	if l.step == 0 {
		r.RetryAfter = time.Hour // and then again: nothing is ever allowed
		return r
	}
	r.Remaining = int((l.burst - (whole - at)) / l.step)
	if !allowed {
		r.RetryAfter = time.Duration(whole + l.step - l.burst - at)
	}
	return r
}

// find is when the key's quota is whole again; long ago for a key that nobody remembers.
func (p *part) find(key uint64) int64 {
	if at, ok := p.recent[key]; ok {
		return at
	}
	if at, ok := p.older[key]; ok {
		return at
	}
	return -1 << 62
}

// turn begins a new generation when this one has lasted long enough or holds its share of the keys.
func (p *part) turn(at, lasts int64, most int) {
	if p.recent != nil && at-p.changed < max(lasts, int64(time.Second)) && len(p.recent) < most {
		return
	}
	p.older, p.recent, p.changed = p.recent, make(map[uint64]int64), at
}

// Len is how many keys are remembered now.
func (l *Limiter) Len() int {
	n := 0
	for i := range l.parts {
		p := &l.parts[i]
		p.mu.Lock()
		n += len(p.recent) + len(p.older)
		p.mu.Unlock()
	}
	return n
}
