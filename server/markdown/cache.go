package markdown

import (
	"html/template"
	"sync"
)

// cache keeps what was used of late in two generations: when the young one is full, the old one goes. It never holds more
// than its limit, whatever it is asked for.
type cache struct {
	mu         sync.Mutex
	half, size int
	young, old map[string]template.HTML
}

func newCache(limit int) *cache {
	return &cache{half: limit / 2, young: map[string]template.HTML{}}
}

func (c *cache) get(source string) (template.HTML, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if out, there := c.young[source]; there {
		return out, true
	}
	out, there := c.old[source]
	if there {
		c.keep(source, out)
	}
	return out, there
}

func (c *cache) put(source string, out template.HTML) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(source, out)
}

func (c *cache) keep(source string, out template.HTML) {
	cost := len(source) + len(out)
	if _, there := c.young[source]; there || cost > c.half {
		return
	}
	if c.size+cost > c.half {
		c.old, c.young, c.size = c.young, map[string]template.HTML{}, 0
	}
	c.young[source] = out
	c.size += cost
}
