package hrana

import "sync"

// writer hands the right to write from one connection to the next, in the order of asking. SQLite has one writer; without
// the queue its busy handler would let some wait for ever.
type writer struct {
	mu      sync.Mutex
	held    bool
	waiting []chan bool
	closed  bool
}

// acquire waits for the turn and says whether it came; it does not once the writer is closed. It cannot be cancelled,
// as in sqld: whoever holds the right loses it after the transaction timeout.
func (w *writer) acquire() bool {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return false
	}
	if !w.held {
		w.held = true
		w.mu.Unlock()
		return true
	}
	turn := make(chan bool, 1)
	w.waiting = append(w.waiting, turn)
	w.mu.Unlock()
	return <-turn
}

func (w *writer) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) == 0 {
		w.held = false
		return
	}
	w.waiting[0] <- true
	w.waiting = w.waiting[1:]
}

// close turns everybody away, so that a server can end while someone waits.
func (w *writer) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	for _, turn := range w.waiting {
		turn <- false
	}
	w.waiting = nil
}
