package demo_test

import (
	"context"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	"statuspage/server/app/apptest"
	"statuspage/server/config"
	"statuspage/server/demo"
	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/status"
)

// TestTheDemonstrationsMonitorsReachTheirTargetAndNothingElseHere, also after a start at which the target is elsewhere.
func TestTheDemonstrationsMonitorsReachTheirTargetAndNothingElseHere(t *testing.T) {
	ctx := context.Background()
	quiet := func() time.Time { return time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC) } // nothing is shaky then
	target, err := demo.NewTarget(quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = target.Close() }()
	s := apptest.Start(t, func(c *config.Config) { c.MonitorBeside = target.Addr() })
	login, err := demo.Fill(ctx, s.App.DB, s.App.UseCases, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := target.Addr()
	for _, start := range []*demo.Login{login, nil} { // the first start, and a later one
		if err := demo.Watch(ctx, s.App.DB, s.App.UseCases, start, elsewhere, "local", time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	id, err := s.App.DB.OrgBySlug(ctx, "acme")
	if err != nil {
		t.Fatal(err)
	}
	org := s.App.DB.Org(id)
	for end := time.Now().Add(time.Minute); ; <-time.After(100 * time.Millisecond) {
		up, n, err := org.Monitors(ctx, store.MonitorFilter{State: "up"}, store.Span{Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		if n == 3 {
			if week, err := org.Metrics(ctx, up[0].ID, 300, 0, math.MaxInt64); err != nil || len(week) < 2000 {
				t.Errorf("%d buckets of a week, %v", len(week), err)
			}
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d monitors of the demonstration see their target", n)
		}
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	name, kind, address := "Elsewhere", string(status.TCPMonitor), ln.Addr().String()
	if _, err := s.App.UseCases.CreateMonitor(ctx, usecase.Caller{System: true}, id,
		usecase.MonitorText{Name: &name, Kind: &kind, Target: &address}); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; <-time.After(100 * time.Millisecond) {
		list, _, err := org.Monitors(ctx, store.MonitorFilter{Search: name}, store.Span{Limit: 1})
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		if seen := list[0].Window.Seen; len(seen) > 0 {
			if seen[0].OK || !strings.Contains(seen[0].Error, "public internet") {
				t.Errorf("another port of this machine: %+v", seen[0])
			}
			break
		}
		if time.Now().After(end) {
			t.Fatal("nobody looked")
		}
	}
	moved, err := demo.NewTarget(quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = moved.Close() }()
	if err := demo.Watch(ctx, s.App.DB, s.App.UseCases, nil, moved.Addr(), "local", time.Now()); err != nil {
		t.Fatal(err)
	}
	list, _, err := org.Monitors(ctx, store.MonitorFilter{Search: moved.Addr().String()}, store.Span{Limit: 10})
	if err != nil || len(list) != 3 {
		t.Errorf("%d monitors know where the target is now, %v", len(list), err)
	}
}
