package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"statuspage/server/auth"
	"statuspage/shared/status"
)

// personQuery reads in one question what a change of somebody's role is about: the member (?1 the organisation, ?2 the
// id), or the offer of that id, and the keys that the member answers for.
const personQuery = `SELECT kind, body FROM (
SELECT 0 AS kind, 0 AS at, json_object('ID', u.id, 'Email', u.email, 'Name', u.name, 'Role', m.role,
  'CreatedAt', m.created_at) AS body
  FROM members m JOIN users u ON u.id = m.user_id WHERE m.org_id = ?1 AND m.user_id = ?2
UNION ALL SELECT 1, 0, json_object('ID', f.id, 'Email', f.email, 'Name', f.name, 'Role', f.role,
  'CreatedAt', f.created_at, 'ExpiresAt', f.expires_at, 'ActorKind', f.actor_kind, 'ActorID', f.actor_id,
  'ActorName', f.actor_name, 'Shown', f.shown)
  FROM offers f WHERE f.org_id = ?1 AND f.id = ?2
UNION ALL SELECT 2, k.created_at, json_object('ID', k.id, 'Name', k.name, 'Prefix', k.prefix, 'Scopes', k.scopes,
  'Legacy', k.legacy, 'CreatedBy', k.created_by, 'CreatedByName', k.created_by_name, 'CreatedAt', k.created_at,
  'ExpiresAt', k.expires_at, 'LastUsedAt', k.last_used_at)
  FROM api_keys k WHERE k.org_id = ?1 AND k.owner_id = ?2 AND k.revoked_at IS NULL) ORDER BY kind, at`

// personRow is a row of personQuery, whichever kind it is of.
type personRow struct {
	ID, Email, Name, Role         string
	ActorKind, ActorID, ActorName string
	Shown, Legacy                 int
	Prefix, Scopes                string
	CreatedBy, CreatedByName      string
	CreatedAt                     int64
	ExpiresAt, LastUsedAt         *int64
}

// Person reads a member, or somebody who was offered to be one, with the keys that the member answers for; ErrNone.
func (o *Org) Person(ctx context.Context, id string) (p Person, keys []Key, err error) {
	found := false
	err = o.db.rows(ctx, personQuery, []any{o.id, id}, func(rows *sql.Rows) error {
		var kind int
		var body []byte
		if err := rows.Scan(&kind, &body); err != nil {
			return err
		}
		var x personRow
		if err := json.Unmarshal(body, &x); err != nil {
			return &Unreadable{OrgID: o.id, Kind: "person", ID: id, why: err.Error()}
		}
		member := Member{UserID: x.ID, Email: x.Email, Name: x.Name, Role: auth.Role(x.Role),
			CreatedAt: status.Time(x.CreatedAt)}
		switch {
		case kind == 0:
			p, found = Person{Member: member}, true
		case kind == 1 && !found:
			p, found = Person{Member: member, Offer: x.offer(o.id)}, true
		case kind == 2:
			keys = append(keys, x.key(p.Member))
		}
		return nil
	})
	if err == nil && !found {
		err = ErrNone
	}
	if err != nil && err != ErrNone {
		err = fmt.Errorf("read a member: %w", err)
	}
	return p, keys, err
}

func (x *personRow) offer(orgID string) *Offer {
	f := &Offer{OrgID: orgID, ID: x.ID, Email: x.Email, Name: x.Name, Role: auth.Role(x.Role), ActorKind: x.ActorKind,
		ActorID: x.ActorID, ActorName: x.ActorName, Shown: x.Shown == 1, CreatedAt: status.Time(x.CreatedAt)}
	if x.ExpiresAt != nil {
		f.ExpiresAt = status.Time(*x.ExpiresAt)
	}
	return f
}

func (x *personRow) key(owner Member) Key {
	return Key{ID: x.ID, Name: x.Name, Prefix: x.Prefix, Scopes: strings.Fields(x.Scopes), Legacy: x.Legacy == 1,
		CreatedBy: x.CreatedBy, CreatedByName: x.CreatedByName, Owner: owner, CreatedAt: status.Time(x.CreatedAt),
		ExpiresAt: timeOf(x.ExpiresAt), LastUsedAt: timeOf(x.LastUsedAt)}
}

func timeOf(ms *int64) *status.Time {
	if ms == nil {
		return nil
	}
	t := status.Time(*ms)
	return &t
}

// AnotherAdmin undoes a batch with last unless the organisation has an admin beside one.
func (o *Org) AnotherAdmin(b *Batch, userID string, last error) {
	o.Needs(b, `members x WHERE x.org_id = ? AND x.role = 'admin' AND x.user_id <> ?`, last, o.id, userID)
}

// MayBeOffered undoes a batch with member when an address is a member's, with offered when there is an open offer to
// it, and with full when there are most open offers. Only what the organisation knows itself is looked at.
func (o *Org) MayBeOffered(b *Batch, email string, now int64, most int, member, offered, full error) {
	o.refuses(b, `EXISTS (SELECT 1 FROM members m CROSS JOIN users u ON u.id = m.user_id
 WHERE m.org_id = ? AND lower(u.email) = lower(?))`, member, o.id, email)
	o.refuses(b, `EXISTS (SELECT 1 FROM offers f WHERE f.org_id = ? AND lower(f.email) = lower(?) AND f.expires_at >=
  ?)`,
		offered, o.id, email, now)
	o.refuses(b, `(SELECT count(*) FROM offers WHERE org_id = ? AND expires_at >= ?) >= ?`, full, o.id, now, most)
}
