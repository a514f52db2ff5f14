package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// eraseChunk is how many rows a batch of an erasure takes: the writer is nobody else's meanwhile.
const eraseChunk = 500

// orgTables is every table with rows of an organisation, those first that refer to others, and the columns that name a
// row. A test holds it against the schema.
var orgTables = sync.OnceValue(func() []orgTable {
	return slices.Concat(tablesBefore, tablesOfNouns(), tablesAfter)
})

var tablesBefore = []orgTable{
	{"jobs", "rowid"}, {"messages", "rowid"}, {"subscriber_services", "subscriber, service_id"},
	{"subscriber_incidents", "subscriber, incident_id"}, {"subscribers", "rowid"}, {"unsubscribed", "org_id, hash"},
	{"reminders", "org_id, maintenance_id, minutes"}, {"quiet_maintenances", "org_id, maintenance_id"},
	{"quiet_incidents", "org_id, incident_id"}, {"revivals", "org_id"}, {"hostname_checks", "org_id"},
	{"organization_security", "org_id"},
}

var tablesAfter = []orgTable{
	{"templates", "rowid"}, {"drafts", "rowid"}, {"incident_notes", "rowid"},
	{"report_counts", "org_id, service_id, at"}, {"report_marks", "org_id, service_id, day, hash"},
	{"report_alarms", "org_id, service_id"},
	{"logos", "org_id"}, {"page_access", "org_id, id"}, {"access_links", "hash"},
	{"monitor_results", "org_id, monitor_id, at, region"}, {"monitor_metrics", "org_id, monitor_id, span, at, region"},
	{"monitor_states", "org_id, monitor_id"}, {"monitors", "rowid"}, {"alerts", "org_id, kind, fingerprint"},
	{"proposals", "rowid"}, {"team_messages", "rowid"}, {"destinations", "org_id, id"},
	{"api_keys", "rowid"}, {"offers", "rowid"}, {"members", "org_id, user_id"},
	{"external_organizations", "issuer, external_id"},
	{"idempotency", "org_id, actor, key"}, {"events", "rowid"}, {"audit_log", "rowid"},
}

// Deleted is an organisation that was deleted.
type Deleted struct {
	OrgID              string
	DeletedAt, EraseAt time.Time
	Erasing            bool // there is no way back
}

// living says that the organisation of a row of this table is not deleted: the program does nothing by itself for one
// that is.
func living(table string) string {
	return notDeleted(table + ".org_id")
}

func notDeleted(id string) string {
	return `NOT EXISTS (SELECT 1 FROM deleted_organizations d WHERE d.org_id = ` + id + `)`
}

// Delete puts into a batch that the organisation is hidden from now on, and erased after a moment. What was still to be
// told is not told.
func (o *Org) Delete(b *Batch, now, erase time.Time) {
	b.Require(`EXISTS (SELECT 1 FROM organizations WHERE id = ?)`, o.id)
	b.Add(`INSERT INTO deleted_organizations (org_id, deleted_at, erase_at) VALUES (?, ?, ?)`, o.id, now.UnixMilli(),
		erase.UnixMilli())
	b.Add(`DELETE FROM jobs WHERE org_id = ? AND state = 'due'`, o.id)
	departed(b)
}

// departed tells every region to read which organisations are deleted.
func departed(b *Batch) {
	b.Add(`INSERT INTO meta (key, value) VALUES ('departed', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
		uuid.NewString())
}

// Restore puts the way back into a batch, which is undone when there is none any more.
func (o *Org) Restore(b *Batch) {
	b.Require(`EXISTS (SELECT 1 FROM deleted_organizations WHERE org_id = ? AND erasing = 0)`, o.id)
	b.Add(`DELETE FROM deleted_organizations WHERE org_id = ?`, o.id)
	departed(b)
}

// Deletion reads it; ErrNone for an organisation that was not deleted.
func (o *Org) Deletion(ctx context.Context) (Deleted, error) {
	return first(list(ctx, o.db, `SELECT org_id, deleted_at, erase_at, erasing FROM deleted_organizations WHERE org_id =
  ?`, []any{o.id}, scanDeleted))
}

func scanDeleted(rows *sql.Rows, d *Deleted) error {
	var at, erase int64
	err := rows.Scan(&d.OrgID, &at, &erase, &d.Erasing)
	d.DeletedAt, d.EraseAt = time.UnixMilli(at), time.UnixMilli(erase)
	return err
}

// DeletedOrgs lists every organisation that is hidden, erased ones too: what a region still holds of them in memory
// goes.
func (db *DB) DeletedOrgs(ctx context.Context) ([]string, error) {
	return list(ctx, db, `SELECT org_id FROM deleted_organizations ORDER BY org_id`, nil,
		func(rows *sql.Rows, id *string) error { return rows.Scan(id) })
}

// ToErase lists the organisations whose time has come, a few at a time.
func (db *DB) ToErase(ctx context.Context, now time.Time) ([]string, error) {
	return list(ctx, db, `SELECT org_id FROM deleted_organizations WHERE erased_at IS NULL AND erase_at <= ? ORDER BY
  erase_at LIMIT 10`, []any{now.UnixMilli()},
		func(rows *sql.Rows, id *string) error { return rows.Scan(id) })
}

// DeletedBySlug finds an organisation that was deleted and is not erased; ErrNone.
func (db *DB) DeletedBySlug(ctx context.Context, slug string) (string, error) {
	var id string
	err := db.row(ctx, `SELECT o.id FROM organizations o JOIN deleted_organizations d ON d.org_id = o.id WHERE o.slug =
  ?`, []any{slug}, &id)
	return id, err
}

// Erase deletes everything of an organisation that was deleted, the audit log included, in batches of a bounded size,
// and accounts that nobody has proved and that belong nowhere else. It may be called again after it was cut off. pause
// is between two batches.
func (o *Org) Erase(ctx context.Context, now time.Time, pause time.Duration) error {
	var b Batch
	b.Require(`EXISTS (SELECT 1 FROM deleted_organizations WHERE org_id = ?)`, o.id)
	b.Add(`UPDATE deleted_organizations SET erasing = 1 WHERE org_id = ?`, o.id)
	if err := o.db.Do(ctx, &b); err != nil {
		return fmt.Errorf("begin to erase: %w", err)
	}
	if err := o.eraseHeld(ctx); err != nil {
		return err
	}
	for _, t := range orgTables() {
		if err := o.eraseTable(ctx, t.table, t.key, pause); err != nil {
			return fmt.Errorf("erase %s: %w", t.table, err)
		}
	}
	b = Batch{}
	b.Add(`UPDATE sessions SET org_id = '' WHERE org_id = ?`, o.id)
	b.Add(`UPDATE users SET last_org = '' WHERE last_org = ?`, o.id)
	b.Add(`DELETE FROM organizations WHERE id = ?`, o.id)
	b.Add(`UPDATE deleted_organizations SET erased_at = ? WHERE org_id = ? AND erased_at IS NULL`, now.UnixMilli(),
		o.id)
	return o.db.Do(ctx, &b)
}

// eraseHeld ends the memberships of accounts that belong to nobody but this organisation, and the accounts with them.
func (o *Org) eraseHeld(ctx context.Context) error {
	for {
		ids, err := list(ctx, o.db, `SELECT u.id FROM members m JOIN users u ON u.id = m.user_id WHERE m.org_id = ? AND
  u.issuer = 'statuspage' AND u.proved_at IS NULL
UNION SELECT id FROM users WHERE held_by = ? AND NOT EXISTS (SELECT 1 FROM members m WHERE m.user_id = users.id) LIMIT
 50`,
			[]any{o.id, o.id}, func(rows *sql.Rows, id *string) error { return rows.Scan(id) })
		if err != nil || len(ids) == 0 {
			return err
		}
		var b Batch
		for _, id := range ids {
			b.Add(`DELETE FROM members WHERE org_id = ? AND user_id = ?`, o.id, id)
			b.Add(`UPDATE users SET held_by = NULL WHERE id = ? AND held_by = ?`, id, o.id)
			dropIfHeld(&b, id)
		}
		if err := o.db.Do(ctx, &b); err != nil {
			return fmt.Errorf("erase accounts: %w", err)
		}
	}
}

func (o *Org) eraseTable(ctx context.Context, table, key string, pause time.Duration) error {
	for {
		var b Batch
		b.Add(`DELETE FROM `+table+` WHERE (`+key+`) IN (SELECT `+key+` FROM `+table+` WHERE org_id = ? LIMIT ?)`, o.id,
			eraseChunk) // #nosec G202 -- our own names
		if err := o.db.Do(ctx, &b); err != nil {
			return err
		}
		n := 0
		if err := o.db.row(ctx, `SELECT count(*) FROM (SELECT 1 FROM `+table+` WHERE org_id = ? LIMIT 1)`, []any{o.id},
			&n); err != nil || n == 0 { // #nosec G202 -- our own names
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
