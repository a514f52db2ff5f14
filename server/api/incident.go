package api

import (
	"errors"

	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

func listIncidents(c *call) error {
	if _, err := c.page(); err != nil { // waits for what the caller has seen
		return err
	}
	filter, err := c.incidentFilter()
	if err != nil {
		return err
	}
	return c.incidents(c.org(), filter)
}

func (c *call) incidents(org *store.Org, filter store.IncidentFilter) error {
	number, span, err := c.span()
	if err != nil {
		return err
	}
	found, count, err := org.Incidents(c.ctx, filter, span)
	if err != nil {
		return err
	}
	return paged(c, number, span, count, found, (*status.Incident).Wire)
}

func (c *call) incidentFilter() (f store.IncidentFilter, err error) {
	if f.Status, err = c.oneOf("status", status.Names(status.IncidentStatuses)); err != nil {
		return f, err
	}
	if f.Active, err = c.flag("active"); err != nil {
		return f, err
	}
	if f.ServiceID = c.Query("service"); f.ServiceID != "" && !status.ValidID(f.ServiceID) {
		return f, fault.OnField("service", "service must be the id of a service.")
	}
	return f, nil
}

func openIncident(c *call) error {
	var command page.OpenIncident
	if err := c.read(&command); err != nil {
		return err
	}
	return c.change(&command)
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

func editIncident(c *call) error {
	var command page.EditIncident
	return c.edit("incident", &command, func(id string, version *int64) {
		command.ID = id
		either(&command.Version, version)
	})
}

func deleteIncident(c *call) error { return c.remove("incident", &page.DeleteIncident{}) }

func listUpdates(c *call) error {
	in, err := c.incident()
	if err != nil {
		return err
	}
	return inMemory(c, in.Updates, (*status.Update).Wire)
}

func addUpdate(c *call) error {
	var command page.UpdateIncident
	return c.edit("incident", &command, func(id string, version *int64) {
		command.ID = id
		either(&command.Version, version)
	})
}

func correctUpdate(c *call) error {
	var command page.CorrectUpdate
	update := c.Params("update")
	if !status.ValidID(update) {
		return fault.New(fault.NotFound, "There is no such update.")
	}
	return c.edit("incident", &command, func(id string, version *int64) {
		command.ID, command.UpdateID = id, update
		either(&command.Version, version)
	})
}
