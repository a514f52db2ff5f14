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
	if err := by.mayEdit(orgID); err != nil {
		return store.Key{}, "", err
	}
	now := status.Time(d.now().UnixMilli())
	if no := k.check(now); no != nil {
		return store.Key{}, "", no
	}
	org := d.db.Org(orgID)
	if _, n, err := org.Keys(ctx, store.Span{Limit: 1}); err != nil {
		return store.Key{}, "", err
	} else if n >= mostKeys {
		return store.Key{}, "", fault.New(fault.Conflict, "There are %s keys already, which is the limit.", wire.Itoa(mostKeys))
	}
	text, prefix, hash := auth.NewAPIKey()
	key := store.Key{ID: newID(), Name: k.Name, Prefix: prefix, Scopes: k.Scopes, CreatedBy: by.Who.ID, CreatedAt: now, ExpiresAt: k.ExpiresAt}
	var b store.Batch
	org.AddKey(&b, key, hash)
	org.AddAudit(&b, by.audit("create_api_key", "api_key", key.ID, "", keyJSON(key), d.now()))
	return key, text, d.db.Do(ctx, &b)
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
	if err := by.mayEdit(orgID); err != nil {
		return err
	}
	org, now := d.db.Org(orgID), d.now()
	key, err := org.Key(ctx, id)
	if errors.Is(err, store.ErrNone) {
		return fault.New(fault.NotFound, "There is no such key.")
	}
	if err != nil {
		return err
	}
	var b store.Batch
	org.RevokeKey(&b, id, now)
	org.AddAudit(&b, by.audit("revoke_api_key", "api_key", id, keyJSON(key), "", now))
	return d.db.Do(ctx, &b)
}

func keyJSON(k store.Key) string { return string(wire.Marshal(keyObject(k))) }

type keyObject store.Key

func (k keyObject) Wire(f *wire.Fields) {
	f.Derived("id", k.ID)
	f.Derived("name", k.Name)
	f.Derived("prefix", k.Prefix)
	f.Strings("scopes", &k.Scopes)
	f.NullTime("expires_at", &k.ExpiresAt)
}
