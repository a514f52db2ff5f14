// Package storetest is one suite of tests for every database that the store can stand on.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"statuspage/server/racetest"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/page/pagetest"
	"statuspage/shared/status"
)

// Large tests a database with as many bytes as it takes, as Run does the rest.
func Large(t *testing.T, open func(testing.TB) *store.DB) {
	racetest.Plain(t, "megabytes in one call to the database")
	t.Run("a page of any size is read", func(t *testing.T) { longPage(t, open(t)) })
	t.Run("a full page is read by one question", func(t *testing.T) { fullPage(t, open(t)) })
	t.Run("no row grows beyond what every database takes", func(t *testing.T) { rowLimit(t, open(t)) })
}

// Run tests a database; open gives an empty one, migrated.
func Run(t *testing.T, open func(testing.TB) *store.DB) {
	t.Run("the page that is read is the page that was evolved", func(t *testing.T) { stateIsEvolved(t, open(t)) })
	t.Run("tables can be rebuilt from the log", func(t *testing.T) { tablesFollowTheLog(t, open(t), open(t)) })
	t.Run("racing writers leave no gap and nothing half done", func(t *testing.T) { racing(t, open(t)) })
	t.Run("an event needs its predecessor", func(t *testing.T) { follows(t, open(t)) })
	t.Run("the log is read in parts, whatever its events weigh", func(t *testing.T) { parts(t, open(t)) })
	t.Run("a refused batch leaves nothing behind", func(t *testing.T) { refused(t, open(t)) })
	t.Run("tenants with the same ids never meet", func(t *testing.T) { tenants(t, open(t)) })
	t.Run("what went on in a time is found, whenever it began", func(t *testing.T) { during(t, open(t)) })
	t.Run("an answer is kept for its caller alone", func(t *testing.T) { answers(t, open(t)) })
	t.Run("the audit log cannot be changed", func(t *testing.T) { audit(t, open(t)) })
	t.Run("the audit log shows what was, also of older versions", func(t *testing.T) { auditShows(t, open(t)) })
	t.Run("subscribers hear of what they chose, once", func(t *testing.T) { toldByChoice(t, open(t)) })
	t.Run("who follows one incident hears of it alone, until it is over", func(t *testing.T) { followed(t, open(t)) })
	t.Run("a job is its claimer's until the lease ends", func(t *testing.T) { leased(t, open(t)) })
	t.Run("an import leaves out who is there and who said no", func(t *testing.T) { imports(t, open(t)) })
	t.Run("a copy that is restored sends nothing twice", func(t *testing.T) { buried(t, open(t)) })
	t.Run("a team is told once, and not too often", func(t *testing.T) { teamTold(t, open(t)) })
	t.Run("what was sent is forgotten in time", func(t *testing.T) { forgets(t, open(t)) })
	t.Run("a database says what a power cut takes", func(t *testing.T) { durability(t, open(t)) })
	t.Run("those who migrate at the same time do it once", func(t *testing.T) { migrations(t, open(t)) })
}

var ctx = context.Background()

// begin makes an organisation and gives its handle and first state.
func begin(t testing.TB, db *store.DB, slug string, at status.Time) (*store.Org, page.State) {
	t.Helper()
	event, no := page.Create(uuid.Must(uuid.NewV7()).String(), slug, slug, at)
	if no != nil {
		t.Fatal(no)
	}
	org := db.Org(event.Org.ID)
	if err := org.Append(ctx, page.State{}, []page.Event{event}, nil); err != nil {
		t.Fatal(err)
	}
	return org, page.Evolve(page.State{}, &event)
}

func commit(t testing.TB, org *store.Org, s page.State, c page.Command, at status.Time) page.State {
	t.Helper()
	events, no := page.Decide(s, c, at)
	if no != nil {
		t.Fatal(no)
	}
	if err := org.Append(ctx, s, events, nil); err != nil {
		t.Fatal(err)
	}
	for i := range events {
		s = page.Evolve(s, &events[i])
	}
	return s
}

// stories is how many pages live: enough to meet every kind of event many times, on a database that answers over a
// network too.
const stories = 30

// live drives a page by random commands and calls after with each state that was committed.
func live(t *testing.T, db *store.DB, steps int, after func(rt *rapid.T, org *store.Org, s page.State)) {
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		if n++; n > stories {
			return
		}
		author := &pagetest.Author{Space: uint32(n)}
		at := pagetest.Start
		org, s := begin(t, db, fmt.Sprintf("org-%d", n), at)
		for range rapid.IntRange(1, steps).Draw(rt, "steps") {
			at = author.Later(rt, at)
			events, no := page.Decide(s, author.Command(rt, s, at), at)
			if no != nil || len(events) == 0 {
				continue
			}
			var c *store.Constraint
			if err := org.Append(ctx, s, events, nil); errors.As(err, &c) && c.On("organizations.hostname") {
				continue // another page has it: only the schema can know
			} else if err != nil {
				rt.Fatalf("append: %v", err)
			}
			for i := range events {
				s = page.Evolve(s, &events[i])
			}
		}
		after(rt, org, s)
	})
}

func stateIsEvolved(t *testing.T, db *store.DB) {
	live(t, db, 25, func(rt *rapid.T, org *store.Org, s page.State) {
		read, err := org.State(ctx, s.At)
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(plain(s), plain(read), cmpopts.EquateEmpty()); diff != "" {
			rt.Fatalf("evolved (-) and read (+):\n%s", diff)
		}
		sameReplay(rt, org, &s)
	})
}

// sameReplay: what is told again of the database's words is what would be told of those in memory.
func sameReplay(rt *rapid.T, org *store.Org, s *page.State) {
	told, err := org.Replay(ctx, 0, s.Seq, s.Seq)
	if err != nil {
		rt.Fatal(err)
	}
	logged, err := org.EventsSince(ctx, 0, int(s.Seq))
	if err != nil || len(logged) != len(told) {
		rt.Fatalf("%d of %d events are told again, %v", len(told), len(logged), err)
	}
	words := s.Words()
	for i := range logged {
		want := logged[i].Today(words)
		if diff := cmp.Diff(string(want.Frame()), string(told[i].Frame())); diff != "" {
			rt.Fatalf("told of memory (-) and of the database (+):\n%s", diff)
		}
	}
}

// plain makes nil and empty lists one.
func plain(s page.State) page.State {
	s.Services, s.Incidents, s.Maintenances = slices.Clone(s.Services), slices.Clone(s.Incidents),
		slices.Clone(s.Maintenances)
	for i := range s.Services {
		if s.Services[i].Days = status.Trimmed(s.Services[i].Days, s.At); len(s.Services[i].Days) == 0 {
			s.Services[i].Days = nil
		}
	}
	for i := range s.Incidents {
		if len(s.Incidents[i].Updates) == 0 {
			s.Incidents[i].Updates = nil
		}
	}
	for i := range s.Maintenances {
		if len(s.Maintenances[i].Updates) == 0 {
			s.Maintenances[i].Updates = nil
		}
	}
	if len(s.Services) == 0 {
		s.Services = nil
	}
	if len(s.Incidents) == 0 {
		s.Incidents = nil
	}
	if len(s.Maintenances) == 0 {
		s.Maintenances = nil
	}
	return s
}

// projections are the tables that the log determines.
var projections = []string{"organizations", "services", "service_days", "incidents", "incident_services",
	"incident_updates",
	"maintenances", "maintenance_services", "maintenance_updates"}

func tablesFollowTheLog(t *testing.T, db, again *store.DB) {
	live(t, db, 25, func(*rapid.T, *store.Org, page.State) {})
	states := map[string]page.State{}
	for last := (store.Anchor{}); ; {
		entries, _, err := db.EventsAfter(ctx, last, 500)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) == 0 {
			break
		}
		for i := range entries {
			e := &entries[i]
			if err := again.Org(e.OrgID).Append(ctx, states[e.OrgID], []page.Event{e.Event}, nil); err != nil {
				t.Fatal(err)
			}
			states[e.OrgID] = page.Evolve(states[e.OrgID], &e.Event)
			last = e.At
		}
	}
	for _, table := range projections {
		was, err := db.Dump(ctx, table)
		if err != nil {
			t.Fatal(err)
		}
		is, err := again.Dump(ctx, table)
		if err != nil {
			t.Fatal(err)
		}
		if len(was) == 0 {
			t.Errorf("%s is empty: nothing was compared", table)
		}
		if diff := cmp.Diff(was, is); diff != "" {
			t.Errorf("%s, written (-) and rebuilt (+):\n%s", table, diff)
		}
	}
}

func racing(t *testing.T, db *store.DB) {
	const writers, writes = 6, 15
	org, first := begin(t, db, "race", pagetest.Start)
	var group sync.WaitGroup
	failed := make(chan error, writers)
	var stale sync.Map
	for w := range writers {
		group.Go(func() {
			for n := 0; n < writes; {
				s, err := org.State(ctx, first.At)
				if err != nil {
					failed <- err
					return
				}
				c := &page.CreateService{ID: uuid.NewString(), Name: fmt.Sprintf("%d of %d", n, w)}
				events, no := page.Decide(s, c, s.At+1)
				if no != nil {
					failed <- no
					return
				}
				switch err := org.Append(ctx, s, events, nil); {
				case err == nil:
					n++
				case errors.Is(err, store.ErrStale):
					stale.Store(c.ID, true)
				default:
					failed <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(failed)
	for err := range failed {
		t.Fatal(err)
	}
	events, err := org.EventsSince(ctx, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != 1+writers*writes {
		t.Errorf("%d events, not %d", len(events), 1+writers*writes)
	}
	for i := range events {
		if events[i].Seq != int64(i+1) {
			t.Fatalf("seq %d in place %d", events[i].Seq, i+1)
		}
		if s := events[i].Service; s != nil {
			if _, was := stale.Load(s.ID); was {
				t.Errorf("%s was refused, and is there", s.Name)
			}
		}
	}
	s, err := org.State(ctx, first.At)
	if err != nil || len(s.Services) != writers*writes {
		t.Errorf("%d services, %v", len(s.Services), err)
	}
}

func refused(t *testing.T, db *store.DB) {
	org, s := begin(t, db, "refused", pagetest.Start)
	before, err := db.Dump(ctx, "services")
	if err != nil {
		t.Fatal(err)
	}
	events, no := page.Decide(s, &page.CreateService{ID: uuid.NewString(), Name: "API"}, s.At+1)
	if no != nil {
		t.Fatal(no)
	}
	err = org.Append(ctx, s, events, func(b *store.Batch) {
		b.Add(`INSERT INTO meta (key, value) VALUES ('epoch', 'twice; -- ''')`)
	})
	var c *store.Constraint
	if !errors.As(err, &c) || c.Kind != "UNIQUE" || !c.On("meta.key") {
		t.Fatalf("the refusal is %v", err)
	}
	after, err := db.Dump(ctx, "services")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("left behind:\n%s", diff)
	}
	if s = commit(t, org, s, &page.CreateService{ID: uuid.NewString(), Name: "API"}, s.At+1); s.Seq != 2 {
		t.Errorf("the next write is %d", s.Seq)
	}
}

func tenants(t *testing.T, db *store.DB) {
	a, sa := begin(t, db, "a", pagetest.Start)
	b, sb := begin(t, db, "b", pagetest.Start)
	service, incident, update := uuid.NewString(), uuid.NewString(), uuid.NewString()
	for _, x := range []struct {
		org  *store.Org
		s    page.State
		name string
	}{{a, sa, "of a"}, {b, sb, "of b"}} {
		s := commit(t, x.org, x.s, &page.CreateService{ID: service, Name: x.name}, x.s.At+1)
		commit(t, x.org, s, &page.OpenIncident{ID: incident, UpdateID: update, Title: x.name, Service: &service,
			ToState: status.Major}, s.At+1)
	}
	for _, x := range []struct {
		org  *store.Org
		name string
	}{{a, "of a"}, {b, "of b"}} {
		in, err := x.org.Incident(ctx, incident)
		if err != nil || in.Title != x.name || in.First().Name != x.name {
			t.Errorf("%s reads %q, %v", x.name, in.Title, err)
		}
		found, n, err := x.org.Incidents(ctx, store.IncidentFilter{ServiceID: service}, store.Span{Limit: 10})
		if err != nil || n != 1 || found[0].Title != x.name {
			t.Errorf("%s lists %d, %v", x.name, n, err)
		}
	}
	if _, err := db.Org(uuid.NewString()).Incident(ctx, incident); !errors.Is(err, store.ErrNone) {
		t.Errorf("a stranger gets %v", err)
	}
}

func answers(t *testing.T, db *store.DB) {
	org, s := begin(t, db, "answers", pagetest.Start)
	now := time.Now()
	keep := func(actor, key string, at time.Time) error {
		return org.Append(ctx, s, nil, func(b *store.Batch) {
			org.AddAnswer(b, actor, key, store.Answer{Fingerprint: "f", Status: 201, Seq: 2, Body: `{"a":1}`}, at)
		})
	}
	if err := keep("user:1", "k", now); err != nil {
		t.Fatal(err)
	}
	if err := keep("user:1", "k", now); !errors.Is(err, store.ErrKeyUsed) {
		t.Errorf("the same key again: %v", err)
	}
	if err := keep("user:2", "k", now); err != nil {
		t.Errorf("another's key: %v", err)
	}
	if got, err := org.Answer(ctx, "user:1", "k", now); err != nil || got.Body != `{"a":1}` || got.Status != 201 {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := org.Answer(ctx, "user:1", "k", now.Add(store.KeepAnswers+time.Second)); !errors.Is(err,
		store.ErrNone) {
		t.Errorf("after 48 hours: %v", err)
	}
	if err := keep("user:1", "k", now.Add(store.KeepAnswers+time.Second)); err != nil {
		t.Errorf("the key is not free after 48 hours: %v", err)
	}
}

func audit(t *testing.T, db *store.DB) {
	org, s := begin(t, db, "audit", pagetest.Start)
	if err := org.Append(ctx, s, nil, func(b *store.Batch) {
		org.AddAudit(b, store.Audit{ActorKind: "user", ActorID: "1", Action: "test", ObjectKind: "service",
			ObjectID: "2"})
	}); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{`UPDATE audit_log SET actor_id = '3'`, `DELETE FROM audit_log`} {
		var b store.Batch
		b.Add(statement)
		if err := db.Do(ctx, &b); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", statement, err)
		}
	}
	if found, n, err := org.AuditLog(ctx, store.AuditFilter{Actor: "1"}, store.Span{Limit: 5}); err != nil || n != 1 ||
		found[0].ObjectID != "2" {
		t.Errorf("%d %+v %v", n, found, err)
	}
}

func migrations(t *testing.T, db *store.DB) {
	var group sync.WaitGroup
	failed := make(chan error, 4)
	for range 4 {
		group.Go(func() { failed <- db.Migrate(ctx) })
	}
	group.Wait()
	close(failed)
	for err := range failed {
		if err != nil {
			t.Error(err)
		}
	}
	if done, err := db.Migrated(ctx); !done || err != nil {
		t.Errorf("migrated: %v, %v", done, err)
	}
}

// follows has a writer that saw more of the log than there is, as after a power cut at the database's host.
func follows(t *testing.T, db *store.DB) {
	org, s := begin(t, db, "acme", 1000)
	ahead := s
	for i := range 3 { // which is never committed
		events, no := page.Decide(ahead, &page.CreateService{ID: uuid.NewString(), Name: fmt.Sprint(i)}, 2000)
		if no != nil {
			t.Fatal(no)
		}
		if err := org.Append(ctx, ahead, events, nil); i == 1 {
			if !errors.Is(err, store.ErrStale) {
				t.Errorf("an event was taken without its predecessor: %v", err)
			}
		} else if i == 0 {
			var b store.Batch
			org.AddEvents(&b, ahead, events)
			if err == nil { // it was taken; what follows is decided as if there were one more
				ahead = page.Evolve(ahead, &events[0])
				ahead.Seq++
				continue
			}
			t.Fatal(err)
		}
		break
	}
	last, err := db.LastEvent(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if last.OrgID != org.ID() || last.Seq != s.Seq+1 {
		t.Errorf("the log ends at %+v", last)
	}
}

// parts writes events of 16 MB together.
func parts(t *testing.T, db *store.DB) {
	org, s := begin(t, db, "acme", 1000)
	from, err := db.LastEvent(ctx)
	if err != nil {
		t.Fatal(err)
	}
	const n = 160
	id := uuid.NewString()
	s = commit(t, org, s, &page.CreateService{ID: id, Name: "API", Description: strings.Repeat(`"`, 20_000)}, 2000)
	for i := 1; i < n; i++ { // a page may not be as long as its log
		text := strings.Repeat(`"`, 20_000-i)
		s = commit(t, org, s, &page.EditService{ID: id, Description: &text}, status.Time(2000+i))
	}
	at, seen, polls := from, 0, 0
	for more := true; more; polls++ {
		var found []store.Entry
		if found, more, err = db.EventsAfter(ctx, at, 500); err != nil {
			t.Fatal(err)
		}
		for _, e := range found {
			if seen++; e.Bad != nil || e.Event.Seq != from.Seq+int64(seen) {
				t.Fatalf("event %d is %d, %v", seen, e.Event.Seq, e.Bad)
			}
			at = e.At
		}
	}
	if seen != n || polls < 2 {
		t.Errorf("%d events in %d polls", seen, polls)
	}
	since, err := org.EventsSince(ctx, from.Seq, 1000)
	if err != nil || len(since) != n {
		t.Errorf("%d events since, %v", len(since), err)
	}
}

func rowLimit(t *testing.T, db *store.DB) {
	for _, c := range []struct {
		bytes int
		taken bool
	}{{store.MaxRow - 100, true}, {store.MaxRow + 1, false}, {6_000_000, false}} {
		var b store.Batch
		b.Add(`INSERT INTO meta (key, value) VALUES (?, ?)`, fmt.Sprint(c.bytes), strings.Repeat("x", c.bytes))
		err := db.Do(ctx, &b)
		var no *fault.Error
		if c.taken && err != nil || !c.taken && (!errors.As(err, &no) || no.Code != fault.TooLarge ||
			store.Uncertain(err)) {
			t.Errorf("%d bytes: %v", c.bytes, err)
		}
	}
	var made store.Batch // by the statement itself, of values that are short enough
	half := strings.Repeat("x", 2_600_000)
	made.Add(`INSERT INTO meta (key, value) VALUES ('half', ?)`, half)
	if err := db.Do(ctx, &made); err != nil {
		t.Fatal(err)
	}
	made = store.Batch{}
	made.Add(`UPDATE meta SET value = value || value WHERE key = 'half'`)
	var no *fault.Error
	if err := db.Do(ctx, &made); !errors.As(err, &no) || no.Code != fault.TooLarge || store.Uncertain(err) {
		t.Errorf("a value that the database makes: %v", err)
	}
}
