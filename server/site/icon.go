package site

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/public/icons"
	"statuspage/server/site/serve"
	"statuspage/server/site/visit"
	"statuspage/shared/status"
)

// icon is the page's favicon: the symbol of its state. Its address names the state, so that it changes with it.
func (s *site) icon(v *visit.Visit) error {
	v.Ctx.Set("Cache-Control", "public, max-age=60")
	doc, err := v.Doc("icon", time.Hour, func() (string, []byte, error) {
		indicator, _ := summary(&v.State)
		return "image/svg+xml", stateIcon(mood(indicator)), nil
	})
	if err != nil {
		return err
	}
	return serve.Doc(v.Ctx, doc)
}

// favicon is the product's own, for whoever asks without having read a page.
func (s *site) favicon(c *fiber.Ctx) error {
	secure(c)
	c.Set("Cache-Control", "public, max-age=86400")
	return serveOnce(c)("image/svg+xml", stateIcon(status.Operational), nil)
}

func stateIcon(state status.ServiceStatus) []byte {
	return icons.Image(iconName(state), colours[state])
}

// iconName is the icon of a state; what has no state has one, too.
func iconName(state status.ServiceStatus) string {
	if state == "" {
		return "unknown"
	}
	return string(state)
}
