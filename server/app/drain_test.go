package app_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"statuspage/server/racetest"
)

// A sender that is still sending when the drain's time is over keeps its connection until it is answered, and no
// longer: on the next one it finds the server that took over.
func TestAConnectionThatOutlivesTheDrainEndsWithItsAnswer(t *testing.T) {
	racetest.Long(t)
	s := startSite(t, nil)
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := fmt.Fprintf(conn, "POST /api/v1/auth/login/ HTTP/1.1\r\nHost: %s\r\nContent-Type: "+
		"application/json\r\nContent-Length: 2\r\n\r\n{", s.addr); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond) // the server is to have begun with it
	s.stop()
	if _, err := conn.Write([]byte("}")); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("answered with %s %v", res.Status, res.Header)
	}
	if !res.Close {
		t.Errorf("%s: the connection stays open", res.Status)
	}
}
