package site

import (
	"fmt"
	"strings"
	"testing"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"statuspage/server/relay"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// maxShift is how much of a page may move by itself (Cumulative Layout Shift; 0.1 counts as good).
const maxShift = 0.01

const shifts = `window.moved = 0, window.movers = []; new PerformanceObserver((list) => list.getEntries().forEach((e) => {
	if (e.hadRecentInput) return;
	moved += e.value;
	movers.push(...e.sources.map((s) => (s.node?.id || s.node?.className || s.node?.nodeName) + " " + s.previousRect.y + " to " + s.currentRect.y));
}))
	.observe({type: "layout-shift", buffered: true});`

// still adds up what moves on every page from its first moment on.
func (b *tab) still() {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, send(cdppage.AddScriptToEvaluateOnNewDocument,
		cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: shifts})); err != nil {
		b.t.Fatal(err)
	}
}

// stood fails the test if the page moved.
func (b *tab) stood(what string) {
	b.t.Helper()
	if moved := eval[float64](b,
		`new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(moved), 50)))`); moved > maxShift {
		b.t.Errorf("%s: the page moved by %.4f: %v", what, moved, eval[[]string](b, `movers`))
	}
}

var widths = []int64{320, 390, 768, 1440}

// named is a company whose name has so many letters.
func named(t *testing.T, letters int, unbroken bool) page.State {
	s, _ := company(t)
	word := "Meridian Systems Cooperative of the Greater Northern Harbour Towns "
	if unbroken {
		word = strings.Repeat("Wolkenkratzer", 6)
	}
	s.do(today-1, &page.EditPage{Name: ptr(strings.TrimSpace(word[:letters-1]) + "X")})
	return s.state
}

func TestSubscribeFitsWhateverTheNameIs(t *testing.T) {
	b := browse(t)
	for _, letters := range []int{1, 5, 13, 24, 40, 60} {
		for _, unbroken := range []bool{false, true} {
			s := open(t, nil, named(t, letters, unbroken))
			for _, scripts := range []bool{true, false} {
				b.scripts(scripts)
				for _, width := range widths {
					b.size(width)
					b.visit(s.url + "/status/acme")
					b.fits(fmt.Sprintf("%d letters, unbroken %v, scripts %v, %d", letters, unbroken, scripts, width))
				}
			}
		}
	}
	b.scripts(true)
	s := open(t, nil, named(t, 60, false))
	b.do(chromedp.EmulateViewport(320, 256)) // 1280 by 1024 at 400%
	b.visit(s.url + "/status/acme")
	b.fits("at 400%")
}

// fits opens the menu and looks whether all of it is on the screen, and the header one row.
func (b *tab) fits(what string) {
	b.t.Helper()
	wrong := eval[string](b, `(() => {
		const box = document.getElementById("subscribe"), button = box.querySelector("summary"), wrong = [];
		const name = document.querySelector(".org .name").getBoundingClientRect(), at = button.getBoundingClientRect();
		if (name.bottom < at.top || name.top > at.bottom || name.right > at.left) wrong.push("the header is more than a row");
		if (document.querySelector(".top").getBoundingClientRect().height > 132) wrong.push("the header is high");
		box.open = true;
		for (const el of [button, ...box.querySelectorAll(".menu, .menu *")]) {
			const r = el.getBoundingClientRect();
			if (r.width && (r.left < 0 || r.right > document.documentElement.clientWidth + .5)) wrong.push(el.tagName + " from " + r.left + " to " + r.right);
		}
		if (document.documentElement.scrollWidth > innerWidth) wrong.push("the page is " + document.documentElement.scrollWidth);
		const menu = box.querySelector(".menu").getBoundingClientRect();
		if (menu.bottom + scrollY > document.documentElement.scrollHeight) wrong.push("its end cannot be reached");
		return wrong.slice(0, 3).join("; ");
	})()`)
	if wrong != "" {
		b.t.Errorf("%s: %s", what, wrong)
	}
}

func TestAPageThatIsNotLiveKeepsItsPlaces(t *testing.T) {
	for _, width := range widths {
		for _, letters := range []int{4, 60} {
			s, _ := company(t)
			s.do(today-1, &page.EditPage{Name: ptr(named(t, letters, false).Org.Name)})
			h := newHall(t, s, nil)
			b := browse(t)
			b.hurry()
			b.still()
			b.size(width)
			b.look(h)
			b.stood(fmt.Sprintf("%d wide, loaded", width))
			was := eval[float64](b, `document.getElementById("banner").getBoundingClientRect().top`)
			h.set(func() { h.refuse = 1013 })
			h.cut()
			b.mark("We could not reconnect.")
			if now := eval[float64](b, `document.getElementById("banner").getBoundingClientRect().top`); now != was {
				t.Errorf("%d wide: the banner went from %v to %v", width, was, now)
			}
			b.fits(fmt.Sprintf("%d wide, given up", width))
			if out := eval[bool](b,
				`(r => r.left < 0 || r.right > innerWidth || r.bottom > innerHeight || r.height > 80)(document.querySelector(".why").getBoundingClientRect())`); out {
				t.Errorf("%d wide: why it is not live is not on the screen", width)
			}
			h.set(func() { h.refuse = 0 })
			eval[any](b, `dispatchEvent(new Event("online")); 0`)
			b.mark("Live")
			b.stood(fmt.Sprintf("%d wide, lost and live again", width))
		}
	}
}

func TestNoPageMovesWhileItLoads(t *testing.T) {
	s, paths := everyPage(t)
	b := browse(t)
	b.still()
	for _, zone := range []string{"UTC", "Pacific/Kiritimati"} {
		b.zone(zone)
		for _, width := range widths {
			b.size(width)
			for _, path := range paths {
				b.visit(s.url + path)
				b.ready()
				b.stood(fmt.Sprintf("%s in %s, %d wide", path, zone, width))
			}
		}
	}
}

func TestNoScriptOfAPageIsLarge(t *testing.T) {
	s := open(t, nil, allWell(t))
	for _, name := range []string{"status.js", "day.js", "subscribe.js", "login.js", "accept.js", "begin.js",
		"clerk.js"} {
		_, text := s.get(t, asset(name))
		if d := relay.NewDoc("", []byte(text)); len(d.Body) == 0 || len(d.Brotli) > 12<<10 {
			t.Errorf("%s has %d bytes, %d in brotli", name, len(d.Body), len(d.Brotli))
		}
	}
}

// strip puts the first strip of the page, or a group's, into view, and says where one of its days is.
func (b *tab) spot(selector string, day int) (x, y float64) {
	b.t.Helper()
	at := eval[[]float64](b, fmt.Sprintf(`(() => {
		const strip = document.querySelector(%q + " .strip");
		strip.scrollIntoView({block: "center"});
		const r = strip.getBoundingClientRect(), n = 90 - strip.querySelector("input").min;
		return [r.left + (%d - 90 + n + .5) * r.width / n, r.top + r.height / 2];
	})()`, selector, day))
	return at[0], at[1]
}

const card = `document.querySelector(".tip:not([hidden])")`

func TestATapHoverAndArrowsOpenTheSameCard(t *testing.T) {
	ill, well := open(t, nil, trouble(t)), open(t, nil, allWell(t))
	api := fmt.Sprintf("#s-%s", trouble(t).Services[0].ID)
	for _, width := range widths {
		b := browse(t)
		b.still()
		b.size(width)
		for at, url := range map[string]string{api: ill.url, ".sum": well.url} {
			b.visit(url + "/status/acme")
			b.ready()
			if got, want := eval[int](b, `90 - document.querySelector(".strip input").min`),
				map[int64]int{320: 30, 390: 30, 768: 60, 1440: 90}[width]; got != want {
				t.Errorf("%d wide: %d bars", width, got)
			}
			// in a group that is folded, a day on which only one of its services was not well
			day := map[string]int{api: 89, ".sum": 86}[at]
			x, y := b.spot(at, day)
			b.do(chromedp.MouseEvent("mouseMoved", x, y))
			b.until(card)
			hovered := eval[string](b, card+`.innerText`)
			b.do(chromedp.MouseEvent("mouseMoved", 1, 1))
			b.until(`!` + card)
			b.do(chromedp.MouseClickXY(x, y))
			b.do(chromedp.MouseEvent("mouseMoved", 1, 1))
			b.until(card)
			tapped := eval[string](b, card+`.innerText`)
			if hovered != tapped || !strings.Contains(tapped, "uptime") || !strings.Contains(tapped, "minutes") {
				t.Errorf("%d wide, %s: hovered %q, tapped %q", width, at, hovered, tapped)
			}
			if n := eval[int](b, card+`.querySelectorAll("a[href*='/incidents/']").length`); n == 0 {
				t.Errorf("%d wide, %s: the card leads to no incident: %q", width, at, tapped)
			}
			if wrong := eval[string](b, `(() => {
				const r = `+card+`.getBoundingClientRect(), name = `+card+
				`.closest("li, .block").querySelector(".name, h3").getBoundingClientRect();
				return (r.top < name.bottom && r.left < name.right ? "it covers the name " : "") + (r.left < 0 || r.right > innerWidth ? "it leaves the screen" : "");
			})()`); wrong != "" {
				t.Errorf("%d wide, %s: %s", width, at, wrong)
			}
			// With the keyboard, the same; Enter goes to what did it, Escape back.
			b.do(chromedp.KeyEvent(kb.Escape))
			b.until(`!` + card)
			eval[any](b,
				fmt.Sprintf(
					`document.querySelector("#org a").focus(), document.querySelector(%q + " .strip input").value = %d, document.querySelector(%[1]q + " .strip input").focus(), 0`, at, day-1))
			b.do(chromedp.KeyEvent(kb.ArrowRight))
			b.until(fmt.Sprintf(card+`?.innerText == %q`, tapped))
			b.do(chromedp.KeyEvent(kb.Enter))
			b.until(`document.activeElement.matches(".tip a")`)
			b.do(chromedp.KeyEvent(kb.Escape))
			b.until(`!` + card + ` && document.activeElement.matches(".strip input")`)
		}
		b.stood(fmt.Sprintf("%d wide, cards", width))
		b.clean("WebSocket")
	}
}

func TestATapStaysWhileNewsComeAndClosesElsewhere(t *testing.T) {
	h, services, b := watch(t, nil)
	b.size(390)
	b.look(h)
	x, y := b.spot("#s-"+services["API"], 89)
	b.do(chromedp.MouseClickXY(x, y))
	b.until(card)
	h.happen(today, h.opening("Search is slow", status.Degraded, services["Search"]))
	b.until(`document.querySelector("#active h3")?.textContent == "Search is slow"`)
	if !eval[bool](b, "!!"+card) {
		t.Error("news close the card that somebody opened")
	}
	b.do(chromedp.MouseClickXY(5, 700))
	b.until(`!` + card)
}

func TestACardIsAccessible(t *testing.T) {
	script := axe(t)
	s := open(t, nil, trouble(t))
	b := browse(t)
	for _, scheme := range []string{"light", "dark"} {
		b.theme(scheme)
		b.size(390)
		b.visit(s.url + "/status/acme")
		b.ready()
		x, y := b.spot("#s-"+trouble(t).Services[0].ID, 89)
		b.do(chromedp.MouseClickXY(x, y))
		b.until(card)
		eval[any](b, script+";0")
		for _, v := range eval[[]string](b,
			fmt.Sprintf(runAxe, `["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]`)) {
			t.Errorf("%s: %s", scheme, v)
		}
	}
}
