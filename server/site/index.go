package site

import (
	"github.com/gofiber/fiber/v2"

	"statuspage/server/lang"
	"statuspage/server/site/serve"
	"statuspage/shared/status"
)

// indexView is the page of an installation that lists others, with what each says of itself.
type indexView struct {
	Pages []indexed
}

type indexed struct {
	Name, Path string
	State      status.ServiceStatus // for its symbol; "" is no state
	Words      string               // of the whole
}

// index lists the pages that the operator named, in that order. One that is not there, or that not everybody may see,
// is left out without a word.
func (s *site) index(c *fiber.Ctx) error {
	var view indexView
	for _, slug := range s.Index {
		p, err := s.Pages.Page(c, slug)
		if err != nil || !p.State.Org.Access.Public() {
			continue
		}
		indicator, words := summary(&p.State)
		view.Pages = append(view.Pages, indexed{p.State.Org.Name, "/status/" + p.State.Org.Slug, mood(indicator),
			words})
	}
	tag := lang.Choose(c.Query("lang"), serve.Language(c), c.Get(fiber.HeaderAcceptLanguage), "", nil)
	c.Set(fiber.HeaderContentLanguage, tag)
	c.Vary(fiber.HeaderAcceptLanguage, fiber.HeaderCookie)
	return serveOnce(c)(render(lang.In(tag), "index", &view))
}
