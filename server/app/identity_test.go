package app_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"statuspage/server/auth"
	"statuspage/server/config"
)

func TestALinkThatIsOverOpensNothing(t *testing.T) {
	s := startSite(t, nil)
	secret, err := s.app.UseCases.SetupLink(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	s.sql(`UPDATE links SET expires_at = ? WHERE purpose = 'setup' AND expires_at BETWEEN ? AND ?`,
		time.Now().Add(-time.Second).UnixMilli(),
		time.Now().Add(23*time.Hour).UnixMilli(), time.Now().Add(24*time.Hour).UnixMilli())
	s.nobody().do("POST", "/api/v1/auth/setup/", j{"token": secret, "organization": j{"slug": "acme", "name": "Acme"},
		"email": "ada@acme.example", "password": "a few words are good"}).refuses(403, "token")

	acme := s.org()
	sam := acme.post("/api/v1/members/", j{"email": "sam@acme.example"}).str("id")
	_, secret, _ = strings.Cut(acme.post("/api/v1/members/"+sam+"/invitation/", nil).str("url"), "token=")
	s.sql(`UPDATE offers SET expires_at = ? WHERE id = ?`, time.Now().Add(-time.Second).UnixMilli(), sam)
	s.nobody().do("POST", "/api/v1/auth/accept/", j{"token": secret, "password": "a few words are good"}).
		refuses(403, "token")
}

func TestSigningOutEverywhereEndsEverySessionOfOnesOwn(t *testing.T) {
	s := world(t)
	acme := s.org()
	in := func(email string) string {
		a := s.nobody().do("POST", "/api/v1/auth/login/", j{"email": email, "password": password}).is(200)
		cookie, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";")
		return cookie
	}
	ask := func(path, cookie string, body any) *answer {
		return s.nobody().do("POST", path, body, "Cookie", cookie, "X-Requested-With", "statuspage")
	}
	who := &tenant{site: s, id: acme.org, slug: acme.slug}
	ada, eve := who.person("ada", auth.Admin), who.person("eve", auth.Member)
	phone, desktop, others := in(ada), in(ada), in(eve)
	ask("/api/v1/auth/logout/", phone, j{"everywhere": true}).is(204)
	for _, cookie := range []string{phone, desktop} {
		ask("/api/v1/auth/refresh/", cookie, nil).refuses(401)
	}
	ask("/api/v1/auth/refresh/", others, nil).is(200)
}

func TestTheLastUseOfAKeyIsNoted(t *testing.T) {
	s := world(t)
	acme, other := s.org(), s.org()
	key, idle := acme.key("read"), other.key("read")
	began := time.Now().Add(-time.Millisecond)
	key.get("/api/v1/services/")
	s.app.NoteKeys(context.Background())
	text := acme.get("/api/v1/api-keys/").str("results.0.last_used_at")
	if at, err := time.Parse(time.RFC3339, text); err != nil || at.Before(began.Truncate(time.Second)) ||
		at.After(time.Now().Add(time.Second)) {
		t.Errorf("last used at %q, %v", text, err)
	}
	other.get("/api/v1/api-keys/").has("results.0.last_used_at", nil)
	next(t, dial(t, s.addr, "/ws/status/org/"+other.org+"/", nil, "bearer", idle.token))
	s.app.NoteKeys(context.Background())
	if at := other.get("/api/v1/api-keys/").at("results.0.last_used_at"); at == nil {
		t.Error("a socket is no use of a key")
	}
}

// twoRegions are two processes on one database, of which the second does not write.
func twoRegions(t *testing.T) (home, far *site) {
	t.Helper()
	return twoRegionsOf(t, func(*config.Config) {})
}

// twoRegionsOf are two regions that are set alike otherwise.
func twoRegionsOf(t *testing.T, set func(*config.Config)) (home, far *site) {
	t.Helper()
	home = startSite(t, func(c *config.Config) {
		set(c)
		c.FlyRegion, c.PrimaryRegion = "fra", "fra"
	})
	far = &site{t: t, file: home.file, addr: "127.0.0.1:0", set: func(c *config.Config) {
		set(c)
		c.FlyRegion, c.PrimaryRegion, c.WriteForward, c.PrimaryURL = "syd", "fra", "proxy", "http://"+home.addr
	}}
	far.start()
	t.Cleanup(func() { far.stop() })
	return home, far
}

// A region that only reads has the primary answer a key now and then, so that an admin does not take a busy key for an
// idle one.
func TestTheUseOfAKeyElsewhereIsNotedAtThePrimary(t *testing.T) {
	home, far := twoRegions(t)
	acme := home.org()
	key := acme.key("read")
	key.site = far
	var regions []string
	for range 3 {
		regions = append(regions, key.get("/api/v1/services/").header.Get("Status-Region"))
	}
	if want := []string{"fra", "syd", "syd"}; !slices.Equal(regions, want) {
		t.Errorf("answered by %v, not %v", regions, want)
	}
	home.app.NoteKeys(context.Background())
	if at := acme.get("/api/v1/api-keys/").at("results.0.last_used_at"); at == nil {
		t.Error("the use was not noted")
	}
	// Whoever reaches a process directly, with no proxy of Fly's before it, is never told to go elsewhere.
	far.within(func(c *config.Config) { c.FlyRegion, c.PrimaryRegion = "syd", "fra" })
	direct := acme.key("read")
	direct.site = far
	if region := direct.get("/api/v1/services/").header.Get("Status-Region"); region != "syd" {
		t.Errorf("answered by %q", region)
	}
	req, _ := http.NewRequestWithContext(t.Context(), "GET", "http://"+far.addr+"/api/v1/services/", nil)
	req.Header = http.Header{"Authorization": {"Bearer " + direct.token}, "Fly-Request-Id": {"x"}}
	res, err := client.Do(req) // past the harness: what it is told is for the proxy alone
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if !strings.HasPrefix(res.Header.Get("Fly-Replay"), "region=fra") {
		t.Errorf("through the proxy: %d %v", res.StatusCode, res.Header)
	}
	if region := direct.do("GET", "/api/v1/services/", nil, "Fly-Request-Id", "x").is(200).
		header.Get("Status-Region"); region != "syd" {
		t.Errorf("the second time: answered by %q", region)
	}
	far.within(func(c *config.Config) {
		c.FlyRegion, c.PrimaryRegion, c.WriteForward, c.PrimaryURL = "syd", "fra", "proxy", "http://"+home.addr
	})
	// Without the primary the key is good all the same.
	idle := acme.key("read")
	idle.site = far
	home.stop()
	if region := idle.get("/api/v1/services/").header.Get("Status-Region"); region != "syd" {
		t.Errorf("answered by %q", region)
	}
}

func TestNewSocketsOfAnAddressAreLimited(t *testing.T) {
	s := startSite(t, nil)
	acme := s.org()
	s.app.LimitNewSockets(3)
	from := func(ip, path string) int {
		d := websocket.Dialer{HandshakeTimeout: patience,
			NetDialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}).DialContext}
		ws, _, err := d.Dial("ws://"+s.addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = ws.Close() }()
		_ = ws.SetReadDeadline(time.Now().Add(patience))
		if _, _, err := ws.ReadMessage(); err == nil {
			return 0
		}
		return closed(t, ws)
	}
	public, private := "/ws/status/public/"+acme.slug+"/", "/ws/status/org/"+acme.org+"/?token="+acme.token
	for i, row := range []struct {
		ip, path string
		code     int
	}{{"127.0.0.1", public, 0}, {"127.0.0.1", private, 0}, {"127.0.0.1", public, 0}, {"127.0.0.1", public, 4429},
		{"127.0.0.1", private, 4429}, {"127.0.0.2", public, 0}} {
		if got := from(row.ip, row.path); got != row.code {
			t.Errorf("%d: %s from %s: closed with %d, not %d", i, row.path, row.ip, got, row.code)
		}
	}
}

func TestWhoIsKnownIsToldOfTheirLimits(t *testing.T) {
	acme := world(t).org()
	for _, who := range []*caller{acme, acme.key("read")} {
		if h := who.get("/api/v1/services/").header; h.Get("RateLimit-Policy") != `"caller";q=500;w=1` ||
			!strings.HasPrefix(h.Get("RateLimit"), `"caller";r=`) {
			t.Errorf("the headers are %v", h)
		}
	}
}

// TestSocketsEndWithWhatOpenedThem runs a second process, which does not write: what ends at the primary ends there,
// too.
func TestSocketsEndWithWhatOpenedThem(t *testing.T) {
	home, far := twoRegions(t)
	acme := home.org()
	member, key := acme.join(auth.Member), acme.key("read")
	for _, at := range []*site{home, far} {
		for _, who := range []*caller{member, key, acme} {
			ws := dial(t, at.addr, "/ws/status/org/"+acme.org+"/", nil, "bearer", who.token)
			next(t, ws)
			if who != acme {
				defer func() {
					if code := closed(t, ws); code != 4403 {
						t.Errorf("%s: closed with %d", at.addr, code)
					}
				}()
				continue
			}
			defer func() { // who stays hears what comes later
				if m := next(t, ws); m.Type != "service_status_update" {
					t.Errorf("%s: got %s", at.addr, m.Type)
				}
			}()
		}
	}
	acme.do("DELETE", "/api/v1/members/"+member.id, nil).is(204)
	acme.do("DELETE", "/api/v1/api-keys/"+key.id, nil).is(204)
	for token, refused := range map[string]int{key.token: 401, member.token: 403} {
		who := &caller{site: far, token: token}
		for since := time.Now(); who.do("GET", "/api/v1/services/", nil).code != refused; {
			if time.Since(since) > patience { // the other process hears of it by its next look at the log
				t.Errorf("after %v they are not refused with %d", patience, refused)
				break
			}
		}
	}
	acme.service("API")
}

// lines is a log that a test reads.
type lines struct {
	mu sync.Mutex
	bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.Buffer.Write(b)
}

// recordLog reads the whole log until the test ends.
func recordLog(t *testing.T) *lines {
	t.Helper()
	log, before := &lines{}, slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	t.Cleanup(func() { slog.SetDefault(before) })
	return log
}

func TestNoTokenStandsInTheLog(t *testing.T) {
	log := recordLog(t)
	s := startSite(t, nil)
	acme := s.org()
	key, ticket, forged := acme.key("read"), acme.ticket(), foreign(acme, "https://issuer.example")
	secrets := []string{acme.token, key.token, ticket, forged, password}
	for _, token := range []string{acme.token, key.token, forged} {
		opened(t, s.addr, "/ws/status/org/"+acme.org+"/?token="+token)
		(&caller{site: s, token: token}).do("POST", "/api/v1/services/?token="+token, j{"name": ""})
		(&caller{site: s, token: token}).do("GET", "/api/v1/nothing/", nil)
	}
	s.by(t, acme.org, ticket)
	s.by(t, acme.org, ticket)
	s.nobody().do("POST", "/api/v1/auth/login/", j{"email": "ada@acme.example", "password": password}).refuses(401)
	s.nobody().do("POST", "/api/v1/auth/refresh/", nil, "Cookie", "refresh="+forged[:43], "X-Requested-With", "x").
		refuses(401)
	s.stop()
	text := log.String()
	if !strings.Contains(text, "a power cut takes nothing back") {
		t.Fatalf("this is no log: %s", text)
	}
	for _, secret := range append(secrets, forged[:43]) {
		if strings.Contains(text, secret[len(secret)-20:]) {
			t.Errorf("%.12s… stands in the log", secret)
		}
	}
}
