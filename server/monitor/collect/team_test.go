package collect_test

import (
	"context"
	"encoding/json"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"statuspage/server/app/apptest"
	"statuspage/server/config"
	"statuspage/server/notify/notifytest"
)

// body is the JSON of a request.
func body(t *testing.T, r notifytest.Request) (out j) {
	t.Helper()
	if err := json.Unmarshal(r.Body, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func allowed(c *config.Config) {
	loopback(c)
	c.LoopbackHooks = true
}

// TestATeamIsToldOnceThatAMonitorFiresAndOnceThatItIsOver, wherever it is.
func TestATeamIsToldOnceThatAMonitorFiresAndOnceThatItIsOver(t *testing.T) {
	hooks := notifytest.StartHooks(t)
	host := strings.TrimPrefix(hooks.URL, "http://")
	o := apptest.Start(t, allowed).Org("acme", time.Now())
	for kind, address := range map[string]string{
		"webhook": hooks.URL + "/webhook", "slack": hooks.URL + "/slack", "discord": hooks.URL + "/discord",
		"teams": hooks.URL + "/teams", "ntfy": "ntfy://t0ken@" + host + "/alarms?scheme=http",
		"pagerduty": "pagerduty://" + host + "/r0uting?scheme=http", "opsgenie": "opsgenie://" + host +
			"/ap1key?scheme=http",
		"matrix": "matrix://:acce55@" + host + "/?rooms=!room:example.org&scheme=http",
	} {
		made := ask(o, "POST", "/api/v1/destinations/", j{"name": kind, "kind": kind, "address": address}, 201)
		for _, secret := range []string{"t0ken", "r0uting", "ap1key", "acce55", "/webhook"} {
			if text, _ := json.Marshal(made); strings.Contains(string(text), secret) {
				t.Errorf("%s tells its secret: %s", kind, text)
			}
		}
	}
	address, works := target(t)
	works.Store(false)
	m := ask(o, "POST", "/api/v1/monitors/", j{"name": "Site", "target": address, "interval_s": 10, "failures": 1,
		"successes": 1}, 201)
	down := hooks.Wait(t, "/webhook", 1)[0]
	if got := body(t, down); got["event"] != "down" || got["monitor"] != "Site" ||
		got["source"] != "monitor/"+m["id"].(string) ||
		!strings.Contains(got["error"].(string), "500") {
		t.Errorf("%v", got)
	}
	if got := body(t, hooks.Wait(t, "/slack", 1)[0])["text"].(string); !strings.Contains(got, "*Site is down*") {
		t.Error(got)
	}
	if got := body(t, hooks.Wait(t, "/discord", 1)[0]); !strings.Contains(got["content"].(string), "Site is down") {
		t.Error(got)
	}
	hooks.Wait(t, "/teams", 1)
	if r := hooks.Wait(t, "/", 1)[0]; body(t, r)["topic"] != "alarms" ||
		r.Header.Get("Authorization") != "Bearer t0ken" {
		t.Errorf("%s", r.Body)
	}
	if got := body(t, hooks.Wait(t, "/v2/enqueue", 1)[0]); got["routing_key"] != "r0uting" ||
		got["event_action"] != "trigger" {
		t.Error(got)
	}
	alert := hooks.Wait(t, "/v2/alerts", 1)[0]
	if alert.Header.Get("Authorization") != "GenieKey ap1key" || body(t, alert)["alias"] != "monitor/"+
		m["id"].(string) {
		t.Errorf("%s", alert.Body)
	}
	works.Store(true)
	if got := body(t, hooks.Wait(t, "/webhook", 2)[1]); got["event"] != "up" {
		t.Error(got)
	}
	if got := body(t, hooks.Wait(t, "/v2/enqueue", 2)[1]); got["event_action"] != "resolve" ||
		got["dedup_key"] != "monitor/"+m["id"].(string) {
		t.Error(got)
	}
	if n := len(hooks.Got("/webhook")); n != 2 {
		t.Errorf("the webhook was told %d times", n)
	}
}

// TestANameThatLeadsToThisMachineIsRefusedWhenItIsReached: the test message opens no connection, and the destination
// says why.
func TestANameThatLeadsToThisMachineIsRefusedWhenItIsReached(t *testing.T) {
	ln, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	var reached atomic.Int64
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			reached.Add(1)
			_ = conn.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	o := apptest.Start(t, nil).Org("acme", time.Now())
	for kind, address := range map[string]string{
		"ntfy": "ntfy://localhost:" + port + "/t", "webhook": "https://localhost:" + port + "/x",
		"matrix": "matrix://:acce55@localhost:" + port + "/?rooms=!r:x", "opsgenie": "opsgenie://localhost:" +
			port + "/k", "pagerduty": "pagerduty://localhost:" + port + "/k", "slack": "https://localhost:" + port +
			"/s"} {
		made := ask(o, "POST", "/api/v1/destinations/", j{"name": kind, "kind": kind, "address": address}, 201)
		one := "/api/v1/destinations/" + made["id"].(string) + "/"
		ask(o, "POST", one+"test/", nil, 202)
		got := until(o, one, "problem", "its name leads to no address on the public internet")
		if got["failed_at"] == nil || got["sent_at"] != nil {
			t.Errorf("%s: %v", kind, got)
		}
	}
	if n := reached.Load(); n != 0 {
		t.Errorf("%d connections were opened", n)
	}
	ask(o, "POST", "/api/v1/destinations/", j{"name": "x", "kind": "ntfy", "address": "ntfy://10.0.0.1/t"}, 422)
	ask(o, "POST", "/api/v1/destinations/", j{"name": "x", "kind": "email", "address": "stranger@example.org"}, 422)
}

// TestProposalsReachAdminsByMailAndNotMoreThanSixAnHour of one source.
func TestProposalsReachAdminsByMailAndNotMoreThanSixAnHour(t *testing.T) {
	mail := notifytest.StartMail(t)
	o := apptest.Start(t, func(c *config.Config) {
		allowed(c)
		c.SMTPURL, c.BaseURL = mail.URL(), apptest.Itself
	}).Org("acme", time.Now())
	service := o.Service(time.Now(), "", "API")
	hooks := notifytest.StartHooks(t)
	ask(o, "POST", "/api/v1/destinations/", j{"name": "hook", "kind": "webhook", "address": hooks.URL + "/team"}, 201)
	alert := func(state string) {
		ask(o, "POST", "/api/v1/ingest/generic/?action=propose&service="+service+
			"&fingerprint=/id&status=/state&title=/name",
			j{"id": "disk", "state": state, "name": "Disk"}, 200)
	}
	for range 8 {
		alert("firing")
		alert("resolved")
	}
	alert("firing")
	mail.Wait(t, 1)
	hooks.Wait(t, "/team", 1)
	// A fence of another source: what comes before it in the queue has come.
	ask(o, "POST", "/api/v1/ingest/generic/?action=propose&service="+service+
		"&fingerprint=/id&status=/state&title=/name",
		j{"id": "fence", "state": "firing", "name": "Fence"}, 200)
	deadline := time.Now().Add(time.Minute)
	fence := func() bool {
		got := mail.To("admin@acme.example")
		return len(got) > 0 && strings.Contains(got[len(got)-1].Subject(), "Fence")
	}
	for !fence() {
		if time.Now().After(deadline) {
			t.Fatal("the fence did not come")
		}
		<-time.After(50 * time.Millisecond)
	}
	fired := 0
	for _, r := range hooks.Got("/team") {
		if got := body(t, r); got["event"] == "proposal" && got["title"] == "Disk" {
			fired++
		}
	}
	if fired > 6 {
		t.Errorf("it was told %d times", fired)
	}
}

// TestDestinationsBelongToTheirOrganisation.
func TestDestinationsBelongToTheirOrganisation(t *testing.T) {
	site := apptest.Start(t, allowed)
	acme, other := site.Org("acme", time.Now()), site.Org("other", time.Now())
	made := ask(acme, "POST", "/api/v1/destinations/", j{"name": "x", "kind": "ntfy",
		"address": "ntfy://ntfy.example/t"}, 201)
	one := "/api/v1/destinations/" + made["id"].(string) + "/"
	for _, method := range []string{"GET", "PATCH", "DELETE"} {
		var body any
		if method == "PATCH" {
			body = j{"name": "mine"}
		}
		ask(other, method, one, body, 404)
	}
	ask(other, "POST", one+"test/", nil, 404)
	if got := ask(other, "GET", "/api/v1/destinations/", nil, 200); at(got, "count") != 0.0 {
		t.Errorf("%v", got)
	}
	ask(acme, "PATCH", one, j{"kind": "matrix"}, 422) // the address is of another kind
	ask(acme, "DELETE", one, nil, 204)
}
