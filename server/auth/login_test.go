package auth

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// people is a store of accounts.
type people map[string]Account

func (p people) AccountByEmail(_ context.Context, email string) (Account, error) {
	if a, ok := p[strings.ToLower(email)]; ok {
		return a, nil
	}
	return Account{}, ErrUnknown
}

func TestOneAnswerForEveryLoginThatFails(t *testing.T) {
	passwords := NewPasswords(2)
	hash, err := passwords.Hash(t.Context(), "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	accounts := people{"ada@example.com": {UserID: "u-1", PasswordHash: hash}, "invited@example.com": {UserID: "u-2"}}
	if a, err := Login(t.Context(), accounts, passwords, "Ada@example.com", "correct horse battery"); err != nil || a.UserID != "u-1" {
		t.Fatalf("%+v, %v", a, err)
	}
	answers := map[string]bool{}
	for _, c := range [][2]string{
		{"ada@example.com", "wrong horse battery"}, {"ada@example.com", ""}, {"nobody@example.com", "correct horse battery"},
		{"invited@example.com", ""}, {"invited@example.com", "correct horse battery"}, {"", ""},
	} {
		a, err := Login(t.Context(), accounts, passwords, c[0], c[1])
		if err == nil || a != (Account{}) {
			t.Fatalf("%v signed in as %+v", c, a)
		}
		answers[err.Error()] = true
	}
	if len(answers) != 1 {
		t.Errorf("the answers differ: %v", answers)
	}
}

func TestTheTimeOfALoginDoesNotTellWhoExists(t *testing.T) {
	passwords := NewPasswords(1)
	hash, err := passwords.Hash(t.Context(), "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	accounts := people{"ada@example.com": {UserID: "u-1", PasswordHash: hash}, "invited@example.com": {UserID: "u-2"}}
	fastest := func(email string) time.Duration {
		var took []time.Duration
		for range 5 {
			start := time.Now()
			Login(t.Context(), accounts, passwords, email, "wrong horse battery")
			took = append(took, time.Since(start))
		}
		return slices.Min(took)
	}
	known := fastest("ada@example.com")
	for _, email := range []string{"nobody@example.com", "invited@example.com"} {
		if took := fastest(email); took < known/4 {
			t.Errorf("%s takes %v, a known address %v", email, took, known)
		}
	}
}

type brokenAccounts struct{ err error }

func (b brokenAccounts) AccountByEmail(context.Context, string) (Account, error) {
	return Account{}, b.err
}

func TestALoginThatTheStoreCannotAnswerIsNoWrongPassword(t *testing.T) {
	broken := errors.New("disk on fire")
	if _, err := Login(t.Context(), brokenAccounts{broken}, NewPasswords(1), "a@example.com", "x"); !errors.Is(err, broken) {
		t.Errorf("it became %v", err)
	}
}
