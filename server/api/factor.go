package api

import (
	"github.com/gofiber/fiber/v2"

	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// What a person does with their own second factors.

func wireFactor(x *store.Factor, f *wire.Fields) {
	f.Str("id", &x.ID)
	f.Str("kind", &x.Kind)
	f.Str("name", &x.Name)
	f.Str("hostname", &x.Party)
	f.Time("created_at", &x.CreatedAt)
	f.NullTime("last_used_at", &x.LastUsedAt)
}

// listFactors tells a person of their own second factors.
func listFactors(c *call) error {
	by, _, err := c.own()
	if err != nil {
		return err
	}
	found, err := c.UseCases.Factors(c.ctx, by)
	if err != nil {
		return err
	}
	return c.object(mapping(func(f *wire.Fields) {
		n, required := int64(found.RecoveryCodes), found.Required
		until := status.Time(max(0, found.ConfirmedUntil.UnixMilli()))
		wire.List(f, "factors", &found.List, wireFactor)
		f.Int("recovery_codes", &n)
		f.Str("session_factor", &found.Factor)
		f.Time("confirmed_until", &until)
		f.Bool("required", &required)
		f.Bool("lacks_factor", &c.who.LacksFactor)
	}))
}

// askConfirmation begins to confirm that it is still them, by a second factor that they have.
func askConfirmation(c *call) error {
	by, _, err := c.own()
	if err != nil {
		return err
	}
	asked, err := c.UseCases.AskConfirmation(c.ctx, by, by.Base)
	if err != nil {
		return err
	}
	return c.json(fiber.StatusCreated, wire.Marshal(mapping(func(f *wire.Fields) { wireAsked(asked, f) })))
}

func confirm(c *call) error {
	var challenge, password string
	var shown usecase.Shown
	if err := c.read(mapping(func(f *wire.Fields) {
		f.Str("password", &password)
		f.Str("challenge", &challenge)
		readShown(f, &shown)
	})); err != nil {
		return err
	}
	by, user, err := c.own()
	if err != nil {
		return err
	}
	if challenge == "" {
		if err := c.Limits.Present(c.Ctx, user.ID); err != nil {
			return err
		}
		if err := c.UseCases.ConfirmByPassword(c.ctx, by, password); err != nil {
			return err
		}
		return c.json(fiber.StatusNoContent, nil)
	}
	if no := one(shown); no != nil {
		return no
	}
	key := user.ID + " in " + by.Who.SessionID
	if err := c.guesses(shown, key); err != nil {
		return err
	}
	if err := c.UseCases.ConfirmByFactor(c.ctx, by, challenge, by.Base, shown); err != nil {
		return err
	}
	c.Limits.FactorRight(key)
	return c.json(fiber.StatusNoContent, nil)
}

func beginTOTP(c *call) error {
	by, _, err := c.own()
	if err != nil {
		return err
	}
	made, asked, err := c.UseCases.BeginTOTP(c.ctx, by)
	if err != nil {
		return err
	}
	until := status.Time(asked.Until.UnixMilli())
	return c.json(fiber.StatusCreated, wire.Marshal(mapping(func(f *wire.Fields) {
		f.Derived("challenge", asked.Secret)
		f.Derived("secret", made.Secret)
		f.Derived("url", made.URL)
		f.Derived("qr", made.QR)
		f.Time("expires_at", &until)
	})))
}

func beginPasskey(c *call) error {
	by, _, err := c.own()
	if err != nil {
		return err
	}
	options, asked, err := c.UseCases.BeginPasskey(c.ctx, by, by.Base)
	if err != nil {
		return err
	}
	until := status.Time(asked.Until.UnixMilli())
	return c.json(fiber.StatusCreated, wire.Marshal(mapping(func(f *wire.Fields) {
		f.Derived("challenge", asked.Secret)
		f.Raw("passkey", options)
		f.Time("expires_at", &until)
	})))
}

func addFactor(c *call) error {
	var challenge, name string
	var shown usecase.Shown
	if err := c.read(mapping(func(f *wire.Fields) {
		f.Str("challenge", &challenge)
		f.Str("name", &name)
		readShown(f, &shown)
	})); err != nil {
		return err
	}
	by, _, err := c.own()
	if err != nil {
		return err
	}
	x, codes, err := c.UseCases.AddFactor(c.ctx, by, challenge, by.Base, name, shown)
	if err != nil {
		return err
	}
	return c.json(fiber.StatusCreated, wire.Marshal(mapping(func(f *wire.Fields) {
		wireFactor(&x, f)
		f.Strings("recovery_codes", &codes)
	})))
}

func removeFactor(c *call) error {
	id, err := c.id("factor")
	if err != nil {
		return err
	}
	by, _, err := c.own()
	if err != nil {
		return err
	}
	if err := c.UseCases.RemoveFactor(c.ctx, by, id); err != nil {
		return err
	}
	return c.json(fiber.StatusNoContent, nil)
}

func newRecoveryCodes(c *call) error {
	by, _, err := c.own()
	if err != nil {
		return err
	}
	codes, err := c.UseCases.NewRecoveryCodes(c.ctx, by)
	if err != nil {
		return err
	}
	return c.json(fiber.StatusCreated, wire.Marshal(
		mapping(func(f *wire.Fields) { f.Strings("recovery_codes", &codes) })))
}
