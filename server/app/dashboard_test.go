package app_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"statuspage/server/auth"
	"statuspage/server/racetest"
)

// TestDashboard drives the admin application in one chromium, each story as a visitor of its own.
func TestDashboard(t *testing.T) {
	racetest.Outside(t, "a browser")
	b := openBrowser(t)
	for _, story := range []struct {
		name string
		tell func(*testing.T, *browser)
	}{
		{"A server that has nothing leads from its link to a page", firstMinute},
		{"An incident is opened with the keyboard alone", openByKeyboard},
		{"A refused move cannot be clicked, and forced it is refused with the rule", refusedMove},
		{"Two admins see each other's changes at once", twoAdmins},
		{"A form on something that changed says so before it overwrites", overtakenForm},
		{"What is wrong is said at the field, in words of the interface", spokenWords},
		{"A language that was chosen at the door is spoken in the dashboard", spokenFromTheDoor},
		{"The dashboard speaks the language that was chosen", speaksAsChosen},
		{"A write names the region that writes", namesTheWriter},
		{"Words about what somebody else resolved meanwhile find another place", resolvedMeanwhile},
		{"Services and groups are moved by key and by pointer, and renamed", reordered},
		{"A member reads everything and is offered nothing to change", readOnly},
		{"What was typed outlives Escape and a reload", draftKept},
		{"Part of an incident recovers, and afterwards it is explained", recoverInParts},
		{"A template fills the form, and a message is corrected", templateAndCorrection},
		{"Ctrl+Enter takes what is typed, in every form", publishKey},
		{"An offer becomes a membership when its person accepts", offerAccepted},
		{"Who has an account sees what is offered, and accepts there", offerSeen},
		{"A person looks after their account", ownAccount},
		{"A person proves the address of their account", addressProved},
		{"An organisation is deleted by its typed name, and had back", organizationDeleted},
		{"The audit log is saved as it is filtered", auditSaved},
		{"Maintenance that comes again is planned and changed", recurring},
		{"What floats covers nothing of the rail", uncovered},
		{"A monitor is tried, made, proposes, and is looked after", monitorStory},
		{"People write notes to each other on an incident, and find it by its words", notedAndFound},
		{"A visitor reports a problem with one tap, and the team sees it", reportedProblem},
		{"Every view passes axe, light and dark", accessible},
		{"A server that greets and closes is dialled less and less, and never given up", dialsLess},
		{"A handshake that hangs is tried again", hungHandshake},
		{"A lost message is one request, and until it is here nothing is live", lostFrame},
		{"It starts without a network and says how old it is", startOffline},
		{"What is opened for the first time without a network is there, and what cannot be loaded says so", openedLater},
		{"Five commands made without a network arrive once and in order", chainOffline},
		{"What a second admin made impossible is shown with the rule and the cause", conflictOffline},
		{"A write whose answer was lost is not made twice", lostAnswer},
		{"A browser that keeps nothing works, and says so", closedStorage},
		{"Storage that fills up loses nothing that waits", fullStorage},
		{"Two tabs send each command once", twoTabs},
		{"Every queue that a release left in a browser is sent", keptQueues},
		{"Every database that a release left in a browser is opened, upgraded and sent", keptDatabases},
		{"The browser is asked to keep the queue, and commands say what decided them", promised},
		{"The queue survives new assets", newAssets},
		{"Admins are told that mail fails, and try it", mailFails},
		{"An ended sign-in pauses the queue, and signing out asks first", endedSignIn},
		{"A second factor is set up, and signs in by passkey, code and recovery code", secondFactorStory},
		{"Who has no second factor where one is asked for is led to set one up", requiredFactor},
		{"A sign-in that ended is taken up in place, with the second step", secondStepInPlace},
		{"Who signs out without a network leaves nothing behind, and the server hears of it later", leaveOffline},
	} {
		t.Run(story.name, func(t *testing.T) {
			t.Parallel() // each has a server, cookies and storage of its own
			story.tell(t, b)
		})
	}
}

// house is a server with an organisation of three services and an admin.
func house(t *testing.T) (c *tenant, admin string) {
	t.Helper()
	c = startSite(t, nil).tenant("acme")
	for _, name := range []string{"API", "Website", "Payments"} {
		c.service(name)
	}
	return c, c.person("ada", auth.Admin)
}

func auditSaved(t *testing.T, w *browser) {
	c, admin := house(t)
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	b.visit("/dashboard/audit?actor=system")
	b.until(`document.querySelector('table.audit tbody tr')`)
	b.until(
		`(window.was = URL.createObjectURL, URL.createObjectURL = (blob) => { blob.text().then((text) => (window.saved = text)); return window.was.call(URL, blob); })`)
	b.press("CSV")
	b.until(
		`window.saved?.startsWith('id,at,actor_kind') && window.saved.includes('create_organization') && !window.saved.includes('create_service')`)
	b.clean()
}

func recurring(t *testing.T, w *browser) {
	c, admin := house(t)
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	b.visit("/dashboard/maintenance?status=recurring")
	b.press("Plan recurring maintenance")
	b.write("What will be done", "Patch day")
	b.choose("Comes", "weekly")
	b.press("Plan") // no service yet: the server says so at the field
	b.until(`document.querySelector('#services-hint.bad')`)
	b.tick("API")
	b.press("Plan")
	b.until(`document.querySelector('table.list')?.innerText.includes('Patch day')`)
	b.press("Edit")
	b.choose("Comes", "fortnightly")
	b.press("Save")
	b.until(`document.querySelector('table.list')?.innerText.includes('Every second ')`)
	if series := c.all("recurring-maintenances"); len(series) != 1 || series[0]["rrule"] != "FREQ=WEEKLY;INTERVAL=2" {
		t.Errorf("series: %v", series)
	}
	if windows := c.all("maintenances"); len(windows) < 4 || len(windows) > 5 {
		t.Errorf("%d windows in 60 days", len(windows))
	}
	b.clean()
}

// all lists everything of a kind that the server has.
func (c *tenant) all(path string) []map[string]any {
	c.t.Helper()
	list, _ := c.must("GET", "/api/v1/"+path+"/?page_size=100", nil)["results"].([]any)
	out := make([]map[string]any, len(list))
	for i := range list {
		out[i], _ = list[i].(map[string]any)
	}
	return out
}

func openByKeyboard(t *testing.T, w *browser) {
	c, admin := house(t)
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	public := b.another()
	public.visit("/status/" + c.slug)
	public.until(`document.documentElement.dataset.script && document.querySelector('main').dataset.seq`)
	public.until(`(window.notReloaded = true)`)
	began := time.Now()
	b.key("i")
	b.until(`document.querySelector('dialog[open]') && document.activeElement?.id === 'f-title'`)
	b.key("Checkout fails for some")
	b.key(kb.Tab) // the first service
	b.key(" ")
	b.until(`document.querySelector('aside .banner')?.textContent === 'Partially Degraded Service'`)
	b.key(kb.Tab) // its state
	b.key("p")    // Partial Outage
	b.until(`document.querySelector('aside .banner')?.textContent === 'Minor Service Outage'`)
	b.key(kb.Enter, chromedp.ModifierCtrl)
	b.until(`document.querySelector('main h1')?.textContent === 'Checkout fails for some'`)
	b.until(`!document.querySelector('.pip.pending')`)
	took := time.Since(began)
	t.Logf("from the key to published: %s", took.Round(time.Millisecond))
	if took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	public.until(
		`window.notReloaded && document.querySelector('main').textContent.includes('Checkout fails for some') && document.querySelector('main').textContent.includes('Minor Service Outage')`)
	t.Logf("and on the public page in another tab: %s", time.Since(began).Round(time.Millisecond))
	sent := c.all("incidents")
	if len(sent) != 1 || sent[0]["title"] != "Checkout fails for some" || sent[0]["to_state"] != "partial_outage" {
		t.Fatalf("the server has %v", sent)
	}
	b.key("g")
	b.key("i")
	b.until(`document.querySelector('.list.incidents td a')?.textContent === 'Checkout fails for some'`)
	b.clean()
}

func refusedMove(t *testing.T, w *browser) {
	c, admin := house(t)
	api, _ := c.all("services")[0]["id"].(string)
	c.must("POST", "/api/v1/incidents/", map[string]any{"title": "API is down", "service": api,
		"to_state": "major_outage"})
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	b.key("i")
	b.until(
		`[...document.querySelectorAll('dialog[open] .pick')].some((p) => p.textContent.includes('API') && p.querySelector('input').disabled)`)
	b.key(kb.Escape)
	b.visit("/dashboard/services")
	b.live()
	options := eval[string](b,
		`[...document.querySelectorAll('tbody tr')].map((r) => [...r.querySelectorAll('select option')].map((o) => o.value).join(' ')).join('|')`)
	if want := "|operational degraded_performance partial_outage major_outage under_maintenance|operational " +
		"degraded_performance partial_outage major_outage under_maintenance"; options != want {
		t.Errorf("offered %q", options)
	}
	for _, try := range []struct {
		method, path string
		body         map[string]any
	}{
		{"PATCH", "/api/v1/services/" + api + "/", map[string]any{"status": "operational"}},
		{"POST", "/api/v1/incidents/", map[string]any{"title": "Again", "service": api,
			"to_state": "degraded_performance"}},
	} {
		code, problem, err := c.send(try.method, try.path, try.body)
		if err != nil || code != 409 || problem["code"] != "conflict" ||
			!strings.Contains(fmt.Sprint(problem["detail"]), "cannot go from major_outage to") {
			t.Errorf("%s %s: %d %v %v", try.method, try.path, code, problem, err)
		}
	}
	b.clean()
}

func twoAdmins(t *testing.T, w *browser) {
	c, admin := house(t)
	first, second := w.visitor(t, "http://"+c.addr), w.visitor(t, "http://"+c.addr)
	first.signIn(admin)
	second.signIn(c.person("bea", auth.Admin))
	first.visit("/dashboard/services")
	first.live()
	second.visit("/dashboard/services")
	second.live()
	first.choose("State of Website", "partial_outage")
	second.until(`document.querySelector('.badge.tone-partial')`)
	second.choose("State of Website", "operational")
	first.until(`!document.querySelector('.badge.tone-partial')`)
	first.clean()
	second.clean()
}

func overtakenForm(t *testing.T, w *browser) {
	c, admin := house(t)
	id, _ := c.all("services")[2]["id"].(string)
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	b.visit("/dashboard/services")
	b.live()
	b.until(`document.querySelector('[aria-label="Edit Payments"]')`)
	eval[any](b, `document.querySelector('[aria-label="Edit Payments"]').click()`)
	b.write("Description", "Cards and invoices")
	c.must("PATCH", "/api/v1/services/"+id+"/", map[string]any{"description": "Cards only"})
	b.until(`document.querySelector('dialog .conflict')?.textContent.includes('Cards only')`)
	b.press("Save")
	b.until(`document.querySelector('dialog[open] .conflict button') === document.activeElement`)
	if is := c.must("GET", "/api/v1/services/"+id+"/", nil)["description"]; is != "Cards only" {
		t.Fatalf("it was overwritten unasked: %v", is)
	}
	b.press("Keep mine")
	b.press("Save")
	b.until(`!document.querySelector('dialog[open]') && !document.querySelector('.pip.pending')`)
	if is := c.must("GET", "/api/v1/services/"+id+"/", nil)["description"]; is != "Cards and invoices" {
		t.Fatalf("after the answer it is %v", is)
	}
	b.clean()
}

func readOnly(t *testing.T, w *browser) {
	c, _ := house(t)
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(c.person("mo", auth.Member))
	b.reads("You are a member here: you can read everything and change nothing.")
	for _, view := range []string{"", "/services", "/incidents", "/maintenance", "/team", "/settings"} {
		b.visit("/dashboard" + view)
		b.live()
		if n := eval[int](b,
			`document.querySelectorAll('main button, main .tools button, main select[aria-label^="State of"], .rail .open').length`); n != 0 {
			t.Errorf("%s offers %d things to change", view, n)
		}
	}
	b.key("i")
	if eval[bool](b, `document.querySelector('dialog[open]') !== null`) {
		t.Error("the key opened a form")
	}
	b.clean()
}

func draftKept(t *testing.T, w *browser) {
	c, admin := house(t)
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	b.key("i")
	b.until(`document.activeElement?.id === 'f-title'`)
	b.key("Half a thought")
	b.key(kb.Escape)
	b.until(`!document.querySelector('dialog[open]')`)
	b.do(chromedp.Reload())
	b.live()
	b.key("i")
	b.until(`document.querySelector('dialog[open] #f-title')?.value === 'Half a thought'`)
	b.reads("Start over")
	b.press("Start over")
	b.until(`document.querySelector('#f-title').value === ''`)
	b.clean()
}

func recoverInParts(t *testing.T, w *browser) {
	c, admin := house(t)
	var ids []any
	for _, s := range c.all("services")[:2] {
		ids = append(ids, map[string]any{"id": s["id"], "to_state": "partial_outage"})
	}
	id, _ := c.must("POST", "/api/v1/incidents/",
		map[string]any{"title": "A switch died", "services": ids})["id"].(string)
	for i, s := range c.all("services") { // one of them chose a service that is not affected
		c.must("POST", "/api/v1/subscribers/", map[string]any{"email": fmt.Sprintf("visitor%d@example.com", i),
			"consent": true, "services": []any{s["id"]}})
	}
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	b.visit("/dashboard/incidents/" + id)
	b.live()
	b.press("Update")
	b.write("Message", "**API** is back.")
	b.choose("New state of API", "operational")
	b.until(
		`document.querySelector('aside .changes')?.textContent.includes('Operational') && document.querySelector('aside .words strong')?.textContent === 'API'`)
	b.reads("2 subscribers will be told.")
	b.press("Publish")
	b.until(`document.querySelectorAll('.timeline > li').length === 2 && !document.querySelector('.pip.pending')`)
	states := func() (out string) {
		for _, s := range c.all("services") {
			out += fmt.Sprint(s["status"], " ")
		}
		return out
	}
	if is := states(); is != "operational partial_outage operational " {
		t.Errorf("after the update: %s", is)
	}
	b.press("Resolve")
	b.until(`document.querySelector('dialog[open] button[type=submit]')?.textContent === 'Resolve'`)
	b.press("Resolve")
	b.press("Write a post-mortem")
	b.write("What happened, why, and what you changed", "A fan stood still.")
	b.press("Publish")
	b.until(
		`document.querySelector('#postmortem')?.parentElement.textContent.includes('A fan stood still.') && !document.querySelector('.pip.pending')`)
	if is := states(); is != "operational operational operational " {
		t.Errorf("after the end: %s", is)
	}
	in := c.must("GET", "/api/v1/incidents/"+id+"/", nil)
	if in["status"] != "resolved" || in["postmortem"] != "A fan stood still." {
		t.Errorf("the server has %v", in)
	}
	b.clean()
}

func templateAndCorrection(t *testing.T, w *browser) {
	c, admin := house(t)
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	b.press("Templates")
	b.press("Make a template")
	b.write("Name", "Slow")
	b.write("Title", "{{what}} is slow")
	b.write("Message", "Since {{time}}, {{what}} answers slowly.")
	b.tick("Payments")
	b.press("Save")
	b.until(`document.querySelector('td.main')?.textContent.includes('Slow')`)
	b.key("i")
	b.until(`(() => {
		const select = document.querySelector('dialog[open] #f-template');
		const option = [...select?.options ?? []].find((o) => o.textContent === 'Slow');
		if (!option) return false;
		select.value = option.value;
		select.dispatchEvent(new Event('change'));
		return true;
	})()`)
	b.until(`document.querySelector('#f-title').value === '{{what}} is slow'`)
	fill := func(name, text string) {
		t.Helper()
		b.until(`(document.querySelector('[aria-label="%s"]')?.focus(), document.activeElement?.ariaLabel === %[1]q)`,
			name)
		b.key(text)
	}
	fill("what", "Check") // as it is typed, and not only when the field is left
	b.until(`document.querySelector('#f-title').value === 'Check is slow'`)
	b.key("out")
	b.until(`document.querySelector('#f-description').value === 'Since {{time}}, Checkout answers slowly.'`)
	b.press("Publish") // one is open yet
	b.until(
		`document.querySelector('dialog[open] .problem')?.textContent.trim() === 'Fill in “time” first.' && document.activeElement?.ariaLabel === 'time' && document.activeElement.ariaInvalid === 'true'`)
	if made := c.all("incidents"); len(made) != 0 {
		t.Fatalf("published with an open blank: %v", made)
	}
	b.write("Message", "At {{time}} {{what}} became slow. {{more}}") // by hand, with a blank of one's own
	fill("more", "We look.")
	fill("what", kb.End+kb.Backspace+kb.Backspace+kb.Backspace+kb.Backspace+kb.Backspace+kb.Backspace+kb.Backspace+
		kb.Backspace)
	b.until(`document.querySelector('#f-title').value === '{{what}} is slow'`) // emptied, it is open again
	fill("what", "Checkout")
	b.write("Message", "Since {{time}}, {{what}} answers slowly.")
	fill("time", "noon")
	b.until(`document.querySelector('#f-description').value === 'Since noon, Checkout answers slowly.'`)
	b.key(kb.Enter, chromedp.ModifierCtrl)
	b.until(
		`document.querySelector('main h1')?.textContent === 'Checkout is slow' && !document.querySelector('.pip.pending')`)
	eval[any](b, `document.querySelector('[aria-label^="Correct the message"]').click()`)
	b.write("Message", "Since one, Checkout answers slowly.")
	b.key(kb.Enter, chromedp.ModifierCtrl)
	b.until(
		`document.querySelector('.timeline').textContent.includes('corrected') && !document.querySelector('.pip.pending')`)
	in := c.all("incidents")[0]
	if in["title"] != "Checkout is slow" || fmt.Sprint(in["service"].(map[string]any)["name"]) != "Payments" {
		t.Errorf("the server has %v", in)
	}
	if u, _ := in["updates"].([]any)[0].(map[string]any); u["body"] != "Since one, Checkout answers slowly." ||
		u["edited_at"] == nil {
		t.Errorf("the message is %v", u)
	}
	b.clean()
}

func publishKey(t *testing.T, w *browser) {
	c, admin := house(t)
	b := w.visitor(t, "http://"+c.addr)
	b.visit("/login")
	b.until(`document.activeElement?.id === 'email'`)
	b.key(admin + kb.Tab + password)
	b.key(kb.Enter, chromedp.ModifierCtrl)
	b.live()
	for _, form := range []struct{ at, open, label, text, list, field string }{
		{"/settings", "", "Name", "ACME of Utrecht", "", "name"},
		{"/settings", "", "Description", "Two lines", "", "description"},
		{"/services", "Add a service", "Name", "Search", "services", "name"},
		{"/templates", "Make a template", "Name", "Slow", "templates", "name"},
		{"/maintenance", "Plan maintenance", "What will be done", "Upgrade", "maintenances", "title"},
		{"/keys", "Make a key", "Name", "CI", "api-keys", "name"},
		{"/subscribers", "Add a subscriber", "E-mail", "reader@example.com", "subscribers", "address"},
	} {
		b.visit("/dashboard" + form.at)
		b.live()
		if form.open != "" {
			b.press(form.open)
		}
		if form.at == "/maintenance" {
			b.tick("API")
		}
		b.write(form.label, form.text)
		if form.open != "" { // pressed from anywhere in the dialog
			b.until(`(document.querySelector('dialog[open] [aria-label="Close"]').focus(), true)`)
		}
		b.key(kb.Enter, chromedp.ModifierCtrl)
		there := func() bool {
			if form.list == "" {
				return c.must("GET", "/api/v1/organization/", nil)[form.field] == form.text
			}
			return slices.ContainsFunc(c.all(form.list),
				func(x map[string]any) bool { return x[form.field] == form.text })
		}
		for end := time.Now().Add(patience); !there(); time.Sleep(50 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: %q was typed and not taken:\n%s", form.at, form.text,
					eval[string](b, `document.body.innerText`))
			}
		}
	}
	b.clean()
}

// axeFile is where `make test` puts axe-core.
const axeFile = "../../node_modules/axe-core/axe.min.js"

// passesAxe asks axe-core about what a tab shows, light and dark.
func (b *tab) passesAxe(name string) {
	b.t.Helper()
	axe, err := os.ReadFile(axeFile)
	if err != nil {
		if os.Getenv("CI") != "" {
			b.t.Fatal("axe-core is not installed: npm ci")
		}
		b.t.Skip("axe-core is not installed: npm ci")
	}
	for _, theme := range []string{"light", "dark"} {
		b.theme(theme)
		if !eval[bool](b, `'axe' in globalThis`) {
			eval[any](b, "%s\n;null", string(axe))
		}
		found := eval[[]string](b,
			`axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations.filter((v) => ['serious', 'critical'].includes(v.impact))
			.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 160) + ' ' + (n.any[0]?.message ?? '')).join(' | ')))`)
		for _, f := range found {
			b.t.Errorf("%s, %s: %s", name, theme, f)
		}
	}
}

// uncovered has another sign-in's queue in the browser, of which one command arrived: the strip that says so stays as
// long as that.
func uncovered(t *testing.T, w *browser) {
	c, admin := house(t)
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	eval[any](b, `new Promise((done, fail) => indexedDB.open('statuspage').onsuccess = (opened) => {
		const change = opened.target.result.transaction('queue', 'readwrite');
		for (const state of ['waiting', 'sent']) change.objectStore('queue').add({ id: state, owner: 'another', state });
		change.oncomplete = done;
		change.onerror = fail;
	}).then(() => null)`)
	for _, size := range [][2]int64{{1280, 900}, {785, 600}, {390, 500}} {
		b.do(chromedp.EmulateViewport(size[0], size[1]))
		b.visit("/dashboard")
		b.live()
		b.reads("1 change from another sign-in in this browser is kept here until that one is back.")
		covered := eval[[]string](b, `(() => {
			const fold = document.querySelector('.rail .fold');
			if (fold.checkVisibility()) fold.click();
			return new Promise((drawn) => requestAnimationFrame(drawn)).then(() => [...document.querySelectorAll('.rail a, .rail button')].filter((it) => {
				it.scrollIntoView({ block: 'nearest' });
				const { left, right, top, bottom } = it.getBoundingClientRect();
				return right > left && [left + 2, (left + right) / 2, right - 2].some((x) => !it.contains(document.elementFromPoint(x, (top + bottom) / 2)));
			}).map((it) => it.getAttribute('aria-label') ?? it.textContent.trim()));
		})()`)
		if len(covered) > 0 {
			t.Errorf("%d pixels wide, something stands over %q", size[0], covered)
		}
	}
	b.clean()
}

func accessible(t *testing.T, w *browser) {
	c, admin := house(t)
	api, _ := c.all("services")[0]["id"].(string)
	incident, _ := c.must("POST", "/api/v1/incidents/", map[string]any{"title": "API is slow",
		"description": "We **look** into it.", "service": api, "to_state": "degraded_performance"})["id"].(string)
	c.must("POST", "/api/v1/maintenances/", map[string]any{"title": "Upgrade", "services": []string{api},
		"scheduled_for": time.Now().Add(time.Hour).UTC().Format(time.RFC3339), "scheduled_until": time.Now().
					Add(2 * time.Hour).UTC().Format(time.RFC3339)})
	b := w.visitor(t, "http://"+c.addr)
	look := b.passesAxe
	b.visit("/api/docs")
	look("the API's page")
	for _, width := range []int64{320, 390, 1280} {
		b.do(chromedp.EmulateViewport(width, 900))
		b.until(`document.documentElement.scrollWidth <= %d`, width)
	}
	// Code within a sentence stays in its line; what is code alone is a block.
	b.until(`document.querySelectorAll('.prose pre').length > 0 &&
		[...document.querySelectorAll('p > code')].every((x) => getComputedStyle(x).display.startsWith('inline'))`)
	b.visit("/login")
	look("login")
	b.signIn(admin)
	for _, view := range []string{"", "/services", "/incidents", "/incidents/" + incident, "/maintenance",
		"/maintenance?status=recurring", "/templates", "/subscribers", "/team", "/keys", "/audit", "/settings",
		"/queue", "/nowhere"} {
		b.visit("/dashboard" + view)
		b.until(`document.querySelector('.connection.live') && !document.querySelector('.skeleton')`)
		look(view)
	}
	b.visit("/dashboard")
	b.live()
	b.key("i")
	b.until(`document.querySelector('dialog[open]')`)
	b.key("x")
	look("the incident form")
	b.key(kb.Escape)
	b.key("?")
	b.until(`document.querySelector('dialog[open] .keys')`)
	look("the keys")
	b.clean()
}
