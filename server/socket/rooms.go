// Package socket pushes events to open WebSockets: one melody for all, our own index from organisation to sessions (a
// room), what a client missed before what is new, and no waiting for slow readers.
package socket

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gorilla/websocket"
	"github.com/olahol/melody"

	"statuspage/server/relay"
	"statuspage/shared/page"
)

// Close codes of CONTRACT 4.
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
	stallAfter  = 5 * time.Second  // without taking a byte of what is on its way, a client is too slow
	deafAfter   = 55 * time.Second // without an answer to two pings, likewise
	sendBuffer  = 128 << 10        // bytes of a connection that the system may hold
	maxReasonLn = 100              // bytes of a close reason
)

// Pages is where rooms read; the relay is one.
type Pages interface {
	Page(ctx context.Context, orgID string) (*relay.Page, error)
	// Replay is the log behind one seq and up to another, or the first part of it, in the words that it has at event
	// seen or later.
	Replay(ctx context.Context, orgID string, after, upTo, seen int64) ([]page.Event, error)
	// Has waits for an event. It is false when the event cannot come any more: it is of another log.
	Has(ctx context.Context, orgID string, seq int64) bool
}

// Renewed is what a token that came in over the socket is good for.
type Renewed struct {
	Holder
	Expires time.Time // zero is never
}

// Holder is by whose right a private socket is open.
type Holder struct {
	UserID    string    // or a key's id
	SessionID string    // of the token; "" has none
	Issued    time.Time // when the token was made
}

// Client is who opens a socket.
type Client struct {
	OrgID   string
	Private bool
	// Viewed says that the client sees the page as somebody of some Audiences does, who may be none, and not the whole.
	Viewed    bool
	Audiences []string
	Access    string    // of a public socket: who might see the page when it was opened, as page.Access names it
	Holder              // of a public socket only where its client sees the page as a member
	Expires   time.Time // of the token; zero is never
	Since     int64     // the last event it has; -1 has none
	Epoch     string    // of the log that Since counts in; "" does not say
	Renew     func(ctx context.Context, token string) (Renewed, int)
	OnClose   func()
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
	serving int           // connections that melody has
	over    chan struct{} // made by Finish: closed when it has none and gets none

	backlogs *backlogs
	count    Count
}

// Count is what the rooms tell of themselves, for metrics. Direct are those of Sent that were written without melody.
type Count struct{ Open, Sent, Direct, Slow atomic.Int64 }

type room struct {
	mu      sync.Mutex
	clients map[*client]struct{}
	seq     int64 // the newest event that it was told; 0 is none yet

	line    sync.Mutex
	waiting []news // to be told, oldest first
	telling bool   // somebody tells them
}

// news is an event that a room is to be told.
type news struct {
	frame
	event         *page.Event
	before, after *relay.Page
	access        *page.Access // who may see the page from then on; nil when the event says nothing of it
}

// New makes an empty house.
func New(region string, pages Pages) *Rooms {
	r := &Rooms{region: region, pages: pages, rooms: map[string]*room{}, clients: map[*client]struct{}{}}
	r.backlogs = newBacklogs(pages, r.cutSlowest)
	m := melody.New()
	m.Config = &melody.Config{WriteWait: writeWait, PongWait: pongWait, PingPeriod: pingEvery,
		MaxMessageSize:    maxMessage,
		MessageBufferSize: handed + control}
	m.Upgrader = &websocket.Upgrader{
		ReadBufferSize: 512, WriteBufferSize: 4096, WriteBufferPool: &sync.Pool{},
		Subprotocols: []string{"bearer"},
		CheckOrigin:  func(*http.Request) bool { return true }, // the caller has checked it
	}
	m.HandleConnect(func(s *melody.Session) { guard(func() { of(s).connected(s) }) })
	m.HandleDisconnect(func(s *melody.Session) { guard(func() { r.leave(of(s)) }) })
	m.HandleSentMessage(func(s *melody.Session, _ []byte) { guard(func() { of(s).wrote() }) })
	m.HandleMessage(func(s *melody.Session, msg []byte) { guard(func() { of(s).heard(msg) }) })
	m.HandlePong(func(s *melody.Session) { guard(func() { of(s).answered() }) })
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
	hijack(c, func(w *taken, raw net.Conn) error {
		cl := &client{Client: who, rooms: r, raw: raw, refuse: code, reason: reason, written: make(chan struct{}, 1)}
		cl.answered()
		cl.pace = newPaced(raw, &cl.queue.moved)
		w.conn = cl.pace
		if !r.begin() {
			cl.gone()
			return errOver
		}
		defer r.done()
		err := r.melody.HandleRequestWithKeys(w, req, map[string]any{clientKey: cl})
		if err != nil {
			cl.gone()
		}
		return err
	})
	return nil
}

var errOver = errors.New("this server has ended")

// begin counts a connection that melody gets; after Finish it gets none.
func (r *Rooms) begin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over == nil {
		r.serving++
	}
	return r.over == nil
}

func (r *Rooms) done() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.serving--; r.serving == 0 && r.over != nil {
		close(r.over)
	}
}

// Finish ends what Close leaves: melody's own goroutine. Melody may only be closed when it has no connection (its Close
// races with one that comes or goes), so this waits for them, up to the context's end.
func (r *Rooms) Finish(ctx context.Context) {
	r.mu.Lock()
	over := r.over
	if over == nil {
		over = make(chan struct{})
		if r.over = over; r.serving == 0 {
			close(over)
		}
	}
	r.mu.Unlock()
	select {
	case <-over:
		_ = r.melody.Close() // it is closed already where this is called twice
	case <-ctx.Done():
	}
}

// Event lets everybody in the room hear of an event, in order. It never waits: the room tells them in a goroutine of
// its own, so that neither the writer's request nor the next poll takes longer for how many they are.
func (r *Rooms) Event(orgID string, e *page.Event, before, after *relay.Page) {
	r.mu.Lock()
	rm := r.rooms[orgID]
	r.mu.Unlock()
	if rm == nil {
		return
	}
	f := newFrame(e.Seq, e.Frame())
	f.of.take(&r.backlogs.queued)
	n := news{frame: f, event: e, before: before, after: after}
	if e.Org != nil {
		n.access = &e.Org.Access
	}
	rm.line.Lock()
	defer rm.line.Unlock()
	if rm.waiting = append(rm.waiting, n); !rm.telling {
		rm.telling = true
		go r.tell(rm)
	}
}

// tell tells a room what waits to be told.
func (r *Rooms) tell(rm *room) {
	for {
		rm.line.Lock()
		if len(rm.waiting) == 0 {
			rm.waiting, rm.telling = nil, false
			rm.line.Unlock()
			return
		}
		n := rm.waiting[0]
		rm.waiting = rm.waiting[1:]
		rm.line.Unlock()
		guard(func() { r.each(rm, n) })
		n.of.drop(&r.backlogs.queued)
	}
}

func (r *Rooms) each(rm *room, n news) {
	views := r.views(rm, &n)
	defer views.drop()
	rm.mu.Lock()
	defer rm.mu.Unlock()
	rm.seq = n.seq
	full := r.backlogs.queued.Load() > MaxQueued
	for c := range rm.clients {
		if n.access != nil {
			c.readmit(n.access)
		}
		c.event(views.of(c), full)
	}
}

// Tidy ends those that take nothing, and lets go of what nobody needs; call it every second.
func (r *Rooms) Tidy() {
	now := time.Now()
	for _, c := range r.all(func(c *client) bool { return c.stalled(now) }) {
		c.tooSlow()
	}
	r.backlogs.rest(now)
}

// cutSlowest cuts off the client that has waited for the longest with what is on its way, if that is long: others need
// the room.
func (r *Rooms) cutSlowest() {
	var slowest *client
	oldest := time.Now().Add(-time.Second).UnixNano()
	for _, c := range r.all(func(c *client) bool { return !c.ended.Load() }) {
		if began := c.queue.began.Load(); began != 0 && began < oldest {
			slowest, oldest = c, began
		}
	}
	if slowest != nil {
		slowest.tooSlow()
	}
}

// Queued is how many bytes are on their way to clients, what several share counted once.
func (r *Rooms) Queued() int64 { return r.backlogs.queued.Load() }

// Listens says whether a socket of an organisation is open. One that opens is counted before it asks for its page.
func (r *Rooms) Listens(orgID string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rooms[orgID] != nil
}

// Reset sends everybody away to come back: the log was replaced. Who comes finds new rooms, which have heard nothing of
// the old one.
func (r *Rooms) Reset() {
	r.mu.Lock()
	r.rooms = map[string]*room{}
	r.mu.Unlock()
	for _, c := range r.all(func(*client) bool { return true }) {
		c.end(GoingAway, "The page was restored. Please come back.")
	}
}

// Lost sends everybody of one page away to come back, to a new room.
func (r *Rooms) Lost(orgID string) {
	r.mu.Lock()
	rm := r.rooms[orgID]
	delete(r.rooms, orgID)
	r.mu.Unlock()
	if rm == nil {
		return
	}
	rm.mu.Lock()
	clients := slices.Collect(maps.Keys(rm.clients))
	rm.mu.Unlock()
	for _, c := range clients {
		c.end(GoingAway, "The page was read again. Please come back.")
	}
}

// Kick ends the private sockets of a user in an organisation, or of all users when userID is "".
func (r *Rooms) Kick(orgID, userID string, code int, reason string) {
	for _, c := range r.all(func(c *client) bool {
		return c.held() && c.OrgID == orgID && (userID == "" || c.holder().UserID == userID)
	}) {
		c.end(code, reason)
	}
}

// Notice tells the private sockets of an organisation something that is no event; it carries no seq.
func (r *Rooms) Notice(orgID string, message []byte) {
	for _, c := range r.all(func(c *client) bool { return c.Private && c.OrgID == orgID }) {
		c.send(frame{bytes: message})
	}
}

// Expire ends the private sockets whose token has ended; call it every second.
func (r *Rooms) Expire(now time.Time) {
	for _, c := range r.all(func(c *client) bool { return c.expired(now) }) {
		c.end(BadToken, "Your session has ended.")
	}
}

// End closes the private sockets of whoever is meant.
func (r *Rooms) End(whose func(Holder) bool, code int, reason string) {
	for _, c := range r.all(func(c *client) bool { return c.held() && whose(c.holder()) }) {
		c.end(code, reason)
	}
}

// EndIn is End in one organisation.
func (r *Rooms) EndIn(orgID string, whose func(Holder) bool, code int, reason string) {
	for _, c := range r.all(func(c *client) bool { return c.held() && c.OrgID == orgID && whose(c.holder()) }) {
		c.end(code, reason)
	}
}

// Gone ends every socket of an organisation that was deleted.
func (r *Rooms) Gone(orgID string) {
	for _, c := range r.all(func(c *client) bool { return c.OrgID == orgID }) {
		c.end(NoSuchPage, "There is no such page any more.")
	}
}

// Private lists who holds private sockets, by organisation; somebody with several is named as often.
func (r *Rooms) Private() map[string][]Holder {
	out := map[string][]Holder{}
	for _, c := range r.all((*client).held) {
		out[c.OrgID] = append(out[c.OrgID], c.holder())
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
	c.ended.Store(true)
	c.queue.end(&r.backlogs.queued)
	c.wake()
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
	c.gone()
}

// gone tells once that the client has left.
func (c *client) gone() {
	if c.OnClose != nil && !c.left.Swap(true) {
		c.OnClose()
	}
}
