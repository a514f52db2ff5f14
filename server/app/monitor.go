package app

import (
	"cmp"
	"context"
	"os"
	"strings"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/monitor/collect"
	"statuspage/server/monitor/prober"
)

// watch makes what runs monitors.
func (a *App) watch(ctx context.Context) error {
	networks, err := prober.ReadNetworks(a.cfg.MonitorNetworks)
	if err != nil {
		return err
	}
	if a.cfg.Primary() {
		if key, err := a.DB.CollectKey(ctx); err != nil {
			return err
		} else if key == "" {
			if err := a.DB.EnsureCollectKey(ctx); err != nil {
				return err
			}
		}
	}
	primary := strings.TrimSuffix(a.cfg.PrimaryURL, "/")
	if name := os.Getenv("FLY_APP_NAME"); primary == "" && name != "" && a.cfg.PrimaryRegion != "" {
		primary = "http://" + a.cfg.PrimaryRegion + "." + name + ".internal:" + cmp.Or(a.cfg.Port, "8080")
	}
	a.monitors = collect.New(a.DB, a.UseCases, prober.New(networks, a.cfg.MonitorBeside), collect.Options{
		Region:     a.region.Name,
		Primary:    a.cfg.Primary(),
		PrimaryURL: primary, Now: a.Now, Mark: a.Relay.MonitorsMark})
	return nil
}

// bring takes the results of another region.
func (a *App) bring(c *fiber.Ctx) error {
	if !a.region.Primary {
		return fiber.ErrNotFound
	}
	if err := a.monitors.Bring(c.UserContext(), c.Get(collect.Signature), c.Body()); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}
