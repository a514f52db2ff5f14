// Package operate_test does what an operator does, to regions of the laboratory: deploy/promote.sh itself, with a `fly`
// that does to processes what Fly does to Machines, and `statuspage doctor` itself.
package operate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"statuspage/lab/cluster"
	"statuspage/lab/flyctl"
	"statuspage/lab/flyproxy"
)

func TestMain(m *testing.M) {
	cluster.Roles(map[string]func([]string) int{"fly": flyctl.Main, "documented": standIn})
	os.Exit(m.Run())
}

const version = "v1.2.3"

// program is bin/statuspage of these sources, made once.
var program = sync.OnceValues(func() (string, error) { return build("statuspage", version) })

// build makes the program of a version, for as long as the tests run.
func build(name, version string) (string, error) {
	dir, err := os.MkdirTemp("", "operate")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	cmd := exec.Command("go", "build", "-ldflags", "-X main.version="+version, "-o", path, "./server")
	cmd.Dir = root()
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w: %s", err, out)
	}
	return path, nil
}

func root() string {
	dir, err := filepath.Abs("../..")
	if err != nil {
		panic(err)
	}
	return dir
}

// world is three regions of the program itself, with an organisation and somebody who writes.
type world struct {
	*cluster.Cluster
	t            *testing.T
	binary, bin  string // the program, and a folder for PATH
	dir          string // a copy of fly.toml and deploy/, which a promotion changes
	key, service string
	token, port  string // port is for a tunnel
	fly          *flyctl.Fly
}

func start(t *testing.T, change func(*cluster.Options)) *world {
	t.Helper()
	binary, err := program()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	opts := cluster.Options{Regions: []string{"ams", "fra", "syd"}, Dir: dir, Auth: true,
		App:           cluster.Command{Args: []string{binary, "serve"}},
		RelayInterval: 50 * time.Millisecond, Proxy: flyproxy.Config{DialTimeout: time.Second,
			Patience: 2 * time.Second}, ReadyTimeout: time.Minute,
		Env: func(string) []string { return []string{"PUBLIC_RATE=100000", "LOG_FORMAT=text", "TMPDIR=" + dir} }}
	if change != nil {
		change(&opts)
	}
	c, err := cluster.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Cluster: c, t: t, binary: binary, bin: t.TempDir(), dir: t.TempDir()}
	t.Cleanup(func() {
		if t.Failed() {
			for _, r := range c.Regions {
				t.Logf("%s app:\n%s\n%s database:\n%s", r.Name, r.App.Tail(), r.Name, r.DB.Tail())
			}
		}
		c.Kill()
	})
	if w.fly, err = flyctl.New(c, "statuspage", "statuspage-db"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.fly.Close)
	port, err := net.Listen("tcp", "127.0.0.1:0")
	w.try(err)
	_, w.port, _ = net.SplitHostPort(port.Addr().String())
	w.try(port.Close())
	w.try(w.fly.Install(w.bin), os.CopyFS(filepath.Join(w.dir, "deploy"), os.DirFS(filepath.Join(root(), "deploy"))))
	raw, err := os.ReadFile(filepath.Join(root(), "fly.toml"))
	w.try(err, os.WriteFile(filepath.Join(w.dir, "fly.toml"), raw, 0o600))
	w.key = filepath.Join(w.dir, "database.pem")
	w.try(c.WriteKey(w.key))
	w.found()
	return w
}

func (w *world) try(errs ...error) {
	w.t.Helper()
	for _, err := range errs {
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

// command runs the program beside the servers, on a region's database.
func (w *world) command(r *cluster.Region, line string) string {
	w.t.Helper()
	token, err := w.Token(r)
	w.try(err)
	cmd := exec.CommandContext(w.t.Context(), w.binary, strings.Fields(line)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "DATABASE_URL=" + r.DBURL(),
		"DATABASE_AUTH_TOKEN=" + token}
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("%s: %v: %s", line, err, complaint.String())
	}
	return strings.TrimSpace(string(out))
}

// found makes the organisation and its one service, and waits until every region has it.
func (w *world) found() {
	w.t.Helper()
	w.command(w.Primary(), "org create --slug acme --name Acme")
	w.command(w.Primary(), "user create --org acme --email ada@example.com --role admin")
	w.token = w.command(w.Primary(), "token --org acme --email ada@example.com --ttl 12h")
	w.eventually("a service is made", func() error {
		a, err := w.ask("POST", w.Primary().URL()+"/api/v1/services/", `{"name":"API"}`)
		w.service, _ = a.body["id"].(string)
		return err
	})
	for _, r := range w.Regions {
		w.eventually("it arrives in "+r.Name, func() error {
			_, err := w.ask("GET", r.URL()+"/api/v1/services/"+w.service+"/", "")
			return err
		})
	}
}

type answered struct {
	body map[string]any
	seq  int64
	head http.Header
}

var client = &http.Client{Timeout: 10 * time.Second}

// ask sends a request as the admin; an error is an answer of another kind than success.
func (w *world) ask(method, url, body string, header ...string) (answered, error) {
	req, err := http.NewRequestWithContext(context.Background(), method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		return answered{}, err
	}
	req.Header.Set("Authorization", "Bearer "+w.token)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		return answered{}, err
	}
	defer func() { _ = res.Body.Close() }()
	a := answered{head: res.Header}
	a.seq, _ = strconv.ParseInt(res.Header.Get("Status-Seq"), 10, 64)
	if err := json.NewDecoder(res.Body).Decode(&a.body); err != nil {
		return a, fmt.Errorf("%s: %w", res.Status, err)
	}
	if res.StatusCode >= 300 {
		return a, fmt.Errorf("%s: %v", res.Status, a.body["detail"])
	}
	return a, nil
}

// ready is what /readyz says in a region.
func (w *world) ready(r *cluster.Region) map[string]any {
	a, _ := w.ask("GET", r.AppURL()+"/readyz", "")
	return a.body
}

// eventually waits for something that must become true.
func (w *world) eventually(what string, try func() error) {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%s: %v", what, err)
		}
	}
}
