package front

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"statuspage/server/limit"
	"statuspage/server/region"
	"statuspage/shared/fault"
)

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

// Bodies reads the bodies of requests and bounds what they take together.
type Bodies struct {
	address func(*fiber.Ctx) netip.Addr // of the client
	held    atomic.Int64                // bytes, of large ones
	senders *limit.Counter
}

// NewBodies makes one.
func NewBodies(address func(*fiber.Ctx) netip.Addr) *Bodies {
	return &Bodies{address: address, senders: limit.NewCounter()}
}

// Read reads the body, up to the limit. It takes none that is compressed: Fiber would unpack that without end.
func (b *Bodies) Read(c *fiber.Ctx) error {
	stream := c.Context().RequestBodyStream()
	if stream == nil {
		return c.Next()
	}
	if coding := c.Get(fiber.HeaderContentEncoding); coding != "" && !strings.EqualFold(coding, "identity") {
		c.Context().SetConnectionClose()
		return fault.New(fault.Malformed, "A body is taken as it is. Send it without Content-Encoding.")
	}
	if size := announced(c); size > smallBody {
		release, ok := b.hold(c, size)
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
func (b *Bodies) hold(c *fiber.Ctx, size int64) (release func(), ok bool) {
	addr := b.address(c)
	if !b.senders.TakeAddr(addr, int(size), maxSent) {
		return nil, false
	}
	release = func() {
		b.held.Add(-size)
		b.senders.GiveAddr(addr, int(size))
	}
	if b.held.Add(size) > maxBodies {
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

// Unread ends what never became a request. A connection that broke, or on which nothing came, ends without a word:
// browsers open some in advance, and would take an answer for that of the request they send next. A body that stops at
// its beginning ends in the same way, but a request has arrived then.
func Unread(answer func(*fasthttp.RequestCtx, error)) func(*fasthttp.RequestCtx, error) {
	return func(ctx *fasthttp.RequestCtx, err error) {
		var network net.Error
		late := errors.As(err, &network) && network.Timeout()
		_, bare := err.(net.Error) // fasthttp wraps what ends a header that has begun
		if from := Of(ctx.Conn()); bare && late && from != nil && from.Begun() {
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

// NoteArrival is told of what becomes of each connection.
func NoteArrival(conn net.Conn, state fasthttp.ConnState) {
	if from := Of(conn); from != nil {
		from.Note(state)
	}
}
