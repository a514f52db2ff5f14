// Package collecttest holds what monitors keep of the past against what is computed by hand, on any database.
package collecttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"statuspage/server/monitor/collect"
	"statuspage/server/monitor/prober"
	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const (
	five = 5 * wire.Minute
	day  = wire.Day
	kept = 2 * day // results
)

// Run is the suite; open gives an empty database that is migrated. rounds is how many random stories are played.
func Run(t *testing.T, rounds int, open func(testing.TB) *store.DB) {
	t.Run("buckets are what results come to, whenever they come", func(t *testing.T) { measured(t, open(t), rounds) })
	t.Run("only what is old is forgotten, all of it, in small batches", func(t *testing.T) { forgotten(t, open(t)) })
	t.Run("alerts are forgotten where there is no monitor, too", func(t *testing.T) { alertsForgotten(t, open(t)) })
	t.Run("a day that nobody measured is made up for", func(t *testing.T) { missedDay(t, open(t)) })
	t.Run("a day of many regions is read and measured", func(t *testing.T) { manyRegions(t, open(t)) })
	t.Run("as many monitors as there may be are read", func(t *testing.T) { manyMonitors(t, open(t)) })
}

// world is a primary whose clock is moved by hand. Its monitors are paused: what is kept is looked at, not what
// follows.
type world struct {
	db  *store.DB
	org string
	now status.Time
	*collect.Collector
	mark int
}

func begin(t testing.TB, db *store.DB) *world {
	w := &world{db: db, org: uuid.Must(uuid.NewV7()).String(), now: 20_000*day + 7*wire.Hour}
	event, no := page.Create(w.org, "acme", "Acme", w.now)
	if no != nil {
		t.Fatal(no)
	}
	must(t, db.Org(w.org).Append(context.Background(), page.State{}, []page.Event{event}, nil))
	w.restart()
	return w
}

// restart is another process on the same database.
func (w *world) restart() {
	w.Collector = collect.New(w.db, nil, prober.New(nil), collect.Options{Region: "a", Primary: true,
		Now: func() time.Time { return time.UnixMilli(int64(w.now)) }, Mark: func() string { return strconv.Itoa(w.mark) }})
	w.mark++
	w.Read(context.Background())
}

type fatal interface {
	Helper()
	Fatal(...any)
}

func must(t fatal, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) monitor(t fatal) string {
	t.Helper()
	var b store.Batch
	id := w.add(&b, "")
	must(t, w.db.Do(context.Background(), &b))
	return id
}

func (w *world) add(b *store.Batch, body string) string {
	m := store.Watched{Monitor: status.NewMonitor(), OrgID: w.org}
	m.ID, m.Name, m.Target, m.Paused, m.Version = uuid.NewString(), "Site", "https://example.com/", true, 1
	m.CreatedAt, m.UpdatedAt, m.Body = w.now, w.now, body
	w.db.Org(w.org).AddMonitor(b, &m)
	return m.ID
}

func (w *world) look(monitor, region string, at status.Time, ok bool, ms int64) store.Look {
	return store.Look{OrgID: w.org, Monitor: monitor,
		Observation: status.Observation{Region: region, At: at, OK: ok, Ms: ms}}
}

type place struct {
	monitor string
	at      status.Time
	region  string
}

// byHand computes buckets of a span in the plainest way.
func byHand(looks map[place]store.Look, span status.Time) map[place]store.Measured {
	times, out := map[place][]int64{}, map[place]store.Measured{}
	for p, l := range looks {
		p.at = p.at / span * span
		m := out[p]
		m.At, m.Region = p.at, p.region
		if m.Count++; l.OK {
			times[p] = append(times[p], l.Ms)
		} else {
			m.Failed++
		}
		out[p] = m
	}
	for p, list := range times {
		m := out[p]
		slices.Sort(list)
		share := func(percent int) int64 { // the smallest that so many of a hundred do not exceed
			for i, x := range list {
				if (i+1)*100 >= percent*len(list) {
					return x
				}
			}
			return 0
		}
		m.Min, m.P50, m.P95, m.Max = list[0], share(50), share(95), list[len(list)-1]
		out[p] = m
	}
	return out
}

func (w *world) buckets(t fatal, monitors []string, span status.Time) map[place]store.Measured {
	t.Helper()
	out := map[place]store.Measured{}
	for _, id := range monitors {
		list, err := w.db.Org(w.org).Metrics(context.Background(), id, int64(span/1000), 0, w.now+day)
		must(t, err)
		for _, m := range list {
			out[place{id, m.At, m.Region}] = m
		}
	}
	return out
}

func (w *world) results(t fatal, monitor string) int {
	t.Helper()
	_, n, err := w.db.Org(w.org).Looks(context.Background(), monitor, store.LookFilter{}, store.Span{Limit: 1})
	must(t, err)
	return n
}

func measured(t *testing.T, db *store.DB, rounds int) {
	ctx, w, played := context.Background(), begin(t, db), 0
	rapid.Check(t, func(rt *rapid.T) {
		if played++; played > rounds {
			return
		}
		w.now = w.now/day*day + 20*day + rapid.Custom(func(rt *rapid.T) status.Time {
			return status.Time(rapid.Int64Range(0, int64(day)).Draw(rt, "hour"))
		}).Draw(rt, "begin")
		monitors := []string{w.monitor(rt), w.monitor(rt)}
		defer func() {
			var b store.Batch
			for _, id := range monitors {
				db.Org(w.org).DeleteMonitor(&b, id, 1, w.now)
			}
			must(rt, db.Do(ctx, &b))
		}()
		w.restart()
		taken, regions := map[place]store.Look{}, []string{"a", "b", "c"}
		parted := map[status.Time]bool{} // days that results came for when some of theirs were forgotten
		var cut, last []store.Look       // what a region that is cut off holds back, and what came last
		bring := func(list []store.Look) {
			dropped := w.Dropped.Load()
			for _, l := range list {
				p := place{l.Monitor, l.At, l.Region}
				if l.At/five*five < w.now-kept {
					dropped++
					continue
				}
				if _, there := taken[p]; !there {
					taken[p] = l
				}
				if l.At/day*day < w.now-kept {
					parted[l.At/day*day] = true
				}
			}
			must(rt, w.Receive(ctx, list))
			if w.Dropped.Load() != dropped {
				rt.Fatalf("%d are counted as dropped, not %d", w.Dropped.Load(), dropped)
			}
			last = list
		}
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			ahead := rapid.SampledFrom([]status.Time{20_000, wire.Minute, five, 3 * wire.Hour, 13 * wire.Hour}).
				Draw(rt, "ahead")
			var list []store.Look
			for range rapid.IntRange(0, 12).Draw(rt, "looks") {
				l := w.look(rapid.SampledFrom(monitors).Draw(rt, "monitor"), rapid.SampledFrom(regions).Draw(rt, "region"),
					w.now+status.Time(rapid.Int64Range(0, int64(ahead)).Draw(rt, "at")), rapid.Bool().Draw(rt, "ok"),
					rapid.Int64Range(0, 50).Draw(rt, "ms"))
				if l.Region == "c" {
					cut = append(cut, l)
				} else {
					list = append(list, l)
				}
			}
			w.now += ahead
			bring(list)
			switch rapid.IntRange(0, 5).Draw(rt, "then") {
			case 0:
				bring(last) // its answer was lost
			case 1:
				bring(cut)
				cut = nil
			case 2:
				w.restart()
			}
			w.RollUp(ctx)
		}
		bring(cut)
		w.RollUp(ctx)
		w.now += wire.Hour + 2*wire.Minute
		w.RollUp(ctx)
		compare(rt, "five minutes", w.buckets(rt, monitors, five), byHand(taken, five), nil)
		whole := map[place]store.Look{}
		for p, l := range taken {
			if p.at < (w.now-wire.Hour)/day*day {
				whole[p] = l
			}
		}
		compare(rt, "days", w.buckets(rt, monitors, day), byHand(whole, day), parted)
	})
}

// compare holds buckets against those by hand; of days that results came too late for, percentiles may differ.
func compare(t *rapid.T, what string, have, want map[place]store.Measured, loose map[status.Time]bool) {
	t.Helper()
	if len(have) != len(want) {
		t.Fatalf("%s: %d buckets, not %d", what, len(have), len(want))
	}
	for p, m := range want {
		is := have[p]
		if loose[p.at] {
			is.P50, is.P95 = m.P50, m.P95
		}
		if is != m {
			t.Fatalf("%s at %v: %+v, by hand %+v", what, p, is, m)
		}
	}
}

func forgotten(t *testing.T, db *store.DB) {
	ctx, w := context.Background(), begin(t, db)
	id := w.monitor(t)
	w.restart()
	var list []store.Look
	for i := range 2_500 {
		list = append(list, w.look(id, "a", w.now-status.Time(i)*1000, true, 7))
	}
	must(t, w.Receive(ctx, list))
	w.RollUp(ctx)
	if n := w.results(t, id); n != 2_500 {
		t.Fatalf("%d results are there", n)
	}
	w.now += kept - 20*wire.Minute
	w.RollUp(ctx)
	young := 0
	for _, l := range list {
		if l.At >= (w.now-kept)/five*five {
			young++
		}
	}
	if n := w.results(t, id); n != young || young == 0 || young == 2_500 {
		t.Errorf("%d results are left, not %d", n, young)
	}
	w.now += day
	must(t, w.Receive(ctx, []store.Look{w.look(id, "a", w.now-kept-five, true, 7)}))
	w.RollUp(ctx)
	if n := w.results(t, id); n != 0 || w.Dropped.Load() != 1 {
		t.Errorf("%d results are left, %d dropped", n, w.Dropped.Load())
	}
	for _, x := range []struct {
		ahead       status.Time
		fives, days int
	}{{0, 10, 1}, {6 * day, 0, 1}, {390 * day, 0, 1}, {12 * day, 0, 0}} {
		w.now += x.ahead
		w.RollUp(ctx)
		if f, d := len(w.buckets(t, []string{id}, five)), len(w.buckets(t, []string{id}, day)); f != x.fives ||
			d != x.days {
			t.Errorf("%d ms later: %d buckets of five minutes and %d of days, not %d and %d", x.ahead, f, d, x.fives, x.days)
		}
	}
	must(t, w.Receive(ctx, list[:0]))
	var b store.Batch
	for i := range 30 {
		l := w.look(id, "a", w.now-10*day+status.Time(i), true, 7)
		b.AddLook(&l)
	}
	b.ForgetLooks(w.now-9*day, 0, 0, 10)
	must(t, db.Do(ctx, &b))
	if n := w.results(t, id); n != 20 {
		t.Errorf("a batch that may delete 10 of 30 left %d", n)
	}
}

func alertsForgotten(t *testing.T, db *store.DB) {
	ctx, w := context.Background(), begin(t, db)
	var b store.Batch
	org := db.Org(w.org)
	org.KeepAlert(&b, &store.Alert{Kind: "generic", Fingerprint: "over"}, w.now-91*day)
	org.KeepAlert(&b, &store.Alert{Kind: "generic", Fingerprint: "fires", Firing: true}, w.now-91*day)
	org.KeepAlert(&b, &store.Alert{Kind: "generic", Fingerprint: "lately"}, w.now-89*day)
	must(t, db.Do(ctx, &b))
	for range 60 {
		w.RollUp(ctx)
	}
	_, err := org.Alert(ctx, "generic", "over")
	if n, no := org.CountAlerts(ctx); n != 2 || no != nil || !errors.Is(err, store.ErrNone) {
		t.Errorf("%d alerts are left, %v", n, err)
	}
}

func missedDay(t *testing.T, db *store.DB) {
	ctx, w := context.Background(), begin(t, db)
	id := w.monitor(t)
	w.restart()
	first := w.now / day * day
	for range 3 { // a day with its end, then nothing is measured for more than a day
		must(t, w.Receive(ctx, []store.Look{w.look(id, "a", w.now, true, 10), w.look(id, "a", w.now-1, false, 0)}))
		w.RollUp(ctx)
		w.now += 7 * wire.Hour
	}
	w.now = first + 3*day + 2*wire.Hour
	w.restart()
	w.RollUp(ctx)
	got := w.buckets(t, []string{id}, day)[place{id, first, "a"}]
	want := store.Measured{At: first, Region: "a", Count: 6, Failed: 3, Min: 10, P50: 10, P95: 10, Max: 10}
	if got != want {
		t.Errorf("%+v", got)
	}
}

// manyRegions has as many results as a busy day has, of which an answer of 10 MB would not hold a half.
func manyRegions(t *testing.T, db *store.DB) {
	ctx, w := context.Background(), begin(t, db)
	id := w.monitor(t)
	w.restart()
	began := w.now / day * day
	var b store.Batch
	b.Add(`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 59999)
INSERT INTO monitor_results (org_id, monitor_id, at, region, ok, ms, error, body)
SELECT ?, ?, ? + i / 10 * 14000, 'region-' || (i % 10), i % 7 > 0, i % 100,
 CASE WHEN i % 7 > 0 THEN '' ELSE printf('%200s', i) END, '' FROM n`, w.org, id, int64(began))
	must(t, db.Do(ctx, &b))
	w.now = began + day
	looks, err := db.Org(w.org).LastLooks(ctx, id, began, 50_000)
	must(t, err)
	if len(looks) != 50_000 || looks[0].At < looks[49_999].At || !looks[49_999].OK && looks[49_999].Error == "" {
		t.Errorf("%d results were read", len(looks))
	}
	for i := 1; i < len(looks); i++ {
		if looks[i].At > looks[i-1].At || looks[i].At == looks[i-1].At && looks[i].Region >= looks[i-1].Region {
			t.Fatalf("the %dth is %+v after %+v", i, looks[i], looks[i-1])
		}
	}
	list, err := db.Org(w.org).Measure(ctx, id, day, began, began+day)
	must(t, err)
	count := int64(0)
	for _, m := range list {
		count += m.Count
	}
	if len(list) != 10 || count != 60_000 {
		t.Errorf("%d results in %d buckets", count, len(list))
	}
	var all store.Batch
	all.Add(`WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 39999)
INSERT INTO monitor_metrics
SELECT ?, ?, 300, i / 20 * 300000, 'region-' || (i % 20), 1, 0, 1, 1, 1, 1 FROM n`, w.org, id)
	must(t, db.Do(ctx, &all))
	if n := len(w.buckets(t, []string{id}, five)); n != 40_000 {
		t.Errorf("%d buckets were read", n)
	}
}

// manyMonitors are of the largest kind, so that one answer cannot have them all.
func manyMonitors(t *testing.T, db *store.DB) {
	ctx, w := context.Background(), begin(t, db)
	text := fmt.Sprintf("%020000d", 7)
	want := map[string]bool{}
	for range 11 {
		var b store.Batch
		for range 50 {
			want[w.add(&b, text)] = true
		}
		must(t, db.Do(ctx, &b))
	}
	list, err := db.Watched(ctx)
	must(t, err)
	for i := range list {
		if list[i].Body != text {
			t.Fatalf("%s has another body", list[i].ID)
		}
		delete(want, list[i].ID)
	}
	if len(want) != 0 || len(list) != 550 {
		t.Errorf("%d were read, %d are missing", len(list), len(want))
	}
}
