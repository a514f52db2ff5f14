package app_test

import (
	"fmt"
	"strings"
	"testing"
)

const incidentFields = "id title description status status_display impact service from_state to_state services " +
	"updates created_at updated_at resolved_at version " +
	"started_at recorded_at postmortem postmortem_at excluded_reason"

func TestAnIncidentGoesFromItsOpeningToItsResolutionWithTheShapeOfTheContract(t *testing.T) {
	acme := world(t).org()
	api, web := acme.service("API"), acme.service("Web")
	opened := acme.post("/api/v1/incidents/", j{"title": "Slow", "description": "We look.",
		"services": []j{{"id": api, "to_state": "partial_outage"}, {"id": web}},
		"to_state": "degraded_performance", "notify": false})
	opened.keys("", incidentFields).keys("service", "id name").keys("services.0", "id name from_state to_state").
		keys("updates.0", "id status status_display body created_at edited_at services").
		has("title", "Slow").has("description", "We look.").has("status", "investigating").
		has("status_display", "Investigating").has("impact", "major").
		has("service.id", api).has("service.name", "API").has("from_state", "operational").
		has("to_state", "partial_outage").
		has("services.1.id", web).has("services.1.to_state", "degraded_performance").has("resolved_at", nil).
		has("version", 1).
		has("updates.0.body", "We look.").has("updates.0.status", "investigating")
	if opened.header.Get("ETag") != `"1"` || opened.seq() != 6 { // the page, two services, two moves, the incident
		t.Errorf("headers are %v", opened.header)
	}
	path := "/api/v1/incidents/" + opened.str("id") + "/"
	if read := acme.get(path); string(read.raw) != string(opened.raw) {
		t.Errorf("read %s, opened %s", read.raw, opened.raw)
	}
	acme.get("/api/v1/services/"+api+"/").has("status", "partial_outage")
	acme.get("/api/v1/services/"+web+"/").has("status", "degraded_performance")

	update := acme.post(path+"updates/", j{"status": "identified", "body": "It was the **cache**."})
	update.keys("", "id status status_display body created_at edited_at services incident").
		keys("incident", incidentFields).
		has("status", "identified").has("status_display", "Identified").has("body", "It was the **cache**.").
		has("incident.status", "identified").has("incident.version", 2)
	if update.header.Get("ETag") != `"2"` {
		t.Errorf("the update's headers are %v", update.header)
	}
	acme.post(path+"updates/", j{"body": "Still at it."}).has("status", "identified")
	acme.patch(path, j{"title": "Slow answers", "status": "monitoring", "message": "Mended."}).keys("", incidentFields).
		has("title", "Slow answers").
		has("status", "monitoring").has("updates.3.body", "Mended.").has("version", 4)
	resolved := acme.patch(path, j{"status": "resolved", "message": "Over."}).has("status", "resolved").
		has("status_display", "Resolved").has("version", 5)
	if resolved.str("resolved_at") == "" || resolved.str("resolved_at") != resolved.str("updated_at") {
		t.Errorf("resolved at %v, updated at %v", resolved.at("resolved_at"), resolved.at("updated_at"))
	}
	acme.get("/api/v1/services/"+api+"/").has("status", "operational")
	acme.get("/api/v1/services/"+web+"/").has("status", "operational")
	if list := acme.get(path+"updates/").has("count", 5); list.at("results.4.body") != "Over." {
		t.Errorf("the timeline is %s", list.raw)
	}
	// its text may be corrected
	acme.patch(path, j{"title": "Slow answers on Monday"}).has("title", "Slow answers on Monday").
		has("status", "resolved")
	for _, body := range []j{{"status": "investigating"}, {"status": "monitoring", "message": "Again."},
		{"message": "One more thing."}} {
		acme.do("PATCH", path, body).refuses(409, "status")
	}
	acme.do("POST", path+"updates/", j{"body": "One more thing."}).refuses(409, "status")
	acme.do("DELETE", path, nil).is(204)
	for _, gone := range []*answer{acme.do("GET", path, nil), acme.do("PATCH", path, j{"title": "x"}),
		acme.do("DELETE", path, nil),
		acme.do("GET", path+"updates/", nil), acme.do("POST", path+"updates/", j{"body": "x"})} {
		gone.refuses(404)
	}
	acme.get("/api/v1/incidents/").has("count", 0)
	acme.get("/api/v1/audit-log/?object="+opened.str("id")).has("results.0.action", "delete_incident").
		has("results.0.after", nil).has("results.0.before.title", "Slow answers on Monday")
}

func TestIncidentsAreFilteredByStatusActivityAndService(t *testing.T) {
	acme := world(t).org()
	api, web := acme.service("API"), acme.service("Web")
	open := func(title, service, state string) string {
		return acme.post("/api/v1/incidents/", j{"title": title, "service": service, "to_state": state}).str("id")
	}
	first := open("first", api, "degraded_performance")
	second := open("second", api, "partial_outage")
	open("third", web, "major_outage")
	acme.post("/api/v1/incidents/"+second+"/updates/", j{"status": "monitoring", "body": "x"})
	acme.post("/api/v1/incidents/"+first+"/updates/", j{"status": "resolved", "body": "x"})
	for _, row := range []struct{ query, titles string }{
		{"", "third second first"},
		{"?active=true", "third second"}, {"?active=1", "third second"},
		{"?active=false", "first"},
		{"?status=monitoring", "second"}, {"?status=investigating", "third"}, {"?status=identified", ""},
		{"?status=resolved", "first"},
		{"?service=" + api, "second first"}, {"?service=" + web, "third"},
		{"?service=0197a1de-3c00-7000-8000-000000000001", ""},
		{"?service=" + api + "&active=true", "second"}, {"?service=" + api + "&status=resolved", "first"},
		{"?status=resolved&active=true", ""},
		{"?page_size=1&page=2", "second"},
	} {
		for _, base := range []string{"/api/v1/incidents/", "/api/v1/incidents", "/api/v1/public/" + acme.slug +
			"/incidents/"} {
			list := acme.get(base + row.query)
			titles := []string{}
			for _, r := range list.list("results") {
				titles = append(titles, r.(j)["title"].(string))
			}
			if got := strings.Join(titles, " "); got != row.titles {
				t.Errorf("%s%s: %q, not %q", base, row.query, got, row.titles)
			}
			if len(titles) > 0 {
				list.keys("results.0", incidentFields)
			}
		}
	}
	for query, field := range map[string]string{"active=maybe": "active", "status=over": "status",
		"service=api": "service", "service=" + strings.ToUpper(api): "service"} {
		acme.do("GET", "/api/v1/incidents/?"+query, nil).refuses(422, field)
		acme.do("GET", "/api/v1/public/"+acme.slug+"/incidents/?"+query, nil).refuses(422, field)
	}
}

func TestThePublicSeesEveryIncidentAlsoThoseThatThePageHasLetGo(t *testing.T) {
	acme := world(t).org()
	api := acme.service("API")
	for i := range 103 {
		id := acme.post("/api/v1/incidents/", j{"title": fmt.Sprint(i), "service": api, "to_state": "major_outage"}).
			str("id")
		acme.patch("/api/v1/incidents/"+id+"/", j{"status": "resolved", "message": "Over."})
	}
	for _, base := range []string{"/api/v1/incidents/", "/api/v1/public/" + acme.slug + "/incidents/"} {
		acme.get(base+"?page_size=100&page=2").has("count", 103).has("results.2.title", "0").
			keys("results.2", incidentFields)
		acme.get(base+"?active=true").has("count", 0)
	}
	// What memory has let go can still be read, corrected and deleted.
	oldest := acme.get("/api/v1/incidents/?page_size=1&page=103").str("results.0.id")
	path := "/api/v1/incidents/" + oldest + "/"
	acme.get(path).has("title", "0").has("updates.1.body", "Over.")
	acme.patch(path, j{"title": "zero"}).has("title", "zero").has("updates.1.body", "Over.").has("version", 3)
	acme.do("POST", path+"updates/", j{"status": "monitoring", "body": "x"}).refuses(409, "status")
	acme.do("DELETE", path, nil).is(204)
	acme.do("GET", path, nil).refuses(404)
}

func TestAnEntryOfATimelineIsCorrectedAndTemplatesAreKept(t *testing.T) {
	s := world(t)
	acme, other := s.org(), s.org()
	path := "/api/v1/incidents/" + acme.incident("Trouble") + "/updates/"
	entry := acme.post(path, j{"body": "It was the chache."}).str("id")
	acme.patch(path+entry+"/", j{"body": "It was the cache."}).has("body", "It was the cache.").
		has("incident.updates.1.body", "It was the cache.").keys("incident", incidentFields)
	acme.do("PATCH", path+entry, j{}).refuses(422, "body")
	acme.do("PATCH", path+"x", j{"body": "y"}).refuses(404)
	other.do("PATCH", path+entry, j{"body": "y"}).refuses(404)

	made := acme.post("/api/v1/templates/", j{"name": "Outage", "title": "{{what}} is down",
		"body": "We look at {{what}}.", "status": "investigating", "services": []j{}}).
		keys("", "id name title body status services placeholders created_at updated_at version").
		has("placeholders", "[what]").has("version", 1)
	one := "/api/v1/templates/" + made.str("id") + "/"
	acme.get("/api/v1/templates/").has("count", 1)
	tag := acme.get(one).header.Get("ETag")
	acme.do("GET", one, nil, "If-None-Match", tag).is(304)
	acme.patch(one, j{"title": "{{what}} is slow"}, "If-Match", tag).has("version", 2)
	acme.do("PATCH", one, j{"title": "x"}, "If-Match", tag).refuses(409).has("current.version", 2)
	acme.do("POST", "/api/v1/templates/", j{"name": ""}).refuses(422, "name")
	for _, method := range []string{"GET", "PATCH", "DELETE"} {
		other.do(method, one, j{"name": "x"}).refuses(404)
	}
	acme.do("DELETE", one, nil).is(204)
	acme.do("GET", one, nil).refuses(404)
}

// What is searched for is found in today's words, and by its own people alone.
func TestIncidentsAreSearchedByTheirWordsAndNobodyElses(t *testing.T) {
	s := world(t)
	acme, other := s.org(), s.org()
	one, two := acme.incident("Checkout is failing"), acme.incident("Search is slow")
	other.incident("Checkout is failing elsewhere")
	acme.post("/api/v1/incidents/"+two+"/updates/", j{"body": "The index of the café is rebuilt."})
	for query, want := range map[string][]string{"checkout": {one}, "is": {one, two}, "search+rebuil": {two},
		"%22is+slow%22": {two}, "elsewhere": {}, "%22slow+is%22": {}, "cafe": {two}, "%22%22": {}, "zzz*+OR+q": {}} {
		list := acme.get("/api/v1/incidents/?search="+query).has("count", len(want))
		for i := range want {
			if id := list.str(fmt.Sprintf("results.%d.id", i)); id != one && id != two || len(want) == 1 &&
				id != want[0] {
				t.Errorf("%s finds %s", query, id)
			}
		}
	}
	acme.get("/api/v1/incidents/?search=is&active=true&status=investigating").has("count", 2)
	acme.do("GET", "/api/v1/incidents/?search="+strings.Repeat("x", 255), nil).refuses(422, "search")
	other.get("/api/v1/incidents/?search=rebuilt").has("count", 0)
	acme.post("/api/v1/incidents/"+two+"/updates/", j{"status": "resolved", "body": "Over."})
	acme.do("DELETE", "/api/v1/incidents/"+two+"/", nil).is(204)
	acme.get("/api/v1/incidents/?search=rebuilt").has("count", 0)
}
