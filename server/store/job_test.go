package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"statuspage/server/store"
	"statuspage/server/store/storetest"
	"statuspage/shared/page"
	"statuspage/shared/page/pagetest"
	"statuspage/shared/status"
)

// crowd is a page with so many active subscribers.
func crowd(t testing.TB, db *store.DB, n int) *store.Org {
	t.Helper()
	ctx, at := context.Background(), pagetest.Start
	event, no := page.Create(uuid.NewString(), fmt.Sprint("crowd-", n), "Crowd", at)
	if no != nil {
		t.Fatal(no)
	}
	org := db.Org(event.Org.ID)
	if err := org.Append(ctx, page.State{}, []page.Event{event}, nil); err != nil {
		t.Fatal(err)
	}
	list := make([]store.Subscriber, n)
	for i := range list {
		address := fmt.Sprintf("person%d@example.com", i)
		list[i] = store.Subscriber{ID: uuid.NewString(), Channel: store.Email, Address: address, Key: address,
			State: store.Active, Whole: true, Token: uuid.NewString(),
			Source: "admin", CreatedAt: at, AskedAt: at, ConfirmedAt: &at}
	}
	var b store.Batch
	org.ImportSubscribers(&b, list)
	if b.Len() != 1 {
		t.Errorf("an import of %d is %d statements", n, b.Len())
	}
	if err := db.Do(ctx, &b); err != nil {
		t.Fatal(err)
	}
	return org
}

// expandAll gives everybody their jobs, and how long the longest batch took.
func expandAll(t testing.TB, db *store.DB, n int) (chunks int, longest time.Duration) {
	t.Helper()
	for {
		found, err := db.Expansions(context.Background(), "", 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 0 {
			return chunks, longest
		}
		for i := range found {
			at := time.Now()
			if err := db.Expand(context.Background(), &found[i], n, nil, pagetest.Start); err != nil {
				t.Fatal(err)
			}
			chunks, longest = chunks+1, max(longest, time.Since(at))
		}
	}
}

func TestSubscribersGetTheirJobsAfterTheCommitInChunks(t *testing.T) {
	db := storetest.New(t)
	org := crowd(t, db, 10_000)
	var b store.Batch
	org.Tell(&b, store.Message{Topic: "event/1", Thread: "x", Kind: "incident.opened", Body: "{}", At: pagetest.Start},
		store.Audience{Services: []string{uuid.NewString()}})
	if b.Len() != 1 {
		t.Errorf("%d statements", b.Len())
	}
	at := time.Now()
	if err := db.Do(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	took := time.Since(at)
	if _, n, err := org.Deliveries(context.Background(), "", store.Span{Limit: 1}); err != nil || n != 0 {
		t.Errorf("%d jobs were made in the writer's batch, %v", n, err)
	}
	late := store.Subscriber{ID: uuid.NewString(), Channel: store.Email, Address: "late@example.com",
		Key: "late@example.com", State: store.Active, Whole: true, Token: uuid.NewString(),
		Source: "admin", CreatedAt: pagetest.Start, AskedAt: pagetest.Start, ConfirmedAt: new(status.Time)}
	var more store.Batch
	org.AddSubscriber(&more, late)
	if err := db.Do(context.Background(), &more); err != nil {
		t.Fatal(err)
	}
	chunks, longest := expandAll(t, db, 300)
	if _, n, err := org.Deliveries(context.Background(), store.Due, store.Span{Limit: 1}); err != nil || n != 10_000 {
		t.Errorf("%d jobs, %v", n, err)
	}
	t.Logf("the batch took %s, then %d chunks, the longest %s", took, chunks, longest)
}

// told has a page tell its subscribers something, which makes each of them a job.
func told(t *testing.T, db *store.DB, org *store.Org, body string) {
	t.Helper()
	var b store.Batch
	org.Tell(&b, store.Message{Topic: "event/" + uuid.NewString(), Thread: uuid.NewString(), Kind: "incident.opened",
		Body: body, At: pagetest.Start}, store.Audience{})
	if err := db.Do(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	expandAll(t, db, 300)
}

// asABadDisk writes into a table what its types keep everybody from writing.
func asABadDisk(t *testing.T, file, table, statement string, args ...any) {
	t.Helper()
	raw, err := sql.Open("sqlite3", "file:"+file+"?_busy_timeout=10000")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	raw.SetMaxOpenConns(1)
	do := func(statement string, args ...any) {
		if _, err := raw.ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	var was string
	if err := raw.QueryRowContext(t.Context(), `SELECT sql FROM sqlite_schema WHERE name = ?`, table).
		Scan(&was); err != nil {
		t.Fatal(err)
	}
	do(`PRAGMA writable_schema = on`)
	do(`UPDATE sqlite_schema SET sql = ? WHERE name = ?`, strings.TrimSuffix(was, " STRICT"), table)
	do(`PRAGMA writable_schema = reset`)
	do(statement, args...)
	do(`PRAGMA writable_schema = on`)
	do(`UPDATE sqlite_schema SET sql = ? WHERE name = ?`, was, table)
	do(`PRAGMA writable_schema = reset`)
}

// A delivery that cannot be read is given up and said once; what waits beside it, of its organisation and of others, is
// told.
func TestADeliveryThatCannotBeReadCostsItselfAlone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "status.db")
	db := storetest.At(t, file)
	bad, good := crowd(t, db, 3), crowd(t, db, 2)
	told(t, db, bad, "{}")
	told(t, db, good, "{}")
	asABadDisk(t, file, "subscribers", `UPDATE subscribers SET failures = 'many' WHERE num = (SELECT subscriber FROM jobs ORDER BY id LIMIT 1)`)
	at := pagetest.Start + 3_600_000
	var readable int
	for n := range 3 { // it is claimed once, and never again
		jobs, err := db.Claim(context.Background(), store.Mail, 10, fmt.Sprint("lease-", n), at, at+1000)
		if err != nil {
			t.Fatal(err)
		}
		readable += len(jobs)
	}
	if readable != 4 {
		t.Errorf("%d of the other four deliveries were claimed", readable)
	}
	if n := db.UnreadableRows(); n != 1 {
		t.Errorf("%d rows were counted", n)
	}
	raw, err := sql.Open("sqlite3", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = raw.Close() }()
	var org, problem string
	if err := raw.QueryRowContext(t.Context(), `SELECT org_id, problem FROM jobs WHERE state = 'dead'`).
		Scan(&org, &problem); err != nil || org != bad.ID() || problem != "This delivery cannot be read." {
		t.Errorf("it stands as %q of %s, %v", problem, org, err)
	}
}
