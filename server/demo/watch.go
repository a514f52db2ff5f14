package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/status"
)

// Target is a small server on this machine that the demonstration's monitors look at: what is healthy, what is slow,
// and what fails for five minutes of every hour.
type Target struct {
	server *http.Server
	addr   netip.AddrPort
}

// NewTarget listens on a free port of loopback, where only this machine is.
func NewTarget(now func() time.Time) (*Target, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	at, err := netip.ParseAddrPort(ln.Addr().String())
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	mux := http.NewServeMux()
	for i := range watches {
		w := &watches[i]
		mux.HandleFunc("GET "+w.path, func(rw http.ResponseWriter, r *http.Request) {
			at := now()
			select {
			case <-time.After(time.Duration(w.ms(at)) * time.Millisecond):
			case <-r.Context().Done():
				return
			}
			if w.shaky && shaky(at) {
				rw.WriteHeader(http.StatusServiceUnavailable)
				_, _ = io.WriteString(rw, `{"status":"failing","error":"the queue is full"}`)
				return
			}
			_, _ = io.WriteString(rw, `{"status":"ok"}`)
		})
	}
	t := &Target{addr: at, server: &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}}
	go func() { _ = t.server.Serve(ln) }() // it ends with Close
	return t, nil
}

// Addr is where it listens: the one address beside the public internet that the demonstration's monitors may reach.
func (t *Target) Addr() netip.AddrPort { return t.addr }

// Close ends it.
func (t *Target) Close() error { return t.server.Close() }

// shaky says whether what fails now and then fails at a moment: from ten to five minutes before each full hour.
func shaky(at time.Time) bool { return at.Minute() >= 50 && at.Minute() < 55 }

// watch is a monitor of the demonstration.
type watch struct {
	name, path, service string
	middle, swing       float64 // of its answers, in milliseconds
	shaky               bool
	action              status.MonitorAction
	to                  status.ServiceStatus
}

var watches = []watch{
	{name: "API health", path: "/healthy", service: "REST API", middle: 42, swing: 12, action: status.Act,
		to: status.Major},
	{name: "Search queries", path: "/slow", service: "Search", middle: 480, swing: 160, action: status.Propose,
		to: status.Degraded},
	{name: "Mail queue", path: "/shaky", service: "Email Delivery", middle: 90, swing: 30, shaky: true,
		action: status.Act,
		to:     status.Degraded},
}

// ms is how long an answer takes at a moment: it swings with the day, and trembles.
func (w *watch) ms(at time.Time) int64 {
	day := float64(at.Unix()%86400) / 86400
	tremble := math.Sin(float64(at.Unix()/60)*12.9898+w.middle) * 43758.5453
	tremble -= math.Floor(tremble)
	return int64(w.middle + w.swing*math.Sin(2*math.Pi*(day-0.3)) + w.swing*(tremble-0.5))
}

// Watch makes the demonstration's monitors with the response times of the last weeks, and at later starts tells those
// that are still there where the target listens now.
func Watch(ctx context.Context, db *store.DB, d *usecase.UseCases, login *Login, at netip.AddrPort, region string,
	now time.Time) error {
	by := usecase.Caller{System: true, Address: "demonstration"}
	if login != nil {
		return login.watch(ctx, db, d, by, at, region, now)
	}
	orgID, err := db.OrgBySlug(ctx, "acme")
	if errors.Is(err, store.ErrNone) {
		return nil // somebody removed it
	}
	if err != nil {
		return err
	}
	org := db.Org(orgID)
	there, _, err := org.Monitors(ctx, store.MonitorFilter{}, store.Span{Limit: 1000})
	if err != nil {
		return err
	}
	for i := range there {
		for _, w := range watches {
			target := "http://" + at.String() + w.path
			old := there[i].Target
			if !strings.HasPrefix(old, "http://127.0.0.1:") || !strings.HasSuffix(old, w.path) || old == target {
				continue
			}
			if _, err := d.EditMonitor(ctx, by, orgID, there[i].ID, usecase.MonitorText{Target: &target}); err != nil {
				return fmt.Errorf("tell a monitor of the demonstration where its target is: %w", err)
			}
		}
	}
	return nil
}

// watch makes the monitors.
func (l *Login) watch(ctx context.Context, db *store.DB, d *usecase.UseCases, by usecase.Caller, at netip.AddrPort,
	region string, now time.Time) error {
	for i := range watches {
		w := &watches[i]
		id, target, action, to := l.services[w.service], "http://"+at.String()+w.path, string(w.action), string(w.to)
		interval, shown := int64(20), true
		m, err := d.CreateMonitor(ctx, by, l.org, usecase.MonitorText{Name: &w.name, Target: &target, Service: &id,
			Interval: &interval, Action: &action, To: &to, Shown: &shown})
		if err != nil {
			return fmt.Errorf("make a monitor of the demonstration: %w", err)
		}
		if err := w.remember(ctx, db, l.org, m.ID, region, now); err != nil {
			return err
		}
	}
	return nil
}

// remember keeps what it would have measured: each five minutes of the last week, and each day of ninety.
func (w *watch) remember(ctx context.Context, db *store.DB, orgID, id, region string, now time.Time) error {
	var b store.Batch
	for _, x := range []struct{ span, ago time.Duration }{{5 * min, 7 * day}, {day, 90 * day}} {
		for at := now.Add(-x.ago).Truncate(x.span); at.Add(x.span).Before(now); at = at.Add(x.span) {
			m := store.Measured{At: status.Time(at.UnixMilli()), Region: region,
				Count: int64(x.span / (20 * time.Second))}
			middle := w.ms(at)
			m.Min, m.P50, m.P95, m.Max = middle*7/10, middle, middle*13/10, middle*16/10
			if w.shaky && x.span == day {
				m.Failed = m.Count / 12
			} else if w.shaky && shaky(at) {
				m.Failed, m.Min, m.P50, m.P95, m.Max = m.Count, 0, 0, 0, 0
			}
			b.KeepMeasured(orgID, id, int64(x.span/time.Second), &m)
			if b.Len() >= 500 {
				if err := db.Do(ctx, &b); err != nil {
					return err
				}
				b = store.Batch{}
			}
		}
	}
	return db.Do(ctx, &b)
}
