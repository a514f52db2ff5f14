package site

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/site/visit"
	"statuspage/shared/fault"
)

// missingView is a problem that is told within an organisation's page.
type missingView struct {
	head
	Problem problemView
}

// problem answers an error with the organisation's look and name, and the way to its page.
func (s *site) problem(v *visit.Visit, err error) error {
	secure(v.Ctx)
	problem := refused(v.Ctx, err)
	view := missingView{s.head(v, v.Language().Say(problem.Title)), problem}
	view.About = v.Language().Say(problem.Text)
	view.Index, view.Canonical, view.Picture, view.State = false, "", "", ""
	mediaType, body, err := render(view.In, "missing", &view)
	if err != nil {
		return err
	}
	v.Ctx.Set("Content-Type", mediaType)
	return v.Ctx.Status(view.Problem.Status).Send(body)
}

// Missing answers an address that leads nowhere: within an organisation's page in its look, elsewhere in ours.
func Missing(d Deps) fiber.Handler {
	s := newSite(d)
	return func(c *fiber.Ctx) error {
		err := fault.New(fault.NotFound, "There is nothing at this address.")
		find := s.directory.ByHost
		if rest, under := strings.CutPrefix(c.Path(), "/status/"); under {
			slug, _, _ := strings.Cut(rest, "/")
			find = s.directory.Named(slug)
		}
		if v, none := find(c); none == nil {
			return s.problem(v, err)
		}
		return Problem(c, err)
	}
}
