package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"statuspage/lab/cluster"
	"statuspage/server/racetest"
	"statuspage/server/relay"
	"statuspage/server/store"
	"statuspage/server/store/storetest"
	"statuspage/shared/fault"
	"statuspage/shared/page"
)

func TestMain(m *testing.M) {
	cluster.Roles(nil)
	os.Exit(m.Run())
}

// places are databases as processes of their own: the stand-in, and the real server when SQLD names its program.
func places(t *testing.T, regions []string, test func(t *testing.T, c *cluster.Cluster)) {
	sqld := os.Getenv("SQLD")
	t.Run("the stand-in", func(t *testing.T) {
		t.Setenv("SQLD", "")
		test(t, place(t, regions))
	})
	t.Run("sqld", func(t *testing.T) {
		if sqld == "" {
			t.Skip("SQLD does not name the program of a real sqld")
		}
		test(t, place(t, regions))
	})
}

func place(t testing.TB, regions []string) *cluster.Cluster {
	t.Helper()
	c, err := cluster.Start(cluster.Options{Regions: regions, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Kill)
	return c
}

// at opens a region's database; migrated at the primary.
func at(t testing.TB, c *cluster.Cluster, r *cluster.Region) *store.DB {
	t.Helper()
	db, err := store.Open(r.LinkURL(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if r == c.Primary() {
		if err := db.Migrate(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// TestTheRealServerKeepsEverythingThatTheStorePromises with a server of its own for each promise.
func TestTheRealServerKeepsEverythingThatTheStorePromises(t *testing.T) {
	if os.Getenv("SQLD") == "" {
		t.Skip("SQLD does not name the program of a real sqld")
	}
	open := func(t testing.TB) *store.DB {
		c := place(t, []string{"fra"})
		return at(t, c, c.Primary())
	}
	storetest.Run(t, open)
	storetest.Large(t, open)
}

// aWhile is a few seconds here, and a minute where the real server runs or LAB_LONG is set.
func aWhile() time.Duration {
	if os.Getenv("SQLD") != "" || os.Getenv("LAB_LONG") != "" {
		return time.Minute
	}
	return 3 * time.Second
}

// TestEightWritersGoOn through whatever lies between them, and every write is told its own outcome. Without one at a
// time the writes of both servers are locked up for ever within seconds (hrana, wedge_test.go).
func TestEightWritersGoOn(t *testing.T) {
	places(t, []string{"fra"}, func(t *testing.T, c *cluster.Cluster) {
		db := at(t, c, c.Primary())
		var all sync.WaitGroup
		var mu sync.Mutex
		written, failed := 0, 0
		began := time.Now()
		for w := range 8 {
			all.Go(func() {
				for i := 0; time.Since(began) < aWhile(); i++ {
					var b store.Batch
					b.Add(`INSERT INTO meta (key, value) VALUES (?, 'x')`, fmt.Sprintf("w%d.%d", w, i))
					err := db.Do(context.Background(), &b)
					mu.Lock()
					if err == nil {
						written++
					} else if failed++; failed < 4 {
						t.Errorf("writer %d, %d: %v", w, i, err)
					}
					mu.Unlock()
				}
			})
		}
		all.Wait()
		if trouble := db.Trouble(); trouble != "" || written < 50 {
			t.Errorf("%d writes, and it is %q", written, trouble)
		}
		t.Logf("%d writes, %.0f a second", written, float64(written)/time.Since(began).Seconds())
		is := 0
		if err := c.Primary().Query(`SELECT count(*) FROM meta WHERE key LIKE 'w%.%'`, func(answer []byte) error {
			_, text, _ := strings.Cut(string(answer), `"value":"`)
			_, err := fmt.Sscan(strings.SplitN(text, `"`, 2)[0], &is)
			return err
		}); err != nil || is != written {
			t.Errorf("%d are there of %d that were acknowledged: %v", is, written, err)
		}
	})
}

// TestWhatIsTooLongIsSaidToBe when it is written, and a page of the log is never more than one answer.
func TestWhatIsTooLongIsSaidToBe(t *testing.T) {
	racetest.Plain(t, "megabytes in one call to the database")
	places(t, []string{"fra"}, func(t *testing.T, c *cluster.Cluster) {
		db, ctx := at(t, c, c.Primary()), context.Background()
		keep := func(key string, bytes int) error {
			var b store.Batch
			b.Add(`INSERT INTO meta (key, value) VALUES (?, ?)`, key, strings.Repeat("x", bytes))
			return db.Do(ctx, &b)
		}
		if err := keep("fits", store.MaxRow-100); err != nil {
			t.Errorf("a row that fits: %v", err)
		}
		err := keep("not", store.MaxRow+1)
		var no *fault.Error
		if !errors.As(err, &no) || no.Code != fault.TooLarge || store.Uncertain(err) {
			t.Errorf("a row that is too long: %v", err)
		}
		// What the product's own limit does not see, the server refuses: of an event that was written by half, nothing
		// is there.
		var b store.Batch
		b.Add(`INSERT INTO meta (key, value) VALUES ('before', 'x')`)
		b.Add(`INSERT INTO meta (key, value) SELECT 'long', value || value FROM meta WHERE key = 'fits'`)
		err = db.Do(ctx, &b)
		if !errors.As(err, &no) || no.Code != fault.TooLarge || store.Uncertain(err) {
			t.Errorf("a row that the server refuses: %v", err)
		}
		if err := keep("before", 1); err != nil {
			t.Errorf("half of a batch was kept: %v", err)
		}
	})
}

// TestAWriteWaitsForWhoHoldsTheLock and is not taken for lost.
func TestAWriteWaitsForWhoHoldsTheLock(t *testing.T) {
	places(t, []string{"fra"}, func(t *testing.T, c *cluster.Cluster) {
		db := at(t, c, c.Primary())
		held := make(chan error, 1)
		go func() { // another process, which writes for a while
			other, err := store.Open(c.Primary().LinkURL(), "")
			if err == nil {
				defer func() { _ = other.Close() }()
				for i := 0; i < 40 && err == nil; i++ {
					var b store.Batch
					b.Add(`INSERT INTO meta (key, value) VALUES (?, 'x')`, fmt.Sprint("other ", i))
					err = other.Do(context.Background(), &b)
				}
			}
			held <- err
		}()
		for i := range 40 {
			var b store.Batch
			b.Add(`INSERT INTO meta (key, value) VALUES (?, 'x')`, fmt.Sprint("mine ", i))
			if err := db.Do(context.Background(), &b); err != nil {
				t.Fatalf("write %d: %v", i, err)
			}
		}
		if err := <-held; err != nil {
			t.Error(err)
		}
	})
}

// story is a page whose events are appended one by one.
type story struct {
	t   *testing.T
	db  *store.DB
	org *store.Org
	s   page.State
}

func begin(t *testing.T, db *store.DB) *story {
	t.Helper()
	event, no := page.Create(uuid.NewString(), "acme", "Acme", 1000)
	if no != nil {
		t.Fatal(no)
	}
	s := &story{t: t, db: db, org: db.Org(event.Org.ID)}
	if err := s.append(event); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *story) append(events ...page.Event) error {
	err := s.org.Append(context.Background(), s.s, events, nil)
	for i := range events {
		if err == nil {
			s.s = page.Evolve(s.s, &events[i])
		}
	}
	return err
}

func (s *story) service(name string) error {
	events, no := page.Decide(s.s, &page.CreateService{ID: uuid.NewString(), Name: name}, s.s.At+1)
	if no != nil {
		s.t.Fatal(no)
	}
	return s.append(events...)
}

// lose writes, and cuts the power until events are gone that a relay has read.
func (s *story) lose(c *cluster.Cluster, r *relay.Relay) {
	s.t.Helper()
	for try := range 5 {
		for i := range 4 {
			if err := s.service(fmt.Sprint("lost ", try, " ", i)); err != nil {
				s.t.Fatal(err)
			}
		}
		if err := r.Sync(context.Background()); err != nil {
			s.t.Fatal(err)
		}
		if _, err := c.Primary().PowerCut(3); err != nil {
			s.t.Fatal(err)
		}
		now, err := s.org.State(context.Background(), 2000)
		if err != nil {
			s.t.Fatal(err)
		}
		if now.Seq < s.s.Seq {
			return
		}
		s.t.Log("a power cut took nothing")
	}
	s.t.Fatal("no power cut takes anything")
}

// again reads the page as it is now.
func (s *story) again() {
	s.t.Helper()
	var err error
	if s.s, err = s.org.State(context.Background(), 2000); err != nil {
		s.t.Fatal(err)
	}
}

// TestAPowerCutTakesEventsAndLeavesNoGap whatever of the product is asked first: who still knows what is gone is
// refused, and the log begins an epoch.
func TestAPowerCutTakesEventsAndLeavesNoGap(t *testing.T) {
	places(t, []string{"fra"}, func(t *testing.T, c *cluster.Cluster) {
		ctx := context.Background()
		db := at(t, c, c.Primary())
		s := begin(t, db)
		r := relay.New(db, time.Millisecond, true, nobody{})
		s.lose(c, r)
		if err := s.service("on what is gone"); !errors.Is(err, store.ErrStale) {
			t.Errorf("an event without its predecessor: %v", err)
		}
		was := r.Epoch()
		if err := r.Sync(ctx); err != nil || r.Epoch() == was {
			t.Errorf("the loss is not found: %v", err)
		}
		s.again()
		for i := range 5 {
			if err := s.service(fmt.Sprint("after ", i)); err != nil {
				t.Error(err)
			}
		}
		events, err := s.org.EventsSince(ctx, 0, 1000)
		if err != nil || int64(len(events)) != s.s.Seq {
			t.Errorf("%d events up to %d: %v", len(events), s.s.Seq, err)
		}
	})
}

// TestARegionComesBackWhenThePrimaryGoesDuringItsReset after a loss: its replica loads everything anew, and its primary
// goes before it has.
func TestARegionComesBackWhenThePrimaryGoesDuringItsReset(t *testing.T) {
	places(t, []string{"fra", "syd"}, func(t *testing.T, c *cluster.Cluster) {
		ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
		defer cancel()
		db, far := at(t, c, c.Primary()), at(t, c, c.Region("syd"))
		s := begin(t, db)
		home, away := relay.New(db, time.Millisecond, true, nobody{}), relay.New(far, time.Millisecond, false, nobody{})
		reaches := func(what string) {
			t.Helper()
			for tries := 0; ; tries++ {
				err := away.Sync(ctx)
				var p *relay.Page
				if err == nil {
					p, err = away.Page(ctx, s.org.ID())
				}
				if err == nil && p.State.Seq == s.s.Seq && p.Epoch == home.Epoch() &&
					len(p.State.Services) == len(s.s.Services) {
					return
				}
				if ctx.Err() != nil {
					t.Fatalf("%s: the region does not come back after %d tries: %v", what, tries, err)
				}
				time.Sleep(50 * time.Millisecond)
			}
		}
		if err := home.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		reaches("at first")
		s.lose(c, home)
		c.Primary().DB.Kill() // its log was new for moments: the region's replica has just begun with it
		if err := c.Primary().DB.Start(); err != nil {
			t.Fatal(err)
		}
		if err := home.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		s.again()
		if err := s.service("after the loss"); err != nil {
			t.Fatal(err)
		}
		if err := home.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		reaches("after the loss")
	})
}

// TestANewReplicaWhosePrimaryGoesWhileItLoadsSaysNothingWrong at four moments of its loading: whoever asks it has the
// page as it is, or is told to come again; and it has the page once the primary is back, at the latest after the new
// start of docs/deploy.md.
func TestANewReplicaWhosePrimaryGoesWhileItLoadsSaysNothingWrong(t *testing.T) {
	racetest.Outside(t, "databases as processes of their own")
	places(t, []string{"fra", "syd"}, func(t *testing.T, c *cluster.Cluster) {
		db, far := at(t, c, c.Primary()), at(t, c, c.Region("syd"))
		s := begin(t, db)
		for i := range 8 {
			var b store.Batch
			b.Add(`INSERT INTO meta (key, value) VALUES (?, ?)`, fmt.Sprint("large ", i), strings.Repeat("x", 4_500_000))
			if err := db.Do(t.Context(), &b); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.service("API"); err != nil {
			t.Fatal(err)
		}
		ask := func() bool {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			now, err := far.Org(s.org.ID()).State(ctx, 2000)
			var told *fault.Error
			switch {
			case err == nil && (now.Seq != s.s.Seq || len(now.Services) != 1):
				t.Errorf("the replica has event %d of %d", now.Seq, s.s.Seq)
			case err != nil && (!errors.As(err, &told) || told.Code != fault.Unavailable || told.RetryAfter == 0):
				t.Errorf("whoever asks is told %v", err)
			}
			return err == nil
		}
		asking := func(long time.Duration) (answered bool) {
			for began := time.Now(); !answered && time.Since(began) < long; time.Sleep(10 * time.Millisecond) {
				answered = ask()
			}
			return answered
		}
		home, away := c.Primary().DB, c.Region("syd").DB
		for _, after := range []time.Duration{0, 50 * time.Millisecond, 200 * time.Millisecond, 800 * time.Millisecond} {
			away.Kill()
			if err := errors.Join(c.Region("syd").Forget(), away.Launch()); err != nil {
				t.Fatal(err)
			}
			asking(after)
			home.Kill()
			before := asking(2 * time.Second)
			if err := home.Start(); err != nil {
				t.Fatal(err)
			}
			began, again := time.Now(), ""
			if !asking(2 * time.Minute) {
				again = ", after it was started again"
				if err := away.Restart(); err != nil || !asking(time.Minute) {
					t.Fatalf("killed after %v: the replica does not come back: %v", after, err)
				}
			}
			t.Logf("killed after %v: loaded before %v, there %v after the primary%s", after, before,
				time.Since(began).Round(time.Millisecond), again)
		}
	})
}

type nobody struct{}

func (nobody) Event(string, *page.Event, *relay.Page, *relay.Page) {}
func (nobody) Reset()                                              {}
func (nobody) Lost(string)                                         {}
func (nobody) Gone(string)                                         {}
