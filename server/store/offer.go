package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"statuspage/server/auth"
	"statuspage/shared/status"
)

// keepOffers is for how long an offer that nobody accepted in time is still listed.
const keepOffers = 30 * 24 * time.Hour

// Offer is a membership that is offered to an address.
type Offer struct {
	OrgID     string
	ID        string
	Email     string
	Name      string // as the organisation wrote it
	Role      auth.Role
	ActorKind string // who offers it: user, key or system
	ActorID   string
	ActorName string
	Shown     bool // the link was given to whoever offers: it proves no mailbox
	CreatedAt status.Time
	ExpiresAt status.Time
}

// SentOffer is an offer as the person sees it to whom it is made.
type SentOffer struct {
	Offer
	OrgName, OrgSlug string
}

// AddOffer puts a new offer into a batch; those that ended long ago go, and so does one of this address that ended.
// hash is of its link's secret.
func (o *Org) AddOffer(b *Batch, f Offer, hash [32]byte) {
	b.Add(`DELETE FROM offers WHERE org_id = ? AND (expires_at < ? OR expires_at < ? AND lower(email) = lower(?))`,
		o.id, int64(f.CreatedAt)-keepOffers.Milliseconds(), int64(f.CreatedAt), f.Email)
	b.Add(`INSERT INTO offers (org_id, id, email, name, role, actor_kind, actor_id, actor_name, hash, shown, created_at,
  expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		o.id, f.ID, f.Email, f.Name, string(f.Role), f.ActorKind, f.ActorID, f.ActorName, hexed(hash), f.Shown,
		int64(f.CreatedAt), int64(f.ExpiresAt))
}

// RenewOffer puts another link in an offer's, which is void then. Whoever renews it offers it from now on.
func (o *Org) RenewOffer(b *Batch, f Offer, hash [32]byte) {
	b.Require(`EXISTS (SELECT 1 FROM offers WHERE org_id = ? AND id = ?)`, o.id, f.ID)
	b.Add(`UPDATE offers SET hash = ?, shown = ?, expires_at = ?, actor_kind = ?, actor_id = ?, actor_name = ? WHERE
  org_id = ? AND id = ?`,
		hexed(hash), f.Shown, int64(f.ExpiresAt), f.ActorKind, f.ActorID, f.ActorName, o.id, f.ID)
}

// SetOfferRole puts another role of an offer into a batch.
func (o *Org) SetOfferRole(b *Batch, f Offer) {
	b.Require(`EXISTS (SELECT 1 FROM offers WHERE org_id = ? AND id = ?)`, o.id, f.ID)
	b.Add(`UPDATE offers SET role = ? WHERE org_id = ? AND id = ?`, string(f.Role), o.id, f.ID)
}

// EndOffer puts the end of an offer into a batch, which is undone when it has ended meanwhile.
func (o *Org) EndOffer(b *Batch, id string) {
	b.Require(`EXISTS (SELECT 1 FROM offers WHERE org_id = ? AND id = ?)`, o.id, id)
	b.Add(`DELETE FROM offers WHERE org_id = ? AND id = ?`, o.id, id)
}

// endOffersOf ends what somebody offered who is no admin any more.
func (o *Org) endOffersOf(b *Batch, userID string) {
	b.Add(`DELETE FROM offers WHERE org_id = ? AND actor_kind = 'user' AND actor_id = ?
AND NOT EXISTS (SELECT 1 FROM members m WHERE m.org_id = offers.org_id AND m.user_id = ? AND m.role = 'admin')`, o.id,
		userID, userID)
}

// openOffer is what must hold of an offer f so that it can be accepted: it has not ended, whoever made it may still
// make it, and the organisation is there. Its one parameter is the time.
const openOffer = `f.expires_at >= ? AND NOT EXISTS (SELECT 1 FROM deleted_organizations d WHERE d.org_id = f.org_id)
  AND CASE f.actor_kind
 WHEN 'user' THEN EXISTS (SELECT 1 FROM members m WHERE m.org_id = f.org_id AND m.user_id = f.actor_id AND m.role =
 'admin')
 WHEN 'key' THEN EXISTS (SELECT 1 FROM api_keys k WHERE k.org_id = f.org_id AND k.id = f.actor_id AND k.revoked_at IS
 NULL)
 ELSE 1 END`

// AcceptOffer puts a membership that was offered into a batch, which is undone when the offer cannot be accepted any
// more as it was seen: the same link, the same role, made by somebody who may.
func (o *Org) AcceptOffer(b *Batch, f Offer, userID string, now time.Time) {
	b.Require(`EXISTS (SELECT 1 FROM offers f WHERE f.org_id = ? AND f.id = ? AND f.role = ? AND f.shown = ? AND `+
		openOffer+`)`, o.id, f.ID, string(f.Role), f.Shown, now.UnixMilli())
	b.Add(`INSERT INTO members (org_id, user_id, role, created_at) VALUES (?, ?, ?, ?)`, o.id, userID, string(f.Role),
		now.UnixMilli())
	b.Add(`DELETE FROM offers WHERE org_id = ? AND id = ?`, o.id, f.ID)
}

const offerColumns = `f.org_id, f.id, f.email, f.name, f.role, f.actor_kind, f.actor_id, f.actor_name, f.shown,
  f.created_at, f.expires_at`

func (f *Offer) columns() []any {
	return []any{&f.OrgID, &f.ID, &f.Email, &f.Name, &f.Role, &f.ActorKind, &f.ActorID, &f.ActorName, &f.Shown,
		&f.CreatedAt, &f.ExpiresAt}
}

const sentOffers = `SELECT ` + offerColumns +
	`, o.name, o.slug FROM offers f JOIN organizations o ON o.id = f.org_id WHERE `

func scanSentOffer(rows *sql.Rows, f *SentOffer) error {
	return rows.Scan(append(f.columns(), &f.OrgName, &f.OrgSlug)...)
}

// OfferByLink finds an offer that can be accepted by its link; ErrNone.
func (db *DB) OfferByLink(ctx context.Context, hash [32]byte, now time.Time) (SentOffer, error) {
	return first(list(ctx, db, sentOffers+`f.hash = ? AND `+openOffer, []any{hexed(hash), now.UnixMilli()},
		scanSentOffer))
}

// OffersTo lists what is offered to an address and can be accepted, at most a hundred of them, the newest first.
func (db *DB) OffersTo(ctx context.Context, email string, now time.Time) ([]SentOffer, error) {
	return list(ctx, db, sentOffers+`lower(f.email) = lower(?) AND `+openOffer+` ORDER BY f.created_at DESC, f.id DESC
  LIMIT 100`, []any{email, now.UnixMilli()}, scanSentOffer)
}

// Offer reads one of the organisation's; ErrNone.
func (o *Org) Offer(ctx context.Context, id string) (Offer, error) {
	return first(list(ctx, o.db, `SELECT `+offerColumns+` FROM offers f WHERE f.org_id = ? AND f.id = ?`,
		[]any{o.id, id},
		func(rows *sql.Rows, f *Offer) error { return rows.Scan(f.columns()...) }))
}

func first[T any](found []T, err error) (T, error) {
	var none T
	if err == nil && len(found) == 0 {
		err = ErrNone
	}
	if err != nil {
		return none, err
	}
	return found[0], nil
}

// Person is a line of an organisation's team: a member, or somebody who was offered to be one.
type Person struct {
	Member
	Offer *Offer // nil for a member
}

// Team lists members in the order in which they came, then offers, and counts all.
func (o *Org) Team(ctx context.Context, s Span) ([]Person, int, error) {
	n := 0
	if err := o.db.row(ctx, `SELECT (SELECT count(*) FROM members WHERE org_id = ?) + (SELECT count(*) FROM offers WHERE
  org_id = ?)`, []any{o.id, o.id}, &n); err != nil {
		return nil, 0, fmt.Errorf("count the team: %w", err)
	}
	found, err := list(ctx, o.db, `SELECT * FROM (SELECT 0 AS kind, m.created_at AS at, u.id, u.email, u.name, m.role,
  '' AS actor, 0 AS expires FROM members m CROSS JOIN users u ON u.id = m.user_id WHERE m.org_id = ?
UNION ALL SELECT 1, f.created_at, f.id, f.email, f.name, f.role, f.actor_name, f.expires_at FROM offers f WHERE f.org_id
 = ?) ORDER BY kind, at, id LIMIT ? OFFSET ?`,
		[]any{o.id, o.id, s.Limit, s.Offset}, func(rows *sql.Rows, p *Person) error {
			var kind int
			var f Offer
			if err := rows.Scan(&kind, &p.CreatedAt, &p.UserID, &p.Email, &p.Name, &p.Role, &f.ActorName,
				&f.ExpiresAt); err != nil {
				return err
			}
			if kind == 1 {
				p.Offer = &f
			}
			return nil
		})
	return found, n, err
}
