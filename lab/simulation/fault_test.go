package simulation

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"statuspage/server/store"
)

// step is one fault of a schedule: everything about it is drawn before the simulation begins.
type step struct {
	fault   *fault
	region  string        // or the n-th of those that are not the primary
	other   int           // which of those
	size    float64       // 0…1: how much
	wait    time.Duration // before
	hold    time.Duration // until it is mended
	overlap bool          // it is mended only after the next one has begun
}

func (s step) String() string {
	return fmt.Sprintf("%s (%s/%d, %.2f, after %s for %s, overlaps %v)", s.fault.name, s.region, s.other, s.size,
		s.wait, s.hold, s.overlap)
}

// fault breaks something; what it answers mends it.
type fault struct {
	name  string
	alone bool // with nothing else broken
	do    func(w *world, s step) (mend func())
}

var faults = []*fault{
	{name: "a replica that falls behind", do: lag},
	{name: "a region cut off", do: partition},
	{name: "a database out of reach of its program", do: cutDB},
	{name: "kill -9 of a program",
		do: func(w *world, s step) func() { w.regions[s.region].killApp(); return w.regions[s.region].startApp }},
	{name: "SIGTERM of a program",
		do: func(w *world, s step) func() { w.regions[s.region].endApp(); return w.regions[s.region].startApp }},
	{name: "kill -9 of a database",
		do: func(w *world, s step) func() { w.regions[s.region].killDB(); return w.regions[s.region].restartDB }},
	{name: "kill -9 of the primary's database",
		do: func(w *world, s step) func() { p := w.regions[w.primary]; p.killDB(); return p.restartDB }},
	{name: "SIGTERM of a database", do: stopDB},
	{name: "slow ways", do: slow},
	{name: "a clock that is wrong", do: skew},
	{name: "a power cut that takes commits", alone: true, do: powerCut},
	{name: "an older copy restored", alone: true, do: restore},
	{name: "another region promoted", alone: true, do: promote},
	{name: "many events that a region misses", alone: true, do: flood},
}

// schedule draws what will happen.
func (w *world) schedule(n int, among []*fault) []step {
	var out []step
	for range n {
		s := step{fault: among[w.rand.IntN(len(among))], region: names[w.rand.IntN(len(names))],
			other: w.rand.IntN(len(names) - 1), size: w.rand.Float64(),
			wait: time.Duration(300+w.rand.IntN(1500)) * time.Millisecond,
			hold: time.Duration(100+w.rand.IntN(3000)) * time.Millisecond, overlap: w.rand.IntN(3) == 0}
		out = append(out, s)
	}
	return out
}

// suffer carries a schedule out. Whenever nothing is broken, everything must become right.
func (w *world) suffer(steps []step) {
	var open []func()
	heal := func() {
		for _, mend := range open {
			mend()
		}
		if len(open) > 0 {
			open = nil
			w.settle()
		}
	}
	for _, s := range steps {
		if s.fault.alone {
			heal()
		}
		time.Sleep(s.wait)
		w.say("begins: %s", s)
		mend := s.fault.do(w, s)
		time.Sleep(s.hold)
		before := open
		open = []func(){func() { mend(); w.say("mended: %s", s.fault.name) }}
		if !s.overlap || s.fault.alone {
			open = append(before, open...)
			heal()
			continue
		}
		for _, m := range before {
			m()
		}
	}
	heal()
}

func (w *world) others(region string) (out []string) {
	for _, name := range names {
		if name != region {
			out = append(out, name)
		}
	}
	return out
}

func lag(w *world, s step) func() {
	p := w.regions[w.others(w.primary)[s.other]]
	db := p.db
	if db == nil {
		return func() {}
	}
	db.SetLag(time.Duration(300+s.size*4000) * time.Millisecond)
	return func() { db.SetLag(0) }
}

func partition(w *world, s step) func() {
	each := func(do func(a, b string)) {
		for _, other := range w.others(s.region) {
			for _, x := range []string{s.region, s.region + "/db"} {
				for _, y := range []string{other, other + "/db"} {
					do(x, y)
				}
			}
		}
	}
	each(w.net.Cut)
	return func() { each(w.net.Heal) }
}

func cutDB(w *world, s step) func() {
	w.net.Cut(s.region, s.region+"/db")
	return func() { w.net.Heal(s.region, s.region+"/db") }
}

func stopDB(w *world, s step) func() {
	p := w.regions[s.region]
	if p.db == nil {
		return func() {}
	}
	if err := p.db.Close(); err != nil {
		w.t.Error(err)
	}
	p.dbHost.Die()
	p.db = nil
	return p.restartDB
}

func (p *place) restartDB() {
	if p.db != nil {
		return
	}
	if err := p.startDB(); err != nil {
		p.t.Error(err)
	}
}

func slow(w *world, s step) func() {
	for _, other := range w.others(s.region) {
		for _, x := range []string{s.region, s.region + "/db"} {
			for _, y := range []string{other, other + "/db"} {
				w.net.Delay(x, y, time.Duration(200+s.size*600)*time.Millisecond)
			}
		}
	}
	return w.distances
}

func skew(w *world, s step) func() {
	off := time.Duration((s.size - 0.5) * 50 * float64(time.Second))
	if s.other == 0 {
		off *= 1000 // hours: nobody believes that
	}
	w.regions[s.region].skew.Store(int64(off))
	return func() { w.regions[s.region].skew.Store(0) }
}

// snapshot copies the primary's database as it is at one moment.
func (w *world) snapshot() string {
	to := filepath.Join(w.dir, fmt.Sprintf("copy-%d", time.Now().UnixNano()))
	w.sqlite(w.regions[w.primary].dataFile(), func(db *sql.DB) error {
		_, err := db.Exec("VACUUM INTO ?", to)
		return err
	})
	return to
}

func (w *world) sqlite(file string, do func(*sql.DB) error) {
	db, err := sql.Open("sqlite3", "file:"+file+"?mode=rw")
	if err == nil {
		err = do(db)
		_ = db.Close()
	}
	if err != nil {
		w.t.Errorf("%s: %v", file, err)
	}
}

// put places a database under the primary, which does not run.
func (p *place) put(file string) {
	for _, end := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(p.dataFile() + end)
	}
	copyFile(p.t, file, p.dataFile())
}

// powerCut takes back what was committed since a while, and with it what was answered.
func powerCut(w *world, s step) func() {
	p, copied := w.regions[w.primary], w.snapshot()
	time.Sleep(time.Duration(200+s.size*2500) * time.Millisecond)
	p.killDB()
	w.lost("power cut", copied)
	p.put(copied)
	return p.restartDB
}

// restore brings an older copy back, with a new epoch, as `statuspage restore` makes it.
func restore(w *world, s step) func() {
	p, copied := w.regions[w.primary], w.snapshot()
	time.Sleep(time.Duration(200+s.size*4000) * time.Millisecond)
	p.killDB()
	w.lost("restore", copied)
	w.sqlite(copied, func(db *sql.DB) error {
		_, err := db.Exec(`UPDATE meta SET value = 'restored ' || value WHERE key = 'epoch'`)
		return err
	})
	p.put(copied)
	return p.restartDB
}

// promote makes another region the primary, by the steps of docs/deploy.md.
func promote(w *world, s step) func() {
	old, next := w.regions[w.primary], w.regions[w.others(w.primary)[s.other]]
	old.killApp()
	old.killDB()
	return func() {
		next.killDB()
		w.lost("promotion of "+next.name, next.dataFile())
		w.primary = next.name
		_ = os.RemoveAll(old.folder())
		next.restartDB()
		if err := w.command(func(ctx context.Context, db *store.DB) error { return db.NewEpoch(ctx) }); err != nil {
			w.t.Error(err)
		}
		for _, name := range w.others(next.name) {
			p := w.regions[name]
			if p.db != nil {
				p.killDB()
			}
			p.restartDB()
		}
		for _, name := range names {
			w.regions[name].killApp()
			w.regions[name].startApp()
		}
	}
}

// flood writes more than the database answers at once, while a region cannot hear of it.
func flood(w *world, s step) func() {
	s.region = w.others(w.primary)[s.other]
	mend := partition(w, s)
	text := strings.Repeat("It is all wet here. ", 750)
	for n := range 45 + int(s.size*20) {
		if err := w.splash(text); err != nil {
			w.say("the flood ends at %d: %v", n, err)
			break
		}
	}
	return mend
}

// splash opens an incident with a long text and deletes it: the log grows, the page does not.
func (w *world) splash(text string) error {
	url := w.regions[w.primary].appURL() + "/api/v1/incidents/"
	a, err := w.ask(w.primary, "POST", url, map[string]any{"title": "A flood", "description": text,
		"service": template.services[0], "to_state": "degraded_performance"})
	if err != nil || a.code != http.StatusCreated {
		return fmt.Errorf("%d %v %w", a.code, a.body, err)
	}
	id, _ := a.body["id"].(string)
	if a, err = w.ask(w.primary, "DELETE", url+id+"/", nil); err != nil || a.code != http.StatusNoContent {
		return fmt.Errorf("%d %v %w", a.code, a.body, err)
	}
	return nil
}
