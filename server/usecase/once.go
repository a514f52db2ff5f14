package usecase

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

// once does a write of the page that is no event: templates, subscribers. What was made is told again to the same
// Idempotency-Key for 48 hours. It may be a secret that is shown once, so it is kept sealed under the caller's own key,
// which is not kept.
func once[T any, P interface {
	*T
	wire.Object
}](ctx context.Context, d *UseCases, by Caller, orgID string, do func(*store.Batch) (T, error)) (T, error) {
	return onceIf[T, P](ctx, d, by, orgID, by.mayEdit(orgID), do)
}

// administer is once for what is not the page: people and keys.
func administer[T any, P interface {
	*T
	wire.Object
}](ctx context.Context, d *UseCases, by Caller, orgID string, do func(*store.Batch) (T, error)) (T, error) {
	return onceIf[T, P](ctx, d, by, orgID, by.mayAdminister(orgID), do)
}

func onceIf[T any, P interface {
	*T
	wire.Object
}](ctx context.Context, d *UseCases, by Caller, orgID string, refused error,
	do func(*store.Batch) (T, error)) (T, error) {
	var none T
	if refused != nil {
		return none, refused
	}
	lock := d.lock(orgID)
	lock.Lock()
	defer lock.Unlock()
	for n := range tries {
		if n > 0 { // the first try hears from the schema that the key was used, or asks when it gets no further
			if answer, found, err := d.answered(ctx, by, orgID); err != nil {
				return none, err
			} else if found {
				return none, by.open(answer, P(&none))
			}
		}
		var b store.Batch
		made, err := do(&b)
		if err == nil {
			if by.Key != "" {
				d.db.Org(orgID).AddAnswer(&b, by.actor(), by.keyName(), by.seal(P(&made)), d.now())
			}
			var c *store.Constraint
			if err = d.db.Do(ctx, &b); !errors.As(err, &c) {
				return made, err
			}
			if c.On("idempotency.key") {
				continue
			}
			if err = b.Why(ctx, c, err); err == nil {
				continue
			}
		}
		if n == 0 { // what is in the way may be what this very key did before
			if answer, found, before := d.answered(ctx, by, orgID); before != nil {
				return none, before
			} else if found {
				return none, by.open(answer, P(&none))
			}
		}
		switch failed := d.keepRefusal(ctx, by, orgID, err); {
		case errors.Is(failed, store.ErrKeyUsed):
			continue
		case failed != nil:
			err = failed
		}
		return none, err
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
