package app_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"statuspage/server/auth"
)

func TestAnETagSaysWhetherWhatOneHasStillHolds(t *testing.T) {
	acme := world(t).org()
	incident, window := acme.incident("Trouble"), acme.window("Work")
	for _, path := range []string{"/api/v1/services/" + acme.service("API"), "/api/v1/incidents/" + incident,
		"/api/v1/maintenances/" + window, "/api/v1/organization",
		"/api/v1/public/" + acme.slug + "/status", "/api/v1/public/" + acme.slug + "/summary", "/api/v1/public/" +
			acme.slug + "/uptime",
		"/api/v1/public/" + acme.slug + "/services", "/api/v1/public/" + acme.slug + "/incidents", "/api/v1/public/" +
			acme.slug + "/maintenances"} {
		tag := acme.get(path).header.Get("ETag")
		if len(tag) < 3 || tag[0] != '"' {
			t.Errorf("%s: the ETag is %q", path, tag)
		}
		for _, value := range []string{tag, "W/" + tag, `"other", ` + tag, "*", tag + `, "other"`} {
			for _, slash := range []string{"", "/"} {
				a := acme.do("GET", path+slash, nil, "If-None-Match", value).is(304)
				if len(a.raw) != 0 || a.header.Get("ETag") != tag || a.header.Get("Status-Seq") == "" {
					t.Errorf("%s: 304 with %q and %v", path, a.raw, a.header)
				}
			}
		}
		for _, value := range []string{`"other"`, `"`, strings.Trim(tag, `"`), "", "x"} {
			acme.do("GET", path, nil, "If-None-Match", value).is(200)
		}
	}
}

func TestASecondWriterWhoReadAnOlderVersionGetsTheCurrentOne(t *testing.T) {
	acme := world(t).org()
	incident := acme.incident("Trouble")
	for _, row := range []struct {
		path   string
		change func(n int) j
	}{
		{"/api/v1/services/" + acme.service("API"), func(n int) j { return j{"description": fmt.Sprint(n)} }},
		{"/api/v1/incidents/" + incident, func(n int) j { return j{"description": fmt.Sprint(n)} }},
		{"/api/v1/maintenances/" + acme.window("Work"), func(n int) j { return j{"description": fmt.Sprint(n)} }},
		{"/api/v1/organization", func(n int) j { return j{"description": fmt.Sprint(n)} }},
	} {
		t.Run(row.path[8:15], func(t *testing.T) {
			old := acme.get(row.path).header.Get("ETag")
			now := acme.patch(row.path, row.change(1), "If-Match", old)
			tag := now.header.Get("ETag")
			if tag == old || tag == "" {
				t.Fatalf("the ETag went from %s to %s", old, tag)
			}
			for _, method := range []string{"PATCH", "DELETE"} {
				if method == "DELETE" && strings.HasSuffix(row.path, "organization") {
					continue
				}
				a := acme.do(method, row.path, row.change(2), "If-Match", old).refuses(409)
				a.has("current.version", now.at("version")).has("current.description", "1").
					has("current.id", now.at("id"))
			}
			acme.do("PATCH", row.path, j{"description": "2", "version": 1}).refuses(409).has("current.description", "1")
			acme.patch(row.path, row.change(3), "If-Match", "*")
			acme.patch(row.path, row.change(4), "If-Match", "W/"+acme.get(row.path).header.Get("ETag"))
			for _, garbage := range []string{"3", `"x"`, `"1", "2"`, `"`, `""`, "W/3", `3"`, `"-"`,
				`"99999999999999999999"`} {
				acme.do("PATCH", row.path, row.change(5), "If-Match", garbage).refuses(412)
				if !strings.HasSuffix(row.path, "organization") {
					acme.do("DELETE", row.path, nil, "If-Match", garbage).refuses(412)
				}
			}
			acme.get(row.path).has("description", "4")
		})
	}
	t.Run("an update of an incident", func(t *testing.T) {
		path := "/api/v1/incidents/" + incident + "/updates/"
		tag := acme.get("/api/v1/incidents/" + incident).header.Get("ETag")
		acme.post(path, j{"body": "one"}, "If-Match", tag)
		acme.do("POST", path, j{"body": "two"}, "If-Match", tag).refuses(409).has("current.updates.1.body", "one")
		acme.do("POST", path, j{"body": "two"}, "If-Match", "x").refuses(412)
	})
}

// same holds two answers to each other: status, body and the headers that say what was written.
func same(t *testing.T, first, again *answer) {
	t.Helper()
	if first.code != again.code || string(first.raw) != string(again.raw) {
		t.Errorf("%s: first %d %s, again %d %s", first.what, first.code, first.raw, again.code, again.raw)
	}
	for _, name := range []string{"ETag", "Status-Seq", "Content-Type"} {
		if first.header.Get(name) != again.header.Get(name) {
			t.Errorf("%s: %s was %q, is %q", first.what, name, first.header.Get(name), again.header.Get(name))
		}
	}
}

func TestTheSameIdempotencyKeyGetsTheSameAnswerAndDoesTheThingOnce(t *testing.T) {
	acme := world(t).org()
	api := acme.service("API")
	incident, window := acme.incident("Trouble"), acme.window("Work")
	doomed, over, gone := acme.service("doomed"), acme.incident("over"), acme.window("gone")
	key := acme.key("read")
	member := acme.join(auth.Member)
	for i, row := range []struct {
		method, path string
		body         j
		code         int
	}{
		{"POST", "/api/v1/services/", j{"name": "New"}, 201},
		{"PATCH", "/api/v1/services/" + api + "/", j{"description": "x"}, 200},
		{"PATCH", "/api/v1/services/" + api + "/", j{"description": "x"}, 200}, // which changes nothing
		{"POST", "/api/v1/incidents/", j{"title": "Down", "service": api, "to_state": "major_outage"}, 201},
		{"PATCH", "/api/v1/incidents/" + incident + "/", j{"status": "identified", "message": "x"}, 200},
		{"POST", "/api/v1/incidents/" + incident + "/updates/", j{"body": "y"}, 201},
		{"POST", "/api/v1/maintenances/", j{"title": "More", "services": []string{api}, "scheduled_for": in(time.Hour),
			"scheduled_until": in(2 * time.Hour)}, 201},
		{"PATCH", "/api/v1/maintenances/" + window + "/", j{"status": "in_progress"}, 200},
		{"PATCH", "/api/v1/organization/", j{"description": "We."}, 200},
		{"POST", "/api/v1/members/", j{"email": fmt.Sprintf("new@%s.example", acme.slug)}, 201},
		{"PATCH", "/api/v1/members/" + member.id + "/", j{"role": "admin"}, 200},
		{"DELETE", "/api/v1/members/" + member.id + "/", nil, 204},
		{"POST", "/api/v1/api-keys/", j{"name": "A key", "scopes": []string{"write"}}, 201},
		{"DELETE", "/api/v1/api-keys/" + key.id + "/", nil, 204},
		{"DELETE", "/api/v1/services/" + doomed + "/", nil, 204},
		{"DELETE", "/api/v1/incidents/" + over + "/", nil, 204},
		{"DELETE", "/api/v1/maintenances/" + gone + "/", nil, 204},
	} {
		t.Run(fmt.Sprintf("%s %s %d", row.method, strings.Split(row.path, "/")[3], i), func(t *testing.T) {
			name := fmt.Sprintf("key-%d", i)
			var body any
			if row.body != nil {
				body = row.body
			}
			first := acme.do(row.method, row.path, body, "Idempotency-Key", name).is(row.code)
			before := acme.get("/api/v1/audit-log/").int("count")
			for range 3 {
				same(t, first, acme.do(row.method, row.path, body, "Idempotency-Key", name))
			}
			// the slash is no difference
			same(t, first, acme.do(row.method, strings.TrimSuffix(row.path, "/"), body, "Idempotency-Key", name))
			other, _ := json.Marshal(row.body)
			acme.do(row.method, row.path, string(other)+" ", "Idempotency-Key", name).refuses(422, "Idempotency-Key")
			acme.do("PATCH", "/api/v1/services/"+api+"/", j{"name": "other"}, "Idempotency-Key", name).
				refuses(422, "Idempotency-Key")
			if after := acme.get("/api/v1/audit-log/").int("count"); after != before {
				t.Errorf("the audit log grew from %d to %d", before, after)
			}
		})
	}
	acme.get("/api/v1/services/?search=New").has("count", 1)
	acme.get("/api/v1/incidents/"+incident+"/updates/").has("count", 3)
	acme.get("/api/v1/api-keys/").has("count", 1)
}

func TestTwoCallersMayChooseTheSameIdempotencyKey(t *testing.T) {
	s := world(t)
	acme, other := s.org(), s.org()
	key := acme.key("write")
	const name = "0197a1de-3c00-7000-8000-0000000000bb" // an id, as the dashboard chooses them
	for i, c := range []*caller{acme, acme.join(auth.Admin), key, other} {
		a := c.post("/api/v1/services/", j{"name": fmt.Sprintf("by %d", i)}, "Idempotency-Key", name)
		same(t, a, c.post("/api/v1/services/", j{"name": fmt.Sprintf("by %d", i)}, "Idempotency-Key", name))
	}
	acme.get("/api/v1/services/").has("count", 3)
	other.get("/api/v1/services/").has("count", 1).has("results.0.name", "by 3")
}

func TestTwentyRequestsAtOnceWithOneIdempotencyKeyAreOne(t *testing.T) {
	acme := world(t).org()
	api := acme.service("API")
	for _, row := range []struct {
		path string
		body j
	}{
		{"/api/v1/incidents/", j{"title": "Down", "service": api, "to_state": "major_outage"}},
		{"/api/v1/api-keys/", j{"name": "One key"}},
	} {
		answers := make([]*answer, 20)
		var all sync.WaitGroup
		for i := range answers {
			all.Go(func() {
				var err error
				if answers[i], err = acme.try("POST", row.path, row.body, "Idempotency-Key",
					"all at once"+row.path); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, a := range answers {
			if a != nil {
				a.is(201)
				same(t, answers[0], a)
			}
		}
		acme.get(row.path).has("count", 1)
	}
	acme.get("/api/v1/audit-log/").has("count", 5) // organisation, admin, service, incident, key
}

func TestARefusedRequestDoesNotUseUpItsKey(t *testing.T) {
	acme := world(t).org()
	acme.do("POST", "/api/v1/services/", j{"name": ""}, "Idempotency-Key", "k").refuses(422, "name")
	acme.post("/api/v1/services/", j{"name": "API"}, "Idempotency-Key", "k")
	acme.do("POST", "/api/v1/services/", j{"name": "API"}, "Idempotency-Key", strings.Repeat("k", 201)).
		refuses(422, "Idempotency-Key")
	acme.do("POST", "/api/v1/services/", j{"name": "API"}, "Idempotency-Key", "a\tb").refuses(422, "Idempotency-Key")
	acme.post("/api/v1/services/", j{"name": "API"}, "Idempotency-Key", strings.Repeat("k", 200))
}

func TestAnIdempotencyKeyIsForgottenAfterTwoDaysAndNotBefore(t *testing.T) {
	s := world(t)
	acme := s.org()
	first := acme.post("/api/v1/services/", j{"name": "API"}, "Idempotency-Key", "k")
	age := func(d time.Duration) {
		s.sql(`UPDATE idempotency SET at = ? WHERE org_id = ?`, time.Now().Add(-d).UnixMilli(), acme.org)
	}
	age(47 * time.Hour)
	same(t, first, acme.post("/api/v1/services/", j{"name": "API"}, "Idempotency-Key", "k"))
	age(49 * time.Hour)
	if again := acme.post("/api/v1/services/", j{"name": "API"}, "Idempotency-Key", "k"); again.str("id") == first.str(
		"id") {
		t.Error("the key was remembered for more than 48 hours")
	}
}

func TestWhatWasShownOnceIsInTheDatabaseNowhere(t *testing.T) {
	s := world(t)
	acme := s.org()
	made := acme.post("/api/v1/api-keys/", j{"name": "A key"}, "Idempotency-Key",
		"0197a1de-3c00-7000-8000-0000000000cc")
	db, err := sql.Open("sqlite3", "file:"+s.file+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	secret := made.str("key")[len("sp_")+14:]
	for _, table := range []string{"idempotency", "audit_log", "api_keys", "events"} {
		rows, err := db.Query(`SELECT * FROM ` + table)
		if err != nil {
			t.Fatal(err)
		}
		names, _ := rows.Columns()
		for rows.Next() {
			values := make([]any, len(names))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				t.Fatal(err)
			}
			for i := range values {
				if text := fmt.Sprint(*values[i].(*any)); strings.Contains(text, secret) ||
					strings.Contains(text, "0197a1de-3c00-7000-8000-0000000000cc") {
					t.Errorf("%s.%s holds it", table, names[i])
				}
			}
		}
		_ = rows.Close()
	}
}

func TestAnswersSayWhichEventTheyIncludeAndWaitForTheOneThatIsAskedFor(t *testing.T) {
	acme := world(t).org()
	incident, window := acme.incident("Trouble"), acme.window("Work")
	written := acme.post("/api/v1/services/", j{"name": "API"})
	seq := written.seq()
	public := "/api/v1/public/" + acme.slug
	for _, path := range []string{"/api/v1/services/", "/api/v1/services/" + written.str("id"), "/api/v1/incidents/",
		"/api/v1/incidents/" + incident, "/api/v1/incidents/" + incident + "/updates",
		"/api/v1/maintenances/", "/api/v1/maintenances/" + window, "/api/v1/organization", "/api/v1/users/me",
		"/api/v1/snapshot", "/api/v1/members", "/api/v1/api-keys", "/api/v1/audit-log",
		public + "/services", public + "/incidents", public + "/maintenances", public + "/status", public + "/uptime",
		public + "/summary"} {
		if got := acme.do("GET", path, nil, "Status-Min-Seq", strconv.FormatInt(seq, 10)).is(200).seq(); got != seq {
			t.Errorf("%s: includes %d, not %d", path, got, seq)
		}
		for _, bad := range []string{"x", "-1", "1.5", "99999999999999999999"} {
			acme.do("GET", path, nil, "Status-Min-Seq", bad).refuses(422, "Status-Min-Seq")
		}
	}
	for _, path := range []string{"/api/v1/services/", "/api/v1/members", public + "/summary"} {
		began := time.Now()
		acme.do("GET", path, nil, "Status-Min-Seq", strconv.FormatInt(seq+1, 10)).refuses(503)
		if took := time.Since(began); took < 400*time.Millisecond || took > 5*time.Second {
			t.Errorf("%s: waited %s", path, took)
		}
	}
	t.Run("whoever waits is answered when it has come", func(t *testing.T) {
		done := make(chan *answer, 1)
		go func() {
			a, err := acme.try("GET", "/api/v1/services/", nil, "Status-Min-Seq", strconv.FormatInt(seq+1, 10))
			if err != nil {
				t.Error(err)
			}
			done <- a
		}()
		acme.post("/api/v1/services/", j{"name": "Web"})
		if a := <-done; a != nil && a.is(200).int("count") < 4 {
			t.Errorf("answered %s", a.raw)
		}
	})
	t.Run("a browser is asked for by its cookie", func(t *testing.T) {
		a := acme.post("/api/v1/services/", j{"name": "Mail"})
		cookie, _, _ := strings.Cut(a.header.Get("Set-Cookie"), ";")
		if want := fmt.Sprintf("status_seq=%s.%d", acme.org, a.seq()); cookie != want ||
			!strings.Contains(a.header.Get("Set-Cookie"), "HttpOnly") {
			t.Errorf("the cookie is %q, not %q", a.header.Get("Set-Cookie"), want)
		}
		acme.do("GET", "/api/v1/services/", nil, "Cookie", cookie).is(200)
		acme.do("GET", "/api/v1/services/", nil, "Cookie", fmt.Sprintf("status_seq=%s.%d", acme.org, a.seq()+1)).is(503)
		acme.do("GET", "/api/v1/services/", nil, "Cookie", fmt.Sprintf("status_seq=another.%d", a.seq()+1)).is(200)
		acme.do("GET", "/api/v1/services/", nil, "Cookie", "status_seq=garbage").is(200)
	})
	if region := acme.get("/api/v1/services/").header.Get("Status-Region"); region != "local" {
		t.Errorf("the region is %q", region)
	}
}

func TestWritesAtOnceLeaveAGaplessLogAndNothingIsLost(t *testing.T) {
	acme := world(t).org()
	api := acme.service("API")
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			a, err := acme.try("POST", "/api/v1/services/", j{"name": fmt.Sprintf("service %d", i)})
			if err != nil || a.code != 201 {
				t.Errorf("%v %v", a, err)
			}
			if a, err = acme.try("PATCH", "/api/v1/services/"+api+"/", j{"description": fmt.Sprint(i)}); err != nil ||
				a.code != 200 {
				t.Errorf("%v %v", a, err)
			}
		})
	}
	all.Wait()
	acme.get("/api/v1/services/").has("count", 41)
	if snapshot := acme.get("/api/v1/snapshot/"); snapshot.int("seq") != 2+80 || acme.get("/api/v1/services/"+api).
		int("version") != 41 {
		t.Errorf("the log ends at %d, the service is at version %d", snapshot.int("seq"),
			acme.get("/api/v1/services/"+api).int("version"))
	}
}
