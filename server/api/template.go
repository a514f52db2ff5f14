package api

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/fault"
	"statuspage/shared/wire"
)

func listTemplates(c *call) error {
	if _, err := c.page(); err != nil { // waits for what the caller has seen
		return err
	}
	number, span, err := c.span()
	if err != nil {
		return err
	}
	found, count, err := c.org().Templates(c.ctx, span)
	if err != nil {
		return err
	}
	return paged(c, number, span, count, found, (*store.Template).Wire)
}

func getTemplate(c *call) error {
	if _, err := c.page(); err != nil { // waits for what the caller has seen
		return err
	}
	id, err := c.id("template")
	if err != nil {
		return err
	}
	t, err := c.org().Template(c.ctx, id)
	if errors.Is(err, store.ErrNone) {
		return fault.New(fault.NotFound, "There is no such template.")
	}
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
	return c.template(fiber.StatusCreated, &t)
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
	return c.template(fiber.StatusOK, &t)
}

func deleteTemplate(c *call) error {
	id, version, err := c.target("template", nil)
	if err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	if err := c.UseCases.DeleteTemplate(c.ctx, by, c.who.OrgID, id, version); err != nil {
		return err
	}
	c.asOf()
	return c.json(fiber.StatusNoContent, nil)
}

func (c *call) template(code int, t *store.Template) error {
	c.asOf()
	c.Set(fiber.HeaderETag, `"`+wire.Itoa(t.Version)+`"`)
	return c.json(code, wire.Marshal(t))
}
