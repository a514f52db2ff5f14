package page

import "statuspage/shared/fault"

// PinIncident says again that an incident is there.
type PinIncident struct{ removal }

func (*PinIncident) Kind() string { return "pin_incident" }

func (c *PinIncident) parts() Parts { return c.removed(c) }

func (c *PinIncident) decide(d *draft) *fault.Error {
	in, there := d.state.Incident(c.ID)
	if !there {
		return notFound("incident")
	}
	if err := stale("incident", c.Version, in.Version, in); err != nil {
		return err
	}
	next := *in
	next.Updates = nil
	next.Version, next.UpdatedAt = in.Version+1, d.at
	d.emit(Event{Type: IncidentPinned, Incident: &next})
	return nil
}
