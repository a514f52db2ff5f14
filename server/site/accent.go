package site

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"statuspage/server/site/serve"

	"statuspage/server/site/visit"
)

// Grounds that an accent is read on, as in the stylesheet, and the least contrast it must have there (WCAG 2.2, 1.4.3).
const (
	lightGround   = "#ffffff"
	darkGround    = "#1a1c1f"
	readable      = 4.5
	accentMaxStep = 100

	lightPage = "#fbfbfa" // behind everything, as in the stylesheet
	darkPage  = "#121316"
)

// themePath is the address of an organisation's stylesheet; the colour in it lets it be kept for ever.
func themePath(v *visit.Visit) string {
	if v.State.Org.Accent == "" {
		return ""
	}
	return v.Path + "/theme.css?accent=" + strings.ToLower(v.State.Org.Accent[1:])
}

// theme is the organisation's accent, made readable on both grounds.
func (s *site) theme(v *visit.Visit) error {
	accent := strings.ToLower(v.State.Org.Accent)
	if accent != "" && v.Ctx.Query("accent") == accent[1:] {
		v.Ctx.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	doc, err := v.Doc("theme", time.Hour, func() (string, []byte, error) {
		return "text/css; charset=utf-8", themeCSS(accent), nil
	})
	if err != nil {
		return err
	}
	return serve.Doc(v.Ctx, doc)
}

func themeCSS(accent string) []byte {
	brand, ok := parseRGB(accent)
	if !ok {
		return []byte("/* The house colours. */\n")
	}
	light, dark := legible(brand, lightGround, rgb{}), legible(brand, darkGround, rgb{255, 255, 255})
	night := fmt.Sprintf("{--accent:%s;--on-accent:%s}", dark, inkOn(dark))
	return fmt.Appendf(nil, ":root{--accent:%s;--on-accent:%s;--brand:%s;--on-brand:%s}\n"+
		"@media screen and (prefers-color-scheme:dark){:root:not([data-theme=light])%s}\n@media "+
		"screen{:root[data-theme=dark]%s}\n",
		light, inkOn(light), brand, inkOn(brand), night, night)
}

type rgb [3]float64

func (c rgb) String() string {
	return fmt.Sprintf("#%02x%02x%02x", int(math.Round(c[0])), int(math.Round(c[1])), int(math.Round(c[2])))
}

func parseRGB(s string) (rgb, bool) {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "#"), 16, 32)
	if err != nil || len(s) != 7 {
		return rgb{}, false
	}
	return rgb{float64(n >> 16), float64(n >> 8 & 255), float64(n & 255)}, true
}

// legible moves a colour towards another one, a hundredth at a time, until it can be read on a ground.
func legible(c rgb, ground string, towards rgb) rgb {
	g, _ := parseRGB(ground)
	for step := 0; step <= accentMaxStep; step++ {
		// What is written is rounded, so what is measured must be.
		if mixed, _ := parseRGB(mix(c, towards, float64(step)/accentMaxStep).String()); contrast(mixed, g) >= readable {
			return mixed
		}
	}
	return towards
}

func mix(a, b rgb, part float64) rgb {
	for i := range a {
		a[i] += (b[i] - a[i]) * part
	}
	return a
}

// inkOn is black or white, whichever reads better.
func inkOn(c rgb) rgb {
	white := rgb{255, 255, 255}
	if contrast(white, c) >= contrast(rgb{}, c) {
		return white
	}
	return rgb{}
}

// contrast and luminance are those of WCAG 2.
func contrast(a, b rgb) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(c rgb) float64 {
	for i, v := range c {
		if v /= 255; v <= 0.04045 {
			c[i] = v / 12.92
		} else {
			c[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2]
}
