package site

import (
	"github.com/gofiber/fiber/v2"

	"statuspage/server/site/visit"
)

// policy lets a page load what this server gives and nothing else; its scripts cannot turn text into code (Trusted
// Types), but for the address of the service worker that shows what a browser is told.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"manifest-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types " +
	"push"

func secure(c *fiber.Ctx) {
	h := &c.Response().Header
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// shared is for what other sites may show: feeds and badges.
func shared(c *fiber.Ctx) {
	visit.Open(c)
}
