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
	reads[page.MaintenanceNoun] = []Route{
		{"GET", "/api/v1/maintenances", Read, listMaintenances},
		{"GET", "/api/v1/maintenances/:id", Read, getMaintenance},
		{"GET", "/api/v1/public/:slug/maintenances", Public, publicMaintenances},
	}
}

func listMaintenances(c *call) error {
	if _, err := c.page(); err != nil { // waits for what the caller has seen
		return err
	}
	filter, err := c.maintenanceFilter()
	if err != nil {
		return err
	}
	return c.maintenances(c.org(), filter)
}

func (c *call) maintenanceFilter() (f store.MaintenanceFilter, err error) {
	if f.Status, err = c.oneOf("status", status.Names(status.MaintenanceStatuses)); err != nil {
		return f, err
	}
	upcoming, err := c.flag("upcoming")
	f.Upcoming = upcoming != nil && *upcoming
	return f, err
}

func (c *call) maintenances(org *store.Org, filter store.MaintenanceFilter) error {
	return spanned(c, func(ctx context.Context, s store.Span) ([]status.Maintenance, int, error) {
		return org.Maintenances(ctx, filter, s)
	}, (*status.Maintenance).Wire)
}

func getMaintenance(c *call) error {
	p, err := c.page()
	if err != nil {
		return err
	}
	id, err := c.id("maintenance")
	if err != nil {
		return err
	}
	if m, there := p.State.Maintenance(id); there {
		return c.versioned(m.Version, m)
	}
	m, err := c.org().Maintenance(c.ctx, id)
	if errors.Is(err, store.ErrNone) {
		return fault.New(fault.NotFound, "There is no such maintenance.")
	}
	if err != nil {
		return err
	}
	return c.versioned(m.Version, &m)
}
