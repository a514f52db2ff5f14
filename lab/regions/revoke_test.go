package regions_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"statuspage/lab/cluster"
	"statuspage/server/racetest"
)

// TestARevokedKeyOpensNothingAnywhereSoon: with replicas that lag, a revoked key is refused, and loses its sockets, in
// every region within a second of its copy having heard.
func TestARevokedKeyOpensNothingAnywhereSoon(t *testing.T) {
	racetest.Outside(t, "processes in several regions")
	const (
		lag   = 300 * time.Millisecond
		bound = lag + time.Second
		// noise is what a machine that does other things may add; the bound itself is said in the log.
		noise = 5 * time.Second
	)
	w := start(t, nil)
	for _, r := range w.Regions {
		if r != w.Primary() {
			if err := r.Lag(lag); err != nil {
				t.Fatal(err)
			}
		}
	}
	made, _ := w.must(w.Primary(), "POST", "/api/v1/api-keys/",
		map[string]any{"name": "robot", "scopes": []string{"read"}})
	key, _ := made["key"].(string)
	other, _ := w.must(w.Primary(), "POST", "/api/v1/api-keys/",
		map[string]any{"name": "another", "scopes": []string{"read"}})
	stays, _ := other["key"].(string)
	reads := func(r *cluster.Region, bearer string, wanted int) error {
		code, _, _, err := w.ask("GET", r.URL()+"/api/v1/services/", nil, "Authorization", "Bearer "+bearer)
		return want(code, wanted, err)
	}
	open := func(r *cluster.Region, bearer string) *websocket.Conn {
		t.Helper()
		dialer := websocket.Dialer{HandshakeTimeout: 5 * time.Second, Subprotocols: []string{"bearer", bearer}}
		ws, _, err := dialer.Dial("ws"+strings.TrimPrefix(r.URL(), "http")+"/ws/status/org/"+w.org+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = ws.Close() })
		var hello frame
		if err := ws.ReadJSON(&hello); err != nil || hello.Type != "hello" {
			t.Fatalf("%s says %q, %v", r.Name, hello.Type, err)
		}
		return ws
	}
	sockets, kept := map[*cluster.Region]*websocket.Conn{}, map[*cluster.Region]*websocket.Conn{}
	for _, r := range w.Regions {
		w.eventually("the key arrives in "+r.Name,
			func() error { return errors.Join(reads(r, key, http.StatusOK), reads(r, stays, http.StatusOK)) })
		sockets[r], kept[r] = open(r, key), open(r, stays)
	}

	type ending struct {
		region       *cluster.Region
		refused, cut time.Duration
		err          error
	}
	endings := make(chan ending, len(w.Regions))
	w.must(w.Primary(), "DELETE", "/api/v1/api-keys/"+made["id"].(string)+"/", nil)
	revoked := time.Now()
	if err := reads(w.Primary(), key, http.StatusUnauthorized); err != nil {
		t.Errorf("the primary goes on taking it: %v", err)
	}
	for _, r := range w.Regions {
		go func() {
			e := ending{region: r}
			for e.refused == 0 && time.Since(revoked) < bound+noise {
				if reads(r, key, http.StatusUnauthorized) == nil {
					e.refused = time.Since(revoked)
				} else {
					time.Sleep(20 * time.Millisecond)
				}
			}
			_ = sockets[r].SetReadDeadline(time.Now().Add(bound + noise))
			for e.err == nil {
				_, _, e.err = sockets[r].ReadMessage()
			}
			e.cut = time.Since(revoked)
			endings <- e
		}()
	}
	for range w.Regions {
		e := <-endings
		var closed *websocket.CloseError
		switch {
		case e.refused == 0:
			t.Errorf("%s goes on taking the key", e.region.Name)
		case !errors.As(e.err, &closed) || closed.Code != 4403:
			t.Errorf("%s ends the socket with %v", e.region.Name, e.err)
		}
		note := ""
		if e.refused > bound || e.cut > bound {
			note = fmt.Sprintf(" (over the bound of %v)", bound)
		}
		t.Logf("%s refuses it after %v, its socket ended after %v at the latest%s", e.region.Name,
			e.refused.Round(time.Millisecond), e.cut.Round(time.Millisecond), note)
	}

	// The other key goes on, and so do its sockets.
	for _, r := range w.Regions {
		if err := reads(r, stays, http.StatusOK); err != nil {
			t.Errorf("the other key in %s: %v", r.Name, err)
		}
	}
	_, seq := w.must(w.Primary(), "POST", "/api/v1/services/", map[string]any{"name": "API"})
	for r, ws := range kept {
		_ = ws.SetReadDeadline(time.Now().Add(20 * time.Second))
		var m frame
		for m.Seq < seq {
			if err := ws.ReadJSON(&m); err != nil {
				t.Fatalf("the other key's socket in %s: %v", r.Name, err)
			}
		}
	}
}
