package cluster

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"statuspage/lab/flyproxy"
)

func startCluster(t *testing.T, opts Options) *Cluster {
	t.Helper()
	if opts.Regions == nil {
		opts.Regions = []string{"fra", "iad", "syd"}
	}
	opts.Dir = t.TempDir()
	opts.App = Role("app")
	opts.Proxy = flyproxy.Config{DialTimeout: 300 * time.Millisecond, Patience: time.Second}
	c, err := Start(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Kill)
	return c
}

// say sends a request to a region's edge; an answer of 0 is none.
func say(method, url, body string) (int, string, http.Header) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return 0, err.Error(), nil
	}
	client := http.Client{Timeout: 4 * time.Second}
	res, err := client.Do(req)
	if err != nil {
		return 0, err.Error(), nil
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error(), nil
	}
	return res.StatusCode, string(text), res.Header
}

func count(r *Region) int64 {
	var body struct{ Count int64 }
	status, text, _ := say("GET", r.URL()+"/", "")
	if status != 200 || json.Unmarshal([]byte(text), &body) != nil {
		return -1
	}
	return body.Count
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func TestThreeRegionsWriteAtThePrimaryAndReadAtHome(t *testing.T) {
	c := startCluster(t, Options{Auth: true, RelayInterval: 50 * time.Millisecond})
	for _, r := range c.Regions {
		status, text, header := say("POST", r.URL()+"/", "from "+r.Name)
		if status != 200 || header.Get("Status-Region") != "fra" {
			t.Fatalf("%s: %d %s, written in %q", r.Name, status, text, header.Get("Status-Region"))
		}
	}
	for _, r := range c.Regions {
		eventually(t, r.Name+" has all three", func() bool { return count(r) == 3 })
		if _, _, header := say("GET", r.URL()+"/", ""); header.Get("Status-Region") != r.Name {
			t.Errorf("a read in %s was answered by %s", r.Name, header.Get("Status-Region"))
		}
	}
	if n := c.Proxy.Counts().Replays; n != 2 {
		t.Errorf("%d replays", n)
	}
	_, text, _ := say("GET", c.Region("syd").URL()+"/env", "")
	for _, want := range []string{"FLY_REGION=syd", "PRIMARY_REGION=fra", "WRITE_FORWARD=fly-replay",
		"RELAY_INTERVAL=50ms", "DATABASE_AUTH_TOKEN=e"} {
		if !strings.Contains(text, `"`+want) {
			t.Errorf("the app was started without %s", want)
		}
	}
	report := c.Region("syd").Inspect()
	if !report.App || !report.DB || !report.Ready || report.Role != "replica" || report.Seq != 3 ||
		report.Lag != 7*time.Millisecond || report.Sockets < 1 {
		t.Errorf("%+v", report)
	}
	c.Region("syd").Partition()
	if status, text, _ := say("POST", c.Region("syd").URL()+"/", "cut off"); status != 503 ||
		!strings.Contains(text, "the primary is away") {
		t.Errorf("a replay out of a cut region: %d %s", status, text)
	}
	c.Region("syd").Heal()
	if status, text, _ := say("POST", c.Region("syd").URL()+"/", "again"); status != 200 {
		t.Errorf("a replay after healing: %d %s", status, text)
	}
	req, _ := http.NewRequest("GET", c.URL()+"/", nil)
	req.Header.Set("X-Lab-Region", "iad")
	if res, err := http.DefaultClient.Do(req); err != nil || res.Header.Get("Status-Region") != "iad" {
		t.Errorf("the common address: %v, %v", res, err)
	}
}

func TestFaultsOfARegion(t *testing.T) {
	c := startCluster(t, Options{Regions: []string{"fra", "syd"}, Forward: "proxy"})
	fra, syd := c.Region("fra"), c.Region("syd")
	write := func(r *Region, key string) int {
		status, _, _ := say("POST", r.URL()+"/", key)
		return status
	}
	if status := write(syd, "1"); status != 200 {
		t.Fatalf("%d: PRIMARY_URL does not lead to the primary", status)
	}
	eventually(t, "syd has it", func() bool { return count(syd) == 1 })

	syd.Partition()
	if status := write(fra, "2"); status != 200 {
		t.Fatalf("the primary cannot write: %d", status)
	}
	if status := write(syd, "3"); status == 200 {
		t.Error("a write went through a partition")
	}
	if n := count(syd); n != 1 {
		t.Errorf("syd has %d events behind a partition", n)
	}
	syd.Heal()
	eventually(t, "syd catches up", func() bool { return count(syd) >= 2 })
	eventually(t, "syd writes again", func() bool { return write(syd, "3") == 200 })

	if err := syd.Lag(300 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	written := time.Now()
	write(fra, "4")
	eventually(t, "the lagging replica has it", func() bool { return count(syd) == 4 })
	if took := time.Since(written); took < 300*time.Millisecond {
		t.Errorf("it came after %s", took)
	}
	if err := syd.Lag(0); err != nil {
		t.Fatal(err)
	}

	syd.CutDB()
	if n := count(syd); n != -1 {
		t.Errorf("%d events from a database that is cut off", n)
	}
	syd.HealDB()
	eventually(t, "syd reads again", func() bool { return count(syd) == 4 })

	syd.DB.Kill()
	if n := count(syd); n != -1 {
		t.Errorf("%d events from a dead database", n)
	}
	if err := syd.DB.Restart(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "syd reads again", func() bool { return count(syd) == 4 })

	syd.App.Kill()
	if _, _, header := say("GET", syd.URL()+"/", ""); header.Get("Status-Region") != "fra" {
		t.Errorf("with its machine dead a region is served by %q", header.Get("Status-Region"))
	}
	if err := c.RestartAll(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all is there after a restart of all", func() bool { return count(fra) == 4 && count(syd) == 4 })
}

// Writers in all regions, while everything is killed in turn: what was acknowledged is there, and nothing is there
// twice.
func TestNoAcknowledgedWriteIsLostWhileThingsAreKilled(t *testing.T) {
	c := startCluster(t, Options{})
	var acknowledged sync.Map
	var acks, tries atomic.Int64
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for i, r := range c.Regions {
		writers.Go(func() {
			for n := 0; ; n++ {
				key := fmt.Sprintf("%d-%d", i, n)
				for status := 0; status != 200; status, _, _ = say("POST", r.URL()+"/", key) {
					select {
					case <-stop:
						return
					default:
						tries.Add(1)
					}
				}
				acknowledged.Store(key, true)
				acks.Add(1)
			}
		})
	}
	progress := func() {
		t.Helper()
		from := acks.Load()
		eventually(t, "writes go on", func() bool { return acks.Load() > from+20 })
	}
	for _, p := range []*Process{c.Primary().App, c.Regions[1].App, c.Regions[2].DB, c.Primary().DB} {
		progress()
		if err := p.Restart(); err != nil {
			t.Fatal(err)
		}
	}
	progress()
	close(stop)
	writers.Wait()
	var keys []string
	if err := c.Primary().Query(`SELECT group_concat(key) FROM events`, func(answer []byte) error {
		_, list, _ := strings.Cut(string(answer), `"value":"`)
		list, _, _ = strings.Cut(list, `"`)
		keys = strings.Split(list, ",")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for _, key := range keys {
		if there[key] {
			t.Errorf("%s is there twice", key)
		}
		there[key] = true
	}
	acknowledged.Range(func(key, _ any) bool {
		if !there[key.(string)] {
			t.Errorf("%s was acknowledged and is lost", key)
		}
		return true
	})
	for _, r := range c.Regions {
		eventually(t, r.Name+" has everything", func() bool { return count(r) == int64(len(keys)) })
	}
	t.Logf("%d acknowledged in %d tries, %d written, %+v", acks.Load(), tries.Load(), len(keys), c.Proxy.Counts())
}

func TestNothingSurvivesACluster(t *testing.T) {
	for name, end := range map[string]func(*Cluster){"stopped": (*Cluster).Stop, "killed": (*Cluster).Kill} {
		c := startCluster(t, Options{Regions: []string{"fra", "syd"}})
		var pids []int
		c.each(func(p *Process) { pids = append(pids, p.PID()) })
		end(c)
		for _, pid := range pids {
			if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
				t.Errorf("%s: process %d is still there: %v", name, pid, err)
			}
		}
	}
}

func TestAProgramThatEndsAtItsStartIsReportedWithItsLastWords(t *testing.T) {
	_, err := Start(Options{Regions: []string{"fra"}, Dir: t.TempDir(),
		App: Command{Args: []string{"sh", "-c", "echo no port for me; exit 3"}}})
	if err == nil || !strings.Contains(err.Error(), "no port for me") {
		t.Fatalf("%v", err)
	}
	if _, err := Start(Options{Regions: []string{"fra"}, Dir: t.TempDir(), Primary: "moon"}); err == nil {
		t.Error("a primary region that is none of the regions was accepted")
	}
}

func TestNumbersAreReadFromWhateverTheAppCallsThem(t *testing.T) {
	for _, c := range []struct {
		line string
		want Report
	}{
		{`statuspage_sockets 12`, Report{Sockets: 12, Seq: -1, Lag: -1}},
		{`statuspage_websockets{kind="public"} 3`, Report{Sockets: 3, Seq: -1, Lag: -1}},
		{`relay_lag_seconds 0.25`, Report{Lag: 250 * time.Millisecond, Seq: -1, Sockets: -1}},
		{`relay_last_event_id 77 1700000000000`, Report{Seq: 77, Lag: -1, Sockets: -1}},
		{`sockets_total 99`, Report{Seq: -1, Lag: -1, Sockets: -1}},
		{`# HELP sockets 5`, Report{Seq: -1, Lag: -1, Sockets: -1}},
		{`sockets`, Report{Seq: -1, Lag: -1, Sockets: -1}},
	} {
		got := Report{Seq: -1, Lag: -1, Sockets: -1}
		if name, value, ok := sample(c.line); ok {
			got.note(name, value)
		}
		if got != c.want {
			t.Errorf("%s: %+v", c.line, got)
		}
	}
}

func TestTheRealServerIsStartedWithItsDocumentedFlags(t *testing.T) {
	record := t.TempDir() + "/args"
	script := t.TempDir() + "/sqld"
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho \"$@\" >> "+record+"\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(Options{Regions: []string{"fra"}, Dir: t.TempDir(), SQLD: script}); err == nil {
		t.Fatal("a server that ends at once was ready")
	}
	args, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(string(args))
	var flags []string
	for i := 0; i < len(words); i += 2 {
		flags = append(flags, words[i])
	}
	if got := strings.Join(flags, " "); got != "--http-listen-addr --db-path --grpc-listen-addr" {
		t.Errorf("%s", args)
	}
}
