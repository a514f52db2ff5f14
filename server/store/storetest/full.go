package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// crammed gives an incident entries of a timeline that nobody decided on, as older versions took them on a page of any
// size.
func crammed(t *testing.T, org *store.Org, s page.State, id string, entries, bytes int) page.State {
	t.Helper()
	first, events := s, make([]page.Event, 0, entries)
	for i := range entries {
		was, _ := s.Incident(id)
		in, at := *was, s.At+1
		in.Updates, in.Version, in.UpdatedAt = nil, in.Version+1, at
		body := fmt.Sprint(i, " ") + strings.Repeat("\"\n", bytes/2)
		events = append(events, page.Event{Seq: s.Seq + 1, Type: page.IncidentUpdated, At: at, Incident: &in,
			Update: &status.Update{ID: uuid.NewString(), Status: in.Status, Body: body, CreatedAt: at}})
		s = page.Evolve(s, &events[i])
	}
	for part := range slices.Chunk(events, 20) {
		if err := org.Append(ctx, first, part, nil); err != nil {
			t.Fatal(err)
		}
		for i := range part {
			first = page.Evolve(first, &part[i])
		}
	}
	return s
}

// fullPage has as much as a page may have, and services with a record of every day: it is read by one question.
func fullPage(t *testing.T, db *store.DB) {
	org, s := begin(t, db, "acme", 1000)
	now := status.Time(200 * wire.Day)
	var all []page.Event
	first := s
	for range page.MaxServices {
		events, no := page.Decide(s, &page.CreateService{ID: uuid.NewString(), Name: "Service"}, now)
		if no != nil {
			t.Fatal(no)
		}
		all, s = append(all, events...), page.Evolve(s, &events[0])
	}
	if err := org.Append(ctx, first, all, nil); err != nil {
		t.Fatal(err)
	}
	s = commit(t, org, s, &page.OpenIncident{ID: uuid.NewString(), UpdateID: uuid.NewString(), Title: "Down",
		ToState: status.Major, Services: []page.Move{{ID: s.Services[0].ID}}}, now)
	const entry = 60_000 // bytes in an answer
	s = crammed(t, org, s, s.Incidents[0].ID, int(page.MaxBytes-s.Bytes)/(entry+1_000), entry/4)
	var b store.Batch
	b.Add(`WITH RECURSIVE days (day) AS (SELECT ? UNION ALL SELECT day + 1 FROM days LIMIT ?)
INSERT OR REPLACE INTO service_days (org_id, service_id, day, degraded, partial, major, maintenance)
SELECT ?, s.id, day, 21000000, 21000001, 21000002, 21000003 FROM services s, days`, now.DayNumber()-status.KeepDays,
		status.KeepDays, org.ID())
	if err := db.Do(ctx, &b); err != nil {
		t.Fatal(err)
	}
	asked := db.Queries()
	got, err := org.State(ctx, now)
	if err != nil || len(got.Services) != page.MaxServices || got.Bytes != s.Bytes || got.Bytes < page.MaxBytes*9/10 {
		t.Fatalf("%d services, %d bytes and not %d, %v", len(got.Services), got.Bytes, s.Bytes, err)
	}
	if n := db.Queries() - asked; n != 1 || len(got.Services[9].Days) != status.KeepDays {
		t.Errorf("it is read by %d questions, with %d days", n, len(got.Services[9].Days))
	}
}

// longPage has an incident whose timeline no database answers in one row, and more of it than in one answer.
func longPage(t *testing.T, db *store.DB) {
	org, s := begin(t, db, "acme", 1000)
	updates := []int{300, 250, 20}
	for n := range updates {
		s = commit(t, org, s, &page.CreateService{ID: uuid.NewString(), Name: "API"}, status.Time(1001+n))
		s = commit(t, org, s, &page.OpenIncident{ID: uuid.NewString(), UpdateID: uuid.NewString(), Title: "Down",
			ToState: status.Major, Services: []page.Move{{ID: s.Services[n].ID}}}, status.Time(2000+n*1000))
	}
	for n, in := range s.Incidents {
		s = crammed(t, org, s, in.ID, updates[n], 19_000)
		s = commit(t, org, s, &page.UpdateIncident{ID: in.ID, UpdateID: uuid.NewString(),
			Status: string(status.Resolved)}, status.Time(7000+n))
	}
	got, err := org.State(ctx, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.Incidents, got.Incidents, cmpopts.EquateEmpty()); diff != "" || got.Seq != s.Seq {
		t.Errorf("%.2000s", diff)
	}
	var c page.DeleteIncident
	c.Remove(got.Incidents[0].ID, nil)
	after := commit(t, org, got, &c, 20_000) // it can be cleaned
	first := after.Incidents[0]
	after = commit(t, org, after, &page.CorrectUpdate{ID: first.ID, UpdateID: first.Updates[1].ID, Body: "Down."},
		20_000)
	if again, err := org.State(ctx, 20_000); err != nil || len(again.Incidents) != len(after.Incidents) ||
		again.Bytes != after.Bytes {
		t.Errorf("%v", err)
	}
}
