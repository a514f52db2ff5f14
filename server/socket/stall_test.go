package socket

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gorilla/websocket"

	"statuspage/server/racetest"
	"statuspage/server/relay"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// house is rooms with one page behind a real listener.
type house struct {
	rooms *Rooms
	addr  string

	mu     sync.Mutex
	state  page.State
	page   *relay.Page
	events []page.Event
	read   int // parts of the log that were read
}

func newHouse(t *testing.T) *house {
	h := &house{}
	h.rooms = New("local", h)
	birth, no := page.Create("01890000-0000-7000-8000-000000000001", "acme", "Acme", 1)
	if no != nil {
		t.Fatal(no)
	}
	h.add(birth)
	org := h.state.Org.ID // for the server's goroutines: the state changes under them
	app := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	app.Server().KeepHijackedConns = true
	app.Get("/", func(c *fiber.Ctx) error {
		return h.rooms.Open(c, Client{OrgID: org, Since: int64(c.QueryInt("since", -1)), Epoch: c.Query("epoch")})
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.addr = ln.Addr().String()
	go func() { _ = app.Listener(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		h.rooms.Close(ctx)
		_ = app.ShutdownWithTimeout(time.Second)
	})
	return h
}

// add appends an event and tells it, as the relay does.
func (h *house) add(e page.Event) {
	h.mu.Lock()
	e.Seq = h.state.Seq + 1
	h.state = page.Evolve(h.state, &e)
	h.events = append(h.events, e)
	h.page = relay.NewPage(h.state, "e")
	org := h.state.Org.ID
	h.mu.Unlock()
	h.rooms.Event(org, &e, nil, nil)
}

// say is one event of some bytes.
func (h *house) say(bytes int) {
	s := status.Service{ID: "01890000-0000-7000-8000-000000000002", Name: "API", Status: status.Operational,
		Description: strings.Repeat("x", bytes)}
	h.add(page.Event{Type: page.ServiceCreated, Service: &s})
}

func (h *house) Page(context.Context, string) (*relay.Page, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.page, nil
}

func (h *house) Has(context.Context, string, int64) bool { return false }

func (h *house) Replay(_ context.Context, _ string, after, upTo, _ int64) ([]page.Event, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.read++
	return append([]page.Event(nil), h.events[after:upTo]...), nil
}

// deaf opens a socket that reads its greeting, and then only when it is asked to.
func (h *house) deaf(t *testing.T, query string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.(*net.TCPConn).SetReadBuffer(64 << 10)
	_, _ = fmt.Fprintf(conn, "GET /%s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: "+
		"websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", query)
	r := bufio.NewReaderSize(conn, 16)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == "\r\n" {
			return conn, r
		}
	}
}

// lastCode reads frames up to the end and answers the code with which the socket was closed; 0 when it ended without.
func lastCode(conn net.Conn, r *bufio.Reader) (code int) {
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		var head [2]byte
		if err := full(r, head[:]); err != nil {
			return code
		}
		n := int(head[1] & 127)
		if extra := map[int]int{126: 2, 127: 8}[n]; extra > 0 {
			size := make([]byte, extra)
			if full(r, size) != nil {
				return code
			}
			n = 0
			for _, b := range size {
				n = n<<8 | int(b)
			}
		}
		body := make([]byte, n)
		if full(r, body) != nil {
			return code
		}
		if head[0]&15 == websocket.CloseMessage && n >= 2 {
			return int(body[0])<<8 | int(body[1])
		}
	}
}

func full(r *bufio.Reader, into []byte) error {
	for n := 0; n < len(into); {
		m, err := r.Read(into[n:])
		if n += m; err != nil {
			return err
		}
	}
	return nil
}

func (h *house) until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

// Whoever takes nothing of what is on its way is ended with 4408 and counted, however few frames that are: many at
// once, a few large ones, one.
func TestWhoStallsIsEndedAndCountedAtAnyRateOfFrames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		frames, size int
		sinceBegin   string
	}{{"one frame", 1, 6 << 20, ""}, {"a few", 20, 300 << 10, ""}, {"many", 4000, 2 << 10, ""},
		{"in a backlog", 0, 0, "?since=1"}, {"in a snapshot", 0, 0, "?since=1&epoch=other"}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			if c.frames == 0 {
				for range 8 {
					h.say(1 << 20)
				}
			}
			conn, r := h.deaf(t, c.sinceBegin)
			h.until(t, "the socket does not open", func() bool { return h.rooms.Count().Open.Load() == 1 })
			for range c.frames {
				h.say(c.size)
			}
			h.until(t, "the one that does not read was never found slow",
				func() bool { h.rooms.Tidy(); return h.rooms.Count().Slow.Load() == 1 })
			if code := lastCode(conn, r); code != TooSlow {
				t.Errorf("it was closed with %d", code)
			}
			h.until(t, "it still holds its connection", func() bool { return h.rooms.Count().Open.Load() == 0 })
			if n := h.rooms.Queued(); n != 0 {
				t.Errorf("%d bytes are still on their way to nobody", n)
			}
		})
	}
}

// One that answers no ping is as good as gone, though nothing is on its way to it.
func TestWhoAnswersNoPingIsEndedAndCounted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	conn, r := h.deaf(t, "")
	h.until(t, "the socket does not open", func() bool { return h.rooms.Count().Open.Load() == 1 })
	for _, c := range h.rooms.all(func(*client) bool { return true }) {
		c.heardAt.Store(time.Now().Add(-deafAfter - time.Second).UnixNano())
	}
	h.rooms.Tidy()
	if code := lastCode(conn, r); code != TooSlow || h.rooms.Count().Slow.Load() != 1 {
		t.Errorf("it was closed with %d", code)
	}
}

// Who takes a long message slowly, but does take it, is not cut off.
func TestWhoReadsSlowlyGetsAllOfALongMessage(t *testing.T) {
	racetest.Long(t)
	t.Parallel()
	h := newHouse(t)
	for range 8 {
		h.say(1 << 20)
	}
	conn, r := h.deaf(t, "?since=1")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		for ctx.Err() == nil {
			h.rooms.Tidy()
			time.Sleep(100 * time.Millisecond)
		}
	}()
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	for began := time.Now(); time.Since(began) < 8*time.Second; time.Sleep(50 * time.Millisecond) {
		if _, err := r.Discard(16 << 10); err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			t.Fatal(err)
		}
	}
	if h.rooms.Count().Slow.Load() != 0 {
		t.Error("it was cut off")
	}
}

// What all have on their way together is bounded: the slowest go, and those who read are told everything.
func TestTheSumOfWhatIsQueuedIsBounded(t *testing.T) {
	racetest.Long(t)
	t.Parallel()
	h := newHouse(t)
	for range 150 {
		h.say(1 << 20)
	}
	for i := range 40 {
		h.deaf(t, fmt.Sprintf("?since=%d", 1+i*32%140))
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	most := int64(0)
	var mu sync.Mutex
	go func() {
		for ctx.Err() == nil {
			mu.Lock()
			most = max(most, h.rooms.Queued())
			mu.Unlock()
			h.rooms.Tidy()
			time.Sleep(5 * time.Millisecond)
		}
	}()
	ws, _, err := websocket.DefaultDialer.Dial("ws://"+h.addr+"/?since=140", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ws.Close() }()
	_ = ws.SetReadDeadline(time.Now().Add(time.Minute))
	for seq := int64(0); seq < 151; {
		var m struct {
			Type string `json:"type"`
			Seq  int64  `json:"seq"`
		}
		if err := ws.ReadJSON(&m); err != nil {
			t.Fatalf("who reads is cut off at %d: %v", seq, err)
		}
		if m.Type != "hello" {
			seq = m.Seq
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if limit := int64(MaxQueued + readers*partEvents<<20); most > limit || most == 0 {
		t.Errorf("%d bytes were on their way, not %d at most", most, limit)
	}
}

// All who missed the same are sent the same bytes, and the log is read once for them.
func TestABacklogIsReadOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 100 {
		h.say(100)
	}
	for range 20 {
		ws, _, err := websocket.DefaultDialer.Dial("ws://"+h.addr+"/?since=1", nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = ws.SetReadDeadline(time.Now().Add(time.Minute))
		for range 101 { // hello and a hundred
			if _, _, err := ws.ReadMessage(); err != nil {
				t.Fatal(err)
			}
		}
		_ = ws.Close()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.read > 4 {
		t.Errorf("the log was read %d times", h.read)
	}
}
