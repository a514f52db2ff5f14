package store

import (
	"compress/gzip"
	"context"
	"database/sql"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// Old data is a test: testdata/databases has a small database as each migration left it, with rows that were written
// before and after it. None is ever written anew; -write-databases adds those of migrations that have none.

var writeDatabases = flag.Bool("write-databases", false, "add the databases of migrations that have none to "+
	"testdata/databases")

func oldFile(version int64) string {
	return filepath.Join("testdata", "databases", fmt.Sprintf("%05d.db.gz", version))
}

// everyVersion lists all migrations.
func everyVersion(t *testing.T) (out []int64) {
	t.Helper()
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	provider, err := gooseOn(db)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range provider.ListSources() {
		out = append(out, s.Version)
	}
	return out
}

func TestEveryMigrationHasADatabase(t *testing.T) {
	for _, v := range everyVersion(t) {
		if _, err := os.Stat(oldFile(v)); err == nil {
			continue
		}
		if !*writeDatabases {
			t.Errorf("migration %d has no database: go test ./server/store -run TestEveryMigrationHasADatabase "+
				"-write-databases", v)
			continue
		}
		writeOld(t, v)
	}
}

const (
	oldService     = "0190a0a0-0000-7000-8000-000000000002"
	oldIncident    = "0190a0a0-0000-7000-8000-000000000003"
	oldMaintenance = "0190a0a0-0000-7000-8000-000000000004"
	oldPerson      = "0190a0a0-0000-7000-8000-000000000005"
	oldAt          = status.Time(1_767_225_600_000) // 2026-01-01
)

// oldStory is the log that every one of the databases has.
func oldStory(t *testing.T) (events []page.Event, s page.State) {
	t.Helper()
	born, no := page.Create(oldOrg, "acme", "Acme", oldAt)
	if no != nil {
		t.Fatal(no)
	}
	events, s = []page.Event{born}, page.Evolve(page.State{}, &born)
	for i, c := range []page.Command{
		&page.CreateService{ID: oldService, Name: "API", Description: "It answers."},
		&page.OpenIncident{ID: oldIncident, UpdateID: "0190a0a0-0000-7000-8000-000000000006", Title: "Down",
			Description: "We look into it.", Services: []page.Move{{ID: oldService, To: status.Major}}},
		&page.PlanMaintenance{ID: oldMaintenance, Title: "Work", Services: []string{oldService},
			ScheduledFor: 4_070_908_800_000, ScheduledUntil: 4_070_912_400_000},
	} {
		more, no := page.Decide(s, c, oldAt+status.Time(i+1)*wire.Minute)
		if no != nil {
			t.Fatal(no)
		}
		for k := range more {
			s = page.Evolve(s, &more[k])
		}
		events = append(events, more...)
	}
	return events, s
}

// oldRows are what a program of each version wrote into the tables that it had, after its own migration.
func oldRows(t *testing.T) map[int64][]string {
	t.Helper()
	events, _ := oldStory(t)
	at, in := fmt.Sprint(int64(oldAt)), func(table, columns, values string) string {
		return "INSERT INTO " + table + " (" + columns + ") VALUES (" + values + ")"
	}
	first := []string{makeOrg, in("meta", "key, value", "'name', 'an old database'")}
	for i := range events {
		e := &events[i]
		first = append(first, in("events", "org_id, seq, type, at, command, body", fmt.Sprintf("'%s', %d, '%s', %d, "+
			"'', '%s'", oldOrg, e.Seq, e.Type, int64(e.At), wire.Marshal(e))))
	}
	first = append(first,
		in("services", "org_id, id, name, description, status, position, group_name, since, created_at, updated_at, "+
			"version", "'"+oldOrg+"', '"+oldService+"', 'API', 'It answers.', 'major_outage', 0, '', "+at+", "+at+", "+
			at+", 2"),
		in("service_days", "org_id, service_id, day, degraded, partial, major, maintenance", "'"+oldOrg+"', '"+
			oldService+"', 20454, 0, 0, 60000, 0"),
		in("incidents", "org_id, id, title, description, status, impact, created_at, updated_at, version", "'"+oldOrg+
			"', '"+oldIncident+"', 'Down', 'We look into it.', 'investigating', 'critical', "+at+", "+at+", 1"),
		in("incident_services", "org_id, incident_id, ordinal, service_id, name, from_state, to_state",
			"'"+oldOrg+"', '"+oldIncident+"', 0, '"+oldService+"', 'API', 'operational', 'major_outage'"),
		in("incident_updates", "org_id, incident_id, seq, id, status, body, created_at", "'"+oldOrg+"', '"+oldIncident+
			"', 4, '0190a0a0-0000-7000-8000-000000000006', 'investigating', 'We look into it.', "+at),
		in("maintenances", "org_id, id, title, description, status, scheduled_for, scheduled_until, created_at, "+
			"updated_at, version", "'"+oldOrg+"', '"+oldMaintenance+"', 'Work', '', 'scheduled', 4070908800000, "+
			"4070912400000, "+at+", "+at+", 1"),
		in("maintenance_services", "org_id, maintenance_id, ordinal, service_id, name", "'"+oldOrg+"', '"+
			oldMaintenance+"', 0, '"+oldService+"', 'API'"),
		in("audit_log", "org_id, at, actor_kind, actor_id, actor_name, address, request_id, action, object_kind, "+
			"object_id, before, after", "'"+oldOrg+"', "+at+", 'user', '"+oldPerson+"', 'Ada', '', '', "+
			"'create_template', 'template', 't', '', '{}'"),
		in("idempotency", "org_id, actor, key, fingerprint, status, etag, seq, body, at", "'"+oldOrg+"', 'user:"+
			oldPerson+"', 'k', 'f', 201, '', 2, '{}', "+at))
	return map[int64][]string{
		1: first,
		2: {
			in("users", "id, email, name, password, issuer, subject, created_at, updated_at",
				"'"+oldPerson+"', 'ada@example.com', 'Ada', '', 'statuspage', '"+oldPerson+"', "+at+", "+at),
			in("members", "org_id, user_id, role, created_at", "'"+oldOrg+"', '"+oldPerson+"', 'admin', "+at),
			in("sessions", "id, user_id, org_id, generation, advanced_at, expires_at", "'s', '"+oldPerson+"', '"+oldOrg+
				"', 1, "+at+", 4070908800000"),
			in("api_keys", "org_id, id, name, prefix, hash, scopes, created_by, created_at", "'"+oldOrg+
				"', '0190a0a0-0000-7000-8000-000000000007', 'CI', 'sp_old', 'h', 'write', 'user:"+oldPerson+"', "+at),
			in("signing_keys", "kid, secret, created_at", "'kid', 'c2VlZA==', "+at),
		},
		3: {
			in("subscribers", "org_id, id, channel, address, address_key, state, whole, token, secret, base, source, "+
				"created_at, asked_at, confirmed_at", "'"+oldOrg+"', '0190a0a0-0000-7000-8000-000000000008', "+
				"'email', 'bob@example.com', 'bob@example.com', 'active', 1, 'token', '', 'http://localhost', "+
				"'visitor', "+at+", "+at+", "+at),
			in("messages", "org_id, topic, kind, title, body, created_at",
				"'"+oldOrg+"', 'incident', 'incident', 'Down', '{}', "+at),
			in("jobs", "org_id, message_id, subscriber, state, lane, due_at, done_at",
				"'"+oldOrg+"', 1, 1, 'sent', 'mail', "+at+", "+at),
		},
		4: {in("templates", "org_id, id, name, title, body, status, services, created_at, updated_at, version",
			"'"+oldOrg+"', '0190a0a0-0000-7000-8000-000000000009', 'Down', 'Down', 'We look into it.', "+
				"'investigating', '[]', "+at+", "+at+", 1")},
		6: {oldSeries("01", "FREQ=YEARLY;BYMONTH=1")},
	}
}

// writeOld makes the database of a version, step by step, and writes it into testdata.
func writeOld(t *testing.T, version int64) {
	t.Helper()
	ctx, path := context.Background(), filepath.Join(t.TempDir(), "old.db")
	db, err := sql.Open("sqlite3", "file:"+path+"?_foreign_keys=on")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	provider, err := gooseOn(db)
	if err != nil {
		t.Fatal(err)
	}
	rows := oldRows(t)
	for _, v := range everyVersion(t) {
		if v > version {
			break
		}
		if _, err := provider.UpTo(ctx, v); err != nil {
			t.Fatal(err)
		}
		for _, text := range rows[v] {
			if _, err := db.ExecContext(ctx, text); err != nil {
				t.Fatal(v, text, err)
			}
		}
	}
	if _, err := db.ExecContext(ctx, "VACUUM"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(oldFile(version)), 0o750); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(oldFile(version))
	if err != nil {
		t.Fatal(err)
	}
	w, _ := gzip.NewWriterLevel(f, gzip.BestCompression)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// openOld unpacks a database and opens it as this version does.
func openOld(t *testing.T, packed string) *DB {
	t.Helper()
	f, err := os.Open(filepath.Clean(packed))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "old.db")
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := Open("file:"+path, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestTheDatabaseOfEveryMigrationIsOpenedUpgradedAndWrittenTo(t *testing.T) {
	packed, err := filepath.Glob(filepath.Join("testdata", "databases", "*.db.gz"))
	if err != nil || len(packed) < 20 {
		t.Fatalf("%d databases, %v", len(packed), err)
	}
	ctx, now := context.Background(), oldAt+wire.Hour
	_, want := oldStory(t)
	for _, file := range packed {
		t.Run(filepath.Base(file), func(t *testing.T) {
			db := openOld(t, file)
			if err := db.Migrate(ctx); err != nil {
				t.Fatal(err)
			}
			org := db.Org(oldOrg)
			s, err := org.State(ctx, now)
			if err != nil {
				t.Fatal(err)
			}
			if s.Seq != want.Seq || len(s.Services) != 1 || len(s.Incidents) != 1 || len(s.Maintenances) != 1 ||
				s.Services[0].Status != status.Major ||
				s.Incidents[0].Updates[0].Body != "We look into it." || s.Bytes == 0 {
				t.Fatalf("the page after %d is %+v", want.Seq, s)
			}
			events, no := page.Decide(s, &page.UpdateIncident{ID: oldIncident, UpdateID: uuid.NewString(),
				Status: "resolved", Body: "Over."}, now)
			if no != nil {
				t.Fatal(no)
			}
			err = org.Append(ctx, s, events, func(b *Batch) {
				org.AddAudit(b, Audit{At: now, ActorKind: "user", ActorID: oldPerson, Action: "update_incident",
					ObjectKind: "incident", ObjectID: oldIncident, Refers: true, BeforeSeq: s.Seq, AfterSeq: s.Seq + 1})
				org.AddAnswer(b, "user:"+oldPerson, "another", Answer{Status: 201}, time.UnixMilli(int64(now)))
			})
			if err != nil {
				t.Fatal(err)
			}
			for i := range events {
				s = page.Evolve(s, &events[i])
			}
			again, err := org.State(ctx, now)
			if err != nil || again.Seq != s.Seq || again.Incidents[0].Active() ||
				again.Services[0].Status != status.Operational || again.Bytes != s.Bytes {
				t.Errorf("after a write the page is %+v, %v", again, err)
			}
			if found, _, err := org.AuditLog(ctx, AuditFilter{}, Span{Limit: 25}); err != nil || len(found) != 2 {
				t.Errorf("%d rows of the audit log, %v", len(found), err)
			}
			if found, err := org.EventsSince(ctx, 0, 1000); err != nil || int64(len(found)) != s.Seq {
				t.Errorf("%d events, %v", len(found), err)
			}
		})
	}
}
