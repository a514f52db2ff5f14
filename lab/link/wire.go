// Package link is the laboratory's network: connections that can be cut, slowed and healed while they are in use.
package link

import (
	"context"
	"net"
	"sync"
	"time"
)

// Direction is the way that bytes go on a wire, seen from the side that dialled.
type Direction uint8

const (
	Up   Direction = 1 // from the side that dialled
	Down Direction = 2 // to it
	Both Direction = Up | Down
)

// Wire is a way between two places. Cutting it is silent, as when a cable is pulled: connections stay open, nothing
// arrives, nobody is told. Healing lets everything through that has waited.
type Wire struct {
	mu      sync.Mutex
	cut     Direction
	delay   time.Duration
	changed chan struct{}
	conns   map[*conn]bool
}

// NewWire returns a wire that works.
func NewWire() *Wire {
	return &Wire{changed: make(chan struct{}), conns: map[*conn]bool{}}
}

// Cut stops the bytes of a direction until Heal.
func (w *Wire) Cut(d Direction) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut |= d
	w.notify()
}

// Heal ends every Cut.
func (w *Wire) Heal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = 0
	w.notify()
}

// SetDelay adds to the time that every byte takes in each direction.
func (w *Wire) SetDelay(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delay = d
}

// Whole says that nothing is cut.
func (w *Wire) Whole() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cut == 0
}

// Break resets the connections that exist, as when a host crashes. New ones are not hindered.
func (w *Wire) Break() {
	w.mu.Lock()
	conns := w.conns
	w.conns = map[*conn]bool{}
	w.mu.Unlock()
	for c := range conns {
		c.abort()
	}
}

// notify wakes whoever waits for the wire to change; the caller holds mu.
func (w *Wire) notify() {
	close(w.changed)
	w.changed = make(chan struct{})
}

// pass waits until the direction is open; it reports false when stop is closed first.
func (w *Wire) pass(d Direction, stop <-chan struct{}) bool {
	for {
		w.mu.Lock()
		open, changed := w.cut&d == 0, w.changed
		w.mu.Unlock()
		if open {
			return true
		}
		select {
		case <-changed:
		case <-stop:
			return false
		}
	}
}

func (w *Wire) latency() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.delay
}

// Dial connects over the wire. While it is cut the dial waits, as one into a void does, until ctx ends.
func (w *Wire) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if !w.pass(Both, ctx.Done()) {
		return nil, &net.OpError{Op: "dial", Net: network, Err: ctx.Err()}
	}
	far, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	near, inner := net.Pipe()
	w.join(inner, far)
	return &dialled{near, far}, nil
}

// dialled shows the addresses of the real connection.
type dialled struct {
	net.Conn
	far net.Conn
}

func (d *dialled) LocalAddr() net.Addr  { return d.far.LocalAddr() }
func (d *dialled) RemoteAddr() net.Addr { return d.far.RemoteAddr() }
