package flyproxy

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"time"
)

// edge is the proxy in one region.
type edge struct {
	*httputil.ReverseProxy
	proxy     *Proxy
	region    string
	transport *http.Transport
}

func newEdge(p *Proxy, region string) *edge {
	e := &edge{proxy: p, region: region}
	e.transport = &http.Transport{DialContext: e.dial, MaxIdleConnsPerHost: 256, IdleConnTimeout: time.Minute,
		DisableCompression: true}
	e.ReverseProxy = &httputil.ReverseProxy{Rewrite: e.rewrite, Transport: e, FlushInterval: -1, ErrorHandler: e.fail,
		ErrorLog: silent()}
	return e
}

// dial connects to a machine by its ID, over the wire to its region.
func (e *edge) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	id, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	m, ok := e.proxy.machine(id)
	if !ok {
		return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("no machine " + id)}
	}
	ctx, cancel := context.WithTimeout(ctx, e.proxy.cfg.DialTimeout)
	defer cancel()
	if e.proxy.cfg.Dial != nil {
		return e.proxy.cfg.Dial(ctx, e.region, m)
	}
	return e.proxy.Wire(e.region, m.Region).Dial(ctx, network, m.Addr)
}

// dropped are headers that only Fly writes, but not on every request. fly-replay-src is not among them: a client may
// forge it, and the app must not believe it.
var dropped = []string{"Fly-Forwarded-Port", "Fly-Replay-Failed"}

func (e *edge) rewrite(pr *httputil.ProxyRequest) {
	out := pr.Out
	out.URL.Scheme, out.URL.Host, out.Host = "http", "app", pr.In.Host
	for _, name := range dropped {
		out.Header.Del(name)
	}
	client, _, _ := net.SplitHostPort(pr.In.RemoteAddr)
	if pretended := pr.In.Header.Get("X-Lab-Client-Ip"); pretended != "" {
		client = pretended // lets a test be many clients
	}
	for name := range out.Header {
		if strings.HasPrefix(name, "X-Lab-") {
			out.Header.Del(name)
		}
	}
	forwarded := append(pr.In.Header.Values("X-Forwarded-For"), client)
	out.Header.Set("X-Forwarded-For", strings.Join(forwarded, ", "))
	out.Header.Set("X-Forwarded-Proto", "http")
	out.Header.Set("X-Forwarded-Ssl", "off")
	out.Header.Set("Fly-Client-Ip", client)
	out.Header.Set("Fly-Region", e.region)
	out.Header.Set("Fly-Request-Id", rand.Text()+"-"+e.region)
	out.Header.Set("Via", "1.1 fly.io")
	if _, port, err := net.SplitHostPort(pr.In.Host); err == nil {
		out.Header.Set("Fly-Forwarded-Port", port)
		out.Header.Set("X-Forwarded-Port", port)
	}
}

// failure is an answer of the proxy itself.
type failure struct {
	reason string // as in fly-replay-failed; "" where no replay can come of it
	text   string
}

func (f *failure) Error() string { return f.text }

func (e *edge) fail(w http.ResponseWriter, r *http.Request, err error) {
	e.proxy.refused.Add(1)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Via", "1.1 fly.io")
	w.WriteHeader(http.StatusBadGateway)
	w.Write([]byte("proxy: " + err.Error() + "\n"))
}
