package app_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"strings"
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

// TestARefusalNamesTheLimitThatRefuses: where several were counted, headers and words are of the one that said no.
func TestARefusalNamesTheLimitThatRefuses(t *testing.T) {
	s := startSite(t, func(c *config.Config) { c.PublicRate = 50 })
	acme := s.org()
	nobody := s.nobody()
	for i := range 30 {
		a := nobody.do("POST", "/api/v1/auth/login/", j{"email": "ada@acme.example", "password": "wrong"})
		if a.code != 429 {
			continue
		}
		if a.header.Get("RateLimit-Policy") != `"account";q=20;w=60` ||
			!strings.Contains(a.str("detail"), "this account") {
			t.Errorf("attempt %d: %s %v", i, a.raw, a.header)
		}
		break
	}
	subscribe := "/api/v1/public/" + acme.slug + "/subscribe/"
	for i := range 12 {
		a := nobody.do("POST", subscribe, j{"email": fmt.Sprintf("a%d@visitors.example", i)})
		if a.code == 429 {
			if a.header.Get("RateLimit-Policy") != `"subscribe";q=10;w=60` ||
				!strings.Contains(a.str("detail"), "subscriptions") {
				t.Errorf("%s %v", a.raw, a.header)
			}
			return
		}
	}
	t.Error("nobody was refused")
}

// TestALimitThatNoHeaderKnowsIsNotToldAsAnother: seven quick subscriptions of one webhook. The page refuses, not the
// limit of the address.
func TestALimitThatNoHeaderKnowsIsNotToldAsAnother(t *testing.T) {
	acme := startSite(t, nil).org()
	subscribe := "/api/v1/public/" + acme.slug + "/subscribe/"
	secrets := map[string]bool{}
	for i := range 7 {
		a := acme.nobody().do("POST", subscribe, j{"webhook_url": "https://hooks.visitors.invalid/status"})
		if i < 5 {
			secrets[a.is(202).str("secret")] = true
			continue
		}
		if a.refuses(429); a.header.Get("RateLimit-Policy") != "" || a.header.Get("RateLimit") != "" ||
			a.header.Get("Retry-After") != "600" || !strings.Contains(a.str("detail"), "5 times") {
			t.Errorf("%s %v", a.raw, a.header)
		}
	}
	// Whoever was given a secret has a subscription.
	if list := acme.get("/api/v1/subscribers/?channel=webhook").has("count", 5); len(secrets) != 5 {
		t.Errorf("%d secrets of %s", len(secrets), list.raw)
	}
	acme.sql(`UPDATE subscribers SET asked_at = asked_at - 700000 WHERE org_id = ?`, acme.org)
	// the oldest question makes way
	acme.nobody().do("POST", subscribe, j{"webhook_url": "https://hooks.visitors.invalid/status"}).is(202)
	acme.get("/api/v1/subscribers/?channel=webhook").has("count", 5)
	acme.sql(`UPDATE subscribers SET state = 'active', confirmed_at = 1 WHERE org_id = ?`, acme.org)
	acme.nobody().do("POST", subscribe, j{"webhook_url": "https://hooks.visitors.invalid/status"}).
		refuses(409, "webhook_url")
}

// TestWhoSaidNoToTheQuestionIsNotImported: "No, forget this address" is kept, also of one that had not said yes.
func TestWhoSaidNoToTheQuestionIsNotImported(t *testing.T) {
	acme := world(t).org()
	address := thing(acme, "email")
	acme.nobody().do("POST", "/api/v1/public/"+acme.slug+"/subscribe/", j{"email": address}).is(202)
	var token string
	db, err := sql.Open("sqlite3", "file:"+acme.file+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRow(`SELECT token FROM subscribers WHERE org_id = ?`, acme.org).Scan(&token); err != nil {
		t.Fatal(err)
	}
	res, err := plain.PostForm("http://"+acme.addr+"/status/"+acme.slug+"/subscription?token="+token,
		url.Values{"token": {token}, "action": {"unsubscribe"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	acme.get("/api/v1/subscribers/").has("count", 0)
	acme.post("/api/v1/subscribers/", j{"emails": []string{address}, "consent": true}).has("added", 0).has("known", 1)
	acme.get("/api/v1/subscribers/").has("count", 0)
	// Their own wish counts more than an old no.
	acme.nobody().do("POST", "/api/v1/public/"+acme.slug+"/subscribe/", j{"email": address}).is(202)
	acme.get("/api/v1/subscribers/?state=pending").has("count", 1)
}
