package api

import (
	"strings"

	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// accesses are the rights of the table of commands, as routes have them.
var accesses = map[page.Right]Access{page.Writers: Write, page.Admins: Admin}

// commandRoutes are the routes that carry the page's commands, one a row of the table.
func commandRoutes() []Route {
	var routes []Route
	for i := range page.Commands {
		if spec := &page.Commands[i]; spec.Method != "" {
			handle := func(c *call) error { return c.bring(spec) }
			routes = append(routes, Route{spec.Method, "/api/v1" + spec.Path, accesses[spec.Who], handle})
		}
	}
	return routes
}

// bring makes a command of a request, and answers with what became of it. A body of DELETE is not looked at. If-Match
// goes before a version in the body.
func (c *call) bring(spec *page.Spec) error {
	command := spec.New()
	parts := page.PartsOf(command)
	id, entry, err := c.named(spec)
	if err != nil {
		return err
	}
	if spec.Method != "DELETE" {
		if err := c.read(command); err != nil {
			return err
		}
	}
	if id != "" {
		*parts.ID.Text = id
	}
	if entry != "" {
		*parts.Entry.Text = entry
	}
	if parts.Version != nil {
		version, err := c.ifMatch()
		if err != nil {
			return err
		}
		if version != nil {
			*parts.Version = version
		}
	}
	if err := logoIsPut(command); err != nil {
		return err
	}
	return c.change(command)
}

// named are the ids that the path has; "" where a command's path has none.
func (c *call) named(spec *page.Spec) (id, entry string, err error) {
	if strings.HasSuffix(spec.Path, "/:update") {
		if entry = c.Params("update"); !status.ValidID(entry) {
			return "", "", fault.New(fault.NotFound, "There is no such update.")
		}
	}
	if strings.Contains(spec.Path, "/:id") {
		id, err = c.id(string(spec.Noun))
	}
	return id, entry, err
}
