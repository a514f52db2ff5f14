package auth

import (
	"errors"

	"statuspage/shared/fault"
)

// ErrUnknown is what the store's lookups return for something that is not there. It never reaches a caller as it is.
var ErrUnknown = errors.New("auth: no such record")

// The sentences of this package, in one place so that two ways to the same refusal cannot differ by a word.

func errSignIn() *fault.Error {
	return fault.New(fault.Unauthenticated, "Sign in to do this.")
}

func errExpired() *fault.Error {
	return fault.New(fault.Unauthenticated, "Your sign-in has expired. Sign in again.")
}

func errPending() *fault.Error {
	return fault.New(fault.Unauthenticated, "Your sign-in is not finished yet. Complete it and try again.")
}

func errToken() *fault.Error {
	return fault.New(fault.Unauthenticated, "This token is not accepted here.")
}

func errKey() *fault.Error {
	return fault.New(fault.Unauthenticated, "This API key is not valid.")
}

func errKeyExpired() *fault.Error {
	return fault.New(fault.Unauthenticated, "This API key has expired.")
}

func errCredentials() *fault.Error {
	return fault.New(fault.Unauthenticated, "The e-mail address or the password is not right.")
}

func errSession() *fault.Error {
	return fault.New(fault.Unauthenticated, "Your session has ended. Sign in again.")
}

func errUnfinished() *fault.Error {
	return fault.New(fault.Unauthenticated, "This sign-in is too old, or was finished already. Sign in again.")
}

func errNotOurs() *fault.Error {
	return fault.New(fault.Unavailable, "The identity provider does not know this installation as it should. Its "+
		"operator finds the reason in the log.")
}

func errNoOrg() *fault.Error {
	return fault.New(fault.Forbidden, "Your sign-in names no organisation. Choose one with your identity provider, "+
		"or ask its administrator.")
}

func errNotFound() *fault.Error {
	return fault.New(fault.NotFound, "There is nothing here by that name.")
}

func errNoRole() *fault.Error {
	return fault.New(fault.Forbidden, "Your account has no role in this organisation. Ask one of its admins.")
}

func errNotAdmin() *fault.Error {
	return fault.New(fault.Forbidden, "Only admins can change this. Ask one of your organisation's admins.")
}

func errSeveralOrgs() *fault.Error {
	return fault.New(fault.Forbidden, "Your sign-in names several organisations. Choose one of them and sign in again.")
}

// whatScope says what a scope is for.
var whatScope = map[Scope]string{
	ScopeRead:  "for reading",
	ScopeWrite: "for changing the page: services, incidents, maintenance, templates and subscribers",
	ScopeAdmin: "for people, keys and settings",
}

func errKeyScope(scope Scope) *fault.Error {
	return fault.New(fault.Forbidden, "This API key does not have the scope %s, which is %s.", string(scope),
		whatScope[scope])
}

func ErrPasskey() *fault.Error {
	return fault.New(fault.Unauthenticated, "This passkey is not accepted here.").
		With("passkey", "This passkey is not accepted here.")
}

// ErrNeedsFactor is what everything of an organisation answers that asks for a second factor, to a session that has
// shown none.
func ErrNeedsFactor() *fault.Error {
	return fault.New(fault.Forbidden, "This organization asks for a second factor, and this session has shown none. "+
		"Set one up under Account, or sign in again with it.").Because(fault.SecondFactorRequired)
}

func errIssuerAway() *fault.Error {
	e := fault.New(fault.Unavailable, "The service that signs people in cannot be reached. Try again in a moment.")
	e.RetryAfter = 5
	return e
}

func errBusy() *fault.Error {
	e := fault.New(fault.Unavailable, "Too many people are signing in at this moment. Try again in a moment.")
	e.RetryAfter = 2
	return e
}
