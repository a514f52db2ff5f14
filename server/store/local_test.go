package store

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"statuspage/shared/page"
	"statuspage/shared/wire"
)

func localDB(t testing.TB) *DB {
	t.Helper()
	db, err := Open("file:"+filepath.Join(t.TempDir(), "status.db"), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

// createdPage is a page's first event, and a batch that brings it and wants the log.
func createdPage(t testing.TB, db *DB, slug string) (*Org, page.Event, *Batch) {
	t.Helper()
	e, no := page.Create(uuid.Must(uuid.NewV7()).String(), slug, slug, 1_790_000_000_000)
	if no != nil {
		t.Fatal(no)
	}
	org, b := db.Org(e.Org.ID), &Batch{}
	org.AddEvents(b, page.State{}, []page.Event{e})
	b.Follow(Anchor{})
	return org, e, b
}

// TestWritesThatWaitForAFileGoTogether in one transaction, and one that is refused undoes itself alone.
func TestWritesThatWaitForAFileGoTogether(t *testing.T) {
	db := localDB(t)
	const n = 12
	var writes []*write
	for i := range n {
		_, _, b := createdPage(t, db, "page-"+string(rune('a'+i%6))) // the second six have slugs that are taken
		b.Add(`INSERT INTO meta (key, value) VALUES (?, ?)`, "test-"+string(rune('a'+i)), "1")
		writes = append(writes, &write{ctx: t.Context(), batch: b})
	}
	outcomes := db.queue.commit(t.Context(), writes)
	for i, err := range outcomes {
		var c *Constraint
		taken := errors.As(err, &c) && c.On("organizations.slug")
		if taken != (i >= 6) || !taken && err != nil {
			t.Errorf("write %d: %v", i, err)
		}
	}
	isLog(t, db, 6)
	var left int
	err := db.row(t.Context(), `SELECT count(*) FROM meta WHERE key LIKE 'test-%'`, nil, &left)
	if err != nil || left != 6 {
		t.Errorf("%d rows, %v", left, err)
	}
	part, is := writes[0].batch.Followed()
	if !is || len(part.Entries) != 6 || part.After != (Anchor{}) {
		t.Errorf("%v %+v", is, part)
	}
	if _, is := writes[n-1].batch.Followed(); is {
		t.Error("a write that was refused has a log")
	}
}

// TestAWriteThatEndsTheTransactionLetsTheOthersTryAgain as a full disk does; nothing of it stays.
func TestAWriteThatEndsTheTransactionLetsTheOthersTryAgain(t *testing.T) {
	db := localDB(t)
	batches := make([]*Batch, 3)
	writes := make([]*write, 3)
	for i := range batches {
		_, _, batches[i] = createdPage(t, db, "page-"+string(rune('a'+i)))
		writes[i] = &write{ctx: t.Context(), batch: batches[i]}
	}
	batches[1].Add(`INSERT OR ROLLBACK INTO meta (key, value) SELECT key, value FROM meta`)
	outcomes := db.queue.commit(t.Context(), writes)
	if !db.queue.again(outcomes[0]) || db.queue.again(outcomes[1]) || outcomes[1] == nil ||
		!db.queue.again(outcomes[2]) {
		t.Errorf("%v", outcomes)
	}
	isLog(t, db, 0)
	var done sync.WaitGroup
	for _, i := range []int{0, 2} {
		done.Go(func() {
			if err := db.Do(t.Context(), batches[i]); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	isLog(t, db, 2)
}

// TestAWriteWhoseTimeIsOverIsUndone between two statements, and the writer goes on.
func TestAWriteWhoseTimeIsOverIsUndone(t *testing.T) {
	db := localDB(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, _, b := createdPage(t, db, "late")
	w := &write{ctx: ctx, batch: b}
	x := db.queue.committer
	cancel()
	if err := x.commit(ctx, []*write{w})[0]; !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	isLog(t, db, 0)
	if err := db.Do(t.Context(), b); err != nil {
		t.Error(err)
	}
}

// isLog holds what the tables have of the log: so many events, and ids without a gap.
func isLog(t *testing.T, db *DB, events int64) {
	t.Helper()
	var n, last int64
	err := db.row(t.Context(), `SELECT count(*), coalesce(max(id), 0) FROM events`, nil, &n, &last)
	if err != nil || n != events || last != events {
		t.Errorf("%d events up to %d, want %d: %v", n, last, events, err)
	}
}

// TestWhatIsHandedOverIsWhatIsReadBack by whoever follows, also behind what another process wrote in between.
func TestWhatIsHandedOverIsWhatIsReadBack(t *testing.T) {
	db := localDB(t)
	org, first, b := createdPage(t, db, "acme")
	if err := db.Do(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	s := page.Evolve(page.State{}, &first)
	for i := range 3 * maxTail {
		events, no := page.Decide(s, &page.CreateService{ID: uuid.Must(uuid.NewV7()).String(), Name: "Service"}, s.At+1)
		if i%2 == 1 {
			name := "Service " + wire.Itoa(int64(i))
			events, no = page.Decide(s, &page.EditService{ID: s.Services[0].ID, Name: &name}, s.At+1)
		}
		if no != nil {
			t.Fatal(no)
		}
		if e := &events[0]; i == maxTail+7 { // an older program beside this one
			if _, err := db.write.ExecContext(t.Context(), insertEvent, org.id, e.Seq, string(e.Type), int64(e.At), "",
				string(wire.Marshal(e))); err != nil {
				t.Fatal(err)
			}
			s = page.Evolve(s, &events[0])
			continue
		}
		var kept *Batch
		if err := org.Append(t.Context(), s, events, func(b *Batch) { kept = b; b.Follow(Anchor{}) }); err != nil {
			t.Fatal(err)
		}
		s = page.Evolve(s, &events[0])
		isRead(t, db, kept)
	}
}

func isRead(t *testing.T, db *DB, b *Batch) {
	t.Helper()
	own, is := b.Followed()
	if !is || !own.Own || len(own.Entries) == 0 || len(own.Entries) > maxTail+1 {
		t.Fatalf("%v, %d events", is, len(own.Entries))
	}
	read, err := db.PartAfter(t.Context(), own.After, 2*maxTail)
	if err != nil || own.Epoch != read.Epoch || len(own.Entries) != len(read.Entries) {
		t.Fatalf("%d events handed over, %d read, %v", len(own.Entries), len(read.Entries), err)
	}
	for i := range own.Entries {
		x, y := &own.Entries[i], &read.Entries[i]
		same := string(wire.Marshal(&x.Event)) == string(wire.Marshal(&y.Event))
		if x.At != y.At || x.ID != y.ID || x.OrgID != y.OrgID || !same {
			t.Fatalf("handed over %+v, read %+v", x, y)
		}
	}
}

// TestABatchOfManyStatementsCostsWhatEachOfThemCosts whatever stands behind it.
func TestABatchOfManyStatementsCostsWhatEachOfThemCosts(t *testing.T) {
	db := localDB(t)
	taken := func(statements int) float64 {
		var b Batch
		for range statements {
			b.Add(`UPDATE meta SET value = ? WHERE key = ?`, strings.Repeat("x", 10), "nothing")
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := db.Do(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return float64(after.TotalAlloc-before.TotalAlloc) / float64(statements)
	}
	taken(10)
	if few, many := taken(200), taken(4000); many > 3*few {
		t.Errorf("%.0f bytes a statement of 200, %.0f of 4,000", few, many)
	}
}
