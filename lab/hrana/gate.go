package hrana

import "sync"

// gate counts who is inside and can be shut: then nobody comes in, and shut returns when everybody has left.
type gate struct {
	mu     sync.Mutex
	empty  sync.Cond
	inside int
	closed bool
}

func newGate() *gate {
	g := &gate{}
	g.empty.L = &g.mu
	return g
}

func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.inside++
	}
	return !g.closed
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	g.empty.Broadcast()
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for g.inside > 0 {
		g.empty.Wait()
	}
}
