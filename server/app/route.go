package app

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/recover"
	"github.com/google/uuid"
	"github.com/valyala/fasthttp"

	"statuspage/public"
	"statuspage/server/api"
	"statuspage/server/certificate"
	"statuspage/server/front"
	"statuspage/server/monitor/collect"
	"statuspage/server/region"
	"statuspage/server/site"
	"statuspage/server/site/serve"
	"statuspage/server/site/visit"
	"statuspage/server/statuspagev2"
	"statuspage/server/usecase"
	"statuspage/server/widget"
	"statuspage/shared/fault"
)

// routes is the application as the world sees it.
func (a *App) routes() *fiber.App {
	f := fiber.New(fiber.Config{
		AppName: "Status Page", DisableStartupMessage: true,
		Immutable:         true, // strings that are kept must not change under us
		StreamRequestBody: true, // Bodies reads it
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
	a.front = front.New(front.Deps{Client: a.limits.Client, Count: a.limits.PublicBefore, Policy: api.PublicPolicy,
		ID: requestID, Age: appendLag, Closes: a.draining.Load, Reading: readTimeout,
		Secure: func(tls bool, proto []byte) bool { return a.limits.SecureBefore(tls, proto, a.cfg.BaseURL) },
		Lag:    func() (time.Duration, bool) { lag := a.Relay.Lag(); return lag, lag <= a.cfg.StaleAfter }})
	a.gate = front.NewGate(front.DefaultSizes(), a.limits.Client)
	f.Server().Handler = a.parting(certificate.Lead(func() *certificate.Keeper { return a.keeper }, a.cfg.BaseURL,
		a.front.Handler(serve.Private(a.gate.Handler(a.anyMethod(f, f.Server().Handler),
			a.busy(f))))))
	f.Server().ErrorHandler = front.Unread(f.Server().ErrorHandler)
	f.Server().ConnState = front.NoteArrival
	f.Use(recover.New(recover.Config{EnableStackTrace: true, StackTraceHandler: func(c *fiber.Ctx, e any) {
		slog.Error("a handler panicked", "path", c.Path(), "panic", e)
	}}))
	f.Use(a.stamp)
	f.Get("/healthz", func(c *fiber.Ctx) error { return c.SendString("ok\n") })
	f.Get("/readyz", a.ready)
	f.Use(a.bodies.Read)
	f.Get("/ws/status/org/:id", a.privateSocket)
	f.Get("/ws/status/public/:slug", a.publicSocket)
	f.Use(a.writes)
	f.Post(collect.Path, a.bring)
	others := a.visits()
	statuspagev2.Routes(f, others)
	widget.Routes(f, others)
	a.server().Mount(f)
	f.Use(a.counted)
	site.Dashboard(f, a.door(), a.fresh, usecase.SlugOf)
	if a.client != nil {
		f.Get(signInPath, a.beginSignIn)
		f.Get(callbackPath, a.finishSignIn)
	}
	pages := site.Deps{Pages: visitors{a}, Index: a.cfg.Index, History: past{a.DB}, BaseURL: a.cfg.BaseURL,
		Own: a.UseCases.Hosts.Own.Has, Region: a.region.Name, Lag: a.lag,
		Subscribe: true, NoMail: a.cfg.SMTPURL != "" && a.cfg.BaseURL == "", Subscriptions: subscriptions{a},
		PushKey: a.pushKey,
		Logos:   past{a.DB}, Measures: past{a.DB}, Reported: a.reported,
		Fresh: a.fresh, Doors: doors{a.readers}}
	site.Routes(f, pages)
	f.Use(a.nothing(site.Missing(pages)))
	a.paths = pathsOf(f)
	return f
}

// writes sends what changes something to the primary.
func (a *App) writes(c *fiber.Ctx) error {
	if api.ChangesNothing(c.Path()) || strings.HasSuffix(strings.TrimSuffix(c.Path(), "/"), site.PasswordPath) {
		return c.Next()
	}
	return a.region.Writes(c)
}

// counted holds a visitor to PUBLIC_RATE. Files that are kept for ever are not counted: a first visit asks for several
// at once.
func (a *App) counted(c *fiber.Ctx) error {
	if strings.HasPrefix(c.Path(), public.Prefix) {
		return c.Next()
	}
	if err := a.limits.Public(c); err != nil {
		return site.Problem(c, err)
	}
	return c.Next()
}

// door is how people sign in.
func (a *App) door() site.Door {
	host, err := a.cfg.Auth.ClerkHost()
	if err != nil {
		slog.Error("there is no form to sign in", "error", err) // Validate has refused it
	}
	begins := ""
	if a.client != nil {
		begins = signInPath
	}
	return site.Door{ClerkHost: host, ClerkKey: a.cfg.Auth.ClerkPublishableKey,
		Elsewhere: host == "" && a.cfg.Auth.External(), Begins: begins}
}

// visits receives what other programs ask about one page.
func (a *App) visits() *visit.Directory {
	return &visit.Directory{Pages: visitors{a}, Limit: a.limits.Public,
		BaseURL: strings.TrimSuffix(a.cfg.BaseURL, "/"), Own: a.UseCases.Hosts.Own.Has}
}

func (a *App) server() *api.Server {
	return &api.Server{DB: a.DB, UseCases: a.UseCases, Relay: a.Relay, Verifier: a.verifier,
		Tickets: a.tickets, Devices: a.devices, Local: a.Local, Client: a.client, Region: a.region, Limits: a.limits,
		Gate: a.readers.admit, BaseURL: strings.TrimSuffix(a.cfg.BaseURL,
			"/"), Mails: a.cfg.SMTPURL != "", Letters: a.cfg.SMTPURL != "" ||
			a.DB.Beside("letters") != "", Mailing: a.Notify,
		Monitors: a.monitors, KeyUsed: a.keyUsed, Webhooks: a.webhooks, Issuer: a.issuer,
		Now: func() time.Time { return a.now() }, Kick: func(orgID, userID string) { a.kick(orgID, userID) }}
}

// stamp gives every request an id and every answer its region and its age.
func (a *App) stamp(c *fiber.Ctx) error {
	a.mark(c)
	return c.Next()
}

func (a *App) mark(c *fiber.Ctx) {
	id := requestID()
	var lag [24]byte
	h := &c.Response().Header
	h.SetCanonical([]byte("X-Request-Id"), id[:])
	h.SetCanonical([]byte("Status-Lag"), appendLag(lag[:0], a.Relay.Lag()))
	c.Locals(api.RequestIDKey, string(id[:]))
	c.Set("Status-Region", a.region.Name)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	if serve.MarkSecure(c, a.limits.Secure(c, a.cfg.BaseURL)); serve.Secure(c) {
		c.Set(fiber.HeaderStrictTransportSecurity, "max-age=31536000")
	}
}

// requestID is a random UUID (RFC 9562 5.4) as text. It tells requests apart and opens nothing.
func requestID() (text [36]byte) {
	var id uuid.UUID
	binary.LittleEndian.PutUint64(id[:8], rand.Uint64()) // #nosec G404 -- it opens nothing
	binary.LittleEndian.PutUint64(id[8:], rand.Uint64()) // #nosec G404 -- it opens nothing
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	hex.Encode(text[0:8], id[:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:36], id[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return text
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
		ours = fault.New(fault.Unavailable, "This server is stopping. Please try again, a write with the same "+
			"Idempotency-Key.")
		ours.RetryAfter = 1
		err = ours
	}
	return api.Problem(c, err)
}

// busy refuses what is more than can be worked on.
func (a *App) busy(f *fiber.App) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		c := f.AcquireCtx(ctx)
		defer f.ReleaseCtx(c)
		if ctx.RequestBodyStream() != nil {
			ctx.SetConnectionClose() // its body was not read
		}
		e := fault.New(fault.Unavailable, "This server is asked for more than it can do at once. Please try again.")
		e.RetryAfter = 1
		_ = a.problem(c, e)
	}
}

// parting ends a connection with its answer once the server drains, also beyond the drain's time: whoever keeps a
// connection alive must not find the database closed behind it, again and again. (fasthttp's own CloseOnShutdown stops
// doing so when the time is over.)
func (a *App) parting(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		next(ctx)
		if a.draining.Load() {
			ctx.SetConnectionClose()
		}
	}
}

// nothing answers what no route takes: another method than a path has (RFC 9110 15.5.6), or a path that is none.
func (a *App) nothing(missing fiber.Handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if allowed := a.methods(c.Path()); len(allowed) > 0 {
			c.Set(fiber.HeaderAllow, strings.Join(allowed, ", "))
			return fiber.ErrMethodNotAllowed
		}
		return missing(c)
	}
}

// pathsOf are the paths outside the API with the methods that they answer.
func pathsOf(f *fiber.App) map[string][]string {
	out := map[string][]string{}
	for _, r := range f.GetRoutes(true) {
		if r.Path != "/api/*" && r.Path != "/.well-known/*" && !slices.Contains(out[r.Path], r.Method) {
			out[r.Path] = append(out[r.Path], r.Method)
		}
	}
	return out
}

// methods lists what a path answers, in alphabetical order; nothing when it is none of ours.
func (a *App) methods(path string) []string {
	allowed := slices.Clone(api.Methods(path))
	if len(allowed) == 0 {
		if len(path) > 1 { // each works with its slash and without
			path = strings.TrimSuffix(path, "/")
		}
		for pattern, methods := range a.paths {
			if fiber.RoutePatternMatch(path, pattern, fiber.Config{CaseSensitive: true}) {
				allowed = append(allowed, methods...)
			}
		}
	}
	slices.Sort(allowed)
	return slices.Compact(allowed)
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
		allowed := a.methods(c.Path())
		if len(allowed) == 0 {
			_ = a.problem(c, fiber.ErrNotFound)
			return
		}
		c.Set(fiber.HeaderAllow, strings.Join(allowed, ", "))
		_ = a.problem(c, fiber.ErrMethodNotAllowed)
	}
}
