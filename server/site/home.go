package site

import (
	"encoding/xml"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/lang"
	"statuspage/server/site/visit"
	"statuspage/shared/status"
)

// homeView is the product page.
type homeView struct {
	Demo  string
	Fresh string // where the link is that sets the installation up
}

// home is an organisation's page on its own host name, and the product page everywhere else.
func (s *site) home(c *fiber.Ctx) error {
	v, err := s.directory.ByHost(c)
	var locked *visit.Locked
	if errors.As(err, &locked) {
		return s.locked(locked.Visit, fiber.StatusUnauthorized, accessView{})
	}
	if err == nil {
		return s.on(func(*fiber.Ctx) (*visit.Visit, error) { return v, nil }, s.page)(c)
	}
	secure(c)
	if !notFound(err) {
		return Problem(c, err)
	}
	if len(s.Index) > 0 {
		return s.index(c)
	}
	return serveOnce(c)(render(lang.English, "home", homeView{s.Demo, s.Fresh.where(c)}))
}

// robots lets search engines read what is public and spares them what is not for them. CONTRACT 8.
func (s *site) robots(c *fiber.Ctx) error {
	secure(c)
	text := "User-agent: *\nDisallow: /api/\nDisallow: /dashboard\nDisallow: /login\n"
	v, err := s.directory.ByHost(c)
	switch {
	case err != nil && !notFound(err), err == nil && v.State.Org.Style.Hidden:
		text = "User-agent: *\nDisallow: /\n"
	case err == nil:
		text += "Sitemap: " + v.Base + "/sitemap.xml\n"
	}
	c.Set("Cache-Control", "public, max-age=3600")
	return serveOnce(c)("text/plain; charset=utf-8", []byte(text), nil)
}

// sitemap is the page's addresses for search engines, as sitemaps.org describes it: what goes on and what was newest.
// A page that they shall not keep has none.
type sitemap struct {
	XMLName xml.Name      `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
	URLs    []sitemapLine `xml:"url"`
}

type sitemapLine struct {
	Loc     string `xml:"loc"`
	Changed string `xml:"lastmod"`
}

func (s *site) sitemap(v *visit.Visit) error {
	if v.State.Org.Style.Hidden {
		return noPage()
	}
	return v.Document("sitemap", time.Hour, func() (string, []byte, error) {
		var m sitemap
		add := func(path string, at status.Time) { m.URLs = append(m.URLs, sitemapLine{v.Home() + path, at.String()}) }
		add("", v.State.At)
		add("/history", v.State.At)
		for i := range v.State.Incidents {
			add("/incidents/"+v.State.Incidents[i].ID, v.State.Incidents[i].UpdatedAt)
		}
		for i := range v.State.Maintenances {
			add("/incidents/"+v.State.Maintenances[i].ID, v.State.Maintenances[i].UpdatedAt)
		}
		body, err := xml.Marshal(m)
		return "application/xml; charset=utf-8", append([]byte(xml.Header), body...), err
	})
}
