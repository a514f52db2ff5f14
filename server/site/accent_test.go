package site

import (
	"strings"
	"testing"

	"statuspage/shared/page"
)

func TestEveryAccentCanBeRead(t *testing.T) {
	for r := 0; r <= 255; r += 51 {
		for g := 0; g <= 255; g += 51 {
			for b := 0; b <= 255; b += 51 {
				c := rgb{float64(r), float64(g), float64(b)}
				for _, ground := range []string{lightGround, darkGround} {
					under, _ := parseRGB(ground)
					towards := rgb{}
					if ground == darkGround {
						towards = rgb{255, 255, 255}
					}
					if got := legible(c, ground, towards); contrast(got, under) < readable ||
						contrast(inkOn(got), got) < readable {
						t.Errorf("%s on %s became %s: %.2f", c, ground, got, contrast(got, under))
					}
				}
			}
		}
	}
}

func TestContrastIsThatOfWCAG(t *testing.T) {
	for _, c := range []struct {
		a, b string
		low  float64
		high float64
	}{{"#000000", "#ffffff", 20.99, 21.01}, {"#2fcc66", "#ffffff", 2.1, 2.2}, {"#777777", "#ffffff", 4.47, 4.49}} {
		a, _ := parseRGB(c.a)
		b, _ := parseRGB(c.b)
		if got := contrast(a, b); got < c.low || got > c.high {
			t.Errorf("%s on %s: %.3f", c.a, c.b, got)
		}
	}
}

func TestAnAccentHasAStylesheetThatMayBeKept(t *testing.T) {
	story, _ := company(t)
	s := open(t, nil, story.state)
	if _, body := s.get(t, "/status/acme"); strings.Contains(body, "theme.css") {
		t.Error("a page without an accent loads one")
	}
	accent := "#FFE500"
	story.do(today, &page.EditPage{Accent: &accent})
	s.put(story.state)
	const address = "/status/acme/theme.css?accent=ffe500"
	if _, body := s.get(t, "/status/acme"); !strings.Contains(body, address) {
		t.Error("the page does not load its accent")
	}
	res, css := s.get(t, address)
	if !strings.Contains(css, "--brand:#ffe500;--on-brand:#000000") ||
		!strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("%s %v", css, res.Header)
	}
	if res, _ := s.get(t, "/status/acme/theme.css?accent=123456"); strings.Contains(res.Header.Get("Cache-Control"),
		"immutable") {
		t.Error("another colour's address may be kept for ever")
	}
}
