package collect_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"statuspage/server/app/apptest"
	"statuspage/server/config"
	"statuspage/server/racetest"
)

// j is JSON.
type j = map[string]any

// ask makes a request of an organisation's admin and reads what comes.
func ask(o *apptest.Org, method, path string, body any, want int) j {
	o.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		o.Fatal(err)
	}
	if body == nil {
		text = nil
	}
	req, err := http.NewRequestWithContext(context.Background(), method, "http://"+o.Addr+path, bytes.NewReader(text))
	if err != nil {
		o.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if o.Token != "" {
		req.Header.Set("Authorization", "Bearer "+o.Token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		o.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, _ := io.ReadAll(res.Body)
	if res.StatusCode != want {
		o.Fatalf("%s %s: %d, not %d: %s", method, path, res.StatusCode, want, raw)
	}
	var out j
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			o.Fatalf("%s %s: %v in %s", method, path, err, raw)
		}
	}
	return out
}

// at finds what stands at a path such as results.0.name.
func at(doc any, path string) any {
	for step := range strings.SplitSeq(path, ".") {
		switch x := doc.(type) {
		case map[string]any:
			doc = x[step]
		case []any:
			i := 0
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(x) {
				return nil
			}
			doc = x[i]
		default:
			return nil
		}
	}
	return doc
}

// until asks again until something stands somewhere.
func until(o *apptest.Org, path, where string, want any) j {
	o.Helper()
	for end := time.Now().Add(time.Minute); ; {
		got := ask(o, "GET", path, nil, 200)
		if fmt.Sprint(at(got, where)) == fmt.Sprint(want) {
			return got
		}
		if time.Now().After(end) {
			o.Fatalf("%s: %s is %v, not %v: %v", path, where, at(got, where), want, got)
		}
		<-time.After(100 * time.Millisecond)
	}
}

func loopback(c *config.Config) { c.MonitorNetworks = []string{"127.0.0.0/8"} }

// target is a server that works or does not.
func target(t *testing.T) (address string, works *atomic.Bool) {
	works = new(atomic.Bool)
	works.Store(true)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Echo", r.Header.Get("X-Secret"))
		if !works.Load() {
			w.WriteHeader(500)
		}
		_, _ = io.WriteString(w, `{"status":"fine","n":[1,2]}`)
	}))
	t.Cleanup(s.Close)
	return s.URL, works
}

// TestAMonitorOpensAndResolvesByItself is a whole story: what is down becomes an incident of the monitor's, and ends.
func TestAMonitorOpensAndResolvesByItself(t *testing.T) {
	racetest.Long(t)
	o := apptest.Start(t, loopback).Org("acme", time.Now())
	service := o.Service(time.Now(), "", "API")
	address, works := target(t)
	works.Store(false)
	m := ask(o, "POST", "/api/v1/monitors/", j{"name": "Site", "target": address, "service": service, "interval_s": 10,
		"failures": 1, "successes": 1,
		"action": "act", "headers": j{"X-Secret": "s3cret"},
		"conditions": []j{{"on": "status", "op": "eq", "value": 200}, {"on": "json:/n/1", "op": "==", "value": "2"}}},
		201)
	if text := fmt.Sprint(m); strings.Contains(text, "s3cret") || at(m, "header_names.0") != "X-Secret" ||
		at(m, "state") != "unknown" || at(m, "quorum") != "majority" {
		t.Error(text)
	}
	one := "/api/v1/monitors/" + m["id"].(string) + "/"
	until(o, one, "state", "down")
	in := until(o, "/api/v1/incidents/?active=true", "count", 1)
	if at(in, "results.0.source.kind") != "monitor" || at(in, "results.0.source.id") != m["id"] ||
		at(in, "results.0.to_state") != "major_outage" {
		t.Errorf("%v", in)
	}
	works.Store(true)
	until(o, one, "state", "up")
	until(o, "/api/v1/incidents/?active=true", "count", 0)
	results := ask(o, "GET", one+"results/", nil, 200)
	if at(results, "results.0.state") != "up" || at(ask(o, "GET", one+"results/?state=down", nil, 200),
		"results.0.error") != "it answered 500, wanted: status eq 200" {
		t.Errorf("%v", results)
	}
	if at(ask(o, "GET", one+"metrics/?range=24h", nil, 200), "buckets.0.count") == nil {
		t.Error("nothing was measured")
	}
	if a := ask(o, "GET", "/api/v1/audit-log/", nil, 200); !strings.Contains(fmt.Sprint(a), "id:monitor") {
		t.Errorf("%v", a)
	}
	ask(o, "PATCH", one, j{"shown": true, "paused": true}, 200)
	if p := ask(o, "GET", "/api/v1/public/acme/metrics/", nil, 200); at(p, "monitors.0.name") != "Site" ||
		at(p, "monitors.0.buckets.0.failed") == nil {
		t.Errorf("%v", p)
	}
}

func TestWhatAPersonTouchedAMonitorDoesNotClose(t *testing.T) {
	o := apptest.Start(t, loopback).Org("acme", time.Now())
	service := o.Service(time.Now(), "", "API")
	beat := ask(o, "POST", "/api/v1/monitors/", j{"name": "Backup", "kind": "heartbeat", "service": service,
		"action": "act", "to_state": "partial_outage"}, 201)
	path := "/api/v1/heartbeats/" + beat["target"].(string) + "/"
	if !strings.HasSuffix(beat["heartbeat_url"].(string), path) {
		t.Error(beat)
	}
	one := "/api/v1/monitors/" + beat["id"].(string) + "/"
	ask(o, "GET", path, nil, 200)
	until(o, one, "state", "up")
	ask(o, "POST", path+"?status=fail&message=disk+full", nil, 200)
	if m := until(o, one, "state", "down"); at(m, "last.local.error") != "disk full" {
		t.Error(m)
	}
	in := until(o, "/api/v1/incidents/?active=true", "count", 1)
	ask(o, "POST", "/api/v1/incidents/"+at(in, "results.0.id").(string)+"/updates/",
		j{"body": "I look at it.", "status": "identified"}, 201)
	ask(o, "POST", path, nil, 200)
	until(o, one, "state", "up")
	p := until(o, "/api/v1/proposals/", "results.0.kind", "resolve")
	until(o, "/api/v1/incidents/?active=true", "count", 1)
	ask(o, "POST", "/api/v1/proposals/"+at(p, "results.0.id").(string)+"/accept/", nil, 200)
	until(o, "/api/v1/incidents/?active=true", "count", 0)
	ask(o, "GET", "/api/v1/heartbeats/nobodys/", nil, 404)
}

func TestAProposalIsAcceptedOrDismissedOnceAndOnlyByItsOwn(t *testing.T) {
	site := apptest.Start(t, nil)
	o, other := site.Org("acme", time.Now()), site.Org("other", time.Now())
	service := o.Service(time.Now(), "", "API")
	o.Service(time.Now(), "", "Web")
	alert := func(id, status string) j {
		return j{"fingerprint": id, "status": status, "title": "Slow " + id, "description": "p95 is 3 s",
			"service": "api"}
	}
	ingest := "/api/v1/ingest/generic/?action=propose"
	first := ask(o, "POST", ingest, alert("a", "firing"), 200)
	if again := ask(o, "POST", ingest, alert("a", "firing"), 200); at(again, "results.0.result") != "unchanged" ||
		at(first, "results.0.result") != "proposed" {
		t.Error(first, again)
	}
	one := "/api/v1/proposals/" + at(first, "results.0.proposal").(string)
	ask(other, "POST", one+"/accept/", nil, 404)
	ask(other, "POST", one+"/dismiss/", nil, 404)
	if p := ask(o, "POST", one+"/accept/", j{"title": "The API is slow"}, 200); p["state"] != "accepted" ||
		p["service"] != service {
		t.Error(p)
	}
	ask(o, "POST", one+"/accept/", nil, 409)
	in := ask(o, "GET", "/api/v1/incidents/?active=true", nil, 200)
	if at(in, "results.0.title") != "The API is slow" || at(in, "results.0.source.fingerprint") != "a" {
		t.Error(in)
	}
	second := ask(o, "POST", ingest, alert("b", "firing"), 200)
	if p := ask(o, "POST", "/api/v1/proposals/"+at(second, "results.0.proposal").(string)+"/dismiss/", nil,
		200); p["state"] != "dismissed" {
		t.Error(p)
	}
	third := ask(o, "POST", ingest, alert("c", "firing"), 200)
	ask(o, "POST", ingest, alert("c", "resolved"), 200)
	if p := ask(o, "GET", "/api/v1/proposals/?state=over", nil, 200); at(p, "results.0.id") != at(third,
		"results.0.proposal") {
		t.Error(p)
	}
	if p := ask(other, "GET", "/api/v1/proposals/", nil, 200); p["count"] != 0.0 {
		t.Error(p)
	}
}

func TestAlertmanagersAlertsOpenUpdateAndResolve(t *testing.T) {
	site := apptest.Start(t, nil)
	o, other := site.Org("acme", time.Now()), site.Org("other", time.Now())
	o.Service(time.Now(), "", "API")
	foreign := other.Service(time.Now(), "", "Theirs")
	send := func(status, summary string) any {
		body := j{"version": "4", "groupKey": "{}:{}", "status": status,
			"alerts": []j{{"status": status, "fingerprint": "abc123",
				"labels":      j{"alertname": "HighLatency", "service": "API", "severity": "warning"},
				"annotations": j{"summary": "Slow", "description": summary}}}}
		return at(ask(o, "POST", "/api/v1/ingest/alertmanager/", body, 200), "results.0.result")
	}
	got := fmt.Sprintln(send("firing", "p95 is 3 s"), send("firing", "p95 is 3 s"), send("firing", "p95 is 5 s"),
		send("resolved", ""), send("resolved", ""), send("firing", "again"))
	if got != "opened unchanged updated resolved unchanged opened\n" {
		t.Error(got)
	}
	in := ask(o, "GET", "/api/v1/incidents/", nil, 200)
	if in["count"] != 2.0 || at(in, "results.0.source.kind") != "alertmanager" ||
		at(in, "results.0.to_state") != "degraded_performance" {
		t.Error(in)
	}
	out := ask(o, "POST", "/api/v1/ingest/generic/?service="+foreign, j{"fingerprint": "x", "title": "T"}, 200)
	if at(out, "results.0.result") != "proposed" || at(ask(o, "GET", "/api/v1/proposals/", nil, 200),
		"results.0.service") != nil {
		t.Error(out)
	}
	ask(o, "POST", "/api/v1/ingest/nagios/", j{}, 404)
	ask(o, "POST", "/api/v1/ingest/alertmanager/", j{}, 422)
	key := ask(o, "POST", "/api/v1/api-keys/", j{"name": "Alerts", "scopes": []string{"write"}}, 201)
	bare := *o
	bare.Token = ""
	ask(&bare, "POST", "/api/v1/ingest/uptimekuma/?key="+key["key"].(string),
		j{"heartbeat": nil, "monitor": nil, "msg": "Testing"}, 200)
	ask(&bare, "POST", "/api/v1/ingest/uptimekuma/?key=nobodys", j{}, 401)
	ask(&bare, "GET", "/api/v1/services/?key="+key["key"].(string), nil, 401)
}

func TestMonitorsBelongToTheirOrganisation(t *testing.T) {
	site := apptest.Start(t, nil)
	o, other := site.Org("acme", time.Now()), site.Org("other", time.Now())
	m := ask(o, "POST", "/api/v1/monitors/", j{"name": "Site", "target": "https://example.com/", "paused": true}, 201)
	one := "/api/v1/monitors/" + m["id"].(string) + "/"
	for _, x := range []struct{ method, path string }{{"GET", one}, {"PATCH", one}, {"DELETE", one},
		{"POST", one + "test/"}, {"GET", one + "results/"}, {"GET", one + "metrics/"}} {
		ask(other, x.method, x.path, j{}, 404)
	}
	theirs := other.Service(time.Now(), "", "Theirs")
	ask(o, "PATCH", one, j{"service": theirs}, 404)
	if l := ask(other, "GET", "/api/v1/monitors/", nil, 200); l["count"] != 0.0 {
		t.Error(l)
	}
	for _, bad := range []j{{}, {"name": "x"}, {"name": "x", "target": "ftp://x"},
		{"name": "x", "kind": "tcp", "target": "x"}, {"name": "x", "target": "http://x", "interval_s": 9},
		{"name": "x", "target": "http://x", "action": "act"}, {"name": "x", "target": "http://x", "quorum": "all"},
		{"name": "x", "target": "http://x", "headers": j{"a b": "c"}},
		{"name": "x", "target": "http://x", "conditions": []j{{"on": "body", "op": "matches", "value": "("}}}} {
		ask(o, "POST", "/api/v1/monitors/", bad, 422)
	}
	ask(o, "PATCH", one, j{"version": 7, "name": "y"}, 409)
	edited := ask(o, "PATCH", one, j{"quorum": 2, "regions": []string{"fra"}}, 200)
	if edited["quorum"] != 2.0 || edited["version"] != 2.0 || at(edited, "regions.0") != "fra" {
		t.Error(edited)
	}
	ask(o, "DELETE", one, nil, 204)
	ask(o, "GET", one, nil, 404)
}

func TestPrivateTargetsAreRefusedWhenTheyAreReached(t *testing.T) {
	o := apptest.Start(t, nil).Org("acme", time.Now())
	address, _ := target(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	for _, m := range []j{{"target": address}, {"target": "http://169.254.169.254/latest/meta-data/"},
		{"kind": "tcp", "target": ln.Addr().String()},
		{"target": "http://[::ffff:127.0.0.1]:1/"}, {"target": "http://[::1]:1/"}, {"target": "http://10.0.0.1/"}} {
		m["name"], m["paused"] = "Private", true
		id := ask(o, "POST", "/api/v1/monitors/", m, 201)["id"].(string)
		if got := ask(o, "POST", "/api/v1/monitors/"+id+"/test/", nil, 200); got["ok"] != false ||
			!strings.Contains(got["error"].(string), "public internet") {
			t.Errorf("%v: %v", m, got)
		}
	}
}

// TestAHeadersValueIsNeverToldAgain: in no answer, not where the target gives it back, and not in the database.
func TestAHeadersValueIsNeverToldAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "status.db")
	o := apptest.Start(t, func(c *config.Config) {
		loopback(c)
		c.DatabaseURL = "file:" + file
	}).Org("acme", time.Now())
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Echo", r.Header.Get("Authorization"))
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, "I was asked with "+r.Header.Get("Authorization")+".")
	}))
	t.Cleanup(echo.Close)
	const secret = "n0body-knows"
	body := j{"name": "Site", "target": echo.URL, "failures": 1, "headers": j{"Authorization": "Bearer " + secret},
		"conditions": []j{{"on": "header:X-Echo", "op": "eq", "value": "other"}}}
	m := ask(o, "POST", "/api/v1/monitors/", body, 201)
	one := "/api/v1/monitors/" + m["id"].(string) + "/"
	told := []j{m, until(o, one, "state", "down"), ask(o, "POST", one+"test/", nil, 200),
		ask(o, "POST", "/api/v1/monitors/test/", body, 200), ask(o, "POST", one+"preview/", j{}, 200),
		ask(o, "PATCH", one, j{"name": "Other", "headers": j{"Authorization": "Bearer " + secret, "X-A": "b"}}, 200),
		ask(o, "GET", one+"results/", nil, 200), ask(o, "GET", "/api/v1/monitors/", nil, 200),
		ask(o, "GET", "/api/v1/audit-log/", nil, 200)}
	if text := fmt.Sprint(told[2]["error"], at(told[6], "results.0.body")); !strings.Contains(text, "X-Echo is …, wanted") ||
		!strings.Contains(text, "I was asked with …") {
		t.Errorf("it is not said what was found: %s", text)
	}
	for i, answer := range told {
		if text := fmt.Sprint(answer); strings.Contains(text, secret) {
			t.Errorf("answer %d tells it: %s", i, text)
		}
	}
	for _, name := range []string{file, file + "-wal"} {
		if raw, err := os.ReadFile(name); err != nil || bytes.Contains(raw, []byte(secret)) {
			t.Errorf("%s has it: %v", filepath.Base(name), err)
		}
	}
}
