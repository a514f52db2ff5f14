package app_test

import (
	"strings"
	"testing"
)

func TestAnUpdateIsWithdrawnJustAfterItWasPublished(t *testing.T) {
	acme := world(t).org()
	api := acme.service("API")
	in := acme.post("/api/v1/incidents/?hold=10", j{"title": "Slow", "service": api, "to_state": "degraded_performance",
		"description": "We look."})
	path := "/api/v1/incidents/" + in.str("id") + "/"
	over := acme.post(path+"updates/?hold=10", j{"status": "resolved", "body": "Secret words."})
	update := path + "updates/" + over.str("id") + "/"
	acme.get("/api/v1/services/"+api+"/").has("status", "operational")
	acme.get("/api/v1/public/"+acme.slug+"/summary/").has("incidents.0.updates.1.body", "Secret words.")

	acme.join("member").do("DELETE", update, nil).refuses(403)
	other := acme.site.org()
	other.do("DELETE", update, nil).refuses(404)
	other.do("DELETE", path+"?untold=true", nil).refuses(404)
	acme.nobody().do("DELETE", update, nil).refuses(401)
	acme.do("DELETE", path+"updates/"+in.str("updates.0.id")+"/", nil).refuses(409)
	acme.do("DELETE", path+"updates/"+api+"/", nil).refuses(404)
	for _, bad := range []string{"0", "61", "-1", "ten"} {
		acme.do("POST", path+"updates/?hold="+bad, j{"body": "x"}).refuses(422, "hold")
	}
	acme.do("DELETE", path+"?untold=perhaps", nil).refuses(422, "untold")

	acme.do("DELETE", update, nil).is(200).keys("", incidentFields).has("status", "investigating").
		has("resolved_at", nil).has("version", 3)
	acme.do("DELETE", update, nil).refuses(404)
	acme.get("/api/v1/services/"+api+"/").has("status", "degraded_performance")
	acme.get(path).has("status", "investigating")
	acme.get(path+"updates/").has("count", 1)
	public, site := "/api/v1/public/"+acme.slug, "/status/"+acme.slug
	for _, shown := range []string{public + "/summary/", public + "/incidents/", "/api/v1/snapshot/",
		site + "/incidents/" + in.str("id"), site + "/feed.atom", site + "/api/v2/incidents.json"} {
		if body := string(acme.get(shown).raw); strings.Contains(body, "Secret") {
			t.Errorf("%s still says it", shown)
		}
	}
	acme.get("/api/v1/audit-log/?object="+in.str("id")).has("results.0.action", "withdraw_update")

	// Nobody has subscribed, so nobody was told: the incident itself goes, too.
	acme.do("DELETE", path+"?untold=true", nil).is(204)
	acme.get("/api/v1/services/"+api+"/").has("status", "operational")
}
