// Package collect runs monitors: every region looks at its targets, and the primary keeps what they saw and decides
// what it means. Results are no events; what they cause is.
package collect

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"statuspage/server/monitor/prober"
	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/fault"
	"statuspage/shared/status"
)

const (
	// maxAtOnce is how many looks a process takes at once, and maxOfOne how many of them are one organisation's.
	maxAtOnce = 200
	maxOfOne  = 40
	// maxBuffer is how many results wait for the primary; of more, the oldest are dropped.
	maxBuffer = 50_000
	// batch is how many results go at once, and batchBytes how many bytes their texts have: written as JSON they are
	// less than region.MaxBody, which the primary takes.
	batch      = 500
	batchBytes = 130_000

	scheduleEvery = 200 * time.Millisecond
	readEvery     = time.Second
	flushEvery    = 2 * time.Second
	silenceEvery  = 5 * time.Second
	firstWithin   = 2 * time.Second // the first look of a monitor that is new, or was changed
	startWithin   = time.Minute     // the first looks of a process that starts
	blindWithin   = 2 * time.Minute
)

// Options are what a Collector is made with.
type Options struct {
	Region     string
	Primary    bool
	PrimaryURL string // where results go from elsewhere
	Now        func() time.Time
	Mark       func() string // another one whenever monitors have changed; "" is none yet
}

// Collector runs the monitors of a region.
type Collector struct {
	db     *store.DB
	cases  *usecase.UseCases
	prober *prober.Prober
	opts   Options
	client *http.Client

	mu     sync.Mutex
	mark   string
	plan   map[string]*watched // by organisation and id
	buffer []store.Look
	busy   map[string]int // looks under way, by organisation
	active int
	looks  sync.WaitGroup

	heard map[string]status.Time // the newest result of each region, at the primary
	skews map[string]status.Time // by how much the clock of a region differs

	deciding sync.Mutex
	windows  map[string]status.Window
	told     map[string]string // what was done last: firing or clear
	firing   map[string]bool   // what the team knows
	rolled   status.Time
	turns    int           // of RollUp
	previews chan struct{} // has an element for each that is made

	// Looks, Failed, Dropped and Waiting are for /metrics.
	Looks, Failed, Dropped, Waiting atomic.Int64
}

// watched is a monitor as it is run here.
type watched struct {
	store.Watched
	headers map[string]string
	due     time.Time
	running bool
	last    status.Observation
}

// New makes one; nothing runs before Run.
func New(db *store.DB, cases *usecase.UseCases, p *prober.Prober, opts Options) *Collector {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	return &Collector{db: db, cases: cases, prober: p, opts: opts, client: &http.Client{Timeout: 10 * time.Second},
		plan: map[string]*watched{}, heard: map[string]status.Time{}, skews: map[string]status.Time{},
		busy:    map[string]int{},
		windows: map[string]status.Window{}, told: map[string]string{}, firing: map[string]bool{},
		previews: make(chan struct{}, previewsAtOnce)}
}

func (c *Collector) now() status.Time { return status.Time(c.opts.Now().UnixMilli()) }

func key(orgID, id string) string { return orgID + "/" + id }

// Run looks until the context ends.
func (c *Collector) Run(ctx context.Context) {
	ctx = store.Unasked(ctx)
	var all sync.WaitGroup
	all.Go(func() { c.every(ctx, readEvery, c.Read) })
	all.Go(func() { c.every(ctx, scheduleEvery, c.schedule) })
	all.Go(func() { c.every(ctx, flushEvery, c.flush) })
	if c.opts.Primary {
		all.Go(func() { c.every(ctx, time.Second, c.heartbeats) })
		all.Go(func() { c.every(ctx, silenceEvery, c.silent) })
		all.Go(func() { c.every(ctx, time.Minute, c.RollUp) })
	}
	all.Wait()
	c.looks.Wait()
}

func (c *Collector) every(ctx context.Context, interval time.Duration, task func(context.Context)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		task(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Read takes in which monitors there are, when they have changed.
func (c *Collector) Read(ctx context.Context) {
	mark := c.opts.Mark()
	c.mu.Lock()
	same := mark == c.mark
	c.mu.Unlock()
	if same {
		return
	}
	list, err := c.db.Watched(ctx)
	if err != nil {
		if ctx.Err() == nil {
			slog.Warn("the monitors cannot be read", "error", err)
		}
		return
	}
	now := c.opts.Now()
	plan := make(map[string]*watched, len(list))
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range list {
		w := &watched{Watched: list[i]}
		k := key(w.OrgID, w.ID)
		if before := c.plan[k]; before != nil && before.Version == w.Version {
			plan[k] = before
			continue
		}
		if w.headers, err = c.cases.HeadersOf(&w.Watched); err != nil {
			slog.Warn("a monitor's headers cannot be opened", "monitor", w.ID, "error", err)
		}
		within := min(time.Duration(w.Interval)*time.Second, startWithin)
		if now.UnixMilli()-int64(w.UpdatedAt) < startWithin.Milliseconds() {
			within = firstWithin
		}
		w.due = now.Add(jitter(k, within))
		plan[k] = w
	}
	c.plan, c.mark = plan, mark
}

// jitter spreads monitors: the same one always by the same part of an interval.
func jitter(k string, of time.Duration) time.Duration {
	sum := sha256.Sum256([]byte(k)) // of which all bits differ when one letter does
	return time.Duration(uint64(of.Milliseconds())*uint64(binary.BigEndian.Uint32(sum[:]))>>32) * time.Millisecond
}

// schedule begins what is due, as far as there is room.
func (c *Collector) schedule(ctx context.Context) {
	now := c.opts.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	for k, w := range c.plan {
		if w.running || now.Before(w.due) || !w.Runs(c.opts.Region) {
			continue
		}
		if c.active >= maxAtOnce {
			return
		}
		if c.busy[w.OrgID] >= maxOfOne {
			continue
		}
		w.running = true
		w.due = next(k, now, time.Duration(w.Interval)*time.Second)
		c.active++
		c.busy[w.OrgID]++
		c.looks.Go(func() { c.look(ctx, w) })
	}
}

// next is when a monitor looks again: once in each interval, at its own part of it, and not sooner than half an
// interval from now.
func next(k string, now time.Time, interval time.Duration) time.Time {
	soonest := now.Add(interval/2 - jitter(k, interval))
	return soonest.Add(interval - 1).Truncate(interval).Add(jitter(k, interval))
}

func (c *Collector) look(ctx context.Context, w *watched) {
	at := c.now()
	a := c.prober.Look(ctx, &w.Monitor, w.headers)
	c.mu.Lock()
	defer c.mu.Unlock()
	w.running = false
	c.active--
	if c.busy[w.OrgID]--; c.busy[w.OrgID] == 0 {
		delete(c.busy, w.OrgID)
	}
	if ctx.Err() != nil {
		return // what was cut off says nothing
	}
	c.Looks.Add(1)
	if !a.OK {
		c.Failed.Add(1)
	}
	w.last = status.Observation{Region: c.opts.Region, At: at, OK: a.OK, Ms: a.Ms, Error: a.Error, Reached: a.Reached}
	c.put(store.Look{OrgID: w.OrgID, Monitor: w.ID, Observation: w.last, Body: a.Body})
}

// put buffers results; the lock is held.
func (c *Collector) put(list ...store.Look) {
	c.buffer = append(c.buffer, list...)
	if over := len(c.buffer) - maxBuffer; over > 0 {
		c.buffer = append([]store.Look(nil), c.buffer[over:]...)
		c.Dropped.Add(int64(over))
	}
	c.Waiting.Store(int64(len(c.buffer)))
}

// blind says whether this region sees nothing at all.
func (c *Collector) blind() bool {
	var hosts []string
	var looks []status.Observation
	since := c.now() - status.Time(blindWithin.Milliseconds())
	for _, w := range c.plan {
		if w.last.At >= since {
			hosts, looks = append(hosts, w.Host()), append(looks, w.last)
		}
	}
	return status.Blind(hosts, looks)
}

// flush brings results to the primary, oldest first. What cannot be brought waits.
func (c *Collector) flush(ctx context.Context) {
	for ctx.Err() == nil {
		part := c.take()
		if len(part) == 0 {
			return
		}
		var err error
		if c.opts.Primary {
			err = c.Receive(ctx, part)
		} else {
			err = c.send(ctx, part)
		}
		if err == nil {
			continue
		}
		if ctx.Err() == nil {
			slog.Warn("results of monitors wait", "error", err, "waiting", c.Waiting.Load())
		}
		c.mu.Lock()
		c.buffer = append(part, c.buffer...)
		c.put()
		c.mu.Unlock()
		return
	}
}

// take takes the oldest results out.
func (c *Collector) take() []store.Look {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for bytes := 0; n < min(len(c.buffer), batch); n++ {
		if bytes += len(c.buffer[n].Error) + len(c.buffer[n].Body); bytes > batchBytes {
			break
		}
	}
	part := append([]store.Look(nil), c.buffer[:n]...)
	c.buffer = c.buffer[n:]
	c.Waiting.Store(int64(len(c.buffer)))
	if n > 0 && c.blind() {
		for i := range part {
			part[i].Blind = !part[i].OK
		}
	}
	return part
}

// Try looks once at a monitor, now and from here; nothing is kept.
func (c *Collector) Try(ctx context.Context, w *store.Watched) (store.Look, error) {
	headers, err := c.cases.HeadersOf(w)
	if err != nil {
		return store.Look{}, fault.New(fault.Conflict,
			"The headers cannot be opened here: they were sealed with another key.")
	}
	c.mu.Lock()
	full := c.active >= maxAtOnce || c.busy[w.OrgID] >= maxOfOne
	if !full {
		c.active++
		c.busy[w.OrgID]++
	}
	c.mu.Unlock()
	if full {
		no := fault.New(fault.RateLimited, "Too many looks are under way. Please try again.")
		no.RetryAfter = 1
		return store.Look{}, no
	}
	at := c.now()
	a := c.prober.Look(ctx, &w.Monitor, headers)
	c.mu.Lock()
	c.active--
	if c.busy[w.OrgID]--; c.busy[w.OrgID] == 0 {
		delete(c.busy, w.OrgID)
	}
	c.mu.Unlock()
	return store.Look{OrgID: w.OrgID, Monitor: w.ID, Body: a.Body,
		Observation: status.Observation{Region: c.opts.Region, At: at, OK: a.OK, Ms: a.Ms, Error: a.Error}}, nil
}

// Beat hears that a program is alive, or that it is not; ErrNone of store for a token that nobody has.
func (c *Collector) Beat(ctx context.Context, token string, ok bool, message string) error {
	w, err := c.db.Heartbeat(ctx, token)
	if err != nil || w.Paused {
		return err
	}
	return c.Receive(ctx, []store.Look{{OrgID: w.OrgID, Monitor: w.ID,
		Observation: status.Observation{Region: c.opts.Region, At: c.now(),
			OK: ok, Error: message, Reached: true, Certain: true}}})
}

var errNoPrimary = errors.New("nobody has said where the primary is (PRIMARY_URL)")
