package hrana

import (
	"sync"

	"github.com/mattn/go-sqlite3"
)

const (
	// checkpointEvery is how many transactions lie between two checkpoints, and crowd how many must be waiting at one
	// for it to go wrong.
	checkpointEvery = 100
	crowd           = 5
)

// writer hands the right to write from one connection to the next, in the order of asking. SQLite has one writer;
// without the queue its busy handler would let some wait for ever.
//
// With wedges it has the fault of sqld 0.24.32 and .33: of those who wait while a checkpoint has the right, one is told
// that the database is locked, and its place in the queue stays. When its turn comes, nobody gives the right on, and
// there is no write any more until a restart. With few writers it was not seen.
type writer struct {
	mu      sync.Mutex
	wedges  bool // has the fault
	held    bool
	waiting []chan turn
	turns   int
	closed  bool
}

type turn int

const (
	yours turn = iota
	stopping
	busy
)

// errBusy is what SQLite says to who cannot have the right.
var errBusy = sqlite3.Error{Code: sqlite3.ErrBusy}

// acquire waits for the turn; an error says that it will not come. It cannot be cancelled, as in sqld: whoever holds
// the right loses it after the transaction timeout.
func (w *writer) acquire() error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return internal("the server is stopping")
	}
	if !w.held {
		w.held = true
		w.mu.Unlock()
		return nil
	}
	mine := make(chan turn, 1)
	w.waiting = append(w.waiting, mine)
	w.mu.Unlock()
	switch <-mine {
	case stopping:
		return internal("the server is stopping")
	case busy:
		return errBusy
	}
	return nil
}

func (w *writer) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.turns++
	if n := len(w.waiting); w.wedges && w.turns%checkpointEvery == 0 && n >= crowd {
		w.waiting[n-1] <- busy
		w.waiting[n-1] = make(chan turn, 1) // which nobody listens to
	}
	if len(w.waiting) == 0 {
		w.held = false
		return
	}
	w.waiting[0] <- yours
	w.waiting = w.waiting[1:]
}

// close turns everybody away, so that a server can end while someone waits.
func (w *writer) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	for _, t := range w.waiting {
		t <- stopping
	}
	w.waiting = nil
}
