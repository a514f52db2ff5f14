package api

import (
	"context"
	"errors"

	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

func init() {
	reads[page.IncidentNoun] = []Route{
		{"GET", "/api/v1/incidents", Read, listIncidents},
		{"GET", "/api/v1/incidents/:id", Read, getIncident},
		{"GET", "/api/v1/incidents/:id/updates", Read, listUpdates},
		{"GET", "/api/v1/public/:slug/incidents", Public, publicIncidents},
	}
}

func listIncidents(c *call) error {
	if _, err := c.page(); err != nil { // waits for what the caller has seen
		return err
	}
	filter, err := c.incidentFilter()
	if err != nil {
		return err
	}
	if filter.Search, err = c.search(); err != nil {
		return err
	}
	return c.incidents(c.org(), filter)
}

func (c *call) incidents(org *store.Org, filter store.IncidentFilter) error {
	return spanned(c, func(ctx context.Context, s store.Span) ([]status.Incident, int, error) {
		return org.Incidents(ctx, filter, s)
	}, (*status.Incident).Wire)
}

func (c *call) incidentFilter() (f store.IncidentFilter, err error) {
	if f.Status, err = c.oneOf("status", status.Names(status.IncidentStatuses)); err != nil {
		return f, err
	}
	if f.Active, err = c.flag("active"); err != nil {
		return f, err
	}
	if f.ServiceID = c.Query("service"); f.ServiceID != "" && !status.ValidID(f.ServiceID) {
		return f, c.refuse(fault.OnField("service", "service must be the id of a service."))
	}
	return f, nil
}

// incident is the path's, from memory or, when it is long over, from the database.
func (c *call) incident() (*status.Incident, error) {
	p, err := c.page()
	if err != nil {
		return nil, err
	}
	id, err := c.id("incident")
	if err != nil {
		return nil, err
	}
	if in, there := p.State.Incident(id); there {
		return in, nil
	}
	in, err := c.org().Incident(c.ctx, id)
	if errors.Is(err, store.ErrNone) {
		return nil, fault.New(fault.NotFound, "There is no such incident.")
	}
	return &in, err
}

func getIncident(c *call) error {
	in, err := c.incident()
	if err != nil {
		return err
	}
	return c.versioned(in.Version, in)
}

func listUpdates(c *call) error {
	in, err := c.incident()
	if err != nil {
		return err
	}
	return inMemory(c, in.Updates, (*status.Update).Wire)
}
