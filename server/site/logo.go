package site

import (
	"context"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/relay"
	"statuspage/server/site/serve"
	"statuspage/server/site/visit"
	"statuspage/shared/fault"
)

// Logos reads organisations' pictures; a name that an organisation has not is a fault.NotFound.
type Logos interface {
	Logo(ctx context.Context, orgID, name string) ([]byte, error)
}

// logo sends the page's picture. It is named by its content, so it may be kept for ever. One that was taken back is not
// shown any more: its name, which is in mails, leads to today's.
func (s *site) logo(v *visit.Visit) error {
	name := v.Ctx.Params("name")
	if !logoShape(name) || s.Logos == nil {
		return fault.New(fault.NotFound, "There is no such picture.")
	}
	make := func() (string, []byte, error) {
		ctx, cancel := context.WithTimeout(v.Ctx.UserContext(), 5*time.Second)
		defer cancel()
		body, err := s.Logos.Logo(ctx, v.State.Org.ID, name)
		return mediaTypeOf(name), body, err
	}
	org := &v.State.Org
	switch {
	case name == org.Logo, name == org.Style.LogoDark, name == org.Style.Favicon:
		doc, err := v.Doc("logo/"+name, 24*time.Hour, make)
		return s.picture(v, doc, err)
	case org.Logo == "":
		return fault.New(fault.NotFound, "There is no such picture.")
	}
	if _, _, err := make(); err != nil { // it never was this page's
		return err
	}
	v.Ctx.Set("Cache-Control", "no-cache")
	return v.Ctx.Redirect(v.Path+"/logo/"+v.State.Org.Logo, fiber.StatusFound)
}

func (s *site) picture(v *visit.Visit, doc *relay.Doc, err error) error {
	if err != nil {
		return err
	}
	v.Ctx.Set("Cache-Control", "public, max-age=31536000, immutable")
	v.Ctx.Set("Content-Security-Policy", "default-src 'none'")
	v.Ctx.Set("Cross-Origin-Resource-Policy", "cross-origin") // mail programs on the web show it
	return serve.Doc(v.Ctx, doc)
}

// mediaTypeOf is that of a picture, by its name.
func mediaTypeOf(name string) string {
	if strings.HasSuffix(name, ".jpg") {
		return "image/jpeg"
	}
	return "image/png"
}

func logoShape(name string) bool {
	return len(name) <= 64 && !strings.ContainsAny(name, "/\\") &&
		(strings.HasSuffix(name, ".png") || strings.HasSuffix(name, ".jpg"))
}
