package auth

import (
	"crypto/sha256"
	"sync"
	"time"
)

// maxVerified bounds the tokens that are remembered: about 6 MB when full.
const maxVerified = 10_000

// verified is a token that was found good, by the keys that its issuer had at that moment.
type verified struct {
	who     Principal
	by      *issuer
	version uint64
}

// cache remembers verified tokens by their hash until they expire. Only good tokens come in, so a flood of bad ones
// pushes nobody out.
type cache struct {
	mu   sync.Mutex
	of   map[[sha256.Size]byte]verified
	most int
}

func newCache(most int) *cache {
	return &cache{of: make(map[[sha256.Size]byte]verified), most: most}
}

func (c *cache) get(key [sha256.Size]byte, now time.Time) (Principal, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.of[key]
	if ok && (v.who.Expired(now) || v.by.keys.version.Load() != v.version) {
		delete(c.of, key)
		ok = false
	}
	return v.who, ok
}

func (c *cache) put(key [sha256.Size]byte, v verified, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.of) >= c.most {
		c.makeRoom(now)
	}
	c.of[key] = v
}

// makeRoom looks at a few tokens in Go's random order: the expired ones go, or else the last one looked at.
func (c *cache) makeRoom(now time.Time) {
	looked, removed := 0, 0
	for key, v := range c.of {
		looked++
		if v.who.Expired(now) || looked == 8 && removed == 0 || c.most < 8 {
			delete(c.of, key)
			removed++
		}
		if looked == 8 {
			return
		}
	}
}

func (c *cache) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.of)
}
