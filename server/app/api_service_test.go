package app_test

import (
	"fmt"
	"strings"
	"testing"
)

const serviceFields = "id name description status status_display position group created_at updated_at version " +
	"status_since"

func TestAServiceIsMadeReadChangedAndDeletedWithTheShapeOfTheContract(t *testing.T) {
	acme := world(t).org()
	made := acme.post("/api/v1/services/", j{"name": "API", "description": "Our *API*.", "group": "Core",
		"position": 3})
	made.keys("", serviceFields).has("name", "API").has("description", "Our *API*.").has("status", "operational").
		has("status_display", "Operational").
		has("position", 3).has("group", "Core").has("version", 1)
	if made.header.Get("ETag") != `"1"` || made.seq() != 2 ||
		made.header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("headers are %v", made.header)
	}
	path := "/api/v1/services/" + made.str("id") + "/"
	if read := acme.get(path); string(read.raw) != string(made.raw) || read.header.Get("ETag") != `"1"` ||
		read.seq() != 2 {
		t.Errorf("read %s %v, made %s", read.raw, read.header, made.raw)
	}
	acme.patch(path, j{"name": "API v2", "description": "", "status": "degraded_performance", "position": 0,
		"group": ""}).keys("", serviceFields).
		has("name", "API v2").has("description", "").has("status", "degraded_performance").
		has("status_display", "Degraded Performance").
		has("position", 0).has("group", "").has("version", 2).has("created_at", made.str("created_at"))
	if gone := acme.do("DELETE", path, nil).is(204); len(gone.raw) != 0 || gone.seq() != 4 {
		t.Errorf("deleting answered %q with seq %d", gone.raw, gone.seq())
	}
	acme.do("GET", path, nil).refuses(404)
	acme.do("PATCH", path, j{"name": "x"}).refuses(404)
	acme.do("DELETE", path, nil).refuses(404)
}

func TestAPatchThatChangesNothingIsNoEvent(t *testing.T) {
	acme := world(t).org()
	path := "/api/v1/services/" + acme.service("API") + "/"
	for _, body := range []j{{}, {"name": "API"}, {"status": "operational"}} {
		if a := acme.patch(path, body).has("version", 1); a.seq() != 2 {
			t.Errorf("%v made event %d", body, a.seq())
		}
	}
}

func TestServicesAreListedInTheOrderOfThePageByStatusAndSearch(t *testing.T) {
	acme := world(t).org()
	for i, name := range []string{"Web", "API", "Mail", "Search"} {
		acme.post("/api/v1/services/", j{"name": name, "position": 10 - i, "group": "Group " + name,
			"description": "It does " + strings.ToLower(name) + " things."})
	}
	mail := acme.get("/api/v1/services/?search=mail").list("results")[0].(j)["id"].(string)
	acme.patch("/api/v1/services/"+mail+"/", j{"status": "major_outage"})
	for _, row := range []struct{ query, names string }{
		{"", "Search Mail API Web"},
		{"?status=operational", "Search API Web"},
		{"?status=major_outage", "Mail"},
		{"?status=under_maintenance", ""},
		{"?search=API", "API"},
		{"?search=api%20things", "API"},
		{"?search=GROUP", "Search Mail API Web"},
		{"?search=nothing", ""},
		{"?search=", "Search Mail API Web"},
		{"?status=operational&search=e", "Search API Web"},
		{"?page_size=2", "Search Mail"},
		{"?page_size=2&page=2", "API Web"},
	} {
		for _, base := range []string{"/api/v1/services/", "/api/v1/services", "/api/v1/public/" + acme.slug +
			"/services/"} {
			list := acme.get(base+row.query).keys("", "count next previous results")
			names := []string{}
			for _, s := range list.list("results") {
				names = append(names, s.(j)["name"].(string))
			}
			if got := strings.Join(names, " "); got != row.names {
				t.Errorf("%s%s: %q, not %q", base, row.query, got, row.names)
			}
			if list.seq() != 6 {
				t.Errorf("%s%s: seq %d", base, row.query, list.seq())
			}
		}
	}
	acme.get("/api/v1/services/?page_size=1").keys("results.0", serviceFields)
	acme.do("GET", "/api/v1/services/?status=broken", nil).refuses(422, "status")
}

func TestAServiceTakesAnIDOfTheCallersOwnAndOnlyOnce(t *testing.T) {
	s := world(t)
	acme, other := s.org(), s.org()
	id := "0197a1de-3c00-7000-8000-0000000000aa"
	acme.post("/api/v1/services/", j{"id": id, "name": "API"}).has("id", id)
	acme.do("POST", "/api/v1/services/", j{"id": id, "name": "Again"}).refuses(409, "id")
	// another tenant's ids are no business of ours
	other.post("/api/v1/services/", j{"id": id, "name": "Theirs"}).has("id", id)
	acme.do("DELETE", "/api/v1/services/"+id+"/", nil).is(204)
	acme.do("POST", "/api/v1/services/", j{"id": id, "name": "Again"}).refuses(409, "id")
	other.get("/api/v1/services/"+id+"/").has("name", "Theirs")
}

// pagedList goes through a list by its links and answers the ids in the order in which they came.
func pagedList(c *caller, path string, size, count int) []string {
	c.t.Helper()
	var ids []string
	pages := (count + size - 1) / size
	next := fmt.Sprintf("%s?page_size=%d", path, size)
	for page := 1; page <= pages; page++ {
		list := c.get(next).has("count", count)
		for _, r := range list.list("results") {
			ids = append(ids, fmt.Sprint(r.(j)["id"]))
		}
		for _, link := range []struct {
			name string
			to   int
		}{{"next", page + 1}, {"previous", page - 1}} {
			address, there := list.at(link.name).(string)
			if there != (link.to >= 1 && link.to <= pages) {
				c.t.Errorf("%s, page %d: %s is %v", path, page, link.name, list.at(link.name))
			}
			if there && (!strings.HasPrefix(address, "http://"+c.addr+path+"?") ||
				!strings.Contains(address, fmt.Sprintf("page=%d", link.to)) ||
				!strings.Contains(address, fmt.Sprintf("page_size=%d", size))) {
				c.t.Errorf("%s, page %d: %s is %s", path, page, link.name, address)
			}
		}
		next = strings.TrimPrefix(list.str("next"), "http://"+c.addr)
	}
	if len(ids) != count {
		c.t.Errorf("%s: %d of %d", path, len(ids), count)
	}
	seen := map[string]bool{}
	for _, id := range ids {
		if seen[id] {
			c.t.Errorf("%s: %s is there twice", path, id)
		}
		seen[id] = true
	}
	return ids
}

func TestEveryListHasPagesAndAnEnd(t *testing.T) {
	acme := world(t).org()
	for i := range 7 {
		id := acme.incident(fmt.Sprintf("Trouble %d", i))
		if i == 0 {
			for k := range 6 {
				acme.post("/api/v1/incidents/"+id+"/updates/", j{"body": fmt.Sprintf("Word %d", k)})
			}
		}
		acme.window(fmt.Sprintf("Work %d", i))
		acme.key("read")
		if i > 0 {
			acme.join("member")
		}
	}
	first := acme.get("/api/v1/incidents/?page_size=1&page=7").str("results.0.id")
	public := "/api/v1/public/" + acme.slug
	for _, row := range []struct {
		path  string
		count int
	}{
		{"/api/v1/services/", 14}, {"/api/v1/incidents/", 7}, {"/api/v1/maintenances/", 7}, {"/api/v1/members/", 7},
		{"/api/v1/api-keys/", 7},
		{"/api/v1/organizations/", 1}, {"/api/v1/incidents/" + first + "/updates/", 7},
		{public + "/services/", 14}, {public + "/incidents/", 7}, {public + "/maintenances/", 7},
	} {
		all := pagedList(acme, row.path, 100, row.count)
		if by3 := pagedList(acme, row.path, 3, row.count); strings.Join(by3, " ") != strings.Join(all, " ") {
			t.Errorf("%s: by three it is %q, at once %q", row.path, by3, all)
		}
		acme.get(row.path + "?page=1")
		acme.do("GET", row.path+"?page=20", nil).refuses(404, "page")
		for _, bad := range []string{"page=0", "page=-1", "page=x", "page=1.5", "page=99999999999999999999", "page=1e3",
			"page=%00"} {
			acme.do("GET", row.path+"?"+bad, nil).refuses(422, "page")
		}
		for _, bad := range []string{"page_size=0", "page_size=101", "page_size=-5", "page_size=many",
			"page_size=99999999999999999999"} {
			acme.do("GET", row.path+"?"+bad, nil).refuses(422, "page_size")
		}
	}
}
