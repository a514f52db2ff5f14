package auth

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
)

const (
	// DeviceTTL is how long a browser is known after its last sign-in.
	DeviceTTL = 180 * 24 * time.Hour
	// deviceAccounts is of how many accounts, the last ones, it is known.
	deviceAccounts = 4
	// maxDevice is longer than any of ours, in bytes.
	maxDevice = 1024
	// deviceIssuer is another than our tokens', so that neither passes for the other.
	deviceIssuer = "statuspage/device"
)

// Device is a browser that has signed in before. It gives no right: its attempts at the passwords of those accounts are
// counted apart, so that nobody else's keep it out.
type Device struct {
	ID       string
	Accounts []string // what deviceAccount makes of their addresses, the last one first
}

// Knows tells whether the device has signed in to the account with this address.
func (d Device) Knows(email string) bool { return slices.Contains(d.Accounts, deviceAccount(email)) }

// deviceAccount stands for an address: who reads the cookie, reads no address.
func deviceAccount(email string) string {
	sum := sha256.Sum256([]byte(deviceIssuer + " " + strings.ToLower(strings.TrimSpace(email))))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// Devices signs and reads what known devices keep as a cookie. It is signed with the built-in issuer's keys, so that
// every region reads it.
type Devices struct{ keys *Local }

// NewDevices signs with these keys.
func NewDevices(keys SigningKeys) *Devices { return &Devices{NewLocal(keys)} }

type deviceClaims struct {
	jwt.RegisteredClaims
	Accounts []string `json:"acc"`
}

// Note is the cookie of a device that has just signed in with an address. before is what it was known as, the zero
// Device when it was not.
func (d *Devices) Note(ctx context.Context, before Device, email string,
	now time.Time) (cookie string, expires time.Time, err error) {
	key, err := d.keys.newest(ctx)
	if err != nil {
		return "", time.Time{}, err
	}
	if before.ID == "" {
		before.ID = base64.RawURLEncoding.EncodeToString(random(16))
	}
	account := deviceAccount(email)
	accounts := append([]string{account}, slices.DeleteFunc(slices.Clone(before.Accounts),
		func(one string) bool { return one == account })...)
	expires = now.Add(DeviceTTL)
	unsigned := jwt.NewWithClaims(jwt.SigningMethodEdDSA,
		deviceClaims{Accounts: accounts[:min(len(accounts), deviceAccounts)],
			RegisteredClaims: jwt.RegisteredClaims{Issuer: deviceIssuer, ID: before.ID,
				ExpiresAt: jwt.NewNumericDate(expires)}})
	unsigned.Header[jwkset.HeaderKID], unsigned.Header["typ"] = key.ID, "device+jwt"
	cookie, err = unsigned.SignedString(ed25519.NewKeyFromSeed(key.Seed))
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign what a device keeps: %w", err)
	}
	return cookie, expires, nil
}

// Read is the device that a cookie is of; false for any that is not ours, or over.
func (d *Devices) Read(ctx context.Context, cookie string, now time.Time) (Device, bool) {
	if cookie == "" || len(cookie) > maxDevice {
		return Device{}, false
	}
	keys, err := d.keys.keys.SigningKeys(ctx)
	if err != nil {
		return Device{}, false // it is unknown then, which costs it nothing but its own budget
	}
	var claims deviceClaims
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}), jwt.WithIssuer(deviceIssuer),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(func() time.Time { return now }))
	if _, err := parser.ParseWithClaims(cookie, &claims, publicOf(keys)); err != nil || claims.ID == "" {
		return Device{}, false
	}
	return Device{ID: claims.ID, Accounts: claims.Accounts}, true
}
