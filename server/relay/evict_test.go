package relay_test

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"pgregory.net/rapid"

	"statuspage/server/relay"
	"statuspage/server/socket"
	"statuspage/server/store"
	"statuspage/server/store/storetest"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

const patience = time.Minute // for what comes at once where nobody else needs the machine

// tester is a test, or one try of a property.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Cleanup(func())
}

// world is some organisations, two regions on their database, and sockets in both.
type world struct {
	db      *store.DB
	orgs    []*tenant
	regions [2]*place
	sockets []*listener
	news    chan struct{} // has an element when a socket heard something
}

type tenant struct {
	org *store.Org
	mu  sync.Mutex
	s   page.State
	now status.Time
}

// place is a region, which keeps few pages in memory.
type place struct {
	db    *store.DB
	relay *relay.Relay
	rooms *socket.Rooms
	addr  string
	clock atomic.Int64 // ms
}

func (p *place) Page(ctx context.Context, id string) (*relay.Page, error) {
	return p.relay.Page(ctx, id)
}

func (p *place) Has(ctx context.Context, id string, seq int64) bool { return p.relay.Has(ctx, id, seq) }

func (p *place) Replay(ctx context.Context, id string, after, upTo, seen int64) ([]page.Event, error) {
	return p.db.Org(id).Replay(ctx, after, upTo, seen)
}

func (p *place) now() time.Time { return time.UnixMilli(p.clock.Load()) }

// pass lets time go by, and the relay poll.
func (p *place) pass(t tester, d time.Duration) {
	t.Helper()
	p.clock.Add(d.Milliseconds())
	if err := p.relay.Sync(ctx); err != nil {
		t.Fatal(err)
	}
}

func newWorld(t tester, db *store.DB, orgs, most int) *world {
	t.Helper()
	w := &world{db: db, news: make(chan struct{}, 1)}
	for i := range w.regions {
		w.regions[i] = newPlace(t, db, fmt.Sprint("region ", i), i == 0, most)
	}
	for range orgs {
		id := uuid.NewString()
		event, no := page.Create(id, "o"+id[:13], "Acme", 1000)
		if no != nil {
			t.Fatal(no)
		}
		x := &tenant{org: db.Org(id), now: 1000}
		x.append(t, event)
		events, no := page.Decide(x.s, &page.CreateService{ID: uuid.NewString(), Name: "API"}, 1000)
		if no != nil {
			t.Fatal(no)
		}
		x.append(t, events...)
		w.orgs = append(w.orgs, x)
	}
	t.Cleanup(func() {
		for _, s := range w.sockets {
			_ = s.conn.Close()
		}
	})
	return w
}

func newPlace(t tester, db *store.DB, name string, primary bool, most int) *place {
	t.Helper()
	p := &place{db: db}
	p.clock.Store(1_000_000)
	p.rooms = socket.New(name, p)
	p.relay = relay.New(db, time.Millisecond, primary, p.rooms)
	p.relay.SetClock(p.now)
	p.relay.KeepPages(most)
	p.pass(t, 0)
	app := fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
	app.Server().KeepHijackedConns = true
	app.Get("/:org", func(c *fiber.Ctx) error {
		return p.rooms.Open(c, socket.Client{OrgID: c.Params("org"), Since: int64(c.QueryInt("since", -1)),
			Epoch: p.relay.Epoch()})
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.addr = ln.Addr().String()
	go func() { _ = app.Listener(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		p.rooms.Close(ctx)
		_ = app.ShutdownWithTimeout(time.Second)
	})
	return p
}

func (x *tenant) append(t tester, events ...page.Event) {
	t.Helper()
	if err := x.org.Append(ctx, x.s, events, nil); err != nil {
		t.Fatal(err)
	}
	for i := range events {
		x.s = page.Evolve(x.s, &events[i])
	}
}

// write is one event.
func (x *tenant) write(t tester) {
	t.Helper()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.now++
	text := fmt.Sprint("It was edited at ", x.now)
	events, no := page.Decide(x.s, &page.EditService{ID: x.s.Services[0].ID, Description: &text}, x.now)
	if no != nil || len(events) != 1 {
		t.Fatal("no event: ", no)
	}
	x.append(t, events...)
}

func (x *tenant) seq() int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.s.Seq
}

// listener reads what it is told, and holds that nothing is left out and nothing is told twice.
type listener struct {
	org    *tenant
	conn   *websocket.Conn
	mu     sync.Mutex
	last   int64 // seq; -1 before anything is known
	wrong  error
	leaves bool
}

func (w *world) join(t tester, p *place, x *tenant, since int64) *listener {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.Dial(fmt.Sprintf("ws://%s/%s?since=%d", p.addr, x.org.ID(), since), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &listener{org: x, conn: conn, last: since}
	go func() {
		for s.hear() {
			select {
			case w.news <- struct{}{}:
			default:
			}
		}
	}()
	return s
}

func (s *listener) hear() bool {
	var m struct {
		Type string `json:"type"`
		Seq  int64  `json:"seq"`
	}
	err := s.conn.ReadJSON(&m)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil:
		s.wrong = err
	case m.Type == "hello":
		if s.last < 0 {
			s.last = m.Seq
		}
	case m.Type == "snapshot":
		s.last = m.Seq
	case m.Seq != s.last+1:
		s.wrong = fmt.Errorf("event %d came after %d", m.Seq, s.last)
	default:
		s.last = m.Seq
	}
	return s.wrong == nil
}

func (s *listener) leave() {
	s.mu.Lock()
	s.leaves = true
	s.mu.Unlock()
	_ = s.conn.Close()
}

// behind says what a socket has not heard of its organisation; "" is nothing.
func (s *listener) behind() string {
	end := s.org.seq()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.leaves:
		return ""
	case s.wrong != nil:
		return s.wrong.Error()
	case s.last != end:
		return fmt.Sprintf("it has heard up to %d of %d", s.last, end)
	}
	return ""
}

// settle polls in both regions, and waits until every socket has heard everything.
func (w *world) settle(t tester) {
	t.Helper()
	for _, p := range w.regions {
		p.pass(t, 0)
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	for _, s := range w.sockets {
		for s.behind() != "" {
			select {
			case <-w.news:
			case <-time.After(10 * time.Millisecond): // another socket's news took the place of its own
			case <-late.C:
				t.Fatalf("a socket that is open does not hear: %s", s.behind())
			}
			s.mu.Lock()
			wrong := s.wrong
			s.mu.Unlock()
			if wrong != nil && s.behind() != "" {
				t.Fatalf("a socket that stays: %v", wrong)
			}
		}
	}
}

// crowdIn reads every page in a region, and lets them all become old.
func (w *world) crowdIn(t tester, p *place) {
	t.Helper()
	for _, x := range w.orgs {
		if _, err := p.relay.Page(ctx, x.org.ID()); err != nil {
			t.Fatal(err)
		}
	}
	p.pass(t, 2*time.Minute)
}

// A socket that is open hears every event, though nobody reads its page and more pages are read than are kept.
func TestASocketKeepsItsPageInMemory(t *testing.T) {
	w := newWorld(t, storetest.New(t), 6, 2)
	for _, p := range w.regions {
		for _, x := range w.orgs[:4] {
			w.sockets = append(w.sockets, w.join(t, p, x, -1))
		}
	}
	w.settle(t)
	for _, p := range w.regions {
		w.crowdIn(t, p)
		if n := p.relay.Gauge().Pages.Load(); n != 6 { // two more are allowed
			t.Errorf("%d pages are in memory", n)
		}
	}
	for _, x := range w.orgs {
		x.write(t)
	}
	w.settle(t)
}

// However pages come and go: who stays hears every event of its organisation, once and in order.
func TestWhoStaysHearsEveryEventHoweverPagesComeAndGo(t *testing.T) {
	db := storetest.New(t)
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, db, 5, rapid.IntRange(0, 3).Draw(t, "pages in memory"))
		org := func(t *rapid.T) *tenant { return w.orgs[rapid.IntRange(0, len(w.orgs)-1).Draw(t, "org")] }
		region := func(t *rapid.T) *place { return w.regions[rapid.IntRange(0, 1).Draw(t, "region")] }
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) { org(t).write(t) },
			"poll": func(t *rapid.T) {
				region(t).pass(t, rapid.SampledFrom([]time.Duration{0, time.Second, 2 * time.Minute}).Draw(t, "later"))
			},
			"read": func(t *rapid.T) {
				if _, err := region(t).relay.Page(ctx, org(t).org.ID()); err != nil {
					t.Fatal(err)
				}
			},
			"crowd": func(t *rapid.T) { w.crowdIn(t, region(t)) },
			"join": func(t *rapid.T) {
				x := org(t)
				w.sockets = append(w.sockets, w.join(t, region(t), x, rapid.Int64Range(-1, x.seq()).Draw(t, "since")))
			},
			"leave": func(t *rapid.T) {
				if n := len(w.sockets); n > 0 {
					w.sockets[rapid.IntRange(0, n-1).Draw(t, "socket")].leave()
				}
			},
			"settle": func(t *rapid.T) { w.settle(t) },
		})
		for _, p := range w.regions {
			w.crowdIn(t, p)
		}
		for _, x := range w.orgs {
			x.write(t)
		}
		w.settle(t)
	})
}

// All of it at the same time: sockets join and leave at the moment in which their page is evicted, read again and
// written.
func TestWhoJoinsWhileItsPageIsEvictedHearsEveryEvent(t *testing.T) {
	w := newWorld(t, storetest.New(t), 6, 1)
	var all, polls sync.WaitGroup
	var over atomic.Bool
	for _, p := range w.regions {
		polls.Go(func() {
			for !over.Load() {
				p.pass(beside{t}, 2*time.Minute)
			}
		})
	}
	joined := make(chan *listener, 2*6*20)
	for i, x := range w.orgs {
		all.Go(func() {
			for range 60 {
				x.write(beside{t})
			}
		})
		for _, p := range w.regions {
			all.Go(func() {
				for n := range 20 {
					s := w.join(beside{t}, p, x, int64(n%3)-1)
					joined <- s
					if n%2 == i%2 {
						s.leave()
					}
				}
			})
		}
	}
	all.Wait()
	over.Store(true)
	polls.Wait()
	close(joined)
	for s := range joined {
		w.sockets = append(w.sockets, s)
	}
	w.settle(t)
	for _, p := range w.regions {
		w.crowdIn(t, p)
	}
	for _, x := range w.orgs {
		x.write(t)
	}
	w.settle(t)
}

// beside is a test in a goroutine that is not its own: a fault ends the goroutine.
type beside struct{ *testing.T }

func (b beside) Fatal(args ...any) {
	b.Error(args...)
	runtime.Goexit()
}

func (b beside) Fatalf(format string, args ...any) {
	b.Errorf(format, args...)
	runtime.Goexit()
}

// A listener that does not say who listens is told of what it may miss.
func TestAListenerThatDoesNotSayWhoListensIsToldWhatIsEvicted(t *testing.T) {
	db := storetest.New(t)
	w := newWorld(t, db, 4, 100)
	heard := &ears{}
	p := &place{db: db, relay: relay.New(db, time.Millisecond, true, heard)}
	p.relay.SetClock(p.now)
	p.relay.KeepPages(2)
	w.crowdIn(t, p)
	if heard.lost == 0 || heard.lost != 4-int(p.relay.Gauge().Pages.Load()) {
		t.Errorf("it was told of %d evictions", heard.lost)
	}
}

// However many pages are read within a minute, memory is bounded.
func TestPagesInMemoryAreBoundedAlsoWithinAMinute(t *testing.T) {
	w := newWorld(t, storetest.New(t), 9, 3)
	p := w.regions[0]
	for i, x := range w.orgs {
		if _, err := p.relay.Page(ctx, x.org.ID()); err != nil {
			t.Fatal(err)
		}
		p.pass(t, 2*time.Second)
		if n, want := p.relay.Gauge().Pages.Load(), min(int64(i+1), 6); n != want {
			t.Errorf("%d pages are in memory after %d were read, not %d", n, i+1, want)
		}
	}
	p.pass(t, time.Hour)
	if n := p.relay.Gauge().Pages.Load(); n != 2 {
		t.Errorf("%d pages are in memory after an hour", n)
	}
}

// A page that was forgotten while it was read is read again, and tells nothing of the log that it was read from.
func TestAPageThatWasForgottenWhileItWasReadIsReadAgain(t *testing.T) {
	l := newLog(t)
	r, heard := l.relay(true)
	before := l.s.Seq
	l.service("API")
	found, _, err := l.db.EventsAfter(ctx, store.Anchor{}, 10)
	if err != nil || len(found) != 2 {
		t.Fatal(found, err)
	}
	found[1].Event.Seq = before + 2 // as it stands behind what is read
	if again := r.LoadForgotten(ctx, l.org.ID(), found[1:]); !again || heard.events != 0 {
		t.Errorf("read again: %v, %d events were told", again, heard.events)
	}
	if p, err := r.Page(ctx, l.org.ID()); err != nil || p.State.Seq != l.s.Seq {
		t.Error(err)
	}
}
