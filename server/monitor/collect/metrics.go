package collect

import (
	"time"

	"statuspage/server/store"
	"statuspage/shared/status"
)

// note remembers what the newest result of each region is. Regions are as many as a monitor may name.
func (c *Collector) note(looks []store.Look) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range looks {
		region := looks[i].Region
		if _, known := c.heard[region]; known || len(c.heard) < status.MaxRegions {
			c.heard[region] = max(c.heard[region], looks[i].At)
		}
	}
}

// Heard is how old the newest result of each region is.
func (c *Collector) Heard() map[string]time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, out := c.now(), make(map[string]time.Duration, len(c.heard))
	for region, at := range c.heard {
		out[region] = time.Duration(max(now-at, 0)) * time.Millisecond
	}
	return out
}

// Planned is how many monitors run here.
func (c *Collector) Planned() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range c.plan {
		if w.Runs(c.opts.Region) {
			n++
		}
	}
	return n
}

// Late is by how much the look that waits the longest is overdue here.
func (c *Collector) Late() (late time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.opts.Now()
	for _, w := range c.plan {
		if !w.running && w.Runs(c.opts.Region) {
			late = max(late, now.Sub(w.due))
		}
	}
	return late
}
