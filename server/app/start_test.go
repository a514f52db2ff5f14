package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"statuspage/server/app"
	"statuspage/server/app/apptest"
	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/store/storetest"
	"statuspage/server/usecase"
)

// site is a running process on a file and a port of its own, which a restart keeps.
type site struct {
	t    testing.TB
	file string
	addr string
	app  *app.App
	stop func()
	set  func(*config.Config)
	made func(*app.App) // what is put in place of the world, before anything runs
}

// startSite runs the program as `serve` does. set may change its configuration.
func startSite(t testing.TB, set func(*config.Config)) *site {
	t.Helper()
	s := &site{t: t, file: filepath.Join(t.TempDir(), "status.db"), addr: "127.0.0.1:0", set: set}
	s.start()
	t.Cleanup(func() { s.stop() })
	return s
}

func (s *site) start() {
	s.t.Helper()
	cfg := config.Default(config.Database{DatabaseURL: "file:" + s.file})
	cfg.Addr, cfg.RelayInterval, cfg.PublicRate, cfg.PublicSockets = s.addr, 20*time.Millisecond, 10_000, 10_000
	cfg.Host.HashMemory = apptest.HashMemory
	if s.set != nil {
		s.set(&cfg)
	}
	if cfg.DatabaseURL == "file:"+s.file {
		storetest.Lay(s.t, s.file)
	}
	ln, err := net.Listen("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	if cfg.BaseURL == apptest.Itself {
		cfg.BaseURL = "http://" + ln.Addr().String()
	}
	ctx, cancel := context.WithCancel(context.Background())
	a, err := app.New(ctx, cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	if s.made != nil {
		s.made(a)
	}
	s.app = a
	if s.addr != ln.Addr().String() { // a restart keeps it, while others read it
		s.addr = ln.Addr().String()
	}
	done := make(chan error, 1)
	go func() { done <- a.Serve(ctx, ln) }()
	s.stop = func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Errorf("stop: %v", err)
		}
		s.stop = func() {}
	}
}

// tenant is an organisation with an admin.
type tenant struct {
	*site
	id, slug, token string
}

func (s *site) tenant(slug string) *tenant {
	s.t.Helper()
	ctx, by := context.Background(), usecase.Caller{System: true}
	id, err := s.app.UseCases.CreateOrg(ctx, by, slug, "The "+slug, time.Now(), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	email := "admin@" + slug + ".example"
	if _, err := s.app.UseCases.AddMember(ctx, by, id, usecase.NewMember{Email: email, Role: auth.Admin}); err != nil {
		s.t.Fatal(err)
	}
	token, err := s.app.UseCases.Token(ctx, slug, email, time.Hour)
	if err != nil {
		s.t.Fatal(err)
	}
	return &tenant{site: s, id: id, slug: slug, token: token}
}

var client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// send makes one request as the tenant's admin; body is marshalled unless it is nil.
func (c *tenant) send(method, path string, body any, header ...string) (int, map[string]any, error) {
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		in = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, "http://"+c.addr+path, in)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, nil, err
	}
	conforms(c.t, req, res, raw)
	var out map[string]any
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			return res.StatusCode, nil, fmt.Errorf("%w in %.200s", err, raw)
		}
	}
	return res.StatusCode, out, nil
}

// must is send for what has to succeed.
func (c *tenant) must(method, path string, body any) map[string]any {
	c.t.Helper()
	code, out, err := c.send(method, path, body)
	if err != nil || code >= 300 {
		c.t.Fatalf("%s %s: %d %v %v", method, path, code, out, err)
	}
	return out
}

func (c *tenant) service(name string) string {
	c.t.Helper()
	id, _ := c.must("POST", "/api/v1/services/", map[string]any{"name": name})["id"].(string)
	return id
}
