package app_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"statuspage/server/app"
	"statuspage/server/config"
	"statuspage/server/usecase"
	"statuspage/shared/page"
)

func TestNothingIsWrittenAtATimeThatNobodyLivesIn(t *testing.T) {
	const year = 365 * 24 * time.Hour
	ctx, file := context.Background(), filepath.Join(t.TempDir(), "status.db")
	var skew atomic.Int64
	var a *app.App
	var stop func()
	var addr string
	start := func() {
		cfg := config.Default(config.Database{DatabaseURL: "file:" + file})
		var err error
		if a, err = app.New(ctx, cfg); err != nil {
			t.Fatal(err)
		}
		a.SetClock(func() time.Time { return time.Now().Add(time.Duration(skew.Load())) })
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		running, cancel := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() { done <- a.Serve(running, ln) }()
		addr, stop = ln.Addr().String(), func() { cancel(); <-done }
	}
	start()
	defer func() { stop() }()
	org, err := a.UseCases.CreateOrg(ctx, usecase.Caller{System: true}, "acme", "Acme", a.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(20 * time.Second); ; { // until the clock has been written down
		if mark, err := a.DB.LastMark(ctx); err == nil && !mark.At.IsZero() || time.Now().After(until) {
			break
		}
	}
	ready := func() (code int, clock string) {
		res, err := http.Get("http://" + addr + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		var report struct{ Clock string }
		if err := json.NewDecoder(res.Body).Decode(&report); err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, report.Clock
	}
	for _, c := range []struct {
		name    string
		skew    time.Duration
		restart bool
		says    string
	}{
		{"five years ahead", 5 * year, false, "ahead by 43800h0m0s"},
		{"five years ahead, and restarted", 5 * year, true, "ahead by 43800h0m0s"},
		{"right again", 0, false, "ok"},
		{"five years back", -5 * year, false, "behind by 43800h0m0s"},
		{"five years back, and restarted", -5 * year, true, "behind by 43800h0m0s"},
		{"right again, and restarted", 0, true, "ok"},
		{"half a minute ahead", 30 * time.Second, false, "ok"},
	} {
		skew.Store(int64(c.skew))
		if c.restart {
			stop()
			start()
		}
		if _, err := a.UseCases.Change(ctx, usecase.Caller{System: true}, org,
			&page.CreateService{Name: c.name}); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		p, err := a.Relay.Page(ctx, org)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range p.State.Services {
			if off := time.Since(time.UnixMilli(int64(s.CreatedAt))); s.Name == c.name && off.Abs() > 2*time.Minute {
				t.Errorf("%s: it was written %v off", c.name, off)
			}
		}
		if _, clock := ready(); clock != c.says {
			t.Errorf("%s: /readyz says %q, not %q", c.name, clock, c.says)
		}
	}
}
