package serve

import (
	"time"

	"github.com/gofiber/fiber/v2"
)

const (
	refreshCookie = "refresh"
	deviceCookie  = "device"
	bearerCookie  = "bearer"
)

// Bearer is the access token of somebody whose issuer gave no refresh token, or "".
func Bearer(c *fiber.Ctx) string { return c.Cookies(Cookie(c, bearerCookie)) }

// SetBearer keeps an access token in a browser, for requests of our own pages alone, until it ends. It opens nothing by
// itself: it is exchanged as a refresh token is.
func SetBearer(c *fiber.Ctx, token string, until time.Time) {
	c.Cookie(&fiber.Cookie{Name: Cookie(c, bearerCookie), Value: token, Path: "/", Expires: until, HTTPOnly: true,
		SameSite: "Strict", Secure: Secure(c)})
}

// ForgetBearer takes the access token from a browser that has one: another session begins, or none.
func ForgetBearer(c *fiber.Ctx) {
	if Bearer(c) != "" {
		SetBearer(c, "", time.Unix(0, 0))
	}
}

// ForgetRefresh is ForgetBearer for a refresh token.
func ForgetRefresh(c *fiber.Ctx) {
	if Refresh(c) != "" {
		SetRefresh(c, "", time.Unix(0, 0))
	}
}

// Device is what a browser keeps that has signed in before, or "".
func Device(c *fiber.Ctx) string { return c.Cookies(Cookie(c, deviceCookie)) }

// SetDevice gives a browser what it is known by, also after it has signed out.
func SetDevice(c *fiber.Ctx, signed string, until time.Time) {
	c.Cookie(&fiber.Cookie{Name: Cookie(c, deviceCookie), Value: signed, Path: "/", Expires: until, HTTPOnly: true,
		SameSite: "Strict", Secure: Secure(c)})
}

// Refresh is the refresh token of whoever is signed in, or "".
func Refresh(c *fiber.Ctx) string { return c.Cookies(Cookie(c, refreshCookie)) }

// SetRefresh gives a browser its refresh token, for requests of our own pages alone.
func SetRefresh(c *fiber.Ctx, token string, until time.Time) {
	c.Cookie(&fiber.Cookie{Name: Cookie(c, refreshCookie), Value: token, Path: "/", Expires: until, HTTPOnly: true,
		SameSite: "Strict", Secure: Secure(c)})
}

// Reader is what somebody was given who was let in to an organisation's page, or "".
func Reader(c *fiber.Ctx, slug string) string { return c.Cookies(Cookie(c, "reader-"+slug)) }

// SetReader keeps that somebody was let in. A link from another site leads to the page, so it goes along with those.
func SetReader(c *fiber.Ctx, slug, sealed string, until time.Time) {
	c.Cookie(&fiber.Cookie{Name: Cookie(c, "reader-"+slug), Value: sealed, Path: "/", Expires: until, HTTPOnly: true,
		SameSite: "Lax", Secure: Secure(c)})
}

// Audience is Reader for one audience of a page, by its id.
func Audience(c *fiber.Ctx, id string) string { return c.Cookies(Cookie(c, "audience-"+id)) }

// SetAudience is SetReader for one audience of a page.
func SetAudience(c *fiber.Ctx, id, sealed string, until time.Time) {
	c.Cookie(&fiber.Cookie{Name: Cookie(c, "audience-"+id), Value: sealed, Path: "/", Expires: until, HTTPOnly: true,
		SameSite: "Lax", Secure: Secure(c)})
}

// Language is what a reader chose to read pages in, or "".
func Language(c *fiber.Ctx) string { return c.Cookies(Cookie(c, "lang")) }

// SetLanguage keeps what a reader chose, for a year.
func SetLanguage(c *fiber.Ctx, tag string) {
	c.Cookie(&fiber.Cookie{Name: Cookie(c, "lang"), Value: tag, Path: "/", MaxAge: 365 * 24 * 3600, HTTPOnly: true,
		SameSite: "Lax", Secure: Secure(c)})
}
