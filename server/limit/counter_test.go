package limit

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
)

func TestOnlySoManyAreOpenAtOnce(t *testing.T) {
	c := NewCounter()
	addr := netip.MustParseAddr("192.0.2.1")
	for i := range 3 {
		if !c.Acquire("acme", 3) || !c.AcquireAddr(addr, 3) {
			t.Fatalf("number %d was refused", i+1)
		}
	}
	if c.Acquire("acme", 3) || c.AcquireAddr(addr, 3) {
		t.Error("a fourth was let in")
	}
	if !c.Acquire("other", 3) || !c.AcquireAddr(netip.MustParseAddr("192.0.2.2"), 3) {
		t.Error("another key pays for the first")
	}
	c.Release("acme")
	c.ReleaseAddr(addr)
	if !c.Acquire("acme", 3) || !c.AcquireAddr(addr, 3) {
		t.Error("the place that was given back cannot be had")
	}
}

func TestNothingIsRememberedOfWhatIsClosed(t *testing.T) {
	c := NewCounter()
	for i := range 1000 {
		c.AcquireAddr(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), 5)
	}
	if c.Len() != 1000 {
		t.Fatalf("%d keys are open", c.Len())
	}
	for i := range 1000 {
		c.ReleaseAddr(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
	}
	c.Release("never opened")
	if c.Len() != 0 {
		t.Errorf("%d keys are remembered", c.Len())
	}
	if !c.Acquire("never opened", 1) || c.Acquire("never opened", 1) {
		t.Error("a release without an acquire made room for one more")
	}
}

func TestManyThatOpenAndCloseNeverExceedTheLimit(t *testing.T) {
	c := NewCounter()
	var open, most atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 2000 {
				if !c.Acquire("acme", 4) {
					continue
				}
				if n := open.Add(1); n > most.Load() {
					most.Store(n)
				}
				open.Add(-1)
				c.Release("acme")
			}
		})
	}
	all.Wait()
	if most.Load() > 4 || c.Len() != 0 {
		t.Errorf("%d were open at once; %d keys are left", most.Load(), c.Len())
	}
}
