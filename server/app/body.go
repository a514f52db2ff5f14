package app

import (
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"statuspage/server/front"
	"statuspage/server/region"
	"statuspage/shared/fault"
)

// readTimeout is how long a whole request may be on its way. Tests have less patience.
var readTimeout = 20 * time.Second

const (
	// smallBody is what a body may have without being counted; ordinary writes have less.
	smallBody = 16 << 10
	// maxBodies is how many bytes all larger ones may have that are held at once: so many connections may each send one
	// that they would not fit into a machine.
	maxBodies = 64 << 20
	// maxSent is how many bytes larger ones of one address may have at once, so that nobody has all the room.
	maxSent = 16 << 20
	// drained is how much of a body that is too large is read, so that its sender hears why.
	drained = 8 << 20
)

// limitBody reads the body, up to the limit. It takes none that is compressed: Fiber would unpack that without end.
func (a *App) limitBody(c *fiber.Ctx) error {
	stream := c.Context().RequestBodyStream()
	if stream == nil {
		return c.Next()
	}
	if coding := c.Get(fiber.HeaderContentEncoding); coding != "" && !strings.EqualFold(coding, "identity") {
		c.Context().SetConnectionClose()
		return fault.New(fault.Malformed, "A body is taken as it is. Send it without Content-Encoding.")
	}
	if size := announced(c); size > smallBody {
		release, ok := a.hold(c, size)
		if !ok {
			c.Context().SetConnectionClose()
			busy := fault.New(fault.Unavailable, "Too many large requests are on their way at once. Please try again.")
			busy.RetryAfter = 1
			return busy
		}
		defer release()
	}
	body, err := io.ReadAll(io.LimitReader(stream, region.MaxBody+1))
	var network net.Error
	switch {
	case errors.As(err, &network) && network.Timeout():
		c.Context().SetConnectionClose()
		return fiber.ErrRequestTimeout
	case err != nil && !errors.Is(err, io.EOF):
		return fault.New(fault.Malformed, "The body ended too early.")
	}
	if len(body) > region.MaxBody {
		_, _ = io.CopyN(io.Discard, stream, drained)
		c.Context().SetConnectionClose()
		return fault.New(fault.TooLarge, "A request may have 1 MB at most.")
	}
	c.Request().SetBodyRaw(body)
	return c.Next()
}

// hold makes room for a large body, until it is released.
func (a *App) hold(c *fiber.Ctx, size int64) (release func(), ok bool) {
	addr := a.limits.Address(c)
	if !a.senders.TakeAddr(addr, int(size), maxSent) {
		return nil, false
	}
	release = func() {
		a.bodies.Add(-size)
		a.senders.GiveAddr(addr, int(size))
	}
	if a.bodies.Add(size) > maxBodies {
		release()
		return nil, false
	}
	return release, true
}

// announced is how long a body is to be at the most.
func announced(c *fiber.Ctx) int64 {
	if n := c.Request().Header.ContentLength(); n >= 0 && n <= region.MaxBody {
		return int64(n)
	}
	return region.MaxBody
}

// unread ends what never became a request. A connection that broke, or on which nothing came, ends without a word:
// browsers open some in advance, and would take an answer for that of the request they send next. A body that stops at
// its beginning ends in the same way, but a request has arrived then.
func unread(answer func(*fasthttp.RequestCtx, error)) func(*fasthttp.RequestCtx, error) {
	return func(ctx *fasthttp.RequestCtx, err error) {
		var network net.Error
		late := errors.As(err, &network) && network.Timeout()
		_, bare := err.(net.Error) // fasthttp wraps what ends a header that has begun
		if from := front.Of(ctx.Conn()); bare && late && from != nil && from.Begun() {
			ctx.SetConnectionClose()
			answer(ctx, err)
			return
		}
		if bare || network != nil && !late {
			_ = ctx.Conn().Close()
			return
		}
		answer(ctx, err)
	}
}

func noteArrival(conn net.Conn, state fasthttp.ConnState) {
	if from := front.Of(conn); from != nil {
		from.Note(state)
	}
}
