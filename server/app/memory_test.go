package app_test

import (
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"statuspage/server/config"
	"statuspage/server/racetest"
)

// resident is how much memory the process has, in MB.
func resident(t *testing.T) int {
	t.Helper()
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("no /proc here")
	}
	var kb int
	_, rest, _ := strings.Cut(string(raw), "VmRSS:")
	if _, err := fmt.Sscan(rest, &kb); err != nil {
		t.Fatal(err)
	}
	return kb >> 10
}

// greeted opens a socket that reads its greeting and nothing else.
func greeted(t *testing.T, addr, path string) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.(*net.TCPConn).SetReadBuffer(4096)
	_, _ = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: "+
		"websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path)
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := conn.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
}

// grown opens sockets and answers the most memory that the process had more than before, while they were brought up to
// date.
func grown(t *testing.T, s *site, sockets int, path string) int {
	t.Helper()
	debug.FreeOSMemory()
	before, most := resident(t), 0
	for range sockets {
		greeted(t, s.addr, path)
		most = max(most, resident(t))
	}
	for until := time.Now().Add(4 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		most = max(most, resident(t))
	}
	t.Logf("%d sockets at %s: %d MB, and %d MB at most", sockets, path, before, most)
	return most - before
}

// What is missed is read once for all who missed it, and written from the same bytes: fifty sockets of one address, a
// thousand events each, cost little more than one.
func TestABacklogIsSharedByAllWhoMissedIt(t *testing.T) {
	racetest.Alone(t, "memory")
	s := startSite(t, nil)
	acme := s.tenant("acme")
	id := acme.service("API")
	long := strings.Repeat("word ", 3900)
	for i := range 1000 {
		acme.must("PATCH", "/api/v1/services/"+id+"/",
			map[string]any{"group": fmt.Sprint(i), "description": fmt.Sprint(i%2, long)})
	}
	if more := grown(t, s, 50, "/ws/status/public/acme/?since=2"); more > 120 {
		t.Errorf("fifty sockets cost %d MB", more)
	}
}

// Who comes back after a restore gets the whole page: one document for two thousand.
func TestTwoThousandThatComeBackCostOneDocument(t *testing.T) {
	racetest.Alone(t, "memory")
	s := startSite(t, func(c *config.Config) { c.PublicSockets, c.OrgSockets, c.PublicRate = 10_000, 10_000, 10_000 })
	acme := s.tenant("acme")
	long := strings.Repeat("word ", 3900)
	for range 20 {
		id := acme.service("API")
		acme.must("PATCH", "/api/v1/services/"+id+"/", map[string]any{"description": long})
	}
	if more := grown(t, s, 2000, "/ws/status/public/acme/?since=1&epoch=another"); more > 250 {
		t.Errorf("two thousand sockets cost %d MB", more)
	}
}
