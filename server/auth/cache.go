package auth

import (
	"crypto/sha256"
	"sync"
	"time"
)

// maxVerified bounds the tokens and keys that are remembered: about 10 MB when full.
const maxVerified = 10_000

// admittedFor is for how long nobody is asked again who a token's or key's bearer is, if nothing has changed that is
// known of: what is not known of, such as a change that a database has lost again, ends then.
const admittedFor = 10 * time.Second

// verified is a token that was found good, by the keys that its issuer had at that moment, or an API key.
type verified struct {
	who      Principal // as the token says
	by       *issuer   // nil of a key
	version  uint64
	admitted *admission
}

// admission is who the bearer was found to be at a moment, after so many changes.
type admission struct {
	who     Principal
	changes uint64
	at      time.Time
}

// over says that a token is good no more, or that a key has ended.
func (v *verified) over(now time.Time) bool {
	if v.by == nil {
		return !v.who.ExpiresAt.IsZero() && now.After(v.who.ExpiresAt)
	}
	return v.who.Expired(now) || v.by.keys.version.Load() != v.version
}

// cache remembers verified tokens by their hash until they expire, and whom they let in. Only good tokens come in, so a
// flood of bad ones pushes nobody out.
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
	if ok && v.over(now) {
		delete(c.of, key)
		ok = false
	}
	return v.who, ok
}

// admitted is whom a token or key let in, if nothing has changed since: changes is as many as then.
func (c *cache) admitted(key [sha256.Size]byte, changes uint64, now time.Time) (Principal, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.of[key]
	if !ok || v.admitted == nil || v.admitted.changes != changes || now.Sub(v.admitted.at) >= admittedFor ||
		v.over(now) {
		return Principal{}, false
	}
	return v.admitted.who, true
}

// admit remembers whom a token or key lets in. A token that is remembered no more is not.
func (c *cache) admit(key [sha256.Size]byte, a *admission) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.of[key]
	switch {
	case a.who.Kind == KindKey:
		if !ok && len(c.of) >= c.most {
			c.makeRoom(a.at)
		}
		v.who = a.who
	case !ok:
		return
	}
	v.admitted = a
	c.of[key] = v
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
		if v.over(now) || looked == 8 && removed == 0 || c.most < 8 {
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
