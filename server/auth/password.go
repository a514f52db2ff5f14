package auth

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"statuspage/shared/fault"
)

// cost is that of argon2id: OWASP's first choice, 34 ms on the machine that this was measured on.
type cost struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

var (
	usual = cost{19 * 1024, 2, 1}
	// ceiling bounds what a stored hash may ask of us.
	ceiling = cost{256 * 1024, 16, 16}
)

const (
	saltLength = 16
	hashLength = 32
)

// PasswordRule is what CheckPassword asks for, said before somebody types one.
const PasswordRule = "At least 10 characters. A few words are better than a few signs."

// CheckPassword is nil for a password of 10 to 256 characters, or the *fault.Error about the field `password`.
func CheckPassword(password string) error {
	if !utf8.ValidString(password) {
		return fault.OnField("password", "A password must be text.")
	}
	if n := utf8.RuneCountInString(password); n < 10 {
		return fault.OnField("password", "A password needs at least 10 characters.")
	} else if n > 256 {
		return fault.OnField("password", "A password has at most 256 characters.")
	}
	return nil
}

// Passwords hashes and compares. Each run takes 19 MiB and a core, so only a few go at once, only so many wait, and who
// asks the least is next; see Asking.
type Passwords struct {
	turns *turns
	cost  cost // of new hashes
	dummy string
	// computed hears of each hash, in tests.
	computed func()
}

// NewPasswords lets this many hashes be computed at once; one for every second core is right, so that pages are served
// meanwhile.
func NewPasswords(atOnce int) *Passwords {
	p := &Passwords{turns: newTurns(atOnce), cost: usual}
	p.dummy = encode(p.cost, random(saltLength), random(hashLength))
	return p
}

// WithMemory lets each new hash take so many KiB, where many processes share a machine that guards nothing; 0 changes
// nothing. It is called before anything is hashed.
func (p *Passwords) WithMemory(kib uint32) *Passwords {
	if kib > 0 {
		p.cost.memory = kib
		p.dummy = encode(p.cost, random(saltLength), random(hashLength))
	}
	return p
}

// Hash is the PHC string to keep, after CheckPassword.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if err := CheckPassword(password); err != nil {
		return "", err
	}
	salt := random(saltLength)
	hash, err := p.compute(ctx, p.cost, password, salt, hashLength)
	if err != nil {
		return "", err
	}
	return encode(p.cost, salt, hash), nil
}

// Matches compares in constant time. With no stored hash it takes as long and answers false, so that nobody can time
// which accounts exist.
func (p *Passwords) Matches(ctx context.Context, stored, password string) (bool, error) {
	if stored == "" {
		stored = p.dummy // which no password has
	}
	c, salt, want, err := decode(stored)
	if err != nil {
		return false, err
	}
	if len(password) > 4*256 {
		password = "" // longer than any that Hash takes
	}
	got, err := p.compute(ctx, c, password, salt, len(want))
	if err != nil {
		return false, err
	}
	right := subtle.ConstantTimeCompare(got, want) == 1
	if right {
		p.turns.forget(asker(ctx).From)
	}
	return right, nil
}

// Outdated tells whether a stored hash was made at another cost and should be made anew at the next login.
func Outdated(stored string) bool {
	c, _, _, err := decode(stored)
	return err != nil || c != usual
}

func (p *Passwords) compute(ctx context.Context, c cost, password string, salt []byte, length int) ([]byte, error) {
	done, err := p.turns.take(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if p.computed != nil {
		p.computed()
	}
	return argon2.IDKey([]byte(password), salt, c.time, c.memory, c.threads, uint32(length)), nil
}

var strictBase64 = base64.RawStdEncoding.Strict()

// encode writes a PHC string: $argon2id$v=19$m=…,t=…,p=…$salt$hash.
func encode(c cost, salt, hash []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, c.memory, c.time, c.threads, strictBase64.EncodeToString(salt),
		strictBase64.EncodeToString(hash))
}

func decode(stored string) (c cost, salt, hash []byte, err error) {
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return cost{}, nil, nil, fmt.Errorf("the stored password is no argon2id hash of version %d", argon2.Version)
	}
	if _, err = fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.time, &c.threads); err != nil {
		return cost{}, nil, nil, fmt.Errorf("the stored password's cost: %w", err)
	}
	if c.memory > ceiling.memory || c.time > ceiling.time || c.threads > ceiling.threads || c.time == 0 ||
		c.threads == 0 {
		return cost{}, nil, nil, fmt.Errorf("the stored password's cost is out of bounds")
	}
	if salt, err = strictBase64.DecodeString(parts[4]); err == nil {
		hash, err = strictBase64.DecodeString(parts[5])
	}
	if err != nil || len(salt) < 8 || len(hash) < 16 || len(hash) > 64 {
		return cost{}, nil, nil, fmt.Errorf("the stored password is damaged")
	}
	return c, salt, hash, nil
}
