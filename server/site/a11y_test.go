package site

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// axe is axe-core as npm installed it.
func axe(t *testing.T) string {
	t.Helper()
	script, err := os.ReadFile("../../node_modules/axe-core/axe.min.js")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("axe-core is not installed: npm ci")
	} else if err != nil {
		t.Fatal(err)
	}
	return string(script)
}

const runAxe = `axe.run(document, {resultTypes: ["violations"], runOnly: %s})
	.then(r => r.violations.map(v => v.impact + " " + v.id + ": " + v.nodes.slice(0, 3).map(n => n.target.join(" ") + " " + (n.any[0]?.message ?? "")).join(" | ")))`

func TestAxeFindsNothing(t *testing.T) {
	script := axe(t)
	s, paths := everyPage(t)
	b := browse(t)
	for _, path := range paths {
		b.accessible(script, s.url+path)
	}
}

// accessible is what axe says of a page with everything unfolded, light and dark.
func (b *tab) accessible(axe, url string) {
	b.t.Helper()
	for scheme, rules := range map[string]string{
		"light": `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`,
		"dark":  `["color-contrast", "link-in-text-block"]`,
	} {
		b.theme(scheme)
		b.size(1280)
		b.visit(url)
		b.ready()
		eval[any](b, `document.querySelectorAll("details").forEach(d => d.open = true)`)
		eval[any](b, axe+";0")
		for _, v := range eval[[]string](b, fmt.Sprintf(runAxe, rules)) {
			b.t.Errorf("%s in %s: %s", url, scheme, v)
		}
	}
}

// ready waits until the script has done its work.
func (b *tab) ready() {
	b.t.Helper()
	b.until(`document.readyState == "complete" && document.documentElement.dataset.script`)
}

func TestNothingIsWiderThanASmallPhone(t *testing.T) {
	s, paths := everyPage(t)
	b := browse(t)
	for _, scripts := range []bool{true, false} {
		b.scripts(scripts)
		for _, path := range paths {
			b.size(320)
			b.visit(s.url + path)
			if scripts {
				b.ready()
			}
			got := eval[[]string](b, `[...document.querySelectorAll("body *")].filter(e => {
				const r = e.getBoundingClientRect();
				return r.width && r.right > document.documentElement.clientWidth + .5 && !e.closest("pre, .unseen, .sprite, .menu, .values")
			}).map(e => e.tagName + "." + e.className).slice(0, 3).concat(document.documentElement.scrollWidth > innerWidth ? ["page " + document.documentElement.scrollWidth] : [])`)
			if len(got) > 0 {
				t.Errorf("%s with scripts %v: %v", path, scripts, got)
			}
			if large := eval[[]string](b, `[...document.querySelectorAll("svg.icon")].filter(e => e.checkVisibility()
				&& Math.max(e.clientWidth, e.clientHeight) > 40).map(e => e.parentElement.outerHTML.slice(0, 200))`); len(large) > 0 {
				t.Errorf("%s has icons that are larger than any text: %v", path, large)
			}
		}
	}
}

func TestWithoutScriptsThePageIsWhole(t *testing.T) {
	state := trouble(t)
	s := open(t, nil, state)
	b := browse(t)
	b.scripts(false)
	b.visit(s.url + "/status/acme")
	shown := eval[string](b, `document.body.innerText`)
	for _, words := range []string{
		"Minor Service Outage", "Since 23 Nov 2026, 11:36 UTC", "As of 11:48 UTC", "About one request in ten fails",
		"23 Nov 2026, 11:00 – 13:00 UTC",
		"Under Maintenance", "99.98% uptime", "Moving file storage to new disks", "21 – 22 November 2026",
		"Times are in UTC", "Log-in failed for some users",
	} {
		if !strings.Contains(shown, words) {
			t.Errorf("nobody can read %q", words)
		}
	}
	b.do(chromedp.Click(`.record summary`))
	if table := eval[string](b, `document.querySelector(".record[open] table").innerText`); !strings.Contains(table,
		"Partial Outage 12 minutes") {
		t.Errorf("the record in words: %q", table)
	}
	b.do(chromedp.Click(`.subscribe summary`))
	if !eval[bool](b,
		`document.querySelector("#email").checkVisibility() && document.querySelector(".menu form").action.endsWith("/api/v1/public/acme/subscribe/") && document.querySelector(".menu form").method == "post"`) {
		t.Error("nobody can subscribe")
	}
	b.clean()
}

func TestAStripIsWalkedByKeyboard(t *testing.T) {
	s := open(t, nil, trouble(t))
	b := browse(t)
	b.visit(s.url + "/status/acme")
	b.ready()
	eval[any](b,
		`document.querySelector("#services .record summary, #services summary").focus(), document.querySelector(".strip input").focus()`)
	for _, c := range []struct{ key, want string }{
		{"", "23 November 2026: Partial Outage 12 minutes, 99.15% uptime"},
		{kb.ArrowLeft, "22 November 2026: No trouble"},
		{kb.ArrowLeft, "21 November 2026: No trouble"}, {kb.ArrowRight, "22 November 2026: No trouble"},
		{kb.Home, "26 August 2026: No trouble"}, {kb.End, "23 November 2026: Partial Outage 12 minutes, 99.15% uptime"},
	} {
		if c.key != "" {
			b.do(chromedp.KeyEvent(c.key))
		}
		b.until(fmt.Sprintf(`document.activeElement.getAttribute("aria-valuetext") == %q`, c.want))
	}
	if tip := eval[string](b, `document.querySelector(".tip:not([hidden])").innerText`); !strings.Contains(tip,
		"Partial Outage 12 minutes") {
		t.Errorf("the bubble says %q", tip)
	}
	b.do(chromedp.KeyEvent(kb.Tab))
	if eval[bool](b, `document.activeElement.matches(".strip input")`) ||
		eval[bool](b, `!!document.querySelector(".tip:not([hidden])")`) {
		t.Error("a strip is more than one stop, or its bubble stays")
	}
}

func TestADayBeforeAServiceIsNoGoodDay(t *testing.T) {
	s := open(t, nil, trouble(t))
	b := browse(t)
	b.visit(s.url + "/status/acme")
	b.ready()
	got := eval[string](b, `(() => {
		const input = [...document.querySelectorAll(".strip input")].find(i => i.getAttribute("aria-label").startsWith("Exports"));
		input.focus(); input.value = 10; input.dispatchEvent(new Event("input", {bubbles: true}));
		return input.getAttribute("aria-valuetext");
	})()`)
	if got != "5 September 2026: No data" {
		t.Errorf("got %q", got)
	}
}

func TestTimesAreTheVisitors(t *testing.T) {
	s := open(t, nil, trouble(t))
	b := browse(t)
	b.zone("Asia/Tokyo")
	b.visit(s.url + "/status/acme")
	b.ready()
	for selector, want := range map[string]string{"#zone": "Asia/Tokyo", "#running .span": "8:00",
		"#running .span time:last-child": "10:00"} {
		if got := eval[string](b, fmt.Sprintf(`document.querySelector(%q).textContent`, selector)); !strings.Contains(
			got, want) {
			t.Errorf("%s says %q", selector, got)
		}
	}
	if exact := eval[string](b, `document.querySelector("#active time").dataset.exact`); !strings.Contains(exact,
		"8:36") {
		t.Errorf("the exact time is %q", exact)
	}
}

func TestSubscribeOpensADialogWithTabs(t *testing.T) {
	state := trouble(t)
	s, _, _ := lectern(t, state)
	script := axe(t)
	b := browse(t)
	for _, scheme := range []string{"light", "dark"} {
		b.theme(scheme)
		b.size(320)
		b.visit(s.url + "/status/acme")
		b.ready()
		b.do(chromedp.Click(`#subscribe summary`))
		b.until(`document.querySelector("dialog.asking")?.open && document.activeElement.value == "email"`)
		eval[any](b, script+";0")
		for _, v := range eval[[]string](b,
			fmt.Sprintf(runAxe, `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]`)) {
			t.Errorf("in %s: %s", scheme, v)
		}
		fits := eval[bool](b,
			`(r => r.left >= 0 && r.top >= 0 && r.right <= innerWidth && r.bottom <= innerHeight)(document.querySelector(".asking").getBoundingClientRect())`)
		if !fits {
			t.Error("the dialog is not on the screen")
		}
		for way, shown := range map[string]string{"slack": "#address", "feed": `.asking a[href$='feed.rss']`,
			"calendar": `.asking a[href$='calendar.ics']`} {
			eval[any](b, `document.querySelector(".asking [value=`+way+`]").click()`)
			if !eval[bool](b, `document.querySelector("`+shown+`").checkVisibility()`) {
				t.Errorf("%s shows no %s", way, shown)
			}
		}
		b.do(chromedp.KeyEvent(kb.Escape))
		b.until(`!document.querySelector("dialog") && document.activeElement.matches("#subscribe summary")`)
	}
	b.visit(s.url + "/status/acme/incidents/" + state.Incidents[0].ID)
	b.ready()
	b.do(chromedp.Click(`.more [data-subscribe]`))
	b.until(`document.querySelector("dialog.asking [name=incident]")?.value == "` + state.Incidents[0].ID + `"`)
	b.clean("WebSocket")
}

func TestWithoutTheDialogThereIsTheMenu(t *testing.T) {
	s := open(t, nil, allWell(t)) // it has no form to fetch
	b := browse(t)
	b.visit(s.url + "/status/acme")
	b.ready()
	b.do(chromedp.Click(`#subscribe summary`))
	b.until(`subscribe.open`)
	b.do(chromedp.Click(`#subscribe summary`))
	b.until(`!subscribe.open`)
}

func TestOnPaperAFoldedGroupIsThereAndThePageSaysWhen(t *testing.T) {
	s := open(t, nil, allWell(t))
	b := browse(t)
	b.visit(s.url + "/status/acme")
	b.ready()
	if eval[bool](b,
		`document.querySelector(".group .service").checkVisibility({contentVisibilityAuto: true, visibilityProperty: true}) && document.querySelector(".group").open`) {
		t.Fatal("the group is open already")
	}
	if _, err := chromedp.Run(b.ctx, send(emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{Media: "print"})); err != nil {
		t.Fatal(err)
	}
	if !eval[bool](b,
		`document.querySelector(".group .service").getBoundingClientRect().height > 20 && document.querySelector(".paper").checkVisibility() && !document.querySelector(".live").checkVisibility()`) {
		t.Error("the paper lacks something")
	}
}
