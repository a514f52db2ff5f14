// Package auth says who calls and what they may do: tokens of external issuers and of our own, API keys, passwords,
// sessions, and the webhooks that keep memberships in step.
//
// It stores nothing. What it needs kept is asked of small interfaces that the store implements. Every refusal is a
// *fault.Error, and none of them says which accounts exist.
package auth

import (
	"slices"
	"time"
)

// Leeway is by how much two clocks may differ before exp and nbf are held against a token.
const Leeway = 5 * time.Second

// Kind tells people from programs.
type Kind string

const (
	KindUser Kind = "user"
	KindKey  Kind = "key"
)

// Principal is who calls. OrgID is the one organisation that the token or key is for; it may be empty for a user who
// has not chosen any.
//
// For a token of an external issuer ID and OrgID are the issuer's until Options.Admit has put ours in their place.
type Principal struct {
	Kind    Kind
	ID      string
	Email   string
	Name    string
	OrgID   string
	OrgSlug string
	OrgName string
	Role    Role
	// Scopes are those of an API key; a user has none.
	Scopes []Scope
	// Legacy marks a key that is older than the scope admin. Its `write` is all three.
	Legacy bool
	// OwnerID is the member that a key ends with, OwnerEmail and OwnerName are of that account; empty for a legacy key
	// without one, and for a user.
	OwnerID, OwnerEmail, OwnerName string

	SessionID string
	// LacksFactor marks a user whose session has shown no second factor, in an organisation that asks for one.
	LacksFactor bool
	// Issuer is the exact `iss` of the token; empty for an API key.
	Issuer string
	// IssuedAt is when the token was made; zero for a key, and for a token that does not say.
	IssuedAt time.Time
	// ExpiresAt is when the token or key ends; zero is never.
	ExpiresAt time.Time
	// LastUsed is a key's last use before this one, as far as this region's copy tells; zero is never.
	LastUsed time.Time
}

// Expired tells whether the token or key has ended, with the leeway that its verification gave it.
func (p Principal) Expired(at time.Time) bool {
	return !p.ExpiresAt.IsZero() && at.After(p.ExpiresAt.Add(Leeway))
}

// Has tells whether an API key may all that the scope says, whatever its own are called.
func (p Principal) Has(scope Scope) bool {
	switch {
	case slices.Contains(p.Scopes, scope), p.Legacy && slices.Contains(p.Scopes, ScopeWrite):
		return true
	case scope == ScopeRead:
		return slices.Contains(p.Scopes, ScopeAdmin)
	}
	return false
}

// MayRead says whether the page may be read: nil, or the *fault.Error to answer with. Another organisation's things are
// not found rather than forbidden.
func (p Principal) MayRead(orgID string) error {
	switch {
	case p.Kind == "":
		return errSignIn()
	case p.Expired(time.Now()):
		return errExpired()
	case orgID == "" || p.OrgID != orgID:
		return errNotFound()
	case p.Kind == KindKey && !p.Has(ScopeRead) && !p.Has(ScopeWrite):
		return errKeyScope(ScopeRead)
	case p.Kind == KindUser && ranks[p.Role] == 0:
		return errNoRole()
	case p.LacksFactor:
		return ErrNeedsFactor()
	}
	return nil
}

// MayInspect says whether what is not the page may be read: people, keys, the audit log.
func (p Principal) MayInspect(orgID string) error {
	if err := p.MayRead(orgID); err != nil {
		return err
	}
	if p.Kind == KindKey && !p.Has(ScopeRead) {
		return errKeyScope(ScopeRead)
	}
	return nil
}

// MayEdit says whether the page may be changed.
func (p Principal) MayEdit(orgID string) error { return p.mayChange(orgID, ScopeWrite) }

// MayAdminister says whether people, keys and settings may be changed.
func (p Principal) MayAdminister(orgID string) error { return p.mayChange(orgID, ScopeAdmin) }

func (p Principal) mayChange(orgID string, scope Scope) error {
	if err := p.MayRead(orgID); err != nil {
		return err
	}
	switch {
	case p.Kind == KindKey && !p.Has(scope):
		return errKeyScope(scope)
	case p.Kind == KindUser && p.Role != Admin:
		return errNotAdmin()
	}
	return nil
}
