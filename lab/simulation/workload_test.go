package simulation

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// tempo is how much is done in a second of a simulation.
type tempo struct{ write, read, watch time.Duration }

var usual = tempo{write: 700 * time.Millisecond, read: 900 * time.Millisecond, watch: 400 * time.Millisecond}

// write changes one service again and again, each time under one key until it is answered, through whatever region.
func (w *world) write(n int, r *rand.Rand, every time.Duration) {
	for i := 0; !w.pause(time.Duration(r.Int64N(int64(2 * every)))); i++ {
		w.insist(n, fmt.Sprintf("%d/%d", n, i), r)
	}
}

func (w *world) insist(n int, text string, r *rand.Rand) {
	for tries := 0; tries < 200; tries++ {
		from, asked := names[r.IntN(len(names))], time.Now()
		a, err := w.ask(from, "PATCH", w.regions[from].url()+"/api/v1/services/"+template.services[n]+"/",
			map[string]any{"description": text}, "Idempotency-Key", "key "+text)
		switch {
		case err == nil && a.code == http.StatusOK:
			w.history.acked(ack{text, a.seq(), asked, time.Now()})
			return
		case err == nil && a.code < 500 && a.code != http.StatusConflict && a.code != http.StatusTooManyRequests:
			w.history.violated("%s is refused in %s: %d %v", text, from, a.code, a.body)
			return
		case err == nil && a.code == http.StatusServiceUnavailable && a.header.Get("Retry-After") == "":
			w.history.violated("%s: 503 in %s without Retry-After: %v", text, from, a.body)
		}
		if w.pause(200 * time.Millisecond) {
			return
		}
	}
	w.history.violated("%s was never taken", text)
}

// read asks any region for what has been seen before: it must be there, or the answer says that it is not yet.
func (w *world) read(r *rand.Rand, every time.Duration) {
	seen, generation := int64(0), 0
	for !w.pause(time.Duration(r.Int64N(int64(2 * every)))) {
		from := names[r.IntN(len(names))]
		if g := w.history.generation(); g != generation {
			seen, generation = 0, g
		}
		a, err := w.ask(from, "GET", w.regions[from].url()+"/api/v1/public/"+slug+"/summary/", nil, "Status-Min-Seq",
			strconv.FormatInt(seen, 10))
		if err != nil || a.code != http.StatusOK || w.history.generation() != generation {
			continue
		}
		if a.seq() < seen {
			w.history.violated("%s answers event %d to who has seen %d", from, a.seq(), seen)
		}
		seen = max(seen, a.seq())
	}
}

// watch asks a region's program for its page all the time: it must not say that it is fresh when it is not, and what it
// has in memory it must answer.
func (p *place) watch(every time.Duration) {
	for !p.pause(every) {
		p.look()
	}
}

// honest is by how much a region may be older than it says: a heartbeat comes once a second, and is polled for.
const honest = 2500 * time.Millisecond

func (p *place) look() {
	began, generation, skew := time.Now(), p.history.generation(), p.skew.Load()
	a, err := p.page()
	took := time.Since(began)
	if err != nil || a.code != http.StatusOK || p.history.generation() != generation || p.skew.Load() != skew {
		return
	}
	if took > time.Second {
		p.history.violated("%s needed %s for a page", p.name, took)
	}
	lag, err := strconv.ParseFloat(a.header.Get("Status-Lag"), 64)
	if err != nil {
		return // unknown
	}
	old := began.Add(-time.Duration(lag*float64(time.Second)) - honest)
	if missing := p.history.newest(generation, old); a.seq() < missing {
		p.history.violated("%s says that it is %.3f s old and shows event %d; event %d is older", p.name, lag, a.seq(),
			missing)
	}
}

// newest is the last event that was answered before a moment, since the last loss.
func (h *history) newest(generation int, before time.Time) (seq int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if generation != len(h.losses) {
		return 0
	}
	var since time.Time
	if generation > 0 {
		since = h.losses[generation-1].at
	}
	for _, a := range h.acks {
		if a.at.Before(before) && a.asked.After(since) {
			seq = max(seq, a.seq)
		}
	}
	return seq
}

// follower listens, in one region or in one after the other, and comes back with what it has.
type follower struct {
	*world
	name    string
	regions []string

	mu         sync.Mutex
	epoch      string
	pos        int64
	generation int // of the last hello
	heard      int
	ws         *websocket.Conn
	stopped    bool
}

type frame struct {
	Type  string `json:"type"`
	Seq   int64  `json:"seq"`
	Epoch string `json:"epoch"`
}

func (f *follower) follow() {
	for turn := 0; !f.over(); turn++ {
		at := f.regions[turn%len(f.regions)]
		if err := f.listen(at); err != nil && !f.over() {
			time.Sleep(150 * time.Millisecond)
		}
	}
}

func (f *follower) over() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.stopped
}

func (f *follower) stop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopped = true; f.ws != nil {
		_ = f.ws.Close()
	}
}

func (f *follower) listen(at string) error {
	to := "ws://" + f.host("edge", at) + "/ws/status/public/" + slug + "/"
	f.mu.Lock()
	fresh, since, epoch := f.epoch == "", f.pos, f.epoch
	f.mu.Unlock()
	if !fresh {
		to += "?" + url.Values{"since": {strconv.FormatInt(since, 10)}, "epoch": {epoch}}.Encode()
	}
	ws, res, err := (&websocket.Dialer{HandshakeTimeout: 3 * time.Second, NetDialContext: f.hosts[at].Dial}).
		Dial(to, nil)
	if res != nil && res.StatusCode == http.StatusInternalServerError {
		f.history.violated("a socket in %s is answered 500", at)
	}
	if err != nil {
		return err
	}
	defer func() { _ = ws.Close() }()
	f.mu.Lock()
	f.ws = ws
	f.mu.Unlock()
	for !f.over() {
		_ = ws.SetReadDeadline(time.Now().Add(3 * time.Second))
		var m frame
		if err := ws.ReadJSON(&m); err != nil {
			return err
		}
		if err := f.hear(m, at, since, epoch); err != nil {
			f.history.violated("%s in %s: %v", f.name, at, err)
			return err
		}
	}
	return nil
}

// hear holds what is told against what was heard: one after the other, none twice, none left out; everything anew only
// when the log is another.
func (f *follower) hear(m frame, at string, since int64, epoch string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case m.Type == "hello":
		if epoch == "" {
			f.pos, f.generation = m.Seq, f.history.generation()
		} else if m.Epoch != epoch {
			f.pos = -1 // a snapshot must come
		}
		f.epoch = m.Epoch
		return nil
	case m.Type == "snapshot":
		if g := f.history.generation(); m.Epoch == epoch && g == f.generation {
			return fmt.Errorf("a snapshot at %d for who has %d of the same log", m.Seq, since)
		} else {
			f.generation = g
		}
		f.pos, f.epoch = m.Seq, m.Epoch
		return nil
	case m.Seq == 0:
		return nil
	case f.pos < 0:
		return errors.New("no snapshot of another log")
	case m.Seq != f.pos+1:
		return fmt.Errorf("event %d behind %d", m.Seq, f.pos)
	}
	f.pos = m.Seq
	f.heard++
	return nil
}

func (f *follower) reached(epoch string, seq int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.epoch != epoch || f.pos != seq {
		return fmt.Errorf("%s is at %d of %s, not at %d of %s", f.name, f.pos, f.epoch, seq, epoch)
	}
	return nil
}
