package regions_test

import (
	"bufio"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"statuspage/lab/cluster"
	"statuspage/lab/history"
	"statuspage/server/racetest"
)

// held is what a process has in its hands.
type held struct{ goroutines, descriptors, heap float64 }

// holds reads it of a region's /metrics.
func holds(r *cluster.Region) (h held, err error) {
	res, err := http.Get(r.MetricsURL() + "/metrics")
	if err != nil {
		return h, err
	}
	defer func() { _ = res.Body.Close() }()
	wanted := map[string]*float64{"go_goroutines": &h.goroutines, "process_open_fds": &h.descriptors,
		"go_memstats_heap_alloc_bytes": &h.heap}
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		name, text, _ := strings.Cut(lines.Text(), " ")
		if to := wanted[name]; to != nil {
			if *to, err = strconv.ParseFloat(text, 64); err != nil {
				return h, err
			}
		}
	}
	if h.goroutines == 0 || h.descriptors == 0 || h.heap == 0 {
		err = fmt.Errorf("/metrics does not say it: %+v", h)
	}
	return h, err
}

// storm opens sockets and asks for pages, all at once, and leaves: half of the sockets without a word.
func (w *world) storm(sockets int) {
	w.t.Helper()
	var all sync.WaitGroup
	gate := make(chan struct{}, 64) // of the machine that the test shares
	for n := range sockets {
		all.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			url := "ws" + strings.TrimPrefix(w.Primary().AppURL(), "http") + "/ws/status/public/" + slug + "/"
			ws, _, err := (&websocket.Dialer{HandshakeTimeout: 20 * time.Second}).Dial(url, nil)
			if err != nil {
				w.t.Errorf("socket %d: %v", n, err)
				return
			}
			defer func() { _ = ws.Close() }()
			var m message
			if err := ws.ReadJSON(&m); err != nil || m.Type != "hello" {
				w.t.Errorf("socket %d hears %q: %v", n, m.Type, err)
			}
			for _, path := range []string{"/status/acme", "/api/v1/public/acme/summary/"} {
				code, _, _, err := w.ask("GET", w.Primary().AppURL()+path, nil)
				if err := want(code, http.StatusOK, err); err != nil {
					w.t.Errorf("%s in a storm: %v", path, err)
				}
			}
			if n%2 == 0 {
				_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, ""),
					time.Now().Add(time.Second))
			}
		})
	}
	all.Wait()
}

// TestSoakStormsLeaveNothingBehind: after many storms a process holds no more than after the first one.
func TestSoakStormsLeaveNothingBehind(t *testing.T) {
	racetest.Outside(t, "processes in several regions")
	w := start(t, func(o *cluster.Options) { o.Regions = []string{"fra"} })
	service := w.service("API")
	storms, sockets := 4, 200
	if long() > 0 {
		storms, sockets = 1<<30, 1000
	}
	checks := &history.Checks{}
	calm := func(most held) (now held) {
		checks.Eventually("after a storm the process holds no more than after the first one", time.Minute,
			func() (err error) {
				client.CloseIdleConnections()
				if now, err = holds(w.Primary()); err != nil {
					return err
				}
				if now.goroutines > most.goroutines || now.descriptors > most.descriptors || now.heap > most.heap {
					// Garbage is collected when something is allocated.
					_, _, _, err = w.ask("PATCH", w.Primary().URL()+"/api/v1/services/"+service+"/",
						map[string]any{"description": time.Now().String()})
					return fmt.Errorf("it holds %+v, after the first storm at most %+v; %v", now, most, err)
				}
				return nil
			})
		return now
	}
	before, err := holds(w.Primary())
	if err != nil {
		t.Fatal(err)
	}
	w.storm(sockets)
	// What a first storm makes for good: caches, connections to the database, idle threads.
	first := calm(held{goroutines: before.goroutines + 40, descriptors: before.descriptors + 40, heap: before.heap +
		64<<20})
	most := held{goroutines: first.goroutines + 20, descriptors: first.descriptors + 20, heap: first.heap + 32<<20}
	var last held
	n := 1
	for began := time.Now(); n < storms && (long() == 0 || time.Since(began) < long()) && !t.Failed(); n++ {
		w.storm(sockets)
		last = calm(most)
	}
	t.Logf("%d storms of %d sockets: before %+v, after the first %+v, after the last %+v\n%s", n, sockets, before,
		first, last, checks)
	if err := checks.Err(); err != nil {
		t.Error(err)
	}
}
