package web

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

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
				if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%s-%d-%s.png", name, width, scheme)), png, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for name, state := range map[string]page.State{"well": allWell(t), "trouble": trouble(t), "empty": empty(t), "awkward": awkward(t)} {
		s := open(t, nil, state)
		draw(name, s.url+"/status/"+state.Org.Slug)
		if name == "trouble" {
			draw("incident", s.url+"/status/acme/incidents/"+state.Incidents[1].ID)
			draw("history", s.url+"/status/acme/history")
			draw("home", s.url+"/")
			draw("missing", s.url+"/status/nobody")
		}
	}
}
