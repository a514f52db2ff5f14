package api

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// What a person does with their own account. An API key has none.

// door is where links of accounts begin, and whether they are mailed: only where BASE_URL says so, since a request's
// host name is anyone's to write.
func (c *call) door() usecase.Door {
	return usecase.Door{Base: c.BaseURL(), Mails: c.Mails && !c.baseless()}
}

// own is who the use cases know as the caller, with what only a person has.
func (c *call) own() (usecase.Caller, store.User, error) {
	user, err := c.UseCases.Person(c.ctx, c.who)
	if err != nil {
		return usecase.Caller{}, user, err
	}
	by, err := c.caller()
	return by, user, err
}

// present is own for what the present password is asked for, which nobody may try at leisure.
func (c *call) present() (usecase.Caller, error) {
	by, user, err := c.own()
	if err != nil {
		return by, err
	}
	return by, c.Limits.Present(c.Ctx, user.ID)
}

func editMe(c *call) error {
	name := ""
	if err := c.read(mapping(func(f *wire.Fields) { f.Str("name", &name) })); err != nil {
		return err
	}
	by, _, err := c.own()
	if err != nil {
		return err
	}
	user, err := c.UseCases.Rename(c.ctx, by, name)
	if err != nil {
		return err
	}
	c.who.Name = user.Name
	return me(c)
}

func changePassword(c *call) error {
	var present, next string
	if err := c.read(mapping(func(f *wire.Fields) {
		f.Str("password", &present)
		f.Str("new_password", &next)
	})); err != nil {
		return err
	}
	by, err := c.present()
	if err != nil {
		return err
	}
	if err := c.UseCases.ChangePassword(c.ctx, by, present, next); err != nil {
		return err
	}
	return c.json(fiber.StatusNoContent, nil)
}

func changeAddress(c *call) error {
	var email, password string
	if err := c.read(mapping(func(f *wire.Fields) {
		f.Str("email", &email)
		f.Str("password", &password)
	})); err != nil {
		return err
	}
	by, err := c.present()
	if err != nil {
		return err
	}
	if err := c.Limits.Forgot(c.Ctx, email); err != nil {
		return err
	}
	if err := c.UseCases.ChangeAddress(c.ctx, by, email, password, c.door()); err != nil {
		return err
	}
	return c.accepted("A mail with a link is on its way to this address. Nothing changes before it is used.")
}

func deleteMe(c *call) error {
	var email, password string
	if err := c.read(mapping(func(f *wire.Fields) {
		f.Str("email", &email)
		f.Str("password", &password)
	})); err != nil {
		return err
	}
	by, err := c.present()
	if err != nil {
		return err
	}
	if err := c.UseCases.DeleteAccount(c.ctx, by, email, password); err != nil {
		return err
	}
	return c.json(fiber.StatusNoContent, nil)
}

func listSessions(c *call) error {
	_, user, err := c.own()
	if err != nil {
		return err
	}
	return spanned(c, func(ctx context.Context, s store.Span) ([]store.OwnSession, int, error) {
		return c.DB.Sessions(ctx, user.ID, c.Now(), s)
	}, func(s *store.OwnSession, f *wire.Fields) {
		current := s.ID == c.who.SessionID
		f.Str("id", &s.ID)
		f.Str("kind", &s.Kind)
		f.Str("device", &s.Device)
		f.Str("address", &s.Address)
		f.Time("created_at", &s.CreatedAt)
		f.Time("used_at", &s.UsedAt)
		f.Time("expires_at", &s.ExpiresAt)
		f.Bool("current", &current)
	})
}

func endSession(c *call) error {
	id, err := c.id("session")
	if err != nil {
		return err
	}
	by, _, err := c.own()
	if err != nil {
		return err
	}
	if err := c.UseCases.EndSession(c.ctx, by, id); err != nil {
		return err
	}
	return c.json(fiber.StatusNoContent, nil)
}

func listOwnOrganizations(c *call) error {
	_, user, err := c.own()
	if err != nil {
		return err
	}
	all, err := c.DB.OwnMemberships(c.ctx, user.ID)
	if err != nil {
		return err
	}
	return inMemory(c, all, func(m *store.OwnMembership, f *wire.Fields) {
		f.Str("id", &m.OrgID)
		f.Str("slug", &m.Slug)
		f.Str("name", &m.Name)
		f.Str("role", (*string)(&m.Role))
		f.Time("joined_at", &m.JoinedAt)
		f.NullTime("deleted_at", &m.DeletedAt)
		f.NullTime("erased_at", &m.ErasingAt)
	})
}

func leaveOrganization(c *call) error {
	id, err := c.id("organization")
	if err != nil {
		return err
	}
	by, user, err := c.own()
	if err != nil {
		return err
	}
	if err := c.UseCases.LeaveOrg(c.ctx, by, id); err != nil {
		return err
	}
	if c.Kick != nil {
		c.Kick(id, user.ID)
	}
	return c.json(fiber.StatusNoContent, nil)
}

func deleteOrganization(c *call) error {
	slug := ""
	if err := c.read(mapping(func(f *wire.Fields) { f.Str("slug", &slug) })); err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	gone, err := c.UseCases.DeleteOrg(c.ctx, by, c.who.OrgID, slug)
	if err != nil {
		return err
	}
	deleted, erased := status.Time(gone.DeletedAt.UnixMilli()), status.Time(gone.EraseAt.UnixMilli())
	return c.json(fiber.StatusCreated, wire.Marshal(mapping(func(f *wire.Fields) {
		f.Time("deleted_at", &deleted)
		f.Time("erased_at", &erased)
	})))
}

func restoreOrganization(c *call) error {
	id, err := c.id("organization")
	if err != nil {
		return err
	}
	by, _, err := c.own()
	if err != nil {
		return err
	}
	if err := c.UseCases.RestoreOrg(c.ctx, by, id); err != nil {
		return err
	}
	return c.json(fiber.StatusNoContent, nil)
}

func wireOffer(o *store.SentOffer, f *wire.Fields) {
	f.Str("id", &o.ID)
	f.Derived("email", o.Email)
	f.Str("role", (*string)(&o.Role))
	f.Derived("offered_by", o.ActorName)
	wire.One(f, "organization", o, func(o *store.SentOffer, f *wire.Fields) {
		f.Str("id", &o.OrgID)
		f.Str("slug", &o.OrgSlug)
		f.Str("name", &o.OrgName)
	})
	f.Time("created_at", &o.CreatedAt)
	f.Time("expires_at", &o.ExpiresAt)
}

func listOffers(c *call) error {
	all, err := c.UseCases.Offers(c.ctx, c.who)
	if err != nil {
		return err
	}
	return inMemory(c, all, wireOffer)
}

// offerAnswer reads which offer is answered, and the link of one that was handed over.
func (c *call) offerAnswer() (id, token string, by usecase.Caller, err error) {
	if id, err = c.id("offer"); err != nil {
		return id, token, by, err
	}
	if len(c.Body()) > 0 {
		if err = c.read(mapping(func(f *wire.Fields) { f.Str("token", &token) })); err != nil {
			return id, token, by, err
		}
	}
	by, _, err = c.own()
	return id, token, by, err
}

func acceptOffer(c *call) error {
	id, token, by, err := c.offerAnswer()
	if err != nil {
		return err
	}
	m, err := c.UseCases.AcceptOffer(c.ctx, by, id, token)
	if err != nil {
		return err
	}
	return c.object(mapping(func(f *wire.Fields) {
		f.Str("id", &m.OrgID)
		f.Str("slug", &m.Slug)
		f.Str("name", &m.Name)
		f.Str("role", (*string)(&m.Role))
	}))
}

func declineOffer(c *call) error {
	id, token, by, err := c.offerAnswer()
	if err != nil {
		return err
	}
	if err := c.UseCases.DeclineOffer(c.ctx, by, id, token); err != nil {
		return err
	}
	return c.json(fiber.StatusNoContent, nil)
}
