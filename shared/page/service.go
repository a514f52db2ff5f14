package page

import (
	"slices"

	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// CreateService adds a service. Status defaults to operational, Position to the end.
type CreateService struct {
	ID          string
	Name        string
	Description string
	Status      status.ServiceStatus
	Position    *int64
	Group       string
	StartDate   string // with which its record begins; "" is now
	Audiences   []string
}

func (*CreateService) Kind() string { return "create_service" }

func (c *CreateService) texts(each func(field string, text *string)) {
	each("description", &c.Description)
	each("name", &c.Name)
}

func (c *CreateService) parts() Parts {
	return Parts{of: c, ID: Place{"id", &c.ID}, Made: []Place{{"id", &c.ID}}}
}

// Wire is the body of POST services.
func (c *CreateService) Wire(f *wire.Fields) {
	f.Str("id", &c.ID)
	f.Str("name", &c.Name)
	f.Str("description", &c.Description)
	if f.Reading() || c.Status != "" {
		f.Str("status", (*string)(&c.Status))
	}
	f.OptInt("position", &c.Position)
	f.Str("group", &c.Group)
	if f.Reading() || c.StartDate != "" {
		f.Str("start_date", &c.StartDate)
	}
	someStrings(f, "audiences", &c.Audiences)
}

// EditService changes what is given; a Status is a move by hand.
type EditService struct {
	ID          string
	Version     *int64
	Name        *string
	Description *string
	Status      *string
	Position    *int64
	Group       *string
	StartDate   *string // "" is the day of its creation
	Audiences   *[]string
}

func (*EditService) Kind() string { return "edit_service" }

func (c *EditService) texts(each func(field string, text *string)) {
	each("description", c.Description)
	each("name", c.Name)
	each("group", c.Group)
}

func (c *EditService) parts() Parts {
	return Parts{of: c, ID: Place{"id", &c.ID}, Version: &c.Version}
}

func (c *EditService) corrects(s *State, _ status.Time) (services []string, from status.Time) {
	svc, there := s.Service(c.ID)
	if !there || c.StartDate == nil {
		return nil, 0
	}
	next := *svc
	if next.StartDate = *c.StartDate; next.Born() >= svc.Born() {
		return nil, 0
	}
	return []string{svc.ID}, next.Born()
}

// Wire is the body of PATCH services/{id}.
func (c *EditService) Wire(f *wire.Fields) {
	f.Str("id", &c.ID)
	f.OptInt("version", &c.Version)
	f.OptStr("name", &c.Name)
	f.OptStr("description", &c.Description)
	f.OptStr("status", &c.Status)
	f.OptInt("position", &c.Position)
	f.OptStr("group", &c.Group)
	f.OptStr("start_date", &c.StartDate)
	optStrings(f, "audiences", &c.Audiences)
}

// DeleteService takes a service off the page; its incidents keep its name.
type DeleteService struct{ removal }

func (*DeleteService) Kind() string { return "delete_service" }

func (c *DeleteService) parts() Parts {
	return c.removed(c)
}

func (c *CreateService) decide(d *draft) *fault.Error {
	svc := status.Service{
		ID: c.ID, Name: c.Name, Description: c.Description, Status: c.Status, Group: c.Group,
		CreatedAt: d.at, Since: d.at, StartDate: c.StartDate, Audiences: c.Audiences,
	}
	if svc.Status == "" {
		svc.Status = status.Operational
	}
	if n := len(d.state.Services); c.Position != nil {
		svc.Position = *c.Position
	} else if n > 0 {
		svc.Position = min(d.state.Services[n-1].Position+1, 1_000_000)
	}
	if err := check(c.ID, joined(joined(svc.Check(), visible("name", svc.Name, "", "group", svc.Group, "")),
		d.checkPlace(&svc))); err != nil {
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
	edit(&next.StartDate, c.StartDate)
	edit(&next.Audiences, c.Audiences)
	edit((*string)(&next.Status), c.Status)
	if err := joined(joined(next.Check(), visible("name", next.Name, svc.Name, "group", next.Group, svc.Group)),
		d.checkPlace(&next)); err != nil {
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
	if next.Born() < svc.Born() {
		d.emitServiceDays(ServiceChanged, next, d.recountFrom(&next))
		return nil
	}
	d.emitService(ServiceChanged, next)
	return nil
}

// checkPlace is what the page and the moment say about a service.
func (d *draft) checkPlace(s *status.Service) *fault.Error {
	var c status.Checks
	s.CheckStart(&c, d.at)
	c.That(len(s.Audiences) == 0 || d.state.Org.Access.Divided, "audiences", "This page has no audiences.")
	return c.Err()
}

func same(a, b *status.Service) bool {
	return a.Name == b.Name && a.Description == b.Description && a.Position == b.Position && a.Group == b.Group &&
		a.Status == b.Status && a.StartDate == b.StartDate && slices.Equal(a.Audiences, b.Audiences)
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
