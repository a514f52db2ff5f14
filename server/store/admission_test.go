package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"statuspage/server/auth"
)

// two opens one database twice, as two processes do.
func two(t *testing.T) (here, there *DB) {
	t.Helper()
	file := "file:" + filepath.Join(t.TempDir(), "status.db")
	var open [2]*DB
	for i := range open {
		db, err := Open(file, "")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		if err := db.Migrate(context.Background()); err != nil {
			t.Fatal(err)
		}
		open[i] = db
	}
	return open[0], open[1]
}

func (db *DB) poll(t *testing.T) {
	t.Helper()
	if _, err := db.PartAfter(context.Background(), Anchor{}, 1); err != nil {
		t.Fatal(err)
	}
}

// admissionWrites are a change of each kind, one after the other.
var admissionWrites = []struct{ what, sql string }{
	{"a member who comes", `INSERT INTO members (org_id, user_id, role, created_at)
VALUES ('` + oldOrg + `', 'u', 'admin', 1)`},
	{"a role", `UPDATE members SET role = 'member' WHERE user_id = 'u'`},
	{"a member who goes", `DELETE FROM members WHERE user_id = 'u'`},
	{"a name", `UPDATE users SET name = 'Eve' WHERE id = 'u'`},
	{"an address", `UPDATE users SET email = 'eve@example.com' WHERE id = 'u'`},
	{"everywhere signed out", `UPDATE users SET signed_out_at = 5 WHERE id = 'u'`},
	{"a factor of a session", `UPDATE sessions SET factor = '' WHERE id = 's'`},
	{"a session that ends", `UPDATE sessions SET revoked_at = 5 WHERE id = 's'`},
	{"a session that is deleted", `DELETE FROM sessions WHERE id = 's2'`},
	{"a factor that is asked for", `INSERT INTO organization_security (org_id, second_factor, updated_at) VALUES ('` + oldOrg + `', 0, 1)`},
	{"a factor that is asked for later", `UPDATE organization_security SET second_factor = 1`},
	{"a key", `INSERT INTO api_keys (org_id, id, name, prefix, hash, scopes, created_by, created_at)
VALUES ('` + oldOrg + `', '0190a0a0-0000-7000-8000-0000000000aa', 'CI', 'p', 'h', 'admin', 'u', 1)`},
	{"its scopes", `UPDATE api_keys SET scopes = 'read'`},
	{"its end", `UPDATE api_keys SET revoked_at = 5`},
	{"a key that is deleted", `DELETE FROM api_keys`},
	{"an organisation's name", `UPDATE organizations SET name = 'Other'`},
	{"an issuer's organisation", `INSERT INTO external_organizations VALUES ('i', 'x', '` + oldOrg + `')`},
	{"another issuer's", `UPDATE external_organizations SET issuer = 'j'`},
	{"none any more", `DELETE FROM external_organizations`},
	{"an organisation that is deleted", `INSERT INTO deleted_organizations (org_id, deleted_at, erase_at)
VALUES ('` + oldOrg + `', 1, 2)`},
	{"one that is restored", `DELETE FROM deleted_organizations`},
	{"an account that is deleted", `DELETE FROM users WHERE id = 'u2'`},
}

func TestWhoMayComeInIsAskedAgainAfterEachChange(t *testing.T) {
	here, there := two(t)
	ids := strings.NewReplacer("'u'", "'0190a0a0-0000-7000-8000-0000000000b1'", "'u2'",
		"'0190a0a0-0000-7000-8000-0000000000b2'")
	fill := []string{makeOrg}
	for _, id := range []string{"u", "u2"} {
		fill = append(fill, `INSERT INTO users (id, issuer, subject, email, name, password, created_at, updated_at)
VALUES ('`+id+`', 'i', '`+id+`', '`+id+`@b.example', '', '', 1, 1)`)
	}
	for _, id := range []string{"s", "s2"} {
		fill = append(fill, `INSERT INTO sessions (id, user_id, org_id, generation, advanced_at, expires_at)
VALUES ('`+id+`', 'u', '', 1, 1, 99999999999999)`)
	}
	write := func(text string) {
		t.Helper()
		var b Batch
		b.Add(ids.Replace(text))
		if err := here.Do(t.Context(), &b); err != nil {
			t.Fatal(text, err)
		}
	}
	for _, text := range fill {
		write(text)
	}
	there.poll(t)
	for _, w := range admissionWrites {
		mine, _ := here.Admissions()
		before, known := there.Admissions()
		if !known {
			there.poll(t) // the machine was slow
		}
		write(w.sql)
		if now, _ := here.Admissions(); now == mine {
			t.Errorf("%s: the process that did it lets in as before", w.what)
		}
		there.poll(t)
		if now, known := there.Admissions(); now == before || !known {
			t.Errorf("%s: another process lets in as before", w.what)
		}
	}
	// What changes nothing of it costs nobody a look.
	for _, text := range []string{`INSERT INTO meta (key, value) VALUES ('x', 'y')`,
		`UPDATE users SET last_org = 'x' WHERE id = 'u'`, `UPDATE organizations SET description = 'x'`} {
		before, _ := there.Admissions()
		write(text)
		there.poll(t)
		if now, _ := there.Admissions(); now != before {
			t.Errorf("%s: everybody is looked up again", text)
		}
	}
	before, _ := here.Admissions()
	write(`DELETE FROM meta WHERE key = 'x'`)
	if now, _ := here.Admissions(); now != before {
		t.Error("a write about something else counts")
	}
}

// TestSignInsCostNobodyALook: in an installation of many somebody signs in or is given the next token at every moment.
func TestSignInsCostNobodyALook(t *testing.T) {
	db, _ := two(t)
	const user, now = "0190a0a0-0000-7000-8000-0000000000b1", 1_000_000
	write := func(text string) {
		t.Helper()
		var b Batch
		b.Add(text)
		if err := db.Do(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
	}
	write(makeOrg)
	write(`INSERT INTO users (id, issuer, subject, email, name, password, created_at, updated_at, credential_version)
VALUES ('` + user + `', 'i', 's', 'u@b.example', '', '', 1, 1, 1)`)
	at := time.UnixMilli(now)
	session := auth.Session{ID: "s", UserID: user, Version: 1, Kind: auth.BrowserSession, Proof: "password", CreatedAt: at,
		AdvancedAt: at, ExpiresAt: at.Add(time.Hour)}
	var first, second [sha256.Size]byte
	second[0] = 1
	before, _ := db.Admissions()
	var chosen Batch
	ChooseOrg(&chosen, user, oldOrg)
	created := db.CreateSession(t.Context(), session, first)
	if is, err := db.AdvanceSession(t.Context(), "s", 0, first, second, at); err != nil || !is {
		t.Error("the next token:", is, err)
	}
	for what, err := range map[string]error{
		"a sign-in":       created,
		"an organisation": db.SetSessionOrg(t.Context(), "s", oldOrg),
		"the last one":    db.Do(t.Context(), &chosen),
		"a key's use":     db.TouchKeys(t.Context(), map[KeyRef]time.Time{{oldOrg, "k"}: at}),
	} {
		if err != nil {
			t.Error(what, err)
		}
	}
	if now, _ := db.Admissions(); now != before {
		t.Errorf("%d times everybody is looked up again", now-before)
	}
	if err := db.RevokeSession(t.Context(), "s", at); err != nil {
		t.Fatal(err)
	}
	if now, _ := db.Admissions(); now == before {
		t.Error("the end of a session was not counted")
	}
}

// TestAWriteThatMayHaveHappenedCounts: nobody knows what a failed one has done.
func TestAWriteThatMayHaveHappenedCounts(t *testing.T) {
	here, _ := two(t)
	before, _ := here.Admissions()
	var b Batch
	b.Add(`DELETE FROM members`)
	b.Add(`INSERT INTO nowhere VALUES (1)`)
	if err := here.Do(t.Context(), &b); err == nil {
		t.Fatal("it went well")
	}
	if now, _ := here.Admissions(); now == before {
		t.Error("it was not counted")
	}
}

func TestACountIsKnownForASecondAfterTheLogWasRead(t *testing.T) {
	var db DB
	now := time.Now()
	is := func(what string, want bool) {
		t.Helper()
		if _, known := db.Admissions(); known != want {
			t.Errorf("%s: known is %v", what, known)
		}
	}
	is("before anything", false)
	db.admissions.heard("e", "", now)
	is("a database whose schema is older", false)
	db.admissions.heard("e", "a", now.Add(-admissionsAge))
	is("a look that began a second ago", false)
	db.admissions.heard("e", "a", now)
	is("a look of now", true)
	count, _ := db.Admissions()
	db.admissions.heard("e", "old", now.Add(-time.Millisecond))
	if got, _ := db.Admissions(); got != count {
		t.Error("an answer that was overtaken counts")
	}
	db.admissions.heard("other", "a", now.Add(time.Millisecond))
	if got, _ := db.Admissions(); got == count {
		t.Error("another log counts as the same")
	}
}

// TestWhatLetsInIsReadFromTablesThatRaise holds the reads by which somebody is let in, and the triggers of the schema,
// to the list of tables.
func TestWhatLetsInIsReadFromTablesThatRaise(t *testing.T) {
	db, _ := two(t)
	var asked []string
	db.asked = func(query string, _ []any) { asked = append(asked, query) }
	_, _ = db.Validity(t.Context(), "u", "o", "s")
	_, _ = db.APIKey(t.Context(), "a")
	_, _ = db.UserBySubject(t.Context(), auth.LocalIssuer, "u")
	_, _ = db.OrgByExternal(t.Context(), "i", "x")
	_, _ = db.Org("o").Member(t.Context(), "u")
	db.asked = nil
	if len(asked) != 5 {
		t.Fatalf("%d reads", len(asked))
	}
	reads := regexp.MustCompile(`(?:FROM|JOIN)\s+([a-z_]+)`)
	for _, query := range asked {
		for _, m := range reads.FindAllStringSubmatch(query, -1) {
			if !admitting[m[1]] {
				t.Errorf("a change of %s is not heard of: %s", m[1], query)
			}
		}
	}
	raises := map[string]bool{}
	changes := regexp.MustCompile(`(?:INSERT INTO|UPDATE|DELETE FROM)\s+([a-z_]+)`)
	err := db.rows(t.Context(), `SELECT tbl_name, sql FROM sqlite_master WHERE type = 'trigger'`, nil,
		func(rows *sql.Rows) error {
			var on, text string
			if err := rows.Scan(&on, &text); err != nil {
				return err
			}
			_, body, _ := strings.Cut(text, "BEGIN")
			raises[on] = raises[on] || strings.Contains(body, "'admissions'")
			for _, m := range changes.FindAllStringSubmatch(body, -1) {
				if admitting[m[1]] && !admitting[on] {
					t.Errorf("a write to %s changes %s, and its process does not hear of it", on, m[1])
				}
			}
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	for table := range admitting {
		if !raises[table] {
			t.Errorf("%s has no trigger by which other processes hear", table)
		}
	}
}
