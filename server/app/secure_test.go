package app_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"statuspage/server/config"
	"statuspage/server/racetest"
)

func (s *site) head(path string, header ...string) http.Header {
	s.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), "GET", "http://"+s.addr+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := plain.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.Header
}

func TestBrowsersAreHeldToHTTPSWhereItIsSpokenAndNowhereElse(t *testing.T) {
	racetest.Long(t)
	paths := []string{"/", "/login", "/dashboard", "/status/acme", "/status/acme/feed.atom",
		"/status/acme/api/v2/summary.json", "/api/v1/public/acme/summary/", "/api/v1/services/", "/nothing", "/healthz"}
	forged := []string{"X-Forwarded-Proto", "https", "X-Forwarded-Ssl", "on", "X-Url-Scheme", "https"}
	for name, row := range map[string]struct {
		base   string
		fly    string
		header []string
		held   bool
	}{
		"plain": {"", "", nil, false}, "plain, with headers that anybody writes": {"", "", forged, false},
		"BASE_URL": {"https://status.example", "", nil, true}, "on Fly": {"", "statuspage", forged[:2], true},
		"on Fly, without https": {"", "statuspage", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("FLY_APP_NAME", row.fly)
			s := startSite(t, func(c *config.Config) { c.BaseURL = row.base })
			acme := s.tenant("acme")
			for _, path := range paths {
				if got := s.head(path, row.header...).Get("Strict-Transport-Security"); (got != "") != row.held {
					t.Errorf("%s: Strict-Transport-Security is %q", path, got)
				}
			}
			who := &caller{site: s, org: acme.id, slug: acme.slug, token: acme.token}
			cookie := who.post("/api/v1/services/", j{"name": "API"}, row.header...).header.Get("Set-Cookie")
			if strings.HasPrefix(cookie, "__Host-status_seq=") != row.held || strings.Contains(strings.ToLower(cookie),
				"; secure") != row.held || !strings.Contains(cookie, "path=/") {
				t.Errorf("the cookie is %q", cookie)
			}
			// What a neighbour's host may have set counts only where there is no https.
			want := 503
			if row.held {
				want = 200
			}
			if a := who.do("GET", "/api/v1/services/", nil, append([]string{"Cookie", "status_seq=" + acme.id + ".999"},
				row.header...)...); a.code != want {
				t.Errorf("a cookie without the prefix: %d", a.code)
			}
		})
	}
}
