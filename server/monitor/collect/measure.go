package collect

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"statuspage/server/store"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const (
	keepLooks   = 48 * time.Hour
	keepMinutes = 8 * 24 * time.Hour
	keepDays    = 400 * 24 * time.Hour
	keepAlerts  = 90 * 24 * time.Hour
	// settle is how long a bucket waits for regions that are late.
	settle = time.Minute
	// forgetAtOnce is how many rows of each table go in one batch.
	forgetAtOnce = 5000

	minutes = 5 * wire.Minute
	days    = wire.Day
)

func bucketOf(at, span status.Time) status.Time { return at - at%span }

// measure is what results come to, by bucket and region, oldest first.
func measure(looks []store.Look, span status.Time) []store.Measured {
	type place struct {
		at     status.Time
		region string
	}
	var order []place
	failed, times := map[place]int64{}, map[place][]int64{}
	for i := range looks {
		l := &looks[i]
		p := place{bucketOf(l.At, span), l.Region}
		if _, there := failed[p]; !there {
			failed[p] = 0
			order = append(order, p)
		}
		if l.OK {
			times[p] = append(times[p], l.Ms)
		} else {
			failed[p]++
		}
	}
	slices.SortFunc(order, func(a, b place) int {
		if a.at != b.at {
			return int((a.at - b.at) / span)
		}
		if a.region < b.region {
			return -1
		}
		return 1
	})
	out := make([]store.Measured, 0, len(order))
	for _, p := range order {
		list := times[p]
		m := store.Measured{At: p.at, Region: p.region, Count: int64(len(list)) + failed[p], Failed: failed[p]}
		if slices.Sort(list); len(list) > 0 {
			m.Min, m.P50, m.P95, m.Max = list[0], rank(list, 50), rank(list, 95), list[len(list)-1]
		}
		out = append(out, m)
	}
	return out
}

// rank is a percentile of a sorted list: the smallest value that so many of a hundred do not exceed.
func rank(list []int64, percent int) int64 {
	return list[max((len(list)*percent+99)/100, 1)-1]
}

// joined makes buckets of a longer span of shorter ones. Their p50 is the median of the shorter ones' and their p95 the
// highest of them, since single results are not read again.
func joined(list []store.Measured, span status.Time) []store.Measured {
	var out []store.Measured
	middles := [][]int64{}
	for i := range list {
		m := list[i]
		m.At = bucketOf(m.At, span)
		k := slices.IndexFunc(out, func(o store.Measured) bool { return o.At == m.At && o.Region == m.Region })
		if k < 0 {
			k = len(out)
			out, middles = append(out, store.Measured{At: m.At, Region: m.Region}), append(middles, nil)
		}
		o := &out[k]
		if m.Count > m.Failed {
			if o.Count == o.Failed || m.Min < o.Min {
				o.Min = m.Min
			}
			o.Max, o.P95 = max(o.Max, m.Max), max(o.P95, m.P95)
			middles[k] = append(middles[k], m.P50)
		}
		o.Count, o.Failed = o.Count+m.Count, o.Failed+m.Failed
	}
	for k := range out {
		if slices.Sort(middles[k]); len(middles[k]) > 0 {
			out[k].P50 = rank(middles[k], 50)
		}
	}
	return out
}

// Ranges are what Metrics knows.
var Ranges = []string{"24h", "7d", "30d", "90d"}

// Metrics is what was measured of a monitor: in buckets of five minutes of 24 hours, of an hour of 7 days, of a day
// beyond. What is not rolled up yet is made of single results.
func Metrics(ctx context.Context, org *store.Org, monitor, of string, now status.Time) ([]store.Measured, error) {
	span, since := minutes, now-days
	switch of {
	case "7d":
		since = now - 7*days
	case "30d":
		span, since = days, bucketOf(now-29*days, days)
	case "90d":
		span, since = days, bucketOf(now-89*days, days)
	}
	list, err := org.Metrics(ctx, monitor, int64(span/1000), since)
	if err != nil {
		return nil, err
	}
	from := max(since, bucketOf(now-status.Time(keepLooks.Milliseconds()), span))
	if n := len(list); n > 0 {
		from = list[n-1].At + span
	}
	looks, err := org.LooksBetween(ctx, monitor, from, now+1)
	if err != nil {
		return nil, err
	}
	list = append(list, measure(looks, span)...)
	if of == "7d" {
		list = joined(list, wire.Hour)
	}
	return list, nil
}

// rollUp keeps what finished buckets come to, and forgets what is too old.
func (c *Collector) rollUp(ctx context.Context) {
	now := c.now()
	c.mu.Lock()
	none := len(c.plan) == 0
	c.mu.Unlock()
	if c.turns++; none && c.turns%60 != 0 { // alerts of others are forgotten, too
		return
	}
	if err := c.rollMinutes(ctx, now); err != nil && ctx.Err() == nil {
		slog.Warn("what monitors measured cannot be rolled up", "error", err)
		return
	}
	if err := c.rollDays(ctx, now); err != nil && ctx.Err() == nil {
		slog.Warn("what monitors measured in a day cannot be rolled up", "error", err)
	}
	var b store.Batch
	ago := func(d time.Duration) status.Time { return now - status.Time(d.Milliseconds()) }
	b.ForgetLooks(ago(keepLooks), ago(keepMinutes), ago(keepDays), forgetAtOnce)
	b.ForgetAlerts(ago(keepAlerts))
	if err := c.db.Do(ctx, &b); err != nil && ctx.Err() == nil {
		slog.Warn("what monitors saw long ago stays", "error", err)
	}
}

func (c *Collector) rollMinutes(ctx context.Context, now status.Time) error {
	c.deciding.Lock()
	if c.rolled == 0 {
		last, err := c.db.LastMeasured(ctx, int64(minutes/1000))
		if err != nil {
			c.deciding.Unlock()
			return err
		}
		c.rolled = max(last, bucketOf(now-status.Time(keepLooks.Milliseconds()), minutes))
	}
	var due []status.Time
	for at := range c.late {
		due = append(due, at)
	}
	clear(c.late)
	from := c.rolled
	for at := from; at+minutes+status.Time(settle.Milliseconds()) <= now; at += minutes {
		due, from = append(due, at), at+minutes
	}
	c.rolled = from
	c.deciding.Unlock()
	for _, at := range due {
		if err := c.rollOne(ctx, at); err != nil {
			c.deciding.Lock()
			for _, again := range due {
				c.late[again] = true
			}
			c.deciding.Unlock()
			return err
		}
	}
	return nil
}

func (c *Collector) rollOne(ctx context.Context, at status.Time) error {
	looks, err := c.db.AllLooks(ctx, at, at+minutes)
	if err != nil || len(looks) == 0 {
		return err
	}
	by := map[[2]string][]store.Look{}
	for i := range looks {
		k := [2]string{looks[i].OrgID, looks[i].Monitor}
		by[k] = append(by[k], looks[i])
	}
	var b store.Batch
	for k, list := range by {
		for _, m := range measure(list, minutes) {
			b.KeepMeasured(k[0], k[1], int64(minutes/1000), &m)
		}
		if b.Len() >= batch {
			if err := c.db.Do(ctx, &b); err != nil {
				return err
			}
			b = store.Batch{}
		}
	}
	return c.db.Do(ctx, &b)
}

// rollDays keeps what the last whole day came to, an hour after it has ended, monitor by monitor.
func (c *Collector) rollDays(ctx context.Context, now status.Time) error {
	day := bucketOf(now-wire.Hour, days) - days
	last, err := c.db.LastMeasured(ctx, int64(days/1000))
	if err != nil || last >= day {
		return err
	}
	c.mu.Lock()
	var list []store.Watched
	for _, w := range c.plan {
		list = append(list, w.Watched)
	}
	c.mu.Unlock()
	var b store.Batch
	for i := range list {
		looks, err := c.db.Org(list[i].OrgID).LooksBetween(ctx, list[i].ID, day, day+days)
		if err != nil {
			return err
		}
		for _, m := range measure(looks, days) {
			b.KeepMeasured(list[i].OrgID, list[i].ID, int64(days/1000), &m)
		}
	}
	return c.db.Do(ctx, &b) // of all monitors at once: half of a day is not taken for the whole
}
