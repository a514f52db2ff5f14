package site

import (
	"github.com/gofiber/fiber/v2"

	"statuspage/public"
	"statuspage/server/relay"
	"statuspage/server/site/serve"
	"statuspage/shared/fault"
)

// asset is the address of a script or stylesheet. A page without them is whole, so one that was not built is no fault.
func asset(logical string) string {
	if address, built := public.Asset(logical); built {
		return address
	}
	return public.Prefix + logical
}

// static sends what is named by its content, which may be kept for ever.
func (s *site) static(c *fiber.Ctx) error {
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
	f, there := public.Open(c.Params("*"))
	if !there {
		return Problem(c, fault.New(fault.NotFound, "There is no such file."))
	}
	if f.Immutable {
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	}
	return serve.Doc(c, &relay.Doc{Type: f.Type, Body: f.Body, Gzip: f.Gzip, Brotli: f.Brotli, ETag: f.ETag})
}
