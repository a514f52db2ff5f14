package socket

import (
	"encoding/json"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"statuspage/server/racetest"
)

// TestAFrameThatIsWrittenAtOnceIsReadWhole whatever its length, and between the control frames of melody.
func TestAFrameThatIsWrittenAtOnceIsReadWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ws := h.follow(t, "")
	h.until(t, "the socket is not ready", h.allReady)
	for _, n := range []int{0, 1, 30, 100, 5_000, 65_000, 66_000, 300_000} {
		h.say(n)
		_, got, err := ws.ReadMessage()
		if err != nil || len(got) < n || !json.Valid(got) {
			t.Fatalf("%d bytes of %d: %v", len(got), n, err)
		}
	}
}

// TestEncodedHasTheThreeFormsOfALength of RFC 6455 5.2.
func TestEncodedHasTheThreeFormsOfALength(t *testing.T) {
	t.Parallel()
	for n, head := range map[int]string{
		0: "\x81\x00", 125: "\x81\x7d", 126: "\x81\x7e\x00\x7e", 0xffff: "\x81\x7e\xff\xff",
		0x10000: "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00",
	} {
		body := strings.Repeat("x", n)
		if got := encoded([]byte(body)); string(got) != head+body {
			t.Errorf("%d bytes begin with % x", n, got[:min(len(got), 12)])
		}
	}
}

// TestWhoReadsSlowlyGetsEverythingInOrder also the frame of which the system took a part, while another is not delayed.
func TestWhoReadsSlowlyGetsEverythingInOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	slow, quick := h.follow(t, ""), h.follow(t, "")
	h.until(t, "the sockets are not ready", h.allReady)
	const n = 40
	for range n {
		h.say(100_000) // more together than the connection holds
	}
	for i := range n {
		if _, seq := read(t, quick); seq != int64(i+2) {
			t.Fatalf("the quick one got %d as message %d", seq, i)
		}
	}
	if h.rooms.Queued() == 0 {
		t.Error("the slow one has everything already: nothing was tried")
	}
	for i := range n {
		if _, seq := read(t, slow); seq != int64(i+2) {
			t.Fatalf("the slow one got %d as message %d", seq, i)
		}
	}
	h.until(t, "something is still on its way", func() bool { return h.rooms.Queued() == 0 })
}

// allReady says that every socket has caught up: it is told of what comes now.
func (h *house) allReady() bool {
	all := h.rooms.all(func(*client) bool { return true })
	for _, c := range all {
		c.mu.Lock()
		ready := c.ready
		c.mu.Unlock()
		if !ready {
			return false
		}
	}
	return len(all) > 0
}

// TestWhatASocketTakesWhileNothingHappens of the process's memory, with its client and what
// Fiber keeps for the next connection; the system takes about 4 KB more.
func TestWhatASocketTakesWhileNothingHappens(t *testing.T) {
	racetest.Alone(t, "memory")
	const n, most = 300, 20 << 10
	h := newHouse(t)
	used := func() uint64 {
		runtime.GC()
		runtime.GC() // shrinks the stacks that the first one found too large
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc + m.StackInuse
	}
	before := used()
	conns := make([]net.Conn, n)
	var wait sync.WaitGroup
	for i := range conns {
		wait.Go(func() { conns[i], _ = h.deaf(t, "") })
	}
	wait.Wait()
	h.until(t, "the sockets are not ready", func() bool {
		return int(h.rooms.count.Open.Load()) == n && h.allReady()
	})
	each := (int64(used()) - int64(before)) / n // #nosec G115 -- of a test's process
	t.Logf("%d bytes a socket, with its client in the same process", each)
	if each > most {
		t.Errorf("%d bytes a socket, want %d at most", each, most)
	}
}

// TestTellingTakesNoMemoryForEachWhoHears where nothing is before it.
func TestTellingTakesNoMemoryForEachWhoHears(t *testing.T) {
	racetest.Alone(t, "allocations")
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	peer, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = peer.Close() }()
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	p := newPaced(server, new(atomic.Int64))
	frame := encoded([]byte(strings.Repeat("x", 300)))
	into := make([]byte, len(frame))
	if n := testing.AllocsPerRun(200, func() {
		if _, whole := p.try(frame); !whole {
			t.Error("it was not written")
		}
		_ = peer.SetReadDeadline(time.Now().Add(time.Minute))
		for got := 0; got < len(into); {
			n, err := peer.Read(into[got:])
			if err != nil {
				t.Fatal(err)
			}
			got += n
		}
	}); n > 0 {
		t.Errorf("%g allocations a message", n)
	}
}
