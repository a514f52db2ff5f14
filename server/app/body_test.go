package app_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"statuspage/server/app"
	"statuspage/server/racetest"
)

func TestARequestThatDoesNotArriveWhole(t *testing.T) {
	racetest.Long(t)
	usual := *app.ReadTimeout
	*app.ReadTimeout = time.Second
	t.Cleanup(func() { *app.ReadTimeout = usual })
	s := startSite(t, nil)
	for _, one := range []struct {
		name, sent string
		status     int // 0 when nothing is answered
	}{
		{"a connection in advance", "", 0},
		{"half a header", "GET / HTTP/1.1\r\nHo", http.StatusRequestTimeout},
		{"the beginning of a body", "POST /api/v1/auth/login/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
			http.StatusRequestTimeout},
		{"no byte of a body", "POST /api/v1/auth/login/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n",
			http.StatusRequestTimeout},
		{"no byte of a large body", "POST /api/v1/auth/login/ HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n",
			http.StatusRequestTimeout},
		{"no chunk", "POST /api/v1/auth/login/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
			http.StatusRequestTimeout},
		{"half a chunk", "POST /api/v1/auth/login/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{",
			http.StatusRequestTimeout},
		{"half a body", "POST /api/v1/auth/login/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" +
			strings.Repeat(" ", 50000), http.StatusRequestTimeout},
		{"no request", "what?\r\n\r\n", http.StatusBadRequest},
	} {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		if _, err := fmt.Fprint(conn, one.sent); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		switch {
		case one.status == 0 && !errors.Is(err, io.ErrUnexpectedEOF):
			t.Errorf("%s is answered with %v, %v", one.name, res, err)
		case one.status > 0 && (err != nil || res.StatusCode != one.status || !res.Close ||
			res.Header.Get("Content-Type") != "application/problem+json"):
			t.Errorf("%s: %v, %v", one.name, res, err)
		}
		if err == nil {
			_ = res.Body.Close()
		}
		_ = conn.Close()
	}
}

// TestABodyThatDripsHasTheSameTimeAsAnyOther: each byte in time does not make the whole in time.
func TestABodyThatDripsHasTheSameTimeAsAnyOther(t *testing.T) {
	racetest.Long(t)
	usual := *app.ReadTimeout
	*app.ReadTimeout = time.Second
	t.Cleanup(func() { *app.ReadTimeout = usual })
	s := startSite(t, nil)
	for _, length := range []string{"Content-Length: 100000", "Content-Length: 100", "Transfer-Encoding: chunked"} {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		began := time.Now()
		_, _ = fmt.Fprint(conn, "POST /api/v1/auth/login/ HTTP/1.1\r\nHost: x\r\n"+length+"\r\n\r\n")
		done := make(chan struct{})
		go func() {
			drop := " "
			if strings.Contains(length, "chunked") {
				drop = "1\r\n \r\n"
			}
			tick := time.NewTicker(50 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-done:
					return
				case <-tick.C:
					if _, err := fmt.Fprint(conn, drop); err != nil {
						return
					}
				}
			}
		}()
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		close(done)
		if err != nil || res.StatusCode != http.StatusRequestTimeout || time.Since(began) > 30*time.Second {
			t.Errorf("%s: %v, %v after %v", length, res, err, time.Since(began))
		}
		if err == nil {
			_ = res.Body.Close()
		}
		_ = conn.Close()
	}
}

// TestLargeBodiesTogetherAreBounded has seven addresses begin to send 1 MB twenty times each: no more than 16 of one
// are heard out, and 64 of all; ordinary writes go on.
func TestLargeBodiesTogetherAreBounded(t *testing.T) {
	s := startSite(t, nil)
	acme := s.tenant("acme")
	const addresses, each, most = 7, 20, 64
	refused := make(chan string, addresses*each)
	tooMany := func(n int) {
		for range n {
			if got := <-refused; got != "503 Service Unavailable 1" {
				t.Fatalf("one too many is answered %s", got)
			}
		}
	}
	conns := make([]net.Conn, addresses*each)
	for i := range conns {
		from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(2+i/each))}}
		conn, err := from.Dial("tcp", s.addr)
		if errors.Is(err, syscall.EADDRNOTAVAIL) {
			t.Skip("this system has one loopback address")
		}
		if err != nil {
			t.Fatal(err)
		}
		conns[i] = conn
		t.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		if _, err := fmt.Fprint(conn, "POST /api/v1/auth/login/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n"+
			strings.Repeat(" ", 10_000)); err != nil {
			t.Fatal(err)
		}
		go func() {
			if res, err := http.ReadResponse(bufio.NewReader(conn), nil); err == nil {
				_ = res.Body.Close()
				refused <- res.Status + " " + res.Header.Get("Retry-After")
			}
		}()
		if i == each-1 {
			tooMany(each - 16) // of one address, while there is room
		}
	}
	tooMany(len(conns) - most - (each - 16))
	acme.must("POST", "/api/v1/services/", map[string]any{"name": "API"})
	large := map[string]any{"name": "Web", "description": strings.Repeat(" ", 20_000)}
	if code, _, _ := acme.send("POST", "/api/v1/services/", large); code != http.StatusServiceUnavailable {
		t.Errorf("another large one is answered %d", code)
	}
	for _, conn := range conns {
		_ = conn.Close()
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if code, _, _ := acme.send("POST", "/api/v1/services/", large); code != http.StatusServiceUnavailable {
			break
		} else if time.Now().After(end) {
			t.Fatal("what was given up is never free again")
		}
	}
}

// TestBodiesOfAnAddressAreCountedByTheirBytes: forty bodies of 100 KB are 4 MB, which is a quarter of what one address
// may have at once.
func TestBodiesOfAnAddressAreCountedByTheirBytes(t *testing.T) {
	s := startSite(t, nil)
	body := `{"email":"nobody@x.example","password":"` + strings.Repeat("x", 100_000) + `"}`
	conns := make([]net.Conn, 40)
	for i := range conns {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		conns[i] = conn
		t.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(time.Minute))
		if _, err := fmt.Fprintf(conn, "POST /api/v1/auth/login/ HTTP/1.1\r\nHost: x\r\nContent-Type: "+
			"application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:len(body)-1]); err != nil {
			t.Fatal(err)
		}
	}
	for i, conn := range conns {
		if _, err := fmt.Fprint(conn, body[len(body)-1:]); err != nil {
			t.Fatal(i, err)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(i, err)
		}
		_ = res.Body.Close()
		if res.StatusCode == http.StatusServiceUnavailable {
			t.Fatalf("number %d is answered %s", i, res.Status)
		}
	}
}
