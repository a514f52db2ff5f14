package live

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/olahol/melody"

	"statuspage/shared/page"
	"statuspage/shared/wire"
)

// client is one socket. It is told of events in order; what comes while it still catches up waits in pending.
type client struct {
	Client
	rooms   *Rooms
	room    *room // since it entered
	inside  bool  // under the rooms' lock
	raw     net.Conn
	session *melody.Session
	refuse  int
	reason  string
	left    atomic.Bool
	ended   atomic.Bool
	onWay   atomic.Int64  // frames handed to melody and not yet written
	written chan struct{} // has an element when a frame was written

	mu      sync.Mutex // under the room's
	ready   bool       // has caught up
	pos     int64      // the last event it was sent
	pending []numbered

	who     sync.Mutex
	renewed Renewed
}

// guard keeps a panic in a handler from taking the process, or the session, with it.
func guard(f func()) {
	defer func() {
		if failed := recover(); failed != nil {
			slog.Error("a socket's handler panicked", "panic", failed)
		}
	}()
	f()
}

func (c *client) connected(s *melody.Session) {
	c.session = s
	if c.refuse != 0 {
		c.end(c.refuse, c.reason)
		return
	}
	if !c.rooms.enter(c) {
		c.end(GoingAway, "This server is restarting. Please come back.")
		return
	}
	// melody starts to write when this handler has returned.
	go guard(c.join)
}

// join greets the client, brings it up to date and lets it hear what is new: nothing is left out, nothing is said twice.
func (c *client) join() {
	ctx, cancel := context.WithTimeout(context.Background(), catchUp)
	defer cancel()
	p, err := c.rooms.pages.Page(ctx, c.OrgID)
	if err != nil {
		slog.Warn("a room's page cannot be read", "organization", c.OrgID, "error", err)
		c.end(TryAgain, "The page cannot be read now. Please try again.")
		return
	}
	seq := p.State.Seq
	c.send(wire.Marshal(hello{seq, p.Epoch, c.rooms.region}))
	from := seq
	switch {
	case c.Since < 0:
	case c.Epoch != "" && c.Epoch != p.Epoch, c.Since < seq-tooOld:
		c.send(wire.Marshal(snapshot{&p.State, p.Epoch}))
	case c.Since == seq:
	case c.Since > seq && c.rooms.pages.Has(ctx, c.OrgID, c.Since):
		from = c.Since // this region is behind: it will be told when the rest has come
	case c.Since > seq:
		// Whoever does not say which log it counts in may come from one that was replaced.
		if p, err = c.rooms.pages.Page(ctx, c.OrgID); err != nil {
			c.end(TryAgain, "The page cannot be read now. Please try again.")
			return
		}
		c.send(wire.Marshal(snapshot{&p.State, p.Epoch}))
		from = p.State.Seq
	default:
		if from = c.Since; !c.replay(ctx, from, seq) {
			c.end(TooSlow, "You were too slow. Please come back with since.")
			return
		}
		from = seq
	}
	c.open(ctx, from)
}

// replay sends the events behind from up to seq.
func (c *client) replay(ctx context.Context, from, seq int64) bool {
	frames := c.room.since(from, seq)
	if frames == nil {
		events, err := c.rooms.pages.EventsSince(ctx, c.OrgID, from, int(seq-from))
		if err != nil {
			slog.Warn("a backlog cannot be read", "organization", c.OrgID, "error", err)
			return false
		}
		for i := range events {
			frames = append(frames, numbered{events[i].Seq, events[i].Frame()})
		}
	}
	for _, f := range frames {
		if f.seq <= seq && !c.sendPaced(ctx, f.frame) {
			return false
		}
	}
	return true
}

// since is what the room remembers of (from, seq]; nil when that is not all.
func (rm *room) since(from, seq int64) []numbered {
	rm.mu.Lock()
	defer rm.mu.Unlock()
	if n := len(rm.recent); n == 0 || rm.recent[0].seq > from+1 || rm.recent[n-1].seq < seq {
		return nil
	}
	return append([]numbered(nil), rm.recent[from+1-rm.recent[0].seq:]...)
}

// open ends the catching up: what waited meanwhile goes out, and later events go straight to the socket.
func (c *client) open(ctx context.Context, pos int64) {
	for {
		c.mu.Lock()
		waiting := c.pending
		c.pending = nil
		if len(waiting) == 0 {
			c.pos, c.ready = pos, true
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		for _, f := range waiting {
			if f.seq <= pos {
				continue
			}
			if !c.sendPaced(ctx, f.frame) {
				c.end(TooSlow, "You were too slow. Please come back with since.")
				return
			}
			pos = f.seq
		}
	}
}

// event is called under the room's lock, in order.
func (c *client) event(f numbered) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.ended.Load():
	case !c.ready && len(c.pending) >= tooOld:
		c.end(TooSlow, "You were too slow. Please come back with since.")
	case !c.ready:
		c.pending = append(c.pending, f)
	case f.seq > c.pos:
		c.pos = f.seq
		c.send(f.frame)
	}
}

// send hands a frame over, and ends a client that is too far behind instead of waiting for it.
func (c *client) send(frame []byte) {
	if c.ended.Load() {
		return
	}
	if c.onWay.Add(1) > slowAt {
		c.rooms.count.Slow.Add(1)
		c.end(TooSlow, "You were too slow. Please come back with since.")
		return
	}
	c.rooms.count.Sent.Add(1)
	_ = c.session.Write(frame) // a session that has closed meanwhile hears nothing
}

// sendPaced waits until the client has read most of what is on its way.
func (c *client) sendPaced(ctx context.Context, frame []byte) bool {
	for c.onWay.Load() >= window {
		select {
		case <-c.written:
		case <-ctx.Done():
			return false
		}
		if c.ended.Load() || c.session.IsClosed() {
			return false
		}
	}
	c.send(frame)
	return !c.ended.Load()
}

func (c *client) wrote() {
	c.onWay.Add(-1)
	select {
	case c.written <- struct{}{}:
	default:
	}
}

// end closes the socket with a code behind what is on its way; a client that does not read is cut off soon after.
func (c *client) end(code int, reason string) {
	if c.ended.Swap(true) {
		return
	}
	_ = c.session.CloseWithMsg(melody.FormatCloseMessage(code, reason[:min(len(reason), maxReasonLn)]))
	time.AfterFunc(dieAfter, func() { _ = c.raw.Close() })
}

// heard takes {"type":"auth","token":…}, by which a private socket outlives its token.
func (c *client) heard(msg []byte) {
	token, is := renewal(msg)
	if !is || !c.Private || c.Renew == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), writeWait)
	defer cancel()
	renewed, code := c.Renew(ctx, token)
	if code != 0 {
		c.end(code, "This token is not good for this socket.")
		return
	}
	c.who.Lock()
	c.renewed = renewed
	c.who.Unlock()
	c.send([]byte(`{"type":"auth","ok":true}`))
}

// renewal reads {"type": "auth", "token": "…"}, the one message that means anything.
func renewal(msg []byte) (token string, is bool) {
	var m struct{ Type, Token string }
	if json.Unmarshal(msg, &m) != nil || m.Type != "auth" {
		return "", false
	}
	return m.Token, true
}

func (c *client) user() string {
	c.who.Lock()
	defer c.who.Unlock()
	if c.renewed.UserID != "" {
		return c.renewed.UserID
	}
	return c.UserID
}

func (c *client) expired(now time.Time) bool {
	c.who.Lock()
	defer c.who.Unlock()
	at := c.Expires
	if c.renewed.UserID != "" {
		at = c.renewed.Expires
	}
	return !at.IsZero() && now.After(at)
}

type hello struct {
	seq           int64
	epoch, region string
}

func (h hello) Wire(f *wire.Fields) {
	f.Derived("type", "hello")
	f.Int("seq", &h.seq)
	f.Str("epoch", &h.epoch)
	f.Str("region", &h.region)
}

type snapshot struct {
	state *page.State
	epoch string
}

func (s snapshot) Wire(f *wire.Fields) {
	f.Derived("type", "snapshot")
	f.Int("seq", &s.state.Seq)
	f.Str("epoch", &s.epoch)
	wire.One(f, "data", s.state, (*page.State).Wire)
}
