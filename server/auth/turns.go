package auth

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// waiting bounds how many may wait for their turn; past that the answer is "busy" for whoever has asked the most.
	waiting = 256
	// askersKept bounds of how many askers it is remembered how often they asked.
	askersKept = 1 << 16
	// askersFor is for how long it is remembered, and up to twice as long.
	askersFor = time.Minute
)

// Asker is for whom a password is worked on. Without one in its context a work is as that of somebody who never asked
// before.
type Asker struct {
	// From is the client's address, or whatever else tells clients apart.
	From string
	// Known is somebody whose device has signed in to the account before.
	Known bool
}

type askerKey struct{}

// Asking is a context in which passwords are worked on for somebody.
func Asking(ctx context.Context, who Asker) context.Context {
	return context.WithValue(ctx, askerKey{}, who)
}

func asker(ctx context.Context) Asker {
	who, _ := ctx.Value(askerKey{}).(Asker)
	return who
}

// turns lets only so many work at once. Of those who wait a known device is next, then whoever has asked the least of
// late, then whoever came last: while more come than can be served, those who have waited longest have mostly gone
// away. So whoever asks much waits behind everybody who asks little, from however many addresses that is.
type turns struct {
	mu            sync.Mutex
	free          int
	line          []*waiter
	recent, older map[string]int
	began         time.Time // of recent
	now           func() time.Time
}

type waiter struct {
	Asker
	asked int        // before, of late
	turn  chan error // nil is a turn
}

func newTurns(atOnce int) *turns {
	return &turns{free: max(1, atOnce), recent: map[string]int{}, now: time.Now}
}

// before orders those who wait.
func (w *waiter) before(other *waiter) int {
	if w.Known != other.Known {
		if w.Known {
			return -1
		}
		return 1
	}
	return cmp.Compare(w.asked, other.asked)
}

// take waits for a turn, which ends with done.
func (t *turns) take(ctx context.Context) (done func(), err error) {
	if ctx.Err() != nil {
		return nil, errBusy()
	}
	w := &waiter{Asker: asker(ctx), turn: make(chan error, 1)}
	t.enter(w)
	select {
	case err = <-w.turn:
	case <-ctx.Done():
		if err = errBusy(); !t.left(w) && <-w.turn == nil { // it came at the same time
			t.pass()
		}
	}
	if err != nil {
		return nil, err
	}
	return t.pass, nil
}

func (t *turns) enter(w *waiter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w.asked = t.count(w.From)
	if t.free > 0 {
		t.free--
		w.turn <- nil
		return
	}
	t.line = append(t.line, w)
	if len(t.line) > waiting {
		worst := 0 // of equals, who has waited the longest
		for i, one := range t.line {
			if one.before(t.line[worst]) > 0 {
				worst = i
			}
		}
		t.line[worst].turn <- errBusy()
		t.line = slices.Delete(t.line, worst, worst+1)
	}
}

// count is how often somebody asked of late, before this.
func (t *turns) count(from string) int {
	if from == "" {
		return 0
	}
	if now := t.now(); now.Sub(t.began) > askersFor || len(t.recent) >= askersKept/2 {
		t.older, t.recent, t.began = t.recent, map[string]int{}, now
	}
	n := t.recent[from]
	t.recent[from] = n + 1
	return n + t.older[from]
}

// forget is for whom a password was right: it is as if they had never asked.
func (t *turns) forget(from string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.recent, from)
	delete(t.older, from)
}

// left takes somebody out of the line; false when they are not in it any more.
func (t *turns) left(w *waiter) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.Index(t.line, w)
	if i >= 0 {
		t.line = slices.Delete(t.line, i, i+1)
	}
	return i >= 0
}

// pass gives a turn that is over to the next.
func (t *turns) pass() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.line) == 0 {
		t.free++
		return
	}
	next := 0
	for i, one := range t.line {
		if one.before(t.line[next]) <= 0 {
			next = i
		}
	}
	t.line[next].turn <- nil
	t.line = slices.Delete(t.line, next, next+1)
}

// inLine is how many wait.
func (t *turns) inLine() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.line)
}
