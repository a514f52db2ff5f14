package relay_test

import (
	"testing"
	"testing/synctest"
	"time"

	"statuspage/server/relay"
)

// wrong is a clock that can be set.
type wrong struct{ off time.Duration }

func (w *wrong) now() time.Time { return time.Now().Add(w.off).Round(0) } // what was written down has no monotonic part

func (l *log) region(clock *wrong) *relay.Relay {
	l.t.Helper()
	r := relay.New(l.db, time.Second, false, &ears{})
	r.SetClock(clock.now)
	return r
}

func (l *log) beat(r *relay.Relay) {
	l.t.Helper()
	if err := l.db.Beat(ctx, time.Now()); err != nil {
		l.t.Fatal(err)
	}
	if err := r.Sync(ctx); err != nil {
		l.t.Fatal(err)
	}
}

func TestARegionThatHearsNothingGrowsOldWhateverItsClockSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, clock := newLog(t), &wrong{}
		r := l.region(clock)
		l.beat(r)
		time.Sleep(20 * time.Second)
		clock.off = -30 * time.Second
		if lag := r.Lag(); lag < 18*time.Second {
			t.Errorf("after 20 s without a heartbeat the lag is %s, since the clock was set back", lag)
		}
	})
}

func TestAClockThatIsSetBackStopsNoHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, clock := newLog(t), &wrong{off: time.Hour}
		r := l.region(clock)
		l.beat(r)
		clock.off = 0
		for range 3 {
			time.Sleep(2 * time.Second)
			l.beat(r)
		}
		if lag := r.Lag(); lag > time.Second {
			t.Errorf("the lag is %s with a heartbeat just read", lag)
		}
		was := r.Epoch()
		if err := l.db.NewEpoch(ctx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if err := r.Sync(ctx); err != nil || r.Epoch() == was {
			t.Errorf("a new epoch is not seen: %v", err)
		}
	})
}
