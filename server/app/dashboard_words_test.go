package app_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"statuspage/server/auth"
)

// The API's own words name its fields; people read what to do, at the field.
func spokenWords(t *testing.T, w *browser) {
	c, admin := house(t)
	api, _ := c.all("services")[0]["id"].(string)
	c.must("POST", "/api/v1/incidents/", map[string]any{"title": "API is slow", "service": api,
		"to_state": "degraded_performance"})
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	b.visit("/dashboard/incidents")
	b.press("API is slow")
	b.press("Update")
	b.until(`document.querySelector('dialog[open]') && document.activeElement.id === 'f-body'`)
	b.key(kb.Enter, chromedp.ModifierCtrl)
	b.until(
		`document.querySelector('#f-body-hint.bad')?.textContent === 'Write what visitors should read.' && document.activeElement.id === 'f-body'`)
	b.key(kb.Escape)
	b.visit("/dashboard/services")
	b.press("Add a service")
	b.press("Add")
	b.until(`document.querySelector('#f-name-hint.bad')?.textContent === 'Give it a name.'`)
	b.write("Name", strings.Repeat("x", 10))
	b.write("Record begins", "01012000") // older than any
	b.press("Add")
	b.key(kb.Escape)
	b.visit("/dashboard/settings")
	b.write("Web site", "example.com")
	b.write("Accent colour", "blue")
	b.press("Save")
	b.until(
		`document.querySelector('#f-url-hint.bad')?.textContent === 'A web address begins with https:// or http://.' && document.querySelector('#f-accent-hint.bad')?.textContent === 'A colour looks like #0a66c2.'`)
	if code, problem, err := c.send("PATCH", "/api/v1/organization/",
		map[string]any{"url": "example.com"}); err != nil || code != 422 ||
		problem["detail"] != "url must start with https:// or http://." {
		t.Errorf("programs are told %d %v %v", code, problem["detail"], err)
	}
	b.visit("/dashboard/team")
	b.press("Offer a membership")
	b.press("Offer") // this only the server decides
	b.until(
		`document.querySelector('#f-email-hint.bad') && !/\b(must|email)\b/.test(document.querySelector('#f-email-hint').textContent)`)
	b.clean()
}

// What somebody writes is not lost because somebody else was quicker.
func resolvedMeanwhile(t *testing.T, w *browser) {
	for _, way := range []string{"A correction of the last message", "A new incident", "A post-mortem"} {
		c, admin := house(t)
		api, _ := c.all("services")[0]["id"].(string)
		made := c.must("POST", "/api/v1/incidents/", map[string]any{"title": "API is slow", "service": api,
			"to_state": "degraded_performance"})
		id, _ := made["id"].(string)
		first, second := w.visitor(t, "http://"+c.addr), w.visitor(t, "http://"+c.addr)
		first.signIn(admin)
		first.visit("/dashboard/incidents/" + id)
		first.press("Update")
		first.write("Message", "The cache was cold.")
		second.signIn(c.person("bea", auth.Admin))
		second.visit("/dashboard/incidents/" + id)
		second.press("Resolve")
		second.write("Message", "Fast again.")
		second.until(`(document.querySelector('dialog[open] button[type=submit]').click(), true)`)
		second.until(`document.querySelector('main .badge')?.textContent.includes('Resolved')`)
		first.until(
			`/Bea resolved this incident .+, at .+, while you were writing/.test(document.querySelector('#resolved-meanwhile')?.textContent)`)
		first.press("Publish") // it is not sent as what it cannot be
		first.until(`document.querySelector('dialog[open] .problem')?.textContent.includes('It is resolved already')`)
		first.press(way)
		first.until(
			`[...document.querySelectorAll('dialog[open] textarea')].some((x) => x.value.includes('The cache was cold.'))`)
		first.until(`(document.querySelector('dialog[open] button[type=submit]').click(), true)`)
		first.until(`!document.querySelector('dialog[open]') && !document.querySelector('.pip.pending')`)
		now := fmt.Sprint(c.must("GET", "/api/v1/incidents/"+id+"/", nil), c.all("incidents"))
		if !strings.Contains(now, "The cache was cold.") || way == "A new incident" && len(c.all("incidents")) != 2 {
			t.Errorf("%s: %s", way, now)
		}
		first.clean()
	}
}

func order(c *tenant) string {
	var names []string
	for _, s := range c.all("services") {
		names = append(names, fmt.Sprint(s["group"], "/", s["name"]))
	}
	return strings.Join(names, " ")
}

// Whoever moves a service or a group by key stays at it, and what is dragged goes where it is dropped.
func reordered(t *testing.T, w *browser) {
	c, admin := house(t)
	for _, s := range c.all("services") {
		id, _ := s["id"].(string)
		c.must("PATCH", "/api/v1/services/"+id+"/",
			map[string]any{"group": map[string]any{"API": "Core", "Website": "Core",
				"Payments": "Core"}[fmt.Sprint(s["name"])]})
	}
	for _, name := range []string{"Mail", "Search"} {
		c.must("POST", "/api/v1/services/", map[string]any{"name": name, "group": "Beside"})
	}
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	b.visit("/dashboard/services")
	b.live()
	sent := func(want string) {
		b.t.Helper()
		b.until(
			`!document.querySelector('.pip.pending') && [...document.querySelectorAll('tbody tr:not(.group) .main .strong')].map((x) => x.textContent).join(' ') === %q`, want)
	}
	sent("API Website Payments Mail Search")
	eval[any](b, `document.querySelector('[aria-label="Move API down"]').focus()`)
	b.key(kb.Enter)
	sent("Website API Payments Mail Search")
	b.until(`document.activeElement.ariaLabel === 'Move API down'`)
	b.key(kb.Enter)
	sent("Website Payments API Mail Search")
	b.until(`document.activeElement.ariaLabel === 'Move API up'`) // down goes no further
	b.key(kb.ArrowUp, chromedp.ModifierAlt)
	sent("Website API Payments Mail Search")
	b.until(`document.activeElement.closest('tr').textContent.includes('API')`)

	eval[any](b, `document.querySelector('[aria-label="Move Beside up"]').focus()`)
	b.key(kb.Enter)
	sent("Mail Search Website API Payments")
	b.until(`document.activeElement.closest('tr.group')?.textContent.includes('Beside')`)

	// A pointer takes a row to another one.
	drag := func(from, to string) {
		b.t.Helper()
		b.until(`(() => {
			const rows = [...document.querySelectorAll('tbody tr')], row = (name) => rows.find((r) => (r.querySelector('.strong') ?? r.querySelector('th'))?.textContent === name);
			const data = new DataTransfer(), fire = (el, type) => el.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer: data }));
			if (!row(%q)?.draggable || !row(%[2]q)) return false;
			fire(row(%[1]q), 'dragstart');
			if (fire(row(%[2]q), 'dragover')) return false; // it is not taken here
			fire(row(%[2]q), 'drop');
			return true;
		})()`, from, to)
	}
	drag("Payments", "Website")
	sent("Mail Search Payments Website API")
	drag("Core", "Beside")
	sent("Payments Website API Mail Search")

	eval[any](b, `document.querySelector('[aria-label="Rename the group Beside"]').click()`)
	b.write("Name of the group", "Extras")
	b.press("Rename")
	b.until(`!document.querySelector('dialog[open]') && !document.querySelector('.pip.pending')`)
	if got, want := order(c), "Core/Payments Core/Website Core/API Extras/Mail Extras/Search"; got != want {
		t.Errorf("the server has %s, want %s", got, want)
	}
	b.clean()
}

// On Fly a write that names the region that writes is not replayed.
func namesTheWriter(t *testing.T, w *browser) {
	c, admin := house(t)
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	b.visit("/dashboard/services")
	eval[int](b, `window.asked = []; const before = window.fetch; window.fetch = (url, how) => {
		window.asked.push([how?.method ?? 'GET', how?.headers?.['fly-prefer-region']]); return before(url, how) }; 0`)
	b.press("Add a service")
	b.write("Name", "Named")
	b.press("Add")
	b.until(`asked.some(([method, region]) => method === 'POST' && region === 'local')`)
	b.until(`asked.every(([method, region]) => method !== 'GET' || region === undefined)`)
	b.clean()
}

// A person chooses the language of the interface, and finds it there: forms, refusals and the page's lang.
func speaksAsChosen(t *testing.T, w *browser) {
	c, admin := house(t)
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	b.visit("/dashboard/account")
	b.until(`document.querySelector('select[aria-labelledby=speech]')`)
	eval[any](b, `(() => {
		const list = document.querySelector('select[aria-labelledby=speech]');
		list.value = 'de';
		list.dispatchEvent(new Event('change'));
		return true;
	})()`)
	b.until(`document.documentElement.lang === 'de' && document.querySelector('main h1')?.textContent === 'Konto'`)
	b.visit("/dashboard/")
	b.until(`document.querySelector('main h1')`)
	b.key("i")
	b.until(`document.activeElement?.id === 'f-title'`)
	b.press("Veröffentlichen")
	b.until(`document.querySelector('#f-title-hint.bad')?.textContent === 'Sagen Sie in wenigen Worten, was nicht stimmt.'`)
	b.write("Was nicht stimmt", "API ist langsam")
	b.tick("API")
	b.press("Veröffentlichen")
	b.until(`document.querySelector('main h1')?.textContent === 'API ist langsam'`)
	b.clean()
}

// Whoever chooses a language at the door has it there, in what is refused, and in the dashboard.
func spokenFromTheDoor(t *testing.T, w *browser) {
	for tag, says := range map[string][3]string{
		"de": {"Anmelden", "Die E-Mail-Adresse oder das Passwort stimmt nicht.", "Vorfälle"},
		"ja": {"サインイン", "メールアドレスかパスワードが正しくありません。", "インシデント"},
	} {
		c, admin := house(t)
		b := w.visitor(t, "http://"+c.addr)
		b.visit("/login?next=/dashboard/incidents")
		b.do(chromedp.Click(`a[data-speak="` + tag + `"]`))
		b.until(`document.documentElement.lang === '%s' && document.querySelector('h1').textContent === '%s'`, tag, says[0])
		b.passesAxe("the login in " + tag)
		b.do(chromedp.SendKeys("#email", admin), chromedp.SendKeys("#password", "wrong, and long"+kb.Enter))
		b.until(`document.getElementById('problem').textContent === '%s'`, says[1])
		b.visit("/login?next=/dashboard/incidents")
		b.do(chromedp.SendKeys("#email", admin), chromedp.SendKeys("#password", password+kb.Enter))
		b.until(`location.pathname === '/dashboard/incidents' && document.documentElement.lang === '%s'`, tag)
		b.until(`document.querySelector('main h1')?.textContent.includes('%s')`, says[2])
		b.passesAxe("the incidents in " + tag)
	}
}
