package app_test

import (
	"strings"
	"testing"
)

// What people tell things apart by is refused where nobody sees all of it, by the name of its field.
func TestNamesThatLookLikeOthersAreRefused(t *testing.T) {
	o := newOffice(t, nil)
	svc := o.service("API")
	incident := o.post("/api/v1/incidents/", j{"title": "Errors", "service": svc, "to_state": "partial_outage"}).
		is(201).str("id")
	planned := j{"services": []string{svc}, "scheduled_for": "2099-01-01T00:00:00Z",
		"scheduled_until": "2099-01-01T01:00:00Z"}
	with := func(base j, field, text string) j {
		out := j{field: text}
		for k, v := range base {
			out[k] = v
		}
		return out
	}
	for _, odd := range []string{"Ac\u200bme", "Acme\u200e", "\u2060Acme", "Ac\u00adme", "Ac\u202eme", "Acme\u3164"} {
		for _, x := range []struct {
			method, path, field string
			body                j
		}{
			{"PATCH", "/api/v1/organization/", "name", nil},
			{"POST", "/api/v1/services/", "name", nil},
			{"POST", "/api/v1/services/", "group", j{"name": "Web"}},
			{"PATCH", "/api/v1/services/" + svc + "/", "name", nil},
			{"PATCH", "/api/v1/services/" + svc + "/", "group", nil},
			{"POST", "/api/v1/incidents/", "title", j{"service": svc, "to_state": "partial_outage"}},
			{"PATCH", "/api/v1/incidents/" + incident + "/", "title", nil},
			{"POST", "/api/v1/maintenances/", "title", planned},
			{"POST", "/api/v1/templates/", "name", j{"title": "Errors", "body": "We look at it."}},
			{"POST", "/api/v1/templates/", "title", j{"name": "Errors", "body": "We look at it."}},
			{"POST", "/api/v1/api-keys/", "name", j{"scopes": []string{"read"}}},
			{"PATCH", "/api/v1/users/me/", "name", nil},
		} {
			o.do(x.method, x.path, with(x.body, x.field, odd)).refuses(422, x.field)
		}
	}
	o.patch("/api/v1/organization/", j{"name": "می\u200cخواهم 👩\u200d💻"}).is(200)
}

// An address is kept in ASCII, so that one which looks like another is seen to be none of it.
func TestSubscribersThatLookLikeOthersAreRefusedOrShownAsSuch(t *testing.T) {
	o := newOffice(t, nil)
	refused := []string{"ada\u200b@people.example", "аda@people.example", "ada@peo\u200bple.example",
		"ada@people.example\u2060", "ａda@people.example", "ada@ｐeople.example", "\u202eada@people.example"}
	for _, email := range refused {
		o.subscribe(j{"email": email}).refuses(422, "email")
		o.do("POST", "/api/v1/subscribers/", j{"email": email, "consent": true}).refuses(422, "email")
	}
	in := o.post("/api/v1/subscribers/", j{"emails": append(refused, "bob@pеople.example", "Bob@PEOPLE.example",
		"bob@people.example"), "consent": true}).is(201).has("added", float64(2))
	if list := in.list("refused"); len(list) != len(refused) {
		t.Errorf("%s", in.raw)
	}
	if a := o.get("/api/v1/subscribers/"); !strings.Contains(string(a.raw), "bob@xn--") ||
		!strings.Contains(string(a.raw), "Bob@people.example") {
		t.Errorf("%s", a.raw)
	}
	for _, hook := range []string{"https://hооks.example/a", "https://hooks.exa\u200bmple/a",
		"https://hooks.example/\u202ea"} {
		o.subscribe(j{"webhook_url": hook}).refuses(422, "webhook_url")
	}
}

// What was named before such names were refused can still be worked with.
func TestAnOlderNameKeepsNobodyFromOtherChanges(t *testing.T) {
	s := startSite(t, nil)
	c := s.org()
	svc := c.service("Zsp")
	s.stop()
	s.sql(`UPDATE services SET name = 'Z' || char(8203) || 'sp' WHERE name = 'Zsp'`)
	s.start()
	c.patch("/api/v1/services/"+svc+"/", j{"status": "major_outage", "name": "Z\u200bsp"}).is(200)
	c.patch("/api/v1/services/"+svc+"/", j{"description": "Words"}).is(200)
	c.do("PATCH", "/api/v1/services/"+svc+"/", j{"name": "Zs\u200bp"}).refuses(422, "name")
}
