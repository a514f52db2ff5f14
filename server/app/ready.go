package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"statuspage/server/store"
)

// appendLag writes the age of what this region shows, in seconds with milliseconds; "unknown" before anything has
// arrived.
func appendLag(to []byte, lag time.Duration) []byte {
	if lag > 1000*time.Hour {
		return append(to, "unknown"...)
	}
	return strconv.AppendFloat(to, lag.Seconds(), 'f', 3, 64)
}

// ready says whether this process can do its work: database, schema, relay.
func (a *App) ready(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), 3*time.Second)
	defer cancel()
	report := fiber.Map{"region": a.region.Name, "primary": a.region.Primary, "primary_region": a.cfg.PrimaryName(),
		"version": a.cfg.Version, "lag_seconds": nil, "sockets": a.Rooms.Count().Open.Load(),
		"database": "ok", "migrations": "ok", "relay": "ok", "clock": "ok"}
	ok := true
	fail := func(part string, why any) { report[part], ok = fmt.Sprint(why), false }
	if err := a.DB.Reachable(ctx); err != nil {
		fail("database", troubleOf(err))
		fail("migrations", "unknown")
	} else if done, err := a.DB.Migrated(ctx); err != nil || !done {
		fail("migrations", "missing")
	}
	if t := a.DB.Trouble(); t != "" && report["database"] == "ok" {
		fail("database", t)
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
	if off := a.clock.Refused().Round(time.Second); off > 0 {
		fail("clock", "ahead by "+off.String())
	} else if off < 0 {
		fail("clock", "behind by "+(-off).String())
	}
	if a.region.Primary {
		report["durability"] = a.durability.now()
	}
	report["epoch"], report["events"] = a.Relay.Epoch(), a.Relay.Gauge().Events.Load()
	a.reached(report)
	report["ready"] = ok
	c.Set(fiber.HeaderCacheControl, "no-store")
	if !ok {
		c.Status(http.StatusServiceUnavailable)
	}
	return c.JSON(report)
}

// reached says how far this region is in what the primary wrote, whenever it is asked: its newest event and the newest
// beat of the primary's clock. Of two regions the one that has more is known by it. And what time it is here.
func (a *App) reached(report fiber.Map) {
	report["event"], report["beat"], report["time"] = a.Relay.Last(), nil, a.now().UTC().Format(milliseconds)
	if at := a.Relay.Beat(); !at.IsZero() {
		report["beat"] = at.UTC().Format(milliseconds)
	}
}

// milliseconds is RFC 3339 with as many as are known.
const milliseconds = "2006-01-02T15:04:05.000Z07:00"

// troubleOf is the word for a database that cannot be asked.
func troubleOf(err error) store.Trouble {
	var f *store.Failure
	if errors.As(err, &f) {
		return f.Trouble
	}
	return store.Unreachable
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

// heard tells how old each region's newest result of a monitor is, at the primary.
type heard struct {
	ages func() map[string]time.Duration
}

var heardOf = prometheus.NewDesc("statuspage_monitor_region_age_seconds",
	"Age of the newest result that a region brought.", []string{"region"}, nil)

// Describe is of prometheus.Collector.
func (h heard) Describe(to chan<- *prometheus.Desc) { to <- heardOf }

// Collect is of prometheus.Collector.
func (h heard) Collect(to chan<- prometheus.Metric) {
	for region, age := range h.ages() {
		to <- prometheus.MustNewConstMetric(heardOf, prometheus.GaugeValue, age.Seconds(), region)
	}
}

func (a *App) metrics() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	gauge := func(name, help string, read func() float64) {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "statuspage", Name: name,
			Help: help}, read))
	}
	counter := func(name, help string, read func() int64) {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "statuspage", Name: name,
			Help: help}, func() float64 { return float64(read()) }))
	}
	gauge("lag_seconds", "Age of what this region shows.", func() float64 { return a.Relay.Lag().Seconds() })
	gauge("primary", "1 where this region writes.", func() float64 {
		if a.region.Primary {
			return 1
		}
		return 0
	})
	gauge("clock_refused_seconds", "By how much the machine's clock differs from what other clocks allow; 0 is "+
		"believed.", func() float64 { return a.clock.Refused().Seconds() })
	gauge("sockets", "Open WebSockets.", func() float64 { return float64(a.Rooms.Count().Open.Load()) })
	gauge("socket_queue_bytes", "Bytes on their way to slow readers, what several share counted once.",
		func() float64 { return float64(a.Rooms.Queued()) })
	gauge("pages", "Pages held in memory.", func() float64 { return float64(a.Relay.Gauge().Pages.Load()) })
	gauge("pages_held", "Pages that are kept as they were, since a part of them cannot be read.",
		func() float64 { return float64(a.Relay.Gauge().Held.Load()) })
	counter("unreadable_total", "Rows that could not be read, each once.", a.DB.UnreadableRows)
	counter("frames_sent_total", "WebSocket messages handed to clients.", a.Rooms.Count().Sent.Load)
	counter("slow_clients_total", "Clients closed with 4408.", a.Rooms.Count().Slow.Load)
	counter("front_answers_total", "Public documents that were given before the router, as they had been before.",
		a.front.Hits)
	counter("refused_total", "Requests that were refused since too many were worked on.", a.gate.Refused)
	gauge("requests", "Requests that are worked on.", func() float64 { return float64(a.gate.Working()) })
	counter("events_total", "Events read from the log.", a.Relay.Gauge().Events.Load)
	counter("polls_total", "Polls of the log.", a.Relay.Gauge().Polls.Load)
	counter("poll_failures_total", "Polls that failed.", a.Relay.Gauge().Failures.Load)
	counter("deliveries_sent_total", "Messages that subscribers got.", a.Notify.Count().Sent.Load)
	counter("deliveries_failed_total", "Tries that went wrong and are made again.", a.Notify.Count().Failed.Load)
	counter("deliveries_dead_total", "Messages that were given up.", a.Notify.Count().Dead.Load)
	counter("queries_total", "Reads of the database.", a.DB.Queries)
	gauge("database_trouble", "1 while the database takes no writes.", func() float64 {
		if a.DB.Trouble() != "" {
			return 1
		}
		return 0
	})
	gauge("database_stalled", "1 when no write has succeeded for 10 s. While reads are answered: libsql-server's "+
		"write queue is locked up, restart sqld at the primary.", func() float64 {
		if a.DB.Trouble() == store.Stalled {
			return 1
		}
		return 0
	})
	gauge("monitors", "Monitors that run in this region.", func() float64 { return float64(a.monitors.Planned()) })
	counter("monitor_looks_total", "Looks of monitors from this region.", a.monitors.Looks.Load)
	counter("monitor_failed_total", "Those of them that failed.", a.monitors.Failed.Load)
	counter("monitor_dropped_total", "Results that were given up, since too many waited for the primary.",
		a.monitors.Dropped.Load)
	gauge("monitor_waiting", "Results that wait for the primary.",
		func() float64 { return float64(a.monitors.Waiting.Load()) })
	gauge("monitor_late_seconds", "By how much the look that waits the longest is overdue.",
		func() float64 { return a.monitors.Late().Seconds() })
	if a.region.Primary {
		registry.MustRegister(heard{a.monitors.Heard})
		gauge("database_durable", "1 where the database syncs each commit, 0 where a power cut at its host may take "+
			"back what was acknowledged, or the database does not say.", func() float64 {
			if a.durability.now() == store.Strong {
				return 1
			}
			return 0
		})
	}
	counter("batches_failed_total", "Writes that the database did not take.", a.DB.FailedWrites)
	counter("batches_total", "Writes sent to the database.", a.DB.Batches)
	return registry
}
