package app_test

import (
	"strings"
	"testing"
)

// Every operation of monitors succeeds once here, so that the API's document is compared with what it answers.
func TestMonitorsAreMadeTriedReadAndRemovedByTheAPI(t *testing.T) {
	admin := world(t).org()
	service := admin.service("API")
	made := admin.post("/api/v1/monitors/", j{"name": "Site", "target": "http://127.0.0.1:9/", "service": service,
		"shown": true})
	path := "/api/v1/monitors/" + made.str("id") + "/"
	if list := admin.get("/api/v1/monitors/?service=" + service).list("results"); len(list) != 1 {
		t.Errorf("%d monitors are of the service", len(list))
	}
	if state := admin.get(path).str("state"); state != "unknown" {
		t.Errorf("before the first look it is %s", state)
	}
	// Nobody allowed private networks: the run answers, and says why it looked at nothing.
	if tried := admin.do("POST", path+"test/", nil).is(200); tried.body["ok"] != false || tried.str("error") == "" {
		t.Errorf("a private address: %s", tried.raw)
	}
	unsaved := j{"target": "http://127.0.0.1:9/"}
	if tried := admin.do("POST", "/api/v1/monitors/test/", unsaved).is(200); tried.body["ok"] != false {
		t.Errorf("a private address that is not kept: %s", tried.raw)
	}
	admin.do("POST", path+"preview/", j{"failures": 1}).is(200)
	admin.get(path + "results/")
	admin.get(path + "metrics/?range=7d")
	admin.get("/api/v1/proposals/")
	admin.nobody().get("/api/v1/public/" + admin.slug + "/metrics/")
	admin.patch(path, j{"paused": true})

	beats := admin.post("/api/v1/monitors/", j{"name": "Backup", "kind": "heartbeat", "interval_s": 60})
	_, token, _ := strings.Cut(beats.str("heartbeat_url"), "/api/v1/heartbeats/")
	alive := "/api/v1/heartbeats/" + token
	for _, method := range []string{"GET", "POST"} {
		if said := admin.nobody().do(method, alive, nil); said.code >= 300 {
			t.Errorf("%s: %d %s", method, said.code, said.raw)
		}
	}
	admin.do("DELETE", path, nil).is(204)
	admin.do("GET", path, nil).is(404)
}
