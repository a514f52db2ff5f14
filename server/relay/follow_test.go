package relay_test

import (
	"testing"

	"statuspage/server/relay"
	"statuspage/server/store"
)

// TestWhatAWriteReadOfTheLogIsTakenInOnceAndInOrder whoever was faster: a poll, or another write's request.
func TestWhatAWriteReadOfTheLogIsTakenInOnceAndInOrder(t *testing.T) {
	l := newLog(t)
	r, heard := l.relay(true)
	if _, err := r.Page(ctx, l.org.ID()); err != nil {
		t.Fatal(err)
	}
	read := func(after store.Anchor) *store.Part {
		t.Helper()
		log, err := l.db.PartAfter(ctx, after, 500)
		if err != nil {
			t.Fatal(err)
		}
		return &log
	}
	stands := func(want int) {
		t.Helper()
		if p, err := r.Page(ctx, l.org.ID()); err != nil || len(p.State.Services) != want || heard.events != want ||
			heard.lost != 0 {
			t.Errorf("%d services, %d heard of, not %d; %d lost: %v", len(p.State.Services), heard.events, want,
				heard.lost, err)
		}
	}
	began := r.Anchor()
	l.service("one")
	first := read(began)
	l.service("two")
	both := read(began)
	if !r.Follow(ctx, both) {
		t.Error("what goes on from here is refused")
	}
	stands(2)
	if r.Follow(ctx, first) { // it is older than what is there: whoever brings it asks the log, which has nothing new
		t.Error("an older reading is taken for one that goes on")
	}
	stands(2)
	l.service("three")
	if late := read(began); !r.Follow(ctx, late) {
		t.Error("a reading that began before, and goes further, is refused")
	}
	stands(3)
	if !r.Follow(ctx, read(r.Anchor())) {
		t.Error("nothing new is refused")
	}
	stands(3)
	if err := r.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	stands(3)
}

// TestWhatAWriteReadOfAnotherLogIsNotTakenIn: of a log that lost its end, or got another epoch.
func TestWhatAWriteReadOfAnotherLogIsNotTakenIn(t *testing.T) {
	l := newLog(t)
	r, heard := l.relay(true)
	began := r.Anchor()
	l.service("one")
	l.service("two")
	if err := r.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	l.lose(1)
	l.service("another")
	log, err := l.db.PartAfter(ctx, began, 500)
	if err != nil {
		t.Fatal(err)
	}
	if r.Follow(ctx, &log) || heard.resets != 0 {
		t.Error("a log without what was read is taken in")
	}
	was := r.Epoch()
	if err := r.Sync(ctx); err != nil || heard.resets != 1 || r.Epoch() == was {
		t.Errorf("the loss is not found: %v, %d resets", err, heard.resets)
	}
	if err := l.db.NewEpoch(ctx); err != nil {
		t.Fatal(err)
	}
	now, err := l.db.PartAfter(ctx, r.Anchor(), 500)
	if err != nil {
		t.Fatal(err)
	}
	if r.Follow(ctx, &now) {
		t.Error("a log of another epoch is taken in")
	}
	fresh := relay.New(l.db, 1, true, &ears{})
	if fresh.Follow(ctx, &now) {
		t.Error("a relay that has not begun takes something in")
	}
}
