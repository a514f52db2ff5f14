package page

import (
	"statuspage/shared/fault"
	"statuspage/shared/status"
)

func (c *CreateService) decide(d *draft) *fault.Error {
	svc := status.Service{
		ID: c.ID, Name: c.Name, Description: c.Description, Status: c.Status, Group: c.Group,
		CreatedAt: d.at, Since: d.at,
	}
	if svc.Status == "" {
		svc.Status = status.Operational
	}
	if n := len(d.state.Services); c.Position != nil {
		svc.Position = *c.Position
	} else if n > 0 {
		svc.Position = min(d.state.Services[n-1].Position+1, 1_000_000)
	}
	if err := check(c.ID, svc.Check()); err != nil {
		return err
	}
	if _, there := d.state.Service(c.ID); there {
		return taken("a service", "id")
	}
	if len(d.state.Services) >= MaxServices {
		return tooMany("services", MaxServices)
	}
	d.emitService(ServiceCreated, svc)
	return nil
}

// check joins a bad id to what else is wrong.
func check(id string, rest *fault.Error) *fault.Error {
	var c status.Checks
	c.ID("id", id)
	bad := c.Err()
	if bad != nil && rest != nil {
		bad.Fields = append(bad.Fields, rest.Fields...)
	}
	if bad != nil {
		return bad
	}
	return rest
}

func (c *EditService) decide(d *draft) *fault.Error {
	svc, there := d.state.Service(c.ID)
	if !there {
		return notFound("service")
	}
	if err := stale("service", c.Version, svc.Version, svc); err != nil {
		return err
	}
	next := *svc
	edit(&next.Name, c.Name)
	edit(&next.Description, c.Description)
	edit(&next.Position, c.Position)
	edit(&next.Group, c.Group)
	edit((*string)(&next.Status), c.Status)
	if err := next.Check(); err != nil {
		return err
	}
	if from, to := svc.Status, next.Status; from != to {
		cause := d.state.Cause(c.ID)
		if !from.CanMove(to, cause) {
			return forbidden("status", "This service", string(from), string(to), status.Names(from.Next(cause)))
		}
		next.Status = from
		next.Move(to, d.at)
	}
	if same(&next, svc) {
		return nil
	}
	d.emitService(ServiceChanged, next)
	return nil
}

func same(a, b *status.Service) bool {
	return a.Name == b.Name && a.Description == b.Description && a.Position == b.Position && a.Group == b.Group && a.Status == b.Status
}

func (c *DeleteService) decide(d *draft) *fault.Error {
	svc, there := d.state.Service(c.ID)
	if !there {
		return notFound("service")
	}
	if err := stale("service", c.Version, svc.Version, svc); err != nil {
		return err
	}
	d.emitService(ServiceDeleted, *svc)
	return nil
}
