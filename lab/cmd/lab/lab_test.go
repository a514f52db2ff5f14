package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"statuspage/lab/cluster"
)

// The test's own binary is the database server, as the command's is, and an app that is only ever ready.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "hrana" {
		os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	if len(os.Args) > 1 && (os.Args[1] == "serve" || os.Args[1] == "demo") {
		os.Exit(fakeApp(os.Args[1]))
	}
	os.Exit(m.Run())
}

func fakeApp(command string) int {
	if command == "demo" {
		fmt.Println("login: admin@example.com with", os.Getenv("DATABASE_URL"))
		return 0
	}
	err := http.ListenAndServe(os.Getenv("ADDR"), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"seq":41,"lag":"250ms","sockets":3}`)
	}))
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// paper is an output that can be read while it is written.
type paper struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *paper) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(data)
}

func (p *paper) shows(t *testing.T, want string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		p.mu.Lock()
		text := p.text.String()
		p.mu.Unlock()
		if strings.Contains(text, want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("never shown: %q in\n%s", want, text)
		}
	}
}

func TestAPersonSeesTheRegionsAndBreaksThem(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	in, typed := io.Pipe()
	out, ended := &paper{}, make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		ended <- regions(ctx, []string{"--app", self, "--regions", "fra,syd", "--port", "0", "--every", "50ms"}, in,
			out)
	}()
	out.shows(t, "login: admin@example.com with http://127.0.0.1:")
	out.shows(t, "syd      replica   up    up         whole   41    250ms   3")
	for _, c := range []struct{ line, shown string }{
		{"k syd", "syd: the app is killed"},
		{"", "syd      replica   DOWN   up"},
		{"restart syd", "syd: the app is back"},
		{"lag syd 300ms", "kept 300ms behind"},
		{"cut syd", "syd: cut off from the others"},
		{"", "up         CUT"},
		{"heal syd", "syd: joined to the others"},
		{"kill-db fra", "fra: the database is killed"},
		{"rd fra", "fra: the database is back"},
		{"kill moon", "there is no region moon"},
		{"kill", "kill which region?"},
		{"dance fra", "no command dance"},
		{"lag syd soon", "invalid duration"},
		{"all", "restarted everything"},
	} {
		if c.line != "" {
			fmt.Fprintln(typed, c.line)
		}
		out.shows(t, c.shown)
	}
	fmt.Fprintln(typed, "quit")
	select {
	case err := <-ended:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it did not end")
	}
}

func TestWhatTheAppDoesNotTellIsADash(t *testing.T) {
	got := table([]cluster.Report{{Region: "fra", Role: "primary", App: true, DB: true, Seq: -1, Lag: -1, Sockets: -1,
		URL: "http://x"}})
	if want := "fra      primary   not ready   up         whole   –     –     –         http://x"; !strings.Contains(
		got, want) {
		t.Fatalf("\n%s", got)
	}
}

func TestAWrongCommandLineIsExplained(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		text string
	}{
		{nil, 2, "usage:"},
		{[]string{"dance"}, 2, `no command "dance"`},
		{[]string{"regions", "--app", filepath.Join(t.TempDir(), "none")}, 1, "make build"},
		{[]string{"help"}, 0, "usage:"},
		{[]string{"regions", "--help"}, 0, "-regions"},
	} {
		var out bytes.Buffer
		if code := run(c.args, strings.NewReader(""), &out, &out); code != c.code ||
			!strings.Contains(out.String(), c.text) {
			t.Errorf("%q: %d %s", c.args, code, out.String())
		}
	}
}
