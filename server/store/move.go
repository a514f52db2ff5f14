package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"statuspage/shared/page"
	"statuspage/shared/wire"
)

// moveRows is how many rows of an older version's audit log are moved at a time.
const moveRows = 100

// moveAudit turns the rows of older versions, which held their objects whole, into references to the log. A row that
// the log does not bear out to the letter stays as it is. It goes on where it was stopped.
func (db *DB) moveAudit(ctx context.Context) error {
	var last, cursor int64
	if err := db.row(ctx, `SELECT coalesce((SELECT max(id) FROM audit_log WHERE before_seq IS NULL), 0),
  coalesce((SELECT value FROM meta WHERE key = 'audit_moved'), 0)`, nil, &last, &cursor); err != nil {
		return fmt.Errorf("look for old audit rows: %w", err)
	}
	begun, m := time.Now(), mover{db: db, known: map[string]*moving{}}
	for cursor < last {
		next, err := m.step(ctx, cursor)
		if err != nil {
			return fmt.Errorf("move the audit log: %w", err)
		}
		cursor = next
	}
	if m.moved > 0 {
		slog.Info("the audit log was moved", "rows", m.moved, "bytes", m.bytes, "took",
			time.Since(begun).Round(time.Millisecond).String())
	}
	return nil
}

type mover struct {
	db           *DB
	known        map[string]*moving
	moved, bytes int64
}

// moving is an object, folded as far as the rows before have needed it.
type moving struct {
	folded
	seq    int64
	failed bool
}

type oldAudit struct {
	id, size           int64
	org, kind, object  string
	before, after      int64 // versions
	hasBefore, hasNext bool
}

func (m *mover) step(ctx context.Context, cursor int64) (int64, error) {
	const version = `CASE WHEN json_valid(%[1]s) THEN json_extract(%[1]s, '$.version') END`
	found, err := list(ctx, m.db, fmt.Sprintf(`SELECT id, org_id, object_kind, object_id, octet_length(before) +
  octet_length(after), before <> '', after <> '', `+version+`, %s
FROM audit_log WHERE id > ? AND before_seq IS NULL ORDER BY id LIMIT ?`, "before", fmt.Sprintf(version, "after")),
		[]any{cursor, moveRows}, scanOld)
	if err != nil {
		return 0, err
	}
	var b Batch
	for i := range found {
		x := &found[i]
		cursor = x.id
		if !logged(x.kind) || !x.hasBefore && !x.hasNext {
			continue
		}
		before, after, ok, err := m.find(ctx, x)
		if err != nil {
			return 0, err
		}
		if ok {
			b.Add(`UPDATE audit_log SET before = '', after = '', before_seq = ?, after_seq = ? WHERE id = ?`, before,
				after, x.id)
			m.moved, m.bytes = m.moved+1, m.bytes+x.size
		}
	}
	if len(found) < moveRows {
		cursor = max(cursor, 1<<62)
	}
	if len(found) > 0 {
		b.Add(`INSERT INTO meta (key, value) VALUES ('audit_moved', ?) ON CONFLICT (key) DO UPDATE SET value =
  excluded.value`, wire.Itoa(found[len(found)-1].id))
	}
	return cursor, m.db.Do(ctx, &b)
}

func scanOld(rows *sql.Rows, x *oldAudit) error {
	var before, after sql.NullInt64
	err := rows.Scan(&x.id, &x.org, &x.kind, &x.object, &x.size, &x.hasBefore, &x.hasNext, &before, &after)
	x.before, x.after = before.Int64, after.Int64
	return err
}

// find is the seqs of the versions that a row holds, when the log has the same words there.
func (m *mover) find(ctx context.Context, x *oldAudit) (before, after int64, ok bool, err error) {
	at := m.known[x.kind+x.object]
	if at == nil || at.failed {
		if len(m.known) >= 64 {
			clear(m.known)
		}
		at = &moving{folded: folded{kind: x.kind, id: x.object}}
		m.known[x.kind+x.object] = at
	}
	text := func(column string) (s string, err error) {
		err = m.db.row(ctx, `SELECT `+column+` FROM audit_log WHERE id = ?`, []any{x.id}, &s)
		return s, err
	}
	for _, side := range []struct {
		column  string
		there   bool
		version int64
		seq     *int64
	}{{"before", x.hasBefore, x.before, &before}, {"after", x.hasNext, x.after, &after}} {
		if !side.there {
			continue
		}
		reached, err := at.reach(ctx, m.db.Org(x.org), side.version)
		if err != nil || !reached {
			at.failed = true
			return 0, 0, false, err
		}
		words, err := text(side.column)
		if err != nil {
			return 0, 0, false, err
		}
		if !at.same(words) {
			return 0, 0, false, nil
		}
		*side.seq = at.seq
	}
	return before, after, true, nil
}

var errReached = errors.New("the version is reached")

// reach folds on until the object has a version; false when it never has.
func (f *moving) reach(ctx context.Context, o *Org, version int64) (bool, error) {
	if f.version() == version {
		return true, nil
	}
	err := o.about(ctx, f.kind+":"+f.id, f.seq, 1<<62, func(e *page.Event) error {
		f.add(e)
		f.seq = e.Seq
		if f.version() >= version {
			return errReached
		}
		return nil
	})
	if err == nil || errors.Is(err, errReached) {
		return f.version() == version, nil
	}
	if unreadable(err) {
		return false, nil // the row stays as it is
	}
	return false, err
}
