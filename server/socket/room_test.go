package socket

import (
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"statuspage/server/relay"
	"statuspage/shared/page"
)

// follow opens a socket and reads its greeting.
func (h *house) follow(t *testing.T, query string) *websocket.Conn {
	t.Helper()
	ws, _, err := websocket.DefaultDialer.Dial("ws://"+h.addr+"/"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.Close() })
	_ = ws.SetReadDeadline(time.Now().Add(time.Minute))
	if kind, _ := read(t, ws); kind != "hello" {
		t.Fatalf("the first message is %s", kind)
	}
	return ws
}

func read(t *testing.T, ws *websocket.Conn) (kind string, seq int64) {
	t.Helper()
	var m struct {
		Type string `json:"type"`
		Seq  int64  `json:"seq"`
	}
	if err := ws.ReadJSON(&m); err != nil {
		t.Fatal(err)
	}
	return m.Type, m.Seq
}

// back is a log that was replaced by an older one: the page is at its first event again.
func (h *house) back() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = h.events[:1]
	h.state = page.Evolve(page.State{}, &h.events[0])
	h.page = relay.NewPage(h.state, "e")
}

// Who comes back after the log was replaced is served, though one that does not leave yet has heard of the old one.
func TestWhoComesBackIsNotHeldUpByWhoDoesNotLeave(t *testing.T) {
	t.Parallel()
	for name, replaced := range map[string]func(h *house){"Reset": func(h *house) { h.rooms.Reset() },
		"Lost": func(h *house) { h.rooms.Lost(h.state.Org.ID) }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.deaf(t, "")
			h.until(t, "the socket does not open", func() bool { return h.rooms.Listens(h.state.Org.ID) })
			for range 5 {
				h.say(6 << 20) // more than the connection holds: it stays for a while
			}
			h.back()
			replaced(h)
			if h.rooms.Listens(h.state.Org.ID) {
				t.Error("who was sent away still listens")
			}
			ws := h.follow(t, "?since=1")
			h.until(t, "nobody listens", func() bool { return h.rooms.Listens(h.state.Org.ID) })
			h.say(10)
			if kind, seq := read(t, ws); seq != 2 {
				t.Errorf("%s %d came, not event 2", kind, seq)
			}
		})
	}
}

// Who would miss an event is sent away to come back, whatever the reason is.
func TestNobodyIsToldAnEventBehindAGap(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ws := h.follow(t, "")
	h.say(10)
	read(t, ws)
	h.mu.Lock()
	e := h.events[1]
	h.mu.Unlock()
	e.Seq = 4
	h.rooms.Event(h.state.Org.ID, &e, nil, nil)
	_, body, err := ws.ReadMessage()
	if !websocket.IsCloseError(err, GoingAway) {
		t.Errorf("it was told %s, %v", body, err)
	}
	h.until(t, "a socket that is gone still listens", func() bool { return !h.rooms.Listens(h.state.Org.ID) })
}
