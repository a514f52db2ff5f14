package api

import (
	"errors"
	"log/slog"
	"net/url"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/auth"
	"statuspage/server/site/serve"
	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/fault"
	"statuspage/shared/wire"
)

func login(c *call) error {
	if err := c.sameSite(false); err != nil {
		return err
	}
	var email, password, slug string
	if err := c.read(mapping(func(f *wire.Fields) {
		f.Str("email", &email)
		f.Str("password", &password)
		f.Str("organization", &slug)
	})); err != nil {
		return err
	}
	if err := c.Limits.Attempt(c.Ctx, c.device, email); err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	ctx := auth.Asking(c.ctx, auth.Asker{From: c.Limits.client(c.Ctx), Known: c.device.Knows(email)})
	in, err := c.UseCases.SignIn(ctx, by, email, password, slug)
	if err != nil {
		return err
	}
	c.Limits.Right(c.Ctx, email)
	return c.entered(in)
}

// entered is signedIn for somebody who has just proved who they are: their browser is known from now on.
func (c *call) entered(in usecase.Login) error {
	if in.Asked != nil {
		return c.asks(in.Asked)
	}
	if !in.User.Proved { // devices are known by the account's address, which may be somebody else's
		return c.signedIn(in)
	}
	cookie, until, err := c.Devices.Note(c.ctx, c.device, in.User.Email, time.Now())
	if err != nil {
		return err
	}
	err = c.signedIn(in)
	serve.SetDevice(c.Ctx, cookie, until)
	return err
}

// refresh exchanges the cookie. The custom header cannot be sent by another site's form.
func refresh(c *call) error {
	if err := c.sameSite(true); err != nil {
		return err
	}
	slug := ""
	if len(c.Body()) > 0 {
		if err := c.read(mapping(func(f *wire.Fields) { f.Str("organization", &slug) })); err != nil {
			return err
		}
	}
	if c.Client != nil {
		return c.refreshElsewhere(slug)
	}
	in, err := c.UseCases.Refresh(c.ctx, serve.Refresh(c.Ctx), slug)
	if err != nil {
		return err
	}
	return c.signedIn(in)
}

// refreshElsewhere exchanges the cookie with an external issuer. Its next refresh token is kept, whatever becomes of
// the rest: the one that was exchanged may be good no more.
func (c *call) refreshElsewhere(slug string) error {
	if slug != "" {
		return fault.OnField("organization", "The organisation is chosen with the identity provider. Sign in again.")
	}
	if serve.Refresh(c.Ctx) == "" && serve.Bearer(c.Ctx) != "" {
		who, err := c.Verifier.Kept(c.ctx, serve.Bearer(c.Ctx))
		if err != nil {
			return err
		}
		return c.elsewhere(serve.Bearer(c.Ctx), who, true)
	}
	grant, err := c.Client.Refresh(c.ctx, serve.Refresh(c.Ctx))
	if err != nil {
		return err
	}
	serve.SetRefresh(c.Ctx, grant.Refresh, time.Now().Add(auth.SessionTTL))
	token, who, err := grant.Bearer(c.ctx, c.Verifier)
	if err != nil {
		return err
	}
	return c.elsewhere(token, who, false)
}

// elsewhere is a session with an external issuer's token. A final one is replaced by none when it ends.
func (c *call) elsewhere(token string, who auth.Principal, final bool) error {
	p, err := c.Relay.Page(c.ctx, who.OrgID)
	if err != nil {
		return err
	}
	org := p.State.Org
	return c.session(usecase.Login{Token: token, Final: final, Expires: who.ExpiresAt,
		User: store.User{ID: who.ID, Email: who.Email, Name: who.Name},
		Org:  store.Membership{OrgID: org.ID, Slug: org.Slug, Name: org.Name, Role: who.Role}})
}

func logout(c *call) error {
	if err := c.sameSite(true); err != nil {
		return err
	}
	everywhere := false
	if len(c.Body()) > 0 {
		if err := c.read(mapping(func(f *wire.Fields) { f.Bool("everywhere", &everywhere) })); err != nil {
			return err
		}
	}
	switch {
	case c.Client == nil:
		if err := c.signOut(everywhere); err != nil {
			return err
		}
	case everywhere:
		return fault.OnField("everywhere", "Sign-ins elsewhere are ended with the identity provider.")
	case serve.Refresh(c.Ctx) == "": // an issuer that gives no refresh token takes none back
	default: // without the cookie nobody has the token, even where the issuer did not hear of it
		if err := c.Client.Revoke(c.ctx, serve.Refresh(c.Ctx)); err != nil {
			slog.Warn("the issuer was not told of a sign-out", "error", err)
		}
	}
	serve.SetRefresh(c.Ctx, "", time.Unix(0, 0))
	serve.ForgetBearer(c.Ctx)
	return c.json(204, nil)
}

// signOut ends the session of the cookie, or else of the token that came in its place. Whoever wants all sessions ended
// must say whose.
func (c *call) signOut(everywhere bool) error {
	cookie, who := serve.Refresh(c.Ctx), auth.Principal{}
	if token := bearer(c.Ctx); token != "" {
		found, err := c.Verifier.Verify(c.ctx, token)
		var refused *fault.Error
		if err != nil && !errors.As(err, &refused) {
			return err
		}
		if err == nil {
			who = found
		}
	}
	if everywhere && cookie == "" && who.Kind != auth.KindUser {
		return fault.New(fault.Unauthenticated, "Sign in to end your sessions.")
	}
	return c.UseCases.SignOut(c.ctx, who, cookie, everywhere)
}

// sameSite refuses what a browser sends on behalf of another site. With a cookie it also asks for a header that no form
// can send.
func (c *call) sameSite(cookie bool) error {
	if !c.ourOrigin(c.Get(fiber.HeaderOrigin)) {
		return fault.New(fault.Forbidden, "This request came from another site.")
	}
	if cookie && c.Get("X-Requested-With") == "" {
		return fault.New(fault.Forbidden, "The header X-Requested-With is missing.")
	}
	return nil
}

// ourOrigin takes our own pages and programs, which send no Origin. The scheme may be another before a proxy than
// behind it.
func (c *call) ourOrigin(origin string) bool {
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	ours, err := url.Parse(c.BaseURL())
	return u.Host == string(c.Request().Host()) || err == nil && u.Host == ours.Host
}

func (c *call) signedIn(in usecase.Login) error {
	serve.SetRefresh(c.Ctx, in.Refresh.Text, in.Until)
	return c.session(in)
}

// session is a short token, and whose it is.
func (c *call) session(in usecase.Login) error {
	return c.object(mapping(func(f *wire.Fields) {
		seconds := int64(time.Until(in.Expires).Seconds())
		f.Derived("access_token", in.Token)
		f.Derived("token_type", "Bearer")
		f.Int("expires_in", &seconds)
		renewable := !in.Final
		f.Bool("renewable", &renewable)
		f.Bool("second_factor_required", &in.LacksFactor)
		if in.Org.OrgID == "" {
			f.Raw("role", []byte("null"))
		} else {
			f.Derived("role", string(in.Org.Role))
		}
		wire.One(f, "user", &in.User.ID, func(_ *string, f *wire.Fields) {
			f.Derived("id", in.User.ID)
			f.Derived("email", in.User.Email)
			f.Derived("name", in.User.Name)
		})
		if in.Org.OrgID == "" {
			f.Raw("organization", []byte("null"))
			return
		}
		wire.One(f, "organization", &in.Org.OrgID, func(_ *string, f *wire.Fields) {
			f.Derived("id", in.Org.OrgID)
			f.Derived("slug", in.Org.Slug)
			f.Derived("name", in.Org.Name)
		})
	}))
}

// jwks is the local issuer's key set, public by its nature.
func jwks(c *call) error {
	if c.Local == nil {
		return noSuchPath()
	}
	set, err := c.Local.JWKS(c.ctx)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/jwk-set+json")
	c.Set(fiber.HeaderCacheControl, "public, max-age=60")
	return c.Send(set)
}

// clerk follows what the identity provider tells: Standard Webhooks, under svix's header names. The same message twice
// changes nothing.
func clerk(c *call) error {
	if c.Webhooks == nil {
		return noSuchPath()
	}
	notice, err := c.Webhooks.Read(func(name string) string { return c.Get(name) }, c.Body())
	if err != nil {
		return err
	}
	orgID, userID, err := c.UseCases.Follow(c.ctx, c.Issuer, notice)
	if err != nil {
		return err
	}
	if userID != "" {
		c.Kick(orgID, userID)
	}
	return c.json(fiber.StatusNoContent, nil)
}

// setup makes the first organisation of an empty installation, by the link that its first start printed.
func setup(c *call) error {
	if err := c.sameSite(false); err != nil {
		return err
	}
	var s usecase.Setup
	var org store.Membership
	if err := c.read(mapping(func(f *wire.Fields) {
		f.Str("token", &s.Token)
		wire.One(f, "organization", &org, func(o *store.Membership, f *wire.Fields) {
			f.Str("slug", &o.Slug)
			f.Str("name", &o.Name)
		})
		f.Str("email", &s.Email)
		f.Str("name", &s.Name)
		f.Str("password", &s.Password)
	})); err != nil {
		return err
	}
	s.Slug, s.OrgName = org.Slug, org.Name
	by, err := c.caller()
	if err != nil {
		return err
	}
	in, err := c.UseCases.Setup(c.ctx, by, s)
	if err != nil {
		return err
	}
	return c.entered(in)
}

// forgot mails a link for a new password, if there is such an account: the answer is the same.
func forgot(c *call) error {
	if err := c.sameSite(false); err != nil {
		return err
	}
	var email string
	if err := c.read(mapping(func(f *wire.Fields) { f.Str("email", &email) })); err != nil {
		return err
	}
	if no := usecase.CheckEmail(email); no != nil {
		return no
	}
	if err := c.Limits.Forgot(c.Ctx, email); err != nil {
		return err
	}
	base, err := c.mailBase()
	if err != nil {
		return err
	}
	if err := c.UseCases.Forgot(email, base); err != nil {
		return err
	}
	return c.accepted("If there is an account with this address, a mail with a link is on its way to it.")
}

func (c *call) accepted(detail string) error {
	return c.json(fiber.StatusAccepted, wire.Marshal(mapping(func(f *wire.Fields) {
		f.Derived("status", "accepted")
		f.Derived("detail", detail)
	})))
}

// mailBase is where the links in mail about accounts begin. The host name of a request is anyone's to write, so that a
// link made of it could carry somebody's secret to whoever asked; only where no mail leaves this machine may it be.
func (c *call) mailBase() (string, error) {
	if !c.Letters {
		return "", fault.New(fault.NotFound, "This installation sends no mail. Its operator can make a link.")
	}
	if c.baseless() {
		return "", fault.New(fault.NotFound, "No link can be mailed from here, since BASE_URL is not set. The "+
			"operator can make one.")
	}
	return c.BaseURL(), nil
}

// baseless says that mail would leave this machine, and that nothing says where its links begin.
func (c *call) baseless() bool { return c.Mails && c.Server.BaseURL == "" }
