package api

import (
	"statuspage/server/auth"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/wire"
)

func getOrganization(c *call) error {
	p, err := c.page()
	if err != nil {
		return err
	}
	return c.versioned(p.State.Org.Version, &p.State.Org)
}

func editOrganization(c *call) error {
	var command page.EditPage
	if err := c.read(&command); err != nil {
		return err
	}
	version, err := c.ifMatch()
	if err != nil {
		return err
	}
	either(&command.Version, version)
	if command.Logo != nil && *command.Logo != "" {
		return fault.OnField("logo", "A logo is put at organization/logo; here it can only be taken off.")
	}
	return c.change(&command)
}

// snapshot is the whole page state that the dashboard works on.
func snapshot(c *call) error {
	p, err := c.page()
	if err != nil {
		return err
	}
	return c.object(mapping(func(f *wire.Fields) {
		p.State.Wire(f)
		f.Str("epoch", &p.Epoch)
	}))
}

// me is who calls; somebody who has chosen no organisation has no role.
func me(c *call) error {
	var org *page.Org
	if c.who.OrgID != "" {
		p, err := c.page()
		if err != nil {
			return err
		}
		org = &p.State.Org
	}
	return c.object(mapping(func(f *wire.Fields) {
		f.Derived("id", c.who.ID)
		f.Derived("kind", string(c.who.Kind))
		f.Derived("email", c.who.Email)
		f.Derived("name", c.who.Name)
		if org == nil {
			f.Raw("role", []byte("null"))
			f.Raw("organization", []byte("null"))
			return
		}
		f.Derived("role", string(roleOf(c.who)))
		wire.One(f, "organization", org, wireOrgRef)
	}))
}

// roleOf says what a key may do in the words of roles.
func roleOf(who auth.Principal) auth.Role {
	switch {
	case who.Kind != auth.KindKey:
		return who.Role
	case who.Has(auth.ScopeWrite):
		return auth.Admin
	}
	return auth.Member
}

func wireOrgRef(o *page.Org, f *wire.Fields) {
	f.Str("id", &o.ID)
	f.Str("slug", &o.Slug)
	f.Str("name", &o.Name)
}

func listOrganizations(c *call) error {
	all, err := c.DB.Memberships(c.ctx, c.who.ID)
	if err != nil {
		return err
	}
	if c.who.Kind == auth.KindKey {
		all = []store.Membership{{OrgID: c.who.OrgID, Slug: c.who.OrgSlug, Name: c.who.OrgName, Role: roleOf(c.who)}}
	}
	return inMemory(c, all, func(m *store.Membership, f *wire.Fields) {
		f.Str("id", &m.OrgID)
		f.Str("slug", &m.Slug)
		f.Str("name", &m.Name)
		f.Str("role", (*string)(&m.Role))
	})
}
