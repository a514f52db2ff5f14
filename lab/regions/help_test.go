// Package regions_test drives the program itself in several regions: real processes, a replicated database, faults.
package regions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/gorilla/websocket"

	"statuspage/lab/cluster"
	"statuspage/lab/flyproxy"
	"statuspage/lab/seed"
	"statuspage/server/app"
	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/usecase"
)

func TestMain(m *testing.M) {
	cluster.Roles(map[string]func([]string) int{"app": serve})
	os.Exit(m.Run())
}

// clockSkew is by how much a region's clock is wrong. No variable of the machine can do that to a Go program, and none
// of the program's own does.
const clockSkew = "LAB_CLOCK_SKEW"

// serve is `statuspage serve` inside the test's own executable, so that the race detector watches it too.
func serve([]string) int {
	var cfg config.Config
	parser, err := kong.New(&cfg)
	if err == nil {
		_, err = parser.Parse(nil)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	a, err := app.New(ctx, cfg)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if skew, err := time.ParseDuration(os.Getenv(clockSkew)); err == nil {
		a.SetClock(func() time.Time { return time.Now().Add(skew) })
	}
	ln, err := net.Listen("tcp", cfg.Listen())
	if err == nil {
		err = a.Serve(ctx, ln)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// world is a running cluster with one organisation.
type world struct {
	*cluster.Cluster
	t     *testing.T
	org   string
	token string
	// seed is what everything that a test decides comes from, and victims what its faults draw from.
	seed    seed.Seed
	victims *rand.Rand
}

// fixedSeed is what tests decide by, unless LAB_SEED or a soak says otherwise.
const fixedSeed = 1

const slug = "acme"

// start begins three regions. change may alter the options.
func start(t *testing.T, change func(*cluster.Options)) *world {
	t.Helper()
	opts := cluster.Options{Regions: []string{"fra", "iad", "syd"}, Dir: t.TempDir(), App: cluster.Role("app"),
		RelayInterval: 50 * time.Millisecond,
		Proxy:         flyproxy.Config{DialTimeout: time.Second, Patience: 3 * time.Second},
		Env: func(string) []string {
			return []string{"PUBLIC_RATE=100000", "PUBLIC_SOCKETS=100000", "LOG_LEVEL=info", "LOG_FORMAT=text"}
		}}
	if change != nil {
		change(&opts)
	}
	c, err := cluster.Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{Cluster: c, t: t}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("again: %s=%s", seed.Variable, w.seed)
			for _, r := range c.Regions {
				t.Logf("%s app:\n%s\n%s database:\n%s", r.Name, r.App.Tail(), r.Name, r.DB.Tail())
			}
		}
		c.Kill()
	})
	if w.seed, err = seed.Choose(long() > 0, fixedSeed); err != nil {
		t.Fatal(err)
	}
	w.victims = w.seed.Stream("victims")
	t.Logf("%s=%s", seed.Variable, w.seed)
	w.found()
	return w
}

// other is another region than the first, chosen by the seed.
func (w *world) other() *cluster.Region { return w.Regions[1+w.victims.IntN(len(w.Regions)-1)] }

// found makes the organisation, and waits until every region knows it.
func (w *world) found() {
	w.t.Helper()
	w.org, w.token = w.organisation(slug)
	for _, r := range w.Regions {
		w.eventually("the organisation arrives in "+r.Name, func() error {
			code, _, _, err := w.ask("GET", r.URL()+"/api/v1/users/me/", nil)
			return want(code, http.StatusOK, err)
		})
	}
}

// organisation makes one and its admin as the command line does: beside the server, on the same database.
func (w *world) organisation(slug string) (id, token string) {
	w.t.Helper()
	ctx := context.Background()
	cfg := config.Default(config.Database{DatabaseURL: w.Primary().DBURL()})
	a, err := app.New(ctx, cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	by := usecase.Caller{System: true}
	if id, err = a.UseCases.CreateOrg(ctx, by, slug, "Acme", time.Now(), nil); err != nil {
		w.t.Fatal(err)
	}
	email := "ada@" + slug + ".example"
	if _, err := a.UseCases.AddMember(ctx, by, id, usecase.NewMember{Email: email, Role: auth.Admin}); err != nil {
		w.t.Fatal(err)
	}
	if token, err = a.UseCases.Token(ctx, slug, email, 12*time.Hour); err != nil {
		w.t.Fatal(err)
	}
	return id, token
}

func want(code, wanted int, err error) error {
	if err == nil && code != wanted {
		err = fmt.Errorf("status %d, not %d", code, wanted)
	}
	return err
}

// eventually waits for something that must become true.
func (w *world) eventually(what string, try func() error) {
	w.t.Helper()
	deadline := time.Now().Add(40 * time.Second)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%s: %v", what, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

var client = &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// ask sends a request as the admin.
func (w *world) ask(method, url string, body any, header ...string) (int, map[string]any, http.Header, error) {
	return w.askWithin(context.Background(), method, url, body, header...)
}

func (w *world) askWithin(ctx context.Context, method, url string, body any,
	header ...string) (int, map[string]any, http.Header, error) {
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return 0, nil, nil, err
		}
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, in)
	if err != nil {
		return 0, nil, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+w.token)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, nil, nil, err
	}
	var out map[string]any
	if strings.Contains(res.Header.Get("Content-Type"), "json") && len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			return res.StatusCode, nil, res.Header, err
		}
	}
	return res.StatusCode, out, res.Header, nil
}

// must writes through a region and answers the object and its seq.
func (w *world) must(r *cluster.Region, method, path string, body any) (map[string]any, int64) {
	w.t.Helper()
	code, out, header, err := w.ask(method, r.URL()+path, body)
	if err != nil || code >= 300 {
		w.t.Fatalf("%s %s through %s: %d %v %v", method, path, r.Name, code, out, err)
	}
	seq, _ := strconv.ParseInt(header.Get("Status-Seq"), 10, 64)
	return out, seq
}

func (w *world) service(name string) string {
	w.t.Helper()
	out, _ := w.must(w.Primary(), "POST", "/api/v1/services/", map[string]any{"name": name})
	id, _ := out["id"].(string)
	return id
}

// frame is what every message has.
type frame struct {
	Type  string `json:"type"`
	Seq   int64  `json:"seq"`
	Epoch string `json:"epoch"`
	Data  struct {
		Description string `json:"description"`
	} `json:"data"`
}

// follower listens in one region after the other and comes back with `since` whenever it is cut off.
type follower struct {
	regions   []*cluster.Region
	first     int64
	seen      []int64
	returned  int
	snapshots int
}

var errLate = errors.New("did not see everything in time")

func (f *follower) follow(until *atomic.Int64, deadline time.Time) error {
	var last int64
	epoch := ""
	for turn := 0; time.Now().Before(deadline); turn++ {
		at := f.regions[turn%len(f.regions)]
		url := "ws" + strings.TrimPrefix(at.URL(), "http") + "/ws/status/public/" + slug + "/"
		if epoch != "" {
			url += fmt.Sprintf("?since=%d&epoch=%s", last, epoch)
		}
		ws, _, err := (&websocket.Dialer{HandshakeTimeout: 3 * time.Second}).Dial(url, nil)
		if err != nil {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		for {
			if end := until.Load(); end > 0 && last >= end {
				_ = ws.Close()
				return nil
			}
			_ = ws.SetReadDeadline(time.Now().Add(time.Second))
			var m frame
			if err := ws.ReadJSON(&m); err != nil {
				_ = ws.Close()
				f.returned++
				break
			}
			switch m.Type {
			case "hello":
				if epoch == "" {
					last, f.first, epoch = m.Seq, m.Seq, m.Epoch
				}
			case "snapshot":
				f.snapshots++
				last = m.Seq
			default:
				f.seen = append(f.seen, m.Seq)
				last = m.Seq
			}
		}
	}
	return fmt.Errorf("%w: from %d, up to %d", errLate, f.first, last)
}

// gaps is nil when every event from the first on was seen once, in order.
func (f *follower) gaps() error {
	if f.snapshots > 0 {
		return fmt.Errorf("%d snapshots", f.snapshots)
	}
	for n, seq := range f.seen {
		if seq != f.first+int64(n)+1 {
			return fmt.Errorf("event %d where %d was to come", seq, f.first+int64(n)+1)
		}
	}
	return nil
}

func withForward(mode string) func(*cluster.Options) {
	return func(o *cluster.Options) { o.Forward = mode }
}
