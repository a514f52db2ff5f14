package store

import (
	"context"
	"path/filepath"
	"testing"
)

// upgraded opens a database as it was at a version, fills it, and brings it up to date.
func upgraded(t *testing.T, version int64, fill ...string) *DB {
	t.Helper()
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
	if _, err := provider.UpTo(ctx, version); err != nil {
		t.Fatal(err)
	}
	for _, text := range fill {
		var b Batch
		b.Add(text)
		if err := db.Do(ctx, &b); err != nil {
			t.Fatal(text, err)
		}
	}
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	return db
}

const (
	oldOrg  = "0190a0a0-0000-7000-8000-000000000001"
	makeOrg = `INSERT INTO organizations (id, slug, name, description, url, time_zone, accent, created_at, updated_at, version)
VALUES ('` + oldOrg + `', 'acme', 'Acme', '', '', 'UTC', '', 1, 1, 1)`
)

func oldSeries(id, rule string) string {
	return `INSERT INTO maintenance_series (org_id, id, title, description, services, rrule, time_zone, starts_at, minutes, notify, planned_for, created_at)
VALUES ('` + oldOrg + `', '0190a0a0-0000-7000-8000-0000000001` + id +
		`', 'Patch day', '', '["0190a0a0-0000-7000-8000-000000000002"]', '` + rule +
		`', 'Asia/Tokyo', '2026-01-31T02:00', 60, 1, 1, 1)`
}

func TestRulesThatAreStoredEndOnTheDayThatTheirAuthorChose(t *testing.T) {
	rules := map[string]string{
		"01": "FREQ=WEEKLY;UNTIL=20261219T235959Z", "02": "FREQ=WEEKLY;UNTIL=20261219T103000Z", "03": "FREQ=WEEKLY",
		"04": "FREQ=WEEKLY;UNTIL=20261219",
	}
	fill := []string{makeOrg}
	for id, rule := range rules {
		fill = append(fill, oldSeries(id, rule))
	}
	db := upgraded(t, 8, fill...)
	rules["01"] = "FREQ=WEEKLY;UNTIL=20261219"
	for id, want := range rules {
		s, err := db.Org(oldOrg).Series(context.Background(), "0190a0a0-0000-7000-8000-0000000001"+id)
		if err != nil || s.RRule != want {
			t.Errorf("%s: %s, want %s (%v)", id, s.RRule, want, err)
		}
	}
}
