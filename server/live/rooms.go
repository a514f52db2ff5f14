// Package live pushes events to open WebSockets: one melody for all, our own index from organisation to sessions (a room), what a
// client missed before what is new, and no waiting for slow readers.
package live

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gorilla/websocket"
	"github.com/olahol/melody"

	"statuspage/server/relay"
	"statuspage/shared/page"
)

// Close codes of CONTRACT.md, section 4.
const (
	GoingAway   = 1001
	TryAgain    = 1013
	BadToken    = 4401
	NotYours    = 4403
	NoSuchPage  = 4404
	TooSlow     = 4408
	TooMany     = 4429
	pingEvery   = 25 * time.Second
	pongWait    = 60 * time.Second
	writeWait   = 10 * time.Second
	buffered    = 256              // frames a client may be behind, some of them reserved for the end
	slowAt      = buffered - 8     // then it is closed with TooSlow
	window      = buffered / 2     // frames of a backlog that may be on their way
	catchUp     = 30 * time.Second // that a backlog may take
	tooOld      = 1000             // events; who missed more gets a snapshot
	maxMessage  = 16 << 10         // bytes a client may send at once: a token fits
	dieAfter    = 5 * time.Second  // from a close frame to the end of the connection
	recentKept  = 256              // frames a room remembers for those who come back
	maxReasonLn = 100              // bytes of a close reason
)

// Pages is where rooms read; the relay is one.
type Pages interface {
	Page(ctx context.Context, orgID string) (*relay.Page, error)
	EventsSince(ctx context.Context, orgID string, seq int64, limit int) ([]page.Event, error)
	// Has waits for an event. It is false when the event cannot come any more: it is of another log.
	Has(ctx context.Context, orgID string, seq int64) bool
}

// Renewed is what a token that came in over the socket is good for.
type Renewed struct {
	UserID  string
	Expires time.Time // zero is never
}

// Client is who opens a socket.
type Client struct {
	OrgID   string
	Private bool
	UserID  string
	Expires time.Time // of the token; zero is never
	Since   int64     // the last event it has; -1 has none
	Epoch   string    // of the log that Since counts in; "" does not say
	Renew   func(ctx context.Context, token string) (Renewed, int)
	OnClose func()
}

// Rooms holds every open socket of this process.
type Rooms struct {
	region string
	pages  Pages
	melody *melody.Melody

	mu      sync.Mutex
	rooms   map[string]*room
	clients map[*client]struct{}
	closing bool

	count Count
}

// Count is what the rooms tell of themselves, for metrics.
type Count struct{ Open, Sent, Slow atomic.Int64 }

type room struct {
	mu      sync.Mutex
	clients map[*client]struct{}
	recent  []numbered // the newest frames, without a gap, oldest first
}

type numbered struct {
	seq   int64
	frame []byte
}

// New makes an empty house.
func New(region string, pages Pages) *Rooms {
	r := &Rooms{region: region, pages: pages, rooms: map[string]*room{}, clients: map[*client]struct{}{}}
	m := melody.New()
	m.Config = &melody.Config{WriteWait: writeWait, PongWait: pongWait, PingPeriod: pingEvery, MaxMessageSize: maxMessage, MessageBufferSize: buffered}
	m.Upgrader = &websocket.Upgrader{
		ReadBufferSize: 512, WriteBufferSize: 1024, WriteBufferPool: &sync.Pool{},
		Subprotocols: []string{"bearer"},
		CheckOrigin:  func(*http.Request) bool { return true }, // the caller has checked it
	}
	m.HandleConnect(func(s *melody.Session) { guard(func() { of(s).connected(s) }) })
	m.HandleDisconnect(func(s *melody.Session) { guard(func() { r.leave(of(s)) }) })
	m.HandleSentMessage(func(s *melody.Session, _ []byte) { guard(func() { of(s).wrote() }) })
	m.HandleMessage(func(s *melody.Session, msg []byte) { guard(func() { of(s).heard(msg) }) })
	m.HandleError(func(s *melody.Session, _ error) { guard(func() { _ = of(s).raw.Close() }) })
	r.melody = m
	return r
}

const clientKey = "client"

func of(s *melody.Session) *client {
	c, _ := s.MustGet(clientKey).(*client)
	return c
}

// Open turns the request into a socket of an organisation's room.
func (r *Rooms) Open(c *fiber.Ctx, who Client) error {
	return r.upgrade(c, who, 0, "")
}

// Refuse opens a socket only to close it with a code, since a browser can read nothing else.
func (r *Rooms) Refuse(c *fiber.Ctx, code int, reason string) error {
	return r.upgrade(c, Client{}, code, reason)
}

func (r *Rooms) upgrade(c *fiber.Ctx, who Client, code int, reason string) error {
	req, err := copied(c)
	if err != nil {
		return err
	}
	hijack(c, func(w http.ResponseWriter, raw net.Conn) error {
		cl := &client{Client: who, rooms: r, raw: raw, refuse: code, reason: reason, written: make(chan struct{}, 1)}
		err := r.melody.HandleRequestWithKeys(w, req, map[string]any{clientKey: cl})
		if err != nil && who.OnClose != nil && !cl.left.Swap(true) {
			who.OnClose()
		}
		return err
	})
	return nil
}

// Event hands a frame to everybody in the room. It never waits.
func (r *Rooms) Event(orgID string, e *page.Event) {
	r.mu.Lock()
	rm := r.rooms[orgID]
	r.mu.Unlock()
	if rm == nil {
		return
	}
	frame := e.Frame()
	rm.mu.Lock()
	defer rm.mu.Unlock()
	if n := len(rm.recent); n > 0 && rm.recent[n-1].seq+1 != e.Seq {
		rm.recent = nil
	}
	if len(rm.recent) >= 2*recentKept {
		rm.recent = append([]numbered(nil), rm.recent[recentKept:]...)
	}
	rm.recent = append(rm.recent, numbered{e.Seq, frame})
	for c := range rm.clients {
		c.event(numbered{e.Seq, frame})
	}
}

// Reset sends everybody away to come back: the log was replaced.
func (r *Rooms) Reset() {
	for _, c := range r.all(func(*client) bool { return true }) {
		c.end(GoingAway, "The page was restored. Please come back.")
	}
}

// Kick ends the private sockets of a user in an organisation, or of all users when userID is "".
func (r *Rooms) Kick(orgID, userID string, code int, reason string) {
	for _, c := range r.all(func(c *client) bool {
		return c.Private && c.OrgID == orgID && (userID == "" || c.user() == userID)
	}) {
		c.end(code, reason)
	}
}

// Notice tells the private sockets of an organisation something that is no event; it carries no seq.
func (r *Rooms) Notice(orgID string, message []byte) {
	for _, c := range r.all(func(c *client) bool { return c.Private && c.OrgID == orgID }) {
		c.send(message)
	}
}

// Expire ends the private sockets whose token has ended; call it every second.
func (r *Rooms) Expire(now time.Time) {
	for _, c := range r.all(func(c *client) bool { return c.Private && c.expired(now) }) {
		c.end(BadToken, "Your session has ended.")
	}
}

// Private lists who holds private sockets, by organisation; somebody with several is named as often.
func (r *Rooms) Private() map[string][]string {
	out := map[string][]string{}
	for _, c := range r.all(func(c *client) bool { return c.Private }) {
		out[c.OrgID] = append(out[c.OrgID], c.user())
	}
	return out
}

// Close sends everybody away with 1001 and waits, up to the context's end, until they have gone.
func (r *Rooms) Close(ctx context.Context) {
	r.mu.Lock()
	r.closing = true
	r.mu.Unlock()
	for _, c := range r.all(func(*client) bool { return true }) {
		c.end(GoingAway, "This server is restarting. Please come back.")
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for r.count.Open.Load() > 0 {
		select {
		case <-ctx.Done():
			for _, c := range r.all(func(*client) bool { return true }) {
				_ = c.raw.Close()
			}
			return
		case <-tick.C:
		}
	}
}

// Count is what the rooms count.
func (r *Rooms) Count() *Count { return &r.count }

func (r *Rooms) all(which func(*client) bool) []*client {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []*client
	for c := range r.clients {
		if which(c) {
			out = append(out, c)
		}
	}
	return out
}

// enter puts a client into its room; from here on it is told of every event.
func (r *Rooms) enter(c *client) (ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closing {
		return false
	}
	rm := r.rooms[c.OrgID]
	if rm == nil {
		rm = &room{clients: map[*client]struct{}{}}
		r.rooms[c.OrgID] = rm
	}
	r.clients[c] = struct{}{}
	r.count.Open.Add(1)
	rm.mu.Lock()
	rm.clients[c] = struct{}{}
	rm.mu.Unlock()
	c.room, c.inside = rm, true
	return true
}

func (r *Rooms) leave(c *client) {
	r.mu.Lock()
	if rm := c.room; c.inside {
		rm.mu.Lock()
		delete(rm.clients, c)
		empty := len(rm.clients) == 0
		rm.mu.Unlock()
		if empty && r.rooms[c.OrgID] == rm {
			delete(r.rooms, c.OrgID)
		}
		delete(r.clients, c)
		r.count.Open.Add(-1)
		c.inside = false
	}
	r.mu.Unlock()
	if c.OnClose != nil && !c.left.Swap(true) {
		c.OnClose()
	}
}
