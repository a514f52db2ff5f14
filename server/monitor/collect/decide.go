package collect

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"statuspage/server/notify"
	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// verdict is what became of a monitor's window.
type verdict struct {
	w store.Watched
	status.Verdict
	told bool // to the team, in the batch of the window
}

// monitor is a monitor as the primary knows it, with the window that it decides on; false for one that is gone.
func (c *Collector) monitor(ctx context.Context, orgID, id string) (store.Watched, bool) {
	k := key(orgID, id)
	c.mu.Lock()
	w := c.plan[k]
	c.mu.Unlock()
	var found store.Watched
	if w != nil {
		found = w.Watched
	} else {
		var err error
		if found, err = c.db.Org(orgID).Monitor(ctx, id); err != nil {
			return found, false
		}
	}
	if kept, there := c.windows[k]; there {
		found.Window = kept
	} else if now, err := c.db.Org(orgID).Monitor(ctx, id); err == nil {
		found.Window = now.Window
	} else {
		return found, false
	}
	return found, true
}

// Receive keeps results and decides what they mean: rows and windows are one batch, and what follows comes after it.
// The same results again change nothing.
func (c *Collector) Receive(ctx context.Context, looks []store.Look) error {
	c.deciding.Lock()
	defer c.deciding.Unlock()
	now, by := c.now(), map[string][]status.Observation{}
	c.note(looks)
	var order []string
	var late []status.Time
	var b store.Batch
	for i := range looks {
		l := &looks[i]
		l.At = min(l.At, now)
		bucket := bucketOf(l.At, minutes)
		if bucket < now-millis(keepLooks) { // the rest of its bucket may be gone
			c.Dropped.Add(1)
			continue
		}
		k := key(l.OrgID, l.Monitor)
		if by[k] == nil {
			order = append(order, k)
		}
		by[k] = append(by[k], l.Observation)
		b.AddLook(l)
		if settled(bucket, now) && !slices.Contains(late, bucket) {
			late = append(late, bucket)
			b.Late(bucket)
		}
	}
	return c.decide(ctx, &b, order, by, now)
}

// decide holds observations against windows, commits the batch with the windows, and then does what follows. The lock
// is held.
func (c *Collector) decide(ctx context.Context, b *store.Batch, order []string, by map[string][]status.Observation,
	now status.Time) error {
	var list []verdict
	for _, k := range order {
		orgID, id, _ := strings.Cut(k, "/")
		w, there := c.monitor(ctx, orgID, id)
		if !there {
			continue
		}
		w.Quiet = c.quiet(ctx, &w, by[k])
		v := status.Observe(w.Monitor, w.Window, by[k], now)
		if len(by[k]) > 0 || v.Changed {
			b.KeepWindow(orgID, id, &v.Window)
			list = append(list, verdict{w, v, false})
			c.tellTeam(ctx, b, k, &list[len(list)-1])
		}
	}
	if err := c.db.Do(ctx, b); err != nil {
		return err
	}
	for i := range list {
		k := key(list[i].w.OrgID, list[i].w.ID)
		c.windows[k] = list[i].Window
		if list[i].told {
			c.firing[k] = list[i].Firing
			c.cases.Told()
		}
		c.follow(ctx, k, &list[i])
	}
	return nil
}

// quiet says that a monitor's service is under maintenance. It is asked only where something fails.
func (c *Collector) quiet(ctx context.Context, w *store.Watched, list []status.Observation) bool {
	fails := w.Window.Held == status.MonitorDown
	for i := range list {
		fails = fails || !list[i].OK
	}
	return fails && w.Service != "" && c.cases.UnderMaintenance(ctx, w.OrgID, w.Service)
}

// tellTeam puts into the window's batch that the team hears of a change. Of what is proposed it hears by the proposal.
func (c *Collector) tellTeam(ctx context.Context, b *store.Batch, k string, v *verdict) {
	m := &v.w.Monitor
	n := &notify.TeamNote{Source: m.ID, Monitor: m.Name, Since: v.Window.Since, Regions: v.Regions, Error: v.Error}
	switch {
	case v.Firing && !c.firing[k] && m.Action != status.Propose:
		n.Event, n.Title = "down", m.Name+" is down"
	case v.Clear && v.Changed:
		n.Event, n.Title = store.Up, m.Name+" is up again"
	default:
		return
	}
	v.told = true
	n.Service, _ = c.cases.ServiceName(ctx, v.w.OrgID, m.Service) // "" where there is none
	c.cases.Fires(b, v.w.OrgID, n)
}

// follow does what a verdict asks for, once.
func (c *Collector) follow(ctx context.Context, k string, v *verdict) {
	want := ""
	switch {
	case v.Firing:
		want = "firing"
	case v.Clear:
		want = "clear"
	}
	if want == "" || c.told[k] == want || v.w.Action == status.ShowOnly && want == "firing" {
		return
	}
	s, by := c.signal(ctx, v), usecase.Caller{System: true, Monitor: "Monitor " + v.w.Name}
	out, err := c.cases.Signal(ctx, by, v.w.OrgID, s)
	if err != nil {
		slog.Warn("what a monitor saw could not be acted on", "monitor", v.w.ID, "error", err)
		return
	}
	if want == "clear" || out.Result == "opened" || out.Result == "proposed" || out.Result == "unchanged" {
		c.told[k] = want
	}
	if out.Result != "unchanged" {
		slog.Info("monitor", "monitor", v.w.ID, "organization", v.w.OrgID, "state", string(v.Window.State), "result",
			out.Result)
	}
}

// signal puts a verdict into words, those of its template where there is one.
func (c *Collector) signal(ctx context.Context, v *verdict) usecase.Signal {
	m := &v.w.Monitor
	s := usecase.Signal{Source: status.Source{Kind: "monitor", ID: m.ID, Fingerprint: m.ID}, Firing: v.Firing,
		Service: m.Service, To: m.To,
		Action: m.Action, Once: true, HoldOff: time.Duration(m.HoldOff) * time.Second}
	if !v.Firing {
		s.Title = m.Name + " is up again"
		s.Body = "The monitor " + plain(m.Name) + " sees it work again."
		return s
	}
	service := m.Name
	if svc, err := c.cases.ServiceName(ctx, v.w.OrgID, m.Service); err == nil {
		service = svc
	}
	blanks := map[string]string{"service": service, "monitor": m.Name, "since": v.Window.Since.String(),
		"regions": strings.Join(v.Regions, ", "), "error": v.Error, "last_error": v.Error}
	s.Title = service + " is not available"
	s.Body = "Our monitoring has found a problem with " + plain(service) + " since " + v.Window.Since.String() +
		". We are looking into it."
	if t, err := c.db.Org(v.w.OrgID).Template(ctx, m.Template); m.Template != "" && err == nil {
		value := func(name string) (string, bool) {
			text, is := blanks[strings.ToLower(strings.TrimSpace(name))]
			return plain(text), is
		}
		if t.Title != "" {
			s.Title = status.Filled(t.Title, func(name string) (string, bool) {
				text, is := blanks[strings.ToLower(strings.TrimSpace(name))]
				return text, is
			})
		}
		s.Body = status.Filled(t.Body, value)
	}
	s.Title = status.Tidy(s.Title, status.TitleMax)
	return s
}

// plain keeps somebody's words from being Markdown.
func plain(text string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "[", `\[`, "`", "\\`", "<", `\<`, "#", `\#`).
		Replace(text)
}

// silent finds what nobody has spoken of for too long.
func (c *Collector) silent(ctx context.Context) {
	c.mu.Lock()
	var order []string
	there := make(map[string]bool, len(c.plan))
	for k, w := range c.plan {
		there[k] = true
		if w.Kind != status.HeartbeatMonitor && !w.Paused {
			order = append(order, k)
		}
	}
	c.mu.Unlock()
	c.deciding.Lock()
	defer c.deciding.Unlock()
	for k := range c.windows {
		if !there[k] { // it is gone, or so new that its window is read again
			delete(c.windows, k)
			delete(c.told, k)
			delete(c.firing, k)
		}
	}
	var quiet []string
	for _, k := range order {
		if _, there := c.windows[k]; there {
			quiet = append(quiet, k)
		}
	}
	for len(quiet) > 0 && ctx.Err() == nil {
		n := min(len(quiet), batch)
		var b store.Batch
		if err := c.decide(ctx, &b, quiet[:n], nil, c.now()); err != nil {
			slog.Warn("monitors' silence cannot be kept", "error", err)
			return
		}
		quiet = quiet[n:]
	}
}

// heartbeats finds the programs that should have told by now that they are alive.
func (c *Collector) heartbeats(ctx context.Context) {
	c.mu.Lock()
	var list []store.Watched
	for _, w := range c.plan {
		if w.Kind == status.HeartbeatMonitor && !w.Paused {
			list = append(list, w.Watched)
		}
	}
	c.mu.Unlock()
	now := c.now()
	var missed []store.Look
	c.deciding.Lock()
	for i := range list {
		w, there := c.monitor(ctx, list[i].OrgID, list[i].ID)
		if !there {
			continue
		}
		c.windows[key(w.OrgID, w.ID)] = w.Window
		last := max(w.UpdatedAt, w.CreatedAt)
		for _, s := range w.Window.Seen {
			last = max(last, s.At)
		}
		if after := now - last; after > status.Time(w.Interval*1000+lateness.Milliseconds()) {
			missed = append(missed, store.Look{OrgID: w.OrgID, Monitor: w.ID,
				Observation: status.Observation{Region: c.opts.Region, At: now,
					Error: "no sign of life within " + wire.Itoa(w.Interval) + " s", Reached: true}})
		}
	}
	c.deciding.Unlock()
	if len(missed) > 0 {
		if err := c.Receive(ctx, missed); err != nil && ctx.Err() == nil {
			slog.Warn("missing heartbeats cannot be kept", "error", err)
		}
	}
}

// lateness is how late a sign of life may come.
const lateness = 2 * time.Second
