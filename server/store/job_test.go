package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"statuspage/server/store"
	"statuspage/shared/page"
	"statuspage/shared/page/pagetest"
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
		list[i] = store.Subscriber{ID: uuid.NewString(), Channel: store.Email, Address: address, Key: address, State: store.Active, Whole: true, Token: uuid.NewString(),
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

func TestTenThousandSubscribersAreTwoStatementsInTheBatch(t *testing.T) {
	db := open(t)
	org := crowd(t, db, 10_000)
	var b store.Batch
	org.Tell(&b, store.Message{Topic: "event/1", Kind: "incident.opened", Title: "Down", Body: "{}", At: pagetest.Start}, store.Audience{Services: []string{uuid.NewString()}})
	if b.Len() != 2 {
		t.Errorf("%d statements", b.Len())
	}
	if err := db.Do(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
	if _, n, err := org.Deliveries(context.Background(), store.Due, store.Span{Limit: 1}); err != nil || n != 10_000 {
		t.Errorf("%d jobs, %v", n, err)
	}
}

func BenchmarkTellTenThousandSubscribers(b *testing.B) {
	db := open(b)
	org := crowd(b, db, 10_000)
	n := 0
	for b.Loop() {
		n++
		var batch store.Batch
		org.Tell(&batch, store.Message{Topic: fmt.Sprint("event/", n), Kind: "incident.opened", Title: "Down", Body: "{}", At: pagetest.Start}, store.Audience{Services: []string{uuid.NewString()}})
		if err := db.Do(context.Background(), &batch); err != nil {
			b.Fatal(err)
		}
	}
}
