package app_test

import "testing"

// Every operation of destinations succeeds once here, so that the API's document is compared with what it answers.
func TestDestinationsAreMadeTriedReadAndRemovedByTheAPI(t *testing.T) {
	admin := world(t).org()
	made := admin.post("/api/v1/destinations/",
		j{"name": "On call", "kind": "ntfy", "address": "ntfy://s3cret@ntfy.example/t"})
	if made.str("host") != "ntfy.example" || made.body["address"] != nil {
		t.Errorf("%s", made.raw)
	}
	path := "/api/v1/destinations/" + made.str("id") + "/"
	if list := admin.get("/api/v1/destinations/").list("results"); len(list) != 1 {
		t.Errorf("%d destinations", len(list))
	}
	admin.get(path)
	if got := admin.patch(path, j{"events": []string{"proposal"}}); got.int("version") != 2 {
		t.Errorf("%s", got.raw)
	}
	admin.do("PATCH", path, j{"events": []string{"anything"}}).is(422)
	admin.do("POST", path+"test/", nil).is(202)
	admin.do("DELETE", path, nil).is(204)
	admin.do("GET", path, nil).is(404)
}
