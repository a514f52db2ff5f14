package app_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"statuspage/server/auth"
)

// TestWhatTheWriteItselfRefusesIsSaidInWords: limits, ids that are taken, and what must be there are looked at in the
// batch; what is refused is said as it was when each was read before.
func TestWhatTheWriteItselfRefusesIsSaidInWords(t *testing.T) {
	w := world(t)
	acme, globex := w.org(), w.org()
	template := acme.do("POST", "/api/v1/templates", j{"name": "Usual", "title": "T", "body": "B"}).is(201).str("id")

	again := j{"id": template, "name": "Other", "title": "T", "body": "B"}
	acme.do("POST", "/api/v1/templates", again).refuses(409, "id").
		has("detail", "There is a template with this id already.")
	globex.do("POST", "/api/v1/templates", again).is(201) // ids are an organisation's own
	acme.do("DELETE", "/api/v1/templates/"+template, nil).is(204)
	acme.do("POST", "/api/v1/templates", again).refuses(409, "id")

	monitor := func(of string) j {
		return j{"name": "Site", "kind": "http", "target": "https://example.com/", "template": of}
	}
	// it is deleted, and another's is none
	acme.do("POST", "/api/v1/monitors", monitor(template)).refuses(404, "template")
	other := globex.do("POST", "/api/v1/templates", j{"name": "Theirs", "title": "T", "body": "B"}).str("id")
	acme.do("POST", "/api/v1/monitors", monitor(other)).refuses(404, "template").
		has("detail", "There is no such template.")
	made := globex.do("POST", "/api/v1/monitors", monitor(other)).is(201)
	globex.patch("/api/v1/monitors/"+made.str("id"), j{"template": template}).is(200) // made under the same id above
	globex.do("POST", "/api/v1/monitors", j{"id": made.str("id"), "name": "Site", "kind": "http",
		"target": "https://example.com/"}).refuses(409, "id")

	eve := j{"channel": "email", "address": "eve@example.com"}
	acme.do("POST", "/api/v1/subscribers", eve).is(201)
	acme.do("POST", "/api/v1/subscribers", eve).is(409).has("detail", "This address is a subscriber already.")
	globex.do("POST", "/api/v1/subscribers", eve).is(201)

	acme.post("/api/v1/members", j{"email": "bob@example.com", "role": "member"}).is(201)
	acme.do("POST", "/api/v1/members", j{"email": "BOB@example.com", "role": "admin"}).refuses(409, "email")
	acme.join(auth.Member)
	id := ""
	for _, m := range acme.get("/api/v1/members").list("results") {
		if at(m, "state") == "member" {
			id = at(m, "email").(string)
		}
	}
	acme.do("POST", "/api/v1/members", j{"email": strings.ToUpper(id), "role": "member"}).refuses(409, "email")
}

// TestTheLastRoomIsGivenOnce: many at once make the last template that there is room for; who was refused is told so
// again under the same key, also when there is room again.
func TestTheLastRoomIsGivenOnce(t *testing.T) {
	acme := world(t).org()
	const most = 200
	one := func(i int) j { return j{"name": fmt.Sprint("Number ", i), "title": "T", "body": "B"} }
	first := acme.do("POST", "/api/v1/templates", one(0)).is(201).str("id")
	for i := 1; i < most-1; i++ {
		acme.post("/api/v1/templates", one(i)).is(201)
	}
	const asked = 8
	codes := make([]int, asked)
	var wait sync.WaitGroup
	for i := range asked {
		wait.Go(func() {
			a, err := acme.try("POST", "/api/v1/templates", one(most+i), "Idempotency-Key", fmt.Sprint("last ", i))
			if err == nil {
				codes[i] = a.code
			}
		})
	}
	wait.Wait()
	given, refused := 0, -1
	for i, code := range codes {
		switch code {
		case 201:
			given++
		case 409:
			refused = i
		default:
			t.Errorf("request %d: %d", i, code)
		}
	}
	if given != 1 || acme.get("/api/v1/templates").int("count") != most {
		t.Fatalf("%d were made: %v", given, codes)
	}
	acme.do("DELETE", "/api/v1/templates/"+first, nil).is(204)
	acme.do("POST", "/api/v1/templates", one(most+refused), "Idempotency-Key", fmt.Sprint("last ", refused)).is(409).
		has("detail", "There are 200 templates already, which is the limit.")
	acme.post("/api/v1/templates", one(most+refused)).is(201)
}

// TestAKeyMadeByAKeyHasItsOwner: whoever answers for the one answers for the other, by name.
func TestAKeyMadeByAKeyHasItsOwner(t *testing.T) {
	acme := world(t).org()
	mine := acme.post("/api/v1/api-keys", j{"name": "first", "scopes": []string{"admin", "write"}}).is(201)
	owner := mine.at("owner")
	if mine.str("owner.email") == "" {
		t.Fatal("no owner")
	}
	by := *acme
	by.token = mine.str("key")
	made := by.post("/api/v1/api-keys", j{"name": "second", "scopes": []string{"write"}}).is(201)
	if fmt.Sprint(made.at("owner")) != fmt.Sprint(owner) {
		t.Errorf("%v, want %v", made.at("owner"), owner)
	}
}
