// Package clock reads the machine's clock and does not believe everything that it says.
//
// What is written once has its time for ever, so a single wrong reading would falsify the record. A reading is held
// against clocks that cannot jump with it: the time since the machine was started, counted from the last moment that
// was written down (by this process or the one before it), and, where the database is another machine's, that machine's
// clock. Nothing is written at a time that they refuse.
package clock

import (
	"log/slog"
	"sync"
	"time"
)

const (
	// Tolerance is by how much a clock may step without being doubted.
	Tolerance = time.Minute
	// drift is what two good clocks may part by, as a share of the time that passes: one thousandth, more than NTP ever
	// slews.
	drift = 1000
	// alarmEvery is how often a refused clock is said again in the log.
	alarmEvery = time.Minute
	// settled is for how long a clock must have gone well for one that steps back to be refused: before, it is taken
	// for a correction, since a machine's clock is often wrong until it has asked the network, and a wrong one that is
	// ahead does more harm.
	settled = 10 * time.Minute
)

// earliest is when this was written: a clock that says less is wrong.
var earliest = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)

// Mark is a moment that is believed, and what the uptime counter of a boot said then.
type Mark struct {
	At    time.Time
	Boot  string        // names the boot; "" knows of none
	Since time.Duration // how long that boot had lasted
	Well  time.Duration // for how long the clock had gone well
}

// Clock is a clock that is held against others. Any number of goroutines may read it.
type Clock struct {
	mu      sync.Mutex
	wall    func() time.Time
	uptime  func() (boot string, since time.Duration)
	mark    Mark
	marked  bool
	before  *Mark         // what was remembered of the time before this process
	refused time.Duration // by how much the last reading differed from what the others allow; 0 is believed
	said    time.Duration // of the uptime, when that was last said
}

// New makes a clock of the machine's.
func New() *Clock { return &Clock{wall: time.Now, uptime: uptime} }

// On makes a clock of another machine's; nil is this machine's.
func On(wall func() time.Time, since func() (boot string, since time.Duration)) *Clock {
	c := New()
	if wall != nil {
		c.wall = wall
	}
	if since != nil {
		c.uptime = since
	}
	return c
}

// Set puts another clock in place of the machine's, before anything is asked.
func (c *Clock) Set(wall func() time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall, c.marked = wall, false
	if c.before != nil {
		c.mark, c.marked = *c.before, true
	}
}

// Remember is told the last moment that was written down before this process began. On the same boot the uptime says
// exactly how long ago that was; on another, or another machine, only that it has passed.
func (c *Clock) Remember(m Mark) {
	c.mu.Lock()
	defer c.mu.Unlock()
	boot, since := c.uptime()
	if m.At.IsZero() {
		return
	}
	if m.Boot == boot && since >= m.Since {
		c.mark, c.marked, c.before = m, true, &m
		return
	}
	if now := c.wall(); now.Before(m.At.Add(-Tolerance)) {
		held := Mark{m.At, boot, since, m.Well}
		c.mark, c.marked, c.before = held, true, &held
	}
}

// Confirm is told what another machine's clock says now. When it agrees with this one's, that is believed, whatever was
// before. Else nothing is believed that is ahead of it.
func (c *Clock) Confirm(other time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	boot, since := c.uptime()
	now := c.wall()
	switch d := now.Sub(other); {
	case d.Abs() <= Tolerance:
		c.mark, c.marked = Mark{now, boot, since, settled}, true
	case d > 0 && !other.Before(earliest) && c.young(other, since):
		c.mark, c.marked = Mark{other, boot, since, settled}, true
	}
}

// young says that this clock is ahead of another, and has not gone well for long enough to be believed all the same.
func (c *Clock) young(other time.Time, since time.Duration) bool {
	if !c.marked {
		return true
	}
	passed := since - c.mark.Since
	return c.mark.At.Add(passed).Sub(other) > Tolerance && c.mark.Well+passed < settled
}

// Now is the time. A reading that the other clocks refuse is replaced by what they say.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	boot, since := c.uptime()
	now := c.wall()
	if !c.marked {
		c.mark, c.marked = Mark{now, boot, since, 0}, true
		return now
	}
	passed := since - c.mark.Since
	expected := c.mark.At.Add(passed)
	off := now.Sub(expected)
	if off.Abs() <= Tolerance+passed/drift {
		if c.refused != 0 {
			slog.Info("the clock is right again", "now", now)
		}
		c.refused = 0
		return now
	}
	if off < 0 && c.mark.Well+passed < settled && !now.Before(earliest) {
		slog.Warn("the clock was set back; that is taken for a correction", "by", (-off).Round(time.Millisecond).
			String())
		c.mark, c.refused = Mark{now, boot, since, 0}, 0
		return now
	}
	if c.refused == 0 || since-c.said >= alarmEvery {
		slog.Error("the clock is wrong: it was refused, and what is written has the time that other clocks allow. If "+
			"the clock is right, start once with CLOCK_TRUST=true",
			"clock", now, "used", expected, "off", off.Round(time.Millisecond).String())
		c.said = since
	}
	c.refused = off
	return expected
}

// Refused is by how much the clock differs from what other clocks allow; 0 when it is believed.
func (c *Clock) Refused() time.Duration {
	c.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refused
}

// Mark is what a process that comes after this one should remember.
func (c *Clock) Mark() Mark {
	now := c.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	boot, since := c.uptime()
	return Mark{now, boot, since, c.mark.Well + since - c.mark.Since}
}
