// Package web is everything that a visitor sees: the public page and what hangs on it, rendered from memory.
package web

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/visit"
	"statuspage/shared/status"
)

// History reads what a page.State no longer keeps, with timelines. What is deleted is not in it.
type History interface {
	// Incidents that were opened, and windows that were to start, in [from, to), newest first.
	Incidents(ctx context.Context, orgID string, from, to status.Time) ([]status.Incident, error)
	Maintenances(ctx context.Context, orgID string, from, to status.Time) ([]status.Maintenance, error)
	// One of an organisation, or a fault.NotFound.
	Incident(ctx context.Context, orgID, id string) (*status.Incident, error)
	Maintenance(ctx context.Context, orgID, id string) (*status.Maintenance, error)
}

// Deps is what the pages stand on. Pages and History are needed, the rest may be left out.
type Deps struct {
	Pages     visit.Pages
	History   History
	BaseURL   string // of absolute links; "" takes each request's own
	Region    string
	Lag       func() (lag time.Duration, stale bool, since time.Time) // of this region behind the primary
	Subscribe bool                                                    // offer the e-mail form
	Demo      string                                                  // slug of a page that the product page may show
	Now       func() time.Time

	Logos         Logos
	Subscriptions Subscriptions // the pages on which somebody subscribes; nil has none
}

// Routes adds the pages to an application. Fiber must be Immutable, and not StrictRouting: a trailing slash changes nothing.
func Routes(app fiber.Router, d Deps) {
	s := newSite(d)
	app.Get("/", s.home)
	app.Get("/robots.txt", s.robots)
	app.Get("/favicon.ico", s.favicon)
	app.Get("/assets/*", s.static)
	for _, at := range []struct {
		prefix string
		find   visit.Finder
	}{{"/status/:slug", s.desk.BySlug}, {"", s.desk.ByHost}} {
		if at.prefix != "" {
			app.Get(at.prefix, s.on(at.find, s.page))
		}
		app.Get(at.prefix+"/incidents/:id", s.on(at.find, s.incident))
		app.Get(at.prefix+"/history", s.on(at.find, s.history))
		app.Get(at.prefix+"/feed.atom", s.on(at.find, s.atom))
		app.Get(at.prefix+"/history.atom", s.on(at.find, s.atom))
		app.Get(at.prefix+"/feed.rss", s.on(at.find, s.rss))
		app.Get(at.prefix+"/history.rss", s.on(at.find, s.rss))
		app.Get(at.prefix+"/badge.svg", s.on(at.find, s.badge))
		app.Get(at.prefix+"/icon.svg", s.on(at.find, s.icon))
		app.Get(at.prefix+"/theme.css", s.on(at.find, s.theme))
		app.Get(at.prefix+"/logo/:name", s.on(at.find, s.logo))
		s.subscribeRoutes(app, at.prefix, at.find)
	}
}
