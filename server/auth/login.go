package auth

import (
	"context"
	"fmt"
)

// Account is a person who can sign in with a password.
type Account struct {
	UserID, Email, Name string
	// PasswordHash is what Passwords.Hash made; empty for one who has set no password.
	PasswordHash string
	// Version is that of the credentials: a session is made for no other one.
	Version int64
}

// Accounts finds who may sign in with an address, however it is written in upper and lower case: the one whose address
// is proved, then others. hashes is how many passwords a sign-in compares, the same for every address; there are no
// more accounts than that. slug names an organisation whose accounts come before other unproved ones.
type Accounts interface {
	Accounts(ctx context.Context, email, slug string) (found []Account, hashes int, err error)
}

// Login lists the accounts behind an address that have this password. An unknown address, an account without a password
// and a wrong password are one answer, and take the same time: as many hashes are computed, whoever there is.
func Login(ctx context.Context, accounts Accounts, passwords *Passwords, email, slug,
	password string) ([]Account, error) {
	found, hashes, err := accounts.Accounts(ctx, email, slug)
	if err != nil {
		return nil, fmt.Errorf("find who signs in: %w", err)
	}
	var right []Account
	for i := range max(hashes, len(found)) {
		var one Account
		if i < len(found) {
			one = found[i]
		}
		matches, err := passwords.Matches(ctx, one.PasswordHash, password)
		if err != nil {
			return nil, err
		}
		if matches {
			right = append(right, one)
		}
	}
	if len(right) == 0 {
		return nil, errCredentials()
	}
	return right, nil
}
