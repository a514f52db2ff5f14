package regions_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"statuspage/lab/cluster"
	"statuspage/lab/history"
)

const (
	// answerWithin is how long a session waits for one answer: longer than any region waits for another.
	answerWithin = 12 * time.Second
	// insistFor is how long a write is tried for when everything has ended.
	insistFor = 30 * time.Second
)

// session is a client of one page, who does one thing after the other, each through a region of its choice. What it
// does as its nth thing is decided by the seed, its name and n alone.
type session struct {
	run  *run
	name string
	page tenant
	// epoch and seen are what it says that it has seen.
	epoch string
	seen  int64
	// before is what it had seen of other logs: as long as regions differ it comes back to one.
	before map[string]int64
	// wrote is a write in a log that the session has not seen yet.
	wrote int64
}

func (s *session) live() {
	for n := 0; !s.run.stopped(); n++ {
		r := s.run.seed.Stream("session", s.name, n)
		if r.IntN(5) < 2 {
			s.write(r, n)
		} else {
			s.read(r)
		}
	}
}

func (s *session) region(r *rand.Rand) *cluster.Region {
	return s.run.Regions[r.IntN(len(s.run.Regions))]
}

func (s *session) ask(method, url string, body any, header ...string) (int, map[string]any, http.Header, error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	return s.run.askWithin(ctx, method, url, body, append(header, "Authorization", "Bearer "+s.page.token)...)
}

// write is repeated under one key, through any region, until there is an answer. Of some the first answer is taken for
// lost.
func (s *session) write(r *rand.Rand, n int) {
	op := history.Op{Kind: history.Write, Session: s.name, Org: s.page.slug,
		Service: s.page.services[r.IntN(len(s.page.services))],
		Text:    fmt.Sprintf("%s/%d", s.name, n), Call: s.run.history.Now()}
	misses := r.IntN(4) == 0
	for !s.run.stoppedFor(insistFor) {
		at := s.region(r)
		op.Region = at.Name
		code, said, header, err := s.ask("PATCH", at.URL()+"/api/v1/services/"+op.Service+"/",
			map[string]any{"description": op.Text}, "Idempotency-Key", op.Text)
		if err != nil || code >= 500 || code == http.StatusConflict || misses {
			misses = misses && (err != nil || code != http.StatusOK)
			s.run.rest(50 * time.Millisecond)
			continue
		}
		op.Return, op.Code = s.run.history.Now(), code
		op.Seq, _ = strconv.ParseInt(header.Get("Status-Seq"), 10, 64)
		s.run.answered.That(code == http.StatusOK, "%s: %d %v", op.Text, code, said["detail"])
		break
	}
	s.run.history.Add(op)
	if op.Code != http.StatusOK {
		return
	}
	s.run.accepted.Add(1)
	if op.Seq <= s.seen { // the log is another one
		s.wrote = op.Seq
		s.look(s.region(r))
		return
	}
	s.seen = op.Seq
}

// read asks for a page that is not older than what the session has seen.
func (s *session) read(r *rand.Rand) {
	at := s.region(r)
	if op, ok := s.get(at, s.seen); ok {
		s.sees(op)
		return
	}
	s.look(at)
}

// look asks for whatever is there: to hear of another log.
func (s *session) look(at *cluster.Region) {
	op, ok := s.get(at, 0)
	switch {
	case !ok:
		s.run.rest(50 * time.Millisecond)
	case op.Epoch != s.epoch:
		s.sees(op)
	}
}

func (s *session) sees(op history.Op) {
	if op.Epoch != s.epoch {
		s.before[s.epoch] = s.seen
		s.epoch, s.seen, s.wrote = op.Epoch, max(s.wrote, s.before[op.Epoch]), 0
	}
	s.seen = max(s.seen, op.Seq)
}

func (s *session) get(at *cluster.Region, least int64) (history.Op, bool) {
	op := history.Op{Kind: history.Read, Session: s.name, Org: s.page.slug, Region: at.Name, MinSeq: least,
		Known: s.epoch, Call: s.run.history.Now()}
	var header []string
	if least > 0 {
		header = []string{"Status-Min-Seq", strconv.FormatInt(least, 10)}
	}
	code, page, _, err := s.ask("GET", at.URL()+"/api/v1/public/"+s.page.slug+"/summary/", nil, header...)
	if err != nil {
		return op, false
	}
	op.Return, op.Code = s.run.history.Now(), code
	if code == http.StatusOK {
		op.Epoch, _ = page["epoch"].(string)
		seq, _ := page["seq"].(float64)
		op.Seq, op.Texts = int64(seq), textsOf(page)
	}
	s.run.history.Add(op)
	return op, code == http.StatusOK
}

// textsOf takes the services' descriptions out of a page.
func textsOf(page map[string]any) map[string]string {
	texts := map[string]string{}
	services, _ := page["services"].([]any)
	for _, one := range services {
		service, _ := one.(map[string]any)
		id, _ := service["id"].(string)
		texts[id], _ = service["description"].(string)
	}
	return texts
}

// listener has a socket, and comes back with what it has heard whenever it is cut off: in a region that the seed
// chooses, or always in its own.
type listener struct {
	run   *run
	name  string
	page  tenant
	home  *cluster.Region // nil goes everywhere
	epoch string
	at    int64 // -1 before the first greeting
}

// message is what a socket says.
type message struct {
	Type  string
	Seq   int64
	Epoch string
	Data  map[string]any
}

func (l *listener) live() {
	l.at = -1
	for turn := 0; !l.atEnd(); turn++ {
		if l.run.stoppedFor(2 * insistFor) {
			return
		}
		r := l.run.seed.Stream("listener", l.name, turn)
		at := l.home
		if at == nil {
			at = l.run.Regions[r.IntN(len(l.run.Regions))]
		}
		// Who goes everywhere leaves by itself, too.
		if !l.listen(at, 1+r.IntN(40), at != l.home) {
			l.run.rest(50 * time.Millisecond)
		}
	}
}

func (l *listener) op(kind history.Kind, at *cluster.Region, call int64) history.Op {
	return history.Op{Kind: kind, Session: l.name, Org: l.page.slug, Region: at.Name, Call: call,
		Return: l.run.history.Now(), Since: -1, Epoch: l.epoch}
}

// listen is one connection. It answers whether there was one.
func (l *listener) listen(at *cluster.Region, events int, leaves bool) bool {
	call, since, known := l.run.history.Now(), l.at, l.epoch
	url := "ws" + strings.TrimPrefix(at.URL(), "http") + "/ws/status/public/" + l.page.slug + "/"
	if since >= 0 {
		url += fmt.Sprintf("?since=%d&epoch=%s", since, known)
	}
	ws, _, err := (&websocket.Dialer{HandshakeTimeout: 3 * time.Second}).Dial(url, nil)
	if err != nil {
		return false
	}
	defer func() { _ = ws.Close() }()
	for n := 0; (n < events || !leaves) && !l.atEnd(); {
		_ = ws.SetReadDeadline(time.Now().Add(time.Second))
		var m message
		if err := ws.ReadJSON(&m); err != nil {
			return true
		}
		switch m.Type {
		case "hello":
			l.epoch = m.Epoch
			op := l.op(history.Listen, at, call)
			op.Seq, op.Since, op.Known = m.Seq, since, known
			l.run.history.Add(op)
			if since < 0 {
				l.at = m.Seq
			}
		case "snapshot":
			op := l.op(history.Snapshot, at, call)
			op.Seq, op.Epoch, op.Texts, l.at = m.Seq, m.Epoch, textsOf(m.Data), m.Seq
			l.run.history.Add(op)
			n++
		default:
			op := l.op(history.Frame, at, call)
			op.Seq, l.at = m.Seq, m.Seq
			op.Service, _ = m.Data["id"].(string)
			op.Text, _ = m.Data["description"].(string)
			l.run.history.Add(op)
			n++
		}
		call = l.run.history.Now()
	}
	return true
}

// atEnd says whether everything was heard that there will be.
func (l *listener) atEnd() bool {
	end := l.run.end.Load()
	return end != nil && l.epoch == end.epoch && l.at == end.seq[l.page.slug]
}
