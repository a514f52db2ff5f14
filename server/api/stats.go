package api

import (
	"slices"
	"time"

	"statuspage/server/relay"
	"statuspage/server/site/serve"
	"statuspage/server/store"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const (
	usualMonths = 12
	// MaxMonths is how many months of the past are counted.
	MaxMonths = 24
	// toldDays is how many days deliveries are counted: sent ones are kept for seven.
	toldDays = 7
)

// monthStats is one month of a page's past, in UTC.
type monthStats struct {
	month     string
	uptime    int64 // thousandths of a percent, -1 where nothing is known
	incidents int64 // that were opened
	resolve   []int64
}

// Wire is {month, uptime, incidents, resolve_minutes}.
func (m *monthStats) Wire(f *wire.Fields) {
	f.Str("month", &m.month)
	percentage(f, "uptime", m.uptime)
	f.Int("incidents", &m.incidents)
	if len(m.resolve) == 0 {
		f.Raw("resolve_minutes", []byte("null"))
		return
	}
	median := middle(m.resolve)
	f.Int("resolve_minutes", &median)
}

// middle is the median of some numbers, of an even count the mean of the two in the middle.
func middle(list []int64) int64 {
	slices.Sort(list)
	n := len(list)
	return (list[(n-1)/2] + list[n/2]) / 2
}

// getStats answers ?months=: what the Overview draws, in one document that is kept while the page stays as it is.
func getStats(c *call) error {
	p, err := c.page()
	if err != nil {
		return err
	}
	n, err := c.count("months", usualMonths, MaxMonths)
	if err != nil {
		return err
	}
	doc, err := p.Doc("api/stats/"+wire.Itoa(int64(n)), fresh, func() (string, []byte, error) {
		now := time.Now().UTC()
		first := time.Date(now.Year(), now.Month()-time.Month(n-1), 1, 0, 0, 0, 0, time.UTC)
		months, err := c.monthsOf(p, first, n, status.Time(now.UnixMilli()))
		if err != nil {
			return "", nil, err
		}
		told, err := c.org().Told(c.ctx, dayOf(now)-toldDays+1, dayOf(now))
		if err != nil {
			return "", nil, err
		}
		at := status.Time(now.UnixMilli())
		return "application/json; charset=utf-8", wire.Marshal(mapping(func(f *wire.Fields) {
			f.Time("at", &at)
			f.Derived("time_zone", daysIn)
			wire.List(f, "months", &months, (*monthStats).Wire)
			wire.List(f, "deliveries", &told, func(t *store.Told, f *wire.Fields) {
				f.Derived("date", wire.Date(t.Day))
				f.Int("sent", &t.Sent)
				f.Int("failed", &t.Failed)
			})
		})), nil
	})
	if err != nil {
		return err
	}
	return serve.Doc(c.Ctx, doc)
}

// monthsOf counts n months from a first one on: what services were, and what incidents were opened.
func (c *call) monthsOf(p *relay.Page, first time.Time, n int, now status.Time) ([]monthStats, error) {
	org, from := c.org(), dayOf(first)
	record, err := org.Days(c.ctx, from, now.DayNumber())
	if err != nil {
		return nil, err
	}
	weights := p.State.Org.UptimeWeights()
	var days [][]status.DayUptime
	for i := range p.State.Services {
		known := p.State.Services[i]
		known.Days = record[known.ID]
		one, _ := status.UptimeOn(&known, from, dayOf(first.AddDate(0, n, 0))-from, now, weights)
		days = append(days, one)
	}
	out := make([]monthStats, n)
	place := map[string]int{}
	for i := range out {
		begin := first.AddDate(0, i, 0)
		out[i].month = begin.Format(monthForm)
		place[out[i].month] = i
		part := make([][]status.DayUptime, len(days))
		for k := range days {
			part[k] = days[k][dayOf(begin)-from : dayOf(begin.AddDate(0, 1, 0))-from]
		}
		_, out[i].uptime = status.UptimeTogether(part, weights)
	}
	lasted, err := org.Lasted(c.ctx, status.Time(first.UnixMilli()))
	if err != nil {
		return nil, err
	}
	for _, x := range lasted {
		i, there := place[time.UnixMilli(int64(x.Opened)).UTC().Format(monthForm)]
		if !there {
			continue
		}
		out[i].incidents++
		if x.Resolved != nil {
			out[i].resolve = append(out[i].resolve, int64(*x.Resolved-x.Opened)/int64(wire.Minute))
		}
	}
	return out, nil
}
