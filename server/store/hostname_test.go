package store

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"statuspage/shared/status"
)

func TestAHostNameOfAnOldDatabaseGoesOnForThirtyDays(t *testing.T) {
	ctx := context.Background()
	db, err := Open("file:"+filepath.Join(t.TempDir(), "old.db"), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	provider, err := gooseOn(db.write)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(ctx, 8); err != nil {
		t.Fatal(err)
	}
	const id = "0197a1de-3c00-7000-8000-000000000001"
	if _, err := db.write.ExecContext(ctx, `INSERT INTO organizations (id, slug, name, description, url, time_zone, accent, hostname, created_at, updated_at, version)
VALUES (?, 'acme', 'Acme', '', '', 'UTC', '', 'status.acme.example', 1, 1, 1), ('0197a1de-3c00-7000-8000-000000000002', 'beta', 'Beta', '', '', 'UTC', '', NULL, 1, 1, 1)`, id); err != nil {
		t.Fatal(err)
	}
	before := time.Now().Add(30*24*time.Hour - time.Minute)
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	due, err := db.DueHosts(ctx, time.Now(), time.Now(), 10)
	if err != nil || len(due) != 1 || due[0].Hostname != "status.acme.example" || due[0].OrgID != id ||
		due[0].Until < status.Time(before.UnixMilli()) ||
		due[0].Until > status.Time(before.Add(2*time.Minute).UnixMilli()) {
		t.Errorf("%+v %v", due, err)
	}
	if org, err := db.OrgByHost(ctx, "status.acme.example"); err != nil || org != id {
		t.Errorf("%s %v", org, err)
	}
	// The way back serves what could be served before.
	if _, err := provider.DownTo(ctx, 24); err != nil {
		t.Fatal(err)
	}
	if org, err := db.OrgByHost(ctx, "status.acme.example"); err != nil || org != id {
		t.Errorf("after the way back: %s %v", org, err)
	}
}
