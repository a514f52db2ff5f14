package relay_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"statuspage/server/relay"
	"statuspage/server/store"
	"statuspage/server/store/storetest"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

var ctx = context.Background()

// ears hears what a relay tells.
type ears struct{ events, resets, lost int }

func (e *ears) Event(string, *page.Event, *relay.Page, *relay.Page) { e.events++ }
func (e *ears) Reset()                                              { e.resets++ }
func (e *ears) Lost(string)                                         { e.lost++ }
func (e *ears) Gone(string)                                         {}

// log is a database whose newest events can be lost.
type log struct {
	t    *testing.T
	db   *store.DB
	file string
	org  *store.Org
	s    page.State
	now  status.Time
}

func newLog(t *testing.T) *log {
	t.Helper()
	l := &log{t: t, file: filepath.Join(t.TempDir(), "status.db")}
	l.db = storetest.At(t, l.file)
	event, no := page.Create(uuid.NewString(), "acme", "Acme", 1000)
	if no != nil {
		t.Fatal(no)
	}
	l.org = l.db.Org(event.Org.ID)
	l.append(event)
	return l
}

func (l *log) append(events ...page.Event) {
	l.t.Helper()
	if err := l.org.Append(ctx, l.s, events, nil); err != nil {
		l.t.Fatal(err)
	}
	for i := range events {
		l.s = page.Evolve(l.s, &events[i])
	}
}

func (l *log) service(name string) {
	l.t.Helper()
	l.now++ // also behind a loss nothing happens at the same time
	events, no := page.Decide(l.s, &page.CreateService{ID: uuid.NewString(), Name: name}, 1000+l.now)
	if no != nil {
		l.t.Fatal(no)
	}
	l.append(events...)
}

// lose takes the newest commits back, as a database does that was rebuilt after a power cut.
func (l *log) lose(n int) {
	l.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+l.file+"?_busy_timeout=5000")
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for range n {
		for _, statement := range []string{`DELETE FROM services WHERE id = (SELECT json_extract(body, '$.service.id') FROM events ORDER BY id DESC LIMIT 1)`,
			`DELETE FROM events WHERE id = (SELECT max(id) FROM events)`,
			`UPDATE sqlite_sequence SET seq = (SELECT max(id) FROM events) WHERE name = 'events'`} {
			if _, err := db.Exec(statement); err != nil {
				l.t.Fatal(err)
			}
		}
	}
	if l.s, err = l.org.State(ctx, 2000); err != nil {
		l.t.Fatal(err)
	}
}

func (l *log) relay(primary bool) (*relay.Relay, *ears) {
	l.t.Helper()
	heard := &ears{}
	r := relay.New(l.db, time.Millisecond, primary, heard)
	if err := r.Sync(ctx); err != nil {
		l.t.Fatal(err)
	}
	return r, heard
}

func TestAPrimaryWhoseDatabaseLostCommitsBeginsAnEpoch(t *testing.T) {
	for _, again := range []int{0, 1, 3, 5} { // events that came after the loss: fewer, as many, more
		t.Run(fmt.Sprint(again), func(t *testing.T) {
			l := newLog(t)
			r, heard := l.relay(true)
			for i := range 5 {
				l.service(fmt.Sprint("before ", i))
			}
			if err := r.Sync(ctx); err != nil {
				t.Fatal(err)
			}
			was := r.Epoch()
			if p, err := r.Page(ctx, l.org.ID()); err != nil || len(p.State.Services) != 5 {
				t.Fatal(err)
			}
			l.lose(3)
			for i := range again {
				l.service(fmt.Sprint("after ", i))
			}
			if err := r.Sync(ctx); err != nil {
				t.Fatal(err)
			}
			if r.Epoch() == was || heard.resets != 1 {
				t.Errorf("the epoch is %s, was %s; %d resets", r.Epoch(), was, heard.resets)
			}
			p, err := r.Page(ctx, l.org.ID())
			if err != nil || p.State.Seq != l.s.Seq || len(p.State.Services) != 2+again || p.Epoch != r.Epoch() {
				t.Errorf("the page is at %d with %d services, the log at %d: %v", p.State.Seq, len(p.State.Services),
					l.s.Seq, err)
			}
			l.service("goes on")
			if err := r.Sync(ctx); err != nil || heard.resets != 1 {
				t.Errorf("%v, %d resets", err, heard.resets)
			}
		})
	}
}

func TestARegionTellsAnOldCopyFromALoss(t *testing.T) {
	l := newLog(t)
	beat := func(at int64) {
		if err := l.db.Beat(ctx, time.UnixMilli(at)); err != nil {
			t.Fatal(err)
		}
	}
	beat(10_000)
	r, heard := l.relay(false)
	for i := range 4 {
		l.service(fmt.Sprint("before ", i))
	}
	if err := r.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	r.SetClock(func() time.Time { return now })
	l.lose(2)
	if err := r.Sync(ctx); !errors.Is(err, store.ErrWentBack) || heard.resets != 0 {
		t.Errorf("an old copy is no loss: %v, %d resets", err, heard.resets)
	}
	beat(20_000) // newer than what was read, and still without the events
	if err := r.Sync(ctx); !errors.Is(err, store.ErrWentBack) || heard.resets != 0 {
		t.Errorf("it begins anew before the new epoch is here: %v, %d resets", err, heard.resets)
	}
	now = now.Add(5 * time.Second) // nobody has begun one
	if err := r.Sync(ctx); err != nil || heard.resets != 1 {
		t.Errorf("%v, %d resets", err, heard.resets)
	}
	if p, err := r.Page(ctx, l.org.ID()); err != nil || p.State.Seq != l.s.Seq {
		t.Errorf("%v", err)
	}
	l.lose(1)
	if err := l.db.NewEpoch(ctx); err != nil {
		t.Fatal(err)
	}
	if err := r.Sync(ctx); err != nil || heard.resets != 2 {
		t.Errorf("the epoch does not bring it: %v, %d resets", err, heard.resets)
	}
}

// An event of the new log may come before anybody looks at the epoch: it is not told as one of the old log.
func TestNoEventIsToldUnderAnotherEpoch(t *testing.T) {
	l := newLog(t)
	r, heard := l.relay(false)
	l.service("before")
	if err := r.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Page(ctx, l.org.ID()); err != nil {
		t.Fatal(err)
	}
	was, events := r.Epoch(), heard.events
	if err := l.db.NewEpoch(ctx); err != nil {
		t.Fatal(err)
	}
	l.service("after")
	if err := r.Sync(ctx); err != nil || r.Epoch() == was || heard.events != events || heard.resets != 1 {
		t.Errorf("%v; the epoch changed: %v; %d events told, %d resets", err, r.Epoch() != was, heard.events-events,
			heard.resets)
	}
}

// A commit that was lost before any poll saw it is known by who made it.
func TestACommitThatNobodyReadBackIsLookedFor(t *testing.T) {
	l := newLog(t)
	r, heard := l.relay(true)
	first := r.Epoch()
	events, no := page.Decide(l.s, &page.CreateService{ID: uuid.NewString(), Name: "kept"}, 3000)
	if no != nil {
		t.Fatal(no)
	}
	events[0].Command = uuid.NewString()
	l.append(events...)
	r.Doubt(l.org.ID(), events[0].Command)
	if err := r.Sync(ctx); err != nil || r.Epoch() != first {
		t.Errorf("what is there is taken for lost: %v", err)
	}
	r.Doubt(l.org.ID(), uuid.NewString())
	if err := r.Sync(ctx); err != nil || r.Epoch() == first || heard.resets != 1 {
		t.Errorf("what is lost is not missed: %v, %d resets", err, heard.resets)
	}
	second := r.Epoch()
	if err := r.Sync(ctx); err != nil || r.Epoch() != second {
		t.Errorf("a loss begins two epochs: %v", err)
	}
}

// A loss may take the row of the epoch along: the name of a log that was over does not come back.
func TestAnEpochThatWasOverDoesNotComeBack(t *testing.T) {
	for _, primary := range []bool{true, false} {
		t.Run(fmt.Sprint(primary), func(t *testing.T) {
			l := newLog(t)
			if err := l.db.Beat(ctx, time.UnixMilli(10_000)); err != nil {
				t.Fatal(err)
			}
			r, heard := l.relay(primary)
			now := time.Now()
			r.SetClock(func() time.Time { return now })
			first := r.Epoch()
			if err := l.db.NewEpoch(ctx); err != nil {
				t.Fatal(err)
			}
			if err := r.Sync(ctx); err != nil || r.Epoch() == first {
				t.Fatal(err)
			}
			second := r.Epoch()
			l.name(first)
			err := r.Sync(ctx)
			if primary && (err != nil || r.Epoch() == first || r.Epoch() == second || heard.resets != 2) {
				t.Errorf("the primary is in %s, it was in %s and %s: %v, %d resets", r.Epoch(), first, second, err,
					heard.resets)
			}
			if !primary && (!errors.Is(err, store.ErrWentBack) || r.Epoch() != second || heard.resets != 1) {
				t.Errorf("a region is in %s, it was in %s and %s: %v, %d resets", r.Epoch(), first, second, err,
					heard.resets)
			}
		})
	}
}

// name gives the log's epoch a name.
func (l *log) name(epoch string) {
	l.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+l.file+"?_busy_timeout=5000")
	if err == nil {
		_, err = db.Exec(`UPDATE meta SET value = ? WHERE key = 'epoch'`, epoch)
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		l.t.Fatal(err)
	}
}
