package auth

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// SealKeySize is the length of a Sealer's key in bytes.
const SealKeySize = 32

// sealed marks what this version seals: AES-256-GCM, a random nonce before the text.
const sealed = "v1."

// ErrSealed says that something cannot be opened: it was sealed with another key, or for something else, or was
// changed.
var ErrSealed = errors.New("auth: this was sealed with another key")

// Sealer encrypts secrets that must be read again, so that a copy of the database alone tells nothing of them. The zero
// Sealer has no key.
type Sealer struct{ aead cipher.AEAD }

// NewSealer takes a key of SealKeySize bytes.
func NewSealer(key []byte) (Sealer, error) {
	if len(key) != SealKeySize {
		return Sealer{}, fmt.Errorf("the key must have %d bytes, not %d", SealKeySize, len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return Sealer{}, err
	}
	aead, err := cipher.NewGCM(block)
	return Sealer{aead}, err
}

// ReadSealKey reads a key as it stands in SECRETS_KEY or in a file: Base64 of SealKeySize bytes.
func ReadSealKey(text string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err == nil && len(key) == SealKeySize {
		return key, nil
	}
	return nil, fmt.Errorf("it must be Base64 of %d bytes, as `openssl rand -base64 %d` prints", SealKeySize,
		SealKeySize)
}

// NewSealKey makes one.
func NewSealKey() (key []byte, text string) {
	key = random(SealKeySize)
	return key, base64.StdEncoding.EncodeToString(key)
}

// Works says whether there is a key.
func (s Sealer) Works() bool { return s.aead != nil }

// Seal encrypts a text for one use: it opens for the same one alone.
func (s Sealer) Seal(use, text string) string {
	nonce := random(s.aead.NonceSize())
	return sealed + strictBase64.EncodeToString(s.aead.Seal(nonce, nonce, []byte(text), []byte(use)))
}

// Open is what was sealed for a use; ErrSealed.
func (s Sealer) Open(use, text string) (string, error) {
	coded, is := strings.CutPrefix(text, sealed)
	raw, err := strictBase64.DecodeString(coded)
	if !is || err != nil || s.aead == nil || len(raw) < s.aead.NonceSize() {
		return "", ErrSealed
	}
	opened, err := s.aead.Open(nil, raw[:s.aead.NonceSize()], raw[s.aead.NonceSize():], []byte(use))
	if err != nil {
		return "", ErrSealed
	}
	return string(opened), nil
}
