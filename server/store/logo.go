package store

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"
)

// AddLogo keeps a picture under its name, which says what is in it; the same one twice is one.
func (o *Org) AddLogo(ctx context.Context, name string, body []byte, now time.Time) error {
	var b Batch
	b.Add(`INSERT INTO logos (org_id, name, body, created_at) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET created_at = excluded.created_at`,
		o.id, name, base64.StdEncoding.EncodeToString(body), now.UnixMilli())
	// What pages and mails of late show stays.
	b.Add(`DELETE FROM logos WHERE org_id = ? AND name NOT IN (SELECT name FROM logos WHERE org_id = ? ORDER BY created_at DESC LIMIT 5)`, o.id, o.id)
	return o.db.Do(ctx, &b)
}

// Logo reads a picture; ErrNone.
func (o *Org) Logo(ctx context.Context, name string) ([]byte, error) {
	var text string
	if err := o.db.row(ctx, `SELECT body FROM logos WHERE org_id = ? AND name = ?`, []any{o.id, name}, &text); err != nil {
		return nil, err
	}
	body, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("read the logo: %w", err)
	}
	return body, nil
}
