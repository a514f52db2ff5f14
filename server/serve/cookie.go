package serve

import (
	"time"

	"github.com/gofiber/fiber/v2"
)

const refreshCookie = "refresh"

// Refresh is the refresh token of whoever is signed in, or "".
func Refresh(c *fiber.Ctx) string { return c.Cookies(Cookie(c, refreshCookie)) }

// SetRefresh gives a browser its refresh token, for requests of our own pages alone.
func SetRefresh(c *fiber.Ctx, token string, until time.Time) {
	c.Cookie(&fiber.Cookie{Name: Cookie(c, refreshCookie), Value: token, Path: "/", Expires: until, HTTPOnly: true, SameSite: "Strict", Secure: Secure(c)})
}
