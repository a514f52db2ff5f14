package prober

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// looking asks a monitor that is written as the API's JSON, once.
func looking(t *testing.T, p *Prober, text string, headers map[string]string) Answer {
	t.Helper()
	m := status.NewMonitor()
	if no := wire.Unmarshal([]byte(text), &m); no != nil {
		t.Fatalf("%s: %v", text, no)
	}
	return p.Look(context.Background(), &m, headers)
}

func target(kind, at, more string) string {
	return `{"kind":"` + kind + `","target":"` + at + `","timeout_ms":5000` + more + `}`
}

func host(url string) string { return url[strings.Index(url, "//")+2:] }

// TestEachKindSaysWhatItFound of targets on the loopback: what is right, and what is wrong with it in words.
func TestEachKindSaysWhatItFound(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Token", r.Header.Get("X-Token"))
		_, _ = io.WriteString(w, `{"queue":{"length":7},"state":"fine"}`)
	})
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, strings.Repeat("no upstream ", 1000))
	})
	mux.HandleFunc("/well/api/v2/summary.json", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"status":{"indicator":"none","description":"All Systems Operational"}}`)
	})
	mux.HandleFunc("/ill/api/v2/summary.json", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"status":{"indicator":"major","description":"Partial System Outage"}}`)
	})
	plain, secure := httptest.NewServer(mux), httptest.NewTLSServer(mux)
	defer plain.Close()
	defer secure.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := ln.Addr().String()
	_ = ln.Close()
	p := New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
	for _, x := range []struct{ monitor, error string }{
		{target("http", plain.URL+"/ok", ""), ""},
		{target("http", plain.URL+"/ok",
			`,"conditions":[{"on":"status","op":"eq","value":200},{"on":"body","op":"contains","value":"fine"},`+
				`{"on":"time","op":"lt","value":5000}]`), ""},
		{target("http", plain.URL+"/ok", `,"conditions":[{"on":"json:queue.length","op":"lt","value":5}]`),
			"json:queue.length is 7, wanted: lt 5"},
		{target("http", plain.URL+"/ok", `,"conditions":[{"on":"json:queue.length","op":"gt","value":5}]`), ""},
		{target("http", plain.URL+"/ok", `,"conditions":[{"on":"header:X-Token","op":"eq","value":"secret"}]`), ""},
		{target("http", plain.URL+"/ok", `,"conditions":[{"on":"body","op":"contains","value":"ill"}]`),
			"the body fails contains ill"},
		{target("http", plain.URL+"/broken", ""), "it answered 502"},
		{target("http", plain.URL+"/broken", `,"conditions":[{"on":"status","op":"eq","value":502}]`), ""},
		{target("http", secure.URL+"/ok", ""), "the certificate is not trusted"},
		{target("http", "http://"+closed+"/", ""), "the connection was refused"},
		{target("tcp", host(plain.URL), ""), ""},
		{target("tcp", closed, ""), "the connection was refused"},
		{target("tls", host(secure.URL), ""), "the certificate is not trusted"},
		{target("page", plain.URL+"/well", ""), ""},
		{target("page", plain.URL+"/ill", ""), "the page says major: Partial System Outage"},
		{target("page", plain.URL+"/ok", ""), "it answered 404"},
	} {
		a := looking(t, p, x.monitor, map[string]string{"X-Token": "secret"})
		if a.OK != (x.error == "") || !strings.Contains(a.Error, x.error) {
			t.Errorf("%s: %+v, want %q", x.monitor, a, x.error)
		}
		if strings.Contains(x.monitor, "/broken") && !a.OK && (len(a.Body) == 0 || len(a.Body) > 4<<10) {
			t.Errorf("%s: %d bytes of the answer are kept", x.monitor, len(a.Body))
		}
	}
}

// TestATargetThatIsNotPublicIsRefused wherever it is met: at once, by a name, and behind a redirect.
func TestATargetThatIsNotPublicIsRefused(t *testing.T) {
	asked := make(chan string, 8)
	inside := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.Path }))
	defer inside.Close()
	p := New(nil)
	for _, monitor := range []string{
		target("http", inside.URL, ""), target("http", strings.Replace(inside.URL, "127.0.0.1", "localhost", 1), ""),
		target("http", "http://169.254.169.254/latest/meta-data/", ""), target("http", "http://[::ffff:10.0.0.1]/", ""),
		target("tcp", host(inside.URL), ""), target("tls", host(inside.URL), ""), target("icmp", "127.0.0.1", ""),
		target("grpc", host(inside.URL), ""), target("page", inside.URL, ""),
	} {
		if a := looking(t, p, monitor, nil); a.OK || !strings.Contains(a.Error, "not on the public internet") {
			t.Errorf("%s: %+v", monitor, a)
		}
	}
	// One network is allowed, and it leads into another one.
	leads := httptest.NewServer(http.RedirectHandler(strings.Replace(inside.URL, "127.0.0.1", "127.0.0.2", 1),
		http.StatusFound))
	defer leads.Close()
	p = New([]netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")})
	if a := looking(t, p, target("http", leads.URL, ""), nil); a.OK ||
		!strings.Contains(a.Error, "not on the public internet") {
		t.Errorf("behind a redirect: %+v", a)
	}
	if len(asked) != 0 {
		t.Errorf("the inside was asked for %s", <-asked)
	}
}

// TestSecretHeadersStayWithTheirHost when a redirect leads to another one.
func TestSecretHeadersStayWithTheirHost(t *testing.T) {
	got := make(chan string, 2)
	other := httptest.NewServer(http.HandlerFunc(
		func(_ http.ResponseWriter, r *http.Request) { got <- r.Header.Get("X-Key") }))
	defer other.Close()
	leads := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer leads.Close()
	p := New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
	a := looking(t, p, target("http", leads.URL, ""),
		map[string]string{"X-Key": "secret", "Authorization": "Bearer secret"})
	if !a.OK {
		t.Fatalf("%+v", a)
	}
	if key := <-got; key != "" {
		t.Errorf("the other host was told %q", key)
	}
}
