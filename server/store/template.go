package store

import (
	"context"
	"database/sql"
	"fmt"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Template is words for incidents that are known to come again. {{name}} in Title and Body is a blank that whoever
// opens the incident fills in.
type Template struct {
	ID        string
	Name      string
	Title     string
	Body      string                // Markdown
	Status    status.IncidentStatus // of the update that it is for; "" is any
	Services  []page.Move           // that are suggested; a To may be left out
	CreatedAt status.Time
	UpdatedAt status.Time
	Version   int64
}

// Wire is the `template` of the REST API.
func (t *Template) Wire(f *wire.Fields) {
	f.Str("id", &t.ID)
	f.Str("name", &t.Name)
	f.Str("title", &t.Title)
	f.Str("body", &t.Body)
	f.Str("status", (*string)(&t.Status))
	wire.List(f, "services", &t.Services, (*page.Move).Wire)
	blanks := status.Blanks(t.Title + "\n" + t.Body)
	f.Strings("placeholders", &blanks)
	f.Time("created_at", &t.CreatedAt)
	f.Time("updated_at", &t.UpdatedAt)
	f.Int("version", &t.Version)
}

const templateColumns = `id, name, title, body, status, services, created_at, updated_at, version`

func scanTemplate(rows *sql.Rows, t *Template) error {
	var services string
	if err := rows.Scan(&t.ID, &t.Name, &t.Title, &t.Body, &t.Status, &services, &t.CreatedAt, &t.UpdatedAt,
		&t.Version); err != nil {
		return err
	}
	return decoded([]byte(`{"services":`+services+`}`), moves{&t.Services})
}

type moves struct{ list *[]page.Move }

func (m moves) Wire(f *wire.Fields) { wire.List(f, "services", m.list, (*page.Move).Wire) }

func (t *Template) services() string {
	text := wire.Marshal(moves{&t.Services})
	return string(text[len(`{"services":`) : len(text)-1])
}

// Templates lists templates by name and counts them all.
func (o *Org) Templates(ctx context.Context, s Span) ([]Template, int, error) {
	n := 0
	if err := o.db.row(ctx, `SELECT count(*) FROM templates WHERE org_id = ? AND deleted_at IS NULL`, []any{o.id},
		&n); err != nil {
		return nil, 0, fmt.Errorf("count templates: %w", err)
	}
	found, err := list(ctx, o.db, `SELECT `+templateColumns+` FROM templates WHERE org_id = ? AND deleted_at IS NULL
  ORDER BY name, id LIMIT ? OFFSET ?`,
		[]any{o.id, s.Limit, s.Offset}, scanTemplate)
	if err != nil {
		return nil, 0, fmt.Errorf("list templates: %w", err)
	}
	return found, n, nil
}

// Template reads one; ErrNone.
func (o *Org) Template(ctx context.Context, id string) (Template, error) {
	found, err := list(ctx, o.db, `SELECT `+templateColumns+` FROM templates WHERE org_id = ? AND id = ? AND deleted_at
  IS NULL`, []any{o.id, id}, scanTemplate)
	if err != nil || len(found) == 0 {
		return Template{}, orNone(err)
	}
	return found[0], nil
}

func orNone(err error) error {
	if err == nil {
		return ErrNone
	}
	return err
}

// AddTemplate puts a new template into a batch.
func (o *Org) AddTemplate(b *Batch, t Template) {
	b.Add(`INSERT INTO templates (org_id, id, name, title, body, status, services, created_at, updated_at, version)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		o.id, t.ID, t.Name, t.Title, t.Body, string(t.Status), t.services(), int64(t.CreatedAt), int64(t.UpdatedAt),
		t.Version)
}

// EditTemplate puts a template's new words into a batch, which is undone when somebody else changed it meanwhile.
func (o *Org) EditTemplate(b *Batch, t Template) {
	o.unchanged(b, CountTemplates, t.ID, t.Version-1)
	b.Add(`UPDATE templates SET name = ?, title = ?, body = ?, status = ?, services = ?, updated_at = ?, version = ?
  WHERE org_id = ? AND id = ?`,
		t.Name, t.Title, t.Body, string(t.Status), t.services(), int64(t.UpdatedAt), t.Version, o.id, t.ID)
}

// DeleteTemplate hides a template, as it was read.
func (o *Org) DeleteTemplate(b *Batch, t *Template, at status.Time) {
	o.unchanged(b, CountTemplates, t.ID, t.Version)
	b.Add(`UPDATE templates SET deleted_at = ? WHERE org_id = ? AND id = ?`, int64(at), o.id, t.ID)
}
