package regions_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"statuspage/lab/cluster"
	"statuspage/server/racetest"
	"statuspage/server/store"
)

// watch is a world with one service, whose description is what was written last.
type watch struct {
	*world
	watched string
}

// loseEvents cuts the power of the primary's database until events are lost that were acknowledged. It answers the last
// one before and after.
func (w *watch) loseEvents(commits int) (before, after int64) {
	w.t.Helper()
	for try := range 5 {
		for i := range commits {
			_, before = w.must(w.Primary(), "PATCH", "/api/v1/services/"+w.watched+"/",
				map[string]any{"description": fmt.Sprintf("before loss %d, %d", try, i)})
		}
		for _, r := range w.Regions { // a region that never saw an event loses nothing
			w.seen(r, before)
		}
		if _, err := w.Primary().PowerCut(commits); err != nil {
			w.t.Fatal(err)
		}
		if after = w.logEnd(); after < before {
			return before, after
		}
	}
	w.t.Fatal("no power cut loses anything: nothing was tested")
	return 0, 0
}

// seen waits until a region shows an event.
func (w *watch) seen(r *cluster.Region, seq int64) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("event %d arrives in %s", seq, r.Name), func() error {
		s, err := w.shown(r)
		if err == nil && s.seq < seq {
			err = fmt.Errorf("it is at %d", s.seq)
		}
		return err
	})
}

// logEnd is the last seq of the organisation, and holds its log against having a gap.
func (w *watch) logEnd() int64 {
	w.t.Helper()
	db, err := store.Open(w.Primary().DBURL(), "")
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	events, err := db.Org(w.org).EventsSince(context.Background(), 0, 10_000)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range events {
		if events[i].Seq != int64(i+1) {
			w.t.Fatalf("event %d where %d was to come", events[i].Seq, i+1)
		}
	}
	return int64(len(events))
}

// state is what a region shows of the page.
type state struct {
	epoch, description string
	seq                int64
}

// shown asks a region's own socket, as a client does that comes for the first time.
func (w *watch) shown(r *cluster.Region) (s state, err error) {
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(r.URL(), "http")+"/ws/status/public/"+slug+"/",
		nil)
	if err != nil {
		return s, err
	}
	defer func() { _ = ws.Close() }()
	_ = ws.SetReadDeadline(time.Now().Add(3 * time.Second))
	var hello frame
	if err := ws.ReadJSON(&hello); err != nil {
		return s, err
	}
	code, out, header, err := w.ask("GET", r.URL()+"/api/v1/services/"+w.watched+"/", nil)
	if err := want(code, http.StatusOK, err); err != nil {
		return s, err
	}
	if at := header.Get("Status-Seq"); at != fmt.Sprint(hello.Seq) {
		return s, fmt.Errorf("the socket is at %d, the API at %s", hello.Seq, at)
	}
	s.description, _ = out["description"].(string)
	s.epoch, s.seq = hello.Epoch, hello.Seq
	return s, nil
}

// TestAPowerCutThatTakesCommitsBackIsSaidAndLeavesNoGap while every program of the product runs on: the log gets a new
// epoch, every region shows the same again, and writes go on at once.
func TestAPowerCutThatTakesCommitsBackIsSaidAndLeavesNoGap(t *testing.T) {
	racetest.Outside(t, "processes in several regions")
	w := &watch{world: start(t, nil)}
	w.watched = w.service("API")
	was, err := w.shown(w.Primary())
	if err != nil {
		t.Fatal(err)
	}
	before, after := w.loseEvents(4)
	t.Logf("the log went back from %d to %d", before, after)
	for _, r := range w.Regions {
		w.eventually(r.Name+" begins the new epoch", func() error {
			s, err := w.shown(r)
			if err == nil && s.epoch == was.epoch {
				err = fmt.Errorf("it is at %d of the old one", s.seq)
			}
			return err
		})
	}
	said, err := os.ReadFile(w.Primary().App.LogFile())
	if err != nil || !strings.Contains(string(said), "THE DATABASE HAS LOST WRITES THAT WERE ACKNOWLEDGED") {
		t.Errorf("nothing is said of it: %v", err)
	}
	var last int64
	for i := range 6 { // more than were lost: each takes a seq that was taken before
		r := w.Regions[i%len(w.Regions)]
		_, seq := w.must(r, "PATCH", "/api/v1/services/"+w.watched+"/",
			map[string]any{"description": fmt.Sprintf("after %d", i)})
		if i > 0 && seq != last+1 {
			t.Errorf("event %d behind %d", seq, last)
		}
		last = seq
	}
	if end := w.logEnd(); end != last {
		t.Errorf("the log ends at %d, the last write was told %d", end, last)
	}
	for _, r := range w.Regions {
		w.seen(r, last)
		if s, err := w.shown(r); err != nil || s.seq != last || s.description != "after 5" {
			t.Errorf("%s shows %+v: %v", r.Name, s, err)
		}
	}
}

// readiness is what a region says of itself.
func (w *world) readiness(r *cluster.Region) map[string]any {
	w.t.Helper()
	_, out, _, err := w.ask("GET", r.AppURL()+"/readyz", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) durability(want string) {
	w.t.Helper()
	w.eventually("the primary says that its database is "+want, func() error {
		if is := w.readiness(w.Primary())["durability"]; is != want {
			return fmt.Errorf("it says %v", is)
		}
		return nil
	})
}

// TestThePrimarySaysWhetherItsDatabaseOutlivesAPowerCut and with a durable one nothing is lost by it.
func TestThePrimarySaysWhetherItsDatabaseOutlivesAPowerCut(t *testing.T) {
	racetest.Outside(t, "processes in several regions")
	w := &watch{world: start(t, func(o *cluster.Options) { o.Durable, o.Regions = true, []string{"fra", "syd"} })}
	w.durability("strong")
	if is, there := w.readiness(w.Region("syd"))["durability"]; there {
		t.Errorf("a replica knows of the primary's disk: %v", is)
	}
	w.watched = w.service("API")
	was, err := w.shown(w.Primary())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		w.must(w.Primary(), "PATCH", "/api/v1/services/"+w.watched+"/",
			map[string]any{"description": fmt.Sprint("kept ", i)})
	}
	before := w.logEnd()
	if lost, err := w.Primary().PowerCut(4); err != nil || lost != 0 {
		t.Errorf("%d commits are lost: %v", lost, err)
	}
	if after := w.logEnd(); after != before {
		t.Errorf("the log went back from %d to %d", before, after)
	}
	if err := w.Primary().Configure("relaxed"); err != nil {
		t.Fatal(err)
	}
	w.durability("relaxed")
	if ready := w.readiness(w.Primary())["ready"]; ready != true {
		t.Error("a database that works is no reason not to be ready")
	}
	said, err := os.ReadFile(w.Primary().App.LogFile())
	if err != nil || strings.Count(string(said), "A POWER CUT AT THE DATABASE'S HOST TAKES WRITES BACK THAT WERE "+
		"ACKNOWLEDGED") != 1 {
		t.Errorf("it is not said, once: %v", err)
	}
	if n := w.metric(w.Primary(), "statuspage_database_durable"); n != 0 {
		t.Errorf("the metric is %v", n)
	}
	if err := w.Primary().Configure("strong"); err != nil {
		t.Fatal(err)
	}
	w.durability("strong")
	if n := w.metric(w.Primary(), "statuspage_database_durable"); n != 1 {
		t.Errorf("the metric is %v", n)
	}
	w.eventually("the page goes on", func() error { // with the log that it had
		s, err := w.shown(w.Primary())
		if err == nil && (s.epoch != was.epoch || s.seq != before) {
			err = fmt.Errorf("it is at %d of %s", s.seq, s.epoch)
		}
		return err
	})
}

// metric is the value of one that has no labels; -1 when there is none.
func (w *world) metric(r *cluster.Region, name string) float64 {
	w.t.Helper()
	value, is := r.Metric(name)
	if !is {
		return -1
	}
	return value
}
