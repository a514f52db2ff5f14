package site

import (
	"errors"
	"slices"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/relay"
	"statuspage/server/site/visit"
	"statuspage/shared/fault"
)

// Doors lets readers in to pages that are not public, and with ?audience= to audiences of a page: what opens one
// becomes a cookie of the answer.
type Doors interface {
	// Kind is one of page.AccessKinds; an audience that is not there is a fault.NotFound.
	Kind(c *fiber.Ctx, p *relay.Page) (string, error)
	Password(c *fiber.Ctx, p *relay.Page, password string) error
	Mail(c *fiber.Ctx, v *visit.Visit, email string) error
	Link(c *fiber.Ctx, p *relay.Page, token string) error
}

// PasswordPath is where a page's password is sent. It is answered in every region.
const PasswordPath = "/access/password"

// accessView is all that somebody sees of a page who may not see it: its name, and how to get in.
type accessView struct {
	Name, Path, Kind string
	Audience         string // that is opened; "" is the page
	Site             string // what the page is called in the language
	Token            string // of a link that was mailed
	Sent             bool
	Problem          string
}

func (s *site) accessRoutes(app fiber.Router, prefix string, find visit.Finder) {
	if s.Doors == nil {
		return
	}
	app.Get(prefix+"/access", s.enter(find, func(v *visit.Visit) error {
		return s.locked(v, fiber.StatusUnauthorized, accessView{Token: v.Ctx.Query("token")})
	}))
	app.Post(prefix+"/access", s.enter(find, s.enterByMail))
	app.Post(prefix+PasswordPath, s.enter(find, func(v *visit.Visit) error {
		return s.entered(v, s.Doors.Password(v.Ctx, v.Page, v.Ctx.FormValue("password")))
	}))
}

// enter lets give answer whoever is not in yet, and leads everybody else to the page. An audience's door is there for
// whoever does not see the whole page.
func (s *site) enter(find visit.Finder, give func(*visit.Visit) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		secure(c)
		c.Set("Referrer-Policy", "no-referrer") // a link's token is nobody else's business
		v, err := find(c)
		var locked *visit.Locked
		switch {
		case errors.As(err, &locked):
			return give(locked.Visit)
		case err != nil:
			return Problem(c, err)
		case c.Query("audience") != "" && v.Viewed() && !slices.Contains(v.Audiences(), c.Query("audience")):
			return give(v)
		}
		return c.Redirect(homePath(v), fiber.StatusSeeOther)
	}
}

func homePath(v *visit.Visit) string { return head{Path: v.Path}.Home() }

// enterByMail asks for a link, or comes with one.
func (s *site) enterByMail(v *visit.Visit) error {
	if token := v.Ctx.FormValue("token"); token != "" {
		return s.entered(v, s.Doors.Link(v.Ctx, v.Page, token))
	}
	if err := s.Doors.Mail(v.Ctx, v, v.Ctx.FormValue("email")); err != nil {
		return s.entered(v, err)
	}
	return s.locked(v, fiber.StatusOK, accessView{Sent: true})
}

func (s *site) entered(v *visit.Visit, err error) error {
	if err == nil {
		return v.Ctx.Redirect(homePath(v), fiber.StatusSeeOther)
	}
	var f *fault.Error
	if !errors.As(err, &f) || f.Code.Status() >= fiber.StatusInternalServerError {
		return Problem(v.Ctx, err)
	}
	problem := refused(v.Ctx, err)
	return s.locked(v, problem.Status, accessView{Problem: problem.Text})
}

// locked shows how to get in to a page. CONTRACT 8.
func (s *site) locked(v *visit.Visit, status int, view accessView) error {
	view.Name, view.Path, view.Kind = v.State.Org.Name, v.Path, v.State.Org.Access.Kind
	if view.Audience = v.Ctx.Query("audience"); view.Audience != "" {
		var err error
		if view.Kind, err = s.Doors.Kind(v.Ctx, v.Page); err != nil {
			return Problem(v.Ctx, err)
		}
	}
	view.Site = siteName(v.Language(), &v.State.Org)
	mediaType, body, err := render(v.Language(), "access", view)
	if err != nil {
		return err
	}
	v.Ctx.Set("Content-Type", mediaType)
	v.Ctx.Set("Cache-Control", "private, no-store")
	if status == fiber.StatusUnauthorized {
		v.Ctx.Set(fiber.HeaderWWWAuthenticate, "Bearer")
	}
	return v.Ctx.Status(status).Send(body)
}
