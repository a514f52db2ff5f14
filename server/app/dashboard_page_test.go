package app_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func fetch(t *testing.T, url string) (http.Header, string) {
	t.Helper()
	res, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %v", url, res.StatusCode, err)
	}
	return res.Header, string(body)
}

func TestPublicPagesLoadNothingOfTheDashboard(t *testing.T) {
	c := startSite(t, nil).tenant("acme")
	c.service("API")
	for _, path := range []string{"/", "/status/acme", "/status/acme/history"} {
		header, body := fetch(t, "http://"+c.addr+path)
		for _, part := range []string{"dashboard-", "core-", "sw.js", "/manifest.webmanifest"} {
			if strings.Contains(body, part) {
				t.Errorf("%s loads %s", path, part)
			}
		}
		if strings.Contains(header.Get("Content-Security-Policy"), "wasm-unsafe-eval") {
			t.Errorf("%s may compile WebAssembly", path)
		}
	}
}

func TestOnlyTheDashboardMayCompileTheRules(t *testing.T) {
	c := startSite(t, nil).tenant("acme")
	for path, may := range map[string]bool{
		"/dashboard": true, "/dashboard/": true, "/dashboard/incidents/x": true, "/login": false, "/setup": false,
		"/sw.js":                false,
		"/manifest.webmanifest": false, "/install/icon-192.png": false,
	} {
		header, _ := fetch(t, "http://"+c.addr+path)
		policy := header.Get("Content-Security-Policy")
		if strings.Contains(policy, "wasm-unsafe-eval") != may {
			t.Errorf("%s: %s", path, policy)
		}
		if strings.Contains(policy, "unsafe-inline") || !strings.Contains(policy, "default-src 'none'") {
			t.Errorf("%s is too open: %s", path, policy)
		}
		if cache := header.Get("Cache-Control"); cache != "no-cache" {
			t.Errorf("%s may be kept without asking: %q", path, cache)
		}
	}
}
