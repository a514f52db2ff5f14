package notify_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"statuspage/server/auth"
	"statuspage/server/notify"
	"statuspage/server/notify/notifytest"
	"statuspage/server/racetest"
	"statuspage/server/relay"
	"statuspage/server/schedule"
	"statuspage/server/store"
	"statuspage/server/store/storetest"
	"statuspage/server/usecase"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

var ctx = context.Background()

// Most of what these tests do is to wait: for a worker's next look, for store.Settle, for a probe.
func TestMain(m *testing.M) {
	racetest.Waiting()
	os.Exit(m.Run())
}

// clock goes as clocks do, from the moment that a test sets it to.
type clock struct {
	mu      sync.Mutex
	at, set time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at.Add(time.Since(c.set))
}

func (c *clock) jump(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.set = to.Round(0), time.Now()
}

func (c *clock) add(d time.Duration) { c.jump(c.now().Add(d)) }

// stage is a database with what works on it.
type stage struct {
	testing.TB
	file  string
	db    *store.DB
	mail  *notifytest.Mail
	hooks *notifytest.Hooks
	clock *clock
	*process
}

// process is what a start of the program makes: it holds nothing that the database does not.
type process struct {
	cases     *usecase.UseCases
	worker    *notify.Worker
	scheduler *schedule.Scheduler
}

type deaf struct{}

func (deaf) Event(string, *page.Event, *relay.Page, *relay.Page) {}
func (deaf) Reset()                                              {}
func (deaf) Gone(string)                                         {}
func (deaf) Lost(string)                                         {}

func open(t testing.TB, at time.Time) *stage {
	t.Helper()
	file := filepath.Join(t.TempDir(), "status.db")
	db := storetest.At(t, file)
	s := &stage{TB: t, file: file, db: db, mail: notifytest.StartMail(t), hooks: notifytest.StartHooks(t),
		clock: &clock{}}
	s.clock.jump(at)
	s.process = s.start()
	return s
}

// start is another process on the same database.
func (s *stage) start() *process {
	s.Helper()
	p := &process{}
	var err error
	p.worker, err = notify.New(s.db, notify.Options{SMTPURL: s.mail.URL(), BaseURL: "https://status.example.com",
		AllowLoopback: true, Now: s.clock.now})
	if err != nil {
		s.Fatal(err)
	}
	p.cases = usecase.New(s.db, relay.New(s.db, time.Second, true, deaf{}), nil, auth.NewPasswords(1), p.worker.Jobs)
	p.cases.AllowLoopbackHooks()
	p.scheduler = schedule.New(s.db,
		func(ctx context.Context, orgID, key string, c page.Command, at time.Time) error {
			_, err := p.cases.ChangeAt(ctx, usecase.Caller{System: true, Key: key, Fingerprint: "scheduler"}, orgID, c,
				at)
			return err
		}, s.clock.now)
	return p
}

// run lets a worker work until the test ends, or stop is called.
func (s *stage) run(w *notify.Worker) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); w.Run(ctx) }()
	stop = func() { cancel(); <-done }
	s.Cleanup(stop)
	return stop
}

// org is a tenant with two services.
type org struct {
	*stage
	id, api, web string
	*store.Org
}

func (s *stage) org(slug string) *org {
	s.Helper()
	id, err := s.cases.CreateOrg(ctx, usecase.Caller{System: true}, slug, "The "+slug, s.clock.now(), nil)
	if err != nil {
		s.Fatal(err)
	}
	o := &org{stage: s, id: id, api: newID(), web: newID(), Org: s.db.Org(id)}
	o.do(&page.CreateService{ID: o.api, Name: "API"})
	o.do(&page.CreateService{ID: o.web, Name: "Web"})
	return o
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// do carries a command out at the clock's time.
func (o *org) do(c page.Command) {
	o.Helper()
	if _, err := o.cases.ChangeAt(ctx, usecase.Caller{System: true}, o.id, c, o.clock.now()); err != nil {
		o.Fatalf("%s: %v", c.Kind(), err)
	}
}

// incident opens one on the API.
func (o *org) incident(title string) string {
	c := &page.OpenIncident{ID: newID(), Title: title, Description: "We look into it.", Service: &o.api,
		ToState: status.Major}
	o.do(c)
	return c.ID
}

func (o *org) resolve(id string) {
	o.do(&page.UpdateIncident{ID: id, Status: "resolved", Body: "Done."})
}

// people are so many active subscribers by mail.
func (o *org) people(n int, services ...string) {
	o.Helper()
	in := usecase.Import{Consent: true, Services: services, Base: "https://status.example.com/status/x"}
	for i := range n {
		in.Emails = append(in.Emails, fmt.Sprintf("person%d@%s.example", i, o.id[:8]+o.id[24:]))
	}
	if _, err := o.cases.ImportSubscribers(ctx, usecase.Caller{System: true}, o.id, in); err != nil {
		o.Fatal(err)
	}
}

// hook is an active subscriber by a channel that is posted to.
func (o *org) hook(channel store.Channel, path string) store.Subscriber {
	o.Helper()
	at := status.Time(o.clock.now().UnixMilli())
	s := store.Subscriber{ID: newID(), Channel: channel, Address: o.hooks.URL + path, Key: o.hooks.URL + path,
		State: store.Active, Whole: true, Token: uuid.NewString(),
		Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Base: "https://status.example.com/status/x", Source: "admin",
		CreatedAt: at, AskedAt: at, ConfirmedAt: &at}
	var b store.Batch
	o.AddSubscriber(&b, s)
	if err := o.db.Do(ctx, &b); err != nil {
		o.Fatal(err)
	}
	return s
}

// deliveries waits until so many are in a state, and gives them.
func (o *org) deliveries(state string, n int) []store.Delivery {
	o.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		found, count, err := o.Deliveries(ctx, state, store.Span{Limit: 100})
		if err != nil {
			o.Fatal(err)
		}
		if count == n {
			return found
		}
		if time.Now().After(end) {
			o.Fatalf("%d deliveries are %s, not %d: %+v", count, state, n, found[:min(3, len(found))])
		}
	}
}

// settled lets so much time pass that what is told next is not told with what was told before.
func (s *stage) settled() { s.clock.add(store.Settle + time.Second) }

// ask reads a list of texts from the database itself.
func (s *stage) ask(query string, args ...any) (out []string) {
	s.Helper()
	db, err := sql.Open("sqlite3", "file:"+s.file+"?mode=ro&_busy_timeout=5000")
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	rows, err := db.Query(query, args...)
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			s.Fatal(err)
		}
		out = append(out, text)
	}
	if err := rows.Err(); err != nil {
		s.Fatal(err)
	}
	return out
}

// lateChange lets something happen between the scheduler's look and its first step.
func lateChange(s *stage, first func()) schedule.Change {
	return func(ctx context.Context, orgID, key string, c page.Command, at time.Time) error {
		if first != nil {
			do := first
			first = nil
			do()
		}
		_, err := s.cases.ChangeAt(ctx, usecase.Caller{System: true, Key: key, Fingerprint: "scheduler"}, orgID, c, at)
		return err
	}
}
