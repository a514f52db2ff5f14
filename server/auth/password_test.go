package auth

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"statuspage/shared/fault"
)

func TestPasswordsHaveTenTo256Characters(t *testing.T) {
	for password, good := range map[string]bool{
		"": false, "123456789": false, "1234567890": true, "zwölf äöüß": true, "ééééééééé": false,
		strings.Repeat("é", 256): true,
		strings.Repeat("é", 257): false, "bad \xff bytes in it": false, "          ": true,
	} {
		err := CheckPassword(password)
		var f *fault.Error
		if good != (err == nil) {
			t.Errorf("%q: %v", password, err)
		} else if err != nil && (!errors.As(err, &f) || f.Code != fault.Invalid || len(f.Fields) != 1 ||
			f.Fields[0].Name != "password") {
			t.Errorf("%q: the refusal is not on the field: %+v", password, f)
		}
	}
}

func TestAPasswordMatchesItsHashAlone(t *testing.T) {
	p := NewPasswords(2)
	const right = "correct horse battery"
	stored, err := p.Hash(t.Context(), right)
	if err != nil || !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%s, %v", stored, err)
	}
	again, _ := p.Hash(t.Context(), right)
	if again == stored {
		t.Error("two hashes of one password are the same: there is no salt")
	}
	for _, c := range []struct {
		name, stored, password string
		want                   bool
	}{
		{"right", stored, right, true}, {"right, the other hash", again, right, true},
		{"wrong", stored, right + "!", false},
		{"empty", stored, "", false}, {"capitals", stored, strings.ToUpper(right), false},
		{"no account", "", right, false},
		{"no account and no password", "", "", false}, {"a megabyte", stored, strings.Repeat("x", 1<<20), false},
	} {
		if got, err := p.Matches(t.Context(), c.stored, c.password); err != nil || got != c.want {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
	if _, err := p.Hash(t.Context(), "short"); code(err) != fault.Invalid {
		t.Errorf("a short one is hashed: %v", err)
	}
}

// The vector is from the reference implementation of argon2 (its test of argon2id with version 19).
func TestHashesOfOtherProgramsAreRead(t *testing.T) {
	const theirs = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	p := NewPasswords(1)
	if ok, err := p.Matches(t.Context(), theirs, "password"); err != nil || !ok {
		t.Errorf("%v, %v", ok, err)
	}
	if ok, err := p.Matches(t.Context(), theirs, "Password"); err != nil || ok {
		t.Errorf("another password: %v, %v", ok, err)
	}
	mine, _ := p.Hash(t.Context(), "correct horse battery")
	if !Outdated(theirs) || Outdated(mine) || !Outdated("nonsense") {
		t.Error("which hashes should be made anew is mistaken")
	}
}

func TestDamagedHashesAreAnErrorAndCostNothing(t *testing.T) {
	p := NewPasswords(1)
	const salt, hash = "c29tZXNhbHQ", "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	for _, stored := range []string{
		"x", "$argon2i$v=19$m=65536,t=2,p=1$" + salt + "$" + hash, "$argon2id$v=16$m=65536,t=2,p=1$" + salt + "$" +
			hash,
		"$argon2id$v=19$m=4294967295,t=2,p=1$" + salt + "$" + hash, "$argon2id$v=19$m=65536,t=4000000,p=1$" + salt +
			"$" + hash,
		"$argon2id$v=19$m=65536,t=0,p=1$" + salt + "$" + hash, "$argon2id$v=19$m=65536,t=2,p=0$" + salt + "$" + hash,
		"$argon2id$v=19$m=65536$" + salt + "$" + hash, "$argon2id$v=19$m=65536,t=2,p=1$$" + hash,
		"$argon2id$v=19$m=65536,t=2,p=1$" + salt + "$",
		"$argon2id$v=19$m=65536,t=2,p=1$" + salt + "$!!!!", "$2b$12$abcdefghijklmnopqrstuv",
	} {
		if ok, err := p.Matches(t.Context(), stored, "password"); err == nil || ok {
			t.Errorf("%s: %v", stored, ok)
		}
	}
}

func TestAFloodOfLoginsIsTurnedAwayRatherThanQueued(t *testing.T) {
	p := NewPasswords(1)
	var all sync.WaitGroup
	ctx, cancel := context.WithCancel(t.Context())
	done, err := p.turns.take(ctx) // a hash that takes for ever
	if err != nil {
		t.Fatal(err)
	}
	for range waiting {
		all.Go(func() {
			if _, err := p.Matches(ctx, "", "password"); code(err) != fault.Unavailable {
				t.Errorf("one who waited: %v", err)
			}
		})
	}
	eventually(t, "the queue is full", func() bool { return p.turns.inLine() == waiting })
	start := time.Now()
	much := Asking(t.Context(), Asker{From: "192.0.2.1"})
	p.turns.count("192.0.2.1")
	if _, err := p.Matches(much, "", "password"); code(err) != fault.Unavailable {
		t.Errorf("one more: %v", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it waited %v", took)
	}
	cancel()
	all.Wait()
	done()
	if ok, err := p.Matches(t.Context(), "", "password"); err != nil || ok {
		t.Errorf("after the flood: %v, %v", ok, err)
	}
}

func BenchmarkHash(b *testing.B) {
	p := NewPasswords(1)
	for b.Loop() {
		p.Hash(b.Context(), "correct horse battery")
	}
}
