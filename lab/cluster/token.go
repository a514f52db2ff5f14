package cluster

import (
	"crypto/ed25519"
	"encoding/base64"

	"github.com/golang-jwt/jwt/v5"
)

// keys signs the database's tokens: only the primary region may write.
type keys struct {
	private ed25519.PrivateKey
	public  string // as SQLD_AUTH_JWT_KEY takes it
}

func newKeys() (*keys, error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	return &keys{private, base64.RawURLEncoding.EncodeToString(public)}, nil
}

// token grants "rw" or "ro"; nil keys need none.
func (k *keys) token(access string) (string, error) {
	if k == nil {
		return "", nil
	}
	return jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.MapClaims{"a": access}).SignedString(k.private)
}
