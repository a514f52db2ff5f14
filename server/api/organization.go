package api

import (
	"github.com/gofiber/fiber/v2"

	"statuspage/server/auth"
	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/wire"
)

func init() {
	reads[page.OrgNoun] = []Route{
		{"GET", "/api/v1/organization", Read, getOrganization},
	}
}

func getOrganization(c *call) error {
	p, err := c.page()
	if err != nil {
		return err
	}
	org := p.State.Org
	if err := c.detailed(&org); err != nil {
		return err
	}
	return c.versioned(org.Version, &org)
}

// detailed adds to an organisation what only its admins may know.
func (c *call) detailed(org *page.Org) error {
	if c.who.MayAdminister(org.ID) != nil {
		return nil
	}
	return c.UseCases.AccessDetails(c.ctx, org)
}

// toldPage answers with what became of a change of the organisation.
func (c *call) toldPage(answer store.Answer) error {
	var org page.Org
	if answer.Status == fiber.StatusOK && wire.Unmarshal([]byte(answer.Body), &org) == nil && org.Access.ID != "" {
		if err := c.detailed(&org); err == nil { // else the details have changed since
			answer.Body = string(wire.Marshal(&org))
		}
	}
	return c.told(answer)
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
	provable, err := c.UseCases.Provable(c.ctx, c.who, c.door())
	if err != nil {
		return err
	}
	return c.object(mapping(func(f *wire.Fields) {
		f.Derived("id", c.who.ID)
		f.Derived("kind", string(c.who.Kind))
		f.Derived("email", c.who.Email)
		f.Bool("provable", &provable)
		f.Derived("name", c.who.Name)
		wireScopes(c.who, f)
		if org == nil {
			f.Raw("role", []byte("null"))
			f.Raw("organization", []byte("null"))
			return
		}
		f.Derived("role", string(roleOf(c.who)))
		wire.One(f, "organization", org, wireOrgRef)
	}))
}

// wireScopes is what a key's scopes are, or null for a person.
func wireScopes(who auth.Principal, f *wire.Fields) {
	if who.Kind != auth.KindKey {
		f.Raw("scopes", []byte("null"))
		return
	}
	scopes := make([]string, len(who.Scopes))
	for i, s := range who.Scopes {
		scopes[i] = string(s)
	}
	f.Strings("scopes", &scopes)
}

// roleOf says what a key may do in the words of roles.
func roleOf(who auth.Principal) auth.Role {
	switch {
	case who.Kind != auth.KindKey:
		return who.Role
	case who.Has(auth.ScopeWrite) || who.Has(auth.ScopeAdmin):
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
