package api

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/site/serve"
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
const exposed = "ETag, Link, RateLimit, RateLimit-Policy, Retry-After, Status-Lag, Status-Region, Status-Seq, " +
	"X-Request-Id"

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
	return l.SecureBefore(c.Context().IsTLS(), c.Request().Header.Peek(fiber.HeaderXForwardedProto), base)
}

// SecureBefore is Secure before the router has the request.
func (l *Limits) SecureBefore(tls bool, forwardedProto []byte, base string) bool {
	return tls || strings.HasPrefix(base, "https://") || l.onFly() && string(forwardedProto) == "https"
}

// BaseURL is where absolute links begin.
func (c *call) BaseURL() string { return serve.BaseURL(c.Ctx, c.Server.BaseURL) }

// methodOrder is in which order methods are told.
var methodOrder = []string{
	fiber.MethodGet, fiber.MethodHead, fiber.MethodPost, fiber.MethodPut, fiber.MethodPatch, fiber.MethodDelete,
}

// methods lists what a path answers, those that read first; nothing when there is no such path.
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
	slices.SortFunc(allowed, func(a, b string) int {
		return slices.Index(methodOrder, a) - slices.Index(methodOrder, b)
	})
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

// Methods lists what a path of the API answers; nothing when it is none of its paths.
func Methods(path string) []string {
	allowed, _ := methods(path)
	return allowed
}

func noSuchMethod() *fault.Error {
	return fault.New(fault.MethodNotAllowed, "This address does not answer this method; the header Allow names those "+
		"that it does.")
}
