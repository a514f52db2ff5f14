package app_test

import (
	"strings"
	"testing"

	"statuspage/server/config"
)

func TestTheHomePageListsThePagesThatTheOperatorNamed(t *testing.T) {
	s := startSite(t, func(c *config.Config) { c.Index = []string{"bolts", "nobody", "closed", "alpha"} })
	by := map[string]*caller{}
	for _, slug := range []string{"alpha", "bolts", "closed", "unlisted"} {
		x := s.tenant(slug)
		by[slug] = &caller{site: s, org: x.id, slug: slug, token: x.token}
	}
	by["bolts"].patch("/api/v1/organization/", j{"name": "Bolts <b>"})
	by["bolts"].incident("It is slow")
	by["alpha"].service("API")
	by["closed"].patch("/api/v1/organization/", j{"name": "Closed", "access": j{"kind": "members"}})
	code, page := s.at("localhost", "/")
	first, second := strings.Index(page, `<a href="/status/bolts">Bolts &lt;b&gt;</a>`),
		strings.Index(page, `<a href="/status/alpha">`)
	if code != 200 || first < 0 || second < first {
		t.Errorf("%d, %d, %d: %s", code, first, second, page)
	}
	for _, not := range []string{"Closed", "/status/closed", "unlisted", "nobody"} {
		if strings.Contains(page, not) {
			t.Errorf("%s is on it", not)
		}
	}
	for _, want := range []string{"All Systems Operational", `data-state="partial_outage"`} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is not on it", want)
		}
	}
	if _, german := s.at("localhost", "/?lang=de"); !strings.Contains(german, `lang="de"`) ||
		strings.Contains(german, "All Systems Operational") {
		t.Errorf("not in German: %.300s", german)
	}
}
