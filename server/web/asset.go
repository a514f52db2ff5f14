package web

import (
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"path"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/gofiber/fiber/v2"

	"statuspage/server/relay"
	"statuspage/server/serve"
	"statuspage/shared/fault"
)

var (
	bundled = map[string]*relay.Doc{}
	names   = map[string]string{}
)

func init() {
	out := api.Build(api.BuildOptions{
		EntryPoints: []string{"../../public/js/status.js", "../../public/css/status.css"}, Bundle: true, Outdir: "/x", Format: api.FormatESModule,
		MinifyWhitespace: true, MinifySyntax: true, MinifyIdentifiers: true, Target: api.ES2022,
	})
	for _, e := range out.Errors {
		panic(e.Text)
	}
	for _, f := range out.OutputFiles {
		sum := sha256.Sum256(f.Contents)
		ext := path.Ext(f.Path)
		base := path.Base(f.Path)
		hashed := strings.TrimSuffix(base, ext) + "-" + hex.EncodeToString(sum[:5]) + ext
		bundled[hashed] = relay.NewDoc(mime.TypeByExtension(ext), f.Contents)
		names[base] = "/assets/" + hashed
	}
}

func asset(logical string) string { return names[logical] }

func (s *site) static(c *fiber.Ctx) error {
	secure(c)
	d := bundled[c.Params("*")]
	if d == nil {
		return Problem(c, fault.New(fault.NotFound, "There is no such file."))
	}
	c.Set("Cache-Control", "public, max-age=31536000, immutable")
	return serve.Doc(c, d)
}
