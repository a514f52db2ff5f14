package store

import (
	"context"
	"time"
)

// OrgByExternal finds what an issuer's organisation is here; ErrNone.
func (db *DB) OrgByExternal(ctx context.Context, issuer, externalID string) (id string, err error) {
	err = db.row(ctx, `SELECT org_id FROM external_organizations WHERE issuer = ? AND external_id = ?`,
		[]any{issuer, externalID}, &id)
	return id, err
}

// AddExternal puts into a batch that an issuer's organisation is this one.
func (o *Org) AddExternal(b *Batch, issuer, externalID string) {
	b.Add(`INSERT INTO external_organizations (issuer, external_id, org_id) VALUES (?, ?, ?)`, issuer, externalID, o.id)
}

// SetUser puts what an issuer tells of a user into a batch; what it does not tell stays.
func SetUser(b *Batch, id, email, name string, now time.Time) {
	b.Add(`UPDATE users SET email = CASE WHEN ? = '' THEN email ELSE ? END, name = CASE WHEN ? = '' THEN name ELSE ?
  END, updated_at = ? WHERE id = ?`,
		email, email, name, name, now.UnixMilli(), id)
}

// DropMember puts the end of a membership into a batch, whoever is left: the issuer says so.
func (o *Org) DropMember(b *Batch, userID string) {
	b.Add(`DELETE FROM members WHERE org_id = ? AND user_id = ?`, o.id, userID)
}
