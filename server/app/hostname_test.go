package app_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"statuspage/server/app"
	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/hostname"
	"statuspage/server/usecase"
	"statuspage/shared/page"
)

// registry is the world's DNS and web servers, as far as proofs are concerned.
type registry struct {
	mu    sync.Mutex
	txt   map[string][]string // by name
	files map[string]string   // by address
	down  bool
	asked []string
}

func (r *registry) LookupTXT(_ context.Context, name string) ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, name)
	if r.down {
		return nil, &net.DNSError{Err: "server misbehaving", Server: "10.0.0.2:53", IsTemporary: true}
	}
	if found := r.txt[strings.TrimSuffix(name, ".")]; found != nil {
		return found, nil
	}
	return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
}

func (r *registry) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body, there := r.files[req.URL.String()]
	if !there {
		return nil, errors.New("connection refused by 10.0.0.3")
	}
	return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{},
		Request: req}, nil
}

func (r *registry) set(name string, texts ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.txt["_statuspage."+name] = texts
}

// hosts is a site whose pages may have names of their own.
func hosts(t *testing.T) (*site, *registry) {
	t.Helper()
	r := &registry{txt: map[string][]string{}, files: map[string]string{}}
	s := &site{t: t, file: filepath.Join(t.TempDir(), "status.db"), addr: "127.0.0.1:0", set: func(c *config.Config) {
		c.BaseURL, c.PrimaryURL = "https://status.pages.example", "http://inside.pages.example:8080"
	}, made: func(a *app.App) { a.UseCases.Hosts.Prover = prover(r) }}
	s.start()
	t.Cleanup(func() { s.stop() })
	return s, r
}

func prover(r *registry) *hostname.Prover {
	return &hostname.Prover{Resolver: r, Client: &http.Client{Transport: r}}
}

// at asks for a path under a host name.
func (s *site) at(host, path string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+s.addr+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Host = host
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(body)
}

func (s *site) serves(host, slug string) bool {
	s.t.Helper()
	code, _ := s.at(host, "/feed.atom")
	_, home := s.at(host, "/")
	if (code == 200) != strings.Contains(home, "The org-") {
		s.t.Errorf("%s: the feed answers %d, the page another thing", host, code)
	}
	return code == 200 && strings.Contains(home, "The "+slug)
}

const (
	hostPath   = "/api/v1/organization/hostname/"
	verifyPath = hostPath + "verify/"
	askPath    = "/api/v1/hostnames/ask/?domain="
)

func TestAHostNameServesAPageOnlyOnceItIsProved(t *testing.T) {
	s, dns := hosts(t)
	acme, other := s.org(), s.org()
	const name = "status.acme.example"
	acme.get(hostPath).has("state", "none").has("record", nil).has("file", nil)
	acme.do("POST", verifyPath, nil).refuses(409, "hostname")
	acme.patch("/api/v1/organization/", j{"hostname": name}).has("hostname_proved_at", nil)
	if s.serves(name, acme.slug) {
		t.Fatal("a name that anybody may claim is served")
	}
	s.nobody().do("GET", askPath+name, nil).refuses(404)
	claim := acme.get(hostPath).has("state", "unproved").has("hostname", name).has("record.type", "TXT").
		has("record.name", "_statuspage."+name).
		has("file.url", "https://"+name+"/.well-known/statuspage-proof.txt").has("checked_at", nil)
	text := claim.str("record.value")
	if text != claim.str("file.content") || !strings.HasPrefix(text, "statuspage-proof=") {
		t.Fatalf("%s", claim.raw)
	}
	// A claim blocks nobody, and its text is nobody else's.
	other.patch("/api/v1/organization/", j{"hostname": name})
	if other.get(hostPath).str("record.value") == text {
		t.Error("two organisations prove a name by the same text")
	}
	dns.set(name, other.get(hostPath).str("record.value")+"x", "v=spf1 -all")
	if told := acme.do("POST", verifyPath, nil).refuses(409, "hostname"); strings.Contains(string(told.raw), "10.0.0") {
		t.Errorf("it tells of the network here: %s", told.raw)
	}
	acme.get(hostPath).has("state", "unproved")
	dns.set(name, "v=spf1 -all", text)
	acme.do("POST", verifyPath, nil).is(200).has("state", "proved").has("missing_since", nil)
	if !s.serves(name, acme.slug) || !s.serves("STATUS.Acme.example:8080", acme.slug) {
		t.Error("a proved name is not served")
	}
	s.nobody().get(askPath+name).has("domain", name)
	dns.mu.Lock()
	for _, asked := range dns.asked {
		if !strings.HasSuffix(asked, ".") {
			t.Errorf("%s is looked up in the machine's own domains, too", asked)
		}
	}
	dns.mu.Unlock()
	// Who has not proved it gets it not, and who has keeps it while its proof is there.
	other.do("POST", verifyPath, nil).refuses(409, "hostname")
	dns.set(name, text, other.get(hostPath).str("record.value"))
	other.do("POST", verifyPath, nil).refuses(409, "hostname")
	// The name changed hands.
	dns.set(name, other.get(hostPath).str("record.value"))
	other.do("POST", verifyPath, nil).is(200).has("state", "proved")
	if !s.serves(name, other.slug) || s.serves(name, acme.slug) {
		t.Error("the name went not with its proof")
	}
	acme.get(hostPath).has("state", "unproved")
	// Another name is another proof, and one that is given up is served no more.
	other.patch("/api/v1/organization/", j{"hostname": "other.acme.example"}).has("hostname_proved_at", nil)
	if s.serves("other.acme.example", other.slug) || s.serves(name, other.slug) {
		t.Error("a name is served after it was changed")
	}
	member := acme.join(auth.Member)
	member.get(hostPath).has("hostname", name)
	member.do("POST", verifyPath, nil).refuses(403)
}

func TestAFileOnTheNameProvesIt(t *testing.T) {
	s, web := hosts(t)
	for _, scheme := range []string{"https", "http"} {
		acme := s.org()
		name := "status." + acme.slug + ".example"
		acme.patch("/api/v1/organization/", j{"hostname": name})
		text := acme.get(hostPath).str("file.content")
		address := scheme + "://" + name + "/.well-known/statuspage-proof.txt"
		for _, wrong := range []string{"", text + "x", "x" + text, strings.Repeat("x\n", 4096) + text} {
			web.files[address] = wrong
			acme.do("POST", verifyPath, nil).refuses(409, "hostname")
		}
		web.files[address] = "# ours\r\n" + text + "\r\n"
		acme.do("POST", verifyPath, nil).is(200).has("state", "proved")
		if !s.serves(name, acme.slug) {
			t.Errorf("over %s it proves nothing", scheme)
		}
		// This program serves no such file, or every name that leads here would be proved.
		if code, body := s.at(name, "/.well-known/statuspage-proof.txt"); code == 200 || strings.Contains(body, text) {
			t.Errorf("a name proves itself: %d", code)
		}
	}
}

func TestTheInstallationsOwnNamesAreNobodys(t *testing.T) {
	t.Setenv("FLY_APP_NAME", "acme-status")
	s, dns := hosts(t)
	acme := s.org()
	for _, name := range []string{"status.pages.example", "inside.pages.example", "acme-status.fly.dev",
		"acme-status.internal", "a.localhost", "db.local", "127.0.0.1", "0x7f.1",
		"10.0.0.1", "localhost", "a b.example", "evil.example/x", "status.pages.example.", "Status.Pages.example"} {
		acme.do("PATCH", "/api/v1/organization/", j{"hostname": name}).refuses(422, "hostname")
		// An old database may have it.
		s.sql(`UPDATE organizations SET hostname = ?, hostname_wanted = ?, hostname_proved_at = 1 WHERE id = ?`, name,
			name, acme.org)
		if s.serves(name, acme.slug) {
			t.Errorf("%s is a tenant's page", name)
		}
		if got := s.nobody().do("GET", askPath+url.QueryEscape(name), nil); got.code != 404 &&
			name != "status.pages.example" {
			t.Errorf("a certificate for %s: %s", name, got.raw)
		}
	}
	s.nobody().get(askPath + "status.pages.example")
	dns.set("x")
}

func TestWithoutABaseAddressThereAreNoHostNames(t *testing.T) {
	s := startSite(t, nil)
	acme := s.org()
	acme.do("PATCH", "/api/v1/organization/", j{"hostname": "status.acme.example"}).refuses(409, "hostname")
	acme.patch("/api/v1/organization/", j{"hostname": "", "name": "Acme"})
	s.sql(`UPDATE organizations SET hostname = 'status.acme.example', hostname_wanted = 'status.acme.example', hostname_proved_at = 1`)
	if s.serves("status.acme.example", acme.slug) {
		t.Error("it serves a name although it does not know its own")
	}
	s.nobody().do("GET", askPath+"status.acme.example", nil).refuses(404)
}

func TestAProofIsLookedAtAgain(t *testing.T) {
	s, dns := hosts(t)
	acme := s.org()
	const name = "status.acme.example"
	acme.patch("/api/v1/organization/", j{"hostname": name})
	dns.set(name, acme.get(hostPath).str("record.value"))
	acme.do("POST", verifyPath, nil).is(200)
	ctx, now := context.Background(), time.Now()
	after := func(d time.Duration) {
		now = now.Add(d)
		s.app.UseCases.CheckHosts(ctx, now)
	}
	after(usecase.HostEvery + time.Minute)
	acme.get(hostPath).has("state", "proved").has("missing_since", nil)
	dns.mu.Lock()
	dns.down = true
	dns.mu.Unlock()
	after(usecase.HostPatience + time.Hour) // who cannot tell takes nothing away
	acme.get(hostPath).has("state", "proved").has("missing_since", nil)
	dns.mu.Lock()
	dns.down = false
	dns.mu.Unlock()
	dns.set(name)
	after(usecase.HostEvery + time.Minute)
	if acme.get(hostPath).has("state", "proved").at("missing_since") == nil {
		t.Error("nobody is told that the proof is missing")
	}
	after(usecase.HostPatience - time.Hour)
	acme.get(hostPath).has("state", "proved")
	after(usecase.HostEvery + time.Minute)
	acme.get(hostPath).has("state", "unproved").has("hostname", name)
	if s.serves(name, acme.slug) {
		t.Error("a name whose proof is gone is served")
	}
	acme.get("/api/v1/audit-log/").has("results.0.action", "prove_host").has("results.0.actor.kind", "system")
}

func TestANameOfBeforeProofsHasThirtyDays(t *testing.T) {
	s, dns := hosts(t)
	acme, beta, gamma := s.org(), s.org(), s.org()
	until := time.Now().Add(30 * 24 * time.Hour)
	old := func(c *caller, name string) {
		s.sql(`UPDATE organizations SET hostname = ?, hostname_wanted = ?, hostname_until = ? WHERE id = ?`, name, name,
			until.UnixMilli(), c.org)
		s.stop()
		s.start()
		*c.site = *s
	}
	old(acme, "a.acme.example")
	old(beta, "b.acme.example")
	acme.get(hostPath).has("state", "unproved_until")
	if !s.serves("a.acme.example", acme.slug) || !s.serves("b.acme.example", beta.slug) {
		t.Fatal("an upgrade takes pages away")
	}
	// Who proves the name has it at once.
	gamma.patch("/api/v1/organization/", j{"hostname": "a.acme.example"})
	dns.set("a.acme.example", gamma.get(hostPath).str("record.value"))
	gamma.do("POST", verifyPath, nil).is(200)
	if !s.serves("a.acme.example", gamma.slug) {
		t.Error("whoever had claimed it keeps it without a proof")
	}
	// What is proved meanwhile stays, without anybody asking.
	old(acme, "c.acme.example")
	dns.set("c.acme.example", acme.get(hostPath).str("record.value"))
	// it was looked at when the program began
	s.app.UseCases.CheckHosts(context.Background(), time.Now().Add(usecase.HostEvery+time.Minute))
	acme.get(hostPath).has("state", "proved")
	s.app.UseCases.CheckHosts(context.Background(), until.Add(time.Minute))
	if s.serves("b.acme.example", beta.slug) || !s.serves("c.acme.example", acme.slug) {
		t.Error("the time without a proof does not end, or ends for who has one")
	}
}

func TestTheDatabaseLetsNoNameStandTwice(t *testing.T) {
	s, _ := hosts(t)
	a, b := s.org(), s.org()
	name := "status.acme.example"
	by := usecase.Caller{System: true}
	for i, c := range []*caller{a, b} {
		if _, err := s.app.UseCases.Change(context.Background(), by, c.org,
			&page.EditPage{Hostname: &name}); err != nil {
			t.Fatal(err)
		}
		_, err := s.app.UseCases.Change(context.Background(), by, c.org, &page.ProveHost{Hostname: name, Proved: true})
		if (err == nil) != (i == 0) {
			t.Errorf("%d: %v", i, err)
		}
	}
}
