package site

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/relay"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// shelf holds pages for rendering tests; the real ones come from the relay.
type shelf struct {
	mu    sync.Mutex
	pages map[string]*relay.Page
}

func (s *shelf) put(p page.State) { s.restore(p, "epoch-1") }

// restore puts a page of another log.
func (s *shelf) restore(p page.State, epoch string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages[p.Org.Slug] = relay.NewPage(p, epoch)
}

func (s *shelf) Page(_ *fiber.Ctx, slug string) (*relay.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.pages[slug]; p != nil {
		return p, nil
	}
	return nil, fault.New(fault.NotFound, "There is no status page at this address.")
}

func (s *shelf) PageByHost(_ *fiber.Ctx, host string) (*relay.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.pages {
		if p.State.Org.OwnHost() == host {
			return p, nil
		}
	}
	return nil, fault.New(fault.NotFound, "There is no status page at this address.")
}

// archive is what a database would have.
type archive struct {
	mu        sync.Mutex
	incidents []status.Incident
	windows   []status.Maintenance
	days      map[string][]status.Tally
	asked     int
}

func (a *archive) Incidents(_ context.Context, _ string, f store.PastFilter) ([]status.Incident, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
	var out []status.Incident
	for _, in := range a.incidents {
		if in.CreatedAt >= f.From && in.CreatedAt < f.To {
			out = append(out, in)
		}
	}
	return out, nil
}

func (a *archive) Maintenances(_ context.Context, _ string, _ store.PastFilter) ([]status.Maintenance, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
	return a.windows, nil
}

func (a *archive) Days(context.Context, string, int64, int64) (map[string][]status.Tally, error) {
	return a.days, nil
}

func (a *archive) DaysOf(_ context.Context, _, service string, _, _ int64) ([]status.Tally, error) {
	return a.days[service], nil
}

func (a *archive) Incident(_ context.Context, _, id string) (*status.Incident, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.incidents {
		if a.incidents[i].ID == id {
			return &a.incidents[i], nil
		}
	}
	return nil, fault.New(fault.NotFound, "There is no such incident.")
}

func (a *archive) Maintenance(context.Context, string, string) (*status.Maintenance, error) {
	return nil, fault.New(fault.NotFound, "There is no such maintenance.")
}

// reads is how often the database was asked.
func (a *archive) reads() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked
}

// stand is a server with pages on a real socket.
type stand struct {
	*shelf
	archive archive
	url     string
	now     atomic.Int64 // a status.Time, which the server reads
}

func open(t *testing.T, change func(*Deps), pages ...page.State) *stand {
	t.Helper()
	s := &stand{shelf: &shelf{pages: map[string]*relay.Page{}}}
	s.now.Store(int64(today))
	for _, p := range pages {
		s.put(p)
	}
	d := Deps{
		Pages: s.shelf, History: &s.archive, Region: "fra", Subscribe: true, Demo: "acme",
		Now: func() time.Time { return utc(status.Time(s.now.Load())) },
	}
	if change != nil {
		change(&d)
	}
	app := fiber.New(fiber.Config{Immutable: true, DisableStartupMessage: true})
	Routes(app, d)
	app.Use(Missing(d))
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = app.Listener(ln) }()
	t.Cleanup(func() { _ = app.ShutdownWithTimeout(2 * time.Second) })
	s.url = "http://" + ln.Addr().String()
	return s
}

func (s *stand) get(t *testing.T, path string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestTheBytesOfThePageAreFew(t *testing.T) {
	s := open(t, nil, trouble(t))
	_, html := s.get(t, "/status/acme")
	doc := relay.NewDoc("", []byte(html))
	t.Logf("page: %d bytes, %d gzip, %d brotli", len(doc.Body), len(doc.Gzip), len(doc.Brotli))
	for _, name := range []string{"status.css", "status.js"} {
		if !strings.Contains(html, asset(name)) {
			t.Fatalf("the page does not load %s", name)
		}
		_, text := s.get(t, asset(name))
		d := relay.NewDoc("", []byte(text))
		t.Logf("%s: %d bytes, %d gzip, %d brotli", name, len(d.Body), len(d.Gzip), len(d.Brotli))
		if len(d.Gzip) > 5400 { // with the links beside headings, what is said in each language, and saved data
			t.Errorf("%s has %d bytes in gzip", name, len(d.Gzip))
		}
	}
	if len(doc.Brotli) > 9000 {
		t.Errorf("the page has %d bytes in brotli", len(doc.Brotli))
	}
}
