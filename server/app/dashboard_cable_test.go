package app_test

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// cable carries bytes between browser and server until it is cut. It is what a real outage looks like: open connections
// end, new ones are refused, and navigator.onLine goes on saying true.
type cable struct {
	t      *testing.T
	target string
	addr   string

	mu     sync.Mutex
	ln     net.Listener
	conns  map[net.Conn]struct{}
	lose   []byte        // a request that begins so is carried, its answer is not; then the cable is cut
	refuse []byte        // a connection that begins so is ended
	slow   time.Duration // what the server says takes this long
	hang   bool          // connections are taken, and nothing is ever said
	posts  atomic.Int64
}

func layCable(t *testing.T, target string) *cable {
	t.Helper()
	c := &cable{t: t, target: target, addr: "127.0.0.1:0", conns: map[net.Conn]struct{}{}}
	c.plug()
	t.Cleanup(c.cut)
	return c
}

func (c *cable) url() string { return "http://" + c.addr }

// plug connects again at the same address.
func (c *cable) plug() {
	c.t.Helper()
	ln, err := net.Listen("tcp", c.addr)
	if err != nil {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	c.ln, c.addr = ln, ln.Addr().String()
	c.mu.Unlock()
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go c.carry(conn)
		}
	}()
}

// cut ends every connection and takes no new one.
func (c *cable) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ln != nil {
		_ = c.ln.Close()
		c.ln = nil
	}
	for conn := range c.conns {
		_ = conn.Close()
	}
}

// gone waits until a lost answer has cut the cable.
func (c *cable) gone() {
	c.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		c.mu.Lock()
		cut := c.ln == nil
		c.mu.Unlock()
		if cut {
			return
		}
		if time.Now().After(end) {
			c.t.Fatal("the request never came")
		}
	}
}

// set changes what happens to some requests from now on.
func (c *cable) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

func (c *cable) carry(from net.Conn) {
	c.mu.Lock()
	hang := c.hang
	if hang {
		c.conns[from] = struct{}{}
	}
	c.mu.Unlock()
	if hang {
		return
	}
	to, err := net.Dial("tcp", c.target)
	if err != nil {
		_ = from.Close()
		return
	}
	c.mu.Lock()
	c.conns[from], c.conns[to] = struct{}{}, struct{}{}
	if c.ln == nil { // cut meanwhile
		_ = from.Close()
		_ = to.Close()
	}
	c.mu.Unlock()
	var deaf atomic.Bool
	done := make(chan struct{}, 2)
	go func() {
		defer func() { done <- struct{}{} }()
		pump(from, to, func(b []byte) bool { return c.ask(b, &deaf) })
	}()
	go func() {
		defer func() { done <- struct{}{} }()
		pump(to, from, func([]byte) bool {
			if deaf.Load() {
				c.cut()
				return false
			}
			c.mu.Lock()
			slow := c.slow
			c.mu.Unlock()
			time.Sleep(slow)
			return true
		})
	}()
	<-done
	_ = from.Close()
	_ = to.Close()
	<-done
	c.mu.Lock()
	delete(c.conns, from)
	delete(c.conns, to)
	c.mu.Unlock()
}

// ask looks at a request on its way; false ends its connection.
func (c *cable) ask(b []byte, deaf *atomic.Bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refuse != nil && bytes.HasPrefix(b, c.refuse) {
		return false
	}
	if bytes.HasPrefix(b, []byte("POST /api/v1/")) && !bytes.HasPrefix(b, []byte("POST /api/v1/auth/")) {
		c.posts.Add(1)
	}
	if c.lose != nil && bytes.HasPrefix(b, c.lose) {
		c.lose = nil
		deaf.Store(true)
	}
	return true
}

// pump copies until either side ends or look says no.
func pump(from, to net.Conn, look func([]byte) bool) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if !look(buf[:n]) {
				return
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
