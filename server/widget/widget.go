// Package widget is what other sites and programs show of a page: a script, a frame, a badge's data, a calendar, and a
// summary for language models. docs/embed.md tells their users how.
package widget

import (
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/site/visit"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// always: nothing in these documents depends on the time at which they are asked for.
const always = 24 * time.Hour

func open(c *fiber.Ctx) error {
	visit.Open(c)
	return c.Next()
}

// Routes adds the addresses of every page, under its slug and on its own host name.
func Routes(app fiber.Router, directory *visit.Directory) {
	visit.Shared(app, "embed.js", "embed", "shields.json", "llms.txt", "calendar.ics")
	app.Get("/llms.txt", orProduct)
	for _, at := range []struct {
		prefix string
		find   visit.Finder
	}{{"/status/:slug", directory.BySlug}, {"", directory.ByHost}} {
		for path, give := range map[string]func(*visit.Visit) error{
			"/embed.js": script, "/embed": frame, "/shields.json": shields, "/llms.txt": llms,
			"/calendar.ics": calendar,
		} {
			app.Get(at.prefix+path, open, visit.On(at.find, give))
		}
	}
}

// orProduct tells of the whole installation where the host name is nobody's own.
func orProduct(c *fiber.Ctx) error {
	err := c.Next()
	var no *fault.Error
	if errors.As(err, &no) && no.Code == fault.NotFound {
		return product(c)
	}
	return err
}

// sum is a page in one word and one line.
func sum(s *page.State) (indicator, words string) {
	i, w := status.RollUp(s.Services)
	return string(i), w
}

// object makes a wire.Object of a function.
type object func(*wire.Fields)

func (o object) Wire(f *wire.Fields) { o(f) }
