package app

import (
	"context"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/monitor/collect"
	"statuspage/server/relay"
	"statuspage/server/site"
	"statuspage/server/site/serve"
	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/status"
)

// visitors finds pages for those who look at them.
type visitors struct{ a *App }

func (v visitors) Page(c *fiber.Ctx, slug string) (*relay.Page, error) {
	id, err := v.a.Relay.BySlug(c.UserContext(), slug)
	return v.newest(c, id, err)
}

func (v visitors) PageByHost(c *fiber.Ctx, host string) (*relay.Page, error) {
	p, err := v.a.Relay.ByHost(c.UserContext(), host)
	if err != nil {
		return v.newest(c, "", err)
	}
	return v.newest(c, p.State.Org.ID, nil)
}

func (v visitors) newest(c *fiber.Ctx, orgID string, err error) (*relay.Page, error) {
	if errors.Is(err, store.ErrNone) {
		return nil, fault.New(fault.NotFound, "There is no status page at this address.")
	}
	if err != nil {
		return nil, err
	}
	p, err := serve.Newest(c.UserContext(), c, v.a.Relay, v.a.region, orgID)
	if err != nil {
		return nil, err
	}
	return v.a.readers.admit(c, p)
}

// lag says how old what this region shows is, whether that is too old, and since when.
func (a *App) lag() (time.Duration, bool, time.Time) {
	lag := a.Relay.Lag()
	return lag, lag > a.cfg.StaleAfter, a.now().Add(-lag)
}

// past reads what pages no longer keep.
type past struct{ db *store.DB }

// maxInSpan bounds what one page of history shows.
const maxInSpan = 500

func (p past) Incidents(ctx context.Context, orgID string, f store.PastFilter) ([]status.Incident, error) {
	return p.db.Org(orgID).IncidentsDuring(ctx, f, maxInSpan)
}

func (p past) Maintenances(ctx context.Context, orgID string, f store.PastFilter) ([]status.Maintenance, error) {
	return p.db.Org(orgID).MaintenancesDuring(ctx, f, maxInSpan)
}

func (p past) Days(ctx context.Context, orgID string, first, last int64) (map[string][]status.Tally, error) {
	return p.db.Org(orgID).Days(ctx, first, last)
}

func (p past) DaysOf(ctx context.Context, orgID, service string, first, last int64) ([]status.Tally, error) {
	return p.db.Org(orgID).DaysOf(ctx, service, first, last)
}

func (p past) Incident(ctx context.Context, orgID, id string) (*status.Incident, error) {
	in, err := p.db.Org(orgID).Incident(ctx, id)
	if errors.Is(err, store.ErrNone) {
		return nil, fault.New(fault.NotFound, "There is no such incident.")
	}
	return &in, err
}

func (p past) Logo(ctx context.Context, orgID, name string) ([]byte, error) {
	body, err := p.db.Org(orgID).Logo(ctx, name)
	if errors.Is(err, store.ErrNone) {
		return nil, fault.New(fault.NotFound, "There is no such picture.")
	}
	return body, err
}

// maxShown is of how many monitors a service's page shows the response times.
const maxShown = 5

func (p past) Shown(ctx context.Context, orgID, service, of string, now status.Time) ([]site.Shown, error) {
	org := p.db.Org(orgID)
	all, _, err := org.Monitors(ctx, store.MonitorFilter{Service: service, Shown: true}, store.Span{Limit: maxShown})
	if err != nil {
		return nil, err
	}
	out := make([]site.Shown, len(all))
	for i := range all {
		buckets, err := collect.Metrics(ctx, org, all[i].ID, of, now)
		if err != nil {
			return nil, err
		}
		out[i] = site.Shown{Name: all[i].Name, State: all[i].State(), Buckets: buckets}
	}
	return out, nil
}

func (p past) Maintenance(ctx context.Context, orgID, id string) (*status.Maintenance, error) {
	m, err := p.db.Org(orgID).Maintenance(ctx, id)
	if errors.Is(err, store.ErrNone) {
		return nil, fault.New(fault.NotFound, "There is no such maintenance.")
	}
	return &m, err
}
