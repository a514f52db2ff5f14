package app_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"statuspage/server/app"
)

func TestARequestThatDoesNotArriveWhole(t *testing.T) {
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
		{"the beginning of a body", "POST /api/v1/auth/login/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", 0},
		{"half a body", "POST /api/v1/auth/login/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat(" ", 50000), http.StatusRequestTimeout},
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
		case one.status > 0 && (err != nil || res.StatusCode != one.status || !res.Close || res.Header.Get("Content-Type") != "application/problem+json"):
			t.Errorf("%s: %v, %v", one.name, res, err)
		}
		if err == nil {
			_ = res.Body.Close()
		}
		_ = conn.Close()
	}
}
