package socket

import (
	"encoding/binary"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// encoded is a message as a server writes it on a WebSocket (RFC 6455 5.2): one text frame, not masked.
func encoded(body []byte) []byte {
	const text = 0x81
	var head [10]byte
	head[0] = text
	n := 2
	switch {
	case len(body) < 126:
		head[1] = byte(len(body))
	case len(body) <= 0xffff:
		head[1], n = 126, 4
		binary.BigEndian.PutUint16(head[2:], uint16(len(body))) // #nosec G115 -- by the case
	default:
		head[1], n = 127, 10
		binary.BigEndian.PutUint64(head[2:], uint64(len(body)))
	}
	return append(append(make([]byte, 0, n+len(body)), head[:n]...), body...)
}

// paced is a connection that two may write to: melody, which waits for a slow reader, and the fan-out, which does not.
// Whoever writes has the connection for a whole frame, since melody gives its control frames in one Write, and the
// fan-out writes only while melody has nothing else on its way. It notes when the connection took bytes, also in the
// midst of a long message, and gives each piece its own time.
type paced struct {
	net.Conn
	moved *atomic.Int64 // in ns

	mu   sync.Mutex
	rest []byte          // of a frame that the system had room for in part: it goes first
	raw  syscall.RawConn // nil when this is no connection of the system's
	out  []byte          // what try writes
	n    int
	once func(fd uintptr) // try's, made once
}

func newPaced(conn net.Conn, moved *atomic.Int64) *paced {
	p := &paced{Conn: conn, moved: moved}
	if c, is := conn.(syscall.Conn); is {
		if raw, err := c.SyscallConn(); err == nil {
			p.raw, p.once = raw, p.write
		}
	}
	return p
}

const piece = 16 << 10

// Write is net.Conn's, and waits.
func (p *paced) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.finish(); err != nil {
		return 0, err
	}
	return p.all(b)
}

// finish writes what is left of a frame. The caller has the lock.
func (p *paced) finish() error {
	if len(p.rest) == 0 {
		return nil
	}
	_ = p.SetWriteDeadline(time.Now().Add(writeWait))
	_, err := p.all(p.rest)
	p.rest = nil
	return err
}

func (p *paced) all(b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		if n > 0 {
			_ = p.SetWriteDeadline(time.Now().Add(writeWait))
		}
		var m int
		m, err = p.Conn.Write(b[n:min(n+piece, len(b))])
		if n += m; m > 0 {
			p.moved.Store(time.Now().UnixNano())
		}
	}
	return n, err
}

// try writes a frame as far as the system has room for it, without waiting: nothing, some of it, or all. What is left
// of one that was begun goes before whatever is written next; flush writes it.
func (p *paced) try(frame []byte) (begun, whole bool) {
	if p.raw == nil || !p.mu.TryLock() {
		return false, false
	}
	defer p.mu.Unlock()
	if len(p.rest) > 0 {
		return false, false
	}
	p.out, p.n = frame, 0
	if p.raw.Control(p.once) != nil || p.n <= 0 {
		p.out = nil
		return false, false
	}
	if p.out = nil; p.n < len(frame) {
		p.rest = frame[p.n:]
	}
	return true, p.n == len(frame)
}

// write is one call of the system's. Go's connections do not block; one that is full or broken takes nothing here, and
// melody finds out which it is.
func (p *paced) write(fd uintptr) { p.n, _ = syscall.Write(int(fd), p.out) }

// flush writes what is left of a frame, and waits.
func (p *paced) flush() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.finish()
}
