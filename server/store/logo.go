package store

import (
	"context"
	"encoding/base64"
	"time"
)

// AddLogo puts a picture into a batch under its name, which says what is in it; the same one twice is one.
func (o *Org) AddLogo(b *Batch, name string, body []byte, now time.Time) {
	b.Add(`INSERT INTO logos (org_id, name, body, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET created_at =
  excluded.created_at`,
		o.id, name, base64.StdEncoding.EncodeToString(body), now.UnixMilli())
	// What pages and mails of late show stays.
	b.Add(`DELETE FROM logos WHERE org_id = ? AND name NOT IN (SELECT name FROM logos WHERE org_id = ? ORDER BY
  created_at DESC LIMIT 5)
 AND NOT EXISTS (SELECT 1 FROM organizations g WHERE g.id = logos.org_id AND (logos.name = g.logo OR CASE WHEN
 json_valid(g.more)
  THEN logos.name IN (json_extract(g.more, '$.logo_dark'), json_extract(g.more, '$.favicon')) ELSE 1 END))`, o.id, o.id)
}

// Logo reads a picture; ErrNone.
func (o *Org) Logo(ctx context.Context, name string) ([]byte, error) {
	var text string
	if err := o.db.row(ctx, `SELECT body FROM logos WHERE org_id = ? AND name = ?`, []any{o.id, name},
		&text); err != nil {
		return nil, o.mine("logo", name, err)
	}
	body, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, o.mine("logo", name, &Unreadable{Kind: "logo", why: err.Error()})
	}
	return body, nil
}
