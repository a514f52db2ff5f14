package limit

import (
	"hash/maphash"
	"net/netip"
	"sync"
)

// Counter counts what each key has open, sockets for instance. It remembers only keys that have something open.
type Counter struct {
	names maphash.Seed
	addrs maphash.Seed
	parts [shards]open
}

type open struct {
	mu sync.Mutex
	of map[uint64]int
	_  [48]byte // a cache line of its own
}

func NewCounter() *Counter {
	return &Counter{names: maphash.MakeSeed(), addrs: maphash.MakeSeed()}
}

// Acquire opens one more for a key, unless it has that many open already. Release it once for each true.
func (c *Counter) Acquire(key string, most int) bool {
	return c.acquire(maphash.String(c.names, key), most)
}

// Release closes one.
func (c *Counter) Release(key string) { c.release(maphash.String(c.names, key)) }

// AcquireAddr is Acquire for a client's address; see Group.
func (c *Counter) AcquireAddr(addr netip.Addr, most int) bool { return c.acquire(c.addr(addr), most) }

// ReleaseAddr closes one.
func (c *Counter) ReleaseAddr(addr netip.Addr) { c.release(c.addr(addr)) }

func (c *Counter) addr(addr netip.Addr) uint64 {
	b := Group(addr).As16()
	return maphash.Bytes(c.addrs, b[:])
}

// TakeAddr opens n more for a client's address, unless it would have more than most open then. Give back as many for
// each true.
func (c *Counter) TakeAddr(addr netip.Addr, n, most int) bool { return c.take(c.addr(addr), n, most) }

// GiveAddr closes n.
func (c *Counter) GiveAddr(addr netip.Addr, n int) { c.give(c.addr(addr), n) }

func (c *Counter) acquire(key uint64, most int) bool { return c.take(key, 1, most) }

func (c *Counter) take(key uint64, n, most int) bool {
	p := &c.parts[key%shards]
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of[key]+n > most {
		return false
	}
	if p.of == nil {
		p.of = make(map[uint64]int)
	}
	p.of[key] += n
	return true
}

func (c *Counter) release(key uint64) { c.give(key, 1) }

func (c *Counter) give(key uint64, n int) {
	p := &c.parts[key%shards]
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of[key] > n {
		p.of[key] -= n
		return
	}
	delete(p.of, key)
}

// Len is how many keys have something open.
func (c *Counter) Len() int {
	n := 0
	for i := range c.parts {
		p := &c.parts[i]
		p.mu.Lock()
		n += len(p.of)
		p.mu.Unlock()
	}
	return n
}
