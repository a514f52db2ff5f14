package app_test

import (
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"statuspage/server/auth"
	"statuspage/server/config"
)

// within restarts the site with other limits: what a test needs was made under the usual ones.
func (s *site) within(set func(*config.Config)) {
	s.stop()
	s.set = set
	s.start()
}

// refused asks until it is refused, which has to be by the policy, in words, and with the headers.
func (c *caller) refused(policy string) {
	c.t.Helper()
	for range 200 {
		a := c.do("GET", "/api/v1/services/", nil)
		if a.code == 200 {
			continue
		}
		a.refuses(429)
		if a.header.Get("RateLimit-Policy") != policy || a.header.Get("Retry-After") == "" {
			c.t.Errorf("refused with %v", a.header)
		}
		return
	}
	c.t.Errorf("200 requests, and none was refused by %s", policy)
}

func TestACallerIsHeldToItsRateAndNobodyElsePays(t *testing.T) {
	s := startSite(t, nil)
	acme := s.org()
	wild, calm := acme.key("read"), acme.key("read")
	s.within(func(c *config.Config) { c.CallerRate, c.OrgRate = 1, 3 })
	wild.refused(`"caller";q=1;w=1`)
	for range 20 { // each of which would take from the organisation's
		wild.do("GET", "/api/v1/services/", nil)
	}
	calm.get("/api/v1/services/")
	acme.get("/api/v1/services/")
}

func TestAnOrganizationIsHeldToItsRateAndNoOtherPays(t *testing.T) {
	s := startSite(t, nil)
	acme, other := s.org(), s.org()
	key := acme.key("read")
	s.within(func(c *config.Config) { c.CallerRate, c.OrgRate = 1000, 2 })
	key.refused(`"organization";q=2;w=1`)
	acme.refused(`"organization";q=2;w=1`)
	other.get("/api/v1/services/")
}

func TestAnOrganizationHasSoManySocketsAndItsMembersHaveTheirOwn(t *testing.T) {
	s := startSite(t, func(c *config.Config) { c.OrgSockets = 20 })
	acme, other := s.org(), s.org()
	member := acme.join(auth.Member)
	public, private := "/ws/status/public/"+acme.slug+"/", "/ws/status/org/"+acme.org+"/"
	var first *websocket.Conn
	for range 20 {
		ws := dial(t, s.addr, public, nil)
		next(t, ws)
		first = ws
	}
	tooMany := func(path string, protocols ...string) {
		t.Helper()
		if code := closed(t, dial(t, s.addr, path, nil, protocols...)); code != 4429 {
			t.Errorf("%s: closed with %d", path, code)
		}
	}
	tooMany(public)
	for _, who := range []*caller{acme, member} { // a tenth as many
		next(t, dial(t, s.addr, private, nil, "bearer", who.token))
	}
	tooMany(private, "bearer", acme.token)
	next(t, dial(t, s.addr, "/ws/status/public/"+other.slug+"/", nil))
	next(t, dial(t, s.addr, "/ws/status/org/"+other.org+"/", nil, "bearer", other.token))
	// A place that is given back is had by the next.
	_ = first.Close()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		ws := dial(t, s.addr, public, nil)
		if _, _, err := ws.ReadMessage(); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the place of a socket that has gone cannot be had")
		}
	}
}
