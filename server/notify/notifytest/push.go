package notifytest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Browser is one that has subscribed: it reads what a push service gives it as RFC 8291 says.
type Browser struct {
	P256dh, Auth string // as its subscription has them

	key  *ecdh.PrivateKey
	auth []byte
}

// NewBrowser makes its keys.
func NewBrowser(t testing.TB) *Browser {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b := &Browser{key: key, auth: make([]byte, 16)}
	_, _ = rand.Read(b.auth) // it never fails
	b.P256dh = base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes())
	b.Auth = base64.RawURLEncoding.EncodeToString(b.auth)
	return b
}

// Read decrypts a message of one record (RFC 8188, RFC 8291 3.4).
func (b *Browser) Read(body []byte) ([]byte, error) {
	if len(body) < 21 || len(body) > 4096 {
		return nil, fmt.Errorf("a message of %d bytes", len(body))
	}
	salt, size, id := body[:16], binary.BigEndian.Uint32(body[16:20]), int(body[20])
	if size > 4096 || id != 65 || len(body) < 21+id || len(body)-21-id > int(size) {
		return nil, fmt.Errorf("records of %d bytes, a key of %d", size, id)
	}
	theirs, err := ecdh.P256().NewPublicKey(body[21 : 21+id])
	if err != nil {
		return nil, err
	}
	shared, err := b.key.ECDH(theirs)
	if err != nil {
		return nil, err
	}
	info := "WebPush: info\x00" + string(b.key.PublicKey().Bytes()) + string(theirs.Bytes())
	ikm, err := hkdf.Key(sha256.New, shared, b.auth, info, 32)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	plain, err := gcm.Open(nil, nonce, body[21+id:], nil)
	if err != nil {
		return nil, err
	}
	text := strings.TrimRight(string(plain), "\x00")
	if !strings.HasSuffix(text, "\x02") {
		return nil, fmt.Errorf("the last record does not end with its mark")
	}
	return []byte(strings.TrimSuffix(text, "\x02")), nil
}

// CheckVAPID checks who a message says it is from (RFC 8292): it is for this push service, not for long, with words
// where to find the sender, and signed by the key for which the browser subscribed.
func CheckVAPID(h http.Header, audience, public string) error {
	fields := strings.TrimPrefix(h.Get("Authorization"), "vapid ")
	token, key := "", ""
	for _, f := range strings.Split(fields, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(f), "=")
		switch name {
		case "t":
			token = value
		case "k":
			key = value
		}
	}
	if key != public {
		return fmt.Errorf("signed by %q, not by %q", key, public)
	}
	point, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil {
		return err
	}
	signer, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return err
	}
	claims := jwt.RegisteredClaims{}
	_, err = jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return signer, nil },
		jwt.WithValidMethods([]string{"ES256"}), jwt.WithAudience(audience), jwt.WithExpirationRequired())
	if err != nil {
		return err
	}
	known := strings.HasPrefix(claims.Subject, "https:") || strings.HasPrefix(claims.Subject, "mailto:")
	if time.Until(claims.ExpiresAt.Time) > 24*time.Hour || !known {
		return fmt.Errorf("it is for %s, from %q", time.Until(claims.ExpiresAt.Time), claims.Subject)
	}
	return nil
}
