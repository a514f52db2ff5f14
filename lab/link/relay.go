package link

import (
	"context"
	"net"
	"sync"
)

// Relay is a TCP port that leads to another address over a wire. Its own address stays while the target moves, so that
// what is behind it can be restarted on another port.
type Relay struct {
	*Wire
	listener net.Listener
	ctx      context.Context
	cancel   context.CancelFunc
	open     sync.WaitGroup

	mu     sync.Mutex
	target string
}

// NewRelay listens on a free port of the loopback. Whoever makes a relay must Close it.
func NewRelay(target string) (*Relay, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &Relay{Wire: NewWire(), listener: listener, target: target}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.open.Go(r.accept)
	return r, nil
}

// Addr is where the relay listens.
func (r *Relay) Addr() string { return r.listener.Addr().String() }

// SetTarget leads new connections elsewhere.
func (r *Relay) SetTarget(addr string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.target = addr
}

// Close ends the relay and every connection over it.
func (r *Relay) Close() {
	r.cancel()
	r.listener.Close()
	r.Break()
	r.open.Wait()
	r.Break()
}

func (r *Relay) accept() {
	for {
		near, err := r.listener.Accept()
		if err != nil {
			return
		}
		r.open.Go(func() { r.connect(near) })
	}
}

// connect dials when the wire lets it; until then the caller waits for an answer that does not come. A target that
// refuses is passed on as a reset.
func (r *Relay) connect(near net.Conn) {
	if !r.pass(Both, r.ctx.Done()) {
		near.Close()
		return
	}
	r.mu.Lock()
	target := r.target
	r.mu.Unlock()
	far, err := (&net.Dialer{}).DialContext(r.ctx, "tcp", target)
	if err != nil {
		if r.pass(Both, r.ctx.Done()) { // a cut that came meanwhile hides the refusal
			near.(*net.TCPConn).SetLinger(0)
		}
		near.Close()
		return
	}
	r.join(near, far)
}
