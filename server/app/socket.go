package app

import (
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/auth"
	"statuspage/server/site/visit"
	"statuspage/server/socket"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/wire"
)

// upgrading refuses what is no WebSocket handshake (RFC 6455 4.2.1) with a word of explanation.
func upgrading(c *fiber.Ctx) error {
	if c.Method() != fiber.MethodGet || !lists(c, fiber.HeaderUpgrade, "websocket") ||
		!lists(c, fiber.HeaderConnection, "upgrade") {
		c.Set(fiber.HeaderUpgrade, "websocket")
		return fault.New(fault.Malformed, "This address speaks WebSocket.")
	}
	if !lists(c, "Sec-Websocket-Version", "13") {
		c.Set("Sec-Websocket-Version", "13")
		return fault.New(fault.Malformed, "This address speaks version 13 of WebSocket.")
	}
	if key, err := base64.StdEncoding.DecodeString(c.Get("Sec-Websocket-Key")); err != nil || len(key) != 16 {
		return fault.New(fault.Malformed, "Sec-WebSocket-Key must be 16 bytes in Base64.")
	}
	return nil
}

// lists says whether a header has a word among those that commas separate.
func lists(c *fiber.Ctx, header, word string) bool {
	for one := range strings.SplitSeq(c.Get(header), ",") {
		if strings.EqualFold(strings.TrimSpace(one), word) {
			return true
		}
	}
	return false
}

func (a *App) publicSocket(c *fiber.Ctx) error {
	if err := upgrading(c); err != nil {
		return err
	}
	release, ok := a.admitSocket(c)
	if !ok {
		return a.refuseMany(c)
	}
	who := socket.Client{OnClose: release}
	var err error
	if who.Since, who.Epoch, err = since(c); err != nil {
		release()
		return err
	}
	if who.OrgID, err = a.Relay.BySlug(c.UserContext(), c.Params("slug")); err != nil {
		release()
		return a.refuseSocket(c, err)
	}
	if code, reason := a.seen(c, &who); code != 0 {
		release()
		return a.Rooms.Refuse(c, code, reason)
	}
	return a.openSocket(c, who)
}

// seen says of a public socket by what right its client sees the page; a code is the refusal of one who may not.
func (a *App) seen(c *fiber.Ctx, who *socket.Client) (code int, reason string) {
	ctx, cancel := context.WithTimeout(c.UserContext(), store.Deadline)
	defer cancel()
	p, err := a.Relay.Page(ctx, who.OrgID)
	if errors.Is(err, store.ErrNone) {
		return socket.NoSuchPage, "There is no such page."
	}
	var r reader
	if err == nil {
		r, err = a.readers.reader(c, p)
	}
	var locked *visit.Locked
	switch {
	case errors.As(err, &locked):
		return socket.BadToken, "This page is not public."
	case err != nil:
		slog.Warn("a socket's page could not be found", "error", err)
		return socket.TryAgain, "Please try again."
	case !p.State.Org.Access.Public() && a.foreign(c, &p.State.Org):
		return socket.BadToken, "This page is not public."
	}
	who.Access, who.Holder, who.Expires = p.State.Org.Access.ID, r.holder, r.until
	who.Viewed, who.Audiences = !r.whole, r.audiences
	return 0, ""
}

// openSocket lets a client in, while its organisation has not got too many. Members are counted apart from visitors,
// who are most when an admin needs the dashboard most.
func (a *App) openSocket(c *fiber.Ctx, who socket.Client) error {
	release := who.OnClose
	key, most := who.OrgID, a.cfg.OrgSockets
	if who.Private {
		key, most = "members of "+key, most/10
	}
	if !a.sockets.Acquire(key, most) {
		release()
		return a.refuseMany(c)
	}
	who.OnClose = func() {
		a.sockets.Release(key)
		release()
	}
	return a.Rooms.Open(c, who)
}

func (a *App) refuseMany(c *fiber.Ctx) error {
	return a.Rooms.Refuse(c, socket.TooMany, "Too many connections. Please try again later.")
}

func (a *App) privateSocket(c *fiber.Ctx) error {
	if err := upgrading(c); err != nil {
		return err
	}
	if !sameOrigin(c, a.cfg.BaseURL) {
		return fault.New(fault.Forbidden, "This socket may not be opened from another site.")
	}
	release, ok := a.admitSocket(c)
	if !ok {
		return a.refuseMany(c)
	}
	who, code, reason := a.member(c)
	if code != 0 {
		release()
		return a.Rooms.Refuse(c, code, reason)
	}
	who.OnClose = release
	var err error
	if who.Since, who.Epoch, err = since(c); err != nil {
		release()
		return err
	}
	return a.openSocket(c, who)
}

// member is who opens a private socket, or the code to close it with.
func (a *App) member(c *fiber.Ctx) (socket.Client, int, string) {
	ctx, cancel := context.WithTimeout(c.UserContext(), store.Deadline)
	defer cancel()
	orgID := c.Params("id")
	principal, err := a.holder(ctx, c)
	if err != nil {
		return socket.Client{}, codeOf(err), "This token is not good."
	}
	if err := principal.MayRead(orgID); err != nil {
		return socket.Client{}, socket.NotYours, "This page is not yours."
	}
	if principal.Kind == auth.KindKey {
		a.keyUsed(principal, false) // a socket stays in its region
	}
	return socket.Client{OrgID: orgID, Private: true, Holder: holderOf(principal), Expires: principal.ExpiresAt,
		Renew: func(ctx context.Context, token string) (socket.Renewed, int) {
			again, err := a.verifier.Verify(ctx, token)
			if err != nil {
				return socket.Renewed{}, codeOf(err)
			}
			if again.ID != principal.ID || again.MayRead(orgID) != nil {
				return socket.Renewed{}, socket.NotYours
			}
			return socket.Renewed{Holder: holderOf(again), Expires: again.ExpiresAt}, 0
		}}, 0, ""
}

func holderOf(p auth.Principal) socket.Holder {
	return socket.Holder{UserID: p.ID, SessionID: p.SessionID, Issued: p.IssuedAt}
}

// holder is who opens a socket, by a ticket or a token. A ticket is held against the membership, or the key, as it is
// now.
func (a *App) holder(ctx context.Context, c *fiber.Ctx) (auth.Principal, error) {
	ticket := c.Query("ticket")
	if ticket == "" {
		return a.verifier.Verify(ctx, socketToken(c))
	}
	who, err := a.tickets.Take(ctx, ticket, time.Now())
	if err != nil {
		return who, err
	}
	if who.Kind == auth.KindUser {
		return a.admitLocal(ctx, who)
	}
	if _, err = a.DB.Org(who.OrgID).Key(ctx, who.ID); errors.Is(err, store.ErrNone) {
		err = fault.New(fault.Unauthenticated, "This API key is not valid any more.")
	}
	who.Scopes = []auth.Scope{auth.ScopeRead} // without it there was no ticket
	return who, err
}

func codeOf(err error) int {
	var f *fault.Error
	if !errors.As(err, &f) {
		slog.Warn("a socket's token could not be checked", "error", err)
		return socket.TryAgain
	}
	switch f.Code {
	case fault.Forbidden, fault.NotFound:
		return socket.NotYours
	case fault.Unavailable:
		return socket.TryAgain
	}
	return socket.BadToken
}

// socketToken is ?token=, or the second of `Sec-WebSocket-Protocol: bearer, <jwt>`, which no log keeps.
func socketToken(c *fiber.Ctx) string {
	protocols := strings.Split(c.Get("Sec-Websocket-Protocol"), ",")
	if len(protocols) == 2 && strings.TrimSpace(protocols[0]) == "bearer" {
		return strings.TrimSpace(protocols[1])
	}
	return c.Query("token")
}

// since is -1 when the client has nothing yet.
func since(c *fiber.Ctx) (seq int64, epoch string, err error) {
	text := c.Query("since")
	if text == "" {
		return -1, "", nil
	}
	seq, ok := wire.Atoi(text)
	if !ok || seq < 0 {
		return 0, "", fault.OnField("since", "since must be a whole number.")
	}
	return seq, c.Query("epoch"), nil
}

// sameOrigin lets programs, which send no Origin, and our own pages in.
func sameOrigin(c *fiber.Ctx, base string) bool {
	origin := c.Get(fiber.HeaderOrigin)
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	if u.Host == string(c.Request().Host()) {
		return true
	}
	b, err := url.Parse(base)
	return err == nil && base != "" && u.Host == b.Host
}

// admitSocket counts the sockets of an address: how many are open, and how quickly new ones come.
func (a *App) admitSocket(c *fiber.Ctx) (release func(), ok bool) {
	addr := a.limits.Address(c)
	if !a.newSockets.AllowAddr(addr, time.Now()).Allowed || !a.sockets.AcquireAddr(addr, a.cfg.PublicSockets) {
		return nil, false
	}
	return func() { a.sockets.ReleaseAddr(addr) }, true
}

func (a *App) refuseSocket(c *fiber.Ctx, err error) error {
	if errors.Is(err, store.ErrNone) {
		return a.Rooms.Refuse(c, socket.NoSuchPage, "There is no such page.")
	}
	slog.Warn("a socket's page could not be found", "error", err)
	return a.Rooms.Refuse(c, socket.TryAgain, "Please try again.")
}
