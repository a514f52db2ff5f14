package auth

import "slices"

// Role is what a member may do in one organisation. The zero Role may do nothing.
type Role string

const (
	Admin  Role = "admin"
	Member Role = "member"
)

// ranks orders the roles; what is not in it is no role.
var ranks = map[Role]int{Member: 1, Admin: 2}

// ParseRole reads a role by its exact name.
func ParseRole(name string) (Role, bool) {
	_, known := ranks[Role(name)]
	return Role(name), known
}

// highest is the strongest role that is named, or none. Names that are no role of ours are skipped.
func highest(names []string) Role {
	var best Role
	for _, name := range names {
		if ranks[Role(name)] > ranks[best] {
			best = Role(name)
		}
	}
	return best
}

// Scope is what an API key may do; each is chosen by itself.
type Scope string

const (
	// ScopeRead reads what a member reads.
	ScopeRead Scope = "read"
	// ScopeWrite reads and writes the page: services, incidents, maintenance, templates, subscribers. It tells nothing
	// of people, keys and the audit log.
	ScopeWrite Scope = "write"
	// ScopeAdmin reads what a member reads, and changes people, keys and settings. It does not write the page.
	ScopeAdmin Scope = "admin"
)

// Scopes lists them by name.
var Scopes = []string{string(ScopeRead), string(ScopeWrite), string(ScopeAdmin)}

// ParseScope reads a scope by its exact name.
func ParseScope(name string) (Scope, bool) {
	return Scope(name), slices.Contains(Scopes, name)
}
