package app_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"statuspage/public"
)

// laterViews are those that come in a file of their own, by their headings.
var laterViews = []string{"Monitors", "Templates", "Subscribers", "Team", "API keys", "Audit log", "Settings"}

func openedLater(t *testing.T, w *browser) {
	_, line, b := inTunnel(t, w)
	b.do(chromedp.Reload())
	b.until(`document.querySelector('.connection.offline') && document.querySelector('main h1')`)
	for _, name := range laterViews {
		b.press(name)
		b.until(`document.querySelector('main h1')?.textContent === %q && document.title.startsWith(%[1]q)`, name)
	}
	b.visit("/dashboard/account")
	b.until(`document.querySelector('main h1')?.textContent === 'Account'`)
	line.plug()
	b.live()
	b.clean()

	// Whoever has no worker takes the file while there is a network.
	bare := w.visitor(t, line.url())
	const without = `delete Navigator.prototype.serviceWorker`
	if _, err := chromedp.Run(bare.ctx, command(page.AddScriptToEvaluateOnNewDocument,
		page.AddScriptToEvaluateOnNewDocumentParams{Source: without})); err != nil {
		t.Fatal(err)
	}
	bare.signIn("ada@acme.example")
	at, _ := public.Asset("dashboard.seldom.js")
	bare.until(`performance.getEntriesByType('resource').some((r) => r.name.endsWith(%q) && r.responseEnd)`, at)
	line.cut()
	bare.until(`document.querySelector('.connection.offline')`)
	bare.press("Settings")
	bare.until(`document.querySelector('main h1')?.textContent === 'Settings'`)
	bare.clean()
	line.plug()

	// A server that has another version does not have the file.
	line.set(func() { line.refuse = []byte("GET " + strings.TrimSuffix(at, ".js")) })
	other := w.visitor(t, line.url())
	other.signIn("ada@acme.example")
	other.press("Team")
	other.reads("This part could not be loaded")
	line.set(func() { line.refuse = nil })
	other.press("Load it again")
	other.until(`document.querySelector('main h1')?.textContent === 'Team'`)
}
