package app_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"statuspage/server/config"
	"statuspage/server/demo"
	"statuspage/server/racetest"
)

func TestAVisitorCostsNoQueryOnceThePageIsLoaded(t *testing.T) {
	s := startSite(t, func(c *config.Config) { c.RelayInterval = time.Minute }) // no poll comes between
	if _, err := demo.Fill(context.Background(), s.app.DB, s.app.UseCases, time.Now()); err != nil {
		t.Fatal(err)
	}
	paths := []string{"/status/acme", "/status/acme/", "/status/acme/feed.atom", "/status/acme/feed.rss",
		"/status/acme/badge.svg",
		"/api/v1/public/acme/status/", "/api/v1/public/acme/services/", "/api/v1/public/acme/incidents/",
		"/api/v1/public/acme/maintenances/",
		"/api/v1/public/acme/uptime/?days=30", "/api/v1/public/acme/summary/"}
	visit := func(path, etag string) (int, string) {
		req, err := http.NewRequestWithContext(context.Background(), "GET", "http://"+s.addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if etag != "" {
			req.Header.Set("If-None-Match", etag)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		_, _ = io.Copy(io.Discard, res.Body)
		return res.StatusCode, res.Header.Get("ETag")
	}
	visit(paths[0], "")
	before := s.app.DB.Queries()
	for _, path := range paths {
		for range 5 {
			code, etag := visit(path, "")
			if code != http.StatusOK {
				t.Errorf("%s: %d", path, code)
			}
			if etag == "" {
				continue
			}
			if code, _ := visit(path, etag); code != http.StatusNotModified {
				t.Errorf("%s with its ETag: %d", path, code)
			}
		}
	}
	if asked := s.app.DB.Queries() - before; asked != 0 {
		t.Errorf("%d queries for what is in memory", asked)
	}
	visit("/status/nobody", "")
	if s.app.DB.Queries() == before {
		t.Error("the counter does not count: an unknown page must be looked up")
	}
}

func TestNobodyIsShownSomethingOlderThanTheyHaveSeen(t *testing.T) {
	racetest.Long(t)
	s := startSite(t, nil)
	acme := s.tenant("acme")
	for _, path := range []string{"/status/acme", "/status/acme/feed.atom", "/status/acme/api/v2/status.json",
		"/api/v1/public/acme/status/", "/api/v1/services/"} {
		for seq, want := range map[string]int{"1": http.StatusOK, "2": http.StatusServiceUnavailable} {
			req, err := http.NewRequestWithContext(context.Background(), "GET", "http://"+s.addr+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+acme.token)
			req.Header.Set("Status-Min-Seq", seq)
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != want ||
				(want == http.StatusServiceUnavailable) != (res.Header.Get("Retry-After") == "1") {
				t.Errorf("%s from event %s on: %d, Retry-After %q", path, seq, res.StatusCode,
					res.Header.Get("Retry-After"))
			}
		}
	}
}
