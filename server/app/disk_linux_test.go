package app_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"statuspage/server/auth"
	"statuspage/server/notify/notifytest"
	"statuspage/server/usecase"
)

// everyWrite asks a server for something of each kind that it must write down; none is answered otherwise than by 503
// with Retry-After.
func everyWrite(t *testing.T, c *caller, base, manage string) {
	t.Helper()
	form := func(path string, values url.Values) *http.Request {
		req, _ := http.NewRequest("POST", base+path, strings.NewReader(values.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return req
	}
	call := func(method, path, body string, token bool) *http.Request {
		req, _ := http.NewRequest(method, base+path, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		if token {
			req.Header.Set("Authorization", "Bearer "+c.token)
		}
		return req
	}
	keyed := call("POST", "/api/v1/services/", `{"name":"Keyed"}`, true)
	keyed.Header.Set("Idempotency-Key", "while it is full")
	for _, req := range []*http.Request{
		call("POST", "/api/v1/auth/login/", `{"email":"`+diskUser+`","password":"`+diskPassword+`"}`, false),
		call("POST", "/api/v1/services/", `{"name":"Another"}`, true),
		keyed,
		call("POST", "/api/v1/templates/", `{"name":"T","title":"T","body":"T"}`, true),
		call("POST", "/api/v1/api-keys/", `{"name":"K"}`, true),
		call("POST", "/api/v1/members/", `{"email":"new@example.com","role":"member"}`, true),
		call("POST", "/api/v1/subscribers/", `{"emails":["a@example.com"],"consent":true}`, true),
		call("PATCH", "/api/v1/organization/", `{"name":"Renamed"}`, true),
		call("POST", "/api/v1/public/"+c.slug+"/subscribe/", `{"email":"v@example.com"}`, false),
		form("/status/"+c.slug+"/subscription/?token="+manage, url.Values{"action": {"unsubscribe"}}),
	} {
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if after, err := strconv.Atoi(res.Header.Get("Retry-After")); res.StatusCode != http.StatusServiceUnavailable ||
			err != nil || after < 1 {
			t.Errorf("%s %s: %d, Retry-After %q", req.Method, req.URL.Path, res.StatusCode,
				res.Header.Get("Retry-After"))
		}
	}
}

const diskUser, diskPassword = "disk@example.com", "correct horse battery staple"

func databaseIs(t *testing.T, base string) (code int, word string) {
	t.Helper()
	res, err := http.Get(base + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var report struct{ Database string }
	if err := json.NewDecoder(res.Body).Decode(&report); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, report.Database
}

func untilDatabaseIs(t *testing.T, base, word string) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		code, is := databaseIs(t, base)
		if is == word && (code == http.StatusOK) == (word == "ok") {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("/readyz never says %q: %d %q", word, code, is)
		}
	}
}

func pageStays(t *testing.T, base string, c *caller) {
	t.Helper()
	res, err := http.Get(base + "/status/" + c.slug)
	if err != nil {
		t.Fatal(err)
	}
	if _ = res.Body.Close(); res.StatusCode != http.StatusOK {
		t.Errorf("the page is %d", res.StatusCode)
	}
}

// TestAFullDiskRefusesEveryWriteAndRecoversByItself lets the process write no file further than it is, as a quota or a
// full disk does.
func TestAFullDiskRefusesEveryWriteAndRecoversByItself(t *testing.T) {
	s := &site{t: t, file: filepath.Join(t.TempDir(), "status.db"), addr: "127.0.0.1:0"}
	s.start()
	c := s.org()
	s.person(c, diskUser, diskPassword)
	manage := c.subscribed()
	s.stop()
	addr, pid, _ := process(t, s.file, notifytest.StartMail(t))
	base := "http://" + addr
	c.site = &site{t: t, addr: addr}
	c.service("API")
	pageStays(t, base, c)

	var was unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, nil, &was); err != nil {
		t.Fatal(err)
	}
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 0, Max: was.Max}, nil); err != nil {
		t.Skip("files cannot be limited here:", err)
	}
	untilDatabaseIs(t, base, "full") // also when nobody writes: the heartbeat does
	everyWrite(t, c, base, manage)
	pageStays(t, base, c)
	if err := unix.Prlimit(pid, unix.RLIMIT_FSIZE, &was, nil); err != nil {
		t.Fatal(err)
	}
	untilDatabaseIs(t, base, "ok")
	c.service("Web")
	if n := len(c.get("/api/v1/services/").list("results")); n != 2 {
		t.Errorf("%d services: what was refused was written all the same", n)
	}
}

// TestAFileThatIsTakenAwayRefusesEveryWrite until it is back: what would be written meanwhile would be gone with the
// process.
func TestAFileThatIsTakenAwayRefusesEveryWrite(t *testing.T) {
	s := &site{t: t, file: filepath.Join(t.TempDir(), "status.db"), addr: "127.0.0.1:0"}
	s.start()
	t.Cleanup(s.stop)
	c := s.org()
	s.person(c, diskUser, diskPassword)
	manage := c.subscribed()
	c.service("API")
	base := "http://" + s.addr
	pageStays(t, base, c)
	if err := os.Rename(s.file, s.file+".away"); err != nil {
		t.Fatal(err)
	}
	untilDatabaseIs(t, base, "removed")
	everyWrite(t, c, base, manage)
	pageStays(t, base, c)
	if _, err := os.Stat(s.file); err == nil {
		t.Error("an empty database was made in its place")
	}
	if err := os.WriteFile(s.file, nil, 0o600); err != nil { // somebody else's
		t.Fatal(err)
	}
	everyWrite(t, c, base, manage)
	if info, err := os.Stat(s.file); err != nil || info.Size() != 0 {
		t.Error("another file was written to")
	}
	if err := os.Rename(s.file+".away", s.file); err != nil {
		t.Fatal(err)
	}
	untilDatabaseIs(t, base, "ok")
	c.service("Web")
}

// person makes an admin with a password.
func (s *site) person(c *caller, email, password string) {
	s.t.Helper()
	m := usecase.NewMember{Email: email, Role: auth.Admin, Password: password}
	if _, err := s.app.UseCases.AddMember(context.Background(), usecase.Caller{System: true}, c.org, m); err != nil {
		s.t.Fatal(err)
	}
}

// subscribed makes a subscriber, and gives the token of the link by which he leaves.
func (c *caller) subscribed() (token string) {
	c.t.Helper()
	c.post("/api/v1/subscribers/", j{"emails": []string{"s@example.com"}, "consent": true})
	db, err := sql.Open("sqlite3", "file:"+c.file+"?_busy_timeout=10000")
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRow(`SELECT token FROM subscribers WHERE org_id = ?`, c.org).Scan(&token); err != nil {
		c.t.Fatal(err)
	}
	return token
}
