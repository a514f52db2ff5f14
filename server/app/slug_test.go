package app_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"statuspage/server/config"
)

// TestASlugIsOnePageInEitherCase holds every address that has a slug in it to one answer, however the slug is written.
func TestASlugIsOnePageInEitherCase(t *testing.T) {
	s := startSite(t, func(c *config.Config) { c.BaseURL = "https://status.pages.example" })
	acme := s.tenant("acme")
	c := &caller{site: s, org: acme.id, slug: "acme", token: acme.token}
	incident, service := c.incident("Down"), c.service("One of its own address")
	get := func(path string) (int, []byte) {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+s.addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultTransport.RoundTrip(req) // a redirect is another answer
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, body
	}
	// What is made anew for each request, or names the address that was asked.
	moving := regexp.MustCompile(`"request_id":"[^"]*"|"instance":"[^"]*"|"at":"[^"]*"|nonce-[\w-]+|datetime="[^"]*"`)
	tried := 0
	for _, r := range s.app.Fiber.GetRoutes(true) {
		if r.Method != http.MethodGet || !strings.Contains(r.Path, ":slug") || strings.HasPrefix(r.Path, "/ws/") {
			continue
		}
		id := incident
		if strings.Contains(r.Path, "/services/") {
			id = service
		}
		path := strings.NewReplacer(":id", id, ":name", "none.png").Replace(r.Path)
		code, want := get(strings.Replace(path, ":slug", "acme", 1))
		leads := strings.HasSuffix(path, "/access") // to the page, which is open to everybody here
		if code != 200 && !strings.Contains(path, "none.png") && !leads {
			t.Errorf("%s answers %d", path, code)
		}
		for _, slug := range []string{"ACME", "Acme", "acmE"} {
			upper, got := get(strings.Replace(path, ":slug", slug, 1))
			if upper != code || !bytes.Equal(moving.ReplaceAll(got, nil), moving.ReplaceAll(want, nil)) {
				t.Errorf("%s: %d as acme, %d as %s, or other words:\n%.300s\n%.300s", path, code, upper, slug, want,
					got)
			}
		}
		for _, slug := range []string{"ac", "acme-", "a_cme", "%61cme", "%E2%84%AAcme"} {
			if other, _ := get(strings.Replace(path, ":slug", slug, 1)); other != 404 {
				t.Errorf("%s: %d as %s", path, other, slug)
			}
		}
		tried++
	}
	if tried < 25 {
		t.Errorf("only %d addresses have a slug", tried)
	}
	for _, slug := range []string{"acme", "ACME"} {
		if m := next(t, dial(t, s.addr, "/ws/status/public/"+slug+"/", nil)); m.Type != "hello" {
			t.Errorf("the socket of %s begins with %+v", slug, m)
		}
		s.nobody().do("POST", "/api/v1/public/"+slug+"/subscribe/",
			j{"email": "ada@" + strings.ToLower(slug) + ".example"}).is(202)
	}
}
