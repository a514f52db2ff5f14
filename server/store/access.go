package store

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"time"
)

// Access is who may see an organisation's page, where that is not everybody.
type Access struct {
	ID, Kind                  string
	Password                  string // PHC string, or ""
	Domains, Emails, Networks []string
	Secret                    string         // what readers' cookies are sealed with
	FeedKey                   string         // of the secret addresses of feeds and calendars
	Audiences                 []PageAudience `json:",omitempty"`
}

// PageAudience is some of a page's readers: Access says who, by the audience's ID. It has no Audiences of its own.
type PageAudience struct {
	Name string
	Access
}

// AudiencesJSON is how audiences are kept.
func AudiencesJSON(list []PageAudience) string {
	if len(list) == 0 {
		return "[]"
	}
	var out bytes.Buffer
	to := json.NewEncoder(&out)
	to.SetEscapeHTML(false)
	_ = to.Encode(list) // strings always have a JSON form
	return strings.TrimSuffix(out.String(), "\n")
}

// keepAccess is for how long details that are not in force any more stay, for regions that have not heard of newer
// ones.
const keepAccess = 24 * time.Hour

// AddAccess puts details into the batch of the event that puts them in force. current is the id of those that are.
func (o *Org) AddAccess(b *Batch, a *Access, current string, now time.Time) {
	b.Add(`DELETE FROM page_access WHERE org_id = ? AND id <> ? AND created_at < ?`, o.id, current,
		now.Add(-keepAccess).UnixMilli())
	b.Add(`INSERT INTO page_access (org_id, id, kind, password, domains, emails, networks, secret, feed_key,
  audiences, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, o.id, a.ID, a.Kind, a.Password,
		jsonStrings(a.Domains), jsonStrings(a.Emails), jsonStrings(a.Networks), a.Secret, a.FeedKey,
		AudiencesJSON(a.Audiences), now.UnixMilli())
}

// Access reads details; ErrNone.
func (o *Org) Access(ctx context.Context, id string) (*Access, error) {
	a := &Access{ID: id}
	var domains, emails, networks, audiences string
	err := o.db.row(ctx, `SELECT kind, password, domains, emails, networks, secret, feed_key, audiences FROM
  page_access WHERE org_id = ? AND id = ?`,
		[]any{o.id, id}, &a.Kind, &a.Password, &domains, &emails, &networks, &a.Secret, &a.FeedKey, &audiences)
	if err != nil {
		return nil, o.mine("page access", id, err)
	}
	for _, l := range []struct {
		text string
		list any
	}{{domains, &a.Domains}, {emails, &a.Emails}, {networks, &a.Networks}, {audiences, &a.Audiences}} {
		if err := json.Unmarshal([]byte(l.text), l.list); err != nil {
			return nil, o.mine("page access", id, &Unreadable{Kind: "page access", why: err.Error()})
		}
	}
	return a, nil
}

// AddAccessLink keeps a link that lets a reader in once. email is "" where it shall let nobody in.
func (o *Org) AddAccessLink(ctx context.Context, hash [32]byte, email string, now, until time.Time) error {
	var b Batch
	b.Add(`DELETE FROM access_links WHERE hash IN (SELECT hash FROM access_links WHERE expires_at < ? ORDER BY
  expires_at LIMIT ?)`, now.UnixMilli(), expiredAtOnce)
	b.Add(`INSERT INTO access_links (hash, org_id, email, expires_at) VALUES (?, ?, ?, ?)`, hexed(hash), o.id, email,
		until.UnixMilli())
	return o.db.Do(ctx, &b)
}

// UseAccessLink ends a link and answers whom it was for; ErrNone for one that works no more.
func (o *Org) UseAccessLink(ctx context.Context, hash [32]byte, now time.Time) (email string, err error) {
	err = o.db.row(ctx, `SELECT email FROM access_links WHERE hash = ? AND org_id = ? AND expires_at >= ? AND email <>
  ''`,
		[]any{hexed(hash), o.id, now.UnixMilli()}, &email)
	if err != nil {
		return "", err
	}
	var b Batch
	b.Require(`EXISTS (SELECT 1 FROM access_links WHERE hash = ?)`, hexed(hash))
	b.Add(`DELETE FROM access_links WHERE hash = ?`, hexed(hash))
	if err := o.db.Do(ctx, &b); Overtaken(err) {
		return "", ErrNone
	} else if err != nil {
		return "", err
	}
	return email, nil
}
