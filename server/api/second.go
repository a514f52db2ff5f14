package api

import (
	"github.com/gofiber/fiber/v2"

	"statuspage/server/usecase"
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// The second step of a sign-in, and the sign-in by a passkey alone.

// wireAsked is a challenge and by what it can be answered.
func wireAsked(a *usecase.Asked, f *wire.Fields) {
	until := status.Time(a.Until.UnixMilli())
	f.Derived("challenge", a.Secret)
	f.Strings("kinds", &a.Kinds)
	if a.Passkey == nil {
		f.Raw("passkey", []byte("null"))
	} else {
		f.Raw("passkey", a.Passkey)
	}
	f.Time("expires_at", &until)
}

// asks answers whoever gave the right password, or has the right link, and must show a second factor next.
func (c *call) asks(a *usecase.Asked) error {
	f := fault.New(fault.Unauthenticated, "This account has a second factor. Show it to go on.").
		Because(fault.SecondFactor)
	code := f.Code.Status()
	c.Set(fiber.HeaderContentType, "application/problem+json")
	c.Set(fiber.HeaderWWWAuthenticate, `Bearer realm="statuspage"`)
	return c.Status(code).Send(wire.Marshal(mapping(func(w *wire.Fields) {
		problem{f, code, c.Path(), requestID(c.Ctx)}.Wire(w)
		wire.One(w, "second_factor", a, wireAsked)
	})))
}

// readShown reads what somebody shows: one of three.
func readShown(f *wire.Fields, s *usecase.Shown) {
	passkey := wire.JSON(s.Passkey)
	f.Str("code", &s.Code)
	f.Str("recovery_code", &s.RecoveryCode)
	f.JSON("passkey", &passkey)
	s.Passkey = passkey
}

func one(s usecase.Shown) *fault.Error {
	n := 0
	for _, is := range []bool{s.Code != "", s.RecoveryCode != "", len(s.Passkey) > 0} {
		if is {
			n++
		}
	}
	if n == 1 {
		return nil
	}
	return fault.OnField("code", "Give one of code, recovery_code and passkey.")
}

// guesses counts a code that somebody may be guessing, before it is looked at. Passkeys and recovery codes cannot be
// guessed: who has one is kept out by nobody.
func (c *call) guesses(s usecase.Shown, key string) error {
	if s.Code == "" {
		return nil
	}
	return c.Limits.Factor(c.Ctx, key)
}

// showFactor is the second step of a sign-in.
func showFactor(c *call) error {
	if err := c.sameSite(false); err != nil {
		return err
	}
	var challenge string
	var shown usecase.Shown
	if err := c.read(mapping(func(f *wire.Fields) {
		f.Str("challenge", &challenge)
		readShown(f, &shown)
	})); err != nil {
		return err
	}
	if no := one(shown); no != nil {
		return no
	}
	user, err := c.UseCases.Challenged(c.ctx, challenge)
	if err != nil {
		return err
	}
	key := user.ID
	if c.device.Knows(user.Email) {
		key += " at " + c.device.ID
	}
	if err := c.guesses(shown, key); err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	in, err := c.UseCases.Answer(c.ctx, by, challenge, by.Base, shown)
	if err != nil {
		return err
	}
	c.Limits.FactorRight(key)
	return c.entered(in)
}

// askPasskey begins a sign-in by a passkey alone. It is the same for everybody.
func askPasskey(c *call) error {
	if err := c.sameSite(false); err != nil {
		return err
	}
	asked, err := c.UseCases.AskPasskey(c.ctx, c.BaseURL())
	if err != nil {
		return err
	}
	return c.object(mapping(func(f *wire.Fields) { wireAsked(asked, f) }))
}

func showPasskey(c *call) error {
	if err := c.sameSite(false); err != nil {
		return err
	}
	var challenge, slug string
	var passkey wire.JSON
	if err := c.read(mapping(func(f *wire.Fields) {
		f.Str("challenge", &challenge)
		f.JSON("passkey", &passkey)
		f.Str("organization", &slug)
	})); err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	in, err := c.UseCases.SignInByPasskey(c.ctx, by, challenge, by.Base, slug, passkey)
	if err != nil {
		return err
	}
	return c.entered(in)
}
