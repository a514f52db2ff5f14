package collect_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"statuspage/server/app/apptest"
	"statuspage/server/config"
)

// TestMetricsTellOfMonitorsAndOfNoTenant: looks, failures, what waits, and each region's age.
func TestMetricsTellOfMonitorsAndOfNoTenant(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	o := apptest.Start(t, func(c *config.Config) { loopback(c); c.MetricsAddr = addr }).Org("acme", time.Now())
	address, works := target(t)
	works.Store(false)
	m := ask(o, "POST", "/api/v1/monitors/", j{"name": "Secret name", "target": address, "failures": 1}, 201)
	ask(o, "POST", "/api/v1/monitors/", j{"name": "Still", "target": address, "paused": true}, 201)
	until(o, "/api/v1/monitors/"+m["id"].(string)+"/", "state", "down")
	req, err := http.NewRequestWithContext(context.Background(), "GET", "http://"+addr+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, line := range []string{"statuspage_monitors 1\n", "statuspage_monitor_looks_total 1\n",
		"statuspage_monitor_failed_total 1\n", "statuspage_monitor_dropped_total 0\n", "statuspage_monitor_waiting 0\n",
		"statuspage_monitor_late_seconds 0\n", `statuspage_monitor_region_age_seconds{region="local"} `} {
		if !strings.Contains(text, line) {
			t.Errorf("nothing says %q", line)
		}
	}
	for _, no := range []string{"Secret name", m["id"].(string), o.ID, address} {
		if strings.Contains(text, no) {
			t.Errorf("it tells %s", no)
		}
	}
}
