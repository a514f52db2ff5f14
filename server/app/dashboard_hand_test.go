package app_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"statuspage/server/auth"
	"statuspage/server/racetest"
)

func TestDashboardAtHand(t *testing.T) {
	racetest.Outside(t, "a browser")
	b := openBrowser(t)
	for _, story := range []struct {
		name string
		tell func(*testing.T, *browser)
	}{
		{"What was just published is undone by a key, and its words are there again", undone},
		{"Everything is found by its words, with the keyboard alone", palette},
		{"Without a network what is held is found", paletteOffline},
		{"The Overview draws the past, with its values as tables", statsDrawn},
		{"Several services are changed in one go, and one that is refused keeps no other back", bulk},
		{"What waits without a network is undone before it was sent", undoneOffline},
		{"What opens below the fold of a dialog is shown, and the focus stays", belowTheFold},
	} {
		t.Run(story.name, func(t *testing.T) { story.tell(t, b) })
	}
}

// stands are the titles of the incidents that the server has.
func (c *tenant) stands(list string) (titles []string) {
	for _, x := range c.all(list) {
		title, _ := x["title"].(string)
		titles = append(titles, title)
	}
	return titles
}

// until waits for something at the server.
func (c *tenant) until(what string, is func() bool) {
	c.t.Helper()
	again, late := time.NewTicker(20*time.Millisecond), time.After(patience)
	defer again.Stop()
	for !is() {
		select {
		case <-again.C:
		case <-late:
			c.t.Fatalf("never: %s", what)
		}
	}
}

// lasting makes the offer to undo last until undoEnds is called, however slow the machine is: 10 s are its span.
const lasting = `window.setTimeout = ((was) => (f, ms, ...more) => ms === 10000 ? (window.undoEnds = f, 0) :
	was(f, ms, ...more))(window.setTimeout);`

func undone(t *testing.T, w *browser) {
	c, admin := house(t)
	api, _ := c.all("services")[0]["id"].(string)
	c.must("PATCH", "/api/v1/services/"+api+"/", map[string]any{"status": "degraded_performance"})
	b := w.visitor(t, "http://"+c.addr)
	if _, err := chromedp.Run(b.ctx, command(page.AddScriptToEvaluateOnNewDocument,
		page.AddScriptToEvaluateOnNewDocumentParams{Source: lasting})); err != nil {
		t.Fatal(err)
	}
	b.signIn(admin)
	other := w.visitor(t, "http://"+c.addr)
	other.signIn(c.person("bob", auth.Admin))

	b.openIncident("Too early", "API")
	b.reads("Subscribers are told in 10 seconds.")
	other.reads("Too early")
	b.passesAxe("what can be undone")
	b.key("z")
	b.until(`document.activeElement?.id === 'f-title' && document.querySelector('#f-title').value === 'Too early'`)
	other.until(`!document.body.innerText.includes('Too early')`)
	if got := c.stands("incidents"); len(got) != 0 {
		t.Errorf("the server has %q", got)
	}
	c.until("the service is as somebody had set it", func() bool {
		return c.all("services")[0]["status"] == "degraded_performance"
	})
	b.key(kb.Escape)
	b.do(chromedp.Reload())
	b.live()
	b.key("i")
	b.reads("Your text from")
	b.write("What is wrong", "Now")
	b.press("Publish")
	b.until(`document.querySelector('main h1')?.textContent === 'Now'`)
	b.reads("Done: Open incident “Now”.")
	b.queued(0)
	b.until(`!document.querySelector('main .pip.pending')`)
	b.press("Resolve")
	b.write("Message", "It is over.")
	b.press("Resolve")
	b.reads("Done: Resolve “Now”.")
	b.until(`document.querySelector('main .heading .badge').innerText === 'Resolved'`)
	b.press("Undo z")
	b.until(`document.querySelector('dialog[open] #f-body')?.value === 'It is over.'`)
	b.until(`document.querySelector('main .heading .badge').innerText === 'Investigating'`)
	if got := c.all("incidents")[0]; got["status"] != "investigating" || got["resolved_at"] != nil {
		t.Errorf("the incident is %v", got)
	}
	b.key(kb.Escape)
	b.visit("/dashboard/maintenance")
	b.live()
	b.press("Plan maintenance")
	b.write("What will be done", "Upgrade")
	b.tick("Website")
	b.press("Plan")
	b.until(`document.querySelector('main h1')?.textContent === 'Upgrade'`)
	b.reads("Done: Plan maintenance “Upgrade”.")
	b.key("z")
	b.until(`document.querySelector('dialog[open] #f-title')?.value === 'Upgrade'`)
	if got := c.stands("maintenances"); len(got) != 0 {
		t.Errorf("the server has %q", got)
	}
	b.key(kb.Escape)
	b.openIncident("For good", "Payments")
	b.reads("The key Z undoes it.")
	b.until(`[...document.querySelectorAll('button')].some((x) => x.textContent.trim() === 'Undo z')`)
	eval[any](b, `undoEnds();null`)
	b.until(`![...document.querySelectorAll('button')].some((x) => x.textContent.trim() === 'Undo z')`)
	b.clean()
}

func undoneOffline(t *testing.T, w *browser) {
	c, line, b := inTunnel(t, w)
	eval[any](b, lasting+"null")
	b.openIncident("In a tunnel", "API")
	b.queued(1)
	b.key("z")
	b.until(`document.querySelector('dialog[open] #f-title')?.value === 'In a tunnel'`)
	b.queued(0)
	b.key(kb.Escape)
	line.plug()
	b.live()
	b.openIncident("Outside", "Website")
	c.until("it arrived", func() bool { return len(c.stands("incidents")) == 1 })
	if got := c.stands("incidents"); got[0] != "Outside" && got[0] != "In a tunnelOutside" {
		t.Errorf("the server has %q", got)
	}
	b.clean()
}

// inSight says that nothing covers an element and that no edge cuts it.
func (b *tab) inSight(selector string) {
	b.t.Helper()
	b.until(`((x) => {
		const { left, top, bottom } = x?.getBoundingClientRect() ?? {};
		return x && [top + 3, bottom - 3].every((y) => x.contains(document.elementFromPoint(left + 8, y)));
	})(document.querySelector(%q))`, selector)
}

func belowTheFold(t *testing.T, w *browser) {
	c, admin := house(t)
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	unfold := func(words string) {
		t.Helper()
		b.until(`(() => {
			const found = [...document.querySelectorAll('dialog[open] summary')].find((x) => x.textContent === %q);
			found?.focus();
			return found && document.activeElement === found;
		})()`, words)
		b.key(kb.Enter)
		b.until(`document.activeElement.textContent === %q && document.activeElement.parentElement.open`, words)
	}
	for _, size := range [][2]int64{{390, 700}, {1000, 520}} {
		b.do(chromedp.EmulateViewport(size[0], size[1]))
		b.key("i")
		b.until(`document.activeElement?.id === 'f-title'`)
		unfold("It began earlier")
		b.inSight("dialog[open] #f-started_at")
		unfold("In other languages")
		b.inSight("dialog[open] #f-into")
		eval[any](b, `document.querySelector('#f-into').focus();null`)
		b.choose("Add a language", "de")
		b.until(`document.querySelector('dialog[open] fieldset[lang=de]') && document.activeElement.id === 'f-into'`)
		b.inSight("dialog[open] fieldset[lang=de] textarea")
		b.inSight("dialog[open] #f-into")
		b.press("Leave out Deutsch")
		b.key(kb.Escape)
		b.until(`!document.querySelector('dialog[open]')`)
	}
	b.clean()
}

// finds types into the palette until its first entry is one.
func (b *tab) finds(words, first string) {
	b.t.Helper()
	b.until(`document.activeElement?.role === 'combobox'`)
	eval[any](b, `document.activeElement.select();null`)
	b.key(words)
	b.until(
		`(document.querySelector('#found [aria-selected=true]')?.innerText ?? '').replace(/\s+/g, ' ').trim() === %q`,
		first)
}

func palette(t *testing.T, w *browser) {
	c, admin := house(t)
	services := c.all("services")
	c.must("PATCH", "/api/v1/services/"+fmt.Sprint(services[2]["id"])+"/",
		map[string]any{"group": "Zahlungen & Gebühren"})
	in := c.must("POST", "/api/v1/incidents/",
		map[string]any{"title": "Slow answers", "description": "A rat ate the cable.",
			"service": services[0]["id"], "to_state": "degraded_performance"})
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	b.key("/")
	b.until(`document.querySelectorAll('#found [role=option]').length > 10`)
	b.passesAxe("the palette")
	b.finds("gebuhren", "Zahlungen & Gebühren Group")
	b.finds("websi", "Website Service")
	b.finds("zone", "Time zone Setting")
	b.finds("ada", "Ada Person")
	b.finds("slow", "Slow answers Incident")
	b.finds("rat cable", "Slow answers Incident") // its words are at the server only
	b.finds("nothing is called like this", "")
	b.reads("Nothing is called like that.")
	b.passesAxe("the palette that found nothing")
	b.finds("slow", "Slow answers Incident")
	b.key(kb.Enter)
	b.until(`location.pathname === '/dashboard/incidents/%s' && !document.querySelector('dialog[open]')`, in["id"])
	b.key("k", chromedp.ModifierCtrl)
	b.finds("accent", "Accent colour Setting")
	b.key(kb.Enter)
	b.until(`document.activeElement?.id === 'f-accent'`)
	b.key("k", chromedp.ModifierCtrl)
	b.finds("open an inc", "Open an incident Command")
	b.key(kb.Enter)
	b.until(`document.activeElement?.id === 'f-title'`)
	b.write("What is wrong", "Typed")
	b.key("k", chromedp.ModifierCtrl) // what is being typed is not covered
	b.until(`document.querySelector('#f-title').value === 'Typed'`)
	b.key(kb.Escape)
	b.until(`!document.querySelector('dialog[open]')`)
	b.do(chromedp.EmulateViewport(390, 844))
	b.key("k", chromedp.ModifierCtrl)
	b.finds("go to", "Go to Overview Command")
	b.key(kb.ArrowDown)
	b.until(`document.activeElement.getAttribute('aria-activedescendant') === 'found-1'`)
	b.key(kb.ArrowUp)
	b.key(kb.ArrowUp)
	b.until(`document.querySelector('#found li:last-child').ariaSelected === 'true'`)
	b.until(`document.documentElement.scrollWidth <= 390`)
	b.pictures("palette", 390, 844)
	b.pictures("palette", 1280, 800)
	b.key(kb.Escape)
	b.until(`!document.querySelector('dialog[open]')`)
	b.clean()
}

func paletteOffline(t *testing.T, w *browser) {
	_, line, b := inTunnel(t, w)
	b.key("/")
	b.reads("Offline: only what is held here is searched.")
	b.finds("pay", "Payments Service")
	b.key(kb.Enter)
	b.until(`location.search === '?search=Payments' && document.activeElement?.id.startsWith('row-')`)
	line.plug()
	b.live()
	b.clean()
}

func statsDrawn(t *testing.T, w *browser) {
	c, admin := house(t)
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	api, _ := c.all("services")[0]["id"].(string)
	c.must("PATCH", "/api/v1/services/"+api+"/",
		map[string]any{"start_date": time.Now().AddDate(-1, 0, 0).Format("2006-01-02")})
	for i := range 9 {
		began := time.Now().AddDate(0, -i, 0).Add(-26 * time.Hour)
		c.must("POST", "/api/v1/incidents/", map[string]any{"title": "Down", "service": api, "to_state": "major_outage",
			"started_at":  began.UTC().Format(time.RFC3339),
			"resolved_at": began.Add(time.Duration(40+20*i) * time.Minute).UTC().Format(time.RFC3339)})
	}
	b.visit("/dashboard")
	b.until(`document.querySelectorAll('.stat').length === 4`)
	b.until(
		`[...document.querySelectorAll('.stat')].slice(0, 3).every((s) => s.querySelector('path').getAttribute('d'))`)
	b.until(`document.querySelectorAll('.stat')[0].querySelectorAll('tbody tr').length === 12`)
	b.until(`document.querySelectorAll('.stat')[3].querySelectorAll('tbody tr').length === 7`)
	eval[any](b, `document.querySelectorAll('.stat details')[2].open = true;null`)
	b.passesAxe("the past")
	eval[any](b, `document.querySelector('#past').scrollIntoView();null`)
	b.pictures("stats", 1280, 900)
	b.pictures("stats", 390, 844)
	b.until(`document.documentElement.scrollWidth <= 390`)
	b.clean()
}

// boxes gives a click to a checkbox, with Shift or without.
func (b *tab) boxes(name string, shift bool) {
	b.t.Helper()
	b.until(`(() => {
		const box = document.querySelector('main input[aria-label=%q]');
		box?.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, shiftKey: %t }));
		return box;
	})()`, name, shift)
}

func bulk(t *testing.T, w *browser) {
	c, admin := house(t)
	for _, name := range []string{"Search", "Mail"} {
		id := c.service(name)
		c.must("PATCH", "/api/v1/services/"+id+"/", map[string]any{"group": "Extras"})
	}
	services := c.all("services")
	c.must("POST", "/api/v1/incidents/", map[string]any{"title": "Slow", "service": services[1]["id"],
		"to_state": "major_outage"})
	line := layCable(t, c.addr)
	b := w.visitor(t, line.url())
	b.signIn(admin)
	b.visit("/dashboard/services")
	b.live()
	b.boxes("Choose API", false)
	b.boxes("Choose Payments", true)
	b.reads("3 services chosen")
	b.passesAxe("chosen services")
	b.pictures("bulk", 390, 844)
	b.pictures("bulk", 1280, 800)
	b.press("Change state")
	b.choose("New state", "partial_outage")
	b.until(`document.querySelectorAll('dialog[open] .changes .bad').length === 1`) // the one that an incident holds
	b.until(`document.querySelector('dialog[open] aside .banner').innerText.includes('Outage')`)
	b.passesAxe("the change of several services")
	b.pictures("bulk-dialog", 390, 844)
	b.pictures("bulk-dialog", 1280, 800)
	b.press("Change them")
	b.reads("2 of 3 changed. Website: ")
	c.until("two are changed", func() bool {
		now := c.all("services")
		return now[0]["status"] == "partial_outage" && now[2]["status"] == "partial_outage" &&
			now[1]["status"] == "major_outage"
	})
	b.reads("1 service chosen")
	b.press("Choose none")

	line.cut()
	b.until(`document.querySelector('.connection.offline')`)
	b.boxes("Choose all of Extras", false)
	b.reads("2 services chosen")
	b.press("Change group")
	b.write("Group", "Others")
	b.press("Change them")
	b.queued(2)
	b.boxes("Choose all of Others", false)
	b.press("Delete")
	b.press("Delete them")
	b.queued(4)
	line.plug()
	b.live()
	c.until("two are gone", func() bool { return len(c.all("services")) == 3 })

	c.must("PATCH", "/api/v1/services/"+fmt.Sprint(services[0]["id"])+"/", map[string]any{"group": "Core"})
	c.must("PATCH", "/api/v1/services/"+fmt.Sprint(services[2]["id"])+"/", map[string]any{"group": "Core"})
	b.reads("Core")
	b.key("i")
	b.press("Core")
	b.until(`document.querySelectorAll('dialog[open] .pick.on').length === 2`)
	b.press("Core")
	b.until(`document.querySelectorAll('dialog[open] .pick.on').length === 0`)
	b.key(kb.Escape)
	b.visit("/dashboard/maintenance")
	b.live()
	b.press("Plan maintenance")
	b.press("Core")
	b.until(`document.querySelectorAll('dialog[open] .pick.on').length === 2`)
	b.key(kb.Escape)
	b.clean()
}

// pictures are of both themes.
func (b *tab) pictures(name string, width, height int64) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height))
	for _, theme := range []string{"light", "dark"} {
		b.theme(theme)
		picture(b.t, b, name+"-"+theme, width)
	}
}
