package simulation

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"slices"
	"time"
)

// recovers is how long everything may take to be right once nothing is broken any more.
const recovers = 15 * time.Second

// record is what a database file holds of the log.
type record struct {
	epoch string
	seqs  []int64
	texts map[string]int
}

func (r record) last() int64 {
	if len(r.seqs) == 0 {
		return 0
	}
	return r.seqs[len(r.seqs)-1]
}

func (w *world) record(file string) (out record) {
	out.texts = map[string]int{}
	w.sqlite(file, func(db *sql.DB) error {
		if err := db.QueryRow(`SELECT value FROM meta WHERE key = 'epoch'`).Scan(&out.epoch); err != nil {
			return err
		}
		rows, err := db.Query(`SELECT seq, coalesce(json_extract(body, '$.service.id'), ''), coalesce(json_extract(body, '$.service.description'), '') FROM events WHERE org_id = ? ORDER BY seq`, template.org)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		said := map[string]string{} // by service; what else changes it says it again
		for rows.Next() {
			var seq int64
			var id, text string
			if err := rows.Scan(&seq, &id, &text); err != nil {
				return err
			}
			out.seqs = append(out.seqs, seq)
			if text != "" && said[id] != text {
				out.texts[text]++
				said[id] = text
			}
		}
		return rows.Err()
	})
	return out
}

// lost notes that the log is from here on what a file has of it.
func (w *world) lost(what, file string) {
	left, now := w.record(file), w.record(w.regions[w.primary].dataFile())
	w.history.mu.Lock()
	l, lost := loss{at: time.Now(), what: what, epoch: now.epoch, gone: now.last() > left.last(), left: left.texts}, 0
	for _, a := range w.history.acks {
		if l.took(a) {
			lost++
		}
	}
	w.history.losses = append(w.history.losses, l)
	w.history.mu.Unlock()
	w.say("%s: %d answered writes are lost, the log ends at %d and not at %d", what, lost, left.last(), now.last())
}

// settle waits until every region is right again, and says when that takes too long.
func (w *world) settle() {
	began, said := time.Now(), ""
	err := w.within(recovers, func() error {
		err := w.right()
		if why := fmt.Sprint(err); why != said && err != nil {
			said = why
			w.say("not yet: %s", why)
		}
		return err
	})
	took := time.Since(began)
	w.say("right after %s: %v", took, err)
	w.history.mu.Lock()
	w.history.slowest = max(w.history.slowest, took)
	w.history.mu.Unlock()
	if err != nil {
		w.history.violated("not right %s after everything was mended: %v", took, err)
	}
}

// right says whether every region is ready and has everything of the log that there is, and nothing else.
func (w *world) right() error {
	file := w.regions[w.primary].dataFile()
	for _, name := range names {
		p, before := w.regions[name], w.record(file)
		ready, err := p.ask(name, "GET", p.appURL()+"/readyz", nil)
		if err != nil || ready.code != http.StatusOK {
			return fmt.Errorf("%s is not ready: %v %v", name, ready.body, err)
		}
		a, err := p.page()
		if after := w.record(file); err != nil || a.code != http.StatusOK || a.seq() < before.last() ||
			a.seq() > after.last() || ready.body["epoch"] != after.epoch {
			return fmt.Errorf("%s shows %d of %v, not %d of %s: %d %v", name, a.seq(), ready.body["epoch"],
				after.last(), after.epoch, a.code, err)
		}
	}
	return nil
}

// play is one simulation: everything at work, faults, and what must hold.
func (w *world) play(seed uint64, steps []step, pace tempo) {
	w.start()
	var working, following = &w.working, []*follower{}
	for n := range writers {
		r := rand.New(rand.NewPCG(seed, uint64(100+n)))
		working.Go(func() { w.write(n, r, pace.write) })
	}
	r := rand.New(rand.NewPCG(seed, 200))
	working.Go(func() { w.read(r, pace.read) })
	for i, name := range names {
		working.Go(func() { w.regions[name].watch(pace.watch) })
		following = append(following, &follower{world: w, name: "who stays in " + name, regions: names[i : i+1]})
	}
	following = append(following, &follower{world: w, name: "who travels", regions: names})
	for _, f := range following {
		w.ended.Go(f.follow)
	}
	w.suffer(steps)
	time.Sleep(time.Second)
	close(w.quiet)
	working.Wait()
	w.finish(following)
}

func (w *world) finish(following []*follower) {
	w.settle()
	end := w.record(w.regions[w.primary].dataFile())
	for _, f := range following {
		if err := w.within(recovers, func() error { return f.reached(end.epoch, end.last()) }); err != nil {
			w.history.violated("%v", err)
		}
		w.history.heard += f.heard
		f.stop()
	}
	w.alike(end)
	w.log(end)
}

// alike: every region shows the same page of the same log.
func (w *world) alike(end record) {
	var first answer
	for i, name := range names {
		a, err := w.ask(name, "GET", w.regions[name].appURL()+"/api/v1/public/"+slug+"/summary/", nil)
		if err != nil || a.code != http.StatusOK || a.seq() != end.last() {
			w.history.violated("%s shows %d of %d at the end: %d %v", name, a.seq(), end.last(), a.code, err)
			continue
		}
		if i == 0 {
			first = a
		} else if !reflect.DeepEqual(stable(a.body), stable(first.body)) {
			w.history.violated("%s shows another page than %s: %v, %v", name, names[0], a.body, first.body)
		}
		ready, err := w.ask(name, "GET", w.regions[name].appURL()+"/readyz", nil)
		if err != nil || ready.body["epoch"] != end.epoch {
			w.history.violated("%s is in epoch %v, not %s: %v", name, ready.body["epoch"], end.epoch, err)
		}
	}
}

// stable leaves out what says when it was made.
func stable(body map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range body {
		if k != "updated_at" && k != "generated_at" {
			out[k] = v
		}
	}
	return out
}

// log: no gaps, every answered write once, but for those that a loss took; and then the log is another.
func (w *world) log(end record) {
	for i, seq := range end.seqs {
		if seq != int64(i)+1 {
			w.history.violated("event %d stands at place %d of the log", seq, i+1)
			break
		}
	}
	for text, n := range end.texts {
		if n > 1 {
			w.history.violated("%s is %d times in the log", text, n)
		}
	}
	for _, l := range w.history.losses {
		if l.gone && l.epoch == end.epoch {
			w.history.violated("the log went back (%s) and is still %s", l.what, end.epoch)
		}
	}
	for _, a := range w.history.acks {
		if end.texts[a.text] == 0 && !slices.ContainsFunc(w.history.losses, func(l loss) bool { return l.took(a) }) {
			w.history.violated("%s was answered and is not in the log", a.text)
		}
	}
}
