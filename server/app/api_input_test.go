package app_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatIsNoJSONOrNoObjectIsRefusedEverywhere(t *testing.T) {
	acme := world(t).org()
	incident := acme.incident("Trouble")
	for _, target := range []string{"POST /api/v1/services/", "PATCH /api/v1/services/" + acme.service("API"),
		"POST /api/v1/incidents/", "PATCH /api/v1/incidents/" + incident,
		"POST /api/v1/incidents/" + incident + "/updates/", "POST /api/v1/maintenances/",
		"PATCH /api/v1/maintenances/" + acme.window("Work"), "PATCH /api/v1/organization/",
		"POST /api/v1/members/", "PATCH /api/v1/members/" + acme.id, "POST /api/v1/api-keys/",
		"POST /api/v1/auth/login/"} {
		method, path, _ := strings.Cut(target, " ")
		for _, row := range []struct {
			body string
			code int
		}{
			{``, 400}, {` `, 400}, {`{`, 400}, {`{"name"`, 400}, {`{"name":}`, 400}, {`{"name":"x",}`, 400},
			{`{name:"x"}`, 400}, {`{'name':'x'}`, 400}, {`{"name":"x"} {}`, 400},
			{`{"name":"x","name":"y"}`, 400}, {`{"name":"\x"}`, 400}, {`{"name":"\u12"}`, 400},
			{"{\"name\":\"\x00\"}", 400}, {"{\"name\":\"\xff\"}", 400}, {"\xef\xbb\xbf{}", 400},
			{`{"name":01}`, 400}, {`{"name":NaN}`, 400}, {`<xml/>`, 400}, {`name=x`, 400},
			{strings.Repeat("[", 100000), 400}, {strings.Repeat(`{"a":`, 100), 400},
			{`{"a":` + strings.Repeat("[", 33) + strings.Repeat("]", 33) + `}`, 400},
			{`null`, 422}, {`[]`, 422}, {`"x"`, 422}, {`1`, 422}, {`true`, 422}, {`[{"name":"x"}]`, 422},
			{`{"__proto__":{}}`, 422}, {`{"":""}`, 422},
		} {
			var body any = row.body
			if row.body == "" {
				body = nil
			}
			acme.do(method, path, body).refuses(row.code)
		}
		acme.do(method, path, j{"surprise": 1, "another": nil}).is(422)
		if fields := strings.Join(acme.do(method, path, j{"surprise": 1}).fields(), " "); !strings.Contains(fields,
			"surprise") {
			t.Errorf("%s: the unknown field is not named in %q", target, fields)
		}
	}
	acme.get("/api/v1/services/").has("count", 3)
}

func TestWrongTypesAndUnknownWordsAreRefusedByField(t *testing.T) {
	acme := world(t).org()
	api, incident, window := acme.service("API"), acme.incident("Trouble"), acme.window("Work")
	long := func(n int) string { return strings.Repeat("ä", n) }
	for _, row := range []struct {
		target, body string
		code         int
		fields       string
	}{
		{"POST /services/", `{"name":1}`, 422, "name"},
		{"POST /services/", `{"name":null}`, 422, "name"},
		{"POST /services/", `{"name":["x"]}`, 422, "name"},
		{"POST /services/", `{"name":{"x":1}}`, 422, "name"},
		{"POST /services/", `{}`, 422, "name"},
		{"POST /services/", `{"name":"   "}`, 422, "name"},
		{"POST /services/", `{"name":"\u200b\ufeff"}`, 422, "name"},
		{"POST /services/", `{"name":"` + long(201) + `"}`, 422, "name"},
		{"POST /services/", `{"name":"x","group":"` + long(201) + `"}`, 422, "group"},
		{"POST /services/", `{"name":"x","description":"` + long(20001) + `"}`, 422, "description"},
		{"POST /services/", `{"name":"a\u0000b"}`, 422, "name"},
		{"POST /services/", `{"name":"a\nb"}`, 422, "name"},
		{"POST /services/", `{"name":"a\u001bb"}`, 422, "name"},
		{"POST /services/", `{"name":"a\u0085b"}`, 422, "name"},
		{"POST /services/", `{"name":"a\u202eb"}`, 422, "name"},
		{"POST /services/", `{"name":"x","description":"a\u0007b"}`, 422, "description"},
		{"POST /services/", `{"name":"x","status":"broken"}`, 422, "status"},
		{"POST /services/", `{"name":"x","status":"Operational"}`, 422, "status"},
		{"POST /services/", `{"name":"x","status":5}`, 422, "status"},
		{"POST /services/", `{"name":"x","position":-1}`, 422, "position"},
		{"POST /services/", `{"name":"x","position":1.5}`, 422, "position"},
		{"POST /services/", `{"name":"x","position":"1"}`, 422, "position"},
		{"POST /services/", `{"name":"x","position":1e400}`, 422, "position"},
		{"POST /services/", `{"name":"x","position":99999999999999999999}`, 422, "position"},
		{"POST /services/", `{"name":"x","id":"1"}`, 422, "id"},
		{"POST /services/", `{"name":"x","id":"0197A1DE-3C00-7000-8000-000000000001"}`, 422, "id"},
		{"POST /services/", `{"name":"x","nmae":"y","stauts":"z"}`, 422, "nmae stauts"},
		{"POST /services/", `{"id":1,"name":2,"position":"3"}`, 422, "id name position"},
		{"PATCH /services/" + api, `{"name":""}`, 422, "name"},
		{"PATCH /services/" + api, `{"status":"gone"}`, 422, "status"},
		{"PATCH /services/" + api, `{"status":null}`, 422, "status"},
		{"PATCH /services/" + api, `{"version":"1"}`, 422, "version"},
		{"PATCH /services/" + api, `{"created_at":"2020-01-01T00:00:00Z"}`, 422, "created_at"},
		{"POST /incidents/", `{}`, 422, "service title"},
		{"POST /incidents/", `{"title":"x"}`, 422, "service"},
		{"POST /incidents/", `{"title":"x","service":"` + api + `"}`, 422, "to_state"},
		{"POST /incidents/", `{"title":"x","service":"` + api + `","to_state":"broken"}`, 422, "to_state"},
		{"POST /incidents/", `{"title":"x","service":"nope","to_state":"major_outage"}`, 404, "service"},
		{"POST /incidents/", `{"title":"x","service":{"id":"` + api + `"},"to_state":"major_outage"}`, 422, "service"},
		{"POST /incidents/", `{"title":"x","services":["` + api + `"],"to_state":"major_outage"}`, 422, "services[0]"},
		{"POST /incidents/", `{"title":"x","services":[{"id":"` + api + `","to_state":"no"}]}`, 422,
			"services[0].to_state"},
		{"POST /incidents/", `{"title":"x","services":[{"id":"` + api + `","state":"major_outage"}]}`, 422,
			"services[0].state services[0].to_state"},
		{"POST /incidents/", `{"title":"x","services":[{"id":"` + api + `"},{"id":"` + api +
			`"}],"to_state":"major_outage"}`, 422, "services[1].id"},
		{"POST /incidents/", `{"title":"` + long(201) + `","service":"` + api + `","to_state":"major_outage"}`, 422,
			"title"},
		{"POST /incidents/", `{"title":"x","description":"` + long(20001) + `","service":"` + api +
			`","to_state":"major_outage"}`, 422, "description"},
		{"POST /incidents/", `{"title":"x","service":"` + api + `","to_state":"major_outage","notify":"yes"}`, 422,
			"notify"},
		{"POST /incidents/", `{"title":"x","service":"` + api + `","to_state":"major_outage","status":"resolved"}`, 422,
			"status"},
		{"PATCH /incidents/" + incident, `{"status":"closed"}`, 422, "status"},
		{"PATCH /incidents/" + incident, `{"title":""}`, 422, "title"},
		{"PATCH /incidents/" + incident, `{"message":""}`, 422, "message"},
		{"PATCH /incidents/" + incident, `{"message":"` + long(20001) + `"}`, 422, "message"},
		{"PATCH /incidents/" + incident, `{"service":"` + api + `"}`, 422, "service"},
		{"POST /incidents/" + incident + "/updates/", `{}`, 422, "body"},
		{"POST /incidents/" + incident + "/updates/", `{"body":"` + long(20001) + `"}`, 422, "body"},
		{"POST /incidents/" + incident + "/updates/", `{"body":"x","status":"unknown"}`, 422, "status"},
		{"POST /incidents/" + incident + "/updates/", `{"body":"x","id":"7"}`, 422, "id"},
		{"PATCH /maintenances/" + window, `{"status":"over"}`, 422, "status"},
		{"PATCH /maintenances/" + window, `{"scheduled_for":"2026-13-01T00:00:00Z"}`, 422, "scheduled_for"},
		{"PATCH /maintenances/" + window, `{"scheduled_until":true}`, 422, "scheduled_until"},
		{"PATCH /maintenances/" + window, `{"message":"` + long(20001) + `"}`, 422, "message"},
	} {
		t.Run(row.target[:12]+" "+row.body[:min(len(row.body), 60)], func(t *testing.T) {
			method, path, _ := strings.Cut(row.target, " ")
			a := acme.do(method, "/api/v1"+path, row.body)
			a.t = t
			a.refuses(row.code, strings.Fields(row.fields)...)
		})
	}
	// At the limit, and with what only looks dangerous, all is well.
	acme.post("/api/v1/services/", j{"name": long(200), "description": long(20000), "group": long(200),
		"position": 1_000_000})
	acme.post("/api/v1/services/", j{"name": `<script>alert(1)</script>"'&`, "description": "line\nbreak\tand 😀"}).
		has("name", `<script>alert(1)</script>"'&`)
	acme.post("/api/v1/services/", `{"name":"\ud83d\ude00 \ud83d"}`).has("name", "😀 \ufffd")
}

func TestIdsThatAreNoneAndOtherTenantsObjectsAreNotFound(t *testing.T) {
	s := world(t)
	acme, other := s.org(), s.org()
	ids := map[string]string{"services": other.service("Theirs"), "incidents": other.incident("Theirs"),
		"maintenances": other.window("Theirs"), "members": other.id, "api-keys": other.key("write").id}
	bad := []string{"1", "x", "0197a1de-3c00-7000-8000-000000000001", "0197A1DE-3C00-7000-8000-000000000001", "%00",
		"%2e%2e", "..%2f..", "%F0%9F%98%80", strings.Repeat("a", 3000), "%27%20OR%201=1--", "null", "*"}
	for noun, foreign := range ids {
		for _, id := range append(bad, foreign) {
			path := "/api/v1/" + noun + "/" + id
			for _, method := range []string{"GET", "PATCH", "DELETE"} {
				for _, slash := range []string{"", "/"} {
					var body any
					if method == "PATCH" {
						body = map[string]any{"members": j{"role": "admin"}, "api-keys": j{}}[noun]
						if body == nil {
							body = j{"description": "x"}
						}
					}
					if a := acme.do(method, path+slash, body); a.code != 405 {
						a.refuses(404)
					} else if noun != "members" && noun != "api-keys" {
						t.Errorf("%s: 405", a.what)
					}
				}
			}
		}
	}
	for _, id := range append(bad, ids["incidents"]) {
		acme.do("GET", "/api/v1/incidents/"+id+"/updates/", nil).refuses(404)
		acme.do("POST", "/api/v1/incidents/"+id+"/updates/", j{"body": "x"}).refuses(404)
	}
	// A foreign service cannot be pulled into one's own incident or window either.
	acme.do("POST", "/api/v1/incidents/", j{"title": "x", "service": ids["services"], "to_state": "major_outage"}).
		refuses(404, "service")
	acme.do("POST", "/api/v1/maintenances/", j{"title": "x", "services": []string{ids["services"]},
		"scheduled_for": "2030-01-01T00:00:00Z", "scheduled_until": "2030-01-01T01:00:00Z"}).refuses(404, "services[0]")
	acme.get("/api/v1/incidents/?service="+ids["services"]).has("count", 0)
	acme.get("/api/v1/audit-log/?object="+ids["services"]).has("count", 0)
	for noun, id := range ids {
		if noun != "members" && noun != "api-keys" {
			other.get("/api/v1/"+noun+"/"+id).
				has("version", map[string]int{"services": 1, "incidents": 1, "maintenances": 1}[noun])
		}
	}
	other.get("/api/v1/api-keys/").has("count", 1)
	other.get("/api/v1/members/").has("count", 1)
}

func TestBodiesOverOneMegabyteAreRefusedHoweverTheyCome(t *testing.T) {
	acme := world(t).org()
	big := func(n int) string {
		return `{"name":"x","description":"` + strings.Repeat("a", n-len(`{"name":"x","description":""}`)) + `"}`
	}
	// io.MultiReader hides the length: such a body comes in chunks.
	unknown := func(s string) io.Reader { return io.MultiReader(strings.NewReader(s)) }
	for _, target := range []string{"POST /api/v1/services/", "POST /api/v1/auth/login/", "POST /api/v1/nothing/",
		"GET /api/v1/services/", "DELETE /api/v1/services/x", "PATCH /api/v1/organization/"} {
		method, path, _ := strings.Cut(target, " ")
		for _, n := range []int{1<<20 + 1, 3 << 20} {
			acme.do(method, path, big(n)).refuses(413)
			acme.do(method, path, unknown(big(n))).refuses(413)
		}
	}
	acme.do("POST", "/api/v1/services/", big(1<<20)).refuses(422, "description")
	acme.do("POST", "/api/v1/services/", unknown(big(1<<20))).refuses(422, "description")
	// Whoever only says that much will come hears so too, and so does whoever says nonsense about it.
	head := "POST /api/v1/services/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + acme.token + "\r\n"
	acme.bytes(head + "Connection: close\r\nContent-Length: -5\r\n\r\n{}").is(400)
	acme.bytes(head + "Connection: close\r\nContent-Length: many\r\n\r\n{}").is(400)
	acme.bytes(head + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n").is(400)
	acme.bytes(head + "Content-Length: 99999999999\r\n\r\n" + strings.Repeat(" ", 10<<20)).is(413)
	// A form in parts is no longer, and nothing of it is kept in files.
	files := func() int {
		found, err := filepath.Glob(filepath.Join(os.TempDir(), "multipart-*"))
		if err != nil {
			t.Fatal(err)
		}
		return len(found)
	}
	before, parts := files(), "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n"+
		strings.Repeat("x", 20<<20)
	acme.bytes(fmt.Sprintf("%sContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n%s", head,
		2*len(parts), parts)).is(413)
	if n := files() - before; n > 0 {
		t.Errorf("%d files are left of it", n)
	}
}

// TestNoBodyIsUnpacked sends what would be 64 MB, and 64 GB of it.
func TestNoBodyIsUnpacked(t *testing.T) {
	acme := world(t).org()
	pack := func(s string) string {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		if _, err := io.WriteString(w, s); err != nil || w.Close() != nil {
			t.Fatal(err)
		}
		return packed.String()
	}
	once := pack(strings.Repeat(" ", 64<<20))
	for _, target := range []string{"POST /api/v1/auth/login/", "POST /api/v1/services/",
		"PUT /api/v1/organization/logo/", "POST /api/v1/public/" + acme.slug + "/subscribe/", "POST /nothing"} {
		method, path, _ := strings.Cut(target, " ")
		for coding, body := range map[string]string{"gzip": once, "GZIP, gzip": pack(once), "deflate": once, "br": once,
			"gzip, ": pack(`{"name":"x"}`)} {
			if a := acme.do(method, path, body, "Content-Type", "application/json", "Content-Encoding", coding).
				refuses(400); !strings.Contains(a.str("detail"), "Content-Encoding") {
				t.Errorf("%s, %s: %s", target, coding, a.raw)
			}
		}
	}
	acme.do("POST", "/api/v1/services/", `{"name":"x"}`, "Content-Encoding", "identity").is(201)
}

func TestOddRequestsAreAnsweredWithAProblemToo(t *testing.T) {
	s := world(t)
	acme := s.org()
	line := func(method, path string) string {
		return method + " " + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + acme.token +
			"\r\nConnection: close\r\n\r\n"
	}
	shake := func(headers string) string {
		return "GET /ws/status/public/" + acme.slug + "/ HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n\r\n"
	}
	for _, row := range []struct {
		name, text string
		code       int
	}{
		{"a socket without an upgrade", shake(
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), 400},
		{"a socket that is kept alive", shake("Connection: keep-alive\r\nUpgrade: " +
			"websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), 400},
		{"a socket of an old version", shake("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: " +
			"8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), 400},
		{"a socket with half a key", shake("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: " +
			"13\r\nSec-WebSocket-Key: dGhl"), 400},
		{"a socket, as Firefox opens it", shake("Connection: keep-alive, Upgrade\r\nUpgrade: " +
			"WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="), 101},
		{"a NUL in the path", line("GET", "/api/v1/services/\x00"), 400},
		{"an escaped NUL", line("GET", "/api/v1/services/%00"), 404},
		{"bad percent-encoding", line("GET", "/api/v1/services/%zz"), 404},
		{"half an escape", line("GET", "/api/v1/services/%"), 404},
		{"bad percent-encoding in a query", line("GET", "/api/v1/services/?page=%zz"), 422},
		{"bad percent-encoding in a slug", line("GET", "/api/v1/public/%zz/status"), 404},
		{"a path that climbs", line("GET", "/api/v1/../../etc/passwd"), 404},
		{"a path that climbs, escaped", line("GET", "/api/v1/%2e%2e/%2e%2e/etc/passwd"), 404},
		{"two slashes", line("GET", "/api/v1//nothing"), 404},
		{"another case", line("GET", "/api/V1/services/"), 404},
		{"bytes that are no text", line("GET", "/api/v1/services/\xff\xfe"), 404},
		{"an absolute address", line("GET", "http://x/api/v1/nothing"), 404},
		{"no such path", line("GET", "/api/v1/nothing"), 404},
		{"no such version", line("GET", "/api/v2/services"), 404},
		{"only /api", line("GET", "/api/"), 404},
		{"an unknown method", line("BREW", "/api/v1/services/"), 405},
		{"an unknown method, nowhere", line("BREW", "/api/v1/nothing"), 404},
		{"PUT", line("PUT", "/api/v1/services/"), 405},
		{"TRACE", line("TRACE", "/api/v1/services/"), 405},
		{"CONNECT", line("CONNECT", "/api/v1/services/"), 405},
		{"DELETE of a list", line("DELETE", "/api/v1/services/"), 405},
		{"POST of one", line("POST", "/api/v1/services/0197a1de-3c00-7000-8000-000000000001"), 405},
		{"GET of a member", line("GET", "/api/v1/members/0197a1de-3c00-7000-8000-000000000001"), 405},
		{"GET of login", line("GET", "/api/v1/auth/login/"), 405},
		{"POST to a page", line("POST", "/status/"+acme.slug), 405},
		{"DELETE of a feed", line("DELETE", "/status/"+acme.slug+"/feed.atom"), 405},
		{"PUT to the dashboard", line("PUT", "/dashboard/incidents"), 405},
		{"POST to a socket", line("POST", "/ws/status/public/"+acme.slug+"/"), 405},
		{"POST to healthz", line("POST", "/healthz"), 405},
		{"an unknown method at a page", line("BREW", "/status/"+acme.slug), 405},
		{"POST to v2", line("POST", "/status/"+acme.slug+"/api/v2/summary.json"), 405},
		{"POST to the public", line("POST", "/api/v1/public/"+acme.slug+"/status"), 405},
		{"a header over 16 KB", "GET /api/v1/services/ HTTP/1.1\r\nHost: x\r\nX-Long: " + strings.Repeat("x", 20_000) +
			"\r\n\r\n", 400},
		{"no HTTP at all", "HELLO\r\n\r\n", 400},
		{"another protocol", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400},
		{"a header without a colon", "GET /api/v1/services/ HTTP/1.1\r\nHost: x\r\nnonsense\r\nConnection: " +
			"close\r\n\r\n", 400},
		{"a body that ends too early", "POST /api/v1/services/ HTTP/1.1\r\nHost: x\r\nConnection: " +
			"close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab\r\n", 400},
	} {
		t.Run(row.name, func(t *testing.T) {
			own := *s
			own.t = t
			a := own.bytes(row.text)
			a.is(row.code)
			if row.code == 405 && a.header.Get("Allow") == "" {
				t.Error("no Allow")
			}
		})
	}
}

func TestHEADIsGETWithoutABodyAndOPTIONSSaysWhatThereIs(t *testing.T) {
	s := world(t)
	acme := s.org()
	id := acme.service("API")
	for _, path := range []string{"/api/v1/services/", "/api/v1/services/" + id, "/api/v1/snapshot", "/api/v1/public/" +
		acme.slug + "/summary/", "/.well-known/jwks.json"} {
		get, head := acme.do("GET", path, nil, "Accept-Encoding", "identity").is(200),
			acme.do("HEAD", path, nil, "Accept-Encoding", "identity").is(200)
		if len(head.raw) != 0 || head.header.Get("Content-Type") != get.header.Get("Content-Type") ||
			head.header.Get("ETag") != get.header.Get("ETag") ||
			head.header.Get("Status-Seq") != get.header.Get("Status-Seq") {
			t.Errorf("HEAD %s: %q %v", path, head.raw, head.header)
		}
	}
	if a := acme.do("HEAD", "/api/v1/services/0197a1de-3c00-7000-8000-000000000001", nil).is(404); len(a.raw) != 0 {
		t.Errorf("HEAD of nothing has a body: %s", a.raw)
	}
	for path, allow := range map[string]string{
		"/api/v1/services/": "GET, HEAD, POST, OPTIONS", "/api/v1/services/" + id: "GET, HEAD, PATCH, DELETE, OPTIONS",
		"/api/v1/auth/login/":         "POST, OPTIONS",
		"/api/v1/members/" + id + "/": "PATCH, DELETE, OPTIONS", "/api/v1/public/" + acme.slug +
			"/status/": "GET, HEAD, OPTIONS",
	} {
		a := s.nobody().do("OPTIONS", path, nil, "Origin", "https://other.example", "Access-Control-Request-Method",
			"GET").is(204)
		if got := a.header.Get("Allow"); got != allow {
			t.Errorf("OPTIONS %s: Allow is %q, not %q", path, got, allow)
		}
		cors, public := a.header.Get("Access-Control-Allow-Origin"), strings.Contains(path, "/public/")
		if public != (cors == "*") || public && !strings.Contains(a.header.Get("Access-Control-Allow-Headers"),
			"Status-Min-Seq") {
			t.Errorf("OPTIONS %s: %v", path, a.header)
		}
	}
	s.nobody().do("OPTIONS", "/api/v1/nothing", nil).refuses(404)
}

func TestEveryAnswerOfTheAPIHasTheHeadersThatKeepABrowserSafe(t *testing.T) {
	s := world(t)
	acme := s.org()
	for _, a := range []*answer{acme.get("/api/v1/services/"), s.nobody().do("GET", "/api/v1/services/", nil),
		s.nobody().do("GET", "/api/v1/nothing", nil),
		s.nobody().get("/api/v1/public/" + acme.slug + "/summary/"), acme.post("/api/v1/services/", j{"name": "API"}),
		acme.do("POST", "/api/v1/services/", "{")} {
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Referrer-Policy": "no-referrer"} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%s: %s is %q", a.what, name, got)
			}
		}
		if got := a.header.Get("Cache-Control"); !strings.Contains(a.what, "/public/") && got != "no-store" {
			t.Errorf("%s: Cache-Control is %q", a.what, got)
		}
		if a.header.Get("Access-Control-Allow-Origin") != "" && !strings.Contains(a.what, "/public/") {
			t.Errorf("%s: any site may read it", a.what)
		}
	}
}

func TestLinksComeFromTheRequestAndNotFromHeadersThatAnybodyWrites(t *testing.T) {
	acme := world(t).org()
	acme.service("a")
	acme.service("b")
	a := acme.do("GET", "/api/v1/services/?page_size=1&search=%22%26x", nil)
	a.is(200).has("count", 0)
	a = acme.do("GET", "/api/v1/services/?page_size=1&status=operational", nil, "X-Forwarded-Host", "evil.example",
		"X-Forwarded-Proto", "https", "Forwarded", "host=evil.example")
	if next := a.str("next"); !strings.HasPrefix(next, "http://"+acme.addr+"/api/v1/services/?") ||
		!strings.Contains(next, "status=operational") {
		t.Errorf("next is %s", next)
	}
	if cookie := acme.post("/api/v1/services/", j{"name": "c"}, "X-Forwarded-Proto", "https").
		header.Get("Set-Cookie"); strings.Contains(strings.ToLower(cookie), "secure") {
		t.Errorf("the cookie %q believed a header", cookie)
	}
}

func TestAnAnswerToGarbageIsNeverAFailureOfOurs(t *testing.T) {
	acme := world(t).org()
	words := []string{`null`, `true`, `-0`, `1e308`, `""`, `"\u0000"`, `[]`, `{}`, `[[]]`, `{"id":{}}`, `"2026-01-01"`,
		`"9999-12-31T23:59:59Z"`, `-62135596800000`, `9223372036854775807`}
	names := []string{"id", "name", "title", "description", "status", "service", "services", "to_state", "position",
		"group", "version", "notify", "update_id", "message", "body",
		"scheduled_for", "scheduled_until", "email", "role", "password", "scopes", "expires_at", "url", "hostname",
		"time_zone", "accent"}
	var targets []string
	incident := acme.incident("Trouble")
	for _, p := range []string{"services/", "incidents/", "maintenances/", "members/", "api-keys/",
		"incidents/" + incident + "/updates/"} {
		targets = append(targets, "POST /api/v1/"+p)
	}
	for _, p := range []string{"services/" + acme.service("API"), "incidents/" + incident, "maintenances/" +
		acme.window("Work"), "organization"} {
		targets = append(targets, "PATCH /api/v1/"+p)
	}
	for i, target := range targets {
		method, path, _ := strings.Cut(target, " ")
		for k, name := range names {
			body := fmt.Sprintf(`{%q:%s,%q:%s}`, name, words[(i+k)%len(words)], names[(k+7)%len(names)],
				words[(i*3+k*5)%len(words)])
			if !json.Valid([]byte(body)) {
				t.Fatal(body)
			}
			if a := acme.do(method, path, body); a.code >= http.StatusInternalServerError {
				t.Errorf("%s %s: %d %s", target, body, a.code, a.raw)
			}
		}
	}
}
