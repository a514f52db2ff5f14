// Package app puts the parts together: New, Run, Close. End-to-end tests run exactly this.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/api"
	"statuspage/server/auth"
	"statuspage/server/certificate"
	"statuspage/server/clock"
	"statuspage/server/config"
	"statuspage/server/front"
	"statuspage/server/hostname"
	"statuspage/server/limit"
	"statuspage/server/monitor/collect"
	"statuspage/server/notify"
	"statuspage/server/region"
	"statuspage/server/relay"
	"statuspage/server/schedule"
	"statuspage/server/socket"
	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/page"
)

// readTimeout is how long a whole request may be on its way. Tests have less patience.
var readTimeout = 20 * time.Second

const (
	drain = 4 * time.Second // from a signal to the end; the contract allows five
	// socketAddresses is how many addresses are remembered for the rate of their new sockets.
	socketAddresses = 1 << 16
)

// App is one process of Status Page.
type App struct {
	cfg      config.Config
	DB       *store.DB
	UseCases *usecase.UseCases
	Relay    *relay.Relay
	Rooms    *socket.Rooms
	Local    *auth.Local
	Fiber    *fiber.App
	front    *front.Front
	gate     *front.Gate
	region   *region.Region
	verifier *auth.Verifier
	tickets  *auth.Tickets
	devices  *auth.Devices
	limits   *api.Limits
	issuer   string         // of an external issuer's tokens
	client   *auth.Client   // of its own pages to sign in; nil where there are others
	webhooks *auth.Webhooks // its messages; nil when it sends none
	sockets  *limit.Counter
	// newSockets bounds how quickly one address opens them. A browser that comes back opens one.
	newSockets *limit.Limiter
	keys       keysUsed
	paths      map[string][]string // outside the API, with their methods
	now        func() time.Time    // clock's
	clock      *clock.Clock
	readers    *readers
	Notify     *notify.Worker
	scheduler  *schedule.Scheduler
	monitors   *collect.Collector
	keeper     *certificate.Keeper // with TLS=acme, once it listens
	durability durability
	first      first
	endings    chan struct{} // has an element when sessions or memberships have ended here

	bodies     *front.Bodies
	draining   atomic.Bool
	background sync.WaitGroup
	stop       context.CancelFunc
}

// New connects the parts and migrates the database when this is the primary. Nothing listens yet.
func New(ctx context.Context, cfg config.Config) (*App, error) {
	if err := readable(cfg); err != nil {
		return nil, err
	}
	db, err := store.OpenVia(cfg.Host.Dial, cfg.URL(), cfg.Token())
	if err != nil {
		return nil, err
	}
	a := &App{cfg: cfg, DB: db, endings: make(chan struct{}, 1), clock: clock.On(cfg.Host.Now, cfg.Host.Uptime),
		sockets:    limit.NewCounter(),
		newSockets: limit.New(limit.PerSecond(4*max(cfg.PublicRate, 50)), socketAddresses)}
	a.now, a.readers = a.clock.Now, newReaders(a)
	if err := a.connect(ctx); err != nil {
		return nil, errors.Join(err, a.release())
	}
	a.Fiber = a.routes()
	return a, nil
}

// connect makes the parts of an App on its database.
func (a *App) connect(ctx context.Context) (err error) {
	cfg, db := a.cfg, a.DB
	if cfg.Primary() {
		if err := db.Migrate(ctx); err != nil {
			return err
		}
	}
	a.region = region.New(cfg.Region(), cfg.PrimaryRegion, cfg.Primary(), cfg.WriteForward, cfg.PrimaryURL)
	if err := a.remember(ctx); err != nil {
		return err
	}
	a.Relay = relay.New(db, cfg.RelayInterval, cfg.Primary(), listener{a})
	a.Rooms = socket.New(cfg.Region(), pages{a})
	a.limits = api.NewLimits(api.Rates{Public: cfg.PublicRate, Caller: cfg.CallerRate, Org: cfg.OrgRate},
		os.Getenv("FLY_APP_NAME") != "")
	a.bodies = front.NewBodies(a.limits.Address)
	if err := a.identity(ctx); err != nil {
		return err
	}
	if err := a.notifies(); err != nil {
		return err
	}
	passwords := auth.NewPasswords((runtime.NumCPU() + 1) / 2).WithMemory(cfg.Host.HashMemory)
	a.UseCases = usecase.New(db, a.Relay, a.Local, passwords, a.Notify.Jobs)
	a.UseCases.Told = a.Notify.Wake
	a.UseCases.Post, a.UseCases.Ended, a.UseCases.TryMail = a.Notify.MailAccount, a.ended, a.Notify.TestMail
	a.UseCases.Base = strings.TrimSuffix(cfg.BaseURL, "/")
	a.Relay.SetClock(a.now)
	a.UseCases.SetClock(a.now)
	a.UseCases.Hosts = usecase.Hosts{On: cfg.BaseURL != "", Base: hostname.Of(cfg.BaseURL),
		Own:    hostname.OwnNames(os.Getenv("FLY_APP_NAME"), cfg.BaseURL, cfg.PrimaryURL),
		Prover: hostname.New(notify.ToPublic(false))}
	if a.UseCases.Sealer, err = auth.OpenSealer(cfg.SecretsKey, db.Beside("secrets")); err != nil {
		return err
	}
	if err := a.watch(ctx); err != nil {
		return err
	}
	if cfg.LoopbackHooks {
		a.UseCases.AllowLoopbackHooks()
	}
	return nil
}

// release lets go of everything that goes on without Start.
func (a *App) release() error {
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	if a.Rooms != nil {
		a.Rooms.Finish(ctx)
	}
	if a.verifier != nil {
		a.verifier.Close()
	}
	if a.keeper != nil {
		a.keeper.Close()
	}
	return a.DB.Close()
}

// readable refuses what cannot be used, before a database is made or migrated for it.
func readable(cfg config.Config) error {
	if err := notify.CheckSMTP(cfg.SMTPURL); err != nil {
		return err
	}
	x := cfg.Auth
	if x.ClerkWebhookSecret != "" {
		if _, err := auth.NewWebhooks(x.ClerkWebhookSecret); err != nil {
			return fmt.Errorf("CLERK_WEBHOOK_SECRET: %w", err)
		}
	}
	if !x.External() {
		return nil
	}
	_, err := auth.External(x.JWKSURL, x.Issuer, x.Preset, auth.Overrides{Org: x.ClaimOrg, OrgSlug: x.ClaimOrgSlug,
		Role: x.ClaimRole})
	return err
}

// identity sets up who vouches for people: the built-in issuer, or another.
func (a *App) identity(ctx context.Context) error {
	opts := auth.Options{Keys: a.DB, Sets: a.DB.Sets(a.cfg.Primary()), Changes: a.DB.Admissions}
	local := auth.NewLocal(a.DB)
	if a.cfg.Primary() { // with another issuer, too: tickets are signed with its key
		if err := local.Ensure(ctx, time.Now()); err != nil {
			return err
		}
	}
	a.tickets, a.devices = auth.NewTickets(a.DB), auth.NewDevices(a.DB)
	if a.cfg.Auth.External() {
		x := a.cfg.Auth
		issuer, err := auth.External(x.JWKSURL, x.Issuer, x.Preset,
			auth.Overrides{Org: x.ClaimOrg, OrgSlug: x.ClaimOrgSlug, Role: x.ClaimRole})
		if err != nil {
			return err
		}
		issuer.Audience, issuer.AuthorizedParties = x.Audience, x.AuthorizedParties
		opts.Issuers = []auth.Issuer{issuer}
		opts.Admit = a.admitExternal
		if x.ClientID != "" {
			a.client = auth.NewClient(issuer, x.Preset, x.ClientID, x.ClientSecret, x.Scopes)
		}
		if a.issuer = issuer.Name; x.ClerkWebhookSecret != "" {
			if a.webhooks, err = auth.NewWebhooks(x.ClerkWebhookSecret); err != nil {
				return fmt.Errorf("CLERK_WEBHOOK_SECRET: %w", err)
			}
		}
	} else {
		a.Local = local
		opts.Issuers = []auth.Issuer{a.Local.Issuer()}
		opts.Admit = a.admitLocal
	}
	verifier, err := auth.NewVerifier(opts)
	if err != nil {
		return fmt.Errorf("set up the issuer: %w", err)
	}
	a.verifier = verifier
	return nil
}

// listener and pages introduce the relay and the rooms to each other.
type listener struct{ a *App }

func (l listener) Event(orgID string, e *page.Event, before, after *relay.Page) {
	l.a.Rooms.Event(orgID, e, before, after)
}
func (l listener) Reset()            { l.a.Rooms.Reset() }
func (l listener) Gone(orgID string) { l.a.Rooms.Gone(orgID) }
func (l listener) Lost(orgID string) { l.a.Rooms.Lost(orgID) }

var _ relay.Audience = listener{}

// Listens keeps the pages of open sockets in memory.
func (l listener) Listens(orgID string) bool { return l.a.Rooms.Listens(orgID) }

type pages struct{ a *App }

func (p pages) Page(ctx context.Context, orgID string) (*relay.Page, error) {
	return p.a.Relay.Page(ctx, orgID)
}

func (p pages) Has(ctx context.Context, orgID string, seq int64) bool {
	return p.a.Relay.Has(ctx, orgID, seq)
}

func (p pages) Replay(ctx context.Context, orgID string, after, upTo, seen int64) ([]page.Event, error) {
	return p.a.DB.Org(orgID).Replay(ctx, after, upTo, seen)
}

// SetClock puts another clock in place of the machine's, before Serve: the laboratory's regions disagree about the
// time.
func (a *App) SetClock(now func() time.Time) {
	a.clock.Set(now)
}

// Now is the time at which something is written.
func (a *App) Now() time.Time { return a.now() }

// remember holds the primary's clock against what was written down before, and against the database's.
func (a *App) remember(ctx context.Context) error {
	if a.cfg.ClockTrust {
		return nil
	}
	defer a.askTime(ctx)
	if !a.cfg.Primary() {
		return nil
	}
	mark, err := a.DB.LastMark(ctx)
	if err != nil {
		return fmt.Errorf("read what the clock was: %w", err)
	}
	a.clock.Remember(mark)
	return nil
}

// How often the clock is held against the database's: one that is refused may have been set right meanwhile.
const (
	askTimeEvery    = time.Minute
	askRefusedEvery = 5 * time.Second
)

// keepTime asks the database what time it is.
func (a *App) keepTime(ctx context.Context) {
	var asked time.Time
	a.every(ctx, askRefusedEvery, func(ctx context.Context) {
		if now := time.Now(); a.clock.Refused() != 0 || now.Sub(asked) >= askTimeEvery {
			asked = now
			a.askTime(ctx)
		}
	})
}

// askTime holds the clock against the one of the database's machine, if that is another.
func (a *App) askTime(ctx context.Context) {
	if a.cfg.ClockTrust {
		return
	}
	begun := time.Now()
	at, ok, err := a.DB.Time(ctx)
	if took := time.Since(begun); err == nil && ok && took < clock.Tolerance/2 {
		a.clock.Confirm(at.Add(took / 2))
	}
}

// reportsEvery is how often visitors' reports are looked at.
const reportsEvery = 15 * time.Second

// Start begins what goes on in the background.
func (a *App) Start(ctx context.Context) {
	ctx, a.stop = context.WithCancel(ctx)
	a.every(ctx, 0, func(ctx context.Context) { a.Relay.Run(ctx) })
	a.every(ctx, time.Second, func(context.Context) { a.Rooms.Expire(a.now()); a.Rooms.Tidy() })
	a.every(ctx, time.Second, func(context.Context) { a.front.Sweep(time.Now()) })
	a.every(ctx, 0, a.watchSockets)
	a.every(ctx, 0, a.monitors.Run)
	a.every(ctx, 30*time.Second, a.noteKeys)
	a.keepTime(ctx)
	if a.cfg.Primary() {
		a.every(ctx, time.Second, a.beat)
		a.every(ctx, durabilityEvery, a.askDurability)
		a.every(ctx, 0, a.Notify.Run)
		a.every(ctx, time.Second, a.scheduler.Tick)
		a.every(ctx, time.Second, usecase.NewDueDrafts(a.UseCases).Tick)
		a.every(ctx, time.Minute, a.UseCases.PlanSeries)
		a.every(ctx, 0, a.UseCases.Remind)
		a.every(ctx, time.Minute, func(ctx context.Context) { a.UseCases.CheckHosts(ctx, a.now()) })
		a.every(ctx, time.Minute, a.UseCases.EraseDue)
		a.every(ctx, reportsEvery, a.UseCases.TellReports)
	}
}

// every runs a task again and again, or once when there is no interval.
func (a *App) every(ctx context.Context, interval time.Duration, task func(context.Context)) {
	a.background.Go(func() {
		if interval == 0 {
			task(ctx)
			return
		}
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			task(ctx)
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
}

// beat writes the primary's clock. What fails is said by the relay, which reads the same database.
func (a *App) beat(ctx context.Context) {
	if err := a.DB.BeatMark(ctx, a.clock.Mark()); err != nil {
		slog.Debug("no heartbeat", "error", err)
	}
}

// Serve answers on a listener until the context ends; then sockets and requests are drained.
func (a *App) Serve(ctx context.Context, ln net.Listener) error {
	defer func() { _ = ln.Close() }() // fiber does not know of it yet, when the end comes first
	a.Start(ctx)
	failed := make(chan error, 2)
	if a.cfg.TLS == "" {
		go func() { failed <- a.Fiber.Listener(steady{ln, a.front.Conn}) }()
	} else if err := a.serveHTTPS(ctx, ln, failed); err != nil {
		return errors.Join(err, a.Close())
	}
	metrics, err := a.serveMetrics()
	if err != nil {
		return errors.Join(err, a.Close())
	}
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	return errors.Join(err, metrics(), a.Close())
}

// Close drains: sockets are told to come back, requests are finished, then the database is let go.
func (a *App) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	a.draining.Store(true)
	a.Rooms.Close(ctx)
	err := a.Fiber.ShutdownWithContext(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = nil // whoever holds a connection open has had the time there is
	}
	if a.stop != nil {
		a.stop()
	}
	a.background.Wait()
	return errors.Join(err, a.release())
}

// steady keeps accepting when descriptors run out for a moment.
type steady struct {
	net.Listener
	with func(net.Conn) net.Conn // makes of each connection what the server gets
}

func (s steady) Accept() (net.Conn, error) {
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		conn, err := s.Listener.Accept()
		if err == nil {
			return s.with(conn), nil
		}
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		slog.Warn("a connection could not be accepted", "error", err)
		time.Sleep(wait)
	}
}
