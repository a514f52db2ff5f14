package app_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"

	"statuspage/server/auth"
	"statuspage/server/racetest"
	"statuspage/shared/status"
)

// maxAsked is how much CPU of this process one request may take, whatever is in it: the test's own side and the
// machine's other work are in it. A request that was not bounded took ten seconds.
const maxAsked = racetest.Slower * 600 * time.Millisecond

// list is a JSON list of as many equal members as a body may have.
func list(member string) string {
	return "[" + strings.TrimSuffix(strings.Repeat(member+",", 1_000_000/(len(member)+1)), ",") + "]"
}

// addresses is a JSON list of as many e-mail addresses as one import takes.
func addresses(one func(i int) string) string {
	out := make([]string, 10_000)
	for i := range out {
		out[i] = `"` + one(i) + `"`
	}
	return "[" + strings.Join(out, ",") + "]"
}

// huge is the head of a PNG that says that it is as large as a PNG can be, and then n bytes that are none.
func huge(n int) string {
	head := binary.BigEndian.AppendUint32([]byte("IHDR"), 1<<31-1)
	head = append(binary.BigEndian.AppendUint32(head, 1<<31-1), 16, 6, 0, 0, 1)
	out := binary.BigEndian.AppendUint32([]byte("\x89PNG\r\n\x1a\n"), 13)
	out = binary.BigEndian.AppendUint32(append(out, head...), crc32.ChecksumIEEE(head))
	return string(out) + strings.Repeat("\x00", n)
}

func TestNoRequestTakesLongWhateverIsInIt(t *testing.T) {
	racetest.Alone(t, "CPU")
	s := world(t)
	acme := s.org()
	service := acme.service("API")
	for i := range 40 {
		acme.post("/api/v1/services/", j{"name": fmt.Sprint("Service ", i),
			"description": strings.Repeat("\u0130\u0301", status.BodyMax/2)})
	}
	s.sql(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
 INSERT INTO subscribers (org_id, id, channel, address, address_key, state, whole, token, secret, base, source, created_at, asked_at, confirmed_at)
 SELECT ?, printf('0197a1de-3c00-7000-8000-%012d', i), 'webhook', 'x', ? || i, 'active', 1, 'hostile-' || i, '', '', 'admin', 1, 1, 1 FROM n`, acme.org, strings.Repeat("a", 1_990))
	const most = 120 << 10
	fill := func(unit string, n int) string { return strings.Repeat(unit, n/len(unit)) }
	post := func(path, body string) func() *answer {
		return func() *answer { return acme.do("POST", path, body) }
	}
	header := func(name, value string) func() *answer {
		return func() *answer { return s.nobody().do("GET", "/status/"+acme.slug+"/", nil, name, value) }
	}
	get := func(path, name, value string) func() *answer {
		return func() *answer { return acme.do("GET", path+"?"+name+"="+url.QueryEscape(value), nil) }
	}
	logo := func(body string) func() *answer {
		return func() *answer { return acme.do("PUT", "/api/v1/organization/logo/", body, "Content-Type", "image/png") }
	}
	for _, c := range []struct {
		name string
		ask  func() *answer
		code int
	}{
		{"a command's services, empty", post("/api/v1/incidents/", `{"title":"a","services":`+list("{}")+`}`), 422},
		{"a command's services, alike", post("/api/v1/incidents/",
			`{"title":"a","to_state":"degraded_performance","services":`+list(`{"id":"`+service+`"}`)+`}`), 422},
		{"a window's services", post("/api/v1/maintenances/", `{"title":"a","services":`+list(`""`)+
			`,"scheduled_for":"2099-01-01T00:00:00Z","scheduled_until":"2099-01-01T01:00:00Z"}`), 422},
		{"a series' services", post("/api/v1/recurring-maintenances/",
			`{"title":"a","rrule":"FREQ=DAILY","starts_at":"2099-01-01T00:00:00","duration_minutes":5,"services":`+
				list(`""`)+`}`), 422},
		{"a template's services", post("/api/v1/templates/", `{"name":"a","services":`+list("{}")+`}`), 422},
		{"a template's blanks", post("/api/v1/templates/", `{"name":"a","body":"`+distinct()+`"}`), 201},
		{"a key's scopes", post("/api/v1/api-keys/", `{"name":"a","scopes":`+list(`""`)+`}`), 422},
		{"a subscriber's services", post("/api/v1/subscribers/", `{"email":"a@b.example","services":`+list(`""`)+`}`),
			422},
		{"an import of nothing", post("/api/v1/subscribers/", `{"consent":true,"emails":`+list(`""`)+`}`), 422},
		{"an import of quotes", post("/api/v1/subscribers/", `{"consent":true,"emails":`+
			addresses(func(int) string { return fill(`\"`, 90) })+`}`), 201},
		{"an import of marks", post("/api/v1/subscribers/", `{"consent":true,"emails":`+
			addresses(func(int) string { return "a@" + fill("e\u0301\u0327", 80) + ".example" })+`}`), 201},
		{"an import of words", post("/api/v1/subscribers/", `{"consent":true,"emails":`+
			addresses(func(i int) string { return fmt.Sprint("a", i, "@", fill("a.", 40), "example") })+`}`), 201},
		{"deep", post("/api/v1/incidents/", fill("[", 1_000_000)), 400},
		{"fields", post("/api/v1/incidents/", `{"a":`+list(members())+`}`), 422},
		{"escapes", post("/api/v1/incidents/", `{"title":"`+fill(`\ud83d\ude00`, 999_000)+`"}`), 422},
		{"digits", post("/api/v1/incidents/", `{"version":`+fill("9", 999_000)+`}`), 422},
		{"services by a word", get("/api/v1/services/", "search", fill("i\u0307", 4_000)), 422},
		{"services by a long word", get("/api/v1/services/", "search", fill("i\u0307", 254)), 200},
		{"services by a letter", get("/api/v1/services/", "search", "\u0301"), 200},
		{"subscribers by a word", get("/api/v1/subscribers/", "search", fill("a.", 4_000)), 422},
		{"subscribers by signs", get("/api/v1/subscribers/", "search", fill("%_", 254)), 200},
		{"subscribers by halves", get("/api/v1/subscribers/", "search", fill("a", 126)+"b"), 200},
		{"the log by an actor", get("/api/v1/audit-log/", "actor", fill("%_", 4_000)), 200},
		{"a picture as large as can be", logo(huge(most)), 422},
		{"a picture that says nothing", logo("\xff\xd8\xff" + fill("\xff", most)), 422},
		{"a picture of many parts", logo("\xff\xd8\xff\xc4\x00\x02" + fill("\xff\xfe\x00\x02", most)), 422},
		{"languages", header("Accept-Language", fill("en-a;q=0.1,", 12_000)), 200},
		{"encodings", header("Accept-Encoding", fill("a;q=0.1,", 12_000)), 200},
		{"entity tags", header("If-None-Match", fill(`W/"a",`, 12_000)), 200},
		{"cookies", header("Cookie", fill("a=b;", 12_000)), 200},
		{"types", header("Accept", fill("a/b;q=0.1,", 12_000)), 200},
		{"ranges", header("Range", "bytes="+fill("0-0,", 12_000)), 200},
	} {
		heldTo(t, c.name, c.code, func() {}, c.ask)
	}
}

// TestNoDocumentTakesLongWhateverItTells asks for each document of a crowded page right after a change, when none is
// ready.
func TestNoDocumentTakesLongWhateverItTells(t *testing.T) {
	racetest.Alone(t, "CPU")
	s := world(t)
	acme := s.org()
	units := []string{"[a](", "> ", "**a __b ", "&amp;", "`a``", "|a|b|\n|-|-|\n", "e\u0301\u0327", "\U0001f469\u200d", "<a b='", "]]>"}
	for i := range 30 {
		unit := units[i%len(units)]
		text := strings.Repeat(unit, status.BodyMax/2/utf8.RuneCountInString(unit))
		service := acme.post("/api/v1/services/", j{"name": fmt.Sprint("Service ", i), "description": text}).str("id")
		at := acme.post("/api/v1/incidents/", j{"title": fmt.Sprint("Incident ", i), "description": text, "services": []j{{"id": service, "to_state": "degraded_performance"}}}).str("id")
		acme.post("/api/v1/incidents/"+at+"/updates/", j{"status": "identified", "body": text})
		acme.post("/api/v1/maintenances/", j{"title": "Window", "description": text, "services": []string{service}, "scheduled_for": "2099-01-01T00:00:00Z", "scheduled_until": "2099-01-01T01:00:00Z"})
	}
	changes := 0
	for _, path := range []string{"", "/history/", "/feed.atom", "/feed.rss", "/history.atom", "/calendar.ics", "/llms.txt", "/badge.svg", "/embed/", "/shields.json", "/api/v2/summary.json",
		"/api/v2/incidents.json", "/api/v2/scheduled-maintenances.json"} {
		heldTo(t, "/status/"+acme.slug+path, 200, func() { changes++; acme.patch("/api/v1/organization/", j{"announcement": fmt.Sprint(changes)}) },
			func() *answer { return s.nobody().do("GET", "/status/"+acme.slug+path, nil) })
	}
}

// heldTo asks up to three times, until an answer takes no longer than it may. before is not counted.
func heldTo(t *testing.T, name string, code int, before func(), ask func() *answer) {
	t.Helper()
	best, a := time.Hour, (*answer)(nil)
	for range 3 {
		before()
		begun := cpu()
		a = ask()
		if best = min(best, cpu()-begun); best < maxAsked {
			break
		}
	}
	t.Logf("%-32s %8v, %d, %d bytes", name, best.Round(100*time.Microsecond), a.code, len(a.raw))
	if a.code != code {
		t.Errorf("%s: %d %.200s", name, a.code, a.raw)
	}
	if best > maxAsked {
		t.Errorf("%s: %v", name, best)
	}
	if a.code >= 400 && len(a.raw) > 64<<10 {
		t.Errorf("%s: a refusal of %d bytes", name, len(a.raw))
	}
}

// rsa is a public key as COSE (RFC 8230), of as many bits of ones.
func rsa(t *testing.T, bits int) []byte {
	t.Helper()
	key, err := cbor.Marshal(map[int]any{1: 3, 3: -257, -1: bytes.Repeat([]byte{0xff}, bits/8), -2: []byte{0x7f, 0xff, 0xff, 0xff}})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestAPasskeysKeyIsNotLongerThanCheckingItMayTake(t *testing.T) {
	s := named(t)
	ada, _ := s.org().signedIn(auth.Member)
	for _, bits := range []int{16_384, 32_768, 262_144} {
		evil := passkeyFor(t)
		evil.public = rsa(t, bits)
		ada.addPasskey(evil, "").refuses(422, "passkey")
	}
	key := passkeyFor(t)
	key.public = rsa(t, 8_192)
	ada.addPasskey(key, "").is(201)
	a := s.nobody().do("POST", "/api/v1/auth/passkey/options/", nil).is(200)
	shown := key.get(a.at("passkey").(j))
	shown["response"].(j)["signature"] = b64(bytes.Repeat([]byte{0x7f}, 1_024))
	begun := cpu()
	s.nobody().do("POST", "/api/v1/auth/passkey/", j{"challenge": a.str("challenge"), "passkey": shown}).refuses(401, "passkey")
	if took := cpu() - begun; took > maxAsked {
		t.Errorf("a signature took %v", took)
	} else {
		t.Logf("a signature of RSA of 8,192 bits: %v", took)
	}
}

// members is an object with as many fields as one may have.
func members() string {
	var b strings.Builder
	for i := range 199 {
		fmt.Fprintf(&b, `"%03d":0,`, i)
	}
	return "{" + b.String() + `"a":0}`
}

// distinct is a text of as many blanks as it can have, each with its own name.
func distinct() string {
	var b strings.Builder
	for i := 0; b.Len() < status.BodyMax-10; i++ {
		fmt.Fprintf(&b, "{{%x}}", i)
	}
	return b.String()
}
