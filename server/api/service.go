package api

import (
	"strings"

	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

func listServices(c *call) error {
	p, err := c.page()
	if err != nil {
		return err
	}
	return c.services(p.State.Services)
}

func (c *call) services(all []status.Service) error {
	want, err := c.oneOf("status", status.Names(status.ServiceStatuses))
	if err != nil {
		return err
	}
	search := strings.ToLower(strings.TrimSpace(c.Query("search")))
	found := make([]status.Service, 0, len(all))
	for _, s := range all {
		if (want == "" || string(s.Status) == want) && (search == "" || mentions(&s, search)) {
			found = append(found, s)
		}
	}
	return inMemory(c, found, (*status.Service).Wire)
}

func mentions(s *status.Service, word string) bool {
	return strings.Contains(strings.ToLower(s.Name+"\n"+s.Description+"\n"+s.Group), word)
}

func createService(c *call) error {
	var command page.CreateService
	if err := c.read(&command); err != nil {
		return err
	}
	return c.change(&command)
}

func getService(c *call) error {
	p, err := c.page()
	if err != nil {
		return err
	}
	s, there := p.State.Service(c.Params("id"))
	if !there {
		return fault.New(fault.NotFound, "There is no such service.")
	}
	return c.versioned(s.Version, s)
}

func editService(c *call) error {
	var command page.EditService
	return c.edit("service", &command, func(id string, version *int64) {
		command.ID = id
		either(&command.Version, version)
	})
}

func deleteService(c *call) error { return c.remove("service", &page.DeleteService{}) }

// edit reads a command about the path's object; If-Match goes before a version in the body.
func (c *call) edit(what string, command page.Command, about func(id string, version *int64)) error {
	id, version, err := c.target(what, command)
	if err != nil {
		return err
	}
	about(id, version)
	return c.change(command)
}

// target is the path's object and the version of it that If-Match names, once the body, if it matters, is read.
func (c *call) target(what string, body wire.Object) (id string, version *int64, err error) {
	if id, err = c.id(what); err != nil {
		return "", nil, err
	}
	if body != nil {
		if err = c.read(body); err != nil {
			return "", nil, err
		}
	}
	version, err = c.ifMatch()
	return id, version, err
}

func either(version **int64, header *int64) {
	if header != nil {
		*version = header
	}
}

// remove deletes the path's object; a body is not looked at.
func (c *call) remove(what string, command interface {
	page.Command
	Remove(id string, version *int64)
}) error {
	id, version, err := c.target(what, nil)
	if err != nil {
		return err
	}
	command.Remove(id, version)
	return c.change(command)
}
