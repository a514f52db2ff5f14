package socket

import (
	"sync"
	"sync/atomic"
	"time"
)

// held is bytes that sockets share. They count once, for as long as one of them has use for them.
type held struct {
	size  int64
	users atomic.Int64
}

func (h *held) take(sum *atomic.Int64) {
	if h != nil && h.users.Add(1) == 1 {
		sum.Add(h.size)
	}
}

func (h *held) drop(sum *atomic.Int64) {
	if h != nil && h.users.Add(-1) == 0 {
		sum.Add(-h.size)
	}
}

// frame is a message to a client. of is what its bytes belong to; nil when they are few and its own.
type frame struct {
	seq   int64
	bytes []byte
	of    *held
	wire  []byte // as it stands on the connection, for what many are sent; bytes are its end
}

// handed is how many frames melody has at a time, of those that are on their way to a client; it has room for some
// control messages beside them.
const (
	handed  = 4
	control = 4
)

// queue is what is on its way to one client, oldest first, and not yet written.
type queue struct {
	mu     sync.Mutex
	frames []frame
	out    int    // the first ones, which are being written
	last   func() // closes the socket behind all of them; nil while nobody wants to
	ended  bool   // nothing more is taken in

	length atomic.Int64
	began  atomic.Int64 // when the frame that is written now was the next, in ns; 0 while there is none
	moved  atomic.Int64 // when the connection last took bytes, in ns
}

// put takes a frame in and hands it over when its turn comes, so that all keep the same order; one that many are sent
// is written at once where nothing is before it and the system has room. It is false when the client has left.
func (q *queue) put(f frame, c *client) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ended {
		return false
	}
	begun, whole := false, false
	if len(q.frames) == 0 && f.wire != nil {
		if begun, whole = c.pace.try(f.wire); whole {
			c.rooms.count.Direct.Add(1)
			return true
		}
	}
	sum := &c.rooms.backlogs.queued
	f.of.take(sum)
	if len(q.frames) == 0 {
		q.began.Store(time.Now().UnixNano())
	}
	q.frames = append(q.frames, f)
	q.length.Store(int64(len(q.frames)))
	if begun {
		q.out = 1
		go c.flush()
		return true
	}
	q.hand(c)
	return true
}

// hand gives melody what it has room for. A session that has closed meanwhile hears nothing.
func (q *queue) hand(c *client) {
	for q.out < min(handed, len(q.frames)) {
		_ = c.session.Write(q.frames[q.out].bytes)
		q.out++
	}
	if q.last != nil && q.out == len(q.frames) {
		q.last()
		q.last = nil
	}
}

// close calls what closes the socket when everything that is on its way has been handed over.
func (q *queue) close(c *client, last func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.last = last
	q.hand(c)
}

// pop lets go of the frame that was written.
func (q *queue) pop(c *client) {
	sum := &c.rooms.backlogs.queued
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.frames) == 0 {
		return
	}
	q.out--
	q.frames[0].of.drop(sum)
	q.frames[0] = frame{}
	if q.frames = q.frames[1:]; len(q.frames) == 0 {
		q.frames = nil
		q.began.Store(0)
	} else {
		q.began.Store(time.Now().UnixNano())
	}
	q.length.Store(int64(len(q.frames)))
	q.hand(c)
}

// end lets go of everything.
func (q *queue) end(sum *atomic.Int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, f := range q.frames {
		f.of.drop(sum)
	}
	q.frames, q.out, q.last, q.ended = nil, 0, nil, true
	q.began.Store(0)
	q.length.Store(0)
}

// waits is for how long the client has taken no bytes although there are some; 0 when there are none.
func (q *queue) waits(now time.Time) time.Duration {
	began := q.began.Load()
	if began == 0 {
		return 0
	}
	return now.Sub(time.Unix(0, max(began, q.moved.Load())))
}
