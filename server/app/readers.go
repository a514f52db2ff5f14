package app

import (
	"context"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/auth"
	"statuspage/server/hostname"
	"statuspage/server/relay"
	"statuspage/server/site/serve"
	"statuspage/server/site/visit"
	"statuspage/server/socket"
	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/page"
)

// maxAccesses is how many pages' details of who may see them are kept in memory.
const maxAccesses = 10_000

// readers says who may see which page. Every page that is given to a visitor, by whatever route, passes it: visitors
// and the public API find their pages through it, and so do public sockets. CONTRACT 8.
type readers struct {
	a  *App
	mu sync.Mutex
	by map[string]*store.Access // by organisation; the newest that was asked for
}

func newReaders(a *App) *readers { return &readers{a: a, by: map[string]*store.Access{}} }

// reader is by what right somebody sees a page, and what of it.
type reader struct {
	holder    socket.Holder // of members
	until     time.Time     // the end of it; zero is never
	whole     bool          // all of it; else what those of some audiences see, who may be none
	audiences []string
}

// admit is what somebody may see of a page, all of it or a view; it refuses with a *visit.Locked whoever may not see
// it.
func (g *readers) admit(c *fiber.Ctx, p *relay.Page) (*relay.Page, error) {
	r, err := g.reader(c, p)
	if err != nil {
		return nil, err
	}
	if r.whole {
		return p, nil
	}
	return p.View(r.audiences), nil
}

func (g *readers) reader(c *fiber.Ctx, p *relay.Page) (reader, error) {
	org := &p.State.Org
	switch {
	case org.Access.Divided:
		return g.divided(c, p)
	case org.Access.Public():
		return reader{whole: true}, nil
	}
	serve.MarkPrivate(c)
	ctx, cancel := context.WithTimeout(c.UserContext(), store.Deadline)
	defer cancel()
	a, err := g.access(ctx, org)
	if err != nil {
		return reader{}, err
	}
	if until, ok := g.entered(c, org, a); ok {
		return reader{until: until, whole: true}, nil
	}
	if who, ok := g.member(ctx, c, org.ID); ok {
		return who, nil
	}
	serve.MarkRefused(c)
	return reader{}, &visit.Locked{Page: p}
}

// divided is what somebody sees of a page with services that are for some alone: members see all of it, or with ?as=
// what an audience sees; whoever else may see the page, or belongs to an audience, what is for everybody and for these.
func (g *readers) divided(c *fiber.Ctx, p *relay.Page) (reader, error) {
	org := &p.State.Org
	public := org.Access.Public()
	if public && g.a.foreign(c, org) && !explicit(c) { // another site's script is told what everybody is
		serve.MarkDivided(c)
		return reader{}, nil
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), store.Deadline)
	defer cancel()
	a, err := g.access(ctx, org)
	if err != nil {
		return reader{}, err
	}
	if who, ok := g.member(ctx, c, org.ID); ok {
		serve.MarkPrivate(c)
		if as := c.Query("as"); as != "" {
			who.whole = false
			if slices.ContainsFunc(a.Audiences, func(x store.PageAudience) bool { return x.ID == as }) {
				who.audiences = []string{as}
			}
		}
		return who, nil
	}
	r := g.audiences(c, org, a)
	if public && len(r.audiences) == 0 {
		serve.MarkDivided(c)
		return reader{}, nil
	}
	serve.MarkPrivate(c)
	if public {
		return r, nil
	}
	until, ok := g.entered(c, org, a)
	if !ok && len(r.audiences) == 0 {
		serve.MarkRefused(c)
		return reader{}, &visit.Locked{Page: p}
	}
	if ok {
		r.until = sooner(r.until, until)
	}
	return r, nil
}

// explicit says that a request shows who it is itself, and not by what a browser adds to it.
func explicit(c *fiber.Ctx) bool {
	return c.Get(fiber.HeaderAuthorization) != "" || strings.HasPrefix(c.Path(), "/ws/") && socketToken(c) != ""
}

// sooner is the first of two ends, of which zero is never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// audiences are those to which somebody belongs who is no member, until the first of it ends.
func (g *readers) audiences(c *fiber.Ctx, org *page.Org, a *store.Access) (r reader) {
	for i := range a.Audiences {
		x := &a.Audiences[i]
		if until, in := g.opened(c, org, &x.Access, scope(org, x.ID), serve.Audience(c, x.ID)); in {
			r.until = sooner(r.until, until)
			r.audiences = append(r.audiences, x.ID)
		}
	}
	return r
}

// scope is what the cookie of an audience is sealed for.
func scope(org *page.Org, audience string) string { return org.ID + " " + audience }

// entered says whether somebody may see a page who is no member, and until when.
func (g *readers) entered(c *fiber.Ctx, org *page.Org, a *store.Access) (until time.Time, ok bool) {
	return g.opened(c, org, a, org.ID, serve.Reader(c, org.Slug))
}

// opened is entered of the page or an audience, whose cookie is sealed for a scope.
func (g *readers) opened(c *fiber.Ctx, org *page.Org, a *store.Access, scope, cookie string) (until time.Time,
	ok bool) {
	if g.byFeedKey(c, a) || a.Kind == "networks" && g.inside(c, org, a) {
		return time.Time{}, true
	}
	r, ok := auth.OpenReader(a.Secret, scope, cookie, g.a.now())
	return r.Until, ok && (a.Kind == "password" || a.Kind == "email" && usecase.MayReadByMail(a, r.Email))
}

// access reads who may see a page; each details never change.
func (g *readers) access(ctx context.Context, org *page.Org) (*store.Access, error) {
	g.mu.Lock()
	a := g.by[org.ID]
	g.mu.Unlock()
	if a != nil && a.ID == org.Access.ID {
		return a, nil
	}
	a, err := g.a.DB.Org(org.ID).Access(ctx, org.Access.ID)
	if errors.Is(err, store.ErrNone) {
		slog.Error("who may see a page is not there; nobody but its members may", "organization", org.ID)
		return &store.Access{Kind: "members"}, nil
	}
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.by) >= maxAccesses {
		clear(g.by)
	}
	g.by[org.ID] = a
	return a, nil
}

// feeds are what a secret address opens.
var feeds = []string{"feed.atom", "feed.rss", "history.atom", "history.rss", "calendar.ics"}

func (g *readers) byFeedKey(c *fiber.Ctx, a *store.Access) bool {
	key := c.Query("key")
	return key != "" && a.FeedKey != "" && slices.Contains(feeds, path.Base(c.Path())) &&
		subtle.ConstantTimeCompare([]byte(key), []byte(a.FeedKey)) == 1
}

// inside says whether the client's address is in one of the networks. A name of another site that leads here would let
// that site's scripts read the page, so the page is given under its own names alone, where they are known.
func (g *readers) inside(c *fiber.Ctx, org *page.Org, a *store.Access) bool {
	host := strings.ToLower(string(c.Request().Host()))
	if base := hostname.Of(g.a.cfg.BaseURL); base != "" && !isAddress(host) {
		if name, _, _ := strings.Cut(host, ":"); name != base && name != org.OwnHost() && name != "localhost" {
			return false
		}
	}
	addr := g.a.limits.Address(c).Unmap().WithZone("")
	for _, text := range a.Networks {
		if network, err := netip.ParsePrefix(text); err == nil && network.Contains(addr) {
			return true
		}
	}
	return false
}

func isAddress(host string) bool {
	if _, err := netip.ParseAddrPort(host); err == nil {
		return true
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}

// member lets in whoever belongs to the organisation, or holds a key of it: by a token, or by the session of a browser.
func (g *readers) member(ctx context.Context, c *fiber.Ctx, orgID string) (reader, bool) {
	who, err := g.principal(ctx, c, orgID)
	if err != nil || who.MayRead(orgID) != nil {
		return reader{}, false
	}
	return reader{holder: holderOf(who), until: who.ExpiresAt, whole: true}, true
}

func (g *readers) principal(ctx context.Context, c *fiber.Ctx, orgID string) (auth.Principal, error) {
	scheme, token, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "bearer") {
		if token = ""; strings.HasPrefix(c.Path(), "/ws/") {
			token = socketToken(c)
		}
	}
	if token = strings.TrimSpace(token); token == "" {
		token = serve.Bearer(c) // of an issuer that gives no other
	}
	if token != "" {
		return g.a.verifier.Verify(ctx, token)
	}
	if g.a.Local == nil {
		return auth.Principal{}, auth.ErrUnknown
	}
	session, err := auth.PeekSession(ctx, g.a.DB, serve.Refresh(c), g.a.now())
	if err != nil {
		return auth.Principal{}, err
	}
	return g.a.admitLocal(ctx, auth.Principal{Kind: auth.KindUser, ID: session.UserID, OrgID: orgID,
		SessionID: session.ID})
}

// foreign says that a browser opens a socket from another site's page.
func (a *App) foreign(c *fiber.Ctx, org *page.Org) bool {
	if sameOrigin(c, a.cfg.BaseURL) {
		return false
	}
	u, err := url.Parse(c.Get(fiber.HeaderOrigin))
	return err != nil || org.OwnHost() == "" || u.Hostname() != org.OwnHost()
}
