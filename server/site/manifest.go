package site

import (
	"encoding/json"
	"time"

	"statuspage/server/site/serve"
	"statuspage/server/site/visit"
)

// appManifest describes the page to a telephone that puts it on its home screen (W3C Web Application Manifest). iOS
// lets only such a page tell its visitors anything (Web Push).
type appManifest struct {
	Name       string    `json:"name"`
	Short      string    `json:"short_name"`
	Lang       string    `json:"lang"`
	ID         string    `json:"id"`
	Start      string    `json:"start_url"`
	Scope      string    `json:"scope"`
	Display    string    `json:"display"`
	Background string    `json:"background_color"`
	Theme      string    `json:"theme_color"`
	Icons      []appIcon `json:"icons"`
}

type appIcon struct {
	Src     string `json:"src"`
	Sizes   string `json:"sizes"`
	Type    string `json:"type"`
	Purpose string `json:"purpose,omitempty"`
}

// appIcons are the product's own, which every page may have.
var appIcons = []appIcon{
	{"/install/icon-192.png", "192x192", "image/png", ""}, {"/install/icon-512.png", "512x512", "image/png", ""},
	{"/install/icon-maskable.png", "512x512", "image/png", "maskable"},
}

// manifest is the page as something that can be installed. Who may not see the page does not get its name here.
func (s *site) manifest(v *visit.Visit) error {
	in := v.Language()
	v.Ctx.Set("Cache-Control", "public, max-age=300")
	v.Ctx.Set("Content-Security-Policy", "default-src 'none'")
	doc, err := v.Doc(key(v, "manifest"), time.Hour, func() (string, []byte, error) {
		org := &v.State.Org
		home, ground := homePath(v), lightPage
		if org.Style.Theme == "dark" {
			ground = darkPage
		}
		icons := appIcons
		if name := org.Style.Favicon; name != "" {
			own := appIcon{v.Path + "/logo/" + name, "any", mediaTypeOf(name), ""}
			icons = append([]appIcon{own}, icons...)
		}
		body, err := json.Marshal(appManifest{Name: siteName(in, org), Short: org.Name, Lang: string(in), ID: home,
			Start: home, Scope: home, Display: "standalone", Background: ground, Theme: ground, Icons: icons})
		return "application/manifest+json", body, err
	})
	if err != nil {
		return err
	}
	return serve.Doc(v.Ctx, doc)
}
