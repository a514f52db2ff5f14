package desk

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"

	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/wire"
)

// keyName is what the caller's Idempotency-Key is kept as: the key itself opens what is sealed under it.
func (c Caller) keyName() string {
	if c.Key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(c.Key))
	return hex.EncodeToString(sum[:])
}

// once does a write that is no event of the page: members, keys. What was made is told again to the same Idempotency-Key for 48
// hours. It may be a secret that is shown once, so it is kept sealed under the caller's own key, which is not kept.
func once[T any, P interface {
	*T
	wire.Object
}](ctx context.Context, d *Desk, by Caller, orgID string, do func(*store.Batch) (T, error)) (T, error) {
	var none T
	if err := by.mayEdit(orgID); err != nil {
		return none, err
	}
	lock := d.lock(orgID)
	lock.Lock()
	defer lock.Unlock()
	for range tries {
		if answer, found, err := d.answered(ctx, by, orgID); err != nil {
			return none, err
		} else if found {
			return none, by.open(answer, P(&none))
		}
		var b store.Batch
		made, err := do(&b)
		if err != nil {
			return none, err
		}
		if by.Key != "" {
			d.db.Org(orgID).AddAnswer(&b, by.actor(), by.keyName(), by.seal(P(&made)), d.now())
		}
		err = d.db.Do(ctx, &b)
		var c *store.Constraint
		if errors.As(err, &c) && c.On("idempotency.key") {
			continue
		}
		return made, err
	}
	return none, fault.New(fault.Conflict, "Others are changing this at the same time. Please try again.")
}

func (c Caller) cipher() cipher.AEAD {
	key, err := hkdf.Key(sha256.New, []byte(c.Key), []byte(c.actor()), "statuspage idempotency", 32)
	if err != nil {
		panic(err) // of a length that it does not like, which is written above
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return aead
}

func (c Caller) seal(x wire.Object) store.Answer {
	sealed := c.cipher().Seal(nil, nil, wire.Marshal(x), []byte(c.Fingerprint)) // #nosec G407 -- it makes the nonce itself
	return store.Answer{Fingerprint: c.Fingerprint, Status: 200, Body: base64.StdEncoding.EncodeToString(sealed)}
}

func (c Caller) open(a store.Answer, x wire.Object) error {
	sealed, err := base64.StdEncoding.DecodeString(a.Body)
	if err != nil {
		return fmt.Errorf("read the answer of an idempotency key: %w", err)
	}
	plain, err := c.cipher().Open(nil, nil, sealed, []byte(c.Fingerprint))
	if err != nil {
		return fmt.Errorf("open the answer of an idempotency key: %w", err)
	}
	if no := wire.Unmarshal(plain, x); no != nil {
		return no
	}
	return nil
}
