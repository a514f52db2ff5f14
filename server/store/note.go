package store

import (
	"context"
	"database/sql"
	"fmt"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Note is what one of the people of an organisation tells the others about an incident.
type Note struct {
	ID         string
	Incident   string
	Author     string // kind and id of who wrote it, as in user:…
	AuthorName string // what they were called then
	Body       string // Markdown
	CreatedAt  status.Time
	UpdatedAt  status.Time
	Version    int64
}

// Wire is the `note` of the REST API.
func (n *Note) Wire(f *wire.Fields) {
	f.Str("id", &n.ID)
	f.Str("incident", &n.Incident)
	f.Str("body", &n.Body)
	wire.One(f, "author", n, func(n *Note, f *wire.Fields) {
		f.Str("id", &n.Author)
		f.Str("name", &n.AuthorName)
	})
	f.Time("created_at", &n.CreatedAt)
	f.Time("updated_at", &n.UpdatedAt)
	f.Int("version", &n.Version)
}

const noteColumns = `SELECT id, incident_id, author_id, author_name, body, created_at, updated_at, version
FROM incident_notes WHERE org_id = ?`

func scanNote(rows *sql.Rows, n *Note) error {
	return rows.Scan(&n.ID, &n.Incident, &n.Author, &n.AuthorName, &n.Body, &n.CreatedAt, &n.UpdatedAt, &n.Version)
}

// Notes lists those of an incident, newest first, and counts them all.
func (o *Org) Notes(ctx context.Context, incident string, s Span) ([]Note, int, error) {
	n := 0
	if err := o.db.row(ctx, `SELECT count(*) FROM incident_notes WHERE org_id = ? AND incident_id = ?`,
		[]any{o.id, incident}, &n); err != nil {
		return nil, 0, fmt.Errorf("count notes: %w", err)
	}
	found, err := list(ctx, o.db, noteColumns+` AND incident_id = ? ORDER BY created_at DESC, id DESC LIMIT ? OFFSET ?`,
		[]any{o.id, incident, s.Limit, s.Offset}, scanNote)
	if err != nil {
		return nil, 0, fmt.Errorf("list notes: %w", err)
	}
	return found, n, nil
}

// Note reads one; ErrNone.
func (o *Org) Note(ctx context.Context, id string) (Note, error) {
	return first(list(ctx, o.db, noteColumns+` AND id = ?`, []any{o.id, id}, scanNote))
}

// AddNote puts a new note into a batch.
func (o *Org) AddNote(b *Batch, n *Note) {
	b.Add(`INSERT INTO incident_notes (org_id, id, incident_id, author_id, author_name, body, created_at,
 updated_at, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, o.id, n.ID, n.Incident, n.Author, n.AuthorName, n.Body,
		int64(n.CreatedAt), int64(n.UpdatedAt), n.Version)
}

// EditNote puts a note's new words into a batch, which is undone when it was changed meanwhile.
func (o *Org) EditNote(b *Batch, n *Note) {
	o.unchanged(b, countNotes, n.ID, n.Version-1)
	b.Add(`UPDATE incident_notes SET body = ?, updated_at = ?, version = ? WHERE org_id = ? AND id = ?`,
		n.Body, int64(n.UpdatedAt), n.Version, o.id, n.ID)
}

// DeleteNote puts into a batch that a note is gone, as it was read; the audit log keeps it.
func (o *Org) DeleteNote(b *Batch, n *Note) {
	o.unchanged(b, countNotes, n.ID, n.Version)
	b.Add(`DELETE FROM incident_notes WHERE org_id = ? AND id = ?`, o.id, n.ID)
}
