package app_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"statuspage/server/config"
	"statuspage/server/demo"
	"statuspage/server/usecase"
)

// wire is a connection on which requests are written as they stand here.
type wire struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
	host string
}

func (s *site) wire(t *testing.T) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &wire{t: t, conn: conn, in: bufio.NewReader(conn), host: s.addr}
}

// volatile is what differs from one answer to the next.
var volatile = regexp.MustCompile(`(?m)^(Date|X-Request-Id|Status-Lag|Ratelimit): .*\r\n`)

var requestID = regexp.MustCompile(`(?m)^X-Request-Id: (\S+)\r$`)

var contentLength = regexp.MustCompile(`(?m)^Content-Length: (\d+)\r$`)

// ask gives the answer's head as it was sent, without what differs each time, and the body.
func (w *wire) ask(line string, headers ...string) (head string, body []byte) {
	w.t.Helper()
	return w.exchange(line, fmt.Sprintf("%s HTTP/1.1\r\nHost: %s\r\n%s\r\n", line, w.host,
		strings.Join(append(headers, ""), "\r\n")))
}

// exchange writes what may be a request, in as many parts, and reads one answer.
func (w *wire) exchange(line string, parts ...string) (head string, body []byte) {
	w.t.Helper()
	for i, part := range parts {
		if i > 0 {
			time.Sleep(20 * time.Millisecond) // so that they come as two; that they come as one is no fault
		}
		if _, err := w.conn.Write([]byte(part)); err != nil {
			w.t.Fatal(err)
		}
	}
	_ = w.conn.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		text, err := w.in.ReadString('\n')
		if err != nil {
			w.t.Fatal(err)
		}
		if text == "\r\n" {
			break
		}
		head += text
	}
	if length := contentLength.FindStringSubmatch(head); length != nil && !strings.HasPrefix(line, "HEAD ") {
		n, _ := strconv.Atoi(length[1])
		body = make([]byte, n)
		if _, err := io.ReadFull(w.in, body); err != nil {
			w.t.Fatal(err)
		}
	}
	for _, name := range []string{"Date: ", "X-Request-Id: ", "Status-Lag: "} {
		if strings.Count(head, name) != 1 {
			w.t.Errorf("%s: %d × %s", line, strings.Count(head, name), name)
		}
	}
	if id := requestID.FindStringSubmatch(head); id != nil { // which an error tells, too
		body = bytes.ReplaceAll(body, []byte(id[1]), nil)
	}
	return volatile.ReplaceAllString(head, ""), body
}

func startDemonstration(t *testing.T, change func(*config.Config)) *site {
	t.Helper()
	s := startSite(t, func(c *config.Config) {
		c.PublicRate = 1 << 20
		if change != nil {
			change(c)
		}
	})
	if _, err := demo.Fill(context.Background(), s.app.DB, s.app.UseCases, time.Now().Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	return s
}

// kept are paths that the front answers.
var kept = []string{"/status/acme", "/status/acme/", "/status/ACME", "/status/acme/badge.svg", "/status/acme/feed.atom",
	"/status/acme/feed.rss",
	"/status/acme/calendar.ics", "/status/acme/api/v2/summary.json", "/status/acme/api/v2/status.json",
	"/status/acme/api/v2/components.json",
	"/status/acme/api/v2/incidents.json", "/status/acme/api/v2/incidents/unresolved.json",
	"/status/acme/api/v2/scheduled-maintenances.json",
	"/status/acme/api/v2/scheduled-maintenances/upcoming.json",
	"/status/acme/api/v2/scheduled-maintenances/active.json",
	"/api/v1/public/acme/status", "/api/v1/public/acme/status/", "/api/v1/public/acme/summary/",
	"/api/v1/public/acme/uptime/"}

// passed are others, which it leaves to the router.
var passed = []string{"/", "/healthz", "/login", "/status/nobody", "/status/acme?x=1", "/status/acme/history",
	"/status/acme/badge.svg?label=x", "/api/v1/public/acme/services/",
	"/api/v1/public/acme/incidents/", "/api/v1/public/acme/uptime/?days=30", "/api/v1/services/", "/api/openapi.json",
	"/nothing", "//status/acme"}

func TestWhatIsAnsweredBeforeTheRouterIsWhatTheRouterAnswers(t *testing.T) {
	s := startDemonstration(t, nil)
	w := s.wire(t)
	compare := func(line string, headers ...string) (hits int64, etag string) {
		t.Helper()
		want, body := w.ask(line, append(slices.Clone(headers), "X-Other: 1")...)
		again, _ := w.ask(line, append(slices.Clone(headers), "X-Other: 1")...)
		if want != again {
			t.Fatalf("%s %v: two answers of the router differ:\n%s\n%s", line, headers, want, again)
		}
		before := s.app.FrontAnswers()
		for range 3 {
			head, got := w.ask(line, headers...)
			if head != want || !bytes.Equal(got, body) {
				t.Errorf("%s %v: %d bytes\n%s\nthe router: %d bytes\n%s", line, headers, len(got), head, len(body),
					want)
			}
		}
		etag = regexp.MustCompile(`(?m)^Etag: (.*)\r$`).FindString(want)
		return s.app.FrontAnswers() - before, strings.TrimSpace(strings.TrimPrefix(etag, "Etag: "))
	}
	for i, path := range append(slices.Clone(kept), passed...) {
		wanted := int64(0)
		if slices.Contains(kept, path) {
			wanted = 2
		}
		for _, accept := range []string{"", "Accept-Encoding: identity", "Accept-Encoding: gzip",
			"Accept-Encoding: gzip, deflate, br, zstd"} {
			headers := []string{"User-Agent: test", "Accept-Language: de"}
			if accept != "" {
				headers = append(headers, accept)
			}
			hits, etag := compare("GET "+path, headers...)
			if hits != wanted {
				t.Errorf("%s %s: %d of 3 answered before the router, want %d", path, accept, hits, wanted)
			}
			if etag == "" {
				continue
			}
			if hits, _ := compare("GET "+path, append(headers, "If-None-Match: "+etag)...); wanted > 0 && hits != 3 {
				t.Errorf("%s with its tag: %d of 3 answered before the router", path, hits)
			}
			compare("GET "+path, append(headers, "If-None-Match: W/\"other\"")...)
		}
		if i%5 != 0 {
			continue
		}
		for _, unusual := range []string{"Status-Min-Seq: 1", "Status-Min-Seq: x", "Cookie: a=b", "Range: bytes=0-9",
			"If-Modified-Since: Mon, 30 Nov 2026 00:00:00 GMT",
			"Content-Length: 0", "Authorization: Bearer x", "If-Range: \"x\"", "If-Match: *",
			"If-Unmodified-Since: Mon, 30 Nov 2026 00:00:00 GMT", "Expect: nothing",
			"Transfer-Encoding: identity", "Forwarded: for=192.0.2.1", "Sec-Fetch-Storage-Access: none"} {
			if hits, _ := compare("GET "+path, unusual); hits != 0 {
				t.Errorf("%s with %s is answered before the router", path, unusual)
			}
		}
		if hits, _ := compare("HEAD " + path); hits != 0 {
			t.Errorf("HEAD %s is answered before the router", path)
		}
	}
}

// oddly are ways to ask for a path that differ from a browser's; two of them are ordinary enough for the front.
var oddly = []struct {
	name, request string // PATH and HOST are put in; X stands where one more header may
	hits          int64
}{
	{"names in lower case", "GET PATH HTTP/1.1\r\nhost: HOST\r\nuser-agent: x\r\nX\r\n", 2},
	{"values without and with spaces", "GET PATH HTTP/1.1\r\nHost:HOST\r\nUser-Agent:   x  \r\nX\r\n", 3},
	{"any coding", "GET PATH HTTP/1.1\r\nHost: HOST\r\nAccept-Encoding: *\r\nX\r\n", 2},
	{"no brotli", "GET PATH HTTP/1.1\r\nHost: HOST\r\nAccept-Encoding: br;q=0, gzip;q=0.001, *;q=0\r\nX\r\n", 2},
	{"codings nobody has", "GET PATH HTTP/1.1\r\nHost: HOST\r\nAccept-Encoding: zstd, compress, x\r\nX\r\n", 2},
	{"no codings", "GET PATH HTTP/1.1\r\nHost: HOST\r\nAccept-Encoding:\r\nX\r\n", 3},
	{"codings twice", "GET PATH HTTP/1.1\r\nHost: HOST\r\nAccept-Encoding: br\r\nAccept-Encoding: gzip\r\nX\r\n", 0},
	{"another host name", "GET PATH HTTP/1.1\r\nHost: status.example.org\r\nX\r\n", 2},
	{"a host name in capitals with a port", "GET PATH HTTP/1.1\r\nHost: STATUS.example.org:8443\r\nX\r\n", 2},
	{"no host name", "GET PATH HTTP/1.1\r\nUser-Agent: x\r\nX\r\n", 0},
	{"an empty host name", "GET PATH HTTP/1.1\r\nHost:\r\nX\r\n", -1},
	{"two host names", "GET PATH HTTP/1.1\r\nHost: HOST\r\nHost: other.example\r\nX\r\n", 0},
	{"a host name that is none", "GET PATH HTTP/1.1\r\nHost: a b\r\nX\r\n", -1},
	{"an absolute target", "GET http://HOSTPATH HTTP/1.1\r\nHost: HOST\r\nX\r\n", 0},
	{"an absolute target of another host", "GET http://other.examplePATH HTTP/1.1\r\nHost: HOST\r\nX\r\n", 0},
	{"a query", "GET PATH?a=b HTTP/1.1\r\nHost: HOST\r\nX\r\n", 0},
	{"an empty query", "GET PATH? HTTP/1.1\r\nHost: HOST\r\nX\r\n", 0},
	{"a fragment", "GET PATH#x HTTP/1.1\r\nHost: HOST\r\nX\r\n", 0},
	{"two slashes", "GET /PATH HTTP/1.1\r\nHost: HOST\r\nX\r\n", -1},
	{"HTTP/1.0", "GET PATH HTTP/1.0\r\nHost: HOST\r\nX\r\n", 0},
	{"HTTP/1.2", "GET PATH HTTP/1.2\r\nHost: HOST\r\nX\r\n", 0},
	{"a method in lower case", "get PATH HTTP/1.1\r\nHost: HOST\r\nX\r\n", 0},
	{"a header over two lines", "GET PATH HTTP/1.1\r\nHost: HOST\r\nUser-Agent: x\r\n y\r\nX\r\n", 0},
	{"a space before the colon", "GET PATH HTTP/1.1\r\nHost: HOST\r\nUser-Agent : x\r\nX\r\n", 0},
	{"a header without a name", "GET PATH HTTP/1.1\r\nHost: HOST\r\n: x\r\nX\r\n", 0},
	{"a control character", "GET PATH HTTP/1.1\r\nHost: HOST\r\nUser-Agent: a\x01b\r\nX\r\n", 0},
	{"a carriage return in a value", "GET PATH HTTP/1.1\r\nHost: HOST\r\nUser-Agent: a\rb\r\nX\r\n", 0},
	{"to be closed", "GET PATH HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\nX\r\n", 0},
	{"to be kept", "GET PATH HTTP/1.1\r\nHost: HOST\r\nConnection: Keep-Alive\r\nX\r\n", 3},
	{"an upgrade", "GET PATH HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nX\r\n", 0},
	{"any tag", "GET PATH HTTP/1.1\r\nHost: HOST\r\nIf-None-Match: *\r\nX\r\n", -1},
}

func TestOddRequestsAreAnsweredAsTheRouterAnswers(t *testing.T) {
	s := startDemonstration(t, nil)
	for _, path := range []string{"/status/acme", "/api/v1/public/acme/status/"} {
		for _, c := range oddly {
			t.Run(c.name+" "+path, func(t *testing.T) {
				request := strings.NewReplacer("PATH", path, "HOST", s.addr).Replace(c.request)
				ask := func(header string) (string, []byte) {
					return s.wire(t).exchange(c.name, strings.Replace(request, "\nX\r\n", "\n"+header+"\r\n", 1))
				}
				want, body := ask("X-Other: 1\r\n")
				before := s.app.FrontAnswers()
				for range 3 {
					if head, got := ask(""); head != want || !bytes.Equal(got, body) {
						t.Errorf("%d bytes\n%s\nthe router: %d bytes\n%s", len(got), head, len(body), want)
					}
				}
				if hits := s.app.FrontAnswers() - before; c.hits >= 0 && hits != c.hits {
					t.Errorf("%d of 3 answered before the router, want %d", hits, c.hits)
				}
			})
		}
	}
}

func TestRequestsThatComeTogetherAreAnsweredInOrder(t *testing.T) {
	s := startDemonstration(t, nil)
	w := s.wire(t)
	get := func(path, header string) string {
		return "GET " + path + " HTTP/1.1\r\nHost: " + s.addr + "\r\n" + header + "\r\n"
	}
	const status, summary, v2 = "/api/v1/public/acme/status/", "/api/v1/public/acme/summary/",
		"/status/acme/api/v2/status.json"
	want := map[string][]byte{}
	for _, path := range []string{status, summary, v2} {
		_, want[path] = w.exchange(path, get(path, ""))
	}
	// The front answers what comes before the first that it does not know, and the server all that follows.
	order := []string{status, summary, v2, status, v2, summary}
	for odd := range order {
		var text strings.Builder
		for i, path := range order {
			header := ""
			if i == odd {
				header = "X-Other: 1\r\n"
			}
			text.WriteString(get(path, header))
		}
		before := s.app.FrontAnswers()
		for cut := 0; cut < text.Len(); cut += 97 {
			parts := []string{text.String()[:cut], text.String()[cut:]}
			for i, path := range order {
				if _, body := w.exchange(path, parts...); !bytes.Equal(body, want[path]) {
					t.Fatalf("answer %d of %d, cut at %d: %s", i, len(order), cut, body)
				}
				parts = nil
			}
		}
		if odd > 0 && s.app.FrontAnswers() == before {
			t.Error("nothing was answered before the router")
		}
	}
	// What a body has is no request, whatever it looks like.
	body := get(status, "")
	head, answer := w.exchange("POST", fmt.Sprintf("POST /api/v1/public/acme/subscribe/ HTTP/1.1\r\nHost: "+
		"%s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", s.addr, len(body)), body)
	if !strings.HasPrefix(head, "HTTP/1.1 400") {
		t.Errorf("%s\n%s", head, answer)
	}
	if _, got := w.exchange("GET", get(summary, "")); !bytes.Equal(got, want[summary]) {
		t.Errorf("after a body: %s", got)
	}
}

func TestWhatIsAnsweredBeforeTheRouterIsNeverOld(t *testing.T) {
	s := startDemonstration(t, nil)
	w := s.wire(t)
	ctx := context.Background()
	org, err := s.app.DB.OrgBySlug(ctx, "acme")
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.app.UseCases.Token(ctx, "acme", demo.Email, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	c := &caller{site: s, org: org, slug: "acme", token: token}
	paths := []string{"/status/acme", "/status/acme/badge.svg", "/status/acme/api/v2/summary.json",
		"/api/v1/public/acme/summary/"}
	made := c.service("Made later")
	for i := range 20 {
		name := fmt.Sprintf("Renamed %d", i)
		for _, path := range paths {
			for range 2 {
				w.ask("GET " + path)
			}
		}
		c.patch("/api/v1/services/"+made+"/", j{"name": name})
		for _, path := range paths {
			if _, body := w.ask("GET " + path); path != "/status/acme/badge.svg" &&
				!bytes.Contains(body, []byte(name)) {
				t.Fatalf("%s was answered without what had been written before", path)
			}
		}
	}
	if s.app.FrontAnswers() < 20*int64(len(paths)) {
		t.Errorf("only %d answered before the router", s.app.FrontAnswers())
	}
	if _, err := s.app.UseCases.DeleteOrg(ctx, usecase.Caller{System: true}, c.org, "acme"); err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if head, _ := w.ask("GET " + path); !strings.HasPrefix(head, "HTTP/1.1 404") {
			t.Errorf("%s of an organisation that is deleted: %s", path, head)
		}
	}
}

func TestWhoComesTooOftenIsRefusedBeforeTheRouterAsByIt(t *testing.T) {
	s := startDemonstration(t, func(c *config.Config) { c.PublicRate = 5 })
	w := s.wire(t)
	heads := map[string]int{}
	for range 40 {
		head, _ := w.ask("GET /api/v1/public/acme/status/")
		heads[head[:len("HTTP/1.1 200")]]++
	}
	if heads["HTTP/1.1 200"] < 5 || heads["HTTP/1.1 200"] > 39 || heads["HTTP/1.1 429"] < 1 {
		t.Errorf("answered %v", heads)
	}
	if s.app.FrontAnswers() < 3 {
		t.Error("nothing was answered before the router")
	}
}
