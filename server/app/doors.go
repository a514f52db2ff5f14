package app

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/auth"
	"statuspage/server/relay"
	"statuspage/server/site/serve"
	"statuspage/server/site/visit"
	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/fault"
	"statuspage/shared/page"
)

// doors lets readers in to pages that are not public, and to audiences.
type doors struct{ *readers }

// door is what somebody wants to be let in to.
type door struct {
	org      *page.Org
	access   *store.Access
	audience string // its id; "" is the page itself
}

// at is the door of a request: with ?audience= that of one audience of the page. One that is not there is a
// fault.NotFound.
func (d doors) at(c *fiber.Ctx, p *relay.Page) (x door, err error) {
	if p.Viewed() { // its details are no reader's business
		if p, err = d.a.Relay.Page(c.UserContext(), p.State.Org.ID); err != nil {
			return x, err
		}
	}
	x.org = &p.State.Org
	if x.access, err = d.access(c.UserContext(), x.org); err != nil {
		return x, err
	}
	id := c.Query("audience")
	if id == "" {
		return x, nil
	}
	all := x.access.Audiences
	i := slices.IndexFunc(all, func(a store.PageAudience) bool { return a.ID == id })
	if i < 0 {
		return x, fault.New(fault.NotFound, "There is no such audience of this page.")
	}
	x.access, x.audience = &all[i].Access, id
	return x, nil
}

// name is by what tries are counted, and addresses written to.
func (x *door) name() string { return strings.TrimSpace("page " + x.org.ID + " " + x.audience) }

// query is that of the door's address, "" or "audience=…&".
func (x *door) query() string {
	if x.audience == "" {
		return ""
	}
	return "audience=" + url.QueryEscape(x.audience) + "&"
}

// Kind is how somebody gets in.
func (d doors) Kind(c *fiber.Ctx, p *relay.Page) (string, error) {
	x, err := d.at(c, p)
	if err != nil {
		return "", err
	}
	return x.access.Kind, nil
}

// Password opens a page, or an audience, with its password.
func (d doors) Password(c *fiber.Ctx, p *relay.Page, password string) error {
	x, err := d.at(c, p)
	if err != nil {
		return err
	}
	if err := errors.Join(d.a.limits.Login(c, auth.Device{}),
		d.a.limits.Attempt(c, auth.Device{}, x.name())); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.UserContext(), store.Deadline)
	defer cancel()
	ctx = auth.Asking(ctx, auth.Asker{From: d.a.limits.Address(c).String()})
	right := false
	if x.access.Kind == "password" {
		if right, err = d.a.UseCases.MatchesAccess(ctx, x.access, password); err != nil {
			return err
		}
	}
	if !right {
		return fault.OnField("password", "This is not the page's password.")
	}
	d.a.limits.Right(c, x.name())
	d.let(c, &x, "")
	return nil
}

func (d doors) let(c *fiber.Ctx, x *door, email string) {
	r := auth.Reader{Email: email, Until: d.a.now().Add(auth.ReaderTTL)}
	if x.audience == "" {
		serve.SetReader(c, x.org.Slug, r.Seal(x.access.Secret, x.org.ID), r.Until)
		return
	}
	serve.SetAudience(c, x.audience, r.Seal(x.access.Secret, scope(x.org, x.audience)), r.Until)
}

// Mail sends a link to an address, if whoever has it may come in; nobody is told whether.
func (d doors) Mail(c *fiber.Ctx, v *visit.Visit, email string) error {
	x, err := d.at(c, v.Page)
	if err != nil {
		return err
	}
	if x.access.Kind != "email" {
		return fault.New(fault.Malformed, "This page is not opened by mail.")
	}
	if err := errors.Join(d.a.limits.Login(c, auth.Device{}), d.a.limits.Forgot(c,
		x.name()+" "+strings.TrimSpace(email))); err != nil {
		return err
	}
	return d.a.UseCases.MailAccess(c.UserContext(), *x.org, x.access, email, v.Base, v.Home()+"/access?"+x.query())
}

// Link opens a page, or an audience, with a link that was mailed to somebody who belongs to it.
func (d doors) Link(c *fiber.Ctx, p *relay.Page, token string) error {
	x, err := d.at(c, p)
	if err != nil {
		return err
	}
	if err := d.a.limits.Login(c, auth.Device{}); err != nil {
		return err
	}
	email, err := d.a.UseCases.UseAccessLink(c.UserContext(), x.org.ID, token)
	if err != nil {
		return err
	}
	if x.access.Kind != "email" || !usecase.MayReadByMail(x.access, email) {
		return fault.New(fault.Forbidden, "This link works no more. Ask for another one.")
	}
	d.let(c, &x, email)
	return nil
}
