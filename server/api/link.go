package api

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/usecase"
	"statuspage/shared/wire"
)

// linkToken reads the secret of a link, which is never in an address.
func (c *call) linkToken() (token string, err error) {
	if err := c.sameSite(false); err != nil {
		return "", err
	}
	err = c.read(mapping(func(f *wire.Fields) { f.Str("token", &token) }))
	return token, err
}

// look says what a link is about, to whoever has it.
func look(c *call) error {
	token, err := c.linkToken()
	if err != nil {
		return err
	}
	l, err := c.UseCases.Look(c.ctx, token)
	if err != nil {
		return err
	}
	return c.object(mapping(func(f *wire.Fields) {
		f.Derived("purpose", l.Purpose)
		f.Derived("email", l.Email)
		if l.Offer == nil {
			f.Raw("offer", []byte("null"))
			return
		}
		f.Derived("account", l.Account)
		f.Derived("name", l.Offer.Name)
		wire.One(f, "offer", l.Offer, wireOffer)
	}))
}

// accept uses a link: it chooses a password, makes the account that an offer is for, or takes an account back.
func accept(c *call) error {
	if err := c.sameSite(false); err != nil {
		return err
	}
	var a usecase.Accepting
	if err := c.read(mapping(func(f *wire.Fields) {
		f.Str("token", &a.Token)
		f.Str("name", &a.Name)
		f.Str("password", &a.Password)
	})); err != nil {
		return err
	}
	a.Name = strings.TrimSpace(a.Name)
	by, err := c.caller()
	if err != nil {
		return err
	}
	in, err := c.UseCases.Accept(c.ctx, by, a)
	if err != nil {
		return err
	}
	return c.entered(in)
}

func confirmAddress(c *call) error {
	if err := c.sameSite(false); err != nil {
		return err
	}
	var token, password string
	if err := c.read(mapping(func(f *wire.Fields) {
		f.Str("token", &token)
		f.Str("password", &password)
	})); err != nil {
		return err
	}
	user, err := c.UseCases.ConfirmAddress(c.ctx, token, password, c.door(),
		func(userID string) error { return c.Limits.Present(c.Ctx, userID) })
	if err != nil {
		return err
	}
	return c.object(mapping(func(f *wire.Fields) { f.Str("email", &user.Email) }))
}

func declineByLink(c *call) error {
	token, err := c.linkToken()
	if err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	if err := c.UseCases.DeclineOffer(c.ctx, by, "", token); err != nil {
		return err
	}
	return c.json(fiber.StatusNoContent, nil)
}
