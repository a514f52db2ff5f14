package simulation

import (
	"fmt"
	"sync"
	"time"
)

// history is what happened, as those saw it who took part.
type history struct {
	began time.Time

	mu      sync.Mutex
	lines   []string
	wrong   []string
	acks    []ack
	losses  []loss
	slowest time.Duration // until everything was right
	heard   int           // events, by followers
}

// ack is a write that was answered.
type ack struct {
	text string
	seq  int64
	// between these two moments
	asked, at time.Time
}

// loss is a moment at which the database went back: under which epoch, and what it had left.
type loss struct {
	at    time.Time
	what  string
	epoch string
	gone  bool // the log had more events
	left  map[string]int
}

// took says that a write may be gone with it: it was asked for before, and is not in what was left.
func (l loss) took(a ack) bool { return !a.asked.After(l.at) && l.left[a.text] == 0 }

func (h *history) note(line string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lines = append(h.lines, fmt.Sprintf("%8.3f %s", time.Since(h.began).Seconds(), line))
}

// violated notes that something happened which must not.
func (h *history) violated(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	h.note("WRONG: " + line)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wrong = append(h.wrong, line)
}

func (h *history) acked(a ack) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.acks = append(h.acks, a)
}

func (h *history) generation() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.losses)
}
