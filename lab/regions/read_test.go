package regions_test

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"statuspage/server/racetest"
)

// replayTimeout is what a region tells Fly's proxy: how long it waits for the primary.
const replayTimeout = 5 * time.Second

func TestNobodyReadsSomethingOlderThanWhatTheyWrote(t *testing.T) {
	racetest.Outside(t, "processes in several regions")
	const times, workers = 1000, 25
	w := start(t, nil)
	stop := make(chan struct{})
	var lagging sync.WaitGroup
	lagging.Go(func() { // replicas that are up to two seconds behind, now more, now less
		for lags := w.seed.Stream("lags"); ; {
			for _, r := range w.Regions[1:] {
				_ = r.Lag(time.Duration(lags.IntN(2000)) * time.Millisecond)
			}
			select {
			case <-stop:
				return
			case <-time.After(300 * time.Millisecond):
			}
		}
	})
	var working sync.WaitGroup
	var left, replayed, here, refused atomic.Int64
	left.Store(times)
	failed := make(chan error, workers)
	for n := range workers {
		id := w.service(fmt.Sprintf("Service %d", n))
		working.Go(func() {
			for i := 0; left.Add(-1) >= 0; i++ {
				text := fmt.Sprintf("write %d", i)
				choice := w.seed.Stream("worker", n, i)
				through, back := w.Regions[choice.IntN(3)], w.Regions[choice.IntN(3)]
				write := func() (int, map[string]any, http.Header, error) {
					return w.ask("PATCH", through.URL()+"/api/v1/services/"+id+"/", map[string]any{"description": text},
						"Idempotency-Key", id+text)
				}
				sent := time.Now()
				code, _, header, err := write()
				// A machine so busy that the primary took longer than fly-replay's timeout is no fault of the
				// program's; any sooner 503 is.
				for again := 0; err == nil && code == http.StatusServiceUnavailable &&
					time.Since(sent) >= replayTimeout && again < 5; again++ {
					refused.Add(1)
					sent = time.Now()
					code, _, header, err = write()
				}
				if err != nil || code != http.StatusOK {
					failed <- fmt.Errorf("write through %s: %d %v", through.Name, code, err)
					return
				}
				code, out, header, err := w.ask("GET", back.URL()+"/api/v1/services/"+id+"/", nil, "Status-Min-Seq",
					header.Get("Status-Seq"))
				if err != nil || code != http.StatusOK || out["description"] != text {
					failed <- fmt.Errorf("wrote %q through %s, read %v through %s: %d %v", text, through.Name,
						out["description"], back.Name, code, err)
					return
				}
				if header.Get("Status-Region") == back.Name {
					here.Add(1)
				} else {
					replayed.Add(1)
				}
			}
		})
	}
	working.Wait()
	close(stop)
	lagging.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	t.Logf("%d reads were answered where they were asked, %d by the primary; %d writes were sent again", here.Load(),
		replayed.Load(), refused.Load())
	if !t.Failed() && (here.Load() == 0 || replayed.Load() == 0) {
		t.Error("only one of the two ways was taken")
	}
}

func TestWithoutThePrimaryEverybodyReadsAndNobodyWrites(t *testing.T) {
	racetest.Outside(t, "processes in several regions")
	for _, mode := range []string{"fly-replay", "proxy"} {
		t.Run(mode, func(t *testing.T) {
			w := start(t, withForward(mode))
			id := w.service("API")
			_, seq := w.must(w.Regions[1], "PATCH", "/api/v1/services/"+id+"/",
				map[string]any{"description": "through another region"})
			away := w.Regions[2]
			w.eventually("the event arrives", func() error {
				code, _, header, err := w.ask("GET", away.URL()+"/api/v1/public/acme/status/", nil)
				if header.Get("Status-Seq") != strconv.FormatInt(seq, 10) {
					return fmt.Errorf("seq %s", header.Get("Status-Seq"))
				}
				return want(code, http.StatusOK, err)
			})
			w.Primary().App.Kill()
			for _, path := range []string{"/status/acme", "/status/acme/feed.atom", "/api/v1/public/acme/summary/",
				"/api/v1/services/"} {
				if code, _, _, err := w.ask("GET", away.URL()+path, nil); err != nil || code != http.StatusOK {
					t.Errorf("%s without the primary: %d %v", path, code, err)
				}
			}
			code, out, header, err := w.ask("PATCH", away.URL()+"/api/v1/services/"+id+"/",
				map[string]any{"description": "lost"})
			if err != nil || code != http.StatusServiceUnavailable {
				t.Errorf("a write without the primary: %d %v %v", code, out, err)
			}
			if header.Get("Retry-After") == "" || out["code"] != "unavailable" {
				t.Errorf("the refusal says %v, Retry-After %q", out, header.Get("Retry-After"))
			}
			code, _, _, err = w.ask("GET", away.URL()+"/api/v1/services/"+id+"/", nil, "Status-Min-Seq",
				strconv.FormatInt(seq+5, 10))
			if err != nil || code != http.StatusServiceUnavailable {
				t.Errorf("what nobody has, without the primary: %d %v", code, err)
			}
			w.eventually("the age is shown", func() error {
				_, _, header, err := w.ask("GET", away.URL()+"/status/acme", nil)
				if lag, _ := strconv.ParseFloat(header.Get("Status-Lag"), 64); err == nil && lag < 1 {
					err = fmt.Errorf("Status-Lag %s", header.Get("Status-Lag"))
				}
				return err
			})
			if err := w.Primary().App.Restart(); err != nil {
				t.Fatal(err)
			}
			w.eventually("writes go on", func() error {
				code, _, _, err := w.ask("PATCH", away.URL()+"/api/v1/services/"+id+"/",
					map[string]any{"description": "again"})
				return want(code, http.StatusOK, err)
			})
		})
	}
}
