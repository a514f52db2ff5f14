package deploy

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"statuspage/lab/hrana"
	"statuspage/server/store"
)

// TestMain makes this program a database server when start.sh starts it as one.
func TestMain(m *testing.M) {
	if os.Getenv("DEPLOY_TEST_DATABASE") != "" {
		os.Exit(hrana.Main(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// script prepares start.sh with an environment of its own, and nothing else of this one.
func script(t *testing.T, env ...string) *exec.Cmd {
	t.Helper()
	// Cleanup ends a server, with a signal
	c := exec.CommandContext(context.WithoutCancel(t.Context()), "/bin/sh", "libsql/start.sh")
	c.Env = append(env, "PATH="+os.Getenv("PATH"))
	return c
}

func TestARegionStartsAsWhatItIs(t *testing.T) {
	echo := filepath.Join(t.TempDir(), "sqld")
	if err := os.WriteFile(echo, []byte("#!/bin/sh\necho \"$@\"\nenv | grep ^SQLD_ | sort\n"), 0o700); err != nil { // #nosec G306 -- it is run
		t.Fatal(err)
	}
	common := []string{"SQLD=" + echo, "PRIMARY_REGION=ams", "FLY_APP_NAME=statuspage-db", "SQLD_DB_PATH=" +
		t.TempDir() + "/d"}
	for _, c := range []struct {
		name string
		env  []string
		want []string // flags; none is a refusal
	}{
		{"the primary", []string{"FLY_REGION=ams", "SQLD_AUTH_JWT_KEY=k"},
			[]string{"--http-listen-addr [::]:8080", "--grpc-listen-addr [::]:5001"}},
		{"a replica", []string{"FLY_REGION=fra", "SQLD_AUTH_JWT_KEY=k"},
			[]string{"--http-listen-addr [::]:8080", "--primary-grpc-url http://ams.statuspage-db.internal:5001"}},
		{"a replica that was told to listen for replicas", []string{"FLY_REGION=fra", "SQLD_AUTH_JWT_KEY=k",
			"SQLD_GRPC_LISTEN_ADDR=[::]:5001"},
			[]string{"--primary-grpc-url http://ams.statuspage-db.internal:5001"}},
		{"without a key", []string{"FLY_REGION=ams"}, nil},
		{"with an empty key", []string{"FLY_REGION=ams", "SQLD_AUTH_JWT_KEY="}, nil},
		{"not on Fly", []string{"SQLD_AUTH_JWT_KEY=k"}, nil},
		{"nobody is primary", []string{"FLY_REGION=ams", "SQLD_AUTH_JWT_KEY=k", "PRIMARY_REGION="}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := script(t, slices.Concat(common, c.env)...).CombinedOutput()
			if (err == nil) != (c.want != nil) {
				t.Fatalf("%v: %s", err, out)
			}
			for _, flag := range c.want {
				if !strings.Contains(string(out), flag) {
					t.Errorf("no %s in %s", flag, out)
				}
			}
			replica := strings.Contains(string(out), "--primary-grpc-url")
			if replica && strings.Contains(string(out), "--grpc-listen-addr") ||
				strings.Contains(string(out), "SQLD_GRPC_LISTEN_ADDR") {
				t.Errorf("sqld refuses both roles at once: %s", out)
			}
		})
	}
}

func token(t *testing.T, what, key string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "/bin/sh", "libsql/token.sh", what, key).CombinedOutput()
	if err != nil {
		t.Fatalf("token.sh %s: %v: %s", what, err, out)
	}
	return strings.TrimSpace(string(out))
}

// server runs start.sh with the laboratory's stand-in for sqld, as one region.
func server(t *testing.T, region, home, dir, addr, grpc, key string) (stop func()) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := script(t, "DEPLOY_TEST_DATABASE=1", "SQLD="+self, "PRIMARY_REGION="+home, "FLY_REGION="+region,
		"SQLD_AUTH_JWT_KEY="+key,
		"SQLD_ADMIN_LISTEN_ADDR="+free(t), "SQLD_DB_PATH="+dir, "SQLD_HTTP_LISTEN_ADDR="+addr, "SQLD_GRPC_LISTEN_ADDR="+
			grpc, "SQLD_PRIMARY_GRPC_URL=http://"+grpc)
	var said strings.Builder
	c.Stderr = &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		_ = c.Process.Signal(syscall.SIGINT)
		defer time.AfterFunc(10*time.Second, func() { _ = c.Process.Kill() }).Stop()
		if err := c.Wait(); err != nil {
			t.Errorf("%s did not stop by itself: %v: %s", region, err, said.String())
		}
	})
	t.Cleanup(stop)
	eventually(t, region+" listens", func(ctx context.Context) error {
		return healthy(ctx, "http://"+addr+"/health")
	})
	return stop
}

func healthy(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

// eventually tries for twenty seconds.
func eventually(t *testing.T, what string, try func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		err := try(ctx)
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: %v", what, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func free(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// regions are ams, which writes, and fra, with a folder each and the schema in both.
type regions struct {
	public, key      string
	amsDir, fraDir   string
	ams, fra, grpc   string
	stopAms, stopFra func()
}

func standUp(t *testing.T) regions {
	t.Helper()
	dir := t.TempDir()
	r := regions{key: filepath.Join(dir, "key.pem"), amsDir: filepath.Join(dir, "ams"),
		fraDir: filepath.Join(dir, "fra"), ams: free(t), fra: free(t), grpc: free(t)}
	r.public = token(t, "key", r.key)
	r.stopAms = server(t, "ams", "ams", r.amsDir, r.ams, r.grpc, r.public)
	r.stopFra = server(t, "fra", "ams", r.fraDir, r.fra, r.grpc, r.public)
	if err := open(t, r.ams, token(t, "rw", r.key)).Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	replica := open(t, r.fra, token(t, "ro", r.key))
	eventually(t, "the schema is in fra", func(ctx context.Context) error {
		if done, err := replica.Migrated(ctx); err != nil || !done {
			return fmt.Errorf("migrated %v: %w", done, err)
		}
		return nil
	})
	return r
}

// durable waits until a database syncs each commit, which it forgets at each start.
func durable(t *testing.T, addr string) {
	t.Helper()
	eventually(t, addr+" is durable", func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/lab/status", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = res.Body.Close() }()
		var is hrana.Status
		if err := json.NewDecoder(res.Body).Decode(&is); err != nil || is.Durability != "strong" {
			return fmt.Errorf("it is %q: %w", is.Durability, err)
		}
		return nil
	})
}

func TestThePrimarySyncsEachCommitAfterEveryStart(t *testing.T) {
	dir, addr, grpc := t.TempDir(), free(t), free(t)
	key := token(t, "key", filepath.Join(dir, "key.pem"))
	for range 2 {
		stop := server(t, "ams", "ams", filepath.Join(dir, "db"), addr, grpc, key)
		durable(t, addr)
		if is, err := open(t, addr, token(t, "rw", filepath.Join(dir, "key.pem"))).
			Durability(t.Context()); err != nil || is != store.Strong {
			t.Errorf("the product sees %q: %v", is, err)
		}
		stop()
	}
}

func TestADatabaseOfTwoRegionsStandsUpByTheseFiles(t *testing.T) {
	r := standUp(t)
	if again := token(t, "key", r.key); again != r.public {
		t.Fatalf("a second call made another key: %s, %s", r.public, again)
	}
	if err := open(t, r.fra, token(t, "ro", r.key)).Beat(t.Context(), time.Now()); err == nil {
		t.Error("a token that may only read has written")
	}
	if err := open(t, r.ams, "").Reachable(t.Context()); err == nil {
		t.Error("whoever has no token was let in")
	}
}

// docs/deploy.md, "Losing the primary region": the other region's own folder becomes the primary's.
func TestAReplicaIsPromotedByANewPrimaryRegion(t *testing.T) {
	r := standUp(t)
	beat := time.UnixMilli(1_800_000_000_000)
	if err := open(t, r.ams, token(t, "rw", r.key)).Beat(t.Context(), beat); err != nil {
		t.Fatal(err)
	}
	replica := open(t, r.fra, token(t, "ro", r.key))
	eventually(t, "the beat is in fra", func(ctx context.Context) error {
		if at, err := replica.LastBeat(ctx); err != nil || !at.Equal(beat) {
			return fmt.Errorf("beat %v: %w", at, err)
		}
		return nil
	})
	before, err := replica.Epoch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.stopAms()
	r.stopFra()

	server(t, "fra", "fra", r.fraDir, r.fra, r.grpc, r.public)
	promoted := open(t, r.fra, token(t, "rw", r.key))
	if at, err := promoted.LastBeat(t.Context()); err != nil || !at.Equal(beat) {
		t.Errorf("what had arrived is gone: %v, %v", at, err)
	}
	if err := promoted.NewEpoch(t.Context()); err != nil {
		t.Errorf("the promoted database cannot be written: %v", err)
	}
	if after, err := promoted.Epoch(t.Context()); err != nil || after == before {
		t.Errorf("epoch %s, %v", after, err)
	}
}

func open(t *testing.T, addr, token string) *store.DB {
	t.Helper()
	db, err := store.Open("http://"+addr, token)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
