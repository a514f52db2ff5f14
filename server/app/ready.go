package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// lagText is the age of what this region shows, in seconds with milliseconds; "unknown" before anything has arrived.
func (a *App) lagText() string {
	lag := a.Relay.Lag()
	if lag > 1000*time.Hour {
		return "unknown"
	}
	return strconv.FormatFloat(lag.Seconds(), 'f', 3, 64)
}

// ready says whether this process can do its work: database, schema, relay.
func (a *App) ready(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), 3*time.Second)
	defer cancel()
	report := fiber.Map{"region": a.region.Name, "primary": a.region.Primary, "lag_seconds": nil, "sockets": a.Rooms.Count().Open.Load(),
		"database": "ok", "migrations": "ok", "relay": "ok"}
	ok := true
	fail := func(part string, why any) { report[part], ok = fmt.Sprint(why), false }
	if err := a.DB.Reachable(ctx); err != nil {
		fail("database", "unreachable")
		fail("migrations", "unknown")
	} else if done, err := a.DB.Migrated(ctx); err != nil || !done {
		fail("migrations", "missing")
	}
	lag := a.Relay.Lag()
	if lag < 1000*time.Hour {
		report["lag_seconds"] = lag.Seconds()
	}
	switch {
	case !a.Relay.Started():
		fail("relay", "not started")
	case lag > a.cfg.StaleAfter:
		fail("relay", "behind")
	}
	report["epoch"], report["events"] = a.Relay.Epoch(), a.Relay.Gauge().Events.Load()
	report["ready"] = ok
	c.Set(fiber.HeaderCacheControl, "no-store")
	if !ok {
		c.Status(http.StatusServiceUnavailable)
	}
	return c.JSON(report)
}

// serveMetrics answers GET /metrics on METRICS_ADDR, when there is one; the function ends it.
func (a *App) serveMetrics() (func() error, error) {
	if a.cfg.MetricsAddr == "" {
		return func() error { return nil }, nil
	}
	ln, err := net.Listen("tcp", a.cfg.MetricsAddr)
	if err != nil {
		return nil, fmt.Errorf("METRICS_ADDR: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.metrics(), promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(ln) }() // it ends with Close
	return server.Close, nil
}

func (a *App) metrics() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	gauge := func(name, help string, read func() float64) {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "statuspage", Name: name, Help: help}, read))
	}
	counter := func(name, help string, read func() int64) {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "statuspage", Name: name, Help: help}, func() float64 { return float64(read()) }))
	}
	gauge("lag_seconds", "Age of what this region shows.", func() float64 { return a.Relay.Lag().Seconds() })
	gauge("primary", "1 where this region writes.", func() float64 {
		if a.region.Primary {
			return 1
		}
		return 0
	})
	gauge("sockets", "Open WebSockets.", func() float64 { return float64(a.Rooms.Count().Open.Load()) })
	gauge("pages", "Pages held in memory.", func() float64 { return float64(a.Relay.Gauge().Pages.Load()) })
	counter("frames_sent_total", "WebSocket messages handed to clients.", a.Rooms.Count().Sent.Load)
	counter("slow_clients_total", "Clients closed with 4408.", a.Rooms.Count().Slow.Load)
	counter("events_total", "Events read from the log.", a.Relay.Gauge().Events.Load)
	counter("polls_total", "Polls of the log.", a.Relay.Gauge().Polls.Load)
	counter("poll_failures_total", "Polls that failed.", a.Relay.Gauge().Failures.Load)
	counter("deliveries_sent_total", "Messages that subscribers got.", a.Notify.Count().Sent.Load)
	counter("deliveries_failed_total", "Tries that went wrong and are made again.", a.Notify.Count().Failed.Load)
	counter("deliveries_dead_total", "Messages that were given up.", a.Notify.Count().Dead.Load)
	counter("queries_total", "Reads of the database.", a.DB.Queries)
	counter("batches_total", "Writes sent to the database.", a.DB.Batches)
	return registry
}
