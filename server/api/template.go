package api

import (
	"statuspage/server/store"
	"statuspage/shared/wire"
)

func listTemplates(c *call) error { return stored(c, c.org().Templates, (*store.Template).Wire) }

func getTemplate(c *call) error {
	t, err := storedOne(c, "template", c.org().Template)
	if err != nil {
		return err
	}
	return c.versioned(t.Version, &t)
}

func createTemplate(c *call) error { return create(c, c.UseCases.CreateTemplate, showTemplate) }

func editTemplate(c *call) error { return edit(c, "template", c.UseCases.EditTemplate, showTemplate) }

func showTemplate(_ *call, x *store.Template) (int64, wire.Object) { return x.Version, x }

func deleteTemplate(c *call) error { return c.deleted("template", c.UseCases.DeleteTemplate) }
