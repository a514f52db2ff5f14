package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Span is a page of a list: Limit rows behind Offset.
type Span struct{ Limit, Offset int }

// IncidentFilter narrows a list; zero values mean all.
type IncidentFilter struct {
	Status    string
	Active    *bool
	ServiceID string
	Search    string // words and "phrases" in its texts; see searched
	// From and Until bound created_at, the end left out.
	From, Until status.Time
}

// conditions is the WHERE of the filter. Each combination is served by an index (a test asks the planner).
func (f IncidentFilter) conditions(org string) (string, []any) {
	where, args := "i.org_id = ? AND i.deleted_at IS NULL", []any{org}
	if f.Status != "" {
		where, args = where+" AND i.status = ?", append(args, f.Status)
	}
	if f.Active != nil && *f.Active {
		where += " AND i.status <> 'resolved'"
	} else if f.Active != nil {
		where += " AND i.status = 'resolved'"
	}
	if f.ServiceID != "" {
		where += " AND i.id IN (SELECT incident_id FROM incident_services WHERE org_id = ? AND service_id = ?)"
		args = append(args, org, f.ServiceID)
	}
	if f.Search != "" {
		more, found := searched(org, f.Search)
		where, args = where+more, append(args, found...)
	}
	if f.From != 0 {
		where, args = where+" AND i.created_at >= ?", append(args, int64(f.From))
	}
	if f.Until != 0 {
		where, args = where+" AND i.created_at < ?", append(args, int64(f.Until))
	}
	return where, args
}

// PastFilter is a time, [From, To), and what is wanted of it; zero values of the others mean all.
type PastFilter struct {
	From, To  status.Time
	ServiceID string
	Text      string // that stands in the title or in a message; letters of ASCII count in either case
}

// conditions narrows a query of incidents or maintenances by service and text.
func (f PastFilter) conditions(org, one, noun string) (where string, args []any) {
	if f.ServiceID != "" {
		where += " AND " + one + ".id IN (SELECT " + noun + "_id FROM " + noun + "_services" +
			" WHERE org_id = ? AND service_id = ?)"
		args = append(args, org, f.ServiceID)
	}
	if f.Text != "" {
		like := "%" + likeWords.Replace(f.Text) + "%"
		where += " AND (" + one + `.title LIKE ? ESCAPE '\' OR ` + one + `.description LIKE ? ESCAPE '\'` +
			" OR EXISTS (SELECT 1 FROM " + noun + "_updates u WHERE u.org_id = " + one + ".org_id" +
			" AND u." + noun + "_id = " + one + `.id AND u.body LIKE ? ESCAPE '\'))`
		args = append(args, like, like, like)
	}
	return where, args
}

// likeWords keeps what somebody looks for from being a pattern.
var likeWords = strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`)

// IncidentsDuring lists those that are over and went on in a time, whenever they began and ended, the newest end first.
func (o *Org) IncidentsDuring(ctx context.Context, f PastFilter, limit int) ([]status.Incident, error) {
	more, args := f.conditions(o.id, "i", "incident")
	found, err := list(ctx, o.db, `SELECT `+incidentJSON+` FROM incidents i WHERE i.org_id = ? AND i.deleted_at IS NULL
  AND i.status = 'resolved'
 AND i.resolved_at >= ? AND i.created_at < ?`+more+` ORDER BY i.resolved_at DESC, i.id DESC LIMIT ?`,
		append(append([]any{o.id, int64(f.From), int64(f.To)}, args...), limit), scanJSON[status.Incident])
	if err != nil {
		return nil, fmt.Errorf("list incidents of a time: %w", err)
	}
	return found, nil
}

// Incidents lists incidents, those that are active first, then the newest, and counts all that match.
func (o *Org) Incidents(ctx context.Context, f IncidentFilter, s Span) ([]status.Incident, int, error) {
	where, args := f.conditions(o.id)
	n := 0
	if err := o.db.row(ctx, `SELECT count(*) FROM incidents i WHERE `+where, args, &n); err != nil {
		return nil, 0, fmt.Errorf("count incidents: %w", err)
	}
	query := `SELECT ` + incidentJSON + ` FROM incidents i WHERE ` + where +
		` ORDER BY i.status = 'resolved', i.created_at DESC, i.id DESC LIMIT ? OFFSET ?`
	found, err := list(ctx, o.db, query, append(args, s.Limit, s.Offset), scanJSON[status.Incident])
	if err != nil {
		return nil, 0, fmt.Errorf("list incidents: %w", err)
	}
	return found, n, nil
}

// Incident reads one; ErrNone.
func (o *Org) Incident(ctx context.Context, id string) (status.Incident, error) {
	var x status.Incident
	return x, o.read(ctx, page.IncidentNoun, id, &x)
}

func scanJSON[T any, P interface {
	*T
	wire.Object
}](rows *sql.Rows, x *T) error {
	var body []byte
	if err := rows.Scan(&body); err != nil {
		return err
	}
	return decoded(body, P(x))
}
