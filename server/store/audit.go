package store

import (
	"context"
	"database/sql"
	"fmt"

	"statuspage/shared/status"
)

// Audit is one accepted write: who, when, from where, what it was before and what after (JSON, "" where there is none).
type Audit struct {
	ID         int64
	At         status.Time
	ActorKind  string // user, key or system
	ActorID    string
	ActorName  string
	Address    string
	RequestID  string
	Action     string // the command's kind
	ObjectKind string
	ObjectID   string
	Before     string
	After      string

	// Refers says that the object is in the log: it is kept as the seq after which it was as before, and the one after
	// which it was as after; 0 where it was not there. Before and After are made of the log when they are read.
	Refers              bool
	BeforeSeq, AfterSeq int64
	// Abridged says that Before and After are not whole: of a timeline only what changed, of long texts the beginning.
	Abridged bool
}

// AddAudit puts the row into the batch of the write itself.
func (o *Org) AddAudit(b *Batch, a Audit) {
	var before, after any
	if a.Refers {
		before, after, a.Before, a.After = a.BeforeSeq, a.AfterSeq, "", ""
	}
	b.Add(`INSERT INTO audit_log (org_id, at, actor_kind, actor_id, actor_name, address, request_id, action,
  object_kind, object_id, before, after, before_seq, after_seq)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		o.id, int64(a.At), a.ActorKind, a.ActorID, a.ActorName, a.Address, a.RequestID, a.Action, a.ObjectKind,
		a.ObjectID, a.Before, a.After, before, after)
}

// AuditFilter narrows the list; zero values mean all.
type AuditFilter struct {
	Actor  string
	Object string
	Since  status.Time
	Before int64 // an entry's id: only what is older
}

func (f AuditFilter) where(orgID string) (string, []any) {
	where, args := "org_id = ?", []any{orgID}
	if f.Actor != "" {
		where, args = where+" AND actor_id = ?", append(args, f.Actor)
	}
	if f.Object != "" {
		where, args = where+" AND object_id = ?", append(args, f.Object)
	}
	if f.Since != 0 {
		where, args = where+" AND at >= ?", append(args, int64(f.Since))
	}
	if f.Before != 0 {
		where, args = where+" AND id < ?", append(args, f.Before)
	}
	return where, args
}

// AuditLog lists what was written, newest first, and counts all that match.
func (o *Org) AuditLog(ctx context.Context, f AuditFilter, s Span) ([]Audit, int, error) {
	where, args := f.where(o.id)
	n := 0
	if err := o.db.row(ctx, `SELECT count(*) FROM audit_log WHERE `+where, args, &n); err != nil {
		return nil, 0, fmt.Errorf("count the audit log: %w", err)
	}
	found, err := o.AuditRows(ctx, f, s)
	return found, n, err
}

// auditText is the most that a row's own text has for it to be read; longer ones are of older versions and could not be
// moved.
const auditText = 256 << 10

// AuditRows lists without counting. The objects' texts have auditBytes together, as long as abridged ones fit into
// that.
func (o *Org) AuditRows(ctx context.Context, f AuditFilter, s Span) ([]Audit, error) {
	where, args := f.where(o.id)
	found, err := list(ctx, o.db, fmt.Sprintf(`SELECT id, at, actor_kind, actor_id, actor_name, address, request_id,
  action, object_kind, object_id,
 CASE WHEN octet_length(before) <= %[1]d THEN before ELSE '' END, CASE WHEN octet_length(after) <= %[1]d THEN after ELSE
 '' END,
 max(octet_length(before), octet_length(after)) > %[1]d, before_seq, after_seq
FROM audit_log WHERE `, auditText)+where+` ORDER BY id DESC LIMIT ? OFFSET ?`, append(args, s.Limit, s.Offset),
		scanAudit)
	if err != nil {
		return nil, fmt.Errorf("list the audit log: %w", err)
	}
	if err := o.describe(ctx, found); err != nil {
		return nil, fmt.Errorf("read what the audit log refers to: %w", err)
	}
	return found, nil
}

func scanAudit(rows *sql.Rows, a *Audit) error {
	var before, after sql.NullInt64
	err := rows.Scan(&a.ID, &a.At, &a.ActorKind, &a.ActorID, &a.ActorName, &a.Address, &a.RequestID, &a.Action,
		&a.ObjectKind, &a.ObjectID,
		&a.Before, &a.After, &a.Abridged, &before, &after)
	a.Refers, a.BeforeSeq, a.AfterSeq = before.Valid && after.Valid, before.Int64, after.Int64
	return err
}
