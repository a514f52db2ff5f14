package api

import (
	"statuspage/server/auth"
	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/fault"
	"statuspage/shared/wire"
)

func listMembers(c *call) error { return stored(c, c.org().Team, usecase.WirePerson) }

// offerMembership offers a membership to an address. A password is the person's own to choose: there is no way to bring
// one.
func offerMembership(c *call) error {
	n, password := usecase.NewOffer{Role: auth.Member}, ""
	if err := c.read(mapping(func(f *wire.Fields) {
		f.Str("email", &n.Email)
		f.Str("name", &n.Name)
		f.Str("role", (*string)(&n.Role))
		if f.Reading() {
			f.Str("password", &password)
		}
	})); err != nil {
		return err
	}
	if password != "" {
		return fault.OnField("password", "Everybody chooses their own password, when they accept.")
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	door := c.door()
	if door.Mails {
		if err := c.Limits.Offer(c.Ctx, c.who.OrgID, n.Email); err != nil {
			return err
		}
	}
	made, err := c.UseCases.Offer(c.ctx, by, c.who.OrgID, n, door)
	if err != nil {
		return err
	}
	return c.made(&made)
}

// renewOffer makes another link for an offer, mailed where mail is, else answered this once.
func renewOffer(c *call) error {
	id, err := c.id("member")
	if err != nil {
		return err
	}
	mail, door := false, c.door()
	if len(c.Body()) > 0 {
		if err := c.read(mapping(func(f *wire.Fields) { f.Bool("mail", &mail) })); err != nil {
			return err
		}
	}
	if mail {
		if _, err := c.mailBase(); err != nil {
			return err
		}
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	if door.Mails {
		if err := c.Limits.Offer(c.Ctx, c.who.OrgID, id); err != nil {
			return err
		}
	}
	made, err := c.UseCases.Renew(c.ctx, by, c.who.OrgID, id, door)
	if err != nil {
		return err
	}
	return c.made(mapping(func(f *wire.Fields) {
		f.Str("url", &made.URL)
		f.Bool("mailed", &made.Mailed)
	}))
}

func editMember(c *call) error {
	id, err := c.id("member")
	if err != nil {
		return err
	}
	var role string
	if err := c.read(mapping(func(f *wire.Fields) { f.Str("role", &role) })); err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	member, err := c.UseCases.SetRole(c.ctx, by, c.who.OrgID, id, auth.Role(role))
	if err != nil {
		return err
	}
	c.asOf()
	return c.object(mapping(func(f *wire.Fields) { usecase.WirePerson(&member, f) }))
}

func removeMember(c *call) error {
	id, err := c.id("member")
	if err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	if err := c.UseCases.RemoveMember(c.ctx, by, c.who.OrgID, id); err != nil {
		return err
	}
	if c.Kick != nil {
		c.Kick(c.who.OrgID, id)
	}
	c.asOf()
	return c.json(204, nil)
}

func wireKey(k *store.Key, f *wire.Fields) {
	f.Str("id", &k.ID)
	f.Str("name", &k.Name)
	f.Str("prefix", &k.Prefix)
	f.Strings("scopes", &k.Scopes)
	f.Bool("legacy", &k.Legacy)
	f.Str("created_by", &k.CreatedBy)
	f.Str("created_by_name", &k.CreatedByName)
	usecase.WireKeyOwner(&k.Owner, f)
	f.Time("created_at", &k.CreatedAt)
	f.NullTime("expires_at", &k.ExpiresAt)
	f.NullTime("last_used_at", &k.LastUsedAt)
}

func listKeys(c *call) error { return stored(c, c.org().Keys, wireKey) }

func createKey(c *call) error {
	var k usecase.NewKey
	if err := c.read(mapping(func(f *wire.Fields) {
		f.Str("name", &k.Name)
		f.Strings("scopes", &k.Scopes)
		f.NullTime("expires_at", &k.ExpiresAt)
	})); err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	key, text, err := c.UseCases.CreateKey(c.ctx, by, c.who.OrgID, k)
	if err != nil {
		return err
	}
	return c.made(mapping(func(f *wire.Fields) {
		wireKey(&key, f)
		f.Derived("key", text)
	}))
}

// handKey makes another admin the one with whom a key ends.
func handKey(c *call) error {
	id, err := c.id("key")
	if err != nil {
		return err
	}
	var to string
	if err := c.read(mapping(func(f *wire.Fields) { f.Str("owner", &to) })); err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	key, err := c.UseCases.HandKey(c.ctx, by, c.who.OrgID, id, to)
	if err != nil {
		return err
	}
	c.asOf()
	return c.object(mapping(func(f *wire.Fields) { wireKey(&key, f) }))
}

func revokeKey(c *call) error {
	id, err := c.id("key")
	if err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	if err := c.UseCases.RevokeKey(c.ctx, by, c.who.OrgID, id); err != nil {
		return err
	}
	c.asOf()
	return c.json(204, nil)
}
