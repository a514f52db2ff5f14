package serve

import (
	"bytes"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"statuspage/server/relay"
)

// Kept says of an answer that it may be given again, to whoever asks the same in the same words: while Page is what
// this region knows and shows as live, and until Until.
type Kept struct {
	Page  *relay.Page
	Until time.Time
}

type keptKey struct{}

// Keep marks the answer to this request. What is not for everybody is never kept.
func Keep(c *fiber.Ctx, p *relay.Page, until time.Time) {
	c.Context().SetUserValue(keptKey{}, Kept{p, until})
}

// KeptOf is the mark of the answer that stands in ctx.
func KeptOf(ctx *fasthttp.RequestCtx) (Kept, bool) {
	k, is := ctx.UserValue(keptKey{}).(Kept)
	return k, is && ctx.UserValue(privateKey{}) == nil
}

type privateKey struct{}

// MarkPrivate notes that a request is about a page that not everybody may see.
func MarkPrivate(c *fiber.Ctx) { c.Context().SetUserValue(privateKey{}, admitted) }

// MarkRefused notes that whoever asks may not see the page.
func MarkRefused(c *fiber.Ctx) { c.Context().SetUserValue(privateKey{}, turnedAway) }

// MarkDivided notes that who asks sees of a public page what everybody does, and that others see more of it.
func MarkDivided(c *fiber.Ctx) { c.Context().SetUserValue(privateKey{}, divided) }

const (
	divided    = "divided"
	admitted   = "admitted"
	turnedAway = "refused"
)

// Private answers what is about a page that not everybody may see so that nobody keeps it and no other site's script
// reads it. Of a refusal it takes off all that tells of the page.
func Private(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		next(ctx)
		mark := ctx.UserValue(privateKey{})
		if mark == nil {
			return
		}
		h := &ctx.Response.Header
		if mark == divided { // nobody may give it to somebody who sees more
			if !bytes.Contains(h.Peek(fiber.HeaderCacheControl), []byte("no-store")) {
				h.Set(fiber.HeaderCacheControl, "private, no-cache")
			}
			return
		}
		h.Set(fiber.HeaderCacheControl, "private, no-store")
		h.Set("X-Robots-Tag", "noindex")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Del(fiber.HeaderAccessControlAllowOrigin)
		h.Del(fiber.HeaderAccessControlExposeHeaders)
		if mark == turnedAway {
			for _, name := range []string{"Status-Seq", "Status-Epoch", "Status-Stale-Since", fiber.HeaderETag,
				fiber.HeaderLastModified} {
				h.Del(name)
			}
		}
	}
}
