package socket

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"

	"github.com/gofiber/fiber/v2"
)

// copied is the request as net/http knows it, with nothing in it that Fiber will use again for somebody else.
func copied(c *fiber.Ctx) (*http.Request, error) {
	target, err := url.ParseRequestURI(string(c.Request().RequestURI()))
	if err != nil {
		return nil, err
	}
	r := &http.Request{Method: c.Method(), URL: target, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Host: string(c.Request().Host()), RemoteAddr: c.Context().RemoteAddr().String()}
	for key, value := range c.Request().Header.All() {
		r.Header.Add(string(key), string(value))
	}
	return r, nil
}

// hijack takes the connection from Fiber and gives it to serve; the server must keep hijacked connections
// (KeepHijackedConns).
func hijack(c *fiber.Ctx, serve func(w *taken, raw net.Conn) error) {
	header := http.Header{} // of the handshake's answer
	for _, name := range []string{"Status-Region", "Status-Lag", "X-Request-Id"} {
		header.Set(name, string(c.Response().Header.Peek(name)))
	}
	c.Context().HijackSetNoResponse(true)
	c.Context().Hijack(func(conn net.Conn) {
		raw := conn
		if u, ok := conn.(interface{ UnsafeConn() net.Conn }); ok {
			raw = u.UnsafeConn()
		}
		if u, ok := raw.(interface{ Taken() net.Conn }); ok { // what stands before Fiber
			raw = u.Taken()
		}
		if tcp, ok := raw.(*net.TCPConn); ok {
			_ = tcp.SetWriteBuffer(sendBuffer)
		}
		// In a goroutine of its own, so that Fiber has its buffers and its context back while the socket is open.
		go func() {
			defer func() { _ = raw.Close() }()
			guard(func() {
				if err := serve(&taken{conn: raw, header: header}, raw); err != nil {
					slog.Debug("a socket was not opened", "error", err)
				}
			})
		}()
	})
}

// taken is a ResponseWriter whose connection is somebody's already: what a WebSocket upgrade needs, and no more.
type taken struct {
	conn   net.Conn
	header http.Header
}

func (t *taken) Header() http.Header { return t.header }

func (t *taken) WriteHeader(code int) {
	_, _ = fmt.Fprintf(t.conn, "HTTP/1.1 %d %s\r\nConnection: close\r\n\r\n", code, http.StatusText(code))
}

func (t *taken) Write(b []byte) (int, error) { return t.conn.Write(b) }

func (t *taken) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if t.conn == nil {
		return nil, nil, errors.New("the connection is gone")
	}
	return t.conn, bufio.NewReadWriter(bufio.NewReaderSize(t.conn, 16), bufio.NewWriterSize(t.conn, 16)), nil
}
