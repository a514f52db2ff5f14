package app_test

import (
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"

	"statuspage/migrations"
	"statuspage/server/auth"
)

// hand hands a key over.
func (c *caller) hand(key, to string) *answer {
	c.t.Helper()
	return c.do("POST", "/api/v1/api-keys/"+key+"/handover/", j{"owner": to})
}

func TestAKeyEndsWithItsMakersMembership(t *testing.T) {
	s := world(t)
	acme := s.org()
	for _, row := range []struct {
		name   string
		scopes []string
		end    func(maker *caller)
		ends   bool
	}{
		{"removed", []string{"read"}, func(m *caller) { acme.do("DELETE", "/api/v1/members/"+m.id, nil).is(204) },
			true},
		{"left", []string{"write"}, func(m *caller) { m.do("DELETE", "/api/v1/members/"+m.id, nil).is(204) }, true},
		{"demoted, and it writes", []string{"write"},
			func(m *caller) { acme.patch("/api/v1/members/"+m.id, j{"role": "member"}) }, true},
		{"demoted, and it administers", []string{"admin"},
			func(m *caller) { acme.patch("/api/v1/members/"+m.id, j{"role": "member"}) }, true},
		{"demoted, and it reads and writes", []string{"read", "write"},
			func(m *caller) { acme.patch("/api/v1/members/"+m.id, j{"role": "member"}) }, true},
		{"demoted, and it only reads", []string{"read"},
			func(m *caller) { acme.patch("/api/v1/members/"+m.id, j{"role": "member"}) }, false},
		{"still an admin", []string{"read"},
			func(m *caller) { acme.patch("/api/v1/members/"+m.id, j{"role": "admin"}) }, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			maker := acme.join(auth.Admin)
			key := maker.key(row.scopes...)
			handed := maker.key(row.scopes...)
			maker.hand(handed.id, acme.id).is(200).has("owner.id", acme.id).has("created_by", maker.id)
			row.end(maker)
			handed.get("/api/v1/services/")
			if !row.ends {
				key.get("/api/v1/services/")
				return
			}
			key.do("GET", "/api/v1/services/", nil).refuses(401)
			acme.get("/api/v1/audit-log/?object="+key.id).has("results.0.action", "end_api_key").
				has("results.0.actor.id", acme.get("/api/v1/audit-log/?object="+maker.id).str("results.0.actor.id"))
			// Coming back brings no key back.
			s.sql(`INSERT INTO members (org_id, user_id, role, created_at) VALUES (?, ?, 'admin', 1) ON CONFLICT DO UPDATE SET role = 'admin'`, acme.org, maker.id)
			key.do("GET", "/api/v1/services/", nil).refuses(401)
			if strings.Contains(string(acme.get("/api/v1/api-keys/?page_size=100").raw), key.id) {
				t.Error("it is listed")
			}
		})
	}
}

func TestAKeyOfAMemberWhomAnotherIssuerDroppedIsNone(t *testing.T) {
	s := world(t)
	acme := s.org()
	maker := acme.join(auth.Admin)
	key := maker.key("read")
	s.sql(`DELETE FROM members WHERE org_id = ? AND user_id = ?`, acme.org, maker.id) // whatever way it went
	key.do("GET", "/api/v1/services/", nil).refuses(401)
	demoted := acme.join(auth.Admin)
	writes, reads := demoted.key("write"), demoted.key("read")
	s.sql(`UPDATE members SET role = 'member' WHERE org_id = ? AND user_id = ?`, acme.org, demoted.id)
	writes.do("GET", "/api/v1/services/", nil).refuses(401)
	reads.get("/api/v1/services/")
}

func TestAKeySaysWhoMadeItAndIsHandedOver(t *testing.T) {
	s := world(t)
	acme, other := s.org(), s.org()
	second, member := acme.join(auth.Admin), acme.join(auth.Member)
	me := acme.get("/api/v1/users/me/")
	made := acme.post("/api/v1/api-keys/", j{"name": "CI", "scopes": []string{"write", "write"}}).
		has("scopes", "[write]").has("legacy", false).has("created_by", acme.id).has("created_by_name", me.str("name")).
		has("owner.id", acme.id).has("owner.name", me.str("name")).has("owner.email", me.str("email"))
	id := made.str("id")
	for _, to := range []string{member.id, other.id, "x", "", "0197a1de-3c00-7000-8000-000000000001"} {
		acme.hand(id, to).refuses(422, "owner")
	}
	other.hand(id, other.id).refuses(404)
	member.hand(id, second.id).refuses(403)
	acme.hand("0197a1de-3c00-7000-8000-000000000001", second.id).refuses(404)
	first := acme.do("POST", "/api/v1/api-keys/"+id+"/handover/", j{"owner": second.id}, "Idempotency-Key", "hand "+id).
		is(200).has("owner.id", second.id)
	again := acme.do("POST", "/api/v1/api-keys/"+id+"/handover/", j{"owner": second.id}, "Idempotency-Key", "hand "+id).
		is(200)
	if string(first.raw) != string(again.raw) {
		t.Errorf("the same request is answered %s, then %s", first.raw, again.raw)
	}
	acme.get("/api/v1/api-keys/").has("results.0.owner.id", second.id).has("results.0.created_by", acme.id)
	acme.get("/api/v1/audit-log/?object="+id).has("results.0.action", "hand_over_api_key").
		has("results.0.before.owner.id", acme.id).has("results.0.after.owner.id", second.id)
	// Who made it may go now.
	acme.do("DELETE", "/api/v1/members/"+acme.id, nil).is(204)
	(&caller{site: s, token: made.str("key")}).get("/api/v1/services/")
}

func TestAKeyMakesNoKeyWithMoreThanItHas(t *testing.T) {
	acme := world(t).org()
	admin := acme.key("admin")
	for scopes, want := range map[string]int{"read": 201, "admin": 201, "admin read": 201, "write": 422,
		"read write": 422, "admin read write": 422} {
		a := admin.do("POST", "/api/v1/api-keys/", j{"name": "x", "scopes": strings.Fields(scopes)})
		if a.is(want); want == 422 {
			a.refuses(422, "scopes")
			continue
		}
		// It ends with the same person.
		a.has("created_by", admin.id).has("created_by_name", "A key").has("owner.id", acme.id)
	}
	acme.key("admin", "write").do("POST", "/api/v1/api-keys/",
		j{"name": "x", "scopes": []string{"read", "write", "admin"}}).is(201)
	acme.key("write").do("POST", "/api/v1/api-keys/", j{"name": "x", "scopes": []string{"write"}}).refuses(403)
	second := acme.join(auth.Admin)
	child := second.key("admin").post("/api/v1/api-keys/", j{"name": "child", "scopes": []string{"admin"}})
	acme.do("DELETE", "/api/v1/members/"+second.id, nil).is(204)
	(&caller{site: acme.site, token: child.str("key")}).do("GET", "/api/v1/services/", nil).refuses(401)
}

func TestOldKeysKeepWhatTheyHadAndAreMarked(t *testing.T) {
	s := startSite(t, nil)
	acme := s.org()
	gone := acme.join(auth.Admin)
	wrote, read, orphan := acme.key("write"), acme.key("read"), acme.key("read", "write")
	s.stop()
	// As it was before the migration.
	db, err := sql.Open("sqlite3", "file:"+s.file)
	if err != nil {
		t.Fatal(err)
	}
	versions, err := goose.NewProvider(goose.DialectSQLite3, db, migrations.FS)
	if err == nil {
		_, err = versions.DownTo(t.Context(), 14)
	}
	for statement, args := range map[string][]any{`UPDATE api_keys SET created_by = ? WHERE id = ?`: {gone.id,
		orphan.id}, `DELETE FROM members WHERE user_id = ?`: {gone.id}} {
		if err == nil {
			_, err = db.Exec(statement, args...)
		}
	}
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	s.start()
	keys := acme.get("/api/v1/api-keys/").list("results")
	if len(keys) != 3 {
		t.Fatalf("of three keys %d are left", len(keys))
	}
	for _, k := range keys {
		if at(k, "legacy") != true || at(k, "id") == orphan.id != (at(k, "owner") == nil) || at(k, "id") != orphan.id &&
			at(k, "owner.id") != acme.id {
			t.Errorf("an old key is %v", k)
		}
	}
	for _, k := range []*caller{wrote, orphan} {
		k.post("/api/v1/services/", j{"name": "by " + k.id})
		k.patch("/api/v1/organization/", j{"description": "by " + k.id})
		k.get("/api/v1/members/")
		k.get("/api/v1/audit-log/")
	}
	read.get("/api/v1/members/")
	read.do("PATCH", "/api/v1/organization/", j{"description": "x"}).refuses(403)
	wrote.post("/api/v1/api-keys/", j{"name": "new", "scopes": []string{"admin"}}).has("legacy", false).
		has("owner.id", acme.id)
	orphan.do("POST", "/api/v1/api-keys/", j{"name": "new"}).refuses(409)
	acme.hand(orphan.id, acme.id).is(200).has("owner.id", acme.id).has("legacy", true)
	orphan.post("/api/v1/api-keys/", j{"name": "new"})
	if got := acme.key("write").do("PATCH", "/api/v1/organization/", j{"description": "x"}).refuses(403).
		str("detail"); !strings.Contains(got, "scope admin") {
		t.Error(got)
	}
}
