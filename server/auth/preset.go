package auth

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// presets is where each issuer puts organisation and role, in the order in which the shapes are tried. docs/auth.md
// has a worked example of each.
var presets = map[string][]Shape{
	// Clerk session tokens, version 2 first.
	"clerk": {
		person(Shape{
			Org: claim("/o/id", FormString), OrgSlug: claim("/o/slg", FormString),
			Role: claim("/o/rol", FormString), RolePrefix: "org:",
		}),
		person(Shape{
			Org: claim("/org_id", FormString), OrgSlug: claim("/org_slug", FormString),
			Role: claim("/org_role", FormString), RolePrefix: "org:",
		}),
	},
	// Auth0 has no claim for an organisation's roles: an Action adds the namespaced one.
	"auth0": {
		person(Shape{
			Org: claim("/org_id", FormString), OrgSlug: claim("/org_name", FormString),
			Role: claim("/https:~1~1statuspage~1roles", FormList),
		}),
	},
	// Keycloak names the organisation by its alias: as an object's name, or in a list. Roles are the realm's, so
	// they hold in every organisation of the realm that the person belongs to.
	"keycloak": {
		person(Shape{
			Org: claim("/organization", FormMapKeys), OrgSlug: claim("/organization", FormMapKeys),
			Role: claim("/realm_access/roles", FormList),
		}),
		person(Shape{
			Org: claim("/organization", FormList), OrgSlug: claim("/organization", FormList),
			Role: claim("/realm_access/roles", FormList),
		}),
	},
	// Zitadel says of each role in which organisations it was granted, which need not be the person's own.
	"zitadel": {
		person(Shape{
			Org:     claim("/urn:zitadel:iam:user:resourceowner:id", FormString),
			OrgName: claim("/urn:zitadel:iam:user:resourceowner:name", FormString),
			Role:    claim("/urn:zitadel:iam:org:project:roles", FormMapKeysOfOrg),
		}),
	},
	"workos": {
		person(Shape{Org: claim("/org_id", FormString), Role: claim("/role", FormString)}),
	},
	// Our own tokens have Clerk's second shape.
	"local": {
		person(Shape{
			Org: claim("/o/id", FormString), OrgSlug: claim("/o/slg", FormString), Role: claim("/o/rol", FormString),
		}),
	},
}

// person adds the claims that every issuer names alike (OpenID Connect Core, section 5.1, and `sid`).
func person(s Shape) Shape {
	s.Email, s.Name = claim("/email", FormString), claim("/name", FormString)
	s.Session = claim("/sid", FormString)
	return s
}

// Overrides are the JSON Pointers of AUTH_CLAIM_ORG, AUTH_CLAIM_ORG_SLUG and AUTH_CLAIM_ROLE; an empty one leaves
// the preset's.
type Overrides struct {
	Org, OrgSlug, Role string
}

// Shapes are the shapes of a preset with the operator's own pointers in their place.
func Shapes(preset string, over Overrides) ([]Shape, error) {
	shapes, ok := presets[preset]
	if !ok {
		names := slices.Sorted(maps.Keys(presets))
		return nil, fmt.Errorf("there is no identity preset %q: use one of %s", preset, strings.Join(names, ", "))
	}
	shapes = slices.Clone(shapes)
	for i := range shapes {
		if err := shapes[i].override(over); err != nil {
			return nil, err
		}
	}
	return shapes, nil
}

func (s *Shape) override(over Overrides) error {
	for _, one := range []struct {
		name, text string
		claim      *Claim
	}{
		{"organisation", over.Org, &s.Org}, {"organisation's slug", over.OrgSlug, &s.OrgSlug},
		{"role", over.Role, &s.Role},
	} {
		if one.text == "" {
			continue
		}
		at, err := ParsePointer(one.text)
		if err != nil {
			return fmt.Errorf("claim of the %s: %w", one.name, err)
		}
		if one.claim.At = at; one.claim.Form != FormMapKeysOfOrg {
			one.claim.Form = FormAny
		}
	}
	return nil
}
