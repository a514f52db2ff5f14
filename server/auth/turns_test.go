package auth

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"
)

// queued lets somebody wait in another goroutine, and comes back when they do. The channel tells when they have their
// turn.
func queued(t *testing.T, turns *turns, ctx context.Context) <-chan error {
	t.Helper()
	before := turns.inLine()
	had := make(chan error, 1)
	go func() {
		done, err := turns.take(ctx)
		had <- err
		if err == nil {
			done()
		}
	}()
	eventually(t, "somebody waits", func() bool { return turns.inLine() > before || len(had) > 0 })
	return had
}

func TestWhoAsksTheLeastIsNext(t *testing.T) {
	turns := newTurns(1)
	busy, err := turns.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var order []string
	var all sync.WaitGroup
	ask := func(name string, who Asker) {
		before := turns.inLine()
		all.Go(func() {
			done, err := turns.take(Asking(t.Context(), who))
			if err != nil {
				t.Error(name, err)
				return
			}
			mu.Lock()
			order = append(order, name)
			mu.Unlock()
			done()
		})
		eventually(t, name+" waits", func() bool { return turns.inLine() > before })
	}
	ask("flood 1", Asker{From: "192.0.2.1"})
	ask("flood 2", Asker{From: "192.0.2.1"})
	ask("flood 3", Asker{From: "192.0.2.1"})
	ask("somebody", Asker{From: "192.0.2.2"})
	ask("a known device at the flood's address", Asker{From: "192.0.2.1", Known: true})
	ask("somebody else", Asker{From: "192.0.2.3"})
	busy()
	all.Wait()
	want := "[a known device at the flood's address somebody else somebody flood 1 flood 2 flood 3]"
	if fmt.Sprint(order) != want {
		t.Errorf("the order is %v, not %v", order, want)
	}
}

func TestAFloodMakesRoomForWhoAskedLess(t *testing.T) {
	turns := newTurns(1)
	busy, err := turns.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var flood []<-chan error
	for range waiting {
		flood = append(flood, queued(t, turns, Asking(ctx, Asker{From: "192.0.2.1"})))
	}
	had := make(chan error, 1)
	go func() {
		done, err := turns.take(Asking(t.Context(), Asker{From: "192.0.2.2"}))
		if err == nil {
			done()
		}
		had <- err
	}()
	if err := <-flood[len(flood)-1]; err == nil { // who asked the most
		t.Error("the flood's last has a turn")
	}
	busy()
	if err := <-had; err != nil {
		t.Errorf("who asked once: %v", err)
	}
}

func TestATurnThatComesAsItsWaiterLeavesIsNotLost(t *testing.T) {
	turns := newTurns(1)
	for range 500 {
		busy, err := turns.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, leave := context.WithCancel(t.Context())
		had := queued(t, turns, ctx)
		go leave()
		busy()
		<-had
		leave()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	done, err := turns.take(ctx)
	if err != nil {
		t.Fatal("the turn is lost")
	}
	done()
	if turns.free != 1 || turns.inLine() != 0 {
		t.Errorf("%d turns are free, %d wait", turns.free, turns.inLine())
	}
}

func TestWhatWasAskedIsForgottenAndBounded(t *testing.T) {
	turns, now := newTurns(1), time.Now()
	turns.now = func() time.Time { return now }
	for i, want := range []int{0, 1, 2} {
		if got := turns.count("192.0.2.1"); got != want {
			t.Errorf("ask %d: %d", i, got)
		}
	}
	now = now.Add(askersFor + time.Second)
	if got := turns.count("192.0.2.1"); got != 3 {
		t.Errorf("a minute later: %d", got)
	}
	now = now.Add(2*askersFor + time.Second)
	turns.count("192.0.2.2")
	now = now.Add(askersFor + time.Second)
	if got := turns.count("192.0.2.1"); got != 0 {
		t.Errorf("long after: %d", got)
	}
	for i := range 3 * askersKept {
		turns.count(fmt.Sprint(i))
	}
	if n := len(turns.recent) + len(turns.older); n > askersKept {
		t.Errorf("%d askers are kept", n)
	}
}
