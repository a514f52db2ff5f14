package app_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/racetest"
)

// message is what every frame has.
type message struct {
	Type  string          `json:"type"`
	Seq   int64           `json:"seq"`
	Epoch string          `json:"epoch"`
	Data  json.RawMessage `json:"data"`
}

// dial opens a socket; the caller closes it.
func dial(t testing.TB, addr, path string, header http.Header, protocols ...string) *websocket.Conn {
	t.Helper()
	d := websocket.Dialer{HandshakeTimeout: 20 * time.Second, Subprotocols: protocols}
	ws, res, err := d.Dial("ws://"+addr+path, header)
	if err != nil {
		t.Fatalf("dial %s: %v %v", path, err, res)
	}
	t.Cleanup(func() { _ = ws.Close() })
	return ws
}

func next(t testing.TB, ws *websocket.Conn) message {
	t.Helper()
	_ = ws.SetReadDeadline(time.Now().Add(20 * time.Second))
	var m message
	if err := ws.ReadJSON(&m); err != nil {
		t.Fatalf("read: %v", err)
	}
	return m
}

// closed reads until the socket ends and answers its code.
func closed(t testing.TB, ws *websocket.Conn) int {
	t.Helper()
	_ = ws.SetReadDeadline(time.Now().Add(20 * time.Second))
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			var c *websocket.CloseError
			if !errors.As(err, &c) {
				t.Fatalf("the socket ended without a code: %v", err)
			}
			return c.Code
		}
	}
}

func TestBothSocketsTellTheTwoMessagesFieldForField(t *testing.T) {
	acme := startSite(t, nil).tenant("acme")
	public := dial(t, acme.addr, "/ws/status/public/acme/", nil)
	private := dial(t, acme.addr, "/ws/status/org/"+acme.id+"/?token="+acme.token, nil)
	for _, ws := range []*websocket.Conn{public, private} {
		if m := next(t, ws); m.Type != "hello" || m.Seq != 1 || m.Epoch == "" {
			t.Fatalf("the first message is %+v", m)
		}
	}
	id := acme.service("API")
	acme.must("POST", "/api/v1/incidents/", map[string]any{"title": "Down", "description": "We look.", "service": id,
		"to_state": "major_outage"})
	for _, ws := range []*websocket.Conn{public, private} {
		for i, want := range []struct {
			kind   string
			fields map[string]any
		}{
			{"service_status_update", map[string]any{"id": id, "status": "operational", "name": "API",
				"description": "", "status_display": "Operational"}},
			{"service_status_update", map[string]any{"id": id, "status": "major_outage", "name": "API",
				"description": "", "status_display": "Major Outage"}},
			{"incident_update", map[string]any{"status": "investigating", "title": "Down", "description": "We look.",
				"status_display": "Investigating",
				"service":        map[string]any{"id": id, "name": "API"}}},
		} {
			m := next(t, ws)
			var data map[string]any
			if err := json.Unmarshal(m.Data, &data); err != nil {
				t.Fatal(err)
			}
			if m.Type != want.kind || m.Seq != int64(i+2) {
				t.Errorf("message %d is %s with seq %d", i, m.Type, m.Seq)
			}
			for field, value := range want.fields {
				if fmt.Sprint(data[field]) != fmt.Sprint(value) {
					t.Errorf("message %d: %s is %v, not %v", i, field, data[field], value)
				}
			}
		}
	}
}

func TestASocketThatMayNotBeOpenedIsClosedWithItsCode(t *testing.T) {
	s := startSite(t, nil)
	acme, other := s.tenant("acme"), s.tenant("other")
	for _, row := range []struct {
		name, path string
		code       int
	}{
		{"no such page", "/ws/status/public/nobody/", 4404},
		{"a name that cannot be", "/ws/status/public/No%20Body/", 4404},
		{"no token", "/ws/status/org/" + acme.id + "/", 4401},
		{"a token that is none", "/ws/status/org/" + acme.id + "/?token=x", 4401},
		{"another organisation's token", "/ws/status/org/" + acme.id + "/?token=" + other.token, 4403},
	} {
		t.Run(row.name, func(t *testing.T) {
			if code := closed(t, dial(t, s.addr, row.path, nil)); code != row.code {
				t.Errorf("closed with %d, not %d", code, row.code)
			}
		})
	}
	t.Run("the token may stand in the protocol", func(t *testing.T) {
		ws := dial(t, s.addr, "/ws/status/org/"+acme.id+"/", nil, "bearer", acme.token)
		if m := next(t, ws); m.Type != "hello" || ws.Subprotocol() != "bearer" {
			t.Errorf("got %+v over %q", m, ws.Subprotocol())
		}
	})
	t.Run("another site's page may not", func(t *testing.T) {
		d := websocket.Dialer{HandshakeTimeout: 10 * time.Second}
		_, res, err := d.Dial("ws://"+s.addr+"/ws/status/org/"+acme.id+"/?token="+acme.token,
			http.Header{"Origin": {"https://evil.example"}})
		if err == nil || res == nil || res.StatusCode != http.StatusForbidden {
			t.Errorf("got %v %v", res, err)
		}
	})
}

func TestTooManySocketsOfOneAddressAreToldSo(t *testing.T) {
	s := startSite(t, func(c *config.Config) { c.PublicSockets = 2 })
	s.tenant("acme")
	for range 2 {
		next(t, dial(t, s.addr, "/ws/status/public/acme/", nil))
	}
	third := dial(t, s.addr, "/ws/status/public/acme/", nil)
	if code := closed(t, third); code != 4429 {
		t.Errorf("closed with %d", code)
	}
}

func TestWhoComesBackGetsWhatWasMissedOrASnapshot(t *testing.T) {
	s := startSite(t, nil)
	acme := s.tenant("acme")
	id := acme.service("API")
	for i := range 5 {
		acme.must("PATCH", "/api/v1/services/"+id+"/", map[string]any{"description": fmt.Sprint(i)})
	}
	epoch := next(t, dial(t, s.addr, "/ws/status/public/acme/", nil)).Epoch
	t.Run("what was missed, in order", func(t *testing.T) {
		ws := dial(t, s.addr, "/ws/status/public/acme/?since=3&epoch="+epoch, nil)
		next(t, ws)
		for want := int64(4); want <= 7; want++ {
			if m := next(t, ws); m.Seq != want {
				t.Fatalf("seq %d, not %d", m.Seq, want)
			}
		}
	})
	t.Run("a snapshot when the log is another", func(t *testing.T) {
		ws := dial(t, s.addr, "/ws/status/public/acme/?since=3&epoch=another", nil)
		next(t, ws)
		if m := next(t, ws); m.Type != "snapshot" || m.Seq != 7 {
			t.Fatalf("got %s %d", m.Type, m.Seq)
		}
	})
	t.Run("a snapshot when it is over 1,000 events old", func(t *testing.T) {
		other := s.tenant("busy")
		sid := other.service("API")
		for i := range 1005 {
			other.must("PATCH", "/api/v1/services/"+sid+"/", map[string]any{"description": fmt.Sprint(i)})
		}
		ws := dial(t, s.addr, "/ws/status/public/busy/?since=2", nil)
		next(t, ws)
		if m := next(t, ws); m.Type != "snapshot" || m.Seq != 1007 {
			t.Fatalf("got %s %d", m.Type, m.Seq)
		}
		ws = dial(t, s.addr, "/ws/status/public/busy/?since=7", nil)
		next(t, ws)
		for want := int64(8); want <= 1007; want++ {
			if m := next(t, ws); m.Seq != want {
				t.Fatalf("seq %d, not %d", m.Seq, want)
			}
		}
	})
	t.Run("who is ahead of this region waits for it", func(t *testing.T) {
		ws := dial(t, s.addr, "/ws/status/public/acme/?since=8&epoch="+epoch, nil)
		next(t, ws)
		acme.must("PATCH", "/api/v1/services/"+id+"/", map[string]any{"description": "eight"})
		acme.must("PATCH", "/api/v1/services/"+id+"/", map[string]any{"description": "nine"})
		if m := next(t, ws); m.Seq != 9 {
			t.Fatalf("seq %d, not 9", m.Seq)
		}
	})
}

func TestWhoCountsInALogThatIsNoMoreGetsASnapshot(t *testing.T) {
	acme := startSite(t, nil).tenant("acme")
	acme.service("API")
	ws := dial(t, acme.addr, "/ws/status/public/acme/?since=99999", nil)
	if m := next(t, ws); m.Type != "hello" || m.Seq != 2 {
		t.Fatalf("got %s %d", m.Type, m.Seq)
	}
	if m := next(t, ws); m.Type != "snapshot" || m.Seq != 2 {
		t.Fatalf("got %s %d", m.Type, m.Seq)
	}
	acme.service("Web")
	if m := next(t, ws); m.Type != "service_status_update" || m.Seq != 3 {
		t.Errorf("got %s %d", m.Type, m.Seq)
	}
}

func TestWhoDoesNotReadIsCutOffAndNobodyWaits(t *testing.T) {
	racetest.Long(t)
	s := startSite(t, nil)
	acme := s.tenant("acme")
	id := acme.service("API")
	raw, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	_ = raw.(*net.TCPConn).SetReadBuffer(4096)
	_, _ = fmt.Fprintf(raw, "GET /ws/status/public/acme/ HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: "+
		"websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	reader := dial(t, s.addr, "/ws/status/public/acme/", nil)
	next(t, reader)
	long := strings.Repeat("word ", 3900)
	deadline := time.Now().Add(4 * time.Minute)
	for n := 0; s.app.Rooms.Count().Slow.Load() == 0; n++ {
		if time.Now().After(deadline) {
			t.Fatal("the one that does not read was never found slow")
		}
		acme.must("PATCH", "/api/v1/services/"+id+"/", map[string]any{"description": fmt.Sprint(n, long)})
		if m := next(t, reader); m.Seq != int64(n+3) {
			t.Fatalf("the one that reads got %d, not %d", m.Seq, n+3)
		}
	}
	for s.app.Rooms.Count().Open.Load() > 1 {
		if time.Now().After(deadline) {
			t.Fatal("the one that does not read still holds its connection")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestAPrivateSocketEndsWithItsMemberOrItsToken(t *testing.T) {
	s := startSite(t, nil)
	acme := s.tenant("acme")
	t.Run("removed", func(t *testing.T) {
		member := map[string]any{"id": acme.joined("sam@acme.example", auth.Member, "")}
		token, err := s.app.UseCases.Token(context.Background(), "acme", "sam@acme.example", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		ws := dial(t, s.addr, "/ws/status/org/"+acme.id+"/?token="+token, nil)
		next(t, ws)
		acme.must("DELETE", fmt.Sprintf("/api/v1/members/%s/", member["id"]), nil)
		if code := closed(t, ws); code != 4403 {
			t.Errorf("closed with %d", code)
		}
	})
	t.Run("expired, unless it is renewed", func(t *testing.T) {
		short := func() string {
			token, err := s.app.UseCases.Token(context.Background(), "acme", "admin@acme.example", time.Second)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		ends := dial(t, s.addr, "/ws/status/org/"+acme.id+"/?token="+short(), nil)
		stays := dial(t, s.addr, "/ws/status/org/"+acme.id+"/?token="+short(), nil)
		next(t, ends)
		next(t, stays)
		if err := stays.WriteJSON(map[string]string{"type": "auth", "token": acme.token}); err != nil {
			t.Fatal(err)
		}
		if m := next(t, stays); m.Type != "auth" {
			t.Fatalf("got %s", m.Type)
		}
		if code := closed(t, ends); code != 4401 {
			t.Errorf("closed with %d", code)
		}
		acme.service("API")
		if m := next(t, stays); m.Type != "service_status_update" {
			t.Errorf("got %s", m.Type)
		}
	})
}

// follower reads a room until it has seen an event, and comes back with `since` whenever it is cut off.
type follower struct {
	slug string
	seen []int64
}

func (f *follower) follow(addr string, until *atomic.Int64, deadline time.Time) error {
	var last int64
	epoch := ""
	for time.Now().Before(deadline) {
		path := "/ws/status/public/" + f.slug + "/"
		if last > 0 {
			path += fmt.Sprintf("?since=%d&epoch=%s", last, epoch)
		}
		ws, _, err := (&websocket.Dialer{HandshakeTimeout: 20 * time.Second}).Dial("ws://"+addr+path, nil)
		if err != nil {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		for {
			if end := until.Load(); end > 0 && last >= end {
				return ws.Close()
			}
			_ = ws.SetReadDeadline(time.Now().Add(2 * time.Second))
			var m struct {
				message
				Data struct {
					ID string `json:"id"`
				} `json:"data"`
			}
			if err := ws.ReadJSON(&m); err != nil {
				_ = ws.Close()
				break
			}
			switch m.Type {
			case "hello":
				epoch = m.Epoch
				if last == 0 {
					last = m.Seq
				}
			case "snapshot":
				return fmt.Errorf("%s got a snapshot behind %d", f.slug, last)
			default:
				f.seen = append(f.seen, m.Seq)
				last = m.Seq
			}
		}
	}
	return fmt.Errorf("%s saw only up to %d", f.slug, last)
}

func TestEveryClientGetsEveryEventOfItsOrganisationOnceInOrder(t *testing.T) {
	racetest.Long(t)
	const orgs, socketsEach, writesEach = 20, 10, 50
	s := startSite(t, nil)
	deadline := time.Now().Add(3 * time.Minute)
	tenants := make([]*tenant, orgs)
	services := make([]string, orgs)
	ends := make([]atomic.Int64, orgs)
	for i := range tenants {
		tenants[i] = s.tenant(fmt.Sprintf("org-%d", i))
		services[i] = tenants[i].service("Service of " + tenants[i].slug)
	}
	followers := make([]*follower, 0, orgs*socketsEach)
	var reading sync.WaitGroup
	failed := make(chan error, orgs*socketsEach)
	for i := range tenants {
		for range socketsEach {
			f := &follower{slug: tenants[i].slug}
			followers = append(followers, f)
			reading.Go(func() {
				if err := f.follow(s.addr, &ends[i], deadline); err != nil {
					failed <- err
				}
			})
		}
	}
	for s.app.Rooms.Count().Open.Load() < orgs*socketsEach {
		if time.Now().After(deadline) {
			t.Fatal("the sockets do not open")
		}
		time.Sleep(10 * time.Millisecond)
	}
	// A thousand writes at the same time; half way, the server goes away and comes back.
	var writing sync.WaitGroup
	var done atomic.Int64
	var refusals sync.Map // what a write that was never accepted was told last
	for i, org := range tenants {
		for n := range writesEach {
			writing.Go(func() {
				for time.Now().Before(deadline) {
					key := fmt.Sprintf("%s-%d", org.slug, n)
					code, answer, err := org.send("PATCH", "/api/v1/services/"+services[i]+"/",
						map[string]any{"description": fmt.Sprint("write ", n)},
						"Idempotency-Key", key)
					if err == nil && code == http.StatusOK {
						refusals.Delete(key)
						done.Add(1)
						return
					}
					refusals.Store(key, fmt.Sprint(code, answer, err))
					time.Sleep(50 * time.Millisecond)
				}
			})
		}
	}
	for done.Load() < orgs*writesEach/2 && time.Now().Before(deadline) {
		time.Sleep(5 * time.Millisecond)
	}
	if s.app.Rooms.Count().Direct.Load() == 0 {
		t.Error("no event was written at once: what stands before Fiber hides the connection")
	}
	s.stop()
	s.start()
	writing.Wait()
	if done.Load() != orgs*writesEach {
		refusals.Range(func(key, last any) bool {
			t.Logf("%s: %s", key, last)
			return true
		})
		t.Fatalf("%d of %d writes were accepted", done.Load(), orgs*writesEach)
	}
	for i, org := range tenants {
		p, err := s.app.Relay.Page(context.Background(), org.id)
		if err != nil {
			t.Fatal(err)
		}
		if want := int64(2 + writesEach); p.State.Seq != want {
			t.Errorf("%s is at %d, not %d: a write was lost or done twice", org.slug, p.State.Seq, want)
		}
		ends[i].Store(p.State.Seq)
	}
	reading.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	for _, f := range followers {
		for n, seq := range f.seen {
			if seq != int64(n+3) {
				t.Fatalf("%s: event %d in place %d", f.slug, seq, n)
			}
		}
		if len(f.seen) != writesEach {
			t.Errorf("%s: %d events, not %d", f.slug, len(f.seen), writesEach)
		}
	}
}
