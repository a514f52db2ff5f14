package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/api"
	"statuspage/server/notify"
	"statuspage/server/schedule"
	"statuspage/server/site/serve"
	"statuspage/server/site/visit"
	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// notifies sets up what tells subscribers. It works at the primary alone.
func (a *App) notifies() error {
	worker, err := notify.New(a.DB, notify.Options{SMTPURL: a.cfg.SMTPURL, LetterBox: a.DB.Beside("letters"),
		BaseURL: a.cfg.BaseURL, AllowLoopback: a.cfg.LoopbackHooks, Lease: a.cfg.DeliveryLease,
		Open: func(use, sealed string) (string, error) { return a.UseCases.Sealer.Open(use, sealed) }})
	if err != nil {
		return err
	}
	a.Notify = worker
	a.scheduler = schedule.New(a.DB, a.bySystem, a.now)
	return nil
}

// bySystem brings a command of the program itself.
func (a *App) bySystem(ctx context.Context, orgID, key string, c page.Command, at time.Time) error {
	_, err := a.UseCases.ChangeAt(ctx, usecase.Caller{System: true, Key: key, Fingerprint: "scheduler"}, orgID, c, at)
	return err
}

// subscriptions are managed by whoever holds their link.
type subscriptions struct{ a *App }

func (s subscriptions) caller(c *fiber.Ctx) usecase.Caller {
	id, _ := c.Locals(api.RequestIDKey).(string)
	return usecase.Caller{Address: s.a.limits.Address(c).String(), RequestID: id}
}

// Subscription also asks the primary: whoever has just subscribed there may be ahead of this region.
func (s subscriptions) Subscription(c *fiber.Ctx, orgID, token string) (store.Subscriber, error) {
	found, err := s.a.UseCases.Subscription(c.UserContext(), orgID, token)
	var none *fault.Error
	if errors.As(err, &none) && none.Code == fault.NotFound && !s.a.region.Primary {
		if away := s.a.region.ToPrimary(c); away != nil {
			return found, away
		}
		return found, serve.ErrElsewhere
	}
	return found, err
}

func (s subscriptions) Confirm(c *fiber.Ctx, orgID, token string) (store.Subscriber, error) {
	return s.a.UseCases.ConfirmSubscription(c.UserContext(), s.caller(c), orgID, token)
}

func (s subscriptions) Choose(
	c *fiber.Ctx, seen *page.State, token string, services []string, language string,
) (store.Subscriber, error) {
	return s.a.UseCases.EditSubscription(c.UserContext(), s.caller(c), seen, token, services, language)
}

func (s subscriptions) Unsubscribe(c *fiber.Ctx, orgID, token string) error {
	return s.a.UseCases.Unsubscribe(c.UserContext(), s.caller(c), orgID, token)
}

// reported is how often visitors reported some services of a page from a moment on.
func (a *App) reported(v *visit.Visit, services []string, from status.Time) (n int64, err error) {
	org := a.DB.Org(v.State.Org.ID)
	for _, id := range services {
		some, err := org.CountReports(v.Ctx.UserContext(), id, from, status.Time(a.now().UnixMilli())+1)
		if err != nil {
			return 0, err
		}
		n += some
	}
	return n, nil
}

// pushKey is what a browser subscribes for: this installation's public key. "" where it cannot be read, and then no
// browser is offered to be told.
func (a *App) pushKey(ctx context.Context) string {
	_, public, err := a.DB.PushKey(ctx)
	if err != nil {
		slog.Warn("browsers are not offered to be told", "error", err)
	}
	return public
}
