package app_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"statuspage/server/auth"
)

const organizationFields = "id slug name description url hostname time_zone accent created_at updated_at version " +
	"announcement announcement_until hostname_proved_at hostname_until uptime_weights logo"

func TestAnOrganizationIsReadAndChanged(t *testing.T) {
	s := world(t)
	acme := s.org()
	read := acme.get("/api/v1/organization/").keys("", organizationFields).has("id", acme.org).has("slug", acme.slug).
		has("time_zone", "UTC").has("version", 1)
	changed := acme.patch("/api/v1/organization/", j{"name": "Acme", "description": "We make *things*.",
		"url":       "https://acme.example",
		"time_zone": "Europe/Paris", "accent": "#0a66c2"})
	changed.keys("", organizationFields).has("name", "Acme").has("hostname", "").has("time_zone", "Europe/Paris").
		has("accent", "#0a66c2").has("version", 2).
		has("slug", acme.slug).has("created_at", read.at("created_at"))
	for _, row := range []struct {
		body  j
		field string
	}{
		{j{"name": ""}, "name"}, {j{"name": nil}, "name"}, {j{"url": "javascript:alert(1)"}, "url"},
		{j{"url": "ftp://x"}, "url"},
		{j{"time_zone": "../etc/passwd"}, "time_zone"}, {j{"time_zone": ""}, "time_zone"},
		{j{"accent": "red"}, "accent"}, {j{"accent": "#12345g"}, "accent"}, {j{"slug": "other"}, "slug"},
		{j{"id": "x"}, "id"}, {j{"description": strings.Repeat("x", 20001)}, "description"},
	} {
		acme.do("PATCH", "/api/v1/organization/", row.body).refuses(422, row.field)
	}
}

func TestMembersAreListedAddedChangedAndRemoved(t *testing.T) {
	s := world(t)
	acme, other := s.org(), s.org()
	const fields = "id email name role created_at state offered_by expires_at"
	path := "/api/v1/members/"
	acme.get(path).has("count", 1).keys("results.0", fields).has("results.0.id", acme.id).has("results.0.role", "admin")
	email := "Sam@" + acme.slug + ".example"
	made := acme.post(path, j{"email": email, "name": "Sam", "role": "member"})
	made.keys("", fields+" url mailed").has("email", email).has("name", "Sam").has("role", "member").
		has("state", "offered").has("mailed", false)
	acme.get(path).has("count", 2).keys("results.1", fields).has("results.0.state", "member").
		has("results.1.state", "offered").has("results.1.id", made.str("id"))
	if made.seq() != 1 {
		t.Errorf("a member was event %d of the page", made.seq())
	}
	acme.do("POST", path, j{"email": strings.ToUpper(email)}).refuses(409, "email")
	acme.patch(path+made.str("id")+"/", j{"role": "admin"}).keys("", fields).has("role", "admin")
	for _, row := range []struct {
		body  j
		field string
	}{
		{j{"email": ""}, "email"}, {j{"email": "nobody"}, "email"}, {j{"email": "a@"}, "email"},
		{j{"email": "@b"}, "email"}, {j{"email": "a b@c.example"}, "email"},
		{j{"email": strings.Repeat("a", 250) + "@b.example"}, "email"}, {j{"email": "a@b.example\r\nBcc: c@d.example"},
			"email"}, {j{"email": 5}, "email"},
		{j{"email": "a@b.example", "role": "owner"}, "role"}, {j{"email": "a@b.example", "role": ""}, "role"},
		{j{"email": "a@b.example", "name": strings.Repeat("n", 201)}, "name"},
		{j{"email": "short@b.example", "password": "short"}, "password"},
		{j{"email": "a@b.example", "password": "long enough to pass"}, "password"},
		{j{"email": "a@b.example", "admin": true}, "admin"},
	} {
		acme.do("POST", path, row.body).refuses(422, row.field)
	}
	acme.do("PATCH", path+made.str("id"), j{"role": "king"}).refuses(422, "role")
	acme.do("PATCH", path+made.str("id"), j{}).refuses(422, "role")
	// Another tenant's members are nobody here.
	for _, method := range []string{"PATCH", "DELETE"} {
		for _, id := range []string{other.id, "0197a1de-3c00-7000-8000-000000000001", "me", "%00"} {
			acme.do(method, path+id+"/", j{"role": "member"}).refuses(404)
		}
	}
	other.get(path).has("count", 1)
	acme.do("DELETE", path+made.str("id")+"/", nil).is(204)
	acme.do("DELETE", path+made.str("id")+"/", nil).refuses(404)
	acme.get(path).has("count", 1)
}

func TestTheLastAdminCanNeitherBeRemovedNorDemoted(t *testing.T) {
	acme := world(t).org()
	acme.join(auth.Member)
	key := acme.key("admin")
	path := "/api/v1/members/" + acme.id + "/"
	for _, c := range []*caller{acme, key} {
		c.do("PATCH", path, j{"role": "member"}).refuses(409)
		c.do("DELETE", path, nil).refuses(409)
	}
	acme.patch(path, j{"role": "admin"})
	second := acme.join(auth.Admin)
	acme.patch(path, j{"role": "member"})
	second.do("DELETE", "/api/v1/members/"+second.id+"/", nil).refuses(409)
	acme.do("PATCH", path, j{"role": "admin"}).refuses(403) // what one was, one is no more, although the token says so
}

func TestOneSeesOneselfAndTheOrganizationsOneBelongsTo(t *testing.T) {
	s := world(t)
	acme := s.org()
	member, key := acme.join(auth.Member), acme.key("write")
	for _, row := range []struct {
		who        *caller
		kind, role string
	}{{acme, "user", "admin"}, {member, "user", "member"}, {key, "key", "admin"}, {acme.key(), "key", "member"}} {
		row.who.get("/api/v1/users/me/").keys("", "id kind email name role organization").
			keys("organization", "id slug name").
			has("id", row.who.id).has("kind", row.kind).has("role", row.role).has("organization.id", acme.org).
			has("organization.slug", acme.slug)
		row.who.get("/api/v1/organizations/").has("count", 1).keys("results.0", "id slug name role").
			has("results.0.id", acme.org).has("results.0.role", row.role)
	}
}

func TestKeysAreMadeShownOnceUsedAndRevoked(t *testing.T) {
	s := world(t)
	acme, other := s.org(), s.org()
	const fields = "id name prefix scopes created_by created_at expires_at last_used_at"
	made := acme.post("/api/v1/api-keys/", j{"name": "CI", "scopes": []string{"read", "write"},
		"expires_at": in(time.Hour)})
	made.keys("", fields+" key").has("name", "CI").has("created_by", acme.id).has("last_used_at", nil).
		has("scopes", "[read write]")
	if !strings.HasPrefix(made.str("key"), "sp_"+made.str("prefix")+"_") {
		t.Errorf("the key %s does not begin with its prefix %s", made.str("key"), made.str("prefix"))
	}
	list := acme.get("/api/v1/api-keys/").has("count", 1).keys("results.0", fields)
	if strings.Contains(string(list.raw), made.str("key")[20:]) {
		t.Error("the list shows the secret")
	}
	key := &caller{site: s, org: acme.org, token: made.str("key")}
	key.post("/api/v1/services/", j{"name": "by the key"})
	key.get("/api/v1/audit-log/").has("results.0.actor.kind", "key").has("results.0.actor.id", made.str("id")).
		has("results.0.actor.name", "CI")
	for _, wrong := range []string{made.str("key") + "a", made.str("key")[:len(made.str("key"))-1] + "a",
		"sp_" + made.str("prefix"), strings.ToUpper(made.str("key"))} {
		if wrong != made.str("key") {
			(&caller{site: s, token: wrong}).do("GET", "/api/v1/services/", nil).refuses(401)
		}
	}
	for _, row := range []struct {
		body  j
		field string
	}{
		{j{"name": ""}, "name"}, {j{}, "name"}, {j{"name": "x", "scopes": []string{"all"}}, "scopes"},
		{j{"name": "x", "scopes": "read"}, "scopes"}, {j{"name": "x", "scopes": []any{nil}}, "scopes"},
		{j{"name": "x", "expires_at": in(-time.Hour)}, "expires_at"},
		{j{"name": "x", "expires_at": "never"}, "expires_at"}, {j{"name": "x", "prefix": "p"}, "prefix"},
	} {
		acme.do("POST", "/api/v1/api-keys/", row.body).refuses(422, row.field)
	}
	acme.post("/api/v1/api-keys/", j{"name": "for ever", "expires_at": nil}).has("scopes", "[read]").
		has("expires_at", nil)
	other.do("DELETE", "/api/v1/api-keys/"+made.str("id")+"/", nil).refuses(404)
	acme.do("DELETE", "/api/v1/api-keys/"+made.str("id")+"/", nil).is(204)
	key.do("GET", "/api/v1/services/", nil).refuses(401) // at once
	acme.do("DELETE", "/api/v1/api-keys/"+made.str("id")+"/", nil).refuses(404)
	acme.get("/api/v1/api-keys/").has("count", 1)
}

func TestTheAuditLogTellsWhoDidWhatAndCanBeFiltered(t *testing.T) {
	s := world(t)
	acme, other := s.org(), s.org()
	second := acme.join(auth.Admin)
	id := acme.service("API")
	changed := second.patch("/api/v1/services/"+id, j{"name": "API v2"})
	between := in(time.Second)
	other.service("Theirs")
	log := acme.get("/api/v1/audit-log/").has("count", 5).
		keys("results.0", "id at actor action object address request_id before after").
		keys("results.0.actor", "kind id name").keys("results.0.object", "kind id")
	log.has("results.0.action", "edit_service").has("results.0.actor.kind", "user").has("results.0.actor.id",
		second.id).has("results.0.object.kind", "service").has("results.0.object.id", id).
		has("results.0.address", "127.0.0.1").has("results.0.before.name", "API").has("results.0.after.name", "API v2").
		has("results.0.request_id", changed.header.Get("X-Request-Id")).
		has("results.1.before", nil)
	for _, row := range []struct {
		query string
		count int
	}{
		{"?actor=" + second.id, 1}, {"?object=" + id, 2}, {"?actor=" + acme.id, 1}, {"?actor=system", 3},
		{"?actor=nobody", 0}, {"?object=" + id + "&actor=" + acme.id, 1},
		{"?since=2020-01-01T00:00:00Z", 5}, {"?since=" + between, 0}, {"?since=2020-01-01T00:00:00Z&object=" + id, 2},
		{"?page_size=2&page=3", 5}, {"?actor=%00'%20OR%201=1", 0},
	} {
		acme.get("/api/v1/audit-log/"+row.query).has("count", row.count)
	}
	acme.do("GET", "/api/v1/audit-log/?since=yesterday", nil).refuses(422, "since")
	acme.do("GET", "/api/v1/audit-log/?page=4&page_size=2", nil).refuses(404, "page")
}

func TestTheAuditLogIsTakenAwayAsAFile(t *testing.T) {
	s := world(t)
	acme, other := s.org(), s.org()
	acme.service("API, \"main\"")
	other.service("Theirs")
	key := acme.post("/api/v1/api-keys/", j{"name": `=HYPERLINK("x")`, "scopes": []string{"read", "write"}})
	(&caller{site: s, token: key.str("key")}).service("By a key")

	csvFile := acme.get("/api/v1/audit-log/?format=csv")
	rows, err := csv.NewReader(strings.NewReader(string(csvFile.raw))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	count := acme.get("/api/v1/audit-log/").int("count")
	if len(rows) != int(count)+1 || rows[0][0] != "id" || rows[0][11] != "after" || rows[1][4] != `'=HYPERLINK("x")` ||
		!json.Valid([]byte(rows[1][11])) {
		t.Errorf("the file is\n%s", csvFile.raw)
	}
	if strings.Contains(string(csvFile.raw), "Theirs") || !strings.Contains(csvFile.header.Get("Content-Disposition"),
		"audit-log.csv") {
		t.Errorf("headers %v, body\n%s", csvFile.header, csvFile.raw)
	}

	lines := strings.Split(strings.TrimSuffix(string(acme.get("/api/v1/audit-log/?format=jsonl&actor="+acme.id).raw),
		"\n"), "\n")
	for _, line := range lines {
		var entry struct{ Actor struct{ ID string } }
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Actor.ID != acme.id {
			t.Errorf("%v: %s", err, line)
		}
	}
	if len(lines) != 2 {
		t.Errorf("%d lines", len(lines))
	}
	before := rows[2][0]
	acme.get("/api/v1/audit-log/?before="+before).has("count", int(count)-2)
	acme.do("GET", "/api/v1/audit-log/?format=xls", nil).refuses(422, "format")
	acme.do("GET", "/api/v1/audit-log/?before=x", nil).refuses(422, "before")
}

func TestTheSnapshotIsTheWholePageWithItsSeq(t *testing.T) {
	acme := world(t).org()
	incident := acme.incident("Trouble")
	acme.window("Work")
	snapshot := acme.get("/api/v1/snapshot/")
	snapshot.keys("", "org seq at services incidents maintenances epoch").keys("org", organizationFields).
		keys("services.0", serviceFields+" days booked_until").
		keys("incidents.0", incidentFields).keys("maintenances.0", maintenanceFields).has("incidents.0.id", incident).
		has("org.id", acme.org)
	if snapshot.int("seq") != snapshot.seq() || snapshot.str("epoch") == "" {
		t.Errorf("seq is %d, Status-Seq %d, epoch %q", snapshot.int("seq"), snapshot.seq(), snapshot.str("epoch"))
	}
}

func TestThePublicDocumentsHaveTheShapeOfTheContract(t *testing.T) {
	s := world(t)
	acme, nobody := s.org(), s.nobody()
	base := "/api/v1/public/" + acme.slug
	status := nobody.get(base+"/status/").keys("", "org indicator description updated_at seq").keys("org", "slug name")
	status.has("org.slug", acme.slug).has("indicator", "none").has("description", "All Systems Operational").
		has("seq", 1)
	incident := acme.incident("Trouble")
	acme.window("Work")
	acme.service("Fine")
	status = nobody.get(base+"/status").has("indicator", "minor").has("description", "Minor Service Outage")
	if status.int("seq") != status.seq() {
		t.Errorf("seq is %d, Status-Seq %d", status.int("seq"), status.seq())
	}
	uptime := nobody.get(base+"/uptime/?days=3").keys("", "days at services groups").has("days", 3).
		keys("services.0", "id name group uptime days")
	if days := uptime.list("services.0.days"); len(days) != 3 || at(days[0], "status") != nil ||
		at(days[0], "uptime") != nil || at(days[2], "status") != "partial_outage" {
		t.Errorf("the days are %v", days)
	}
	nobody.get(base+"/uptime/").has("days", 90)
	for _, bad := range []string{"0", "91", "-1", "x", "1.5"} {
		nobody.do("GET", base+"/uptime/?days="+bad, nil).refuses(422, "days")
	}
	summary := nobody.get(base+"/summary/").keys("", "org status services incidents maintenances seq epoch").
		keys("services.0", serviceFields+" uptime_90").
		keys("incidents.0", incidentFields).keys("maintenances.0", maintenanceFields).has("incidents.0.id", incident).
		has("status.indicator", "minor")
	for _, a := range []*answer{status, uptime, summary, nobody.get(base + "/services/"),
		nobody.get(base + "/incidents/"), nobody.get(base + "/maintenances/")} {
		if a.header.Get("Access-Control-Allow-Origin") != "*" || a.header.Get("RateLimit") == "" {
			t.Errorf("%s: %v", a.what, a.header)
		}
		// What only members may know is nowhere.
		if strings.Contains(string(a.raw), "admin@") || strings.Contains(string(a.raw), acme.id) {
			t.Errorf("%s tells of a member: %s", a.what, a.raw)
		}
	}
	for _, slug := range []string{"nobody", "No", "a_b", "%00", "..%2f", strings.Repeat("a", 64), "-", "ünï"} {
		for _, part := range []string{"services", "incidents", "maintenances", "status", "uptime", "summary"} {
			a := nobody.do("GET", "/api/v1/public/"+slug+"/"+part+"/", nil).refuses(404)
			if a.header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%s: a script cannot read why", a.what)
			}
		}
	}
}

func TestPublicDocumentsAreReadWithoutAskingTheDatabase(t *testing.T) {
	s := startSite(t, nil)
	acme := s.org()
	acme.incident("Trouble")
	acme.window("Work")
	base := "/api/v1/public/" + acme.slug
	paths := []string{"/services/", "/incidents/", "/incidents/?active=true", "/maintenances/", "/status/", "/uptime/",
		"/summary/"}
	read := func() {
		for _, p := range paths {
			s.nobody().get(base + p)
		}
	}
	read()
	quiet := func() int64 { // the relay and the heartbeat ask, too; nobody else does
		time.Sleep(300 * time.Millisecond)
		before := s.app.DB.Queries()
		time.Sleep(time.Second)
		return s.app.DB.Queries() - before
	}
	idle := quiet()
	before, began := s.app.DB.Queries(), time.Now()
	for range 20 {
		read()
	}
	asked := float64(s.app.DB.Queries() - before)
	if own := float64(idle+10) * (time.Since(began).Seconds() + 1); asked > own {
		t.Errorf("%d reads asked the database %.0f times, which alone asks %d times a second", 20*len(paths), asked,
			idle)
	}
	if t.Failed() {
		fmt.Println("idle", idle)
	}
}
