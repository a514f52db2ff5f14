package api

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/desk"
	"statuspage/server/store"
	"statuspage/shared/fault"
)

func listSeries(c *call) error {
	if _, err := c.page(); err != nil { // waits for what the caller has seen
		return err
	}
	number, span, err := c.span()
	if err != nil {
		return err
	}
	found, count, err := c.org().SeriesList(c.ctx, span)
	if err != nil {
		return err
	}
	return paged(c, number, span, count, found, (*store.Series).Wire)
}

func getSeries(c *call) error {
	if _, err := c.page(); err != nil { // waits for what the caller has seen
		return err
	}
	id, err := c.id("series")
	if err != nil {
		return err
	}
	s, err := c.org().Series(c.ctx, id)
	if errors.Is(err, store.ErrNone) {
		return fault.New(fault.NotFound, "There is no such series.")
	}
	if err != nil {
		return err
	}
	return c.object(&s)
}

func createSeries(c *call) error {
	var s desk.NewSeries
	if err := c.read(&s); err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	made, err := c.Desk.CreateSeries(c.ctx, by, c.who.OrgID, s)
	if err != nil {
		return err
	}
	return c.made(&made)
}

func deleteSeries(c *call) error {
	id, err := c.id("series")
	if err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	if err := c.Desk.DeleteSeries(c.ctx, by, c.who.OrgID, id); err != nil {
		return err
	}
	c.asOf()
	return c.json(fiber.StatusNoContent, nil)
}
