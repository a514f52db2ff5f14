package store

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestSubscribersAreKeptAsTheirTableIsMadeAnew goes to the version with browsers and back, with rows in all that refers
// to subscribers: nothing is lost, no num is given twice, and what is deleted with a subscriber still is.
func TestSubscribersAreKeptAsTheirTableIsMadeAnew(t *testing.T) {
	ctx := context.Background()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(t.TempDir(), "old.db")+"?_foreign_keys=on")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(1)
	provider, err := gooseOn(db)
	if err != nil {
		t.Fatal(err)
	}
	do := func(text string) {
		t.Helper()
		if _, err := db.ExecContext(ctx, text); err != nil {
			t.Fatal(text, err)
		}
	}
	ask := func(text string) string {
		t.Helper()
		rows, err := db.QueryContext(ctx, text)
		if err != nil {
			t.Fatal(text, err)
		}
		defer func() { _ = rows.Close() }()
		columns, _ := rows.Columns()
		var out strings.Builder
		for rows.Next() {
			values := make([]any, len(columns))
			at := make([]any, len(columns))
			for i := range values {
				at[i] = &values[i]
			}
			if err := rows.Scan(at...); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&out, values...)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if _, err := provider.UpTo(ctx, 99); err != nil {
		t.Fatal(err)
	}
	rows := oldRows(t)
	for _, v := range []int64{1, 2, 3} {
		for _, text := range rows[v] {
			do(text)
		}
	}
	someone := func(id, channel, address string) string {
		return `INSERT INTO subscribers (org_id, id, channel, address, address_key, state, whole, token, secret, base, source,
 created_at, asked_at, confirmed_at) VALUES ('` + oldOrg + `', '0190a0a0-0000-7000-8000-0000000000` + id + `', '` +
			channel + `', '` +
			address + `', '` + address + `', 'active', 0, 't` + id + `', 's', '', 'visitor', 1, 2, 3)`
	}
	do(someone("20", "webhook", "https://Hooks.example.com:8443/x?y"))
	do(someone("21", "slack", "https://slack.example.com/"))
	do(`INSERT INTO subscriber_services (subscriber, org_id, service_id) VALUES (2, '` + oldOrg + `', '` + oldService +
		`')`)
	do(`INSERT INTO subscriber_incidents (subscriber, org_id, incident_id) VALUES (3, '` + oldOrg + `', '` +
		oldIncident + `')`)
	do(someone("22", "email", "gone@example.com"))
	do(`DELETE FROM subscribers WHERE num = 4`)
	const columns = `num, org_id, id, channel, address, address_key, state, whole, token, secret, base, source, failures, language, problem,
 created_at, asked_at, confirmed_at, host`
	all := func() string {
		out := ""
		for _, query := range []string{`SELECT ` + columns + ` FROM subscribers ORDER BY num`,
			`SELECT * FROM subscriber_services`,
			`SELECT * FROM subscriber_incidents`, `SELECT * FROM jobs`,
			`SELECT seq FROM sqlite_sequence WHERE name = 'subscribers'`,
			`SELECT name, sql FROM sqlite_schema WHERE tbl_name = 'subscribers' AND type <> 'table' ORDER BY name`,
			`SELECT type, name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_autoindex%' ORDER BY type, name`} {
			out += ask(query)
		}
		return out
	}
	before := all()
	if _, err := provider.UpTo(ctx, 100); err != nil {
		t.Fatal(err)
	}
	if after := all(); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	if wrong := ask(`PRAGMA foreign_key_check`); wrong != "" {
		t.Errorf("keys that lead nowhere: %s", wrong)
	}
	do(someone("23", "push", "https://fcm.googleapis.com/x"))
	if num := ask(`SELECT num FROM subscribers WHERE channel = 'push'`); num != "5\n" {
		t.Errorf("the next num is %s", num)
	}
	if _, err := db.ExecContext(ctx, someone("24", "push", "https://fcm.googleapis.com/x")); err == nil {
		t.Error("one browser is two subscribers")
	}
	if _, err := provider.DownTo(ctx, 99); err != nil {
		t.Fatal(err)
	}
	if back := strings.Replace(all(), "\n5\n", "\n4\n", 1); back != before {
		t.Errorf("before:\n%s\nthere and back:\n%s", before, back)
	}
	do(`DELETE FROM subscribers WHERE num IN (2, 3)`)
	if left := ask(`SELECT * FROM subscriber_services`) + ask(`SELECT * FROM subscriber_incidents`); left != "" {
		t.Errorf("what was chosen stays: %s", left)
	}
}

func TestTheKeyForBrowsersIsMadeOnce(t *testing.T) {
	ctx := context.Background()
	path := "file:" + filepath.Join(t.TempDir(), "status.db")
	var keys []string
	for range 2 {
		db, err := Open(path, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		private, public, err := db.PushKey(ctx)
		if err != nil || len(private) != 43 || len(public) != 87 {
			t.Fatalf("%d %d %v", len(private), len(public), err)
		}
		keys = append(keys, private+public)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if keys[0] != keys[1] {
		t.Error("another start makes another key")
	}
}
