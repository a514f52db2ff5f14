package auth

import (
	"errors"
	"strings"
	"testing"
	"time"

	"statuspage/shared/fault"
)

func TestWhoMayReadAndEdit(t *testing.T) {
	soon, past := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	user := func(role Role, org string, expires time.Time) Principal {
		return Principal{Kind: KindUser, ID: "u", OrgID: org, Role: role, ExpiresAt: expires}
	}
	key := func(org string, expires time.Time, scopes ...Scope) Principal {
		return Principal{Kind: KindKey, ID: "k", OrgID: org, Scopes: scopes, ExpiresAt: expires}
	}
	const yes = fault.Code("")
	for _, c := range []struct {
		name       string
		who        Principal
		read, edit fault.Code
	}{
		{"nobody", Principal{}, fault.Unauthenticated, fault.Unauthenticated},
		{"an admin", user(Admin, "acme", soon), yes, yes},
		{"a member", user(Member, "acme", soon), yes, fault.Forbidden},
		{"no role", user("", "acme", soon), fault.Forbidden, fault.Forbidden},
		{"an invented role", user("owner", "acme", soon), fault.Forbidden, fault.Forbidden},
		{"an admin of another organisation", user(Admin, "globex", soon), fault.NotFound, fault.NotFound},
		{"an admin of none", user(Admin, "", soon), fault.NotFound, fault.NotFound},
		{"an admin whose token expired", user(Admin, "acme", past), fault.Unauthenticated, fault.Unauthenticated},
		{"an expired token of another organisation", user(Admin, "globex", past), fault.Unauthenticated,
			fault.Unauthenticated},
		{"a key that reads", key("acme", time.Time{}, ScopeRead), yes, fault.Forbidden},
		{"a key that writes", key("acme", time.Time{}, ScopeWrite), yes, yes},
		{"a key that does both", key("acme", soon, ScopeRead, ScopeWrite), yes, yes},
		{"a key that does nothing", key("acme", soon), fault.Forbidden, fault.Forbidden},
		{"a key of another organisation", key("globex", soon, ScopeWrite), fault.NotFound, fault.NotFound},
		{"an expired key", key("acme", past, ScopeWrite), fault.Unauthenticated, fault.Unauthenticated},
	} {
		if got := code(c.who.MayRead("acme")); got != c.read {
			t.Errorf("%s reads: %q, want %q", c.name, got, c.read)
		}
		if got := code(c.who.MayEdit("acme")); got != c.edit {
			t.Errorf("%s edits: %q, want %q", c.name, got, c.edit)
		}
		if c.who.MayRead("") == nil || c.who.MayEdit("") == nil {
			t.Errorf("%s has the organisation without a name", c.name)
		}
	}
}

func TestRefusalsAreSentences(t *testing.T) {
	for _, err := range []error{
		errSignIn(), errExpired(), errPending(), errToken(), errKey(), errKeyExpired(), errCredentials(), errSession(),
		errNotFound(),
		errNoRole(), errNotAdmin(), errSeveralOrgs(), errKeyScope(ScopeWrite), errIssuerAway(), errBusy(),
	} {
		var f *fault.Error
		if !errors.As(err, &f) || !strings.HasSuffix(f.Message, ".") || strings.Contains(f.Message, "%") {
			t.Errorf("%v", err)
		} else if f.Code == fault.Unavailable && f.RetryAfter == 0 {
			t.Errorf("%v does not say when to come back", err)
		}
	}
}

func TestExpiryHasTheLeewayOfVerification(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p := Principal{ExpiresAt: at}
	if p.Expired(at.Add(Leeway)) || !p.Expired(at.Add(Leeway+1)) || (Principal{}).Expired(at) {
		t.Error("it ends at another moment")
	}
}
