package desk

import (
	"context"
	"errors"

	"statuspage/server/auth"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// NewKey is an API key that shall be made. It may do no more than an admin lets it: read, or read and write.
type NewKey struct {
	Name      string
	Scopes    []string
	ExpiresAt *status.Time
}

// mostKeys bounds the keys of an organisation.
const mostKeys = 100

// CreateKey makes an API key; its text is answered this once and kept nowhere.
func (d *Desk) CreateKey(ctx context.Context, by Caller, orgID string, k NewKey) (store.Key, string, error) {
	made, err := once(ctx, d, by, orgID, func(b *store.Batch) (newKey, error) {
		org, now := d.db.Org(orgID), d.now()
		if no := k.check(status.Time(now.UnixMilli())); no != nil {
			return newKey{}, no
		}
		if _, n, err := org.Keys(ctx, store.Span{Limit: 1}); err != nil {
			return newKey{}, err
		} else if n >= mostKeys {
			return newKey{}, fault.New(fault.Conflict, "There are %s keys already, which is the limit.", wire.Itoa(mostKeys))
		}
		text, prefix, hash := auth.NewAPIKey()
		key := store.Key{ID: newID(), Name: k.Name, Prefix: prefix, Scopes: k.Scopes, CreatedBy: by.Who.ID,
			CreatedAt: status.Time(now.UnixMilli()), ExpiresAt: k.ExpiresAt}
		org.AddKey(b, key, hash)
		org.AddAudit(b, by.audit("create_api_key", "api_key", key.ID, "", keyJSON(key), now))
		return newKey{key, text}, nil
	})
	return made.Key, made.text, err
}

// newKey is a key with what is shown once.
type newKey struct {
	store.Key
	text string
}

func (k *newKey) Wire(f *wire.Fields) {
	(*keyObject)(&k.Key).Wire(f)
	f.Str("key", &k.text)
}

func (k *NewKey) check(now status.Time) *fault.Error {
	if len(k.Scopes) == 0 {
		k.Scopes = []string{string(auth.ScopeRead)}
	}
	var c status.Checks
	c.Line("name", k.Name, status.TitleMax, true)
	for _, s := range k.Scopes {
		_, known := auth.ParseScope(s)
		c.OneOf("scopes", s, known, []string{string(auth.ScopeRead), string(auth.ScopeWrite)})
	}
	c.That(k.ExpiresAt == nil || *k.ExpiresAt > now, "expires_at", "expires_at must be in the future.")
	return c.Err()
}

// RevokeKey ends a key at once.
func (d *Desk) RevokeKey(ctx context.Context, by Caller, orgID, id string) error {
	_, err := once(ctx, d, by, orgID, func(b *store.Batch) (keyObject, error) {
		org, now := d.db.Org(orgID), d.now()
		key, err := org.Key(ctx, id)
		if errors.Is(err, store.ErrNone) {
			return keyObject{}, fault.New(fault.NotFound, "There is no such key.")
		}
		if err != nil {
			return keyObject{}, err
		}
		org.RevokeKey(b, id, now)
		org.AddAudit(b, by.audit("revoke_api_key", "api_key", id, keyJSON(key), "", now))
		return keyObject(key), nil
	})
	return err
}

func keyJSON(k store.Key) string { return string(wire.Marshal((*keyObject)(&k))) }

type keyObject store.Key

func (k *keyObject) Wire(f *wire.Fields) {
	f.Str("id", &k.ID)
	f.Str("name", &k.Name)
	f.Str("prefix", &k.Prefix)
	f.Strings("scopes", &k.Scopes)
	f.Str("created_by", &k.CreatedBy)
	f.Time("created_at", &k.CreatedAt)
	f.NullTime("expires_at", &k.ExpiresAt)
}
