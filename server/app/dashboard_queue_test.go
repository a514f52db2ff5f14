package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"statuspage/public"
)

// keptQueues sends what each release of the dashboard left in a browser (wasm/testdata/queues), with its times moved to
// today.
func keptQueues(t *testing.T, w *browser) {
	files, err := filepath.Glob("../../wasm/testdata/queues/*.json")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d queues, %v", len(files), err)
	}
	for _, file := range files {
		queue, err := os.ReadFile(file) // #nosec G304 -- our own data
		if err != nil {
			t.Fatal(err)
		}
		c := startSite(t, nil).tenant("acme")
		line := layCable(t, c.addr)
		b := w.visitor(t, line.url())
		b.signIn(c.person("ada", "admin"))
		b.kept()
		line.cut()
		b.until(`document.querySelector('.connection.offline')`)
		n := eval[int](b, `new Promise((resolve, reject) => {
			const open = indexedDB.open('statuspage');
			open.onerror = () => reject(open.error);
			open.onsuccess = () => {
				const tx = open.result.transaction(['session', 'queue'], 'readwrite');
				const items = %s;
				const moved = Date.now() - Date.parse(items.at(-1).at);
				tx.objectStore('session').get('last').onsuccess = ({ target: { result: { organization, user } } }) => {
					for (const item of items) {
						const { n, ...today } = JSON.parse(JSON.stringify(item).replace(/"(\d{4}-\d\d-\d\dT[\d:.]+Z)"/g, (_, at) => JSON.stringify(new Date(Date.parse(at) + moved).toISOString())));
						tx.objectStore('queue').add({ ...today, owner: organization.id + ' ' + user.id });
					}
				};
				tx.oncomplete = () => { open.result.close(); resolve(items.length); };
			};
		})`, queue)
		b.visit("/dashboard/queue")
		b.queued(n)
		line.plug()
		b.live()
		b.queued(0)
		if bad := eval[string](b, `document.querySelector('.connection .count.bad')?.textContent ?? ''`); bad != "" {
			t.Errorf("%s: %s:\n%s", file, bad, eval[string](b, `document.querySelector('main').innerText`))
		}
		c.hasTheQueue(file)
		b.clean()
	}
}

// hasTheQueue looks for what the queue of each release comes to.
func (c *tenant) hasTheQueue(file string) {
	c.t.Helper()
	services, incidents := c.all("services"), c.all("incidents")
	if len(services) != 1 || services[0]["name"] != "Public API" || services[0]["status"] != "degraded_performance" {
		c.t.Errorf("%s: services: %v", file, services)
	}
	if len(incidents) != 1 || incidents[0]["title"] != "The API answered slowly" ||
		incidents[0]["status"] != "resolved" ||
		len(c.all("maintenances")) != 0 {
		c.t.Errorf("%s: incidents: %v", file, incidents)
	}
}

// promised says whether the browser keeps what waits, which it is asked once there is something to keep.
func promised(t *testing.T, w *browser) {
	for answer, words := range map[bool]string{true: "This browser keeps what waits here, also when its disk is full.",
		false: "This browser did not promise to keep what waits here"} {
		c, admin := house(t)
		line := layCable(t, c.addr)
		b := w.visitor(t, line.url())
		if _, err := chromedp.Run(b.ctx, command(page.AddScriptToEvaluateOnNewDocument,
			page.AddScriptToEvaluateOnNewDocumentParams{
				Source: fmt.Sprintf(
					`window.wished = 0; navigator.storage.persisted = async () => false; navigator.storage.persist = async () => (wished++, %t);`, answer)})); err != nil {
			t.Fatal(err)
		}
		b.signIn(admin)
		b.kept()
		line.cut()
		b.until(`document.querySelector('.connection.offline')`)
		if n := eval[int](b, `wished`); n != 0 {
			t.Errorf("the browser was asked %d times before there was anything to keep", n)
		}
		b.openIncident("One", "API")
		b.queued(1)
		b.until(`wished === 1`)
		b.openIncident("Two", "Website")
		b.queued(2)
		eval[any](b, `document.querySelector('a.connection').click()`)
		b.reads(words)
		if n := eval[int](b, `wished`); n != 1 {
			t.Errorf("asked %d times", n)
		}
		at, _ := public.Asset("core.wasm")
		core := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(at), "core-"), ".wasm")
		carried := eval[string](b, `new Promise((resolve) => {
			indexedDB.open('statuspage').onsuccess = (e) => {
				e.target.result.transaction('queue').objectStore('queue').getAll().onsuccess = (got) => { resolve(got.target.result.map((x) => x.core).join()); e.target.result.close(); };
			};
		})`)
		if carried != core+","+core {
			t.Errorf("the commands were decided by %q, they say by %q", core, carried)
		}
		b.until(
			`(window.sent = [], window.was = fetch, window.fetch = (url, how) => { if (how?.method === 'POST') sent.push(how.headers['Status-Core']); return was(url, how); }, true)`)
		line.plug()
		b.live()
		b.queued(0)
		if is := eval[string](b, `sent.filter(Boolean).join()`); is != carried {
			t.Errorf("they were sent as decided by %q", is)
		}
		b.clean()
	}
}
