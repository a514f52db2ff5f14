package app

import (
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/recover"
	"github.com/google/uuid"
	"github.com/valyala/fasthttp"

	"statuspage/public"
	"statuspage/server/api"
	"statuspage/server/embed"
	"statuspage/server/region"
	"statuspage/server/serve"
	"statuspage/server/v2"
	"statuspage/server/visit"
	"statuspage/server/web"
	"statuspage/shared/fault"
)

// routes is the application as the world sees it.
func (a *App) routes() *fiber.App {
	f := fiber.New(fiber.Config{
		AppName: "Status Page", DisableStartupMessage: true,
		Immutable:         true, // strings that are kept must not change under us
		StreamRequestBody: true, // limitBody reads it
		BodyLimit:         region.MaxBody,
		// Else a form of any length is read into files before any limit.
		DisablePreParseMultipartForm: true,
		ReadBufferSize:               16 << 10, // a token fits into a header
		ReadTimeout:                  readTimeout,
		WriteTimeout:                 30 * time.Second,
		IdleTimeout:                  75 * time.Second,
		ErrorHandler:                 a.problem,
		// "/x" and "/x/" are one path.
		StrictRouting: false, CaseSensitive: true,
	})
	f.Server().KeepHijackedConns = true
	f.Server().Handler = a.parting(a.anyMethod(f, f.Server().Handler))
	f.Server().ErrorHandler = unread(f.Server().ErrorHandler)
	f.Use(recover.New(recover.Config{EnableStackTrace: true, StackTraceHandler: func(c *fiber.Ctx, e any) {
		slog.Error("a handler panicked", "path", c.Path(), "panic", e)
	}}))
	f.Use(a.stamp)
	f.Get("/healthz", func(c *fiber.Ctx) error { return c.SendString("ok\n") })
	f.Get("/readyz", a.ready)
	f.Use(a.limitBody)
	f.Get("/ws/status/org/:id", a.privateSocket)
	f.Get("/ws/status/public/:slug", a.publicSocket)
	f.Use(a.writes)
	others := a.visits()
	v2.Routes(f, others)
	embed.Routes(f, others)
	a.server().Mount(f)
	f.Use(a.counted)
	web.Dashboard(f, a.door())
	if a.client != nil {
		f.Get(signInPath, a.beginSignIn)
		f.Get(callbackPath, a.finishSignIn)
	}
	web.Routes(f, web.Deps{Pages: visitors{a}, History: past{a.DB}, BaseURL: a.cfg.BaseURL, Region: a.region.Name, Lag: a.lag,
		Subscribe: true, Subscriptions: subscriptions{a}, Logos: past{a.DB}})
	f.Use(func(c *fiber.Ctx) error {
		return web.Problem(c, fault.New(fault.NotFound, "There is nothing at this address."))
	})
	return f
}

// writes sends what changes something to the primary.
func (a *App) writes(c *fiber.Ctx) error {
	if api.ChangesNothing(c.Path()) {
		return c.Next()
	}
	return a.region.Writes(c)
}

// counted holds a visitor to PUBLIC_RATE. Files that are kept for ever are not counted: a first visit asks for several at once.
func (a *App) counted(c *fiber.Ctx) error {
	if strings.HasPrefix(c.Path(), public.Prefix) {
		return c.Next()
	}
	if err := a.limits.Public(c); err != nil {
		return web.Problem(c, err)
	}
	return c.Next()
}

// door is how people sign in.
func (a *App) door() web.Door {
	host, err := a.cfg.Auth.ClerkHost()
	if err != nil {
		slog.Error("there is no form to sign in", "error", err) // Validate has refused it
	}
	begins := ""
	if a.client != nil {
		begins = signInPath
	}
	return web.Door{ClerkHost: host, ClerkKey: a.cfg.Auth.ClerkPublishableKey,
		Elsewhere: host == "" && a.cfg.Auth.External(), Begins: begins}
}

// visits receives what other programs ask about one page.
func (a *App) visits() *visit.Desk {
	return &visit.Desk{Pages: visitors{a}, Limit: a.limits.Public, BaseURL: strings.TrimSuffix(a.cfg.BaseURL, "/")}
}

func (a *App) server() *api.Server {
	return &api.Server{DB: a.DB, Desk: a.Desk, Relay: a.Relay, Verifier: a.verifier, Tickets: a.tickets, Local: a.Local, Client: a.client, Region: a.region, Limits: a.limits,
		BaseURL: strings.TrimSuffix(a.cfg.BaseURL, "/"), Mails: a.cfg.SMTPURL != "", KeyUsed: a.keyUsed, Webhooks: a.webhooks, Issuer: a.issuer,
		Kick: func(orgID, userID string) { a.kick(orgID, userID) }}
}

// stamp gives every request an id and every answer its region and its age.
func (a *App) stamp(c *fiber.Ctx) error {
	a.mark(c)
	return c.Next()
}

func (a *App) mark(c *fiber.Ctx) {
	id := uuid.NewString()
	c.Locals(api.RequestIDKey, id)
	c.Set("X-Request-Id", id)
	c.Set("Status-Region", a.region.Name)
	c.Set("Status-Lag", a.lagText())
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	if serve.MarkSecure(c, a.limits.Secure(c, a.cfg.BaseURL)); serve.Secure(c) {
		c.Set(fiber.HeaderStrictTransportSecurity, "max-age=31536000")
	}
}

// problem answers an error. One that came before any handler, such as a request that cannot be read, has no stamp yet.
func (a *App) problem(c *fiber.Ctx, err error) error {
	if c.Locals(api.RequestIDKey) == nil {
		a.mark(c)
	}
	var ours *fault.Error
	var http *fiber.Error
	if a.draining.Load() && !errors.As(err, &ours) && !errors.As(err, &http) {
		slog.Warn("a request came too late", "method", c.Method(), "path", c.Path(), "error", err)
		ours = fault.New(fault.Unavailable, "This server is stopping. Please try again, a write with the same Idempotency-Key.")
		ours.RetryAfter = 1
		err = ours
	}
	return api.Problem(c, err)
}

// parting ends a connection with its answer once the server drains, also beyond the drain's time: whoever keeps a connection alive must
// not find the database closed behind it, again and again. (fasthttp's own CloseOnShutdown stops doing so when the time is over.)
func (a *App) parting(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		next(ctx)
		if a.draining.Load() {
			ctx.SetConnectionClose()
		}
	}
}

// anyMethod answers a method that Fiber has never heard of as one that the path has not; Fiber would answer plain text.
func (a *App) anyMethod(f *fiber.App, next fasthttp.RequestHandler) fasthttp.RequestHandler {
	known := map[string]bool{}
	for _, m := range fiber.DefaultMethods {
		known[m] = true
	}
	return func(ctx *fasthttp.RequestCtx) {
		if known[string(ctx.Method())] {
			next(ctx)
			return
		}
		c := f.AcquireCtx(ctx)
		defer f.ReleaseCtx(c)
		ctx.SetConnectionClose() // whatever it is, its body was not read
		_ = a.problem(c, fiber.ErrMethodNotAllowed)
	}
}
