package store

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"
)

const (
	oldAda, oldBob = "0190a0a0-0000-7000-8000-00000000000a", "0190a0a0-0000-7000-8000-00000000000b"
	oldUser        = `INSERT INTO users (id, email, name, password, issuer, subject, created_at, updated_at) VALUES `
)

// oldPeople are a member who has a password, and one who was invited and has none, with an open link each.
var oldPeople = []string{makeOrg,
	oldUser + `('` + oldAda + `', 'Ada@people.example', 'Ada', '$argon2id$x', 'statuspage', '` + oldAda + `', 5, 5)`,
	oldUser + `('` + oldBob + `', 'bob@people.example', 'Bob', '', 'statuspage', '` + oldBob + `', 6, 6)`,
	oldUser + `('0190a0a0-0000-7000-8000-00000000000c', 'cyd@people.example', 'Cyd', '', 'https://issuer.example', 'cyd', 7, 7)`,
	`INSERT INTO members (org_id, user_id, role, created_at) SELECT '` + oldOrg + `', id, 'admin', 9 FROM users`,
	`INSERT INTO links (hash, purpose, org_id, user_id, email, role, created_at, expires_at) VALUES ('` + oldHash +
		`', 'invitation', '` + oldOrg + `', '` + oldBob + `', '', '', 1, 9999999999999)`,
	`INSERT INTO sessions (id, user_id, org_id, generation, advanced_at, expires_at) VALUES ('a session', '` + oldAda +
		`', '` + oldOrg + `', 1, 8, 9999999999999)`,
}

const oldHash = "0000000000000000000000000000000000000000000000000000000000000000"

func TestAnOlderDatabaseKeepsItsMembersAndLosesItsLinks(t *testing.T) {
	ctx := context.Background()
	db := upgraded(t, 8, oldPeople...)
	holdsOldPeople(t, db)
	if _, err := db.Link(ctx, [32]byte{}, time.Now()); !errors.Is(err, ErrNone) {
		t.Errorf("a link of before: %v", err)
	}
	if list, n, err := db.Sessions(ctx, oldAda, time.Now(), Span{Limit: 10}); err != nil || n != 1 ||
		list[0].CreatedAt != 8 {
		t.Errorf("her sessions: %+v, %v", list, err)
	}
	// One address is one proved account, and one that an organisation holds; what nobody has proved reserves nothing.
	for _, row := range []struct {
		id     string
		proved bool
		fails  bool
	}{{"0190a0a0-0000-7000-8000-000000000010", true, false}, {"0190a0a0-0000-7000-8000-000000000011", true, true},
		{"0190a0a0-0000-7000-8000-000000000012", false, false}, {"0190a0a0-0000-7000-8000-000000000013", false, true}} {
		var b Batch
		u := User{ID: row.id, Email: "ADA@people.example", Issuer: "statuspage", Subject: row.id, CreatedAt: 1,
			Proved: row.proved}
		if !row.proved {
			u.HeldBy = oldOrg
		}
		AddUser(&b, u)
		if err := db.Do(ctx, &b); (err != nil) != row.fails {
			t.Errorf("another account of the address, %+v: %v", row, err)
		}
	}
}

func holdsOldPeople(t *testing.T, db *DB) {
	t.Helper()
	ctx := context.Background()
	team, n, err := db.Org(oldOrg).Team(ctx, Span{Limit: 10})
	if err != nil || n != 3 || len(team) != 3 {
		t.Fatalf("the team: %+v, %v", team, err)
	}
	for _, p := range team {
		if p.Offer != nil || p.Role != "admin" || p.CreatedAt != 9 {
			t.Errorf("a member became %+v", p)
		}
	}
	// Nobody has proved an older account: any organisation could have made it. It signs in as before, and is offered
	// nothing.
	if _, err := db.UserByEmail(ctx, "ada@PEOPLE.example"); !errors.Is(err, ErrNone) {
		t.Errorf("whoever has a password is proved: %v", err)
	}
	if list, _, err := db.Accounts(ctx, "ada@PEOPLE.example", ""); err != nil || len(list) != 1 ||
		list[0].UserID != oldAda || list[0].Version != 1 {
		t.Errorf("whoever has a password: %+v, %v", list, err)
	}
	if list, err := db.Unproved(ctx, "bob@people.example"); err != nil || len(list) != 1 || list[0].ID != oldBob ||
		list[0].HeldBy != "" {
		t.Errorf("whoever has none: %+v, %v", list, err)
	}
	if list, _, err := db.Accounts(ctx, "bob@people.example", ""); err != nil || len(list) != 0 {
		t.Errorf("whoever has no password signs in: %+v, %v", list, err)
	}
}

// A database that has later migrations already, of a version that did not know this one, gets it all the same.
func TestAMigrationWithALowerNumberIsApplied(t *testing.T) {
	ctx := context.Background()
	db := upgraded(t, 8, oldPeople...)
	provider, err := gooseOn(db.write)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.ApplyVersion(ctx, 11, false); err != nil {
		t.Fatal(err)
	}
	if is, err := db.Migrated(ctx); err != nil || is {
		t.Errorf("without it: %v, %v", is, err)
	}
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if is, err := db.Migrated(ctx); err != nil || !is {
		t.Errorf("with it: %v, %v", is, err)
	}
	holdsOldPeople(t, db)
}

// What is not in the list would be left of an organisation that is erased, or keep it from being erased.
func TestTheErasureOfAnOrganizationKnowsEveryTable(t *testing.T) {
	db := upgraded(t, 8, makeOrg)
	// the id that stays, and what belongs to a person
	known := map[string]bool{"deleted_organizations": true, "sessions": true}
	for _, table := range orgTables() {
		known[table.table] = true
	}
	tables, err := list(context.Background(), db, `SELECT m.name FROM sqlite_master m WHERE m.type = 'table'
AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) c WHERE c.name = 'org_id')`, nil,
		func(rows *sql.Rows, name *string) error { return rows.Scan(name) })
	if err != nil || len(tables) < 20 {
		t.Fatal(tables, err)
	}
	for _, name := range tables {
		if !known[name] {
			t.Errorf("%s is left of an organisation that is erased", name)
		}
	}
}
