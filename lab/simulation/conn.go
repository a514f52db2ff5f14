package simulation

import (
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// window is how many bytes may be on their way in one direction before the sender waits.
const window = 256 << 10

// Conn is one end of a connection.
type Conn struct {
	host, other *Host
	far         *Conn
	in, out     *flow
	once        sync.Once
	port        int
	read, write deadline
}

var ports atomic.Int64

func pair(w *way, near, far *Host) (a, b *Conn) {
	up, down := newFlow(w), newFlow(w)
	port := int(ports.Add(1)%60000) + 1024
	a = &Conn{host: near, other: far, in: down, out: up, port: port, read: newDeadline(), write: newDeadline()}
	b = &Conn{host: far, other: near, in: up, out: down, port: 80, read: newDeadline(), write: newDeadline()}
	a.far, b.far = b, a
	return a, b
}

// flow is what is on its way in one direction.
type flow struct {
	way *way

	mu      sync.Mutex
	pieces  []piece
	size    int
	ended   bool  // nothing more is sent
	broken  error // the reader's own end was closed
	changed chan struct{}
}

// piece is bytes, or the end, and when it arrives.
type piece struct {
	data []byte
	end  error
	due  time.Time
}

func newFlow(w *way) *flow { return &flow{way: w, changed: make(chan struct{})} }

// notify wakes whoever waits; the caller holds mu.
func (f *flow) notify() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// send puts something on its way; what nobody reads any more is lost.
func (f *flow) send(p piece) {
	if f.broken != nil {
		return
	}
	_, delay, _ := f.way.state()
	p.due = time.Now().Add(delay)
	if n := len(f.pieces); n > 0 && f.pieces[n-1].due.After(p.due) {
		p.due = f.pieces[n-1].due
	}
	f.pieces = append(f.pieces, p)
	f.size += len(p.data)
	f.notify()
}

// Read takes what has arrived.
func (c *Conn) Read(b []byte) (int, error) {
	for {
		n, err, wait, changed, healed := c.in.next(b)
		if n > 0 || err != nil {
			return n, err
		}
		var due <-chan time.Time
		if wait > 0 {
			timer := time.NewTimer(wait)
			defer timer.Stop()
			due = timer.C
		}
		select {
		case <-due:
		case <-changed:
		case <-healed:
		case <-c.read.passed():
			return 0, os.ErrDeadlineExceeded
		}
	}
}

// next is what has arrived, or for what there is to wait.
func (f *flow) next(b []byte) (n int, err error, wait time.Duration, changed, healed <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return 0, f.broken, 0, nil, nil
	}
	if len(f.pieces) == 0 {
		return 0, nil, 0, f.changed, nil
	}
	cut, _, again := f.way.state()
	if cut {
		return 0, nil, 0, f.changed, again
	}
	p := &f.pieces[0]
	if wait = time.Until(p.due); wait > 0 {
		return 0, nil, wait, f.changed, nil
	}
	if p.end != nil {
		return 0, p.end, 0, nil, nil
	}
	n = copy(b, p.data)
	f.size -= n
	if p.data = p.data[n:]; len(p.data) == 0 {
		f.pieces = f.pieces[1:]
	}
	f.notify()
	return n, nil, 0, nil, nil
}

// Write hands bytes over; it waits while too many are on their way.
func (c *Conn) Write(b []byte) (n int, err error) {
	for n < len(b) {
		select {
		case <-c.write.passed():
			return n, os.ErrDeadlineExceeded
		default:
		}
		f := c.out
		f.mu.Lock()
		changed, room := f.changed, window-f.size
		if f.ended {
			f.mu.Unlock()
			return n, net.ErrClosed
		}
		if room > 0 {
			m := min(room, len(b)-n)
			f.send(piece{data: append([]byte(nil), b[n:n+m]...)})
			n += m
		}
		f.mu.Unlock()
		if room > 0 {
			continue
		}
		select {
		case <-changed:
		case <-c.write.passed():
			return n, os.ErrDeadlineExceeded
		}
	}
	return n, nil
}

// Close ends the connection in order: the other end reads what was sent, then io.EOF.
func (c *Conn) Close() error {
	c.end(io.EOF)
	return nil
}

// end lets the other end hear how it ended, once that has arrived there; this one is closed at once.
func (c *Conn) end(how error) {
	c.once.Do(func() {
		c.out.mu.Lock()
		if !c.out.ended {
			c.out.ended = true
			c.out.send(piece{end: how})
		}
		c.out.mu.Unlock()
		c.in.mu.Lock()
		c.in.broken, c.in.pieces, c.in.size = net.ErrClosed, nil, 0
		c.in.notify()
		c.in.mu.Unlock()
		c.host.forget(c)
		c.read.set(time.Time{})
		c.write.set(time.Time{})
	})
}

func (c *Conn) LocalAddr() net.Addr  { return addrOf(c.host, c.port) }
func (c *Conn) RemoteAddr() net.Addr { return addrOf(c.other, c.far.port) }

func (c *Conn) SetDeadline(t time.Time) error {
	c.read.set(t)
	c.write.set(t)
	return nil
}

func (c *Conn) SetReadDeadline(t time.Time) error {
	c.read.set(t)
	return nil
}

func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.write.set(t)
	return nil
}

// deadline is a channel that is closed when a moment has passed; setting another moment begins anew.
type deadline struct{ *deadlineState }

type deadlineState struct {
	mu    sync.Mutex
	timer *time.Timer
	over  chan struct{}
}

func newDeadline() deadline { return deadline{&deadlineState{over: make(chan struct{})}} }

func (d deadline) passed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.over
}

func (d deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil && !d.timer.Stop() {
		<-d.over // it was about to close
	}
	d.timer = nil
	select {
	case <-d.over:
		d.over = make(chan struct{})
	default:
	}
	if t.IsZero() {
		return
	}
	over := d.over
	if left := time.Until(t); left > 0 {
		d.timer = time.AfterFunc(left, func() { close(over) })
	} else {
		close(over)
	}
}
