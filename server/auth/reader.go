package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"statuspage/shared/fault"
)

// ReaderTTL is for how long somebody who was let in to a page that is not public need not show again that they may.
const ReaderTTL = 30 * 24 * time.Hour

// Reader is somebody who was let in to one organisation's page, as their cookie says.
type Reader struct {
	Email string // "" is somebody with the page's password
	Until time.Time
}

// Seal is the cookie: it holds for one organisation's page, or one audience of it, and for as long as the secret stays.
func (r Reader) Seal(secret, of string) string {
	text := strconv.FormatInt(r.Until.Unix(), 10) + "." + base64.RawURLEncoding.EncodeToString([]byte(r.Email))
	return text + "." + base64.RawURLEncoding.EncodeToString(readerMAC(secret, of, text))
}

func readerMAC(secret, of, text string) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte("page reader\n" + of + "\n" + text)) // a hash takes everything
	return mac.Sum(nil)
}

// OpenReader reads a cookie; not ok is one that holds no more, or never did.
func OpenReader(secret, of, cookie string, now time.Time) (r Reader, ok bool) {
	i := strings.LastIndexByte(cookie, '.')
	if secret == "" || i < 0 || len(cookie) > 4096 {
		return r, false
	}
	mac, err := base64.RawURLEncoding.DecodeString(cookie[i+1:])
	if err != nil || !hmac.Equal(mac, readerMAC(secret, of, cookie[:i])) {
		return r, false
	}
	until, email, _ := strings.Cut(cookie[:i], ".")
	seconds, err := strconv.ParseInt(until, 10, 64)
	address, bad := base64.RawURLEncoding.DecodeString(email)
	r = Reader{string(address), time.Unix(seconds, 0)}
	return r, err == nil && bad == nil && now.Before(r.Until)
}

// HashShared is Hash for a password that a page's readers share: of 6 to 256 characters. field is where it came in.
func (p *Passwords) HashShared(ctx context.Context, field, password string) (string, error) {
	if n := utf8.RuneCountInString(password); !utf8.ValidString(password) || n < 6 || n > 256 {
		return "", fault.OnField(field, "A page's password has 6 to 256 characters.")
	}
	salt := random(saltLength)
	hash, err := p.compute(ctx, usual, password, salt, hashLength)
	if err != nil {
		return "", err
	}
	return encode(usual, salt, hash), nil
}

// PeekSession is whose session a refresh token is, without exchanging it; ErrUnknown of one that is over.
func PeekSession(ctx context.Context, in Sessions, presented string, now time.Time) (Session, error) {
	hash, ok := HashOpaque(presented)
	if !ok {
		return Session{}, ErrUnknown
	}
	s, generation, err := in.SessionByToken(ctx, hash)
	switch {
	case errors.Is(err, ErrUnknown):
		return Session{}, ErrUnknown
	case err != nil:
		return Session{}, fmt.Errorf("find a session: %w", err)
	}
	if v := s.judge(hash, generation, now); v != current && v != exchanged {
		return Session{}, ErrUnknown
	}
	return s, nil
}
