package auth

import (
	"context"
	"errors"
	"fmt"
)

// Account is a person who can sign in with a password.
type Account struct {
	UserID, Email, Name string
	// PasswordHash is what Passwords.Hash made; empty for one who has set no password.
	PasswordHash string
}

// Accounts finds who signs in with an address, however it is written in upper and lower case; ErrUnknown when nobody
// does.
type Accounts interface {
	AccountByEmail(ctx context.Context, email string) (Account, error)
}

// Login is the account behind an address and its password. An unknown address, an account without a password and a
// wrong password are one answer, and take the same time.
func Login(ctx context.Context, accounts Accounts, passwords *Passwords, email, password string) (Account, error) {
	account, err := accounts.AccountByEmail(ctx, email)
	if err != nil && !errors.Is(err, ErrUnknown) {
		return Account{}, fmt.Errorf("find who signs in: %w", err)
	}
	if err != nil {
		account = Account{}
	}
	right, err := passwords.Matches(ctx, account.PasswordHash, password)
	if err != nil {
		return Account{}, err
	}
	if !right {
		return Account{}, errCredentials()
	}
	return account, nil
}
