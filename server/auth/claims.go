package auth

import (
	"slices"
	"strings"
)

// Form says how a claim holds its values.
type Form string

const (
	// FormString is one string.
	FormString Form = "string"
	// FormList is a list of strings.
	FormList Form = "list"
	// FormMapKeys is an object whose names are the values.
	FormMapKeys Form = "map_keys"
	// FormMapKeysOfOrg is an object whose names are the values, each only where it holds the organisation's id:
	// {"admin": {"org-1": …}} says nothing about org-2.
	FormMapKeysOfOrg Form = "map_keys_of_org"
	// FormAny takes whichever of string, list and map_keys the token has; for pointers that an operator gave.
	FormAny Form = "any"
)

// Claim is one fact of a token as data: where it stands and in what form.
type Claim struct {
	At   Pointer
	Form Form
}

func claim(at string, form Form) Claim { return Claim{pointer(at), form} }

// values are the claim's values in a steady order. What has another form than promised counts as absent.
func (c Claim) values(claims map[string]any, orgID string) []string {
	found, ok := c.At.Find(claims)
	if !ok {
		return nil
	}
	switch value := found.(type) {
	case string:
		if value != "" && c.takes(FormString) {
			return []string{value}
		}
	case []any:
		if c.takes(FormList) {
			return texts(value)
		}
	case map[string]any:
		return c.names(value, orgID)
	}
	return nil
}

func (c Claim) takes(form Form) bool { return c.Form == form || c.Form == FormAny }

func (c Claim) names(value map[string]any, orgID string) []string {
	var names []string
	for name, inside := range value {
		if name != "" && (c.takes(FormMapKeys) || c.Form == FormMapKeysOfOrg && holds(inside, orgID)) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func holds(inside any, orgID string) bool {
	orgs, ok := inside.(map[string]any)
	if !ok {
		return false
	}
	_, ok = orgs[orgID]
	return ok
}

func texts(list []any) []string {
	var out []string
	for _, item := range list {
		if s, ok := item.(string); ok && s != "" {
			out = append(out, s)
		}
	}
	return out
}

// first is the value of a claim that should have one.
func (c Claim) first(claims map[string]any) string {
	if v := c.values(claims, ""); len(v) > 0 {
		return v[0]
	}
	return ""
}

// Shape is where one kind of token keeps its facts.
type Shape struct {
	Org, OrgSlug, OrgName, Role Claim
	Email, Name, Session        Claim
	// RolePrefix is cut off a role's name before it is compared with ours.
	RolePrefix string
}

// read fills a Principal from verified claims by the first shape whose organisation the token names.
//
// A token that names no organisation is a Principal without one. A token that names an organisation and no role of
// ours, or several organisations, is refused.
func read(shapes []Shape, claims map[string]any) (Principal, error) {
	for _, shape := range shapes {
		orgs := shape.Org.values(claims, "")
		if len(orgs) == 0 {
			continue
		}
		if len(orgs) > 1 {
			return Principal{}, errSeveralOrgs()
		}
		p := shape.person(claims)
		p.OrgID = orgs[0]
		p.OrgSlug, p.OrgName = shape.OrgSlug.first(claims), shape.OrgName.first(claims)
		if p.Role = shape.role(claims, p.OrgID); p.Role == "" {
			return Principal{}, errNoRole()
		}
		return p, nil
	}
	return shapes[0].person(claims), nil
}

func (s Shape) person(claims map[string]any) Principal {
	return Principal{
		Kind: KindUser, Email: s.Email.first(claims), Name: s.Name.first(claims), SessionID: s.Session.first(claims),
	}
}

func (s Shape) role(claims map[string]any, orgID string) Role {
	names := s.Role.values(claims, orgID)
	for i, name := range names {
		names[i] = strings.TrimPrefix(name, s.RolePrefix)
	}
	return highest(names)
}
