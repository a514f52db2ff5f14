package relay_test

import (
	"context"
	"errors"
	"testing"
	"time"
)

// A poll of a database that does not answer takes up to eight seconds, and begins again at once.
func TestAPageInMemoryWaitsForNoPoll(t *testing.T) {
	l := newLog(t)
	r, _ := l.relay(false)
	if _, err := r.Page(ctx, l.org.ID()); err != nil {
		t.Fatal(err)
	}
	defer r.Poll()()
	hurried, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if p, err := r.Page(hurried, l.org.ID()); err != nil || p.State.Seq != l.s.Seq {
		t.Errorf("the page is not there while a poll is under way: %v", err)
	}
	if _, err := r.PageAt(hurried, l.org.ID(), l.s.Seq); err != nil {
		t.Errorf("nor is it for who has seen it: %v", err)
	}
}

func TestWhoWaitsForAPollMayGiveUp(t *testing.T) {
	l := newLog(t)
	r, _ := l.relay(true)
	defer r.Poll()()
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if err := r.Sync(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
