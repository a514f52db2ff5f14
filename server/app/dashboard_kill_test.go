package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"statuspage/server/racetest"
)

// A promise of the outbox: what it took is on the disk. So neither a tab that crashes nor a browser that is killed
// loses it.
func TestTheQueueOutlivesACrashedTabAndAKilledBrowser(t *testing.T) {
	racetest.Outside(t, "a browser")
	c, admin := house(t)
	line := layCable(t, c.addr)
	profile := t.TempDir()
	w := openBrowserIn(t, profile)
	b := newTab(t, w.ctx, line.url())
	b.signIn(admin)
	b.kept()
	line.cut()
	b.until(`document.querySelector('.connection.offline')`)
	b.openIncident("Written in a tab that crashes", "API")
	b.queued(1)
	crashing, done := context.WithTimeout(b.ctx, 3*time.Second)
	_, _ = chromedp.Run(crashing, command(page.Crash, cdp.Empty{})) // nobody is left to answer
	done()

	b = newTab(t, w.ctx, line.url())
	b.visit("/dashboard")
	b.queued(1)
	b.openIncident("Written in a browser that is killed", "Website")
	b.queued(2)
	b.press("Update")
	b.write("Message", "Typed just before the end.")
	b.press("Publish")
	b.queued(3)
	w.kill(t)

	b = newTab(t, openBrowserIn(t, profile).ctx, line.url())
	b.visit("/dashboard/queue")
	b.queued(3)
	b.until(`document.querySelector('main').textContent.includes('Typed just before the end.')`)
	line.plug()
	// A browser writes cookies to the disk when it likes: one that was killed may have lost the sign-in, never the
	// queue.
	b.until(`document.querySelector('.connection.live') || document.body.innerText.includes('Your sign-in has ended')`)
	if !eval[bool](b, `!!document.querySelector('.connection.live')`) {
		b.press("Sign in")
		b.write("Password", password)
		b.press("Sign in")
	}
	b.live()
	b.queued(0)

	incidents := c.all("incidents")
	updates := map[any]int{}
	for _, in := range incidents {
		list, _ := in["updates"].([]any)
		updates[in["title"]] = len(list)
	}
	if len(incidents) != 2 || updates["Written in a tab that crashes"] != 1 ||
		updates["Written in a browser that is killed"] != 2 {
		t.Errorf("the server has %v", incidents)
	}
	b.clean()
}

// kill ends the browser as a power cut does.
func (b *browser) kill(t *testing.T) {
	t.Helper()
	process := chromedp.FromContext(b.ctx).Browser.Process()
	if err := process.Kill(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patience); process.Signal(nil) == nil && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
}
