package usecase

import (
	"context"
	"errors"
	"slices"

	"statuspage/server/auth"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// NewKey is an API key that shall be made. Each of its scopes is chosen; none is the least.
type NewKey struct {
	Name      string
	Scopes    []string
	ExpiresAt *status.Time
}

// maxKeys bounds the keys of an organisation.
const maxKeys = 100

// maxScopes is how many scopes a key may be given by name, the same ones again included.
const maxScopes = 20

// CreateKey makes an API key; its text is answered this once and kept nowhere.
func (d *UseCases) CreateKey(ctx context.Context, by Caller, orgID string, k NewKey) (store.Key, string, error) {
	made, err := administer(ctx, d, by, orgID, func(b *store.Batch) (newKey, error) {
		org, now := d.db.Org(orgID), d.now()
		if no := k.check(by, status.Time(now.UnixMilli())); no != nil {
			return newKey{}, no
		}
		owner := keyOwner(by)
		org.NeedsMember(b, owner.UserID, errNoOwner())
		org.Room(b, store.CountKeys, maxKeys,
			fault.New(fault.Conflict, "There are %s keys already, which is the limit.", wire.Itoa(maxKeys)))
		text, prefix, hash := auth.NewAPIKey()
		key := store.Key{ID: newID(), Name: k.Name, Prefix: prefix, Scopes: k.Scopes, CreatedBy: by.Who.ID,
			CreatedByName: by.name(), Owner: owner,
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

// keyOwner is the admin with whom a new key ends: who makes it, or whoever answers for the key that makes it.
func keyOwner(by Caller) store.Member {
	if by.Who.Kind == auth.KindKey {
		return store.Member{UserID: by.Who.OwnerID, Email: by.Who.OwnerEmail, Name: by.Who.OwnerName}
	}
	return store.Member{UserID: by.Who.ID, Email: by.Who.Email, Name: by.Who.Name}
}

func errNoOwner() *fault.Error {
	return fault.New(fault.Conflict, "Nobody answers for the key that asks. Hand it over to an admin first.")
}

func (k *NewKey) check(by Caller, now status.Time) *fault.Error {
	if len(k.Scopes) == 0 {
		k.Scopes = []string{string(auth.ScopeRead)}
	}
	var c status.Checks
	c.Name("name", k.Name, status.TitleMax, true)
	c.That(len(k.Scopes) <= maxScopes, "scopes", "scopes may have %s members at most.", wire.Itoa(maxScopes))
	for _, s := range k.Scopes[:min(len(k.Scopes), maxScopes)] {
		scope, known := auth.ParseScope(s)
		c.OneOf("scopes", s, known, auth.Scopes)
		c.That(!known || by.Who.Kind != auth.KindKey || by.Who.Has(scope), "scopes",
			"A key cannot make a key with the scope %s, which it does not have.", s)
	}
	slices.Sort(k.Scopes)
	k.Scopes = slices.Compact(k.Scopes)
	c.That(k.ExpiresAt == nil || *k.ExpiresAt > now, "expires_at", "expires_at must be in the future.")
	return c.Err()
}

// RevokeKey ends a key at once.
func (d *UseCases) RevokeKey(ctx context.Context, by Caller, orgID, id string) error {
	_, err := administer(ctx, d, by, orgID, func(b *store.Batch) (keyObject, error) {
		org, now := d.db.Org(orgID), d.now()
		key, err := d.key(ctx, org, id)
		if err != nil {
			return keyObject{}, err
		}
		org.RevokeKey(b, id, now)
		org.AddAudit(b, by.audit("revoke_api_key", "api_key", id, keyJSON(key), "", now))
		return keyObject(key), nil
	})
	return err
}

func (d *UseCases) key(ctx context.Context, org *store.Org, id string) (store.Key, error) {
	key, err := org.Key(ctx, id)
	if errors.Is(err, store.ErrNone) {
		return key, errNoKey()
	}
	return key, err
}

func errNoKey() *fault.Error { return fault.New(fault.NotFound, "There is no such key.") }

// HandKey makes another admin the one with whose membership a key ends.
func (d *UseCases) HandKey(ctx context.Context, by Caller, orgID, id, to string) (store.Key, error) {
	made, err := administer(ctx, d, by, orgID, func(b *store.Batch) (keyObject, error) {
		org := d.db.Org(orgID)
		key, owner, err := org.KeyFor(ctx, id, to)
		switch {
		case errors.Is(err, store.ErrNone):
			return keyObject{}, errNoKey()
		case err != nil:
			return keyObject{}, err
		case owner.Role != auth.Admin:
			return keyObject{}, fault.OnField("owner", "owner must be the id of an admin of this organisation.")
		case owner.UserID == key.Owner.UserID:
			return keyObject(key), nil
		}
		was := keyJSON(key)
		key.Owner = owner
		org.HandKey(b, id, owner.UserID)
		org.AddAudit(b, by.audit("hand_over_api_key", "api_key", id, was, keyJSON(key), d.now()))
		return keyObject(key), nil
	})
	return store.Key(made), err
}

// endedKeys writes down which keys end with a change of their owner's membership, which the schema does (migration 15).
func (d *UseCases) endedKeys(b *store.Batch, by Caller, org *store.Org, keys []store.Key, role auth.Role) {
	for _, key := range keys {
		if role == auth.Admin || role == auth.Member && slices.Equal(key.Scopes, []string{string(auth.ScopeRead)}) {
			continue
		}
		org.AddAudit(b, by.audit("end_api_key", "api_key", key.ID, keyJSON(key), "", d.now()))
	}
}

func keyJSON(k store.Key) string { return string(wire.Marshal((*keyObject)(&k))) }

// WireKeyOwner is who answers for a key, or null.
func WireKeyOwner(owner *store.Member, f *wire.Fields) {
	var one *store.Member
	if !f.Reading() && owner.UserID != "" {
		one = owner
	}
	if one == nil && !f.Reading() {
		f.Raw("owner", []byte("null"))
		return
	}
	wire.Opt(f, "owner", &one, func(m *store.Member, f *wire.Fields) {
		f.Str("id", &m.UserID)
		f.Str("name", &m.Name)
		f.Str("email", &m.Email)
	})
	if f.Reading() && one != nil {
		*owner = *one
	}
}

type keyObject store.Key

func (k *keyObject) Wire(f *wire.Fields) {
	f.Str("id", &k.ID)
	f.Str("name", &k.Name)
	f.Str("prefix", &k.Prefix)
	f.Strings("scopes", &k.Scopes)
	f.Bool("legacy", &k.Legacy)
	f.Str("created_by", &k.CreatedBy)
	f.Str("created_by_name", &k.CreatedByName)
	WireKeyOwner(&k.Owner, f)
	f.Time("created_at", &k.CreatedAt)
	f.NullTime("expires_at", &k.ExpiresAt)
}
