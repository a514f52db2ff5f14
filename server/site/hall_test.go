package site

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"

	"statuspage/shared/page"
	"statuspage/shared/status"
)

// hall is a page with a socket in front of it, and faults to order. The server's own sockets are tested with the
// server; here it is the browser that is looked at.
type hall struct {
	*story
	stand *stand
	url   string

	mu      sync.Mutex
	sockets map[*websocket.Conn]bool
	epoch   string
	asked   []string      // the query of each socket
	down    bool          // nothing answers
	mute    bool          // sockets stay open and say nothing
	refuse  int           // close code for every new socket
	greet   bool          // every new socket is greeted and closed
	hang    chan struct{} // handshakes are not answered until it is closed
	hold    chan struct{}
	heads   int
}

func newHall(t *testing.T, s *story, change func(*Deps)) *hall {
	t.Helper()
	h := &hall{story: s, stand: open(t, change, s.state), sockets: map[*websocket.Conn]bool{}, epoch: "epoch-1"}
	to, err := url.Parse(h.stand.url)
	if err != nil {
		t.Fatal(err)
	}
	pages := httputil.NewSingleHostReverseProxy(to)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		down, hold := h.down, h.hold
		if r.Method == http.MethodHead {
			h.heads++
		}
		h.mu.Unlock()
		switch {
		case down:
			http.Error(w, "down", http.StatusBadGateway)
		case strings.HasPrefix(r.URL.Path, "/ws/"):
			h.socket(w, r)
		default:
			if hold != nil && r.Header.Get("Status-Min-Seq") != "" {
				select {
				case <-hold:
				case <-r.Context().Done():
				}
			}
			pages.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() { h.cut(); srv.CloseClientConnections(); srv.Close() })
	h.url = srv.URL
	return h
}

func (h *hall) socket(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	hang := h.hang
	if hang != nil {
		h.asked = append(h.asked, r.URL.RawQuery)
	}
	h.mu.Unlock()
	if hang != nil {
		<-hang
		return
	}
	up := websocket.Upgrader{}
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, r.URL.RawQuery)
	if h.refuse != 0 {
		_ = conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(h.refuse, "no"))
		_ = conn.Close()
		return
	}
	h.sockets[conn] = true
	_ = conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"type":"hello","seq":%d,"epoch":%q,"region":"fra"}`,
		h.state.Seq, h.epoch))
	if h.greet {
		_ = conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1013, "no"))
		_ = conn.Close()
		return
	}
	since, _ := strconv.ParseInt(r.URL.Query().Get("since"), 10, 64)
	if e := r.URL.Query().Get("epoch"); e != h.epoch {
		_ = conn.WriteMessage(websocket.TextMessage,
			fmt.Appendf(nil, `{"type":"snapshot","seq":%d,"epoch":%q,"data":{}}`, h.state.Seq, h.epoch))
	} else {
		for i := range h.log {
			if h.log[i].Seq > since {
				_ = conn.WriteMessage(websocket.TextMessage, h.log[i].Frame())
			}
		}
	}
	go func() { // reads what the browser closes with
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				h.mu.Lock()
				delete(h.sockets, conn)
				h.mu.Unlock()
				_ = conn.Close()
				return
			}
		}
	}()
}

// happen does a command and tells everybody.
func (h *hall) happen(at status.Time, c page.Command) {
	h.t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	n := len(h.log)
	h.do(at, c)
	h.stand.shelf.put(h.state)
	for i := n; i < len(h.log) && !h.mute; i++ {
		for conn := range h.sockets {
			_ = conn.WriteMessage(websocket.TextMessage, h.log[i].Frame())
		}
	}
}

// cut ends every connection without a word.
func (h *hall) cut() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for conn := range h.sockets {
		_ = conn.Close()
		delete(h.sockets, conn)
	}
}

func (h *hall) set(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
}

func (h *hall) read(of func() int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return of()
}

// opening is the command for an incident on services that are well.
func (h *hall) opening(title string, to status.ServiceStatus, service string) page.Command {
	return &page.OpenIncident{ID: h.id(), UpdateID: h.id(), Title: title, Description: "We look.", ToState: to,
		Services: []page.Move{{ID: service}}}
}
