// Package apptest runs the whole program for tests of what hangs on it: on a file of its own, on a port of its own, as
// `serve` does.
package apptest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"statuspage/server/app"
	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/store/storetest"
	"statuspage/server/usecase"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// Site is a running process.
type Site struct {
	testing.TB
	App  *app.App
	Addr string
	file string
}

// Itself is a BASE_URL that stands for where the program listens.
const Itself = "http://itself"

// HashMemory is how many KiB the hash of a test's password takes: as few as argon2id has.
const HashMemory = 8

// OwnHosts gives the program a BASE_URL, without which no page has a host name of its own.
func OwnHosts(c *config.Config) { c.BaseURL = Itself }

// Start runs the program until the test ends. set may change its configuration.
func Start(t testing.TB, set func(*config.Config)) *Site {
	t.Helper()
	s := &Site{TB: t, file: filepath.Join(t.TempDir(), "status.db")}
	cfg := config.Default(config.Database{DatabaseURL: "file:" + s.file})
	cfg.Addr, cfg.RelayInterval, cfg.PublicRate, cfg.PublicSockets = "127.0.0.1:0", 20*time.Millisecond, 10_000, 1_000
	cfg.Host.HashMemory = HashMemory
	if set != nil {
		set(&cfg)
	}
	if cfg.DatabaseURL == "file:"+s.file {
		storetest.Lay(t, s.file)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ln, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	if cfg.BaseURL == Itself {
		cfg.BaseURL = "http://" + ln.Addr().String()
	}
	a, err := app.New(ctx, cfg)
	if err != nil {
		cancel()
		t.Fatal(errors.Join(err, ln.Close()))
	}
	s.App, s.Addr = a, ln.Addr().String()
	done := make(chan error, 1)
	go func() { done <- a.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return s
}

// Org is an organisation that is written to through the use cases, at whatever time a story needs.
type Org struct {
	*Site
	ID, Slug, Token string
}

// Org makes an organisation, born at a moment, with an admin.
func (s *Site) Org(slug string, born time.Time) *Org {
	s.Helper()
	ctx, by := context.Background(), usecase.Caller{System: true}
	id, err := s.App.UseCases.CreateOrg(ctx, by, slug, "The "+slug, born, nil)
	if err != nil {
		s.Fatal(err)
	}
	email := "admin@" + slug + ".example"
	if _, err := s.App.UseCases.AddMember(ctx, by, id, usecase.NewMember{Email: email, Role: auth.Admin}); err != nil {
		s.Fatal(err)
	}
	token, err := s.App.UseCases.Token(ctx, slug, email, time.Hour)
	if err != nil {
		s.Fatal(err)
	}
	return &Org{Site: s, ID: id, Slug: slug, Token: token}
}

// Do carries a command out at a moment.
func (o *Org) Do(at time.Time, c page.Command) {
	o.Helper()
	if _, err := o.App.UseCases.ChangeAt(context.Background(), usecase.Caller{System: true}, o.ID, c, at); err != nil {
		o.Fatalf("%s: %v", c.Kind(), err)
	}
}

// Host puts the page under a host name of its own, as one that was proved.
func (o *Org) Host(at time.Time, name string) {
	o.Do(at, &page.EditPage{Hostname: &name})
	o.Do(at, &page.ProveHost{Hostname: name, Proved: true})
}

// Service adds a service and gives its id.
func (o *Org) Service(at time.Time, group, name string) string {
	c := &page.CreateService{ID: NewID(), Name: name, Group: group}
	o.Do(at, c)
	return c.ID
}

// Open opens an incident and gives its id.
func (o *Org) Open(at time.Time, title string, to status.ServiceStatus, services ...string) string {
	c := &page.OpenIncident{ID: NewID(), Title: title, Description: "We are **looking** into it.", ToState: to}
	for _, s := range services {
		c.Services = append(c.Services, page.Move{ID: s})
	}
	o.Do(at, c)
	return c.ID
}

// NewID is a new UUIDv7.
func NewID() string { return uuid.Must(uuid.NewV7()).String() }

var client = &http.Client{Timeout: 30 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// Get asks the site as anybody; header is name, value, name, value…; "Host" is the host name.
func (s *Site) Get(path string, header ...string) (*http.Response, []byte) {
	s.Helper()
	return s.Ask(http.MethodGet, path, nil, header...)
}

// Ask makes any request; body is JSON unless it is nil.
func (s *Site) Ask(method, path string, body any, header ...string) (*http.Response, []byte) {
	s.Helper()
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			s.Fatal(err)
		}
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, "http://"+s.Addr+path, in)
	if err != nil {
		s.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	return res, raw
}

// Send makes a request as the organisation's admin and decodes the answer, if it is an object.
func (o *Org) Send(method, path string, body any, header ...string) (int, map[string]any) {
	o.Helper()
	res, raw := o.Ask(method, path, body, append([]string{"Authorization", "Bearer " + o.Token}, header...)...)
	var out map[string]any
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			o.Fatalf("%s %s: %v in %s", method, path, err, raw)
		}
	}
	return res.StatusCode, out
}
