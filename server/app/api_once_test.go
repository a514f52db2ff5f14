package app_test

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// TestEveryWriteIsDoneOnceUnderItsKey goes through the whole table of routes: whatever a route changes, the same key
// gets the same answer, and nothing is done again.
func TestEveryWriteIsDoneOnceUnderItsKey(t *testing.T) {
	acme := world(t).org()
	acme.post("/api/v1/subscribers", j{"email": thing(acme, "email")}) // so that there is a delivery
	tried := 0
	for route, row := range table {
		method, path, _ := strings.Cut(route, " ")
		if method == "GET" || row.class != writes && row.class != governs {
			continue
		}
		if strings.HasSuffix(path, "/deletion") {
			continue // once it is done, nobody's key is taken any more
		}
		looks := regexp.MustCompile(`/(\{monitor\}|monitors)/(test|preview)$|/ingest/|/\{destination\}/test$`)
		if looks.MatchString(path) {
			// these look again each time, alerts are told apart by their fingerprints, and a destination says what
			// became
			continue
			// of the first message
		}
		tried++
		body, isText := row.body.(string)
		if row.body != nil && !isText {
			raw, err := json.Marshal(row.body)
			if err != nil {
				t.Fatal(err)
			}
			body = string(raw)
		}
		want := row.ok
		if method == "PUT" && regexp.MustCompile(`/(logo|logo-dark|favicon)$`).MatchString(path) {
			body, want = drawn(t, 8, 8), 200
		}
		path, key := filled(acme, path, map[string]string{}), fmt.Sprint("once ", tried)
		var sent any
		text := filled(acme, body, map[string]string{})
		if text != "" {
			sent = text
		}
		first := acme.do(method, path, sent, "Idempotency-Key", key).is(want)
		before := acme.get("/api/v1/audit-log/").int("count")
		for range 2 {
			again := acme.do(method, path, sent, "Idempotency-Key", key).is(want)
			if want >= 400 { // but for the id of the request
				again.has("detail", first.at("detail")).has("code", first.at("code"))
				continue
			}
			same(t, first, again)
		}
		acme.do(method, path, other(text), "Idempotency-Key", key).refuses(422, "Idempotency-Key")
		if after := acme.get("/api/v1/audit-log/").int("count"); after != before {
			t.Errorf("%s: the audit log grew from %d to %d", route, before, after)
		}
		if o, there := describes(t).operation(method, describes(t).find(path)); !there ||
			!strings.Contains(fmt.Sprint(o.Parameters), "IdempotencyKey") {
			t.Errorf("%s: the document does not say that it takes a key", route)
		}
	}
	if tried < 30 {
		t.Errorf("only %d routes were tried", tried)
	}
}

// TestARefusalThatWasDecidedIsWhatItsKeyIsAnswered: as Stripe documents it, the first outcome is the outcome, also
// where it was no.
func TestARefusalThatWasDecidedIsWhatItsKeyIsAnswered(t *testing.T) {
	acme := world(t).org()
	service := acme.service("API")
	incident := acme.post("/api/v1/incidents/", j{"title": "Down", "service": service, "to_state": "major_outage"}).
		str("id")
	move := j{"status": "operational"}
	patch := func(key string, header ...string) *answer {
		return acme.do("PATCH", "/api/v1/services/"+service+"/", move, append(header, "Idempotency-Key", key)...)
	}
	no := patch("k").refuses(409, "status")
	acme.post("/api/v1/incidents/"+incident+"/updates/", j{"status": "resolved"})
	acme.patch("/api/v1/services/"+service+"/", j{"status": "partial_outage"})
	for range 2 { // now it would be allowed
		patch("k").refuses(409, "status").has("detail", no.at("detail")).has("allowed", no.at("allowed")).
			has("errors.0.message", no.at("errors.0.message"))
	}
	acme.do("PATCH", "/api/v1/services/"+service+"/", j{"name": "x"}, "Idempotency-Key", "k").
		refuses(422, "Idempotency-Key")
	patch("another").is(200)

	// An older version: the key is answered the same, with the object as it is today.
	stale := patch("v", "If-Match", `"1"`).is(409)
	acme.patch("/api/v1/services/"+service+"/", j{"name": "Renamed"})
	if again := patch("v", "If-Match", `"1"`).is(409).has("detail", stale.at("detail")); again.str(
		"current.name") != "Renamed" || stale.str("current.name") != "API" {
		t.Errorf("current is %v, then %v", stale.at("current"), again.at("current"))
	}

	// What is not there is not there for this key, also if it comes to be.
	const id = "0197a1de-3c00-7000-8000-0000000000d1"
	missing := func() *answer {
		return acme.do("PATCH", "/api/v1/services/"+id+"/", j{"name": "y"}, "Idempotency-Key", "m")
	}
	missing().is(404)
	acme.post("/api/v1/services/", j{"id": id, "name": "Late"})
	missing().is(404)

	// People, keys, templates and subscribers are no events of the page, and are held alike.
	address := thing(acme, "email")
	had := acme.post("/api/v1/subscribers/", j{"email": address, "consent": true}).str("id")
	acme.do("POST", "/api/v1/subscribers/", j{"email": address}, "Idempotency-Key", "s").refuses(409, "email")
	acme.do("DELETE", "/api/v1/subscribers/"+had+"/", nil).is(204)
	acme.do("POST", "/api/v1/subscribers/", j{"email": address}, "Idempotency-Key", "s").refuses(409, "email")
	acme.post("/api/v1/subscribers/", j{"email": address}, "Idempotency-Key", "s2")

	// What was refused before it was decided used nothing up: by its form, or because of who asked.
	acme.do("POST", "/api/v1/services/", j{"name": ""}, "Idempotency-Key", "f").refuses(422, "name")
	acme.do("POST", "/api/v1/services/", `{"name":`, "Idempotency-Key", "f").refuses(400)
	acme.post("/api/v1/services/", j{"name": "Well formed"}, "Idempotency-Key", "f")
	other := acme.site.org()
	// another's key is another key
	other.do("PATCH", "/api/v1/services/"+service+"/", move, "Idempotency-Key", "k").is(404)
}

// other is another body than text that is read alike.
func other(text string) string {
	if text == "" {
		return "{}"
	}
	return text + " "
}

// TestTheCallersKeyIsInNoMessage: messages name the command that caused them, in public too, and the key is the
// caller's alone.
func TestTheCallersKeyIsInNoMessage(t *testing.T) {
	s := world(t)
	acme := s.org()
	const id, secret = "0197a1de-3c00-7000-8000-0000000000e1", "0197a1de-3c00-7000-8000-0000000000e2"
	acme.post("/api/v1/services/", j{"name": "A"}, "Idempotency-Key", secret)
	// as the dashboard does, to know its own again
	acme.post("/api/v1/services/", j{"name": "B"}, "Idempotency-Key", id+"."+secret)
	db, err := sql.Open("sqlite3", "file:"+s.file+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var leaks, own int
	if err := db.QueryRow(`SELECT count(*) FILTER (WHERE command LIKE '%' || ? || '%'), count(*) FILTER (WHERE command = ?) FROM events WHERE org_id = ?`, secret, id, acme.org).Scan(&leaks, &own); err != nil {
		t.Fatal(err)
	}
	if leaks != 0 || own != 1 {
		t.Errorf("%d messages have a key, %d name the command", leaks, own)
	}
}
