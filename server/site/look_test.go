package site

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"statuspage/shared/page"
)

// TestPicturesForPeople draws the pages at three widths and in both themes into the folder $PICTURES, to be looked at.
func TestPicturesForPeople(t *testing.T) {
	folder := os.Getenv("PICTURES")
	if folder == "" {
		t.Skip("PICTURES names no folder")
	}
	b := browse(t)
	save := func(name string, picture []byte) {
		if err := os.WriteFile(filepath.Join(folder, name), picture, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	draw := func(name, url string) {
		for _, width := range []int64{320, 390, 1280} {
			for _, scheme := range []string{"light", "dark"} {
				b.theme(scheme)
				b.size(width)
				b.visit(url)
				b.ready()
				png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
				if err != nil {
					t.Fatal(err)
				}
				save(fmt.Sprintf("%s-%d-%s.png", name, width, scheme), png)
			}
		}
	}
	for name, state := range map[string]page.State{"well": allWell(t), "trouble": trouble(t), "empty": empty(t),
		"awkward": awkward(t)} {
		s := open(t, nil, state)
		draw(name, s.url+"/status/"+state.Org.Slug)
		if name == "trouble" {
			draw("incident", s.url+"/status/acme/incidents/"+state.Incidents[1].ID)
			draw("history", s.url+"/status/acme/history")
			draw("home", s.url+"/")
			draw("missing", s.url+"/status/nobody")
		}
	}
	// In use: live, with the menu and a day's bubble open; on paper; in the reader's own colours.
	story, _ := company(t)
	h := newHall(t, story, nil)
	b.theme("light")
	for _, width := range []int64{390, 1280} {
		b.size(width)
		b.look(h)
		eval[any](b,
			`document.getElementById("subscribe").open = true; const i = document.querySelectorAll(".strip input")[1]; i.value = 73; i.dispatchEvent(new Event("input", {bubbles: true})); 0`)
		eval[any](b,
			`document.querySelectorAll(".record")[1].open = true; document.querySelectorAll(".group")[2].open = true; 0`)
		png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatal(err)
		}
		save(fmt.Sprintf("used-%d.png", width), png)
	}
	for name, media := range map[string]emulation.SetEmulatedMediaParams{
		"print": {Media: "print", Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}},
		"forced": {Features: []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"},
			{Name: "prefers-color-scheme", Value: "dark"}}},
	} {
		if _, err := chromedp.Run(b.ctx, send(emulation.SetEmulatedMedia, media)); err != nil {
			t.Fatal(err)
		}
		png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatal(err)
		}
		save(name+".png", png)
	}
}
