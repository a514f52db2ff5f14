package limit

import (
	"fmt"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestTheQuotaPassesAtOnceAndNotOneMore(t *testing.T) {
	for _, rate := range []Rate{PerSecond(1), PerSecond(3), PerSecond(50), PerSecond(7777), {5, time.Minute},
		{10, 15 * time.Minute}, {1000, time.Hour}} {
		l := New(rate, 0)
		for i := range rate.Quota {
			if r := l.Allow("a", noon); !r.Allowed || r.Remaining != rate.Quota-i-1 {
				t.Fatalf("%v: request %d: %+v", rate, i+1, r)
			}
		}
		if r := l.Allow("a", noon); r.Allowed || r.Remaining != 0 {
			t.Errorf("%v: one more than the quota: %+v", rate, r)
		}
		if r := l.Allow("b", noon); !r.Allowed {
			t.Errorf("%v: another key pays for the first", rate)
		}
	}
}

func TestTheQuotaComesBackEvenly(t *testing.T) {
	l := New(PerSecond(10), 0)
	for range 10 {
		l.Allow("a", noon)
	}
	diary := []struct {
		after   time.Duration
		allowed bool
	}{
		{0, false}, {99 * time.Millisecond, false}, {100 * time.Millisecond, true}, {100 * time.Millisecond, false},
		{300 * time.Millisecond, true}, {300 * time.Millisecond, true}, {300 * time.Millisecond, false},
	}
	for i, line := range diary {
		if r := l.Allow("a", noon.Add(line.after)); r.Allowed != line.allowed {
			t.Errorf("line %d, after %v: %+v", i, line.after, r)
		}
	}
	allowed := 0
	for range 20 {
		if l.Allow("a", noon.Add(time.Hour)).Allowed {
			allowed++
		}
	}
	if allowed != 10 {
		t.Errorf("%d passed after an hour of rest, not the quota of 10", allowed)
	}
}

func TestRetryAfterIsWhenTheNextPasses(t *testing.T) {
	l := New(Rate{5, time.Minute}, 0)
	for range 5 {
		l.Allow("a", noon)
	}
	r := l.Allow("a", noon.Add(time.Second))
	if r.Allowed || r.RetryAfter != 11*time.Second || r.Reset != 59*time.Second {
		t.Fatalf("%+v", r)
	}
	if r := l.Allow("a", noon.Add(time.Second+r.RetryAfter-1)); r.Allowed {
		t.Error("it passed a nanosecond early")
	}
	if r := l.Allow("a", noon.Add(time.Second+r.RetryAfter)); !r.Allowed {
		t.Error("it did not pass when it was told to come back")
	}
}

func TestARefusedRequestCostsNothing(t *testing.T) {
	l := New(PerSecond(2), 0)
	for range 100 {
		l.Allow("a", noon)
	}
	if !l.Allow("a", noon.Add(500*time.Millisecond)).Allowed {
		t.Error("the refused ones were counted")
	}
}

func TestARateWithoutQuotaAllowsNothing(t *testing.T) {
	for _, rate := range []Rate{{}, {0, time.Second}, {5, 0}} {
		if r := New(rate, 0).Allow("a", noon); r.Allowed || r.RetryAfter <= 0 {
			t.Errorf("%v: %+v", rate, r)
		}
	}
}

func TestIPv6IsCountedByItsNetwork(t *testing.T) {
	l := New(PerSecond(1), 0)
	l.AllowAddr(netip.MustParseAddr("2001:db8:1:2::1"), noon)
	for addr, allowed := range map[string]bool{
		"2001:db8:1:2:ffff:ffff:ffff:ffff": false,
		"2001:db8:1:2::1%eth0":             false,
		"2001:db8:1:3::1":                  true,
		"192.0.2.1":                        true,
		"::ffff:192.0.2.2":                 true,
	} {
		if r := l.AllowAddr(netip.MustParseAddr(addr), noon); r.Allowed != allowed {
			t.Errorf("%s: allowed is %v", addr, r.Allowed)
		}
	}
	if l.AllowAddr(netip.MustParseAddr("::ffff:192.0.2.1"), noon).Allowed {
		t.Error("an IPv4 address written as IPv6 is another client")
	}
}

// The addresses come in a second, so that none of them is idle: the hardest case.
func TestAMillionAddressesStayInBounds(t *testing.T) {
	for _, c := range []struct{ keys, bytes int }{{DefaultKeys, 48 * DefaultKeys}, {100_000, 10_000_000}} {
		before := heap()
		l := New(PerSecond(50), c.keys)
		for i := range 1_000_000 {
			addr := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
			l.AllowAddr(addr, noon.Add(time.Duration(i)*time.Microsecond))
		}
		used := int(heap()) - int(before)
		t.Logf("room for %d: %d kept, %d bytes, %.1f each", c.keys, l.Len(), used, float64(used)/float64(l.Len()))
		if l.Len() > c.keys || used > c.bytes {
			t.Errorf("room for %d: %d kept in %d bytes", c.keys, l.Len(), used)
		}
		runtime.KeepAlive(l)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestIdleKeysAreForgottenAndBusyOnesAreNot(t *testing.T) {
	l := New(Rate{3, time.Minute}, 0)
	for range 3 {
		l.Allow("busy", noon)
	}
	for i := range 10_000 {
		l.Allow(fmt.Sprint("idle", i), noon)
	}
	// Others come for three minutes; every minute the busy one uses what it got back.
	for m := 1; m <= 3; m++ {
		now := noon.Add(time.Duration(m) * time.Minute)
		for range 3 {
			l.Allow("busy", now)
		}
		for i := range 1_000 {
			l.Allow(fmt.Sprint("other", i), now)
		}
		if l.Allow("busy", now.Add(time.Second)).Allowed {
			t.Errorf("minute %d: the busy one was forgotten", m)
		}
	}
	if n := l.Len(); n > 2_100 {
		t.Errorf("%d keys are remembered, the idle ones among them", n)
	}
}

func TestAFloodOfOthersDoesNotMakeTheLimiterForgetWhoKeepsComing(t *testing.T) {
	l := New(Rate{5, time.Minute}, 10_000)
	allowed := 0
	for i := range 200_000 {
		l.Allow(fmt.Sprint(i), noon)
		if i%100 == 0 && l.Allow("me", noon).Allowed {
			allowed++
		}
	}
	if allowed != 5 {
		t.Errorf("%d passed a quota of 5", allowed)
	}
}

func TestManyAtOnceGetTheQuotaTogether(t *testing.T) {
	l := New(Rate{1000, time.Hour}, 0)
	var passed atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for i := range 500 {
				if l.Allow("shared", noon).Allowed {
					passed.Add(1)
				}
				l.Allow(fmt.Sprint(i), noon)
				l.AllowAddr(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), noon)
			}
			l.Len()
		})
	}
	all.Wait()
	if passed.Load() != 1000 {
		t.Errorf("%d of 8000 passed a quota of 1000", passed.Load())
	}
}

func BenchmarkAllowAddr(b *testing.B) {
	l := New(PerSecond(50), 0)
	i := uint32(0)
	b.ReportAllocs()
	for b.Loop() {
		i++
		l.AllowAddr(netip.AddrFrom4([4]byte{10, byte(i >> 12), byte(i >> 4), byte(i)}),
			noon.Add(time.Duration(i)*time.Microsecond))
	}
}
