package auth

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// people is a store of accounts, by address.
type people map[string][]Account

func (p people) Accounts(_ context.Context, email, _ string) ([]Account, int, error) {
	most := 1
	for _, list := range p {
		most = max(most, len(list))
	}
	return p[strings.ToLower(email)], most, nil
}

func TestOneAnswerForEveryLoginThatFails(t *testing.T) {
	passwords := NewPasswords(2)
	hash, err := passwords.Hash(t.Context(), "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	accounts := people{"ada@example.com": {{UserID: "u-1", PasswordHash: hash}},
		"invited@example.com": {{UserID: "u-2"}}}
	if a, err := Login(t.Context(), accounts, passwords, "Ada@example.com", "", "correct horse battery"); err != nil ||
		len(a) != 1 || a[0].UserID != "u-1" {
		t.Fatalf("%+v, %v", a, err)
	}
	answers := map[string]bool{}
	for _, c := range [][2]string{
		{"ada@example.com", "wrong horse battery"}, {"ada@example.com", ""},
		{"nobody@example.com", "correct horse battery"},
		{"invited@example.com", ""}, {"invited@example.com", "correct horse battery"}, {"", ""},
	} {
		a, err := Login(t.Context(), accounts, passwords, c[0], "", c[1])
		if err == nil || a != nil {
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
	accounts := people{"ada@example.com": {{UserID: "u-1", PasswordHash: hash}},
		"invited@example.com": {{UserID: "u-2"}}}
	fastest := func(email string) time.Duration {
		var took []time.Duration
		for range 5 {
			start := time.Now()
			Login(t.Context(), accounts, passwords, email, "", "wrong horse battery")
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

// Several accounts may have one address while nobody has proved it: the password tells them apart, and how many there
// are costs nobody time.
func TestEveryAddressCostsAsManyHashesAsTheOneThatHasMost(t *testing.T) {
	passwords := NewPasswords(1)
	var list []Account
	for _, password := range []string{"correct horse battery", "another horse battery"} {
		hash, err := passwords.Hash(t.Context(), password)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, Account{UserID: password[:7], PasswordHash: hash})
	}
	accounts := people{"ada@example.com": list, "eve@example.com": list[:1]}
	if a, err := Login(t.Context(), accounts, passwords, "ada@example.com", "", "another horse battery"); err != nil ||
		len(a) != 1 || a[0].UserID != "another" {
		t.Errorf("%+v, %v", a, err)
	}
	computed := func(email string) (n int) {
		counting := &Passwords{turns: newTurns(1), dummy: passwords.dummy, computed: func() { n++ }}
		_, _ = Login(t.Context(), accounts, counting, email, "", "wrong horse battery")
		return n
	}
	for _, email := range []string{"ada@example.com", "eve@example.com", "nobody@example.com"} {
		if n := computed(email); n != 2 {
			t.Errorf("%s costs %d hashes", email, n)
		}
	}
}

type brokenAccounts struct{ err error }

func (b brokenAccounts) Accounts(context.Context, string, string) ([]Account, int, error) {
	return nil, 0, b.err
}

func TestALoginThatTheStoreCannotAnswerIsNoWrongPassword(t *testing.T) {
	broken := errors.New("disk on fire")
	if _, err := Login(t.Context(), brokenAccounts{broken}, NewPasswords(1), "a@example.com", "", "x"); !errors.Is(err,
		broken) {
		t.Errorf("it became %v", err)
	}
}
