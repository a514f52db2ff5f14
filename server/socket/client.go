package socket

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/olahol/melody"

	"statuspage/server/relay"
	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/wire"
)

// client is one socket. It is told of events in order; of what comes while it still catches up it is told from the log.
type client struct {
	Client
	rooms   *Rooms
	room    *room // since it entered
	inside  bool  // under the rooms' lock
	raw     net.Conn
	pace    *paced
	session *melody.Session
	refuse  int
	reason  string
	left    atomic.Bool
	ended   atomic.Bool
	queue   queue
	written chan struct{} // has an element when a frame was written
	heardAt atomic.Int64  // when it last said anything, in ns

	mu    sync.Mutex // under the room's
	ready bool       // has caught up
	pos   int64      // the last event it was sent

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
	*s.Request = http.Request{} // nobody reads the handshake's any more
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

// join greets the client, brings it up to date and lets it hear what is new: nothing is left out, nothing is said
// twice.
func (c *client) join() {
	ctx, cancel := context.WithTimeout(context.Background(), catchUp)
	defer cancel()
	p, err := c.rooms.pages.Page(ctx, c.OrgID)
	if err != nil {
		slog.Warn("a room's page cannot be read", "organization", c.OrgID, "error", err)
		c.end(TryAgain, "The page cannot be read now. Please try again.")
		return
	}
	if c.readmit(&p.State.Org.Access) {
		return
	}
	c.say(hello{p.State.Seq, p.Epoch, c.rooms.region})
	pos, ok := c.begin(ctx, p)
	for ok && (pos < p.State.Seq || !c.open(pos)) {
		pos, ok = c.replay(ctx, pos)
	}
}

// begin finds out from which event on the client is to be told, and sends the whole page where that is nowhere.
func (c *client) begin(ctx context.Context, p *relay.Page) (pos int64, ok bool) {
	seq := p.State.Seq
	switch {
	case c.Since < 0:
		return seq, true
	case c.Epoch != "" && c.Epoch != p.Epoch, c.Since < seq-tooOld, c.Viewed && c.Since < seq:
		return c.snapshot(ctx, p)
	case c.Since <= seq:
		return c.Since, true
	case c.rooms.pages.Has(ctx, c.OrgID, c.Since):
		return c.Since, true // this region is behind: it will be told when the rest has come
	}
	// Whoever does not say which log it counts in may come from one that was replaced.
	p, err := c.rooms.pages.Page(ctx, c.OrgID)
	if err != nil {
		c.end(TryAgain, "The page cannot be read now. Please try again.")
		return 0, false
	}
	return c.snapshot(ctx, p)
}

func (c *client) snapshot(ctx context.Context, p *relay.Page) (pos int64, ok bool) {
	of := c.OrgID
	if c.Viewed {
		p, of = p.View(c.Audiences), of+" "+relay.ViewKey(c.Audiences)
	}
	x, err := c.rooms.backlogs.snapshot(ctx, of, p)
	if err != nil {
		return 0, c.unready(err)
	}
	defer x.drop(&c.rooms.backlogs.queued)
	return x.upTo, c.send(x.frames[0])
}

// replay sends events behind a seq, up to the page's or the end of what is made at a time; or the page, when one of
// them cannot be read.
func (c *client) replay(ctx context.Context, pos int64) (int64, bool) {
	p, err := c.rooms.pages.Page(ctx, c.OrgID)
	if err == nil && p.State.Seq <= pos {
		err = relay.ErrBehind
	}
	if err != nil {
		return pos, c.unready(err)
	}
	if c.Viewed { // what a view was at each event is not known any more
		return c.snapshot(ctx, p)
	}
	x, err := c.rooms.backlogs.after(ctx, c.OrgID, p, pos)
	if store.IsUnreadable(err) {
		return c.snapshot(ctx, p)
	}
	if err != nil {
		return pos, c.unready(err)
	}
	defer x.drop(&c.rooms.backlogs.queued)
	for _, f := range x.frames {
		if f.seq <= pos {
			continue
		}
		if !c.sendPaced(ctx, f) {
			return pos, false
		}
		pos = f.seq
	}
	return pos, true
}

// unready ends a client that cannot be brought up to date now.
func (c *client) unready(err error) (ok bool) {
	slog.Warn("a backlog cannot be read", "organization", c.OrgID, "error", err)
	c.end(TryAgain, "What you missed cannot be read now. Please try again.")
	return false
}

// open lets events go straight to the socket once it has all that there were. Nothing comes in between.
func (c *client) open(pos int64) bool {
	c.room.mu.Lock()
	defer c.room.mu.Unlock()
	if c.room.seq > pos {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pos, c.ready = pos, true
	return true
}

// event is called under the room's lock, in order. crowded says that there is no room for what would have to wait.
func (c *client) event(f frame, crowded bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !c.ready || f.seq <= c.pos || c.ended.Load():
	case f.seq > c.pos+1: // it would miss something
		slog.Error("a socket was not told an event; it comes back", "organization", c.OrgID, "has", c.pos, "got", f.seq)
		c.end(GoingAway, "An event was missed. Please come back with since.")
	case crowded && c.queue.length.Load() > 0:
		c.tooSlow()
	default:
		c.pos = f.seq
		c.send(f)
	}
}

// send hands a frame over, and ends a client that is too far behind instead of waiting for it.
func (c *client) send(f frame) bool {
	if c.ended.Load() {
		return false
	}
	if c.queue.length.Load() >= slowAt {
		c.tooSlow()
		return false
	}
	c.rooms.count.Sent.Add(1)
	return c.queue.put(f, c)
}

// say sends what is for this client alone.
func (c *client) say(x wire.Object) { c.send(frame{bytes: wire.Marshal(x)}) }

// sendPaced waits until the client has read most of what is on its way.
func (c *client) sendPaced(ctx context.Context, f frame) bool {
	for c.queue.length.Load() >= window {
		select {
		case <-c.written:
		case <-ctx.Done():
			c.tooSlow()
			return false
		}
		if c.ended.Load() || c.session.IsClosed() {
			return false
		}
	}
	return c.send(f)
}

func (c *client) wrote() {
	c.queue.pop(c)
	c.wake()
}

// flush writes the end of a frame whose beginning the fan-out has written.
func (c *client) flush() {
	if c.pace.flush() != nil {
		_ = c.raw.Close()
		return
	}
	c.wrote()
}

// wake lets who waits for the client look again.
func (c *client) wake() {
	select {
	case c.written <- struct{}{}:
	default:
	}
}

// answered notes that the client is there.
func (c *client) answered() { c.heardAt.Store(time.Now().UnixNano()) }

// stalled says that the client takes nothing of what is on its way, or answers no ping.
func (c *client) stalled(now time.Time) bool {
	return !c.ended.Load() && (c.queue.waits(now) > stallAfter || now.Sub(time.Unix(0, c.heardAt.Load())) > deafAfter)
}

// tooSlow ends a client that does not read, at whatever rate it is told things.
func (c *client) tooSlow() {
	if c.end(TooSlow, "You were too slow. Please come back with since.") {
		c.rooms.count.Slow.Add(1)
	}
}

// end closes the socket with a code behind what is on its way; a client that does not read on is cut off soon after.
func (c *client) end(code int, reason string) (first bool) {
	if c.ended.Swap(true) {
		return false
	}
	message := melody.FormatCloseMessage(code, reason[:min(len(reason), maxReasonLn)])
	c.queue.close(c, func() { _ = c.session.CloseWithMsg(message) })
	c.wake()
	time.AfterFunc(dieAfter, func() { c.die(time.Now().Add(catchUp)) })
	return true
}

// die ends the connection, once nothing moves any more.
func (c *client) die(latest time.Time) {
	if now := time.Now(); now.Before(latest) && c.queue.waits(now) < dieAfter && c.queue.length.Load() > 0 {
		time.AfterFunc(dieAfter, func() { c.die(latest) })
		return
	}
	_ = c.raw.Close()
}

// heard takes {"type":"auth","token":…}, by which a private socket outlives its token.
func (c *client) heard(msg []byte) {
	c.answered()
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
	c.send(frame{bytes: []byte(`{"type":"auth","ok":true}`)})
}

// renewal reads {"type": "auth", "token": "…"}, the one message that means anything.
func renewal(msg []byte) (token string, is bool) {
	var m struct{ Type, Token string }
	if json.Unmarshal(msg, &m) != nil || m.Type != "auth" {
		return "", false
	}
	return m.Token, true
}

func (c *client) holder() Holder {
	c.who.Lock()
	defer c.who.Unlock()
	if c.renewed.UserID != "" {
		return c.renewed.Holder
	}
	return c.Holder
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

// held says that the socket is open by somebody's right, which may end.
func (c *client) held() bool { return c.Private || c.UserID != "" }

// readmit sends a public client away when other people may see the page than when it came: it comes back, and is asked.
func (c *client) readmit(now *page.Access) (away bool) {
	if away = !c.Private && c.Access != now.ID; away {
		c.end(GoingAway, "Who may see this page has changed. Please come back.")
	}
	return away
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
