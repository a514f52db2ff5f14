package app_test

import (
	"fmt"
	"testing"
	"time"
)

func TestSubscribersAreAddedImportedChangedAndRemovedByAdmins(t *testing.T) {
	s := world(t)
	acme, other := s.org(), s.org()
	service := acme.service("API")
	const fields = "id channel address state whole_page services source failures problem created_at confirmed_at"
	made := acme.post("/api/v1/subscribers/", j{"email": "ada@visitors.example", "consent": true,
		"services": []string{service}}).keys("", fields).
		has("state", "active").has("whole_page", false).has("services.0.id", service).has("source", "admin")
	path := "/api/v1/subscribers/" + made.str("id") + "/"
	acme.do("POST", "/api/v1/subscribers/", j{"email": "ADA@visitors.example"}).refuses(409, "email")
	hook := acme.post("/api/v1/subscribers/", j{"webhook_url": "https://hooks.visitors.invalid/status"}).
		keys("", fields+" secret").has("state", "pending")
	imported := acme.post("/api/v1/subscribers/", j{"emails": []string{"ada@visitors.example", "bob@visitors.example",
		"nobody"}, "consent": true}, "Idempotency-Key", "import")
	imported.keys("", "added known refused").has("added", 1).has("known", 1).has("refused.0.field", "emails[2]")
	same(t, imported, acme.post("/api/v1/subscribers/",
		j{"emails": []string{"ada@visitors.example", "bob@visitors.example", "nobody"}, "consent": true},
		"Idempotency-Key", "import"))
	acme.get(path).has("address", "ada@visitors.example")
	acme.get("/api/v1/subscribers/").has("count", 3).keys("results.0", fields)
	acme.get("/api/v1/subscribers/?channel=webhook&state=pending").has("count", 1).has("results.0.id", hook.str("id"))
	acme.get("/api/v1/subscribers/?service="+service).has("count", 3).has("results.2.id", made.str("id"))
	acme.patch(path, j{"state": "bouncing", "services": []string{}}).has("state", "bouncing").has("whole_page", true)
	acme.get("/api/v1/deliveries/?state=dead").has("count", 0)
	for until := time.Now().Add(30 * time.Second); acme.get("/api/v1/deliveries/?state=due").
		int("results.0.tries") == 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("the webhook was never tried")
		}
	}
	s.sql(`UPDATE jobs SET state = 'dead', done_at = 1 WHERE org_id = ?`, acme.org)
	dead := acme.get("/api/v1/deliveries/?state=dead").has("count", 1).
		keys("results.0", "id state tries type title subscriber problem created_at due_at done_at")
	retry := fmt.Sprintf("/api/v1/deliveries/%d/retry/", dead.int("results.0.id"))
	other.do("POST", retry, nil).refuses(404)
	acme.do("POST", retry, nil).is(200).has("state", "due")
	acme.do("POST", retry, nil).refuses(409)
	acme.do("POST", "/api/v1/deliveries/999999999/retry/", nil).refuses(404)
	acme.do("POST", "/api/v1/deliveries/retry/", nil).is(200).has("retried", 0)
	for query, field := range map[string]string{"channel=fax": "channel", "state=gone": "state"} {
		acme.do("GET", "/api/v1/subscribers/?"+query, nil).refuses(422, field)
	}
	for _, row := range []struct {
		body  j
		field string
	}{
		{j{}, "email"}, {j{"email": "nobody"}, "email"}, {j{"email": "a@b.example", "webhook_url": "https://c.example"},
			"email"}, {j{"webhook_url": "https://127.0.0.1/x"}, "webhook_url"},
		{j{"webhook_url": "http://a.example"}, "webhook_url"}, {j{"emails": []string{"a@b.example"}}, "consent"},
		{j{"emails": []string{}, "consent": true}, "emails"},
		{j{"email": "a@b.example", "services": []string{other.service("Theirs")}}, "services[0]"},
		{j{"phone": "1"}, "phone"},
	} {
		if fields := acme.do("POST", "/api/v1/subscribers/", row.body).is(422).
			fields(); fmt.Sprint(fields[0]) != row.field {
			t.Errorf("%v: refused for %q", row.body, fields)
		}
	}
	for _, method := range []string{"GET", "PATCH", "DELETE"} {
		other.do(method, path, j{"state": "active"}).refuses(404)
	}
	other.get("/api/v1/subscribers/").has("count", 0)
	acme.do("DELETE", path, nil).is(204)
	acme.do("GET", path, nil).refuses(404)
}

func TestAVisitorSubscribesAndLearnsNothingAboutOthers(t *testing.T) {
	s := world(t)
	acme, nobody := s.org(), s.nobody()
	path := "/api/v1/public/" + acme.slug + "/subscribe/"
	first := nobody.do("POST", path, j{"email": "ada@visitors.example"}).is(202).keys("", "status channel detail")
	again := nobody.do("POST", path, j{"email": "ada@visitors.example"}).is(202)
	if string(first.raw) != string(again.raw) {
		t.Errorf("the second time it is %s", again.raw)
	}
	nobody.do("POST", path, j{"webhook_url": "https://hooks.visitors.invalid/x"}).is(202).
		keys("", "status channel detail id secret manage_url")
	nobody.do("POST", path, j{"email": "nobody"}).refuses(422, "email")
	nobody.do("POST", path, j{"email": "a@b.example", "consent": true}).refuses(422, "consent")
	nobody.do("POST", "/api/v1/public/nobody/subscribe/", j{"email": "a@b.example"}).refuses(404)
	acme.get("/api/v1/subscribers/?state=pending").has("count", 2)
}
