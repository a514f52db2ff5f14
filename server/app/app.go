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
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/api"
	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/desk"
	"statuspage/server/limit"
	"statuspage/server/live"
	"statuspage/server/notify"
	"statuspage/server/region"
	"statuspage/server/relay"
	"statuspage/server/store"
	"statuspage/shared/page"
)

const (
	drain = 4 * time.Second // from a signal to the end; the contract allows five
	// socketAddresses is how many addresses are remembered for the rate of their new sockets.
	socketAddresses = 1 << 16
)

// App is one process of Status Page.
type App struct {
	cfg      config.Config
	DB       *store.DB
	Desk     *desk.Desk
	Relay    *relay.Relay
	Rooms    *live.Rooms
	Local    *auth.Local
	Fiber    *fiber.App
	region   *region.Region
	verifier *auth.Verifier
	tickets  *auth.Tickets
	limits   *api.Limits
	issuer   string         // of an external issuer's tokens
	client   *auth.Client   // of its own pages to sign in; nil where there are others
	webhooks *auth.Webhooks // its messages; nil when it sends none
	sockets  *limit.Counter
	// newSockets bounds how quickly one address opens them. A browser that comes back opens one.
	newSockets *limit.Limiter
	keys       keysUsed
	now        func() time.Time
	Notify     *notify.Worker
	scheduler  *notify.Scheduler

	bodies     atomic.Int64 // bytes, of large ones that are held
	senders    *limit.Counter
	draining   atomic.Bool
	background sync.WaitGroup
	stop       context.CancelFunc
}

// New connects the parts and migrates the database when this is the primary. Nothing listens yet.
func New(ctx context.Context, cfg config.Config) (*App, error) {
	db, err := store.Open(cfg.URL(), cfg.Token())
	if err != nil {
		return nil, err
	}
	if cfg.Primary() {
		if err := db.Migrate(ctx); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	a := &App{cfg: cfg, DB: db, now: time.Now, sockets: limit.NewCounter(), senders: limit.NewCounter(), newSockets: limit.New(limit.PerSecond(4*max(cfg.PublicRate, 50)), socketAddresses)}
	a.region = region.New(cfg.Region(), cfg.PrimaryRegion, cfg.Primary(), cfg.WriteForward, cfg.PrimaryURL)
	a.Relay = relay.New(db, cfg.RelayInterval, cfg.Primary(), listener{a})
	a.Rooms = live.New(cfg.Region(), pages{a})
	a.limits = api.NewLimits(api.Rates{Public: cfg.PublicRate, Caller: cfg.CallerRate, Org: cfg.OrgRate}, os.Getenv("FLY_APP_NAME") != "")
	if err := a.identity(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if err := a.notifies(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	a.Desk = desk.New(db, a.Relay, a.Local, auth.NewPasswords(runtime.NumCPU()), a.Notify.Jobs)
	a.Desk.Post = a.Notify.MailAccount
	if cfg.LoopbackHooks {
		a.Desk.AllowLoopbackHooks()
	}
	a.Fiber = a.routes()
	return a, nil
}

// identity sets up who vouches for people: the built-in issuer, or another.
func (a *App) identity(ctx context.Context) error {
	opts := auth.Options{Keys: a.DB, Sets: a.DB.Sets(a.cfg.Primary())}
	local := auth.NewLocal(a.DB)
	if a.cfg.Primary() { // with another issuer, too: tickets are signed with its key
		if err := local.Ensure(ctx, time.Now()); err != nil {
			return err
		}
	}
	a.tickets = auth.NewTickets(a.DB)
	if a.cfg.Auth.External() {
		x := a.cfg.Auth
		issuer, err := auth.External(x.JWKSURL, x.Issuer, x.Preset, auth.Overrides{Org: x.ClaimOrg, OrgSlug: x.ClaimOrgSlug, Role: x.ClaimRole})
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

func (l listener) Event(orgID string, e *page.Event) {
	l.a.Rooms.Event(orgID, e)
	l.a.Notify.Wake()
}
func (l listener) Reset() { l.a.Rooms.Reset() }

type pages struct{ a *App }

func (p pages) Page(ctx context.Context, orgID string) (*relay.Page, error) {
	return p.a.Relay.Page(ctx, orgID)
}

func (p pages) Has(ctx context.Context, orgID string, seq int64) bool {
	return p.a.Relay.Has(ctx, orgID, seq)
}

func (p pages) EventsSince(ctx context.Context, orgID string, seq int64, limit int) ([]page.Event, error) {
	return p.a.DB.Org(orgID).EventsSince(ctx, seq, limit)
}

// SetClock puts another clock in place of the machine's, before Serve: the laboratory's regions disagree about the time.
func (a *App) SetClock(now func() time.Time) {
	a.now = now
	a.Relay.SetClock(now)
	a.Desk.SetClock(now)
	a.scheduler = notify.NewScheduler(a.DB, a.bySystem, now)
}

// Start begins what goes on in the background.
func (a *App) Start(ctx context.Context) {
	ctx, a.stop = context.WithCancel(ctx)
	a.every(ctx, 0, func(ctx context.Context) { a.Relay.Run(ctx) })
	a.every(ctx, time.Second, func(context.Context) { a.Rooms.Expire(a.now()) })
	a.every(ctx, time.Second, a.dismiss)
	a.every(ctx, 30*time.Second, a.noteKeys)
	if a.cfg.Primary() {
		a.every(ctx, time.Second, a.beat)
		a.every(ctx, 0, a.Notify.Run)
		a.every(ctx, time.Second, a.scheduler.Tick)
		a.every(ctx, time.Minute, a.Desk.PlanSeries)
		a.every(ctx, 0, a.Desk.Remind)
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
	if err := a.DB.Beat(ctx, a.now()); err != nil {
		slog.Debug("no heartbeat", "error", err)
	}
}

// Serve answers on a listener until the context ends; then sockets and requests are drained.
func (a *App) Serve(ctx context.Context, ln net.Listener) error {
	a.Start(ctx)
	failed := make(chan error, 1)
	go func() { failed <- a.Fiber.Listener(steady{ln}) }()
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
	a.verifier.Close()
	return errors.Join(err, a.DB.Close())
}

// steady keeps accepting when descriptors run out for a moment.
type steady struct{ net.Listener }

func (s steady) Accept() (net.Conn, error) {
	for wait := 5 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		conn, err := s.Listener.Accept()
		if err == nil || errors.Is(err, net.ErrClosed) {
			return conn, err
		}
		slog.Warn("a connection could not be accepted", "error", err)
		time.Sleep(wait)
	}
}
