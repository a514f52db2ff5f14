package app_test

import (
	"context"
	"testing"
	"time"

	"statuspage/server/auth"
	"statuspage/server/config"
)

func (c *caller) ticket() string {
	c.t.Helper()
	return c.post("/api/v1/auth/ticket/", nil).str("ticket")
}

// by opens the private socket of an organisation with a ticket and answers 0, or the code it was closed with.
func (s *site) by(t *testing.T, org, ticket string) int {
	t.Helper()
	return opened(t, s.addr, "/ws/status/org/"+org+"/?ticket="+ticket)
}

func TestATicketOpensASocketOnceForItsOwnOrganisation(t *testing.T) {
	s := world(t)
	acme, other := s.org(), s.org()
	for _, who := range []*caller{acme, acme.join(auth.Member), acme.key("read")} {
		ticket := who.ticket()
		if got := s.by(t, acme.org, ticket); got != 0 {
			t.Fatalf("the first time: closed with %d", got)
		}
		if got := s.by(t, acme.org, ticket); got != 4401 {
			t.Errorf("the second time: closed with %d", got)
		}
		if a := (&caller{site: s, token: who.ticket()}).do("GET", "/api/v1/services/", nil); a.code != 401 {
			t.Errorf("as a token: %d", a.code)
		}
	}
	if got := s.by(t, acme.org, other.ticket()); got != 4403 {
		t.Errorf("another organisation's: closed with %d", got)
	}
	if got := s.by(t, acme.org, acme.token); got != 4401 {
		t.Errorf("a token in its place: closed with %d", got)
	}
}

func TestATicketIsWorthNothingWhenItsHolderHasGone(t *testing.T) {
	s := world(t)
	acme := s.org()
	member, key := acme.join(auth.Member), acme.key("read")
	tickets := map[string]int{member.ticket(): 4403, key.ticket(): 4401}
	acme.do("DELETE", "/api/v1/members/"+member.id, nil).is(204)
	acme.do("DELETE", "/api/v1/api-keys/"+key.id, nil).is(204)
	for ticket, want := range tickets {
		if got := s.by(t, acme.org, ticket); got != want {
			t.Errorf("closed with %d, not %d", got, want)
		}
	}
}

func TestASocketOpenedByATicketEndsWithTheTokenUnlessItIsRenewed(t *testing.T) {
	s := world(t)
	acme := s.org()
	open := func() string {
		token, err := s.app.UseCases.Token(context.Background(), acme.slug, "admin@"+acme.slug+".example",
			2*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		return "/ws/status/org/" + acme.org + "/?ticket=" + (&caller{site: s, token: token}).ticket()
	}
	ends, stays := dial(t, s.addr, open(), nil), dial(t, s.addr, open(), nil)
	next(t, ends)
	next(t, stays)
	if err := stays.WriteJSON(j{"type": "auth", "token": acme.token}); err != nil {
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
}

// TestATicketIsTakenAndUsedInAnyRegion runs a second process, whose primary cannot be reached.
func TestATicketIsTakenAndUsedInAnyRegion(t *testing.T) {
	home := startSite(t, func(c *config.Config) { c.FlyRegion, c.PrimaryRegion = "fra", "fra" })
	acme := home.org()
	far := &site{t: t, file: home.file, addr: "127.0.0.1:0", set: func(c *config.Config) {
		c.FlyRegion, c.PrimaryRegion, c.WriteForward, c.PrimaryURL = "syd", "fra", "proxy", "http://127.0.0.1:1"
	}}
	far.start()
	t.Cleanup(func() { far.stop() })
	there := &caller{site: far, org: acme.org, slug: acme.slug, token: acme.token}
	for _, path := range []string{"/api/v1/auth/ticket", "/api/v1/auth/ticket/"} {
		a := there.post(path, nil)
		if region := a.header.Get("Status-Region"); region != "syd" {
			t.Errorf("%s is answered by %s", path, region)
		}
		if got := far.by(t, acme.org, a.str("ticket")); got != 0 {
			t.Errorf("closed with %d", got)
		}
	}
	there.do("POST", "/api/v1/services/", j{"name": "API"}).refuses(503) // what is written has to go to the primary
	if got := far.by(t, acme.org, acme.ticket()); got != 0 {
		t.Errorf("the primary's in another region: closed with %d", got)
	}
	if got := home.by(t, acme.org, there.ticket()); got != 0 {
		t.Errorf("another region's at the primary: closed with %d", got)
	}
}
