package store_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"statuspage/server/store"
	"statuspage/server/store/storetest"
)

// TestEveryColumnHasABound fails for a column that nobody has thought about, and for a row that could be longer than a
// database takes.
func TestEveryColumnHasABound(t *testing.T) {
	file := filepath.Join(t.TempDir(), "status.db")
	storetest.At(t, file)
	raw, err := sql.Open("sqlite3", "file:"+file+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	rows, err := raw.Query(`SELECT m.name, p.name FROM sqlite_master m, pragma_table_xinfo(m.name) p
 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND p.type NOT IN ('INTEGER', 'REAL')`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	there, length := map[string]bool{}, map[string]int{}
	for rows.Next() {
		var table, column string
		if err := rows.Scan(&table, &column); err != nil {
			t.Fatal(err)
		}
		bound, known := storetest.Columns[table][column]
		if !known || bound.Bytes <= 0 || bound.By == "" {
			t.Errorf("%s.%s is not in storetest.Columns: say how long it may get, and what bounds it", table, column)
		}
		there[table+"."+column] = true
		length[table] += bound.Bytes
	}
	for table, columns := range storetest.Columns {
		for column := range columns {
			if !there[table+"."+column] {
				t.Errorf("%s.%s is in storetest.Columns and in no table", table, column)
			}
		}
		if length[table] > 5_000_000 {
			t.Errorf("a row of %s may have %d bytes", table, length[table])
		}
	}
}

// TestARowOfAnOlderVersionMayBeLonger has a row in the audit log as versions before its references to the log wrote it.
func TestARowOfAnOlderVersionMayBeLonger(t *testing.T) {
	const long = 6_000_000
	file, ctx := filepath.Join(t.TempDir(), "status.db"), context.Background()
	db := storetest.At(t, file)
	org := crowd(t, db, 1)
	raw, err := sql.Open("sqlite3", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw.Exec(`INSERT INTO audit_log (org_id, at, actor_kind, actor_id, actor_name, address, request_id, action, object_kind, object_id, before, after)
VALUES (?, 1, 'user', 'u', 'Ada', '', '', 'update_incident', 'incident', 'i', '', ?)`, org.ID(),
		strings.Repeat("x", long)); err != nil {
		t.Fatal(err)
	}
	_ = raw.Close()
	if err := db.Migrate(ctx); err != nil {
		t.Error("it is migrated:", err)
	}
	found, _, err := org.AuditLog(ctx, store.AuditFilter{}, store.Span{Limit: 25})
	if err != nil || len(found) == 0 {
		t.Errorf("it is read: %d rows, %v", len(found), err)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := store.Backup(ctx, "file:"+file, copied); err != nil {
		t.Error("it is copied:", err)
	}
	var b store.Batch
	now := time.Now()
	org.Delete(&b, now, now)
	if err := db.Do(ctx, &b); err != nil {
		t.Fatal(err)
	}
	if err := org.Erase(ctx, now, 0); err != nil {
		t.Error("it is erased:", err)
	}
}
