package storetest

import (
	"errors"
	"testing"
	"time"

	"statuspage/server/store"
	"statuspage/shared/page/pagetest"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// teamTold: under a topic once; six of a source within an hour; what was told is taken back, what was not is not; a
// newer one takes the place of one that waits; another organisation's is another's.
func teamTold(t *testing.T, db *store.DB) {
	org, _ := begin(t, db, "team", pagetest.Start)
	other, _ := begin(t, db, "others", pagetest.Start)
	d := store.Destination{ID: "0197a1de-3c00-7000-8000-000000000001", Name: "x", Kind: "ntfy", Host: "ntfy.sh",
		Address: "sealed", Events: []string{"down", "up"}, CreatedAt: pagetest.Start, UpdatedAt: pagetest.Start,
		Version: 1}
	at, n := pagetest.Start, 0
	do := func(change func(*store.Batch)) {
		t.Helper()
		var b store.Batch
		change(&b)
		if err := db.Do(ctx, &b); err != nil {
			t.Fatal(err)
		}
	}
	do(func(b *store.Batch) {
		org.AddDestination(b, &d)
		other.AddDestination(b, &d)
	})
	say := func(kind, topic, source string) {
		t.Helper()
		do(func(b *store.Batch) {
			org.TellTeam(b, store.TeamMessage{Topic: topic, Source: source, Kind: kind, Events: []string{kind},
				Body: "{}",
				At:   at})
		})
	}
	claim := func() []store.TeamJob {
		t.Helper()
		n++
		jobs, err := db.ClaimTeam(ctx, "me:"+wire.Itoa(int64(n)), 100, 100, nil, at,
			at+status.Time(time.Minute.Milliseconds()))
		if err != nil {
			t.Fatal(err)
		}
		return jobs
	}
	sent := func() (kinds []string) {
		t.Helper()
		for _, j := range claim() {
			if j.OrgID != org.ID() || j.To == nil || j.To.Address != "sealed" {
				t.Errorf("%+v", j)
			}
			kinds = append(kinds, j.Kind)
			do(func(b *store.Batch) { store.SentTeam(b, &j, at) })
		}
		return kinds
	}
	say("up", "up/0", "m")
	say("proposal", "p/0", "m")
	if got := sent(); len(got) != 0 {
		t.Errorf("what nobody was told, or wants, is told: %v", got)
	}
	say("down", "down/1", "m")
	say("down", "down/1", "m")
	if got := sent(); len(got) != 1 {
		t.Errorf("%v", got)
	}
	for i := range 9 {
		say("up", "up/"+wire.Itoa(int64(i+2)), "m")
		_ = sent()
		say("down", "down/"+wire.Itoa(int64(i+2)), "m")
		got := sent()
		if want := i+2 <= store.TeamOfSource; (len(got) == 1) != want {
			t.Errorf("the %dth within an hour: %v", i+2, got)
		}
	}
	say("down", "down/other", "another")
	say("up", "up/other", "another")
	if got := sent(); len(got) != 1 || got[0] != "up" {
		t.Errorf("one that waited stays beside the newer one: %v", got)
	}
	at += status.Time(2 * time.Hour.Milliseconds())
	say("down", "down/late", "m")
	jobs := claim()
	if len(jobs) != 1 || len(claim()) != 0 {
		t.Fatalf("leased to two: %v", jobs)
	}
	do(func(b *store.Batch) { store.FailedTeam(b, &jobs[0], "it answered 500", at, at+1000) })
	if got, _ := org.Destination(ctx, d.ID); got.Problem != "it answered 500" || got.FailedAt != at {
		t.Errorf("%+v", got)
	}
	if len(claim()) != 0 {
		t.Error("it is tried before its time")
	}
	at += 1000
	if got := sent(); len(got) != 1 {
		t.Errorf("%v", got)
	}
	if got, _ := org.Destination(ctx, d.ID); got.Problem != "" || got.FailedAt != 0 || got.SentAt != at {
		t.Errorf("%+v", got)
	}
	say("down", "down/restored", "r")
	if err := errors.Join(db.BuryJobs(ctx)); err != nil || len(claim()) != 0 {
		t.Errorf("a copy sends again: %v", err)
	}
}
