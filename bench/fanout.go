package main

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

const waves = 10 // events of one round

// crowd is many sockets that wait for the same thing.
type crowd struct {
	conns []*websocket.Conn
	done  sync.WaitGroup
	wave  atomic.Pointer[wave]
	frame atomic.Pointer[[]byte]
}

// wave is one event on its way to everybody.
type wave struct {
	left  atomic.Int64
	first atomic.Int64
	last  chan time.Time
}

func (c *crowd) expect() *wave {
	w := &wave{last: make(chan time.Time, 1)}
	w.left.Store(int64(len(c.conns)))
	c.wave.Store(w)
	return w
}

func (w *wave) hit() {
	now := time.Now()
	w.first.CompareAndSwap(0, now.UnixNano())
	if w.left.Add(-1) == 0 {
		w.last <- now
	}
}

// gather opens n sockets; greet brings each to where it waits.
func gather(url string, n int, greet func(*websocket.Conn) error) (*crowd, error) {
	c := &crowd{conns: make([]*websocket.Conn, n)}
	dialer := websocket.Dialer{ReadBufferSize: 1024, WriteBufferSize: 256, HandshakeTimeout: 20 * time.Second}
	var wait sync.WaitGroup
	failed := make([]error, 64)
	for worker := range failed {
		wait.Go(func() {
			for i := worker; i < n; i += len(failed) {
				conn, _, err := dialer.Dial(url, nil)
				if err == nil {
					err = greet(conn)
				}
				if err != nil {
					failed[worker] = err
					return
				}
				c.conns[i] = conn
			}
		})
	}
	wait.Wait()
	for _, err := range failed {
		if err != nil {
			c.close()
			return nil, err
		}
	}
	for _, conn := range c.conns {
		c.done.Go(func() { c.listen(conn) })
	}
	return c, nil
}

func (c *crowd) listen(conn *websocket.Conn) {
	for {
		_, frame, err := conn.ReadMessage()
		if err != nil {
			return
		}
		w := c.wave.Load()
		if w == nil || len(frame) < 20 { // a ping of centrifuge's
			continue
		}
		if w.left.Load() == int64(len(c.conns)) {
			c.frame.Store(&frame)
		}
		w.hit()
	}
}

func (c *crowd) close() {
	for _, conn := range c.conns {
		if conn != nil {
			_ = conn.Close()
		}
	}
	c.done.Wait()
}

// contestant is a server that can tell something to everybody.
type contestant struct {
	name    string
	start   func(context.Context) (p *process, url string, tell func() error, err error)
	greet   func(*websocket.Conn) error
	last    []time.Duration // from the request to the last client
	spread  []time.Duration // from the first client to the last
	used    []float64       // CPU, µs a message delivered
	each    []int64         // bytes a connection
	opening []float64       // CPU, µs a connection opened
}

// fanOut measures one event to many sockets.
func (b *bench) fanOut(ctx context.Context) error {
	frame := []byte(nil)
	all := b.contestants(&frame)
	for range b.rounds {
		for _, c := range all {
			if err := b.round(ctx, c, &frame); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	rows := [][]string{}
	base := all[1]
	for _, c := range all {
		rows = append(rows, []string{c.name, ms(median(c.last)), ms(median(c.spread)), times(float64(median(c.spread)),
			float64(median(base.spread))),
			fmt.Sprintf("%.1f", median(c.used)), times(median(c.used),
				median(base.used)), kb(median(c.each)), fmt.Sprintf("%.0f", median(c.opening))})
	}
	b.report.say("### One event of %d bytes to %d sockets (%d events a round)", len(frame), b.sockets, waves)
	b.report.table("server|request → last, ms|first → last, ms|× melody|CPU µs a message|× melody|KB a "+
		"connection|CPU µs to open one", rows)
	b.report.say("Status Page's request is a whole write: checked, decided, committed to the disk, told. The others' " +
		"is a publish of the same bytes out of memory. " +
		"Of *first → last* compare the magnitude only: it ends with the slowest of the clients, who share the cores.")
	return nil
}

func (b *bench) round(ctx context.Context, c *contestant, frame *[]byte) error {
	p, url, tell, err := c.start(ctx)
	if err != nil {
		return err
	}
	defer p.stop()
	memory, used := p.rss(), p.cpu()
	crowd, err := gather(url, b.sockets, c.greet)
	if err != nil {
		return err
	}
	defer crowd.close()
	time.Sleep(300 * time.Millisecond)
	c.each = append(c.each, (p.rss()-memory)/int64(b.sockets))
	c.opening = append(c.opening, float64((p.cpu()-used).Microseconds())/float64(b.sockets))
	used = p.cpu()
	for range waves {
		w := crowd.expect()
		at := time.Now()
		if err := tell(); err != nil {
			return err
		}
		select {
		case last := <-w.last:
			c.last = append(c.last, last.Sub(at))
			c.spread = append(c.spread, last.Sub(time.Unix(0, w.first.Load())))
		case <-time.After(20 * time.Second):
			return fmt.Errorf("%d sockets did not hear", w.left.Load())
		}
	}
	time.Sleep(50 * time.Millisecond)
	c.used = append(c.used, float64((p.cpu()-used).Microseconds())/float64(waves*b.sockets))
	if f := crowd.frame.Load(); f != nil && *frame == nil {
		*frame = *f
	}
	return nil
}

func (b *bench) contestants(frame *[]byte) []*contestant {
	peer := func(role, path string) func(context.Context) (*process, string, func() error, error) {
		return func(ctx context.Context) (*process, string, func() error, error) {
			p, err := b.peer(ctx, role)
			if err != nil {
				return nil, "", nil, err
			}
			return p, "ws://" + p.addr + path, func() error {
				res, err := client.Post(p.url()+"/publish", "application/json", bytes.NewReader(*frame))
				if err != nil {
					return err
				}
				return res.Body.Close()
			}, nil
		}
	}
	quiet := func(*websocket.Conn) error { return nil }
	return []*contestant{
		// hello
		{name: "Status Page", start: b.ourRoom(),
			greet: func(conn *websocket.Conn) error { _, _, err := conn.ReadMessage(); return err }},
		{name: "melody on net/http", start: peer("melody", "/"), greet: quiet},
		{name: "gorilla, prepared message", start: peer("gorilla", "/"), greet: quiet},
		{name: "centrifuge", start: peer("centrifuge", "/"), greet: greetCentrifuge},
	}
}

// ourRoom is Status Page with one incident open, to which each event adds a word.
func (b *bench) ourRoom() func(context.Context) (*process, string, func() error, error) {
	n := 0
	return func(ctx context.Context) (*process, string, func() error, error) {
		n++
		database := "file:" + filepath.Join(b.dir, "fan-"+strconv.Itoa(n)+".db")
		all, err := tenants(ctx, database, 1)
		if err != nil {
			return nil, "", nil, err
		}
		p, err := b.server(ctx, database)
		if err != nil {
			return nil, "", nil, err
		}
		incident, err := all[0].open(p.url())
		if err != nil {
			p.stop()
			return nil, "", nil, err
		}
		return p, "ws://" + p.addr + "/ws/status/public/" + all[0].slug + "/", func() error {
			return all[0].update(p.url(), incident, "We are still looking into it.")
		}, nil
	}
}
