package app_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestABrowserMayAskFirstWhereverEverySiteMayRead(t *testing.T) {
	s := world(t)
	acme := s.org()
	fill := strings.NewReplacer(":slug", acme.slug, ":id", acme.org, "*", "x")
	asked := 0
	ask := func(method, path string) *http.Response {
		req, err := http.NewRequest(method, "http://"+acme.addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range map[string]string{"Origin": "https://other.example", "Access-Control-Request-Method": "GET",
			"Access-Control-Request-Headers": "if-none-match"} {
			req.Header.Set(k, v)
		}
		res, err := plain.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res
	}
	for _, r := range s.app.Fiber.GetRoutes(true) {
		path := fill.Replace(r.Path)
		if r.Method != http.MethodGet || strings.Contains(path, ":") {
			continue
		}
		if ask("GET", path).Header.Get("Access-Control-Allow-Origin") != "*" {
			continue
		}
		asked++
		a := ask("OPTIONS", path)
		headers := a.Header.Get("Access-Control-Allow-Headers")
		if a.StatusCode != 204 || a.Header.Get("Access-Control-Allow-Origin") != "*" || headers != "*" &&
			!strings.Contains(headers, "If-None-Match") {
			t.Errorf("%s: %d %v", path, a.StatusCode, a.Header)
		}
	}
	if asked < 20 {
		t.Errorf("%d addresses", asked)
	}
}
