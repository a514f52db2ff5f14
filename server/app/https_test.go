package app_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"statuspage/lab/acme"
	"statuspage/server/app"
	"statuspage/server/config"
	"statuspage/server/racetest"
)

// secured is a process that serves https for status.test, with an authority that sees its ports.
type secured struct {
	*site
	authority *acme.Authority
	proofs    *registry
	tls       string // where https is served
	client    *http.Client
}

// newSecured starts one. Challenges come to these ports; 0 is where the process answers, and 9 nowhere.
func newSecured(t *testing.T, httpPort, tlsPort int) *secured {
	t.Helper()
	s := &secured{proofs: &registry{txt: map[string][]string{}, files: map[string]string{}}}
	http1, https := s.port(t), s.port(t)
	if httpPort == 0 {
		httpPort = portOf(t, http1)
	}
	if tlsPort == 0 {
		tlsPort = portOf(t, https)
	}
	s.authority = acme.Start(t, httpPort, tlsPort)
	s.site = &site{t: t, file: filepath.Join(t.TempDir(), "status.db"), addr: http1,
		made: func(a *app.App) { a.UseCases.Hosts.Prover = prover(s.proofs) },
		set: func(c *config.Config) {
			c.TLS, c.TLSAddr, c.TLSDirectory = "acme", https, s.authority.Directory
			c.Host.Roots = s.authority.Own
			c.BaseURL = "https://status.test:" + strconv.Itoa(portOf(t, https))
		}}
	s.tls, s.client = https, s.at(https)
	s.start()
	t.Cleanup(func() { s.stop() })
	return s
}

// port is an address of this machine that nobody uses.
func (s *secured) port(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

func portOf(t testing.TB, addr string) int {
	t.Helper()
	_, text, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// at is a client for which every name leads to one address, and which trusts the authority alone.
func (s *secured) at(addr string) *http.Client {
	return &http.Client{Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: s.authority.Roots},
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, addr)
			}}}
}

// ask sends a request; 0 when there was no answer.
func (s *secured) ask(client *http.Client, method, address, token string, body any) (int, http.Header, string) {
	s.t.Helper()
	var text []byte
	if body != nil {
		text, _ = json.Marshal(body)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, address, bytes.NewReader(text))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return 0, nil, err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(got)
}

// served waits until an address is answered over https.
func (s *secured) served(address string) (http.Header, string) {
	s.t.Helper()
	return s.until(address, 200)
}

// until waits for a status; 0 is no answer.
func (s *secured) until(address string, want int) (http.Header, string) {
	s.t.Helper()
	last := ""
	for end := time.Now().Add(40 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		code, header, body := s.ask(s.client, "GET", address, "", nil)
		if code == want {
			return header, body
		}
		last = body
	}
	s.t.Fatalf("%s never answered %d: %s", address, want, last)
	return nil, ""
}

func TestHTTPSIsServedForProvedNamesAlone(t *testing.T) {
	racetest.Outside(t, "a certificate authority")
	s := newSecured(t, 0, 0)
	header, _ := s.served("https://status.test/healthz")
	if header.Get("Strict-Transport-Security") == "" {
		t.Error("browsers may come without TLS again")
	}
	acme, other := s.tenant("acme"), s.tenant("other")
	api := "https://status.test/api/v1/organization/"
	for _, x := range []*tenant{acme, other} {
		if code, _, body := s.ask(s.client, "PATCH", api, x.token,
			j{"hostname": "status." + x.slug + ".test"}); code != 200 {
			t.Fatalf("%d %s", code, body)
		}
	}
	_, _, claim := s.ask(s.client, "GET", api+"hostname/", acme.token, nil)
	var told struct{ Record struct{ Value string } }
	if err := json.Unmarshal([]byte(claim), &told); err != nil {
		t.Fatal(err)
	}
	s.proofs.set("status.acme.test", told.Record.Value)
	if code, _, body := s.ask(s.client, "POST", api+"hostname/verify/", acme.token, nil); code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	if _, body := s.served("https://status.acme.test/"); !strings.Contains(body, "acme") {
		t.Errorf("another page: %.200s", body)
	}
	// A name that is claimed and not proved, one that is nobody's, and an address have no certificate.
	for _, host := range []string{"status.other.test", "evil.test", "127.0.0.1"} {
		if code, _, body := s.ask(s.client, "GET", "https://"+host+"/", "", nil); code != 0 {
			t.Errorf("%s: %d %.100s", host, code, body)
		}
	}
	s.leads()
	s.pushes()
	s.keeps()
	s.proofs.set("status.acme.test", "")
	if code, _, body := s.ask(s.client, "PATCH", api, acme.token, j{"hostname": ""}); code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	s.until("https://status.acme.test/", 0) // given up, it is served no more
}

// leads: what comes without TLS is sent to https, but for what asks whether the program lives.
func (s *secured) leads() {
	s.t.Helper()
	port := ":" + strconv.Itoa(portOf(s.t, s.tls))
	plain := s.at(s.addr)
	for host, want := range map[string]string{"status.test": "status.test", "STATUS.acme.test:80": "status.acme.test",
		"evil.test": "status.test", "127.0.0.1:8080": "status.test"} {
		code, header, _ := s.ask(plain, "GET", "http://"+host+"/status/acme?lang=de", "", nil)
		if at := header.Get("Location"); code != 308 || at != "https://"+want+port+"/status/acme?lang=de" {
			s.t.Errorf("http://%s: %d to %q", host, code, at)
		}
	}
	if code, header, _ := s.ask(plain, "POST", "http://status.test/api/v1/auth/login/", "",
		j{"email": "a"}); code != 308 {
		s.t.Errorf("a password without TLS: %d %v", code, header)
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/.well-known/acme-challenge/x": 404} {
		if code, _, body := s.ask(plain, "GET", "http://status.test"+path, "", nil); code != want {
			s.t.Errorf("%s: %d %s", path, code, body)
		}
	}
}

// pushes: a socket works over TLS.
func (s *secured) pushes() {
	s.t.Helper()
	dialer := websocket.Dialer{HandshakeTimeout: 10 * time.Second,
		TLSClientConfig: &tls.Config{RootCAs: s.authority.Roots},
		NetDialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, s.tls)
		}}
	conn, res, err := dialer.Dial("wss://status.acme.test/ws/status/public/acme", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = res.Body.Close()
	defer func() { _ = conn.Close() }()
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	if _, frame, err := conn.ReadMessage(); err != nil || !bytes.Contains(frame, []byte("hello")) {
		s.t.Errorf("%s, %v", frame, err)
	}
}

// keeps: no key can be read in the database's file, and after a restart, as in another region, the certificates are
// there without the authority.
func (s *secured) keeps() {
	s.t.Helper()
	s.authority.Stop()
	s.stop()
	for _, file := range []string{s.file, s.file + "-wal"} {
		if raw, err := os.ReadFile(file); err == nil && bytes.Contains(raw, []byte("PRIVATE KEY")) {
			s.t.Errorf("%s has a private key as it is", file)
		}
	}
	s.start()
	s.served("https://status.acme.test/")
	addr := s.port(s.t)
	region := &site{t: s.t, file: s.file, addr: "127.0.0.1:0", set: func(c *config.Config) {
		s.set(c)
		c.FlyRegion, c.PrimaryRegion, c.TLSAddr = "ams", "fra", addr
	}}
	region.start()
	defer func() { region.stop() }()
	here := s.client
	s.client = s.at(addr)
	s.served("https://status.test/healthz")
	s.client = here
}

func TestEitherKindOfChallengeIsEnough(t *testing.T) {
	racetest.Outside(t, "a certificate authority")
	for name, ports := range map[string][2]int{"http-01": {0, 9}, "tls-alpn-01": {9, 0}} {
		t.Run(name, func(t *testing.T) {
			newSecured(t, ports[0], ports[1]).served("https://status.test/healthz")
		})
	}
}
