package hrana

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// permission is what a token allows; the names are those of sqld's claim `a`.
type permission string

const (
	readOnly  permission = "ro"
	readWrite permission = "rw"
)

// check refuses a whole program that the token does not cover, before any of it runs.
func (p permission) check(prog program) error {
	if p == readWrite {
		return nil
	}
	for _, s := range prog {
		if s.query.kind.needsWrite() {
			return internal("Not authorized to execute query: Current session doesn't not have Write permission to " +
				"namespace default")
		}
	}
	return nil
}

// parseKey reads an Ed25519 public key as sqld's SQLD_AUTH_JWT_KEY takes it: PEM, or bare in URL-safe base64. Empty is
// no authentication at all, which is sqld's default too.
func parseKey(text string) (ed25519.PublicKey, error) {
	if text == "" {
		return nil, nil
	}
	if block, _ := pem.Decode([]byte(text)); block != nil {
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("auth key: %w", err)
		}
		if public, ok := key.(ed25519.PublicKey); ok {
			return public, nil
		}
		return nil, fmt.Errorf("auth key: not Ed25519 but %T", key)
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(text), "="))
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("auth key: neither PEM nor 32 bytes of base64")
	}
	return raw, nil
}

type claims struct {
	Access permission `json:"a"`
	jwt.RegisteredClaims
}

// authenticate answers 401 in sqld's words.
func authenticate(key ed25519.PublicKey, r *http.Request) (permission, string, error) {
	header := r.Header.Get("Authorization")
	if key == nil {
		return readWrite, header, nil
	}
	scheme, token, ok := strings.Cut(header, " ")
	switch {
	case header == "":
		return "", "", unauthorized("Expected authorization header but none given")
	case !ok || !strings.EqualFold(scheme, "bearer"):
		return "", "", unauthorized("Unsupported authorization scheme")
	}
	var c claims
	_, err := jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return key, nil },
		jwt.WithValidMethods([]string{"EdDSA"}))
	if err != nil {
		return "", "", unauthorized("The JWT is invalid")
	}
	switch c.Access {
	case "", readWrite:
		return readWrite, header, nil
	case readOnly:
		return readOnly, header, nil
	}
	return "", "", unauthorized("The JWT is invalid")
}

func unauthorized(why string) error {
	return &internalError{http.StatusUnauthorized, "Unauthorized: `" + why + "`"}
}
