//go:build ignore

// Takes the pictures of README.md from a server with the demonstration data: make run, then go run docs/img/shoot.go
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

func main() {
	base := flag.String("base", "http://localhost:8080", "where the server is")
	dir := flag.String("dir", "docs/img", "where the pictures go")
	flag.Parse()
	if err := shoot(*base, *dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func shoot(base, dir string) error {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.WindowSize(1200, 900))
	alloc, end := chromedp.NewExecAllocator(context.Background(), options...)
	defer end()
	ctx, end := chromedp.NewContext(alloc)
	defer end()
	if err := chromedp.Do(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	type do = chromedp.Action[chromedp.Void]
	for _, p := range []struct {
		file, theme string
		steps       []do
	}{
		{"page.png", "light", []do{chromedp.EmulateViewport(900, 1000), chromedp.Navigate(base + "/status/acme"),
			chromedp.Sleep(2 * time.Second)}},
		{"page-dark.png", "dark", []do{chromedp.Sleep(time.Second)}},
		{"dashboard.png", "light", []do{
			chromedp.EmulateViewport(1200, 820), chromedp.Navigate(base + "/login?next=/dashboard"),
			chromedp.SendKeys(`#email`, "admin@acme.example"), chromedp.SendKeys(`#password`, "acme-demo-password\r"),
			chromedp.WaitVisible(`nav`), chromedp.Sleep(4 * time.Second)}},
		{"incident.png", "light", []do{chromedp.KeyEvent("i"), chromedp.WaitVisible(`dialog[open] input`),
			chromedp.Sleep(time.Second),
			chromedp.KeyEvent("Checkout is failing for some customers"),
			chromedp.Click(`dialog[open] input[type=checkbox]`), chromedp.Sleep(2 * time.Second)}},
	} {
		theme := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme",
			Value: p.theme}}}
		if _, err := chromedp.Run(ctx, func(ctx context.Context, t *chromedp.Target) (cdp.Empty, error) {
			return cdp.Call(ctx, t, emulation.SetEmulatedMedia, theme)
		}); err != nil {
			return err
		}
		if err := chromedp.Do(ctx, p.steps...); err != nil {
			return fmt.Errorf("%s: %w", p.file, err)
		}
		picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		if err != nil {
			return fmt.Errorf("%s: %w", p.file, err)
		}
		if err := os.WriteFile(filepath.Join(dir, p.file), picture, 0o644); err != nil {
			return err
		}
	}
	return nil
}
