package link

import (
	"io"
	"net"
	"sync"
	"time"
)

// conn joins two ends over a wire: one goroutine reads and one writes in each direction, with the delay between them.
type conn struct {
	wire      *Wire
	near, far net.Conn
	stop      chan struct{}
	once      sync.Once
	open      sync.WaitGroup
}

// join carries bytes between the ends until both are through or either breaks; it owns them.
func (w *Wire) join(near, far net.Conn) *conn {
	c := &conn{wire: w, near: near, far: far, stop: make(chan struct{})}
	w.mu.Lock()
	w.conns[c] = true
	w.mu.Unlock()
	c.open.Go(func() { c.carry(far, near, Up) })
	c.open.Go(func() { c.carry(near, far, Down) })
	go func() {
		c.open.Wait()
		c.close()
	}()
	return c
}

type chunk struct {
	data []byte
	due  time.Time
}

// inFlight is how many chunks a direction holds before the sender feels it.
const inFlight = 256

func (c *conn) carry(to, from net.Conn, d Direction) {
	chunks := make(chan chunk, inFlight)
	reset := false
	go func() {
		defer close(chunks)
		reset = c.read(from, chunks) != io.EOF
	}()
	for piece := range chunks {
		if !c.deliver(to, piece, d) {
			c.close()
			break
		}
	}
	for range chunks { // let the reader go
	}
	switch { // the end has to get through too: nobody hears of a death behind a cut
	case !c.wire.pass(d, c.stop):
	case reset:
		c.abort()
	default:
		shutdown(to)
	}
}

// read takes what comes until it ends; only io.EOF is an orderly end.
func (c *conn) read(from net.Conn, chunks chan<- chunk) error {
	for {
		buffer := make([]byte, 16<<10)
		n, err := from.Read(buffer)
		if n > 0 {
			select {
			case chunks <- chunk{buffer[:n], time.Now().Add(c.wire.latency())}:
			case <-c.stop:
				return net.ErrClosed
			}
		}
		if err != nil {
			return err
		}
	}
}

func (c *conn) deliver(to net.Conn, piece chunk, d Direction) bool {
	if wait := time.Until(piece.due); wait > 0 {
		select {
		case <-time.After(wait):
		case <-c.stop:
			return false
		}
	}
	if !c.wire.pass(d, c.stop) {
		return false
	}
	_, err := to.Write(piece.data)
	return err == nil
}

// shutdown tells one end that no more comes, and leaves the other direction open where the connection can do that.
func shutdown(to net.Conn) {
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
		return
	}
	to.Close()
}

func (c *conn) close() {
	c.once.Do(func() {
		close(c.stop)
		c.near.Close()
		c.far.Close()
		c.wire.mu.Lock()
		delete(c.wire.conns, c)
		c.wire.mu.Unlock()
	})
}

// abort closes with a reset where the connection can do that.
func (c *conn) abort() {
	for _, end := range []net.Conn{c.near, c.far} {
		if tcp, ok := end.(*net.TCPConn); ok {
			tcp.SetLinger(0)
		}
	}
	c.close()
}
