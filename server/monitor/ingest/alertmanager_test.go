package ingest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"statuspage/server/app/apptest"
	"statuspage/server/racetest"
)

const alertmanagerConfig = `
route: {receiver: page, group_by: [alertname], group_wait: 200ms, group_interval: 1s, repeat_interval: 1s}
receivers:
  - name: page
    webhook_configs:
      - url: %s/api/v1/ingest/alertmanager/
        send_resolved: true
        http_config: {authorization: {credentials: %s}}
`

// way is between Alertmanager and the program: it counts what passes, and may be closed.
type way struct {
	*httptest.Server
	mu      sync.Mutex
	closed  bool
	passed  int
	refused int
	most    int // alerts in a request
}

func startWay(t *testing.T, to string) *way {
	target, err := url.Parse("http://" + to)
	if err != nil {
		t.Fatal(err)
	}
	w, proxy := &way{}, httputil.NewSingleHostReverseProxy(target)
	w.Server = httptest.NewServer(http.HandlerFunc(func(res http.ResponseWriter, req *http.Request) {
		raw, _ := io.ReadAll(req.Body)
		var body struct{ Alerts []any }
		_ = json.Unmarshal(raw, &body)
		w.mu.Lock()
		closed := w.closed
		if w.most = max(w.most, len(body.Alerts)); closed {
			w.refused++
		}
		w.mu.Unlock()
		if closed {
			res.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		req.Body = io.NopCloser(bytes.NewReader(raw))
		proxy.ServeHTTP(res, req)
		w.mu.Lock()
		w.passed++
		w.mu.Unlock()
	}))
	t.Cleanup(w.Close)
	return w
}

func (w *way) close(closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = closed
}

func (w *way) seen() (passed, refused, most int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.passed, w.refused, w.most
}

func within(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !so(); <-time.After(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}

// startAlertmanager runs Debian's Alertmanager and gives its address.
func startAlertmanager(t *testing.T, program, page, key string) string {
	dir := t.TempDir()
	config := filepath.Join(dir, "alertmanager.yml")
	if err := os.WriteFile(config, fmt.Appendf(nil, alertmanagerConfig, page, key), 0o600); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	// #nosec G204 -- found by its name
	c := exec.Command(program, "--config.file="+config, "--storage.path="+dir, "--web.listen-address="+addr,
		"--cluster.listen-address=")
	var log bytes.Buffer
	c.Stdout, c.Stderr = &log, &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		_ = c.Wait()
		if t.Failed() {
			t.Logf("%s", log.Bytes())
		}
	})
	within(t, "Alertmanager is not ready", func() bool {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+addr+"/-/ready", nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		return res.Body.Close() == nil && res.StatusCode == http.StatusOK
	})
	return addr
}

// TestTheRealAlertmanagerIsUnderstood: a group of two alerts opens two incidents, what it repeats changes nothing, and
// what it tried while the page was away arrives once.
func TestTheRealAlertmanagerIsUnderstood(t *testing.T) {
	racetest.Outside(t, "it runs Alertmanager")
	program, err := exec.LookPath("prometheus-alertmanager")
	if err != nil {
		t.Skip("Alertmanager is not installed here: apt-get install prometheus-alertmanager")
	}
	o := apptest.Start(t, nil).Org("acme", time.Now())
	o.Service(time.Now(), "", "API")
	o.Service(time.Now(), "", "Web")
	_, text := o.Ask("POST", "/api/v1/api-keys/", map[string]any{"name": "Alertmanager", "scopes": []string{"write"}},
		"Authorization", "Bearer "+o.Token)
	var key struct{ Key string }
	if err := json.Unmarshal(text, &key); err != nil || key.Key == "" {
		t.Fatalf("%s", text)
	}
	page := startWay(t, o.Addr)
	addr := startAlertmanager(t, program, page.URL, key.Key)
	alert := func(services []string, summary string, ends time.Time) {
		t.Helper()
		var list []map[string]any
		for _, service := range services {
			a := map[string]any{"labels": map[string]string{"alertname": "Slow", "service": service,
				"severity": "warning"}, "annotations": map[string]string{"summary": "Slow", "description": summary}}
			if !ends.IsZero() {
				a["endsAt"] = ends.Format(time.RFC3339Nano)
			}
			list = append(list, a)
		}
		body, _ := json.Marshal(list)
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+addr+"/api/v2/alerts",
			bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if _ = res.Body.Close(); res.StatusCode != http.StatusOK {
			t.Fatalf("Alertmanager answers %s", res.Status)
		}
	}
	both := []string{"API", "Web"}
	alert(both, "p95 is 3 s", time.Time{})
	within(t, "two incidents are not open", func() bool { return open(o, "?active=true").Count == 2 })
	passed, _, most := page.seen()
	if most != 2 {
		t.Errorf("a request had %d alerts", most)
	}
	within(t, "Alertmanager repeats nothing", func() bool { again, _, _ := page.seen(); return again >= passed+2 })
	list := open(o, "")
	told := map[string]int{}
	for _, in := range list.Results {
		told[in.ID] = len(in.Updates)
		if in.ToState != "degraded_performance" || in.Title != "Slow" || in.Source.Kind != "alertmanager" {
			t.Errorf("%+v", in)
		}
	}
	if list.Count != 2 {
		t.Fatalf("what is repeated opened %d incidents", list.Count)
	}
	page.close(true)
	alert(both[:1], "p95 is 3 s", time.Now().Add(-time.Second))
	_, before, _ := page.seen()
	within(t, "Alertmanager tries nothing while the page is away", func() bool {
		_, now, _ := page.seen()
		return now >= before+2
	})
	if n := open(o, "?active=true").Count; n != 2 {
		t.Errorf("%d are open while nothing arrives", n)
	}
	page.close(false)
	within(t, "what was tried again did not arrive", func() bool { return open(o, "?active=true").Count == 1 })
	alert(both[1:], "p95 is 3 s", time.Now().Add(-time.Second))
	within(t, "the other one is not resolved", func() bool { return open(o, "?active=true").Count == 0 })
	for _, in := range open(o, "").Results {
		if len(in.Updates) != told[in.ID]+1 || in.Updates[0].Status != "resolved" &&
			in.Updates[len(in.Updates)-1].Status != "resolved" {
			t.Errorf("%s: told %d times, then %+v", in.ID, told[in.ID], in.Updates)
		}
	}
}
