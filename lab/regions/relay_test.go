package regions_test

import (
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"statuspage/server/config"

	"context"
	"net/http/httptest"

	"statuspage/lab/cluster"
	"statuspage/server/app"
	"statuspage/server/auth"
	"statuspage/server/desk"
	"statuspage/shared/page"
)

// TestEveryRegionHearsOfEveryEventSoon measures from the answer to a write to its frame on a socket of each region, under load.
func TestEveryRegionHearsOfEveryEventSoon(t *testing.T) {
	w := start(t, nil)
	const writers, each = 8, 40
	ids := make([]string, writers)
	for n := range ids {
		ids[n] = w.service(fmt.Sprintf("Service %d", n))
	}
	var sent sync.Map // text → when its write was answered
	var late [3][]time.Duration
	var reading sync.WaitGroup
	for i, r := range w.Regions {
		ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(r.URL(), "http")+"/ws/status/public/"+slug+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = ws.Close() })
		reading.Go(func() {
			for len(late[i]) < writers*each {
				_ = ws.SetReadDeadline(time.Now().Add(30 * time.Second))
				var m frame
				if err := ws.ReadJSON(&m); err != nil {
					t.Errorf("%s: %v after %d", r.Name, err, len(late[i]))
					return
				}
				if m.Data.Description == "" {
					continue
				}
				heard := time.Now()
				at, answered := sent.Load(m.Data.Description)
				for !answered { // the frame may overtake the answer
					time.Sleep(time.Millisecond)
					at, answered = sent.Load(m.Data.Description)
				}
				late[i] = append(late[i], heard.Sub(at.(time.Time)))
			}
		})
	}
	began := time.Now()
	var writing sync.WaitGroup
	for n := range ids {
		writing.Go(func() {
			for i := range each {
				text := fmt.Sprintf("%d/%d", n, i)
				code, _, _, err := w.ask("PATCH", w.Primary().URL()+"/api/v1/services/"+ids[n]+"/", map[string]any{"description": text})
				sent.Store(text, time.Now())
				if err != nil || code != http.StatusOK {
					t.Errorf("write: %d %v", code, err)
				}
			}
		})
	}
	writing.Wait()
	rate := float64(writers*each) / time.Since(began).Seconds()
	reading.Wait()
	for i, r := range w.Regions {
		slices.Sort(late[i])
		n := len(late[i])
		t.Logf("%s: %d events at %.0f writes a second; median %s, 99th percentile %s", r.Name, n, rate, late[i][n/2], late[i][n*99/100])
		// The promise is interval + replication + 50 ms; a busy machine gets ten times that before it fails.
		if late[i][n*99/100] > 5*time.Second {
			t.Errorf("%s hears of events after %s", r.Name, late[i][n*99/100])
		}
	}
}

func TestWhoIsCutInOneRegionGoesOnInAnother(t *testing.T) {
	w := start(t, nil)
	id := w.service("API")
	near, far := w.Regions[1], w.Regions[2]
	dial := func(r *cluster.Region, query string) *websocket.Conn {
		ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(r.URL(), "http")+"/ws/status/public/"+slug+"/"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = ws.Close() })
		return ws
	}
	read := func(ws *websocket.Conn) (m frame) {
		_ = ws.SetReadDeadline(time.Now().Add(20 * time.Second))
		if err := ws.ReadJSON(&m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	first := dial(near, "")
	hello := read(first)
	if err := far.Pause(); err != nil { // the other region hears nothing for now
		t.Fatal(err)
	}
	_, seq := w.must(w.Primary(), "PATCH", "/api/v1/services/"+id+"/", map[string]any{"description": "one"})
	for read(first).Seq != seq {
		continue
	}
	_ = first.Close()
	second := dial(far, fmt.Sprintf("?since=%d&epoch=%s", seq, hello.Epoch))
	if h := read(second); h.Seq >= seq {
		t.Fatalf("the region that is behind says %d", h.Seq)
	}
	_, last := w.must(w.Primary(), "PATCH", "/api/v1/services/"+id+"/", map[string]any{"description": "two"})
	if err := far.Resume(); err != nil {
		t.Fatal(err)
	}
	if m := read(second); m.Seq != seq+1 || m.Seq != last {
		t.Fatalf("the first event in the other region is %d, not %d", m.Seq, seq+1)
	}
}

// TestAWriteIsOneRoundTrip counts what opening an incident asks of a remote database.
func TestAWriteIsOneRoundTrip(t *testing.T) {
	w := start(t, func(o *cluster.Options) { o.Regions = []string{"fra"} })
	target, err := url.Parse(w.Primary().DBURL())
	if err != nil {
		t.Fatal(err)
	}
	var requests atomic.Int64
	forward := httputil.NewSingleHostReverseProxy(target)
	counting := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		forward.ServeHTTP(rw, r)
	}))
	t.Cleanup(counting.Close)
	ctx := context.Background()
	cfg := config.Default(config.Database{DatabaseURL: counting.URL})
	cfg.RelayInterval = time.Minute
	a, err := app.New(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	by := desk.Caller{Who: auth.Principal{Kind: auth.KindUser, ID: w.org, OrgID: w.org, Role: auth.Admin}}
	service := w.service("API")
	if err := a.Relay.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Relay.Page(ctx, w.org); err != nil {
		t.Fatal(err)
	}
	settled := func() int64 { // the client closes its streams behind our back
		for before := requests.Load(); ; before = requests.Load() {
			time.Sleep(300 * time.Millisecond)
			if requests.Load() == before {
				return before
			}
		}
	}
	before, batches := settled(), a.DB.Batches()
	_, err = a.Desk.Change(ctx, by, w.org, &page.OpenIncident{Title: "Down", Service: &service, ToState: "major_outage"})
	if err != nil {
		t.Fatal(err)
	}
	if n := a.DB.Batches() - batches; n != 1 {
		t.Errorf("opening an incident is %d batches", n)
	}
	// A batch and a poll, and for each the asynchronous close of its stream; the poll's second looks at heartbeat and epoch.
	if n := settled() - before; n < 2 || n > 8 {
		t.Errorf("opening an incident is %d requests", n)
	}
}
