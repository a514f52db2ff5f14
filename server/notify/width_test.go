package notify

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"statuspage/server/racetest"
	"statuspage/server/store"
	"statuspage/shared/page"
)

// TestAMailIsAsWideAsATelephone shows mails with the longest of words and addresses in a browser of 375 pixels: nothing
// is wider.
func TestAMailIsAsWideAsATelephone(t *testing.T) {
	racetest.Outside(t, "a browser")
	word, address := strings.Repeat("Donaudampfschifffahrt", 9), "https://example.com/"+strings.Repeat("averylongpath",
		60)
	org := acme
	org.Name = word[:180]
	bodies := map[string]string{}
	for kind, n := range notices(t) {
		long := *n
		if in := n.Incident; in != nil {
			x := *in
			x.Title = word
			long.Incident = &x
			if n.Update != nil {
				u := *n.Update
				u.Body = word + " " + address + " [" + word + "](" + address + ") `" + address + "`\n\n    " + address +
					"\n\n```\n" + address + "\n```\n\n> " + address + "\n\n- " + address
				long.Update = &u
			}
			for i := range x.Services {
				x.Services[i].Name = word
			}
		}
		if m := n.Maintenance; m != nil {
			x := *m
			x.Title, x.Description = word, address
			long.Maintenance = &x
		}
		if v := n.Service; v != nil {
			x := *v
			x.Name = word
			long.Service = &x
		}
		e := &envelope{letter: write(&long, org, reader(store.Email), ""), To: "ada@example.com", ID: "x"}
		_, html, err := e.bodies()
		if err != nil {
			t.Fatal(err)
		}
		bodies["/"+string(kind)] = html
	}
	for kind := ResetLetter; kind <= MovedLetter; kind++ {
		a := &Account{Kind: kind, To: "ada@example.com", Org: page.Org{ID: "x", Slug: "acme", Name: word[:180]},
			Base: "https://status.example.com", URL: address, By: word, Role: "admin", Moved: word + "@example.com",
			Lasts: time.Hour}
		_, html, err := (&envelope{letter: writeAccount(a), To: a.To, ID: "x"}).bodies()
		if err != nil {
			t.Fatal(err)
		}
		bodies["/account"+string(rune('0'+int(kind)))] = html
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(bodies[r.URL.Path]))
	}))
	t.Cleanup(server.Close)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	alloc, end := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(end)
	ctx, end := chromedp.NewContext(alloc)
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	ctx, end = context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(end)
	for path := range bodies {
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(375, 800), chromedp.Navigate(server.URL+path)); err != nil {
			t.Fatal(err)
		}
		width, err := chromedp.Run(ctx,
			chromedp.Evaluate[float64](`Math.max(document.documentElement.scrollWidth, ...[...document.querySelectorAll("body *")].map(x => x.getBoundingClientRect().right))`))
		if err != nil {
			t.Fatal(err)
		}
		if width > 375 {
			t.Errorf("%s is %.0f pixels wide", path, width)
		}
	}
}
