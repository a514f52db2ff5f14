package api

import (
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/desk"
	"statuspage/shared/fault"
	"statuspage/shared/wire"
)

// cookieName holds the refresh token; over https only this host may have set it.
func (c *call) cookieName() string {
	if c.secure() {
		return "__Host-refresh"
	}
	return "refresh"
}

func (c *call) secure() bool {
	return c.Secure() || strings.HasPrefix(c.Server.BaseURL, "https://")
}

func login(c *call) error {
	var email, password, slug string
	if err := c.read(mapping(func(f *wire.Fields) {
		f.Str("email", &email)
		f.Str("password", &password)
		f.Str("organization", &slug)
	})); err != nil {
		return err
	}
	if err := c.Limits.Login(c.Ctx, email); err != nil {
		return err
	}
	in, err := c.Desk.SignIn(c.ctx, email, password, slug)
	if err != nil {
		return err
	}
	return c.signedIn(in)
}

// refresh exchanges the cookie. The custom header cannot be sent by another site's form.
func refresh(c *call) error {
	if err := c.sameSite(); err != nil {
		return err
	}
	slug := ""
	if len(c.Body()) > 0 {
		if err := c.read(mapping(func(f *wire.Fields) { f.Str("organization", &slug) })); err != nil {
			return err
		}
	}
	in, err := c.Desk.Refresh(c.ctx, c.Cookies(c.cookieName()), slug)
	if err != nil {
		return err
	}
	return c.signedIn(in)
}

func logout(c *call) error {
	if err := c.sameSite(); err != nil {
		return err
	}
	if err := c.Desk.SignOut(c.ctx, c.Cookies(c.cookieName())); err != nil {
		return err
	}
	c.setRefresh("", time.Unix(0, 0))
	return c.json(204, nil)
}

// sameSite refuses a request with a cookie that another site may have sent.
func (c *call) sameSite() error {
	if origin := c.Get(fiber.HeaderOrigin); origin != "" && origin != c.base() && origin != c.Ctx.BaseURL() {
		return fault.New(fault.Forbidden, "This request came from another site.")
	}
	if c.Get("X-Requested-With") == "" {
		return fault.New(fault.Forbidden, "The header X-Requested-With is missing.")
	}
	return nil
}

func (c *call) setRefresh(token string, until time.Time) {
	c.Cookie(&fiber.Cookie{Name: c.cookieName(), Value: token, Path: "/", Expires: until, HTTPOnly: true, SameSite: "Strict", Secure: c.secure()})
}

func (c *call) signedIn(in desk.Login) error {
	c.setRefresh(in.Refresh.Text, in.Until)
	return c.object(mapping(func(f *wire.Fields) {
		seconds := int64(time.Until(in.Expires).Seconds())
		f.Derived("access_token", in.Token)
		f.Derived("token_type", "Bearer")
		f.Int("expires_in", &seconds)
		f.Derived("role", string(in.Org.Role))
		wire.One(f, "user", &in.User.ID, func(_ *string, f *wire.Fields) {
			f.Derived("id", in.User.ID)
			f.Derived("email", in.User.Email)
			f.Derived("name", in.User.Name)
		})
		wire.One(f, "organization", &in.Org.OrgID, func(_ *string, f *wire.Fields) {
			f.Derived("id", in.Org.OrgID)
			f.Derived("slug", in.Org.Slug)
			f.Derived("name", in.Org.Name)
		})
	}))
}

// jwks is the local issuer's key set, public by its nature.
func (s *Server) jwks(c *fiber.Ctx) error {
	if s.Local == nil {
		return noSuchPath()
	}
	if err := s.Limits.Public(c); err != nil {
		return err
	}
	set, err := s.Local.JWKS(c.UserContext())
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/jwk-set+json")
	c.Set(fiber.HeaderCacheControl, "public, max-age=60")
	return c.Send(set)
}
