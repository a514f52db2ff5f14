package site

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"statuspage/shared/page"
	"statuspage/shared/status"
)

// What a heading is about has an address beside it: it is copied by a script, and leads there without one.
func TestTheLinkBesideAHeadingIsCopied(t *testing.T) {
	story, services := company(t)
	story.do(today, &page.OpenIncident{ID: story.id(), UpdateID: story.id(), Title: "API down",
		Description: "We look.", ToState: status.Major, Services: []page.Move{{ID: services["API"]}}})
	s := open(t, nil, story.state)
	b := browse(t)
	const clipboard = `Object.defineProperty(navigator, "clipboard",
		{value: {writeText: async (text) => (window.kept = text)}})`
	if _, err := chromedp.Run(b.ctx, send(cdppage.AddScriptToEvaluateOnNewDocument,
		cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: clipboard})); err != nil {
		t.Fatal(err)
	}
	path := "/status/acme"
	b.visit(s.url + path)
	b.ready()
	incident := path + "/incidents/" + story.state.Incidents[0].ID
	for selector, want := range map[string]string{
		".incident > .hash":                   incident,
		"#s-" + services["API"] + " .hash":    path + "#s-" + services["API"],
		"#days .day:not(.quiet) > .hash":      path + "#d-",
		"#days .day.quiet > .hash":            path + "#d-",
		"#s-" + services["Search"] + " .hash": path + "#s-" + services["Search"],
	} {
		b.until(fmt.Sprintf(`(() => {
			const link = document.querySelector(%q);
			if (!link) return true;
			document.getElementById("say").textContent = "";
			for (const d of document.querySelectorAll("details")) d.open = true;
			link.classList.remove("copied");
			link.focus();
			link.click();
			return true;
		})()`, selector))
		if !eval[bool](b, fmt.Sprintf(`!!document.querySelector(%q)`, selector)) {
			if strings.HasPrefix(selector, "#days") {
				continue // this company's past has no such day
			}
			t.Fatalf("there is no %s", selector)
		}
		b.until(`document.getElementById("say").textContent.includes("The link is copied.") &&
			document.querySelector(".hash.copied")`)
		if got := eval[string](b, `window.kept`); !strings.HasPrefix(got, s.url+want) {
			t.Errorf("%s copied %s, not %s", selector, got, want)
		}
		if got := eval[bool](b, fmt.Sprintf(`(() => {
			const link = document.querySelector(%q), r = link.getBoundingClientRect();
			return getComputedStyle(link).opacity === "1" && r.width >= 24 && r.height >= 24;
		})()`, selector)); !got {
			t.Errorf("%s cannot be seen when it has the focus", selector)
		}
	}
	b.visit(s.url + incident)
	b.ready()
	eval[any](b, `document.querySelector("h1 + .hash").click()`)
	b.until(`document.getElementById("say").textContent.includes("The link is copied.")`)
	if got := eval[string](b, `window.kept`); got != s.url+incident {
		t.Errorf("the permalink copied %s", got)
	}
	b.clean("WebSocket")

	b.scripts(false)
	b.visit(s.url + path)
	eval[any](b, fmt.Sprintf(`document.querySelector("#s-%s .hash").click()`, services["API"]))
	b.until(fmt.Sprintf(`location.hash === "#s-%s"`, services["API"]))
	b.scripts(true)
}

// slowly is a server whose script of the page comes late, as it does on a slow line or a busy machine.
func slowly(t *testing.T, to, path string, late time.Duration) string {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, path) {
			select {
			case <-time.After(late):
			case <-r.Context().Done():
			}
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { srv.CloseClientConnections(); srv.Close() })
	return srv.URL
}

// The script writes times in the visitor's words, which may take a line more: what is first drawn has them already.
func TestNoPageMovesWhenItsScriptComesLate(t *testing.T) {
	s, paths := everyPage(t)
	at := slowly(t, s.url, "/assets/status-", 300*time.Millisecond)
	b := browse(t)
	b.still()
	b.zone("Pacific/Kiritimati")
	for _, width := range []int64{320, 390} {
		b.size(width)
		for _, path := range paths {
			b.visit(at + path)
			b.ready()
			b.stood(fmt.Sprintf("%s, %d wide", path, width))
		}
	}
}

// Whoever saves data gets no picture but the logo, and one copy of the page for what comes together; a service turns at
// once nevertheless.
func TestWhoSavesDataIsSentLess(t *testing.T) {
	h, services, b := watch(t, nil)
	if _, err := chromedp.Run(b.ctx, send(cdppage.AddScriptToEvaluateOnNewDocument,
		cdppage.AddScriptToEvaluateOnNewDocumentParams{
			Source: `Object.defineProperty(navigator, "connection", {value: {saveData: true}})`})); err != nil {
		t.Fatal(err)
	}
	b.hurry()
	b.look(h)
	if got := eval[int](b, `performance.getEntriesByType("resource").filter((r) =>
		["img", "image"].includes(r.initiatorType) && !/\/logo\/|icon/.test(r.name)).length`); got != 0 {
		t.Errorf("%d pictures were loaded", got)
	}
	const copies = `performance.getEntriesByType("resource").filter((r) => r.initiatorType === "xmlhttprequest").length`
	for i, name := range []string{"API", "Search", "Website"} {
		h.happen(today+status.Time(i), h.opening(name+" is down", status.Major, services[name]))
		b.until(fmt.Sprintf(`document.getElementById("s-%s").dataset.state === "major_outage"`, services[name]))
	}
	b.until(`document.querySelectorAll("#active article").length >= 2`)
	if got := eval[int](b, copies); got != 1 {
		t.Errorf("the page was fetched %d times for what came together", got)
	}
	b.clean()
}

// Paper has the words and nothing to press.
func TestPaperHasNothingToPress(t *testing.T) {
	story, services := company(t)
	story.do(today, &page.OpenIncident{ID: story.id(), UpdateID: story.id(), Title: "API down",
		Description: "We look.", ToState: status.Major, Services: []page.Move{{ID: services["API"]}}})
	s := open(t, nil, story.state)
	b := browse(t)
	for _, path := range []string{"", "/history", "/services/" + services["API"],
		"/incidents/" + story.state.Incidents[0].ID} {
		b.visit(s.url + "/status/acme" + path)
		b.ready()
		if _, err := chromedp.Run(b.ctx, send(emulation.SetEmulatedMedia,
			emulation.SetEmulatedMediaParams{Media: "print"})); err != nil {
			t.Fatal(err)
		}
		if got := eval[[]string](b, `[...document.querySelectorAll(
				"button, input, select, summary, .button, .hash, .languages")]
			.filter((e) => e.checkVisibility({visibilityProperty: true}) &&
				!e.closest("td, .strip, .group, .record, .earlier") && e.getBoundingClientRect().height > 0)
			.map((e) => e.outerHTML.slice(0, 60))`); len(got) > 0 {
			t.Errorf("%s on paper: %v", path, got)
		}
		if _, err := chromedp.Run(b.ctx, send(emulation.SetEmulatedMedia,
			emulation.SetEmulatedMediaParams{Media: "screen"})); err != nil {
			t.Fatal(err)
		}
	}
}

// A browser that changes its subscription wakes the worker, and the server hears the new one with the services that were
// chosen. No browser does so on demand: the worker's own text runs among stand-ins.
func TestASubscriptionThatTheBrowserChangedIsToldToTheServer(t *testing.T) {
	worker, err := os.ReadFile("../../public/push.js")
	if err != nil {
		t.Fatal(err)
	}
	b := browse(t)
	const stage = `(async () => {
		const wish = {action: "/status/acme/subscribe", language: "de", about: {services: ["svc_1"]}};
		const sub = (n) => ({options: {applicationServerKey: "key"},
			toJSON: () => ({endpoint: "https://push/" + n, keys: {p256dh: "p" + n, auth: "a" + n}})});
		const on = {}, sent = [];
		let kept = wish, asked;
		const self = {
			addEventListener: (name, does) => (on[name] = does),
			registration: {
				scope: "https://status.example.com/status/acme/subscription/",
				pushManager: {subscribe: async (how) => ((asked = how), sub("asked"))},
			},
		};
		const caches = {open: async (name) => ({match: async (key) =>
			name === "push" && key === "/status/acme/subscription/wish" && kept ? Response.json(kept) : undefined})};
		const fetch = async (url, init) => void sent.push([url, init.method, JSON.parse(init.body)]);
		%s
		const change = async (event) => {
			let done;
			on.pushsubscriptionchange({...event, waitUntil: (promise) => (done = promise)});
			await done;
		};
		await change({oldSubscription: sub("old"), newSubscription: sub("given")});
		await change({oldSubscription: sub("old"), newSubscription: null});
		await change({oldSubscription: null, newSubscription: null});
		kept = undefined;
		await change({oldSubscription: sub("old"), newSubscription: sub("given")});
		return JSON.stringify([sent, asked]);
	})()`
	got := eval[string](b, strings.Replace(stage, "%s", string(worker), 1))
	told := func(n string) string {
		return `["/status/acme/subscribe","POST",{"push":{"endpoint":"https://push/` + n + `","keys":{"p256dh":"p` + n +
			`","auth":"a` + n + `"},"language":"de"},"services":["svc_1"]}]`
	}
	want := `[[` + told("given") + `,` + told("asked") + `],{"userVisibleOnly":true,"applicationServerKey":"key"}]`
	if got != want {
		t.Errorf("it told\n%s, not\n%s", got, want)
	}
}
