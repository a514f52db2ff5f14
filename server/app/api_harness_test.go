package app_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"statuspage/server/auth"
	"statuspage/server/racetest"
	"statuspage/server/usecase"
)

// common is one running process for all tests that need no configuration of their own. Each makes its own
// organisations.
var common struct {
	once sync.Once
	dir  string
	site *site
	made atomic.Int64
}

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() || racetest.Slower > 1 { // and not where memory is measured: garbage is a fifth of the work
		debug.SetGCPercent(400)
	}
	code := m.Run()
	if common.site != nil {
		common.site.stop()
	}
	_ = os.RemoveAll(common.dir)
	if run := flag.Lookup("test.run"); code == 0 && run != nil && run.Value.String() == "" {
		code = untried()
	}
	os.Exit(code)
}

// world is the common process, for this test.
func world(t testing.TB) *site {
	t.Helper()
	common.once.Do(func() {
		dir, err := os.MkdirTemp("", "statuspage")
		if err != nil {
			t.Fatal(err)
		}
		s := &site{t: t, file: filepath.Join(dir, "status.db"), addr: "127.0.0.1:0"}
		s.start()
		common.dir, common.site = dir, s
	})
	if common.site == nil {
		t.Fatal("the common process did not start")
	}
	own := *common.site
	own.t = t
	return &own
}

// caller is somebody who calls: an admin, a member, a key, nobody.
type caller struct {
	*site
	org, slug string
	id        string
	token     string
}

// org makes an organisation and answers with its admin.
func (s *site) org() *caller {
	s.t.Helper()
	slug := fmt.Sprintf("org-%d", common.made.Add(1))
	c := s.tenant(slug)
	who := &caller{site: s, org: c.id, slug: slug, token: c.token}
	who.id = who.get("/api/v1/users/me/").str("id")
	return who
}

// join makes somebody else of the same organisation.
func (c *caller) join(role auth.Role) *caller {
	c.t.Helper()
	ctx := context.Background()
	email := fmt.Sprintf("%s-%d@%s.example", role, common.made.Add(1), c.slug)
	m, err := c.app.UseCases.AddMember(ctx, usecase.Caller{System: true}, c.org,
		usecase.NewMember{Email: email, Role: role})
	if err != nil {
		c.t.Fatal(err)
	}
	token, err := c.app.UseCases.Token(ctx, c.slug, email, time.Hour)
	if err != nil {
		c.t.Fatal(err)
	}
	return &caller{site: c.site, org: c.org, slug: c.slug, id: m.UserID, token: token}
}

// joined makes a member with a password by the operator's command, and answers their id.
func (s *site) joined(org, email string, role auth.Role, password string) string {
	s.t.Helper()
	m, err := s.app.UseCases.AddMember(context.Background(), usecase.Caller{System: true}, org,
		usecase.NewMember{Email: email, Role: role, Password: password})
	if err != nil {
		s.t.Fatal(err)
	}
	return m.UserID
}

func (c *caller) joined(email string, role auth.Role, password string) string {
	c.t.Helper()
	return c.site.joined(c.org, email, role, password)
}

func (c *tenant) joined(email string, role auth.Role, password string) string {
	c.t.Helper()
	return c.site.joined(c.id, email, role, password)
}

// key makes an API key of the same organisation.
func (c *caller) key(scopes ...string) *caller {
	c.t.Helper()
	body := j{"name": "A key"}
	if len(scopes) > 0 {
		body["scopes"] = scopes
	}
	made := c.post("/api/v1/api-keys/", body)
	return &caller{site: c.site, org: c.org, slug: c.slug, id: made.str("id"), token: made.str("key")}
}

// sql changes what no request can change, such as the age of things.
func (s *site) sql(statement string, args ...any) {
	s.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+s.file+"?_busy_timeout=10000")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(statement, args...); err != nil {
		s.t.Fatal(err)
	}
}

// nobody has no token.
func (s *site) nobody() *caller { return &caller{site: s} }

// j is a JSON object.
type j = map[string]any

// answer is what came back. body is nil when there was no JSON object.
type answer struct {
	t      testing.TB
	what   string
	code   int
	header http.Header
	raw    []byte
	body   j
}

// do sends one request over a real socket. body is JSON when it is no string; header goes in pairs.
func (c *caller) do(method, path string, body any, header ...string) *answer {
	c.t.Helper()
	a, err := c.try(method, path, body, header...)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

func (c *caller) try(method, path string, body any, header ...string) (*answer, error) {
	req, err := http.NewRequestWithContext(context.Background(), method, "http://"+c.addr+path, content(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	return c.read(req, res)
}

func (c *caller) read(req *http.Request, res *http.Response) (*answer, error) {
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	a := &answer{t: c.t, what: req.Method + " " + req.URL.RequestURI(), code: res.StatusCode, header: res.Header,
		raw: raw}
	if kind := res.Header.Get("Content-Type"); strings.Contains(kind, "json") && !strings.Contains(kind, "jsonl") &&
		len(raw) > 0 && raw[0] == '{' {
		if err := json.Unmarshal(raw, &a.body); err != nil {
			return nil, fmt.Errorf("%w in %.300s", err, raw)
		}
	}
	a.always(res)
	conforms(c.t, req, res, raw)
	return a, nil
}

func content(body any) io.Reader {
	switch body := body.(type) {
	case nil:
		return nil
	case string:
		return strings.NewReader(body)
	case io.Reader:
		return body
	}
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return bytes.NewReader(raw)
}

// always holds every answer to what all of them promise.
func (a *answer) always(res *http.Response) {
	a.t.Helper()
	if res.Header.Get("Status-Region") == "" || res.Header.Get("X-Request-Id") == "" {
		a.t.Errorf("%s: no Status-Region or no X-Request-Id in %v", a.what, res.Header)
	}
	if a.code >= 500 && a.code != 503 {
		a.t.Errorf("%s: answered %d %s", a.what, a.code, a.raw)
	}
	if a.code >= 400 && res.Request.Method != http.MethodHead {
		a.isProblem()
	}
}

var problemCodes = map[int]string{400: "malformed", 401: "unauthenticated", 403: "forbidden", 404: "not_found",
	405: "method_not_allowed", 409: "conflict",
	412: "precondition_failed", 413: "too_large", 422: "invalid", 429: "rate_limited", 503: "unavailable"}

// isProblem holds an error to RFC 9457 and the contract's table.
func (a *answer) isProblem() {
	a.t.Helper()
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		a.t.Errorf("%s: %d is %q, no problem document: %.200s", a.what, a.code, got, a.raw)
		return
	}
	for _, name := range []string{"type", "title", "detail", "instance", "code", "request_id"} {
		if s, ok := a.body[name].(string); !ok || s == "" {
			a.t.Errorf("%s: the problem's %s is %v", a.what, name, a.body[name])
		}
	}
	if list, ok := a.body["errors"].([]any); !ok {
		a.t.Errorf("%s: the problem's errors are %v", a.what, a.body["errors"])
	} else {
		for _, one := range list {
			if e, _ := one.(j); e["field"] == nil || e["message"] == "" || len(e) != 2 {
				a.t.Errorf("%s: an error is %v", a.what, one)
			}
		}
	}
	if a.body["status"] != float64(a.code) || a.body["code"] != problemCodes[a.code] {
		a.t.Errorf("%s: answered %d with status %v and code %v", a.what, a.code, a.body["status"], a.body["code"])
	}
	if (a.code == 429 || a.code == 503) && a.header.Get("Retry-After") == "" {
		a.t.Errorf("%s: %d without Retry-After", a.what, a.code)
	}
	if a.body["request_id"] != a.header.Get("X-Request-Id") {
		a.t.Errorf("%s: request_id %v is not X-Request-Id %s", a.what, a.body["request_id"],
			a.header.Get("X-Request-Id"))
	}
}

// is holds an answer to its status.
func (a *answer) is(code int) *answer {
	a.t.Helper()
	if a.code != code {
		a.t.Fatalf("%s: answered %d, not %d: %.600s", a.what, a.code, code, a.raw)
	}
	return a
}

// refuses holds an answer to its status and, for each field given, an error about exactly that field.
func (a *answer) refuses(code int, fields ...string) *answer {
	a.t.Helper()
	a.is(code)
	if got := a.fields(); len(fields) > 0 && !slices.Equal(got, fields) {
		a.t.Errorf("%s: the errors are about %q, not %q: %s", a.what, got, fields, a.raw)
	}
	return a
}

func (a *answer) fields() []string {
	out := []string{}
	list, _ := a.body["errors"].([]any)
	for _, one := range list {
		e, _ := one.(j)
		name, _ := e["field"].(string)
		out = append(out, name)
	}
	return out
}

// at finds a value by its path, such as "services.0.id".
func (a *answer) at(path string) any { return at(a.body, path) }

func at(v any, path string) any {
	for _, step := range strings.Split(path, ".") {
		switch x := v.(type) {
		case j:
			v = x[step]
		case []any:
			i := -1
			if _, err := fmt.Sscan(step, &i); err != nil || i < 0 || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

func (a *answer) str(path string) string {
	s, _ := a.at(path).(string)
	return s
}

func (a *answer) int(path string) int64 {
	n, _ := a.at(path).(float64)
	return int64(n)
}

// list is a member that is a list; results of a page when no name is given.
func (a *answer) list(path string) []any {
	a.t.Helper()
	l, ok := a.at(path).([]any)
	if !ok {
		a.t.Fatalf("%s: %s is no list in %.300s", a.what, path, a.raw)
	}
	return l
}

// has holds a value of the body to what is expected of it.
func (a *answer) has(path string, want any) *answer {
	a.t.Helper()
	if n, ok := want.(int); ok {
		want = float64(n)
	}
	if got := a.at(path); fmt.Sprint(got) != fmt.Sprint(want) {
		a.t.Errorf("%s: %s is %v, not %v", a.what, path, got, want)
	}
	return a
}

func (c *caller) get(path string) *answer {
	c.t.Helper()
	return c.do("GET", path, nil).is(200)
}

func (c *caller) post(path string, body any, header ...string) *answer {
	c.t.Helper()
	return c.do("POST", path, body, header...).is(201)
}

func (c *caller) patch(path string, body any, header ...string) *answer {
	c.t.Helper()
	return c.do("PATCH", path, body, header...).is(200)
}

// service makes a service and answers its id.
func (c *caller) service(name string) string {
	c.t.Helper()
	return c.post("/api/v1/services/", j{"name": name}).str("id")
}

// incident opens one on a new service of its own and answers its id.
func (c *caller) incident(title string) string {
	c.t.Helper()
	return c.post("/api/v1/incidents/", j{"title": title, "service": c.service(title), "to_state": "partial_outage"}).
		str("id")
}

// window plans a maintenance of a new service of its own and answers its id.
func (c *caller) window(title string) string {
	c.t.Helper()
	return c.post("/api/v1/maintenances/", j{"title": title, "services": []string{c.service(title)},
		"scheduled_for": in(time.Hour), "scheduled_until": in(2 * time.Hour)}).str("id")
}

func in(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }

// seq is the answer's Status-Seq.
func (a *answer) seq() int64 {
	a.t.Helper()
	var n int64
	if _, err := fmt.Sscan(a.header.Get("Status-Seq"), &n); err != nil {
		a.t.Fatalf("%s: Status-Seq is %q", a.what, a.header.Get("Status-Seq"))
	}
	return n
}

// keys holds an object to having all of these members. That it has none which the OpenAPI document does not know,
// conforms has seen.
func (a *answer) keys(path string, names string) *answer {
	a.t.Helper()
	object := any(a.body)
	if path != "" {
		object = a.at(path)
	}
	o, _ := object.(j)
	for _, name := range strings.Fields(names) {
		if _, there := o[name]; !there {
			a.t.Errorf("%s: %s has no %s", a.what, path, name)
		}
	}
	return a
}

// bytes sends a request as it is written here, and answers what comes back on that connection: for what no client
// library sends.
func (s *site) bytes(text string) *answer {
	s.t.Helper()
	conn, err := net.DialTimeout("tcp", s.addr, 10*time.Second)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	go func() { // the answer may come before all is sent
		_, _ = io.WriteString(conn, text)
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
	}()
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: "GET"})
	if err != nil {
		s.t.Fatalf("%.60q: no answer: %v", text, err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatalf("%.60q: half an answer: %v", text, err)
	}
	a := &answer{t: s.t, what: fmt.Sprintf("%.60q", text), code: res.StatusCode, header: res.Header, raw: raw}
	_ = json.Unmarshal(raw, &a.body) // isProblem says what is wrong with it
	a.always(&http.Response{Header: res.Header, Request: &http.Request{Method: "GET"}})
	return a
}
