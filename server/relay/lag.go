package relay

import (
	"time"
)

// Beat is the newest heartbeat of the primary that has arrived; zero before the first.
func (r *Relay) Beat() time.Time {
	if at := r.beat.Load(); at != 0 {
		return time.UnixMilli(at)
	}
	return time.Time{}
}

// Lag is how old what this region shows may be: since the newest heartbeat of the primary that has arrived, or, at the
// primary, since the last poll that succeeded.
//
// A heartbeat is measured by both clocks, the primary's that wrote it and our own since it came, and the longer one
// counts: a clock of ours that is behind hides no silence, and one that is ahead makes the page say too early that it
// may be old, never too late.
func (r *Relay) Lag() time.Duration {
	if r.primary {
		return lag(r.polled.Load(), r.passed(), r.interval)
	}
	return max(lag(r.beat.Load(), r.now().UnixMilli(), beatEvery), lag(r.beatSeen.Load(), r.passed(), beatEvery))
}

// passed is the time since the relay was made, in ms, whatever is done to the clock meanwhile; more than 0.
func (r *Relay) passed() int64 { return time.Since(r.made).Milliseconds() + 1 }

// lag is how long ago a moment was, in ms, beyond what is usual; 0 was never.
func lag(at, now int64, usual time.Duration) time.Duration {
	if at == 0 {
		return time.Duration(1<<62 - 1)
	}
	return max(time.Duration(now-at)*time.Millisecond-usual, 0)
}
