package web

import (
	"github.com/gofiber/fiber/v2"

	"statuspage/server/visit"
)

// homeView is the product page.
type homeView struct {
	Demo string
}

// home is an organisation's page on its own host name, and the product page everywhere else.
func (s *site) home(c *fiber.Ctx) error {
	v, err := s.desk.ByHost(c)
	if err == nil {
		return s.on(func(*fiber.Ctx) (*visit.Visit, error) { return v, nil }, s.page)(c)
	}
	secure(c)
	if !notFound(err) {
		return Problem(c, err)
	}
	return serveOnce(c)(render("home", homeView{s.Demo}))
}

// robots lets search engines read what is public and spares them what is not for them.
func (s *site) robots(c *fiber.Ctx) error {
	secure(c)
	c.Set("Cache-Control", "public, max-age=86400")
	return serveOnce(c)("text/plain; charset=utf-8", []byte("User-agent: *\nDisallow: /api/\nDisallow: /dashboard\nDisallow: /login\n"), nil)
}
