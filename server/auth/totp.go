package auth

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"fmt"
	"image/png"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
	"github.com/pquerna/otp/totp"
)

const (
	// totpPeriod is how long a code is shown (RFC 6238 5.2).
	totpPeriod = 30 * time.Second
	// totpSkew is by how many codes a clock may be wrong, either way.
	totpSkew = 1
	// RecoveryCodes is how many somebody gets. Each has 80 random bits.
	RecoveryCodes = 10
	recoveryBytes = 10
)

// TOTP is a new authenticator's secret, for its person to put into an application.
type TOTP struct {
	Secret string // base32
	URL    string // otpauth://…
	QR     string // the address as a picture, a data: address
}

// NewTOTP makes one of 160 random bits, of six digits, SHA-1 and 30 seconds, which is what every application knows.
func NewTOTP(issuer, account string) (TOTP, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: account, Secret: random(20)})
	if err != nil {
		return TOTP{}, fmt.Errorf("make a totp: %w", err)
	}
	picture, err := key.Image(240, 240)
	if err != nil {
		return TOTP{}, fmt.Errorf("draw a totp: %w", err)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return TOTP{}, fmt.Errorf("draw a totp: %w", err)
	}
	return TOTP{Secret: key.Secret(), URL: key.URL(), QR: "data:image/png;base64," + base64.StdEncoding.EncodeToString(
		b.Bytes())}, nil
}

// CheckTOTP finds the step of 30 seconds that a code is of. It is taken only when it is later than the last one that
// was used: a code that somebody saw is worth nothing (RFC 6238 5.2).
func CheckTOTP(secret, code string, last int64, now time.Time) (step int64, right bool) {
	code = strings.ReplaceAll(strings.TrimSpace(code), " ", "")
	present := now.Unix() / int64(totpPeriod.Seconds())
	for at := present - totpSkew; at <= present+totpSkew; at++ {
		want, err := hotp.GenerateCodeCustom(secret, uint64(max(0, at)),
			hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && at > last {
			step, right = at, true
		}
	}
	return step, right
}

var recoveryText = base32.NewEncoding("abcdefghijkmnpqrstuvwxyz23456789").WithPadding(base32.NoPadding)

// NewRecoveryCodes makes codes of four times four letters and digits that are not mistaken for each other, and what to
// keep of each.
func NewRecoveryCodes() (codes []string, hashes [][sha256.Size]byte) {
	for range RecoveryCodes {
		text := recoveryText.EncodeToString(random(recoveryBytes))
		codes = append(codes, text[:4]+"-"+text[4:8]+"-"+text[8:12]+"-"+text[12:])
		hash, _ := HashRecoveryCode(text)
		hashes = append(hashes, hash)
	}
	return codes, hashes
}

// HashRecoveryCode is what to look a recovery code up by, however it is spaced; false for what none looks like.
func HashRecoveryCode(code string) (hash [sha256.Size]byte, ok bool) {
	code = strings.ToLower(strings.NewReplacer("-", "", " ", "", "\n", "").Replace(strings.TrimSpace(code)))
	if len(code) != recoveryText.EncodedLen(recoveryBytes) {
		return hash, false
	}
	raw, err := recoveryText.DecodeString(code)
	return sha256.Sum256(raw), err == nil
}
