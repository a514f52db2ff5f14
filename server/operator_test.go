package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"statuspage/server/racetest"
)

// TestMain is the program itself when a test calls it as such: what an operator types is tried as a process, with its
// answers and its end.
func TestMain(m *testing.M) {
	if os.Getenv("STATUSPAGE_TEST_IS_THE_PROGRAM") == "1" {
		main()
		return
	}
	os.Exit(m.Run())
}

// operator is who has the machine of the database.
type operator struct {
	t    *testing.T
	file string
}

func (o *operator) command(ctx context.Context, line string) *exec.Cmd {
	o.t.Helper()
	self, err := os.Executable()
	if err != nil {
		o.t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self, strings.Fields(line)...)
	cmd.Dir = o.t.TempDir()
	cmd.Env = []string{"STATUSPAGE_TEST_IS_THE_PROGRAM=1", "DATABASE_URL=file:" + o.file, "HOME=" + cmd.Dir,
		"TMPDIR=" + cmd.Dir, "PATH=" + os.Getenv("PATH")}
	return cmd
}

// run types a line, and answers what is printed, what is logged or complained of, and how it ended.
func (o *operator) run(input, line string) (out, complaint string, code int) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), time.Minute)
	defer cancel()
	cmd := o.command(ctx, line)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &stdout, &stderr
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		o.t.Fatalf("%s: %v", line, err)
	}
	return strings.TrimSpace(stdout.String()), strings.TrimSpace(stderr.String()), cmd.ProcessState.ExitCode()
}

// does is run for what must succeed, without a word in the log.
func (o *operator) does(input, line string) string {
	o.t.Helper()
	out, complaint, code := o.run(input, line)
	if code != 0 || complaint != "" {
		o.t.Fatalf("%s: %d, %q, and says %q", line, code, out, complaint)
	}
	return out
}

// fails is run for what must be refused with a sentence that has these words, and nothing printed.
func (o *operator) fails(line, words string) {
	o.t.Helper()
	out, complaint, code := o.run("", line)
	last := complaint[strings.LastIndexByte(complaint, '\n')+1:]
	if code == 0 || !strings.Contains(last, words) || !strings.HasPrefix(last, "statuspage: ") ||
		strings.Contains(complaint, "panic") {
		o.t.Errorf("%s: %d, %q, and says %q", line, code, out, complaint)
	}
}

func (o *operator) count(query string, args ...any) (n int) {
	o.t.Helper()
	o.scan(&n, query, args...)
	return n
}

func (o *operator) text(query string, args ...any) (s string) {
	o.t.Helper()
	o.scan(&s, query, args...)
	return s
}

func (o *operator) scan(into any, query string, args ...any) {
	o.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+o.file+"?_busy_timeout=10000")
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(o.t.Context(), query, args...).Scan(into); err != nil {
		o.t.Fatal(err)
	}
}

// served runs the program until the end of the test, and answers where it is once it says so.
func (o *operator) served(settings ...string) (base string, log func() string) {
	o.t.Helper()
	base, log, _ = o.serving(settings...)
	return base, log
}

// serving is served, and a way to end the program as a crash does.
func (o *operator) serving(settings ...string) (base string, log func() string, kill func()) {
	o.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := o.command(ctx, "serve --addr 127.0.0.1:0 --log-format json --log-level debug")
	cmd.Env = append(cmd.Env, settings...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	kept := filepath.Join(o.t.TempDir(), "log")
	file, err := os.Create(kept)
	if err != nil {
		o.t.Fatal(err)
	}
	read, write := io.Pipe()
	cmd.Stdout = io.MultiWriter(file, write) // one of two, and no terminal
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
		_ = write.Close()
		_ = file.Close()
	})
	address := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(read); lines.Scan(); {
			if _, rest, ok := strings.Cut(lines.Text(), `"msg":"serving","address":"`); ok {
				host, _, _ := strings.Cut(rest, `"`)
				address <- host
			}
		}
		_, _ = io.Copy(io.Discard, read)
	}()
	select {
	case host := <-address:
		base = "http://" + host
	case <-time.After(time.Minute):
		o.t.Fatal("it does not serve")
	}
	return base, func() string {
		raw, err := os.ReadFile(kept)
		if err != nil {
			o.t.Fatal(err)
		}
		return string(raw)
	}, func() { _ = cmd.Process.Kill() }
}

func post(t *testing.T, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	a, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	raw, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, string(raw)
}

// newOperator has an organisation acme and its admin, whom the command line has made.
func newOperator(t *testing.T) *operator {
	t.Helper()
	o := &operator{t: t, file: filepath.Join(t.TempDir(), "status.db")}
	o.does("", "org create --slug acme --name Acme")
	o.does("a long password\n", "user create --org acme --email ada@people.example --role admin --password-stdin")
	return o
}

func TestTheOperatorsAccountIsProvedAndTheirLinkWorksOnce(t *testing.T) {
	racetest.Outside(t, "the program itself")
	o := newOperator(t)
	if n := o.count(`SELECT count(*) FROM users WHERE email = 'ada@people.example' AND proved_at IS NOT NULL AND held_by IS NULL`); n != 1 {
		t.Errorf("%d proved accounts", n)
	}
	base, log := o.served()
	if code, text := post(t, base+"/api/v1/auth/login/",
		`{"email": "ada@people.example", "password": "a long password"}`); code != 200 {
		t.Errorf("a sign-in is answered %d %s", code, text)
	}
	void := o.does("", "link --email ada@people.example --base-url https://status.example/")
	link := o.does("", "link --email ADA@people.example --org acme --base-url https://status.example/")
	before, secret, ok := strings.Cut(link, "#token=")
	if !ok || before != "https://status.example/accept" || secret == "" || strings.ContainsAny(link, " \n") {
		t.Fatalf("it prints %q", link)
	}
	_, older, _ := strings.Cut(void, "#token=")
	accept := func(secret, password string) int {
		code, _ := post(t, base+"/api/v1/auth/accept/", `{"token": "`+secret+`", "password": "`+password+`"}`)
		return code
	}
	for _, row := range []struct {
		secret string
		code   int
	}{{older, 403}, {secret, 200}, {secret, 403}} {
		if code := accept(row.secret, "another few words"); code != row.code {
			t.Errorf("a use is answered %d, not %d", code, row.code)
		}
	}
	if text := log(); strings.Contains(text, secret) || strings.Contains(text, older) {
		t.Errorf("a link stands in the log:\n%s", text)
	}
	if out := o.does("", "link --email ada@people.example"); !strings.HasPrefix(out, "/accept#token=") {
		t.Errorf("without an address it prints %q", out)
	}
}

func TestTheOperatorDeletesRestoresAndErasesAnOrganization(t *testing.T) {
	racetest.Outside(t, "the program itself")
	o := newOperator(t)
	o.fails("org restore --slug acme", "there is no deleted organisation acme")
	o.fails("org erase --slug acme", "there is no deleted organisation acme")
	at, err := time.Parse(time.RFC3339, o.does("", "org delete --slug acme"))
	if left := time.Until(at); err != nil || left < 6*24*time.Hour || left > 7*24*time.Hour+time.Minute {
		t.Errorf("it is erased at %v, %v", at, err)
	}
	o.fails("org delete --slug acme", "there is no organisation acme")
	o.fails("token --org acme --email ada@people.example", "")
	id := o.does("", "org restore --slug acme")
	if n := o.count(`SELECT count(*) FROM organizations WHERE id = ? AND slug = 'acme'`, id); n != 1 {
		t.Errorf("it prints %q", id)
	}
	o.does("", "token --org acme --email ada@people.example")
	o.does("", "org delete --slug acme")
	if out := o.does("", "org erase --slug acme"); out != id {
		t.Errorf("it prints %q, not %q", out, id)
	}
	if n := o.count(`SELECT (SELECT count(*) FROM organizations WHERE id = ?1) + (SELECT count(*) FROM audit_log WHERE org_id = ?1) + (SELECT count(*) FROM members WHERE org_id = ?1) + (SELECT count(*) FROM events WHERE org_id = ?1)`,
		id); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	o.fails("org restore --slug acme", "there is no deleted organisation acme")
	o.does("", "org create --slug acme --name Another")
}

func TestTheFirstLinkIsInAFileOfItsOwnerWhereThereIsNoTerminal(t *testing.T) {
	racetest.Outside(t, "the program itself")
	o := &operator{t: t, file: filepath.Join(t.TempDir(), "status.db")}
	stale := o.file + ".setup"
	if err := os.WriteFile(stale, []byte("old"), 0o644); err != nil { //nolint:gosec // as somebody left it
		t.Fatal(err)
	}
	base, log := o.served()
	info, err := os.Stat(stale)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the file is %v, %v", info, err)
	}
	raw, err := os.ReadFile(stale)
	if err != nil {
		t.Fatal(err)
	}
	link := strings.TrimSpace(string(raw))
	before, secret, ok := strings.Cut(link, "#token=")
	if !ok || !strings.HasSuffix(before, "/setup") || secret == "" {
		t.Fatalf("the file says %q", link)
	}
	if text := log(); strings.Contains(text, secret) || !strings.Contains(text, stale) {
		t.Errorf("the log names the file and not the link:\n%s", text)
	}
	body := `{"token": "` + secret +
		`", "organization": {"slug": "acme", "name": "Acme"}, "email": "ada@people.example", "name": "Ada", "password": "a long password"}`
	for _, want := range []int{201, 403} {
		if code, text := post(t, base+"/api/v1/auth/setup/", body); code != want && (want != 201 || code != 200) {
			t.Errorf("a setup is answered %d, not %d: %s", code, want, text)
		}
	}
}

func TestTheOperatorRemovesTheFactorsOfSomebodyWhoLostThem(t *testing.T) {
	racetest.Outside(t, "the program itself")
	o := newOperator(t)
	if out := o.does("", "user remove-factors --email ada@people.example"); out != "0" {
		t.Errorf("it prints %q", out)
	}
	db, err := sql.Open("sqlite3", "file:"+o.file)
	if err == nil {
		_, err = db.ExecContext(t.Context(), `INSERT INTO factors (user_id, id, kind, name, party, secret, created_at) SELECT id, id, 'totp', 'Telephone', '', 'x', 1 FROM users`)
	}
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	version := o.count(`SELECT credential_version FROM users`)
	if out := o.does("", "user remove-factors --org acme --email ada@people.example"); out != "1" {
		t.Errorf("it prints %q", out)
	}
	if n := o.count(`SELECT count(*) FROM factors`); n != 0 ||
		o.count(`SELECT credential_version FROM users`) != version+1 {
		t.Errorf("%d factors are left, or its links still work", n)
	}
}

// TestWhatTheOperatorMistypesIsASentence tries each command with what is not there, and with what is missing or
// unknown.
func TestWhatTheOperatorMistypesIsASentence(t *testing.T) {
	racetest.Outside(t, "the program itself")
	o := newOperator(t)
	for line, words := range map[string]string{
		"link --email bob@people.example":             "There is no account bob@people.example.",
		"link --email ada@people.example --org other": "You are not a member of this organization.",
		"link": "--email",
		"link --email ada@people.example --to me": "unknown flag --to",
		"org delete --slug other":                 "there is no organisation other",
		"org delete":                              "--slug",
		"org restore":                             "--slug",
		"org erase":                               "--slug",
		"org erase acme --slug acme":              "unexpected argument acme",
		"org":                                     "expected one of",
		"user remove-factors --email bob@people.example":                   "There is no account bob@people.example.",
		"user remove-factors":                                              "--email",
		"user create --org other --email bob@people.example":               "there is no organisation other",
		"user create --org acme --email bob":                               "email",
		"user create --org acme --email bob@people.example --role owner":   "--role",
		"user create --org acme --email ada@people.example":                "is a member already",
		"user create --org acme --email b@c.example --password-stdin":      "there is no password on the standard input",
		"link --email ada@people.example --database-url mysql://host/base": "DATABASE_URL must begin with",
	} {
		t.Run(line, func(t *testing.T) { (&operator{t: t, file: o.file}).fails(line, words) })
	}
	nowhere := &operator{t: t, file: filepath.Join(t.TempDir(), "none.db")}
	for _, line := range []string{"link --email b@c.example", "org delete --slug a", "org restore --slug a",
		"org erase --slug a", "user create --org a --email b@c.example", "user remove-factors --email b@c.example"} {
		nowhere.fails(line, "is not there")
	}
	if _, err := os.Stat(nowhere.file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a database was made: %v", err)
	}
}
