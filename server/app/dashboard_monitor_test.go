package app_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"statuspage/server/auth"
	"statuspage/server/config"
)

// monitorStory is a monitor from what is typed to what it does: tried before it is made, seen to fail, its proposal
// accepted, its settings replayed, paused and deleted. A member sees all of it and is offered none.
func monitorStory(t *testing.T, w *browser) {
	c := startSite(t, func(c *config.Config) { c.MonitorNetworks = []string{"127.0.0.0/8"} }).tenant("acme")
	api := c.service("API")
	var broken atomic.Bool
	target := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if broken.Load() || r.Header.Get("X-Secret") != "s3cret" {
			http.Error(rw, "the disk is full", http.StatusInternalServerError)
		}
	}))
	t.Cleanup(target.Close)
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(c.person("ada", auth.Admin))
	b.press("Monitors")
	b.reads("No monitor yet")
	b.passesAxe("no monitor")
	b.press("Add a monitor")
	b.write("Name", "Health")
	b.write("Target", target.URL)
	b.press("Test now")
	b.reads("It fails from local: it answered 500.")
	b.write("Headers", "X-Secret: s3cret")
	b.press("Test now")
	b.reads("It works:")
	b.write("Every (seconds)", "10")
	b.write("Down after failures", "1")
	b.write("Up after successes", "1")
	b.choose("When it is down", "propose")
	b.press("Add")
	b.until(`document.querySelector('#f-service[aria-invalid="true"]')`) // without one it can only show
	b.choose("Service", api)
	b.passesAxe("the form")
	b.press("Add")
	b.reads("“Health” is saved.")
	b.until(`document.querySelector('.list')?.innerText.includes('Up')`)
	b.passesAxe("monitors")
	broken.Store(true)
	b.until(`document.querySelector('nav .count[aria-label="1 to decide"]')`)
	b.reads("Waiting for your yes or no")
	b.passesAxe("a proposal")
	b.press("Accept…")
	b.passesAxe("what is proposed")
	b.press("Open the incident")
	b.until(`!document.querySelector('nav .count[aria-label="1 to decide"]')`)
	b.press("Health")
	b.reads("API is not available")
	b.reads("it answered 500")
	b.until(`document.querySelector('.answer')?.textContent.includes('the disk is full')`)
	b.until(`document.querySelector('.chart .failed')?.getAttribute('d')`)
	b.press("90 d")
	b.until(`location.search === '?range=90d' && document.querySelector('.chart path')`)
	b.until(`(() => {
		const values = [...document.querySelectorAll('details')].find((x) => x.textContent.includes('Values'));
		if (values) values.open = true;
		return values;
	})()`)
	b.until(`document.querySelector('table.record tbody tr')`)
	for _, width := range []int64{320, 390, 1280} {
		b.do(chromedp.EmulateViewport(width, 800))
		if over := eval[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
			t.Errorf("at %d a monitor is %d px too wide", width, over)
		}
	}
	b.passesAxe("a monitor")
	b.press("Edit")
	b.reads("these settings would have found 1 incident")
	b.reads("Kept: X-Secret.")
	if eval[bool](b, `document.body.innerHTML.includes('s3cret') ||
		[...document.querySelectorAll('textarea')].some((x) => x.value.includes('s3cret'))`) {
		t.Error("a header is shown")
	}
	b.write("Down after failures", "20")
	b.reads("these settings would have found 0 incidents")
	b.press("Cancel")
	b.press("Pause")
	b.reads("Health is paused.")
	b.press("Resume")
	m := w.visitor(t, "http://"+c.addr)
	m.signIn(c.person("mem", auth.Member))
	m.press("Monitors")
	m.press("Health")
	m.reads("What it answered")
	if eval[bool](m, `[...document.querySelectorAll('main button')].some((x) =>
		/Add|Test|Pause|Edit|Delete|Accept/.test(x.textContent))`) {
		t.Error("a member is offered a change")
	}
	m.clean()
	b.press("Delete")
	b.press("Delete the monitor")
	b.reads("No monitor yet")
	b.clean()
}
