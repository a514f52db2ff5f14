package site

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"statuspage/server/site/serve"
	"statuspage/server/site/visit"
	"statuspage/server/stylesheet"
	"statuspage/shared/fault"
)

// ownStylesheet is the address of the stylesheet that the organisation wrote, or "": it is served on a host name of its
// own alone. What the address says of it lets it be kept for ever.
func ownStylesheet(v *visit.Visit) string {
	css := v.State.Org.Style.CSS
	if css == "" || v.Path != "" {
		return ""
	}
	return "/custom.css?v=" + cssMark(css)
}

func cssMark(css string) string {
	sum := sha256.Sum256([]byte(css))
	return hex.EncodeToString(sum[:6])
}

// customCSS serves it as it is rewritten. One that was taken by an older version and would be refused today is empty.
func (s *site) customCSS(v *visit.Visit) error {
	css := v.State.Org.Style.CSS
	if css == "" {
		return fault.New(fault.NotFound, "This page has no stylesheet of its own here.")
	}
	if v.Ctx.Query("v") == cssMark(css) {
		v.Ctx.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	doc, err := v.Doc("custom", time.Hour, func() (string, []byte, error) {
		out, refused := stylesheet.Rewrite(css)
		if refused != nil {
			out = "/* " + refused.Why + " */\n"
		}
		return "text/css; charset=utf-8", []byte(out), nil
	})
	if err != nil {
		return err
	}
	return serve.Doc(v.Ctx, doc)
}
