package serve

import (
	"strings"

	"github.com/gofiber/fiber/v2"
)

const secureKey = "secure"

// MarkSecure notes of a request whether its client speaks https, as far as anybody who can be believed says so.
func MarkSecure(c *fiber.Ctx, is bool) { c.Locals(secureKey, is) }

// Secure is what was noted. X-Forwarded-Proto, which Fiber would ask, is anyone's to write.
func Secure(c *fiber.Ctx) bool {
	is, _ := c.Locals(secureKey).(bool)
	return is || c.Context().IsTLS()
}

// Scheme is "https" or "http".
func Scheme(c *fiber.Ctx) string {
	if Secure(c) {
		return "https"
	}
	return "http"
}

// BaseURL is where absolute links begin: as configured, or where the request was sent to. X-Forwarded-Host is anyone's
// to write.
func BaseURL(c *fiber.Ctx, configured string) string {
	if configured != "" {
		return strings.TrimSuffix(configured, "/")
	}
	return Scheme(c) + "://" + string(c.Request().Host())
}

// Cookie is a cookie's name: over https only this very host can have set it.
func Cookie(c *fiber.Ctx, name string) string {
	if Secure(c) {
		return "__Host-" + name
	}
	return name
}
