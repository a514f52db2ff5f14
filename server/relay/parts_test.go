package relay_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"statuspage/server/relay"
	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/wire"
)

// Each part of the relay by itself, in virtual time: whatever happens in whatever order, what it promises holds.

// bubble is a test in virtual time, which is not asked for how long it may take; a property takes a day of it at most.
type bubble struct{ *testing.T }

// inBubble runs a test in virtual time. What fails is not made smaller: the time for that would never be over.
func inBubble(t *testing.T, test func(*testing.T)) {
	t.Helper()
	if f := flag.Lookup("rapid.shrinktime"); f != nil {
		was := f.Value.String()
		if err := f.Value.Set("0s"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Value.Set(was) })
	}
	synctest.Test(t, test)
}

// seqs hears which events are told of one organisation, and holds that none is left out and none comes twice.
type seqs struct {
	ears
	last  int64
	wrong error
}

func (s *seqs) Event(_ string, e *page.Event, _, _ *relay.Page) {
	if s.last != 0 && e.Seq != s.last+1 {
		s.wrong = fmt.Errorf("event %d was told after %d", e.Seq, s.last)
	}
	s.last = e.Seq
}

// TestFollowTakesEveryEventInOnceWhateverTheOrder: writes of this process, writes of others, polls, and what was read
// before and comes late. The page is what the log says, also where a decision brought its state.
func TestFollowTakesEveryEventInOnceWhateverTheOrder(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		l, heard := newLog(t), &seqs{}
		r := relay.New(l.db, time.Millisecond, true, heard)
		if err := r.Sync(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Page(ctx, l.org.ID()); err != nil {
			t.Fatal(err)
		}
		heard.last = l.s.Seq
		rapid.Check(bubble{t}, func(t *rapid.T) {
			var parts []store.Part
			t.Repeat(map[string]func(*rapid.T){
				"another process writes": func(*rapid.T) { l.edit() },
				"this process writes": func(t *rapid.T) {
					part, is := l.editOwn(r)
					if late := rapid.Bool().Draw(t, "late"); !is || late {
						parts = append(parts, part)
					} else if !r.Follow(ctx, &part) && r.Sync(ctx) != nil {
						t.Fatal("it cannot be read")
					}
				},
				"read the log": func(t *rapid.T) {
					part, err := l.db.PartAfter(ctx, r.Anchor(), rapid.IntRange(1, 5).Draw(t, "events"))
					if err != nil {
						t.Fatal(err)
					}
					parts = append(parts, part)
				},
				"follow": func(t *rapid.T) {
					if n := len(parts); n > 0 {
						r.Follow(ctx, &parts[rapid.IntRange(0, n-1).Draw(t, "which")])
					}
				},
				"poll": func(t *rapid.T) {
					if err := r.Sync(ctx); err != nil {
						t.Fatal(err)
					}
				},
				"": func(t *rapid.T) {
					p, err := r.Page(ctx, l.org.ID())
					if err != nil || heard.wrong != nil || heard.lost+heard.resets != 0 || p.State.Seq != heard.last {
						t.Fatalf("%v %v, at %d, told %d", err, heard.wrong, p.State.Seq, heard.last)
					}
				},
			})
			if err := r.Sync(ctx); err != nil {
				t.Fatal(err)
			}
			p, err := r.Page(ctx, l.org.ID())
			if err != nil || !bytes.Equal(wire.Marshal(&p.State), wire.Marshal(&l.s)) || p.State.Bytes != l.s.Bytes {
				t.Fatalf("the page is not what the log says: %v", err)
			}
		})
	})
}

// edit is an event of another process.
func (l *log) edit() {
	l.t.Helper()
	l.append(l.decided().Events...)
}

func (l *log) decided() page.Decision {
	l.t.Helper()
	l.now++
	var c page.Command = &page.CreateService{ID: uuid.NewString(), Name: "API"}
	if len(l.s.Services) > 0 {
		text := fmt.Sprint("It was edited at ", l.now)
		c = &page.EditService{ID: l.s.Services[0].ID, Description: &text}
	}
	d, no := page.DecideWhole(l.s, c, 1000+l.now, "")
	if no != nil {
		l.t.Fatal(no)
	}
	return d
}

// editOwn is an event of this process, with what its batch brings of the log.
func (l *log) editOwn(r *relay.Relay) (store.Part, bool) {
	l.t.Helper()
	d := l.decided()
	var batch *store.Batch
	err := l.org.Commit(ctx, l.s, d, r.Epoch(), func(b *store.Batch) {
		batch = b
		b.Follow(r.Anchor())
	})
	if err != nil {
		l.t.Fatal(err)
	}
	again := page.Decided(l.s, d.Events) // what it carries is held against this
	l.s = again.After(l.s)
	return batch.Followed()
}

// audience are the rooms in which somebody is.
type audience struct {
	ears
	rooms map[string]bool
}

func (a *audience) Listens(orgID string) bool { return a.rooms[orgID] }

// TestWhatHasARoomIsNeverLetGo: pages are read, rooms fill and empty, time goes by. Whoever is in a room finds the page
// there; of the others, those that were asked for the longest ago go first, and no more stay than may.
func TestWhatHasARoomIsNeverLetGo(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		l := newLog(t)
		ids := []string{l.org.ID()}
		for i := range 7 {
			e, no := page.Create(uuid.NewString(), fmt.Sprint("org-", i), "Acme", 1000)
			if no != nil {
				t.Fatal(no)
			}
			if err := l.db.Org(e.Org.ID).Append(ctx, page.State{}, []page.Event{e}, nil); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, e.Org.ID)
		}
		rapid.Check(bubble{t}, func(t *rapid.T) { letGo(t, l, ids) })
	})
}

func letGo(t *rapid.T, l *log, ids []string) {
	most := rapid.IntRange(0, 4).Draw(t, "pages in memory")
	rooms := &audience{rooms: map[string]bool{}}
	r := relay.New(l.db, time.Millisecond, true, rooms)
	r.KeepPages(most)
	org := func(t *rapid.T) string { return rapid.SampledFrom(ids).Draw(t, "org") }
	read := func(id string) *relay.Page {
		p, err := r.Page(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	t.Repeat(map[string]func(*rapid.T){
		"read":  func(t *rapid.T) { read(org(t)); time.Sleep(time.Millisecond) },
		"touch": func(t *rapid.T) { read(org(t)).Touch(time.Now()) },
		"enter": func(t *rapid.T) { id := org(t); rooms.rooms[id] = true; read(id) }, // the room first, then its page
		"leave": func(t *rapid.T) { delete(rooms.rooms, org(t)) },
		"time goes by": func(t *rapid.T) {
			time.Sleep(rapid.SampledFrom([]time.Duration{2 * time.Second, 40 * time.Second, 3 * time.Minute}).
				Draw(t, "time"))
			was := map[string]time.Time{}
			for _, id := range ids {
				if asked, is := r.InMemory(id); is {
					was[id] = asked
				}
			}
			if err := r.Sync(ctx); err != nil {
				t.Fatal(err)
			}
			left(t, r, rooms, was, most)
		},
		"": func(t *rapid.T) {
			for id := range rooms.rooms {
				if _, is := r.InMemory(id); !is {
					t.Fatalf("the page of a room was let go")
				}
			}
		},
	})
}

// left looks at what stayed in memory of the pages that were there.
func left(t *rapid.T, r *relay.Relay, rooms *audience, was map[string]time.Time, most int) {
	t.Helper()
	free, fresh := 0, 0
	var newestGone, oldestKept time.Time
	for id, asked := range was {
		_, is := r.InMemory(id)
		switch {
		case rooms.rooms[id]:
			if !is {
				t.Fatal("the page of a room was let go")
			}
		case !is:
			if asked.After(newestGone) {
				newestGone = asked
			}
		default:
			free++
			if time.Since(asked) <= time.Minute {
				fresh++
			}
			if oldestKept.IsZero() || asked.Before(oldestKept) {
				oldestKept = asked
			}
		}
	}
	if !newestGone.IsZero() && !oldestKept.IsZero() && newestGone.After(oldestKept) {
		t.Fatal("a page was let go that was asked for later than one that stayed")
	}
	if free > 2*most || free > most && fresh < free {
		t.Fatalf("%d pages without a room stay, %d of them asked for within a minute; %d may", free, fresh, most)
	}
}

// TestADocumentIsMadeOnceWhileItIsGood: until it is too old, or could not be made, everybody gets the same one.
func TestADocumentIsMadeOnceWhileItIsGood(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		rapid.Check(bubble{t}, func(t *rapid.T) {
			p := relay.NewPage(page.State{}, "epoch")
			type known struct {
				at   time.Time
				body string
			}
			have, made := map[string]known{}, 0
			t.Repeat(map[string]func(*rapid.T){
				"ask": func(t *rapid.T) {
					name := rapid.SampledFrom([]string{"html", "json"}).Draw(t, "name")
					age := rapid.SampledFrom([]time.Duration{time.Second, 10 * time.Second}).Draw(t, "may be old")
					fails := rapid.Bool().Draw(t, "fails")
					k, there := have[name]
					want := !there || time.Since(k.at) > age
					before := made
					d, err := p.Doc(name, age, func() (string, []byte, error) {
						if made++; fails {
							return "", nil, errors.New("no")
						}
						return "text/html", []byte(strings.Repeat(fmt.Sprint(name, made, " "), 100)), nil
					})
					switch {
					case want != (made > before):
						t.Fatalf("it was made: %v, and should be: %v", made > before, want)
					case want && fails:
						if delete(have, name); err == nil {
							t.Fatal("a document that could not be made is one")
						}
					case want:
						have[name] = known{time.Now(), string(d.Body)}
					case string(d.Body) != k.body || err != nil:
						t.Fatalf("another document: %v", err)
					}
					if err == nil && d.ETag != relay.ETag(d.Body) {
						t.Fatal("an ETag of another body")
					}
				},
				"time goes by": func(t *rapid.T) {
					time.Sleep(time.Duration(rapid.Int64Range(0, int64(20*time.Second)).Draw(t, "time")))
				},
			})
		})
		manyAsk(t)
	})
}

// manyAsk has many ask at once for what is not made yet.
func manyAsk(t *testing.T) {
	p, made := relay.NewPage(page.State{}, "epoch"), atomic.Int64{}
	var wait sync.WaitGroup
	for range 50 {
		wait.Go(func() {
			d, err := p.Doc("html", time.Second, func() (string, []byte, error) {
				made.Add(1)
				runtime.Gosched()
				return "text/html", []byte("one"), nil
			})
			if err != nil || string(d.Body) != "one" {
				t.Error(err)
			}
		})
	}
	if wait.Wait(); made.Load() != 1 {
		t.Errorf("it was made %d times", made.Load())
	}
}

// TestTheLagIsNeverShorterThanTheSilence: whatever a region's clock says, and however it is set, it does not call
// itself younger than the time for which it has heard nothing, and a clock that is right tells the age of what is
// shown.
func TestTheLagIsNeverShorterThanTheSilence(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		l := newLog(t)
		rapid.Check(bubble{t}, func(t *rapid.T) {
			const usual = time.Second + 2*time.Millisecond // between heartbeats, and what is cut off a time in ms
			clock := &wrong{}
			r := l.region(clock)
			var written, read, heard time.Time
			pass := func(t *rapid.T) {
				if err := r.Sync(ctx); err != nil {
					t.Fatal(err)
				}
				if !written.IsZero() && written.After(read) {
					read, heard = written, time.Now()
				}
			}
			beat := func(t *rapid.T) {
				time.Sleep(2 * time.Millisecond) // another heartbeat has another time
				if err := l.db.Beat(ctx, time.Now()); err != nil {
					t.Fatal(err)
				}
				written = time.Now()
			}
			beat(t)
			pass(t)
			t.Repeat(map[string]func(*rapid.T){
				"beat": beat,
				"poll": pass,
				"time goes by": func(t *rapid.T) {
					time.Sleep(time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "time")))
				},
				"the clock is set": func(t *rapid.T) {
					clock.off = time.Duration(rapid.Int64Range(-int64(time.Hour), int64(time.Hour)).Draw(t, "off"))
				},
				"": func(t *rapid.T) {
					lag, silence, age := r.Lag(), time.Since(heard), time.Since(read)
					if lag < silence-usual || clock.off == 0 && lag < age-usual {
						t.Fatalf("the lag is %v after %v of silence; what is shown is %v old", lag, silence, age)
					}
					if most := max(age, silence) + max(clock.off, 0); lag > most {
						t.Fatalf("the lag is %v, and can be %v at most", lag, most)
					}
				},
			})
		})
	})
}
