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

func createSeries(c *call) error { return create(c, c.UseCases.CreateSeries, showSeries) }

func editSeries(c *call) error { return edit(c, "series", c.UseCases.EditSeries, showSeries) }

func showSeries(_ *call, x *store.Series) (int64, wire.Object) { return x.Version, seriesObject(x) }

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
