// Package statuspagev2 answers the clients that were written for Atlassian Statuspage: its API version 2, read-only,
// field for field (CONTRACT 6). Everything is served from memory.
package statuspagev2

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/site/visit"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// most is how many incidents and windows a list has: what goes on, what comes soonest, what was newest.
const most = 50

// always: nothing in these documents depends on the time at which they are asked for.
const always = 24 * time.Hour

// documents are the addresses behind /api/v2/.
var documents = map[string]func(*writer, *wire.Fields){
	"summary.json": func(w *writer, f *wire.Fields) {
		w.components(f)
		w.incidents(f, (*status.Incident).Active)
		w.maintenances(f, func(m *status.Maintenance) bool { return !m.Over() })
		w.status(f)
	},
	"status.json":     (*writer).status,
	"components.json": (*writer).components,
	"incidents.json": func(w *writer, f *wire.Fields) {
		w.incidents(f, func(*status.Incident) bool { return true })
	},
	"incidents/unresolved.json": func(w *writer, f *wire.Fields) { w.incidents(f, (*status.Incident).Active) },
	"scheduled-maintenances.json": func(w *writer, f *wire.Fields) {
		w.maintenances(f, func(*status.Maintenance) bool { return true })
	},
	"scheduled-maintenances/upcoming.json": func(w *writer, f *wire.Fields) {
		w.maintenances(f, func(m *status.Maintenance) bool { return m.Status == status.Scheduled })
	},
	"scheduled-maintenances/active.json": func(w *writer, f *wire.Fields) {
		w.maintenances(f, (*status.Maintenance).
			Running)
	},
}

// Routes adds the documents of every page, under its slug and on its own host name.
func Routes(app fiber.Router, directory *visit.Directory) {
	for prefix, find := range map[string]visit.Finder{"/status/:slug": directory.BySlug, "": directory.ByHost} {
		for name, write := range documents {
			app.Options(prefix+"/api/v2/"+name, visit.Preflight)
			app.Get(prefix+"/api/v2/"+name, open, visit.On(find, func(v *visit.Visit) error {
				return v.Document("v2/"+name, always, func() (string, []byte, error) {
					return "application/json; charset=utf-8", document(&v.State, v.Home(), write), nil
				})
			}))
		}
	}
}

func open(c *fiber.Ctx) error {
	visit.Open(c)
	return c.Next()
}

func document(s *page.State, home string, write func(*writer, *wire.Fields)) []byte {
	w := newWriter(s, home)
	return wire.Marshal(mapping(func(f *wire.Fields) {
		w.page(f)
		write(w, f)
	}))
}

// mapping makes a wire.Object of a function.
type mapping func(*wire.Fields)

func (m mapping) Wire(f *wire.Fields) { m(f) }
