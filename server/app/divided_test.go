package app_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"statuspage/server/auth"
)

// hidden adds a service to acme's page that is for an audience alone, which nobody but members belongs to.
func (c *caller) hidden(name string) string {
	c.t.Helper()
	id := c.patch("/api/v1/organization/", j{"access": j{"kind": "public", "audiences": []j{
		{"name": "Internal", "kind": "members"}}}}).is(200).str("access.audiences.0.id")
	return c.post("/api/v1/services/", j{"name": name, "audiences": []string{id}}).is(201).str("id")
}

// counted are what a document says of the number of the last event and of the moment at which it was made.
var counted = regexp.MustCompile(`("seq":|data-seq="|, event )\d+|"at":"[^"]+"|data-to="[^"]+"|` +
	`datetime="[^"]+" data-time="(?:clock|at)">[^<]+`)

// documents are the answers of all routes about acme's page to somebody.
func documents(t *testing.T, acme *caller, id, token string) map[string]string {
	t.Helper()
	return documentsWith(t, acme, id, "", token)
}

// documentsWith is documents to somebody who has a cookie, too.
func documentsWith(t *testing.T, acme *caller, id, cookie, token string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, r := range publicRoutes(acme, id) {
		if r[0] != http.MethodGet || strings.HasPrefix(r[1], "/ws/") {
			continue
		}
		res, body := visited(t, acme.site, r[0], r[1], "", cookie, token, nil)
		h := res.Header
		out[strings.ReplaceAll(r[1], id, "ID")] = strings.Join([]string{res.Status, h.Get("Content-Type"), h.Get("Last-Modified"),
			counted.ReplaceAllString(strings.ReplaceAll(body, id, "ID"), "$1")}, "\n")
	}
	return out
}

// TestNobodyButMembersIsToldOfServicesForSome asks each route of the router about a page with a service that is for
// some alone, before that has trouble, meanwhile and after. CONTRACT 8.
func TestNobodyButMembersIsToldOfServicesForSome(t *testing.T) {
	acme := world(t).org()
	old := acme.post("/api/v1/services/", j{"name": "Open", "start_date": in(-80 * 24 * time.Hour)[:10]}).str("id")
	open := acme.post("/api/v1/incidents/", j{"title": "Open trouble", "service": old, "to_state": "partial_outage",
		"started_at": in(-50 * time.Hour), "resolved_at": in(-40 * time.Hour), "resolution": "Over."}).str("id")
	acme.post("/api/v1/maintenances/", j{"title": "Open work", "services": []string{old},
		"scheduled_for": in(time.Hour), "scheduled_until": in(2 * time.Hour)})
	ledger := acme.hidden("Hidden ledger")
	other, member := acme.site.org(), acme.join(auth.Member)
	before := documents(t, acme, open, "")
	if len(before) < 40 {
		t.Fatalf("only %d documents", len(before))
	}
	none := documents(t, acme, uuid.NewString(), "")
	same := func(when string) {
		t.Helper()
		for who, token := range map[string]string{"a stranger": "", "another's admin": "Bearer " + other.token} {
			for path, is := range documents(t, acme, open, token) {
				if is != before[path] {
					t.Errorf("%s tells %s of it %s: %s", path, who, when, differing(is, before[path]))
				}
			}
		}
	}
	same("while it is well")
	ws := dial(t, acme.addr, "/ws/status/public/"+acme.slug+"/", nil)
	hello := heardOf(t, ws)
	trouble := acme.post("/api/v1/incidents/", j{"title": "Hidden trouble", "service": ledger,
		"to_state": "major_outage"}).str("id")
	same("when trouble begins")
	work := acme.post("/api/v1/maintenances/", j{"title": "Hidden work", "services": []string{ledger},
		"scheduled_for": in(time.Hour), "scheduled_until": in(2 * time.Hour)}).str("id")
	last := acme.post("/api/v1/incidents/"+trouble+"/updates/", j{"status": "resolved", "body": "Hidden end."})
	same("when it is over")
	for _, id := range []string{trouble, ledger, work} {
		for path, is := range documents(t, acme, id, "") {
			if is != none[path] {
				t.Errorf("%s tells that there is %s: %s", path, id, differing(is, none[path]))
			}
		}
	}
	for _, who := range []*caller{acme, member} {
		seen := documents(t, acme, trouble, "Bearer "+who.token)
		for _, path := range []string{"/status/" + acme.slug, "/status/" + acme.slug + "/incidents/ID",
			"/api/v1/public/" + acme.slug + "/summary"} {
			if !strings.Contains(seen[path], "Hidden trouble") {
				t.Errorf("%s does not tell a member: %s", path, seen[path])
			}
		}
	}
	heardNothing(t, ws, hello, last.seq())
	resumed := dial(t, acme.addr, "/ws/status/public/"+acme.slug+"/?since=1", nil)
	heardOf(t, resumed)
	if body := heardOf(t, resumed); !strings.Contains(body, `"type":"snapshot"`) || strings.Contains(body, "Hidden") ||
		strings.Contains(body, ledger) || strings.Contains(body, "divided") {
		t.Errorf("who comes back is told %s", body)
	}
	strangersMayDoNothingWith(t, acme, ledger, trouble)
}

// differing is the first line of a document that is another one than it was.
func differing(is, was string) string {
	then := strings.Split(was, "\n")
	for i, line := range strings.Split(is, "\n") {
		if i >= len(then) || line != then[i] {
			return line + "\nwas\n" + strings.Join(then[min(i, len(then)):min(i+1, len(then))], "")
		}
	}
	return "it is shorter"
}

// heardNothing reads up to an event of which a reader is told its number alone.
func heardNothing(t *testing.T, ws *websocket.Conn, hello string, last int64) {
	t.Helper()
	var m struct {
		Type string
		Seq  int64
	}
	if err := json.Unmarshal([]byte(hello), &m); err != nil || m.Type != "hello" {
		t.Fatalf("%s: %v", hello, err)
	}
	for at := m.Seq + 1; at <= last; at++ {
		body := heardOf(t, ws)
		if err := json.Unmarshal([]byte(body), &m); err != nil || m.Type != "nothing" || m.Seq != at ||
			len(body) > 40 {
			t.Fatalf("event %d is told as %s: %v", at, body, err)
		}
	}
}

func heardOf(t *testing.T, ws *websocket.Conn) string {
	t.Helper()
	_ = ws.SetReadDeadline(time.Now().Add(20 * time.Second))
	_, body, err := ws.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// strangersMayDoNothingWith compares what writes of visitors answer about a service that is hidden, and one that is
// nowhere.
func strangersMayDoNothingWith(t *testing.T, acme *caller, service, incident string) {
	t.Helper()
	nowhere := uuid.NewString()
	for _, x := range []struct {
		path string
		body func(service, incident string) j
	}{
		{"/report/", func(service, _ string) j { return j{"service": service} }},
		{"/report/", func(_, incident string) j { return j{"incident": incident} }},
		{"/subscribe/", func(service, _ string) j {
			return j{"email": "x@example.com", "services": []string{service}}
		}},
		{"/subscribe/", func(_, incident string) j { return j{"email": "x@example.com", "incident": incident} }},
	} {
		stranger := &caller{site: acme.site}
		path := "/api/v1/public/" + acme.slug + x.path
		of := stranger.do("POST", path, x.body(service, incident))
		none := stranger.do("POST", path, x.body(nowhere, nowhere))
		if of.code != none.code || of.code < 400 {
			t.Errorf("%s of a hidden service is answered %d, of none %d", x.path, of.code, none.code)
		}
	}
}

// A page with services for some alone is kept by nobody in between, and what its strangers are given is no one else's.
func TestADividedPageIsKeptByNobodyInBetween(t *testing.T) {
	acme := world(t).org()
	acme.incident("Open trouble")
	acme.hidden("Hidden ledger")
	for range 3 { // the front door would give it again
		res, body := visited(t, acme.site, "GET", "/status/"+acme.slug, "", "", "", nil)
		if got := res.Header.Get("Cache-Control"); got != "private, no-cache" || strings.Contains(body, "Hidden") {
			t.Errorf("a stranger is answered with %s: %s", got, body)
		}
		res, body = visited(t, acme.site, "GET", "/status/"+acme.slug, "", "", "Bearer "+acme.token, nil)
		if got := res.Header.Get("Cache-Control"); got != "private, no-store" ||
			!strings.Contains(body, "Hidden ledger") {
			t.Errorf("an admin is answered with %s: %s", got, body)
		}
	}
	if res, _ := visited(t, acme.site, "GET", "/status/"+acme.slug+"/badge.svg", "", "", "", nil); res.Header.Get(
		"Cross-Origin-Resource-Policy") != "cross-origin" {
		t.Error("other sites show the badge of a public page no more")
	}
}
