package history

import (
	"fmt"
	"strings"
	"sync"
	"time"
)

// The three kinds of checks. Always holds for each thing that is seen; Eventually becomes true within a time; Finally
// is true when all is over.
const (
	always     = "always"
	eventually = "eventually"
	finally    = "finally"
)

// Checks are the named checks of a run. A check that was declared and never evaluated fails the run: it says nothing.
type Checks struct {
	mu   sync.Mutex
	list []*Check
}

// Check is one of them.
type Check struct {
	kind, name string
	checks     *Checks
	seen       int
	failed     int
	why        []string // the first few
	longest    time.Duration
}

// maxReasons is how many violations of one check are told.
const maxReasons = 5

// Always declares a check, or finds it.
func (c *Checks) Always(name string) *Check { return c.check(always, name) }

// Eventually asks again and again until there is no error or the time is over, and answers whether it became true.
func (c *Checks) Eventually(name string, within time.Duration, ask func() error) bool {
	check, began := c.check(eventually, name), time.Now()
	for {
		err := ask()
		took := time.Since(began)
		if err == nil || took > within {
			check.That(err == nil, "not within %v: %v", within, err)
			c.mu.Lock()
			defer c.mu.Unlock()
			check.longest = max(check.longest, took)
			return err == nil
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Finally notes how something is in the end.
func (c *Checks) Finally(name string, err error) { c.check(finally, name).That(err == nil, "%v", err) }

func (c *Checks) check(kind, name string) *Check {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.list {
		if one.kind == kind && one.name == name {
			return one
		}
	}
	one := &Check{kind: kind, name: name, checks: c}
	c.list = append(c.list, one)
	return one
}

// That evaluates the check once.
func (c *Check) That(holds bool, format string, args ...any) {
	c.checks.mu.Lock()
	defer c.checks.mu.Unlock()
	c.seen++
	if holds {
		return
	}
	c.failed++
	if len(c.why) < maxReasons {
		c.why = append(c.why, fmt.Sprintf(format, args...))
	}
}

// state is how the check stands; the caller holds mu.
func (c *Check) state() string {
	switch {
	case c.seen == 0:
		return "NEVER EVALUATED"
	case c.failed > 0:
		return fmt.Sprintf("FAILED %d of", c.failed)
	}
	return "ok"
}

// String has a line for each check, with how often it was evaluated, and the first reasons of those that failed.
func (c *Checks) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	for _, one := range c.list {
		fmt.Fprintf(&b, "%-10s  %s %d times: %s", one.kind, one.state(), one.seen, one.name)
		if one.longest > 0 {
			fmt.Fprintf(&b, " (after %v at most)", one.longest.Round(time.Millisecond))
		}
		b.WriteByte('\n')
		for _, why := range one.why {
			fmt.Fprintf(&b, "            - %s\n", why)
		}
	}
	return b.String()
}

// Err says which checks failed or were never evaluated.
func (c *Checks) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var bad []string
	for _, one := range c.list {
		if one.seen == 0 || one.failed > 0 {
			bad = append(bad, one.kind+" "+one.name)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return fmt.Errorf("%d checks failed: %s", len(bad), strings.Join(bad, "; "))
}
