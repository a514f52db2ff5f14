package collect_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"statuspage/lab/hrana"
	"statuspage/server/app/apptest"
	"statuspage/server/config"
	"statuspage/server/monitor/collect"
)

// TestAnotherRegionLooksToo and brings what it saw to the primary, signed; what is not signed is refused.
func TestAnotherRegionLooksToo(t *testing.T) {
	database, err := hrana.Start(hrana.Config{HTTPListenAddr: "127.0.0.1:0", DBPath: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(database.Kill)
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
	}))
	t.Cleanup(target.Close)
	in := func(region, primary string) func(*config.Config) {
		return func(c *config.Config) {
			c.DatabaseURL, c.FlyRegion, c.PrimaryRegion, c.PrimaryURL = database.URL(), region, "fra", primary
			c.MonitorNetworks = []string{"127.0.0.0/8"}
		}
	}
	fra := apptest.Start(t, in("fra", ""))
	acme := fra.Org("acme", time.Now().Add(-time.Hour))
	apptest.Start(t, in("syd", "http://"+fra.Addr))
	m := ask(acme, "POST", "/api/v1/monitors/", j{"name": "from afar", "target": target.URL, "interval_s": 10,
		"failures": 1, "regions": []string{"syd"}}, http.StatusCreated)
	path := "/api/v1/monitors/" + m["id"].(string) + "/"
	last := until(acme, path, "state", "down")["last"].(j)
	if _, is := last["syd"]; !is || len(last) != 1 {
		t.Errorf("it was seen from %v", last)
	}
	results := ask(acme, "GET", path+"results/?region=syd", nil, http.StatusOK)
	if n := results["count"].(float64); n < 1 {
		t.Errorf("%v results", n)
	}
	forged := `{"region":"syd","sent":0,"looks":[]}`
	for name, signature := range map[string]string{"none": "", "a made-up one": strings.Repeat("ab", 32)} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+fra.Addr+collect.Path,
			strings.NewReader(forged))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set(collect.Signature, signature)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusUnauthorized {
			t.Errorf("signature %s: %d", name, res.StatusCode)
		}
	}
}
