// Package site is everything that a visitor sees: the public page and what hangs on it, rendered from memory.
// CONTRACT 5.
package site

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/site/visit"
	"statuspage/server/store"
	"statuspage/shared/status"
)

// History reads what a page.State no longer keeps, with timelines. What is deleted is not in it.
type History interface {
	// Incidents that are over and went on, and windows that did, in a time, the newest end first.
	Incidents(ctx context.Context, orgID string, f store.PastFilter) ([]status.Incident, error)
	Maintenances(ctx context.Context, orgID string, f store.PastFilter) ([]status.Maintenance, error)
	// Days are the tallies of all services over some UTC days, both ends included, by service; DaysOf are those of one.
	Days(ctx context.Context, orgID string, first, last int64) (map[string][]status.Tally, error)
	DaysOf(ctx context.Context, orgID, service string, first, last int64) ([]status.Tally, error)
	// One of an organisation, or a fault.NotFound.
	Incident(ctx context.Context, orgID, id string) (*status.Incident, error)
	Maintenance(ctx context.Context, orgID, id string) (*status.Maintenance, error)
}

// Measures reads what monitors measured.
type Measures interface {
	// Shown are the monitors of a service that its page shows, a few at most, with what they measured in a range.
	Shown(ctx context.Context, orgID, service, of string, now status.Time) ([]Shown, error)
}

// Deps is what the pages stand on. Pages and History are needed, the rest may be left out.
type Deps struct {
	Pages   visit.Pages
	History History
	BaseURL string // of absolute links; "" takes each request's own
	// says of a host name that it is the installation's; nil where BaseURL names the only one
	Own       func(host string) bool
	Region    string
	Lag       func() (lag time.Duration, stale bool, since time.Time) // of this region behind the primary
	Subscribe bool                                                    // offer to subscribe
	// mail would go out, and there is no BASE_URL for its links: none is offered
	NoMail bool
	Index  []string // slugs of the pages that / lists; none is the product page
	Demo   string   // slug of a page that the product page may show
	Now    func() time.Time

	Measures      Measures // nil shows no response times
	Fresh         Fresh    // nil where nobody sets anything up
	Doors         Doors    // lets readers in to pages that are not public; nil lets nobody in
	Logos         Logos
	PushKey       func(ctx context.Context) string // for which a browser subscribes; nil or "" offers none
	Reported      Reported                         // nil shows no numbers
	Subscriptions Subscriptions                    // the pages on which somebody subscribes; nil has none
}

// Routes adds the pages to an application. Fiber must be Immutable, and not StrictRouting: a trailing slash changes
// nothing.
func Routes(app fiber.Router, d Deps) {
	s := newSite(d)
	app.Get("/", s.home)
	app.Get("/robots.txt", s.robots)
	app.Get("/favicon.ico", s.favicon)
	app.Get("/assets/*", s.static)
	app.Get("/push.js", fixed(workerPolicy, pushWorker()))
	visit.Shared(app, "feed.atom", "history.atom", "feed.rss", "history.rss", "badge.svg")
	for _, at := range []struct {
		prefix string
		find   visit.Finder
	}{{"/status/:slug", s.directory.BySlug}, {"", s.directory.ByHost}} {
		if at.prefix != "" {
			app.Get(at.prefix, s.on(at.find, s.page))
		} else {
			app.Get("/custom.css", s.on(at.find, s.customCSS))
		}
		app.Get(at.prefix+"/incidents/:id", s.on(at.find, s.incident))
		app.Get(at.prefix+"/share.png", s.on(at.find, s.sharePage))
		app.Get(at.prefix+"/incidents/:id/share.png", s.on(at.find, s.shareEntry))
		app.Get(at.prefix+"/report", s.on(at.find, s.report))
		app.Get(at.prefix+"/history", s.on(at.find, s.history))
		app.Get(at.prefix+"/services/:id", s.on(at.find, s.service)) // CONTRACT 9
		app.Get(at.prefix+"/services/:id/feed.atom", s.on(at.find, s.serviceAtom))
		app.Get(at.prefix+"/services/:id/feed.rss", s.on(at.find, s.serviceRSS))
		for name, give := range map[string]func(*visit.Visit) error{
			"feed.atom": s.atom("feed.atom"), "history.atom": s.atom("history.atom"), "feed.rss": s.rss("feed.rss"),
			"history.rss": s.rss("history.rss"),
			"badge.svg":   s.badge,
		} {
			app.Get(at.prefix+"/"+name, s.on(at.find, give))
		}
		app.Get(at.prefix+"/sitemap.xml", s.on(at.find, s.sitemap))
		app.Get(at.prefix+"/icon.svg", s.on(at.find, s.icon))
		app.Get(at.prefix+"/app.webmanifest", s.on(at.find, s.manifest))
		app.Get(at.prefix+"/theme.css", s.on(at.find, s.theme))
		app.Get(at.prefix+"/logo/:name", s.on(at.find, s.logo))
		s.subscribeRoutes(app, at.prefix, at.find)
		s.accessRoutes(app, at.prefix, at.find)
	}
}
