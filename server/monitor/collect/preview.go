package collect

import (
	"context"
	"slices"

	"statuspage/server/monitor/prober"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

const (
	// previewLooks is how many results a preview replays.
	previewLooks = 50_000
	// previewsAtOnce is how many previews are made at once.
	previewsAtOnce = 2
)

// Preview is what a monitor would have done in the last day.
type Preview struct {
	From, Until status.Time
	Results     int64
	Incidents   int64
	Seconds     int64 // that it would have been down
}

// Wire is the answer of the REST API.
func (p *Preview) Wire(f *wire.Fields) {
	f.Time("from", &p.From)
	f.Time("until", &p.Until)
	f.Int("results", &p.Results)
	f.Int("incidents", &p.Incidents)
	f.Int("down_s", &p.Seconds)
}

// Preview replays a monitor's newest results under the settings that it has here. A result says whether the conditions
// of its time held; of those that did, the conditions on time are held against it again.
func (c *Collector) Preview(ctx context.Context, w *store.Watched) (Preview, error) {
	select {
	case c.previews <- struct{}{}:
		defer func() { <-c.previews }()
	default:
		no := fault.New(fault.RateLimited, "Other previews are being made. Please try again.")
		no.RetryAfter = 1
		return Preview{}, no
	}
	now := c.now()
	p := Preview{From: now - days, Until: now}
	looks, err := c.db.Org(w.OrgID).LastLooks(ctx, w.ID, p.From, previewLooks)
	if err != nil {
		return p, err
	}
	slices.Reverse(looks)
	list := make([]status.Observation, len(looks))
	for i := range looks {
		list[i] = looks[i].Observation
		list[i].OK = list[i].OK && prober.InTime(&w.Monitor, list[i].Ms)
	}
	if p.Results = int64(len(list)); len(list) == previewLooks {
		p.From = list[0].At
	}
	lasted := int64(0)
	p.Incidents, lasted = status.Replay(w.Monitor, list, now)
	p.Seconds = lasted / 1000
	return p, nil
}
