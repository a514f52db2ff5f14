package api

import (
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/fault"
	"statuspage/shared/status"
	"statuspage/shared/wire"
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
	return paged(c, number, span, count, found, wireSeries)
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
	return c.versioned(s.Version, mapping(func(f *wire.Fields) { wireSeries(&s, f) }))
}

// nextShown is how many of a series' next starts it is shown with.
const nextShown = 3

func wireSeries(s *store.Series, f *wire.Fields) {
	s.Wire(f)
	next := usecase.SeriesNext(s, time.Now(), nextShown)
	starts := make([]string, len(next))
	for i, t := range next {
		starts[i] = status.Time(t.UnixMilli()).String()
	}
	f.Strings("next_starts", &starts)
}

func (c *call) series(code int, s *store.Series) error {
	c.asOf()
	c.Set(fiber.HeaderETag, `"`+wire.Itoa(s.Version)+`"`)
	return c.json(code, wire.Marshal(mapping(func(f *wire.Fields) { wireSeries(s, f) })))
}

func createSeries(c *call) error {
	var text usecase.SeriesText
	if err := c.read(&text); err != nil {
		return err
	}
	by, err := c.caller()
	if err != nil {
		return err
	}
	made, err := c.UseCases.CreateSeries(c.ctx, by, c.who.OrgID, text)
	if err != nil {
		return err
	}
	return c.series(fiber.StatusCreated, &made)
}

func editSeries(c *call) error {
	var text usecase.SeriesText
	id, version, err := c.target("series", &text)
	if err != nil {
		return err
	}
	either(&text.Version, version)
	by, err := c.caller()
	if err != nil {
		return err
	}
	made, err := c.UseCases.EditSeries(c.ctx, by, c.who.OrgID, id, text)
	if err != nil {
		return err
	}
	return c.series(fiber.StatusOK, &made)
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
	if err := c.UseCases.DeleteSeries(c.ctx, by, c.who.OrgID, id); err != nil {
		return err
	}
	c.asOf()
	return c.json(fiber.StatusNoContent, nil)
}
