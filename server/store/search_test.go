package store

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"statuspage/server/racetest"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

func TestASearchIsWordsAndPhrasesAndNoOperators(t *testing.T) {
	for text, want := range map[string][]string{
		"":                             nil,
		`"' *-()`:                      nil,
		"data":                         {`"data*"`},
		`slow "the data base" x-ray`:   {`"slow*"`, `"the data base"`, `"x ray*"`},
		`org:x OR NOT NEAR/2 a* "open`: {`"org x*"`, `"OR*"`, `"NOT*"`, `"NEAR 2*"`, `"a*"`, `"open"`},
		"1 2 3 4 5 6 7 8 9":            {`"1*"`, `"2*"`, `"3*"`, `"4*"`, `"5*"`, `"6*"`, `"7*"`, `"8*"`},
	} {
		if got := searchTerms(text); !slices.Equal(got, want) {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// diary is an organisation to which things happen.
type diary struct {
	t     testing.TB
	org   *Org
	state page.State
	at    status.Time
}

func newDiary(t testing.TB, db *DB, slug string) *diary {
	d := &diary{t: t, org: db.Org(uuid.NewString()), at: 1_700_000_000_000}
	event, no := page.Create(d.org.ID(), slug, slug, d.at)
	if no != nil {
		t.Fatal(no)
	}
	d.append([]page.Event{event})
	return d
}

func (d *diary) append(events []page.Event) {
	d.t.Helper()
	if err := d.org.Append(context.Background(), d.state, events, nil); err != nil {
		d.t.Fatal(err)
	}
	for i := range events {
		d.state = page.Evolve(d.state, &events[i])
	}
}

func (d *diary) do(c page.Command) {
	d.t.Helper()
	d.at += 1000
	page.FillIDs(c, uuid.NewString)
	events, no := page.Decide(d.state, c, d.at)
	if no != nil {
		d.t.Fatal(no)
	}
	d.append(events)
}

func (d *diary) finds(search string, want ...string) {
	d.t.Helper()
	found, n, err := d.org.Incidents(context.Background(), IncidentFilter{Search: search}, Span{Limit: 25})
	if err != nil || n != len(want) || len(found) != n {
		d.t.Errorf("%q finds %d, want %d: %v", search, n, len(want), err)
		return
	}
	for i := range found {
		if !slices.Contains(want, found[i].ID) {
			d.t.Errorf("%q finds %q", search, found[i].Title)
		}
	}
}

// What is found is what can be read today, and only one's own.
func TestIncidentsAreFoundByTodaysWords(t *testing.T) {
	db, err := Open("file:"+filepath.Join(t.TempDir(), "search.db"), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(context.Background()); err != nil {
		t.Fatal(err)
	}
	acme, other := newDiary(t, db, "acme"), newDiary(t, db, "other")
	one, two, update := uuid.NewString(), uuid.NewString(), uuid.NewString()
	for _, d := range []*diary{acme, other} {
		d.do(&page.CreateService{ID: one, Name: "API"})
		d.do(&page.OpenIncident{ID: one, Title: "Database is slow", Description: "Queries wait for the café’s lock.",
			Services: []page.Move{{ID: one, To: status.Degraded}}})
	}
	acme.do(&page.OpenIncident{ID: two, Title: "決済が遅い", Description: "Zahlungen über Straße",
		Services: broken(one)})
	acme.do(&page.UpdateIncident{ID: one, UpdateID: update, Body: "The secret password leaked."})

	acme.finds("data", one)
	acme.finds("DATABASE slow", one)
	acme.finds("atabase")
	acme.finds(`"is slow"`, one)
	acme.finds(`"slow is"`)
	acme.finds("cafe lock", one)
	acme.finds("database leaked", one) // one word of the title, one of a message
	acme.finds("遅い", two)
	acme.finds("strasse")
	acme.finds("uber straße", two)
	acme.finds("* OR a")
	other.finds("leaked")
	other.finds("zahlungen")
	acme.finds("o"+uuid.NewString(), nil...)

	acme.do(&page.CorrectUpdate{ID: one, UpdateID: update, Body: "The matter is looked into."})
	acme.finds("leaked")
	acme.finds("matter", one)
	withdrawn := uuid.NewString()
	acme.do(&page.UpdateIncident{ID: one, UpdateID: withdrawn, Body: "Too early to say."})
	acme.finds("early", one)
	acme.do(&page.WithdrawUpdate{ID: one, UpdateID: withdrawn})
	acme.finds("early")
	title := "Everything is slow"
	acme.do(&page.EditIncident{ID: one, Title: &title})
	acme.finds("everything", one)
	gone := &page.DeleteIncident{}
	gone.ID = one
	acme.do(gone)
	acme.finds("everything")
	other.finds("database", one)
}

func broken(id string) []page.Move { return []page.Move{{ID: id, To: status.Major}} }

// TestASearchIsQuickAmongAHundredThousand measures what somebody waits for.
func TestASearchIsQuickAmongAHundredThousand(t *testing.T) {
	racetest.Plain(t, "it measures time over many rows")
	racetest.Alone(t, "it measures time")
	const incidents = 100_000
	ctx := context.Background()
	db, err := Open("file:"+filepath.Join(t.TempDir(), "many.db"), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	d := newDiary(t, db, "many")
	began := time.Now()
	for from := 1; from <= incidents; from += 10_000 { // a batch has eight seconds
		var b Batch
		b.Add(`WITH RECURSIVE n (x) AS (VALUES (?) UNION ALL SELECT x + 1 FROM n WHERE x + 1 < ?)
INSERT INTO incidents (org_id, id, title, description, status, impact, created_at, updated_at, resolved_at, version,
 more) SELECT ?, printf('00000000-0000-7000-8000-%012d', x), 'Checkout is slow in region ' || (x % 40),
 'Payments wait for the database, case ' || x, 'resolved', 'minor', x, x, x, 1, '{}' FROM n`, from,
			from+10_000, d.org.ID())
		b.Add(`INSERT INTO incident_updates (org_id, incident_id, seq, id, status, body, created_at, services, more)
SELECT org_id, id, created_at, id, 'resolved',
 'Replica ' || (created_at % 997) || ' was restarted and queries are quick again.', created_at, '[]', '{}'
FROM incidents WHERE created_at >= ?`, from)
		if err := db.Do(ctx, &b); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("filled in %v", time.Since(began).Round(time.Millisecond))
	for search, want := range map[string]int{"": incidents, "replica": incidents,
		"checkout replica database": incidents,
		`"replica 996"`:             100, `"case 77777"`: 1, "77777": 1, "nothing": 0, "re": incidents} {
		began := time.Now()
		_, n, err := d.org.Incidents(ctx, IncidentFilter{Search: search}, Span{Limit: 25})
		took := time.Since(began)
		if err != nil || n != want {
			t.Errorf("%q finds %d, want %d: %v", search, n, want, err)
		}
		t.Logf("%q: %d in %v", search, n, took.Round(time.Millisecond/10))
		if took > 10*time.Second {
			t.Errorf("%q took %v", search, took)
		}
	}
}
