package api

import (
	"statuspage/server/auth"
	"statuspage/server/desk"
	"statuspage/server/store"
	"statuspage/shared/wire"
)

func wireMember(m *store.Member, f *wire.Fields) {
	f.Str("id", &m.UserID)
	f.Str("email", &m.Email)
	f.Str("name", &m.Name)
	f.Str("role", (*string)(&m.Role))
	f.Time("created_at", &m.CreatedAt)
}

func listMembers(c *call) error {
	if _, err := c.page(); err != nil { // waits for what the caller has seen
		return err
	}
	number, span, err := c.span()
	if err != nil {
		return err
	}
	found, count, err := c.org().Members(c.ctx, span)
	if err != nil {
		return err
	}
	return paged(c, number, span, count, found, wireMember)
}

func addMember(c *call) error {
	m := desk.NewMember{Role: auth.Member}
	if err := c.read(mapping(func(f *wire.Fields) {
		f.Str("email", &m.Email)
		f.Str("name", &m.Name)
		f.Str("role", (*string)(&m.Role))
		f.Str("password", &m.Password)
	})); err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	member, err := c.Desk.AddMember(c.ctx, by, c.who.OrgID, m)
	if err != nil {
		return err
	}
	return c.made(mapping(func(f *wire.Fields) { wireMember(&member, f) }))
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
	member, err := c.Desk.SetRole(c.ctx, by, c.who.OrgID, id, auth.Role(role))
	if err != nil {
		return err
	}
	c.asOf()
	return c.object(mapping(func(f *wire.Fields) { wireMember(&member, f) }))
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
	if err := c.Desk.RemoveMember(c.ctx, by, c.who.OrgID, id); err != nil {
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
	f.Str("created_by", &k.CreatedBy)
	f.Time("created_at", &k.CreatedAt)
	f.NullTime("expires_at", &k.ExpiresAt)
	f.NullTime("last_used_at", &k.LastUsedAt)
}

func listKeys(c *call) error {
	if _, err := c.page(); err != nil { // waits for what the caller has seen
		return err
	}
	number, span, err := c.span()
	if err != nil {
		return err
	}
	found, count, err := c.org().Keys(c.ctx, span)
	if err != nil {
		return err
	}
	return paged(c, number, span, count, found, wireKey)
}

func createKey(c *call) error {
	var k desk.NewKey
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
	key, text, err := c.Desk.CreateKey(c.ctx, by, c.who.OrgID, k)
	if err != nil {
		return err
	}
	return c.made(mapping(func(f *wire.Fields) {
		wireKey(&key, f)
		f.Derived("key", text)
	}))
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
	if err := c.Desk.RevokeKey(c.ctx, by, c.who.OrgID, id); err != nil {
		return err
	}
	c.asOf()
	return c.json(204, nil)
}
