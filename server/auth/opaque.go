package auth

import (
	"crypto/sha256"
	"encoding/base64"
)

// opaqueLength is that of 32 random bytes in base64url.
const opaqueLength = 43

// Opaque is a secret that stands for something in the store: a refresh cookie, a setup link, an invitation, a password
// reset, a socket's ticket. The holder gets Text; only Hash is kept.
type Opaque struct {
	Text string
	Hash [sha256.Size]byte
}

// NewOpaque makes one of 256 random bits.
func NewOpaque() Opaque {
	text := base64.RawURLEncoding.EncodeToString(random(32))
	return Opaque{text, sha256.Sum256([]byte(text))}
}

// HashOpaque is what to look a presented secret up by; false for what no secret of ours looks like.
func HashOpaque(text string) (hash [sha256.Size]byte, ok bool) {
	if len(text) != opaqueLength {
		return hash, false
	}
	return sha256.Sum256([]byte(text)), true
}
