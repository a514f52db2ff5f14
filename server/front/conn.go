package front

import (
	"crypto/tls"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

const (
	idle    = 75 * time.Second // that a connection may be without a request
	writing = 30 * time.Second // that an answer may be on its way
	renew   = 5 * time.Second  // deadlines are moved no more often
)

// Conn is a connection on which the front answers between the requests that the server reads. Whoever listens says by
// Note what the server does with it.
type Conn struct {
	net.Conn
	front *Front
	peer  netip.Addr
	tls   bool

	between atomic.Bool  // no byte of a request has been given to the server that it has not answered
	begun   atomic.Bool  // one is on its way
	moved   atomic.Int64 // when the front has set deadlines, in ns; 0 where others did since
}

// encrypted is what the server looks for in a connection over TLS.
type encrypted interface {
	Handshake() error
	ConnectionState() tls.ConnectionState
}

// secureConn is a Conn over TLS, which the server knows to be one.
type secureConn struct {
	*Conn
	encrypted
}

// Of is the Conn that a connection of the server's is, or nil.
func Of(conn net.Conn) *Conn {
	switch c := conn.(type) {
	case *Conn:
		return c
	case secureConn:
		return c.Conn
	}
	return nil
}

// Conn puts the front before a connection.
func (f *Front) Conn(conn net.Conn) net.Conn {
	over, secure := conn.(encrypted)
	c := f.conn(conn, secure)
	if secure {
		return secureConn{c, over}
	}
	return c
}

func (f *Front) conn(conn net.Conn, secure bool) *Conn {
	c := &Conn{Conn: conn, front: f, tls: secure}
	if a, is := conn.RemoteAddr().(*net.TCPAddr); is {
		c.peer = a.AddrPort().Addr().Unmap()
	}
	c.between.Store(true)
	return c
}

// Note is told of every state of the connection, by the goroutine that reads from it.
func (c *Conn) Note(state fasthttp.ConnState) {
	c.begun.Store(state == fasthttp.StateActive)
	c.between.Store(state == fasthttp.StateNew || state == fasthttp.StateIdle)
}

// Taken is the connection beneath, for who has it to himself from now on: the front answers nothing on it any more.
func (c *Conn) Taken() net.Conn { return c.Conn }

// Begun says whether the server has begun to read a request.
func (c *Conn) Begun() bool { return c.begun.Load() }

// Read gives what has come, without the requests that the front has answered.
func (c *Conn) Read(b []byte) (int, error) {
	for {
		n, err := c.Conn.Read(b)
		if n == 0 || err != nil || !c.between.Load() {
			return n, err
		}
		used := 0
		if !c.front.Closes() {
			used, err = c.answer(b[:n])
		}
		if err != nil {
			return 0, err
		}
		if used < n {
			return copy(b, b[used:n]), c.leave()
		}
	}
}

// answer writes the answers to the requests that in begins with.
func (c *Conn) answer(in []byte) (used int, err error) {
	room := c.front.rooms.Get().(*[]byte)
	defer c.front.rooms.Put(room)
	for {
		now := time.Now()
		out, n := c.front.append((*room)[:0], in[used:], c, now)
		*room = out
		if n == 0 {
			return used, nil
		}
		if err := c.move(now); err != nil {
			return used, err
		}
		if _, err := c.Conn.Write(out); err != nil {
			return used, err
		}
		if used += n; used == len(in) {
			return used, nil
		}
	}
}

// leave gives the server the time that it allows for a request, where the front has moved it.
func (c *Conn) leave() error {
	if c.moved.Swap(0) == 0 {
		return nil
	}
	return c.Conn.SetReadDeadline(time.Now().Add(c.front.Reading))
}

// move gives the answer, and the wait for what comes next, their time.
func (c *Conn) move(now time.Time) error {
	if now.UnixNano()-c.moved.Load() < int64(renew) {
		return nil
	}
	if err := c.Conn.SetReadDeadline(now.Add(idle)); err != nil {
		return err
	}
	if err := c.Conn.SetWriteDeadline(now.Add(writing)); err != nil {
		return err
	}
	c.moved.Store(now.UnixNano())
	return nil
}

// SetDeadline is net.Conn's.
func (c *Conn) SetDeadline(t time.Time) error {
	c.moved.Store(0)
	return c.Conn.SetDeadline(t)
}

// SetReadDeadline is net.Conn's.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.moved.Store(0)
	return c.Conn.SetReadDeadline(t)
}

// SetWriteDeadline is net.Conn's.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.moved.Store(0)
	return c.Conn.SetWriteDeadline(t)
}
