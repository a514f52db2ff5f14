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
	// forgetAtOnce is how many rows of each table go in one batch, and forgetBatches how many batches in a minute.
	forgetAtOnce  = 1_000
	forgetBatches = 200
	// forgetAlerts is after how many minutes what alerts and proposals there were is looked at.
	forgetAlerts = 60
	// measureAtOnce is how many monitors one question measures of five minutes, and measureDays of a day.
	measureAtOnce = 100
	measureDays   = 5

	minutes = 5 * wire.Minute
	days    = wire.Day
)

func bucketOf(at, span status.Time) status.Time { return at - at%span }

func millis(d time.Duration) status.Time { return status.Time(d.Milliseconds()) }

// settled says that a bucket of five minutes is measured at a moment, or soon.
func settled(bucket, now status.Time) bool { return bucket+minutes+millis(settle) <= now }

// rank is a percentile of a sorted list: the smallest value that so many of a hundred do not exceed.
func rank(list []int64, percent int) int64 {
	return list[max((len(list)*percent+99)/100, 1)-1]
}

// joined makes buckets of a longer span of shorter ones. Their p50 is the median of the shorter ones' and their p95 the
// highest of them, since single results are not read again.
func joined(list []store.Measured, span status.Time) []store.Measured {
	type place struct {
		at     status.Time
		region string
	}
	var out []store.Measured
	places, middles := map[place]int{}, [][]int64{}
	for i := range list {
		m := list[i]
		m.At = bucketOf(m.At, span)
		k, there := places[place{m.At, m.Region}]
		if !there {
			k = len(out)
			places[place{m.At, m.Region}] = k
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
	list, err := org.Metrics(ctx, monitor, int64(span/1000), since, now+1)
	if err != nil {
		return nil, err
	}
	from := max(since, bucketOf(now-millis(keepLooks), span))
	if n := len(list); n > 0 {
		from = list[n-1].At + span
	}
	fresh, err := org.Measure(ctx, monitor, span, from, now+1)
	if err != nil {
		return nil, err
	}
	list = append(list, fresh...)
	if of == "7d" {
		list = joined(list, wire.Hour)
	}
	return list, nil
}

// RollUp keeps what finished buckets come to, and forgets what is too old. What came late is measured again.
func (c *Collector) RollUp(ctx context.Context) {
	now := c.now()
	c.mu.Lock()
	none := len(c.plan) == 0
	c.mu.Unlock()
	if c.turns++; none && c.turns%forgetAlerts != 0 { // alerts of others are forgotten, too
		return
	}
	if err := c.roll(ctx, now); err != nil { // then nothing is forgotten that it was to be made of
		if ctx.Err() == nil {
			slog.Warn("what monitors measured cannot be rolled up", "error", err)
		}
		return
	}
	if err := c.forget(ctx, now); err != nil && ctx.Err() == nil {
		slog.Warn("what monitors saw long ago stays", "error", err)
	}
}

func (c *Collector) roll(ctx context.Context, now status.Time) error {
	due, late, err := c.dueMinutes(ctx, now)
	if err != nil {
		return err
	}
	for _, at := range due {
		if err := c.measure(ctx, minutes, at, measureAtOnce); err != nil {
			c.deciding.Lock()
			c.rolled = min(c.rolled, at)
			c.deciding.Unlock()
			return err
		}
	}
	if err := c.rollDays(ctx, now, late); err != nil {
		return err
	}
	var b store.Batch
	for _, l := range late {
		b.Measured(l)
	}
	return c.db.Do(ctx, &b)
}

// dueMinutes says which buckets of five minutes are to be measured: those that are finished, and before them those that
// results came for since. Whoever receives results meanwhile finds them finished.
func (c *Collector) dueMinutes(ctx context.Context, now status.Time) (due []status.Time, late []store.LateBucket,
	err error) {
	c.deciding.Lock()
	defer c.deciding.Unlock()
	if late, err = c.db.LateBuckets(ctx); err != nil {
		return nil, nil, err
	}
	for _, l := range late {
		due = append(due, l.At)
	}
	if c.rolled == 0 {
		if c.rolled, err = c.db.LastMeasured(ctx, int64(minutes/1000)); err != nil {
			return nil, nil, err
		}
	}
	oldest, err := c.db.OldestLook(ctx, now)
	if err != nil {
		return nil, nil, err
	}
	from := max(c.rolled, bucketOf(oldest, minutes))
	for c.rolled = from; settled(c.rolled, now); {
		c.rolled += minutes
	}
	fresh, err := c.db.Buckets(ctx, minutes, from, c.rolled)
	if err != nil {
		c.rolled = from
		return nil, nil, err
	}
	for _, at := range fresh {
		if !slices.Contains(due, at) {
			due = append(due, at)
		}
	}
	return due, late, nil
}

// all lists the monitors that there are, in parts.
func (c *Collector) all(part int) [][]store.MonitorID {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]store.MonitorID, 0, len(c.plan))
	for _, w := range c.plan {
		list = append(list, store.MonitorID{OrgID: w.OrgID, ID: w.ID})
	}
	return slices.Collect(slices.Chunk(list, part))
}

// measure keeps what the results of a bucket come to, some monitors in each batch.
func (c *Collector) measure(ctx context.Context, span, at status.Time, part int) error {
	for _, some := range c.all(part) {
		list, err := c.db.Measure(ctx, some, span, at, at+span)
		if err != nil {
			return err
		}
		var b store.Batch
		for i := range list {
			b.KeepMeasured(list[i].OrgID, list[i].ID, int64(span/1000), &list[i].Measured)
		}
		if err := c.db.Do(ctx, &b); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// rollDays keeps what whole days came to, an hour after they have ended, and again when results came later for a day.
func (c *Collector) rollDays(ctx context.Context, now status.Time, late []store.LateBucket) error {
	done, err := c.db.LastDay(ctx)
	if err != nil || done == 0 {
		return err
	}
	due := []status.Time{}
	for _, l := range late {
		if day := bucketOf(l.At, days); day <= done && !slices.Contains(due, day) {
			due = append(due, day)
		}
	}
	newest := bucketOf(now-wire.Hour, days) - days
	for day := max(done+days, bucketOf(now-millis(keepMinutes), days)+days); day <= newest; day += days {
		due = append(due, day)
	}
	for _, day := range due {
		if day >= now-millis(keepLooks) {
			err = c.measure(ctx, days, day, measureDays)
		} else {
			err = c.joinDay(ctx, day)
		}
		if err != nil {
			return err
		}
		if day <= done {
			continue
		}
		var b store.Batch
		b.MeasuredDay(day)
		if err := c.db.Do(ctx, &b); err != nil {
			return err
		}
	}
	return nil
}

// joinDay makes a day of its five minutes, when its results are partly forgotten.
func (c *Collector) joinDay(ctx context.Context, day status.Time) error {
	for _, some := range c.all(measureDays) {
		var b store.Batch
		for _, m := range some {
			list, err := c.db.Org(m.OrgID).Metrics(ctx, m.ID, int64(minutes/1000), day, day+days)
			if err != nil {
				return err
			}
			list = joined(list, days)
			for i := range list {
				b.KeepMeasured(m.OrgID, m.ID, int64(days/1000), &list[i])
			}
		}
		if err := c.db.Do(ctx, &b); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// forget deletes what is too old, in small batches, so that other writers wait for none of them for long.
func (c *Collector) forget(ctx context.Context, now status.Time) error {
	results := bucketOf(now-millis(keepLooks), minutes) // a bucket goes whole: what is late for it is measured right
	fives, whole := now-millis(keepMinutes), now-millis(keepDays)
	for range forgetBatches {
		some, err := c.db.Outdated(ctx, results, fives, whole)
		if err != nil {
			return err
		}
		if !some || ctx.Err() != nil {
			break
		}
		var b store.Batch
		b.ForgetLooks(results, fives, whole, forgetAtOnce)
		if err := c.db.Do(ctx, &b); err != nil {
			return err
		}
	}
	if c.turns%forgetAlerts != 0 {
		return nil
	}
	var b store.Batch
	b.ForgetAlerts(now - millis(keepAlerts))
	return c.db.Do(ctx, &b)
}
