package app_test

import (
	"net/http"
	"strings"
	"testing"

	"statuspage/server/api"
)

// TestAllThatIsWrongIsToldAtOnce: an unknown field hides nothing that is wrong with the others, and neither does a
// field of another type.
func TestAllThatIsWrongIsToldAtOnce(t *testing.T) {
	acme := world(t).org()
	service, incident, window := acme.service("API"), acme.incident("Trouble"), acme.window("Work")
	template := acme.post("/api/v1/templates/", j{"name": "A template"}).str("id")
	long := strings.Repeat("x", 201)
	before := acme.get("/api/v1/snapshot/").seq()
	for _, row := range []struct {
		method, path string
		body         any
		fields       string
	}{
		{"POST", "/services/", j{"name": "", "colour": "red"}, "colour name"},
		{"POST", "/services/", j{"name": long, "group": long, "position": -1, "colour": "red", "shape": 1},
			"colour shape name group position"},
		{"POST", "/services/", j{"name": 5, "description": strings.Repeat("x", 20001)}, "name description"},
		{"PATCH", "/services/" + service, j{"name": "", "status": "on fire", "colour": 1}, "colour name status"},
		{"POST", "/incidents/", j{"title": "", "service": service, "to_state": "on fire", "colour": 1},
			"colour to_state title"},
		{"PATCH", "/incidents/" + incident, j{"title": "", "colour": 1}, "colour title"},
		{"POST", "/incidents/" + incident + "/updates/", j{"body": strings.Repeat("x", 20001), "colour": 1},
			"colour body"},
		{"POST", "/maintenances/", j{"title": "", "services": []string{service},
			"scheduled_for": "2036-01-01T00:00:00Z", "scheduled_until": "2036-01-01T01:00:00Z", "colour": 1},
			"colour title"},
		{"PATCH", "/maintenances/" + window, j{"title": "", "colour": 1}, "colour title"},
		{"PATCH", "/organization/", j{"name": "", "accent": "red", "url": 5, "colour": 1}, "url colour name accent"},
		{"POST", "/templates/", j{"name": "", "status": "on fire", "colour": 1}, "colour name status"},
		{"PATCH", "/templates/" + template, j{"title": long, "colour": 1}, "colour title"},
		{"POST", "/api-keys/", j{"name": "", "scopes": []string{"everything"}, "colour": 1}, "colour name scopes"},
		{"POST", "/members/", j{"email": "nobody", "role": "king", "colour": 1}, "colour email role"},
		{"POST", "/subscribers/", j{"email": "nobody", "colour": 1}, "colour email"},
		{"GET", "/incidents/?status=x&active=y&service=z&page=0&page_size=101&colour=red", nil,
			"colour status active service page page_size"},
		{"GET", "/subscribers/?channel=x&state=y&service=z", nil, "service channel state"},
		{"GET", "/audit-log/?since=x&before=y&page=0", nil, "since before page"},
		{"GET", "/services/?status=x&page=0", nil, "status page"},
	} {
		t.Run(row.method+" "+row.path, func(t *testing.T) {
			own := *acme
			site := *acme.site
			site.t = t
			own.site = &site
			own.do(row.method, "/api/v1"+row.path, row.body).refuses(422, strings.Fields(row.fields)...)
		})
	}
	// What is right but for an unknown field is not done, only gone through.
	acme.do("POST", "/api/v1/services/", j{"name": "New", "colour": 1}).refuses(422, "colour")
	acme.do("POST", "/api/v1/services/", j{"name": "New", "colour": 1}, "Idempotency-Key", "k").refuses(422, "colour")
	acme.do("POST", "/api/v1/api-keys/", j{"name": "New", "colour": 1}).refuses(422, "colour")
	acme.do("POST", "/api/v1/members/", j{"email": "new@acme.example", "colour": 1}).refuses(422, "colour")
	acme.do("POST", "/api/v1/subscribers/", j{"email": "new@acme.example", "colour": 1}).refuses(422, "colour")
	acme.do("DELETE", "/api/v1/services/"+service+"/?colour=1", nil).refuses(422, "colour")
	if after := acme.get("/api/v1/snapshot/").seq(); after != before {
		t.Errorf("%d events come of what was refused", after-before)
	}
	for _, list := range []string{"api-keys", "subscribers"} {
		acme.get("/api/v1/"+list+"/").has("count", 0)
	}
	acme.get("/api/v1/members/").has("count", 1)
	acme.post("/api/v1/services/", j{"name": "New"}, "Idempotency-Key", "k")
}

// TestParametersThatARouteHasNotAreRefused tries every route.
func TestParametersThatARouteHasNotAreRefused(t *testing.T) {
	s := world(t)
	acme := s.org()
	some := strings.NewReplacer(":slug", acme.slug, ":id", acme.service("API"), ":update", acme.service("x"),
		":note", acme.service("y"))
	for _, r := range api.Routes() {
		if r.Access == api.Open || strings.Contains(r.Path, "webhooks/clerk") {
			continue // counted by address, and none of them reads one
		}
		path := some.Replace(r.Path)
		acme.do(r.Method, path+"?colour=red", nil).refuses(422, "colour")
		acme.do(r.Method, path+"/?Page=1&colour", nil).refuses(422, "Page", "colour")
	}
	acme.do(http.MethodGet, "/api/v1/services/?page=1&page=2", nil).refuses(422, "page")
	acme.get("/api/v1/services/?page=1&page_size=100&search=x&status=operational")
}
