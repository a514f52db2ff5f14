package api

import (
	"github.com/gofiber/fiber/v2"

	"statuspage/server/store"
	"statuspage/server/usecase"
)

func listTemplates(c *call) error { return stored(c, c.org().Templates, (*store.Template).Wire) }

func getTemplate(c *call) error {
	t, err := storedOne(c, "template", c.org().Template)
	if err != nil {
		return err
	}
	return c.versioned(t.Version, &t)
}

func createTemplate(c *call) error {
	var text usecase.TemplateText
	if err := c.read(&text); err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	t, err := c.UseCases.CreateTemplate(c.ctx, by, c.who.OrgID, text)
	if err != nil {
		return err
	}
	return c.written(fiber.StatusCreated, t.Version, &t)
}

func editTemplate(c *call) error {
	var text usecase.TemplateText
	id, version, err := c.target("template", &text)
	if err != nil {
		return err
	}
	either(&text.Version, version)
	by, err := c.caller()
	if err != nil {
		return err
	}
	t, err := c.UseCases.EditTemplate(c.ctx, by, c.who.OrgID, id, text)
	if err != nil {
		return err
	}
	return c.written(fiber.StatusOK, t.Version, &t)
}

func deleteTemplate(c *call) error { return c.deleted("template", c.UseCases.DeleteTemplate) }
