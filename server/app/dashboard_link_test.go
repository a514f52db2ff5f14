package app_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// faults lets time run twenty times as fast, save for the patience with a handshake, and puts faults to order into the
// page's sockets and requests.
const faults = `{
	const began = Date.now(), now = Date.now, timeout = setTimeout, asked = fetch;
	Date.now = () => began + (now() - began) * 20;
	window.setTimeout = (f, ms = 0, ...rest) => timeout(f, ms == 10_000 ? ms : ms / 20, ...rest);
	Object.assign(window, { dials: 0, snapshots: 0, said: [] });
	window.WebSocket = class extends WebSocket {
		constructor(url, protocols) {
			super(window.hang ? window.hang : url, protocols);
			dials++;
			this.addEventListener('message', (e) => {
				const frame = JSON.parse(e.data);
				if (window.greet && frame.type === 'hello') timeout(() => this.close(), 1);
				if (window.lose && frame.seq && frame.type !== 'hello') { lose--; e.stopImmediatePropagation(); }
				if (window.mute && frame.type !== 'hello') e.stopImmediatePropagation();
			});
		}
	};
	window.fetch = async (url, how) => {
		if (!String(url).includes('/snapshot/')) return asked(url, how);
		snapshots++;
		if (window.refuse) return new Response('{}', { status: 503, headers: { 'Content-Type': 'application/problem+json' } });
		return asked(url, how);
	};
	addEventListener('DOMContentLoaded', () => new MutationObserver(() => said.push(document.querySelector('[aria-live]')?.textContent ?? '')).observe(document.body, { childList: true, subtree: true, characterData: true }));
}`

// faulty is an admin's tab whose connection can be made to fail.
func faulty(t *testing.T, w *browser) (*tenant, *cable, *tab) {
	t.Helper()
	c, admin := house(t)
	line := layCable(t, c.addr)
	b := w.visitor(t, line.url())
	if _, err := chromedp.Run(b.ctx, command(page.AddScriptToEvaluateOnNewDocument,
		page.AddScriptToEvaluateOnNewDocumentParams{Source: faults})); err != nil {
		t.Fatal(err)
	}
	b.signIn(admin)
	return c, line, b
}

func dialsLess(t *testing.T, w *browser) {
	_, line, b := faulty(t, w)
	b.until(`(window.greet = true, window.dials = 0, true)`)
	line.cut()
	line.plug()
	b.reads("We look once a minute.")
	if n := eval[int](b, `dials`); n != 5 {
		t.Errorf("%d connections to a server that greets and closes", n)
	}
	b.until(`(window.greet = false, true)`)
	b.live() // nobody touched it
	b.until(`said.some((x) => x.includes('Live again.'))`)
	if n := eval[int](b, `dials`); n > 8 {
		t.Errorf("%d connections", n)
	}

	line.cut()
	b.reads("We look once a minute.")
	line.plug()
	b.live()
	b.clean()
}

func hungHandshake(t *testing.T, w *browser) {
	_, line, b := faulty(t, w)
	dead := layCable(t, "192.0.2.1:9") // takes connections and never answers
	dead.set(func() { dead.hang = true })
	b.until(`(window.hang = %q, window.dials = 0, true)`, strings.Replace(dead.url(), "http", "ws", 1))
	line.cut()
	line.plug()
	b.until(`dials >= 2`)
	b.until(`(window.hang = '', true)`)
	b.live()
	dead.cut()
}

func lostFrame(t *testing.T, w *browser) {
	c, _, b := faulty(t, w)
	b.visit("/dashboard/services")
	b.live()
	b.until(`(window.lose = 1, window.snapshots = 0, window.refuse = true, true)`)
	id := c.all("services")[0]["id"].(string)
	rename := func(name string) { c.must("PATCH", "/api/v1/services/"+id+"/", map[string]any{"name": name}) }
	rename("Lost")
	rename("Seen")
	b.until(`snapshots >= 3 && document.querySelector('.connection.behind')`)
	if live := eval[bool](b, `!!document.querySelector('.connection.live')`); live {
		t.Error("it is old, and says live")
	}
	b.until(`(window.snapshots = 0, window.refuse = false, true)`)
	b.live()
	for i := range 30 {
		if i == 0 {
			b.until(`(window.lose = 1, window.snapshots = 0, true)`)
		}
		rename(fmt.Sprintf("API %d", i))
	}
	b.until(`document.querySelector('tbody td.main').textContent.includes('API 29')`)
	b.live()
	if n := eval[int](b, `snapshots`); n < 1 || n > 3 {
		t.Errorf("%d whole states for one lost message", n)
	}
	// A connection that is open and brings nothing is as good as none.
	b.until(`(window.mute = true, window.dials = 0, true)`)
	rename("Unheard")
	b.until(`dials >= 1`)
	b.until(`(window.mute = false, true)`)
	b.until(`document.querySelector('tbody td.main').textContent.includes('Unheard')`)
	b.live()
}
