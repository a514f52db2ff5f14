package api

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/serve"
	"statuspage/shared/fault"
)

// guard sets the headers that every answer of the API has: it is data, never a page, and nobody may frame it.
func (s *Server) guard(c *fiber.Ctx) {
	h := &c.Response().Header
	h.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	h.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'")
	h.Set(fiber.HeaderReferrerPolicy, "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// exposed are the headers that a script of another site may read.
const exposed = "ETag, Link, RateLimit, RateLimit-Policy, Retry-After, Status-Lag, Status-Region, Status-Seq, X-Request-Id"

// shared opens an answer to the scripts of other sites.
func (c *call) shared() { shared(c.Ctx) }

func shared(c *fiber.Ctx) {
	h := &c.Response().Header
	h.Set(fiber.HeaderAccessControlAllowOrigin, "*")
	h.Set(fiber.HeaderAccessControlExposeHeaders, exposed)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

// Secure says whether the client speaks https to an installation whose addresses begin with base.
func (l *Limits) Secure(c *fiber.Ctx, base string) bool {
	return c.Context().IsTLS() || strings.HasPrefix(base, "https://") || l.onFly() && c.Get(fiber.HeaderXForwardedProto) == "https"
}

// BaseURL is where absolute links begin.
func (c *call) BaseURL() string { return serve.BaseURL(c.Ctx, c.Server.BaseURL) }

// methods lists what a path answers, in the order of the routes; nothing when there is no such path.
func methods(path string) (allowed []string, access Access) {
	have := strings.Split(strings.TrimSuffix(path, "/"), "/")
	for _, r := range Routes() {
		if !matches(strings.Split(r.Path, "/"), have) {
			continue
		}
		access = r.Access
		allowed = append(allowed, r.Method)
		if r.Method == fiber.MethodGet {
			allowed = append(allowed, fiber.MethodHead)
		}
	}
	return allowed, access
}

func matches(pattern, path []string) bool {
	if len(pattern) != len(path) {
		return false
	}
	for i, want := range pattern {
		if want != path[i] && (!strings.HasPrefix(want, ":") || path[i] == "") {
			return false
		}
	}
	return true
}

// other answers what no route takes: OPTIONS, a method that the path has not, a path that is none.
func (s *Server) other(c *fiber.Ctx) error {
	s.guard(c)
	allowed, access := methods(c.Path())
	if len(allowed) == 0 {
		return noSuchPath()
	}
	if access == Public {
		if err := s.Limits.Public(c); err != nil {
			return err
		}
	}
	c.Set(fiber.HeaderAllow, strings.Join(append(allowed, fiber.MethodOptions), ", "))
	if c.Method() != fiber.MethodOptions {
		return fiber.ErrMethodNotAllowed
	}
	if access == Public {
		shared(c)
		c.Set(fiber.HeaderAccessControlAllowMethods, strings.Join(allowed, ", "))
		c.Set(fiber.HeaderAccessControlAllowHeaders, "Content-Type, If-None-Match, Status-Min-Seq")
		c.Set(fiber.HeaderAccessControlMaxAge, "86400")
	}
	c.Status(fiber.StatusNoContent)
	return nil
}

func noSuchMethod() *fault.Error {
	return fault.New(fault.NotFound, "This address does not answer this method; the header Allow names those that it does.")
}
