package markdown

import (
	"crypto/sha256"
	"html/template"
	"sync"
)

// hash names a text.
type hash = [sha256.Size]byte

// cache keeps what was used of late in two generations: when the young one is full, the old one goes. It never holds
// more than its limit, whatever it is asked for.
type cache struct {
	mu         sync.Mutex
	half, size int
	young, old map[hash]template.HTML
}

func newCache(limit int) *cache {
	return &cache{half: limit / 2, young: map[hash]template.HTML{}}
}

func (c *cache) get(key hash) (template.HTML, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if out, there := c.young[key]; there {
		return out, true
	}
	out, there := c.old[key]
	if there {
		c.keep(key, out)
	}
	return out, there
}

func (c *cache) put(key hash, out template.HTML) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(key, out)
}

func (c *cache) keep(key hash, out template.HTML) {
	cost := len(key) + len(out)
	if _, there := c.young[key]; there || cost > c.half {
		return
	}
	if c.size+cost > c.half {
		c.old, c.young, c.size = c.young, map[hash]template.HTML{}, 0
	}
	c.young[key] = out
	c.size += cost
}
