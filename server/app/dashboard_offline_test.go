package app_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"statuspage/public"
)

// inTunnel is an admin whose browser has been here before, and whose cable was cut.
func inTunnel(t *testing.T, w *browser) (*tenant, *cable, *tab) {
	t.Helper()
	c, admin := house(t)
	line := layCable(t, c.addr)
	b := w.visitor(t, line.url())
	b.signIn(admin)
	b.kept()
	line.cut()
	b.until(`document.querySelector('.connection.offline')`)
	return c, line, b
}

func startOffline(t *testing.T, w *browser) {
	_, line, b := inTunnel(t, w)
	b.do(chromedp.Reload())
	b.until(
		`document.querySelector('main h1')?.textContent === 'Overview' && document.querySelector('.connection.offline')`)
	b.reads("We could not reach the server.")
	b.reads("Offline since")
	b.visit("/dashboard/services")
	b.until(
		`[...document.querySelectorAll('tbody td.main')].map((x) => x.innerText.trim()).join() === 'API,Website,Payments'`)
	started := eval[float64](b, `performance.getEntriesByName('drawn')[0].startTime`)
	t.Logf("started without a network in %.0f ms", started)
	if started > 1000 {
		t.Errorf("the start took %.0f ms", started)
	}
	line.plug()
	b.live()
	b.clean()
}

// openIncident opens an incident on a service by the form.
func (b *tab) openIncident(title, service string) {
	b.t.Helper()
	b.until(`!document.querySelector('dialog[open]')`)
	b.key("i")
	b.until(`document.activeElement?.id === 'f-title'`)
	b.write("What is wrong", title)
	b.tick(service)
	b.press("Publish")
	b.until(`document.querySelector('main h1')?.textContent === %q`, title)
}

func chainOffline(t *testing.T, w *browser) {
	c, line, b := inTunnel(t, w)
	before := line.posts.Load()
	b.press("Services")
	b.press("Add a service")
	b.write("Name", "Billing")
	b.press("Add")
	b.queued(1)
	b.openIncident("Billing is late", "Billing")
	b.queued(2)
	b.press("Update")
	b.write("Message", "A worker hangs.")
	b.choose("Status", "identified")
	b.press("Publish")
	b.queued(3)
	b.press("Resolve")
	b.write("Message", "It runs again.")
	b.press("Resolve")
	b.queued(4)
	b.press("Maintenance")
	b.until(`document.querySelector('main h1')?.textContent === 'Maintenance'`)
	b.press("Plan maintenance")
	b.write("What will be done", "A new worker")
	b.tick("Billing")
	b.press("Plan")
	b.queued(5)

	b.do(chromedp.Reload())
	b.queued(5)
	b.visit("/dashboard/queue")
	b.until(`document.querySelectorAll('.item').length === 5`)
	if n := line.posts.Load(); n != before {
		t.Fatalf("%d posts got through a cable that was cut", n-before)
	}
	line.plug()
	b.live()
	b.queued(0)

	if n := line.posts.Load() - before; n != 5 {
		t.Errorf("%d posts were sent", n)
	}
	services, incidents, windows := c.all("services"), c.all("incidents"), c.all("maintenances")
	if len(services) != 4 || services[3]["name"] != "Billing" || services[3]["status"] != "operational" {
		t.Errorf("services: %v", services)
	}
	if len(incidents) != 1 || incidents[0]["status"] != "resolved" {
		t.Fatalf("incidents: %v", incidents)
	}
	var told []string
	for _, u := range incidents[0]["updates"].([]any) {
		u, _ := u.(map[string]any)
		told = append(told, fmt.Sprint(u["status"], " ", u["body"]))
	}
	if is := strings.Join(told, "; "); is != "investigating ; identified A worker hangs.; resolved It runs again." {
		t.Errorf("timeline: %s", is)
	}
	if len(windows) != 1 || windows[0]["title"] != "A new worker" {
		t.Errorf("maintenances: %v", windows)
	}
	b.clean()
}

const keepsNothing = "This browser keeps nothing for us."

// asksToStay says whether the page would ask before it is left.
func (b *tab) asksToStay() bool {
	b.t.Helper()
	return !eval[bool](b, `dispatchEvent(new Event('beforeunload', { cancelable: true }))`)
}

func closedStorage(t *testing.T, w *browser) {
	c, admin := house(t)
	line := layCable(t, c.addr)
	b := w.visitor(t, line.url())
	if _, err := chromedp.Run(b.ctx, command(page.AddScriptToEvaluateOnNewDocument,
		page.AddScriptToEvaluateOnNewDocumentParams{
			Source: `indexedDB.open = () => { throw new DOMException('closed', 'SecurityError'); }`})); err != nil {
		t.Fatal(err)
	}
	b.signIn(admin)
	b.reads(keepsNothing)
	b.openIncident("API is slow", "API")
	b.queued(0)
	if all := c.all("incidents"); len(all) != 1 || all[0]["title"] != "API is slow" {
		t.Errorf("incidents: %v", all)
	}
	if b.asksToStay() {
		t.Error("it asks to stay for nothing")
	}
	line.cut()
	b.until(`document.querySelector('.connection.offline')`)
	b.press("Update")
	b.write("Message", "A cache was cold.")
	b.press("Publish")
	b.queued(1)
	if !b.asksToStay() {
		t.Error("it does not ask before it loses what waits")
	}
	line.plug()
	b.live()
	b.queued(0)
	if n := len(c.all("incidents")[0]["updates"].([]any)); n != 2 {
		t.Errorf("%d updates", n)
	}
	b.do(chromedp.Click(`button[aria-label="Sign out"]`))
	b.until(`location.pathname === '/login'`)
	b.clean()
}

func fullStorage(t *testing.T, w *browser) {
	c, line, b := inTunnel(t, w)
	b.openIncident("API is slow", "API")
	b.queued(1)
	// As a full disk ends a transaction; chromium's own override of the quota does not reach a visitor's context.
	eval[any](b, `(() => {
		for (const write of ['put', 'add']) {
			const real = IDBObjectStore.prototype[write];
			IDBObjectStore.prototype[write] = function (...what) {
				const request = real.apply(this, what), change = this.transaction;
				Object.defineProperty(change, 'error', { value: new DOMException('full', 'QuotaExceededError'), configurable: true });
				request.addEventListener('success', () => change.abort());
				return request;
			};
		}
	})()`)
	b.openIncident("Payments fail", "Payments")
	b.queued(2)
	b.reads(keepsNothing)
	line.plug()
	b.live()
	b.queued(0)
	all := c.all("incidents")
	if len(all) != 2 || all[0]["title"] != "Payments fail" || all[1]["title"] != "API is slow" {
		t.Errorf("incidents: %v", all)
	}
	b.clean()
}

func conflictOffline(t *testing.T, w *browser) {
	c, admin := house(t)
	api, _ := c.all("services")[0]["id"].(string)
	id, _ := c.must("POST", "/api/v1/incidents/", map[string]any{"title": "API is slow", "service": api,
		"to_state": "degraded_performance"})["id"].(string)
	line := layCable(t, c.addr)
	b := w.visitor(t, line.url())
	b.signIn(admin)
	b.kept()
	line.cut()
	b.until(`document.querySelector('.connection.offline')`)
	b.press("Update")
	b.write("Message", "Still looking, half of the fleet is back.")
	b.press("Publish")
	b.queued(1)
	b.openIncident("Website is slow", "Website")
	b.queued(2)

	c.must("POST", "/api/v1/incidents/"+id+"/updates/", map[string]any{"status": "resolved", "body": "All is well."})
	line.plug()
	b.live()
	b.until(`document.querySelector('.connection .count.bad')?.textContent === '1 refused'`)
	b.visit("/dashboard/queue")
	b.reads("Still looking, half of the fleet is back.")
	b.reads("A resolved incident cannot go from resolved to investigating")
	b.reads("“API is slow”: it was resolved (now Resolved)")

	b.until(`!document.querySelector('.pip.pending')`)
	titles := map[any]bool{}
	for _, in := range c.all("incidents") {
		titles[in["title"]] = true
		if updates, _ := in["updates"].([]any); in["title"] == "API is slow" && len(updates) != 2 {
			t.Errorf("the resolved incident has %d updates", len(updates))
		}
	}
	if len(titles) != 2 || !titles["Website is slow"] {
		t.Errorf("the server has %v", titles)
	}
	b.press("Drop")
	b.press("Drop it")
	b.reads("Nothing waits")
	b.clean()
}

func lostAnswer(t *testing.T, w *browser) {
	c, admin := house(t)
	line := layCable(t, c.addr)
	b := w.visitor(t, line.url())
	b.signIn(admin)
	b.kept()
	// The commit happens, its answer never arrives, and no event tells of it either until the second try was answered.
	line.cut()
	line.set(func() { line.lose, line.refuse = []byte("POST /api/v1/incidents/"), []byte("GET /ws/") })
	line.plug()
	b.openIncident("Cut in the middle", "API")
	line.gone()
	b.queued(1)
	b.do(chromedp.Reload())
	b.queued(1)
	if n := len(c.all("incidents")); n != 1 {
		t.Fatalf("%d incidents are there after the cut", n)
	}
	sent := line.posts.Load()
	line.plug()
	b.queued(0)
	if n := line.posts.Load() - sent; n < 1 {
		t.Error("it was not asked for again")
	}
	line.set(func() { line.refuse = nil })
	b.live()
	b.until(`document.querySelector('main h1')?.textContent === 'Cut in the middle'`)
	if all := c.all("incidents"); len(all) != 1 || len(all[0]["updates"].([]any)) != 1 {
		t.Errorf("the server has %v", all)
	}
	if rows := c.must("GET", "/api/v1/audit-log/?page_size=100", nil); strings.Count(fmt.Sprint(rows),
		"open_incident") != 1 {
		t.Error("the audit log does not have it once")
	}
	if n := eval[int](b, `document.querySelectorAll('.timeline li').length`); n != 1 {
		t.Errorf("it is drawn %d times", n)
	}
	b.clean()
}

func twoTabs(t *testing.T, w *browser) {
	c, line, b := inTunnel(t, w)
	other := b.another()
	other.visit("/dashboard/services")
	other.until(`document.querySelector('.connection.offline') && document.querySelector('tbody')`)
	before := line.posts.Load()
	b.openIncident("From the first tab", "API")
	other.queued(1)
	other.openIncident("From the second tab", "Website")
	b.queued(2)
	b.openIncident("And the first again", "Payments")
	other.queued(3)
	b.visit("/dashboard/queue")
	other.visit("/dashboard/queue")
	b.queued(3)
	other.queued(3)
	// Both try at the same moment, and answers are slow: without a lock each would send what the other is sending. No
	// event tells either that something has arrived.
	line.set(func() { line.slow, line.refuse = 200*time.Millisecond, []byte("GET /ws/") })
	line.plug()
	b.until(`[...document.querySelectorAll('main button')].some((x) => x.textContent === 'Try now')`)
	for _, x := range []*tab{b, other} {
		eval[any](x,
			`setTimeout(() => [...document.querySelectorAll('main button')].find((x) => x.textContent === 'Try now')?.click(), %d - Date.now())`,
			time.Now().Add(500*time.Millisecond).UnixMilli())
	}
	b.queued(0)
	other.queued(0)
	line.set(func() { line.slow, line.refuse = 0, nil })
	b.live()
	other.live()
	if n := line.posts.Load() - before; n != 3 {
		t.Errorf("%d posts were sent for three commands", n)
	}
	var order []string
	for _, in := range c.all("incidents") {
		order = append(order, fmt.Sprint(in["title"]))
	}
	if is := strings.Join(order, ", "); is != "And the first again, From the second tab, From the first tab" {
		t.Errorf("newest first: %s", is)
	}
	b.clean()
	other.clean()
}

func leaveOffline(t *testing.T, w *browser) {
	_, line, b := inTunnel(t, w)
	eval[any](b, `document.querySelector('[aria-label="Sign out"]').click()`)
	b.reads("You are signed out here, and what was kept in this browser is gone.")
	b.do(chromedp.Reload())
	b.reads("You are signed out here")
	if eval[bool](b, `document.body.innerText.includes('Payments') || document.body.innerText.includes('Ada')`) {
		t.Error("something of the person is still there")
	}
	line.plug()
	b.do(chromedp.Reload())
	b.until(`location.pathname === '/login'`)
	b.visit("/dashboard")
	b.until(`location.pathname === '/login'`)
	b.clean()
}

// release stands before a server and gives the dashboard's script another name and content, as a new build would.
func release(t *testing.T, target string) (base string, next func()) {
	t.Helper()
	at, _ := public.Asset("dashboard.js")
	was := strings.TrimPrefix(at, public.Prefix)
	name := func(n int32) string {
		if n == 1 {
			return was
		}
		return fmt.Sprintf("dashboard-RELEASE%d.js", n)
	}
	var newest atomic.Int32
	newest.Store(1)
	to, err := url.Parse("http://" + target)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(to)
		p.Out.Host = p.In.Host
		p.Out.Header.Del("Accept-Encoding")
		p.Out.Header.Del("If-None-Match")
		n := newest.Load()
		if strings.HasPrefix(p.In.URL.Path, public.Prefix+"dashboard-") && strings.HasSuffix(p.In.URL.Path, ".js") &&
			!strings.HasSuffix(p.In.URL.Path, name(n)) {
			p.Out.URL.Path = public.Prefix + "gone.js" // a server has the files of its own version only
		} else {
			p.Out.URL.Path = strings.Replace(p.Out.URL.Path, name(n), was, 1)
		}
	}}
	pages := regexp.MustCompile(`^/(dashboard|sw\.js)`)
	version := regexp.MustCompile(`dashboard [0-9a-f]{10}\b`)
	proxy.ModifyResponse = func(res *http.Response) error {
		path := res.Request.URL.Path
		n := newest.Load()
		if n == 1 || !pages.MatchString(path) && !strings.HasSuffix(path, was) {
			return nil
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return err
		}
		if strings.HasSuffix(path, was) {
			body = fmt.Appendf(body, "\n;globalThis.release = %d;", n)
		}
		body = bytes.ReplaceAll(body, []byte(was), []byte(name(n)))
		if strings.HasSuffix(path, "/sw.js") {
			body = version.ReplaceAll(body, fmt.Appendf(nil, "dashboard release%d", n))
		}
		res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		res.Header.Set("Content-Length", fmt.Sprint(len(body)))
		res.Header.Del("ETag")
		return nil
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://"), func() { newest.Add(1) }
}

func newAssets(t *testing.T, w *browser) {
	c, admin := house(t)
	address, upgrade := release(t, c.addr)
	line := layCable(t, address)
	b := w.visitor(t, line.url())
	b.signIn(admin)
	b.kept()
	line.cut()
	b.until(`document.querySelector('.connection.offline')`)
	b.openIncident("Typed in the old version", "API")
	b.queued(1)
	// The new version is there, and the API is not: what was typed has to wait through the change.
	upgrade()
	line.set(func() { line.refuse = []byte("POST /api/") })
	line.plug()
	eval[any](b, `navigator.serviceWorker.getRegistration().then((r) => r.update()).then(() => null)`)
	b.reads("A new version is ready.")
	b.queued(1)
	b.press("Load it now")
	b.until(`globalThis.release === 2 && document.querySelector('main h1')`)
	b.queued(1)
	// The server has the first version's files no more; a tab that is open has them yet.
	first, _ := public.Asset("dashboard.js")
	has := func(path string) int {
		return eval[int](b, `caches.keys().then(() => fetch(%q, { cache: 'no-store' })).then((r) => r.status)`, path)
	}
	if is := has(first); is != 200 {
		t.Errorf("a file of the version before: %d", is)
	}
	upgrade()
	eval[any](b, `navigator.serviceWorker.getRegistration().then((r) => r.update()).then(() => null)`)
	b.reads("A new version is ready.")
	b.until(`caches.keys().then((all) => (window.caches_ = all.length)), window.caches_ === 2`)
	for path, want := range map[string]int{first: 404, public.Prefix + "dashboard-RELEASE2.js": 200,
		public.Prefix + "dashboard-RELEASE3.js": 200} {
		if is := has(path); is != want {
			t.Errorf("%s with the third version: %d", path, is)
		}
	}
	line.set(func() { line.refuse = nil })
	b.live()
	b.queued(0)
	if all := c.all("incidents"); len(all) != 1 || all[0]["title"] != "Typed in the old version" {
		t.Errorf("the server has %v", all)
	}
	b.clean()
}

func endedSignIn(t *testing.T, w *browser) {
	c, line, b := inTunnel(t, w)
	b.openIncident("Typed before the end", "API")
	b.queued(1)
	// Whoever leaves is asked about what was not sent.
	eval[any](b, `document.querySelector('[aria-label="Sign out"]').click()`)
	b.reads("Sign out and drop 1 change?")
	b.press("Cancel")
	b.until(`!document.querySelector('dialog[open]')`)
	// The token that was good for minutes is gone with the page; the cookie is good no more.
	b.do(chromedp.Reload())
	b.queued(1)
	c.signOutEverywhere("ada")
	line.plug()
	b.reads("Your sign-in has ended.")
	b.queued(1)
	if n := len(c.all("incidents")); n != 0 {
		t.Fatalf("%d incidents were sent without a sign-in", n)
	}
	b.press("Sign in")
	b.write("Password", password)
	b.until(`document.querySelector('dialog[open] #f-password').value === %q`, password)
	eval[any](b, `document.querySelector('dialog[open] button[type=submit]').click()`)
	b.live()
	b.queued(0)
	if all := c.all("incidents"); len(all) != 1 {
		t.Errorf("the server has %v", all)
	}
	b.clean()
}

// signOutEverywhere ends all sessions of a person.
func (c *tenant) signOutEverywhere(name string) {
	c.t.Helper()
	for _, m := range c.all("members") {
		if m["email"] == name+"@"+c.slug+".example" {
			id, _ := m["id"].(string)
			if err := c.app.UseCases.SignOutEverywhere(c.t.(*testing.T).Context(), id); err != nil {
				c.t.Fatal(err)
			}
		}
	}
}
