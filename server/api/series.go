package api

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

func listSeries(c *call) error { return stored(c, c.org().SeriesList, wireSeries) }

func getSeries(c *call) error {
	s, err := storedOne(c, "series", c.org().Series)
	if err != nil {
		return err
	}
	return c.versioned(s.Version, seriesObject(&s))
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

func seriesObject(s *store.Series) wire.Object {
	return mapping(func(f *wire.Fields) { wireSeries(s, f) })
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
	return c.written(fiber.StatusCreated, made.Version, seriesObject(&made))
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
	return c.written(fiber.StatusOK, made.Version, seriesObject(&made))
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
