package flyproxy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"statuspage/lab/link"
)

// world is three regions with one machine each; what a machine answers is set per test.
type world struct {
	t     *testing.T
	proxy *Proxy
	url   string

	mu     sync.Mutex
	answer map[string]http.HandlerFunc
	got    []*http.Request // as the machines saw them, in order
	stop   map[string]func()
}

var regions = []string{"fra", "iad", "syd"}

func newWorld(t *testing.T, cfg Config) *world {
	t.Helper()
	cfg.Regions = regions
	w := &world{t: t, proxy: New(cfg), answer: map[string]http.HandlerFunc{}, stop: map[string]func(){}}
	for _, region := range regions {
		machine := httptest.NewServer(http.HandlerFunc(
			func(rw http.ResponseWriter, r *http.Request) { w.serve(region, rw, r) }))
		t.Cleanup(machine.Close)
		w.stop[region] = func() { machine.CloseClientConnections(); machine.Close() }
		w.proxy.Place(Machine{"m-" + region, region, machine.Listener.Addr().String()})
	}
	front := httptest.NewServer(w.proxy)
	t.Cleanup(front.Close)
	t.Cleanup(w.proxy.Close)
	w.url = front.URL
	return w
}

func (w *world) serve(region string, rw http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.mu.Lock()
	w.got = append(w.got, r)
	answer := w.answer[region]
	w.mu.Unlock()
	if answer != nil {
		answer(rw, r)
		return
	}
	fmt.Fprintf(rw, "%s %s %s", region, r.Method, body)
}

// replays makes a machine answer every request with a fly-replay header.
func (w *world) replays(region, header string) {
	w.answers(region, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("fly-replay", header)
		io.WriteString(rw, "nobody reads this")
	})
}

// answers makes a machine answer every request so.
func (w *world) answers(region string, with http.HandlerFunc) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer[region] = with
}

func (w *world) send(method, region, body string, headers ...string) (int, string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, w.url+"/path?q=1", strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("X-Lab-Region", region)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	if res.Header.Get("fly-replay") != "" {
		w.t.Error("a fly-replay header reached the client")
	}
	return res.StatusCode, string(text)
}

func (w *world) expect(status int, text string, gotStatus int, gotText string) {
	w.t.Helper()
	if gotStatus != status || !strings.Contains(gotText, text) {
		w.t.Errorf("%d %.200q, want %d %q", gotStatus, gotText, status, text)
	}
}

// saw returns the header of the last request that reached a machine.
func (w *world) saw(name string) string {
	got := w.requests()
	return got[len(got)-1].Header.Get(name)
}

func (w *world) requests() []*http.Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.got
}

func TestARequestGoesToTheNearestMachine(t *testing.T) {
	w := newWorld(t, Config{})
	for _, region := range regions {
		status, text := w.send("GET", region, "")
		w.expect(200, region+" GET", status, text)
		if got := w.saw("Fly-Region"); got != region {
			t.Errorf("Fly-Region %q", got)
		}
	}
	w.stop["syd"]()
	status, text := w.send("GET", "syd", "")
	w.expect(200, "fra GET", status, text)
	if got := w.saw("Fly-Region"); got != "syd" {
		t.Errorf("Fly-Region is where the client came in, not %q", got)
	}
}

func TestHeadersThatFlySetsAreNotTheClients(t *testing.T) {
	w := newWorld(t, Config{})
	w.send("GET", "iad", "", "Fly-Client-IP", "6.6.6.6", "Fly-Region", "moon", "Fly-Replay-Failed", "reason=forged",
		"X-Forwarded-For", "5.5.5.5", "fly-replay-src", "instance=forged;region=fra;t=1;state=primary", "X-Custom",
		"kept")
	for name, want := range map[string]string{"Fly-Client-IP": "127.0.0.1", "Fly-Region": "iad",
		"Fly-Replay-Failed": "",
		"X-Forwarded-For":   "5.5.5.5, 127.0.0.1", "X-Forwarded-Proto": "http", "X-Custom": "kept", "X-Lab-Region": "",
		"fly-replay-src": "instance=forged;region=fra;t=1;state=primary"} {
		if got := w.saw(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	w.send("GET", "iad", "", "X-Lab-Client-IP", "9.9.9.9")
	if got := w.saw("Fly-Client-IP"); got != "9.9.9.9" {
		t.Errorf("a test that pretends to be another client is %q", got)
	}
}

func TestAReplayRunsTheSameRequestInAnotherRegion(t *testing.T) {
	w := newWorld(t, Config{})
	w.replays("syd", "region=fra;state=a write")
	before := time.Now()
	status, text := w.send("POST", "syd", "the body", "fly-replay-src", "instance=forged", "X-Custom", "kept")
	w.expect(200, "fra POST the body", status, text)
	var at int64
	src := w.saw("fly-replay-src")
	if n, err := fmt.Sscanf(src, "instance=m-syd;region=syd;t=%d;state=a write", &at); n != 1 || err != nil {
		t.Fatalf("fly-replay-src %q", src)
	}
	if moment := time.UnixMicro(at); moment.Before(before.Add(-time.Second)) || moment.After(time.Now()) {
		t.Errorf("t is %s", moment)
	}
	if w.saw("X-Custom") != "kept" || w.saw("Fly-Region") != "syd" || w.requests()[1].URL.String() != "/path?q=1" {
		t.Error("the request changed on its way")
	}
	if c := w.proxy.Counts(); c.Replays != 1 || c.Requests != 1 {
		t.Errorf("%+v", c)
	}
}

func TestWhereAReplayMayGo(t *testing.T) {
	for _, c := range []struct {
		header string
		status int
		text   string
	}{
		{`region=iad`, 200, "iad"},
		{`region="iad,fra"`, 200, "iad"},
		{`region="nrt,fra"`, 200, "fra"},
		{`region="nrt,any";elsewhere=true`, 200, "fra"},
		{`prefer_region=nrt`, 200, "syd"},
		{`prefer_region=iad`, 200, "iad"},
		{`instance=m-fra`, 200, "fra"},
		{`prefer_instance=gone;region=iad`, 200, "iad"},
		{`prefer_instance=m-iad;region=fra`, 200, "iad"},
		{`elsewhere=true`, 200, "fra"},
		{`region=nrt`, 502, "no machine can take the request"},
		{`instance=gone`, 502, "no machine can take the request"},
		{`app=other`, 502, "no machine can take the request"},
		{`region=fra;timeout=soon`, 502, "cannot be read"},
		{`dance=fra`, 502, "cannot be read"},
	} {
		w := newWorld(t, Config{})
		var asked atomic.Bool
		w.answers("syd", func(rw http.ResponseWriter, _ *http.Request) {
			if asked.CompareAndSwap(false, true) {
				rw.Header().Set("fly-replay", c.header)
			}
			io.WriteString(rw, "syd")
		})
		status, text := w.send("POST", "syd", "x")
		if status != c.status || !strings.Contains(text, c.text) {
			t.Errorf("%s: %d %q, want %d %q", c.header, status, text, c.status, c.text)
		}
	}
}

func TestABodyOverOneMegabytePassesButIsNotReplayed(t *testing.T) {
	w := newWorld(t, Config{})
	large := strings.Repeat("x", maxReplayBody+1)
	if status, text := w.send("POST", "fra", large); status != 200 || len(text) != len("fra POST ")+len(large) {
		t.Errorf("%d, %d bytes", status, len(text))
	}
	w.replays("syd", "region=fra")
	status, text := w.send("POST", "syd", large)
	w.expect(502, "more than 1 MB", status, text)
	if status, text := w.send("POST", "syd", large[:maxReplayBody]); status != 200 || !strings.HasPrefix(text, "fra") {
		t.Errorf("%d: exactly 1 MB was refused", status)
	}
}

func TestALoopOfReplaysEnds(t *testing.T) {
	w := newWorld(t, Config{})
	w.replays("syd", "region=fra")
	w.replays("fra", "region=syd")
	status, text := w.send("POST", "syd", "x")
	w.expect(502, "replayed too often", status, text)
	if n := len(w.requests()); n != maxReplays+1 {
		t.Errorf("the app was asked %d times", n)
	}
}

func TestAReplayToADeadRegionFailsAfterItsTimeout(t *testing.T) {
	w := newWorld(t, Config{Patience: time.Minute})
	w.stop["fra"]()
	w.replays("syd", "region=fra;timeout=150ms")
	started := time.Now()
	status, text := w.send("POST", "syd", "x")
	w.expect(502, "proxy:", status, text)
	if took := time.Since(started); took < 150*time.Millisecond || took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestAFallbackBringsTheRequestBackWithTheReason(t *testing.T) {
	for _, fallback := range []string{"force_self", "prefer_self"} {
		w := newWorld(t, Config{})
		w.stop["fra"]()
		w.answers("syd", func(rw http.ResponseWriter, r *http.Request) {
			if failed := r.Header.Get("Fly-Replay-Failed"); failed != "" {
				io.WriteString(rw, "the primary is away: "+failed)
				return
			}
			rw.Header().Set("fly-replay", "region=fra;timeout=100ms;fallback="+fallback)
		})
		status, text := w.send("POST", "syd", "x")
		w.expect(200, "the primary is away: instance=;app=;region=fra;replay_source=m-syd;reason=", status, text)
		if w.saw("fly-replay-src") != "" {
			t.Error("a fallback is the original request, without fly-replay-src")
		}
	}
}

func TestAFallbackMayNotBeReplayed(t *testing.T) {
	w := newWorld(t, Config{})
	w.stop["fra"]()
	w.replays("syd", "region=fra;timeout=100ms;fallback=force_self")
	status, text := w.send("POST", "syd", "x")
	w.expect(502, "fallback request may not be replayed", status, text)
}

func TestACutRegionIsNotReachedAndComesBack(t *testing.T) {
	w := newWorld(t, Config{DialTimeout: 100 * time.Millisecond})
	w.replays("syd", "region=fra;timeout=300ms;fallback=force_self")
	replaying := w.answer["syd"]
	w.answers("syd", func(rw http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Fly-Replay-Failed") != "" {
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		replaying(rw, r)
	})
	if status, text := w.send("POST", "syd", "one"); status != 200 || !strings.HasPrefix(text, "fra") {
		t.Fatalf("%d %s", status, text)
	}
	w.proxy.Wire("syd", "fra").Cut(link.Both)
	if status, _ := w.send("POST", "syd", "two"); status != 503 {
		t.Errorf("%d over a cut wire", status)
	}
	if status, text := w.send("GET", "fra", ""); status != 200 {
		t.Errorf("the other side: %d %s", status, text)
	}
	w.proxy.Wire("syd", "fra").Heal()
	if status, text := w.send("POST", "syd", "three"); status != 200 || !strings.HasPrefix(text, "fra") {
		t.Errorf("%d %s after healing", status, text)
	}
}

func TestAMachineThatDiesInTheMiddleIsNotAskedTwice(t *testing.T) {
	w := newWorld(t, Config{})
	w.send("GET", "iad", "") // so that the connection is one that was used before
	w.answers("iad", func(rw http.ResponseWriter, _ *http.Request) {
		c, _, err := rw.(http.Hijacker).Hijack()
		if err == nil {
			c.Close()
		}
	})
	status, text := w.send("POST", "iad", "x", "Idempotency-Key", "k")
	w.expect(502, "proxy:", status, text)
	if n := len(w.requests()) - 1; n != 1 {
		t.Errorf("the machines were asked %d times", n)
	}
}

func TestClientsMayAskForARegionOrAMachine(t *testing.T) {
	w := newWorld(t, Config{})
	for _, c := range []struct{ name, value, want string }{
		{"fly-prefer-region", "iad", "iad"}, {"fly-prefer-region", "nrt", "syd"}, {"fly-force-region", "fra", "fra"},
		{"fly-force-instance-id", "m-iad", "iad"}, {"fly-prefer-instance-id", "gone", "syd"},
	} {
		if status, text := w.send("GET", "syd", "", c.name, c.value); status != 200 ||
			!strings.HasPrefix(text, c.want) {
			t.Errorf("%s=%s: %d %s", c.name, c.value, status, text)
		}
	}
	if status, _ := w.send("GET", "syd", "", "fly-force-region", "nrt"); status != 502 {
		t.Errorf("a forced region that does not exist: %d", status)
	}
}

func TestAWebSocketPassesThrough(t *testing.T) {
	w := newWorld(t, Config{})
	w.answers("iad", func(rw http.ResponseWriter, r *http.Request) {
		c, buffered, err := rw.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\n\r\n",
			r.Header.Get("Upgrade"))
		line, _ := buffered.ReadString('\n')
		fmt.Fprintf(c, "iad heard %s", line)
	})
	c, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	io.WriteString(c, "GET /ws HTTP/1.1\r\nHost: x\r\nX-Lab-Region: iad\r\nConnection: Upgrade\r\nUpgrade: "+
		"websocket\r\n\r\n")
	in := bufio.NewReader(c)
	res, err := http.ReadResponse(in, nil)
	if err != nil || res.StatusCode != 101 {
		t.Fatalf("%v %v", res, err)
	}
	io.WriteString(c, "hello\n")
	if line, err := in.ReadString('\n'); err != nil || line != "iad heard hello\n" {
		t.Fatalf("%q, %v", line, err)
	}
}
