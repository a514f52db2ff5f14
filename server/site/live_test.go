package site

import (
	"fmt"
	"strings"
	"testing"
	"time"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"statuspage/shared/page"
	"statuspage/shared/status"
)

// hurry lets time run forty times as fast for the page's script, save for its patience with a handshake.
const hurry = `{
	const began = Date.now(), now = Date.now, timeout = setTimeout, interval = setInterval;
	Date.now = () => began + (now() - began) * 40;
	window.setTimeout = (f, ms = 0, ...rest) => timeout(f, ms == 10_000 ? ms : ms / 40, ...rest);
	window.setInterval = (f, ms = 0, ...rest) => interval(f, ms / 40, ...rest);
}`

func (b *tab) hurry() {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, send(cdppage.AddScriptToEvaluateOnNewDocument,
		cdppage.AddScriptToEvaluateOnNewDocumentParams{Source: hurry})); err != nil {
		b.t.Fatal(err)
	}
}

// mark waits for what stands beside the name.
func (b *tab) mark(words string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`document.querySelector("#live .when").textContent.includes(%q)`, words))
}

func watch(t *testing.T, change func(*Deps)) (*hall, map[string]string, *tab) {
	t.Helper()
	s, services := company(t)
	h := newHall(t, s, change)
	return h, services, browse(t)
}

func (b *tab) look(h *hall) {
	b.t.Helper()
	b.visit(h.url + "/status/acme")
	b.ready()
	b.mark("Live")
}

func TestNewsArriveWithoutAReloadAndNothingJumps(t *testing.T) {
	h, services, b := watch(t, nil)
	b.size(1280)
	b.look(h)
	eval[any](b, `window.same = true; document.querySelectorAll(".group")[1].open = true;
		window.at = document.querySelectorAll(".group")[1].querySelector(".record summary"); at.focus(); at.scrollIntoView({block: "start"});
		window.place = at.getBoundingClientRect().top; 0`)
	row := fmt.Sprintf(`document.getElementById("s-%s")`, services["Search"])
	h.happen(today, h.opening("Search is slow", status.Degraded, services["Search"]))
	b.until(row + `.dataset.state == "degraded_performance" && ` + row +
		`.querySelector(".state").textContent.trim() == "Degraded Performance"`)
	b.until(`document.querySelector("#active h3")?.textContent == "Search is slow"`)
	for what, is := range map[string]string{
		"the banner":                 `document.getElementById("words").textContent == "Partially Degraded Service" && document.getElementById("banner").dataset.state == "degraded_performance"`,
		"its icon":                   `document.querySelector("#banner use").getAttribute("href") == "#i-degraded_performance"`,
		"the title":                  `document.title.startsWith("Partially Degraded Service")`,
		"the tab's icon":             `document.getElementById("icon").href.endsWith("?degraded_performance")`,
		"no reload":                  `window.same`,
		"the group that has trouble": row + `.closest("details").open`,
		"the group that was opened":  `document.querySelectorAll(".group")[1].open`,
		"the focus":                  `document.activeElement == at`,
		"the place on the screen":    `Math.abs(at.getBoundingClientRect().top - place) < 2`,
		"the glow": row +
			`.classList.contains("glow") && document.querySelector("#active article").classList.contains("glow")`,
		"no glow elsewhere":         `!document.querySelector("#past .glow:not([id^=p-])") && document.querySelectorAll(".service.glow").length == 1`,
		"times of the visitor":      `!document.querySelector("#active time").textContent.includes("UTC")`,
		"strips that can be walked": `document.querySelectorAll(".strip").length == document.querySelectorAll(".strip input").length`,
	} {
		if !eval[bool](b, "!!("+is+")") {
			t.Errorf("%s: not %s", what, is)
		}
	}
	b.until(
		`document.getElementById("say").textContent.includes("Search: Degraded Performance.") && document.getElementById("say").textContent.includes("Investigating: Search is slow.")`)
	h.happen(today+1, &page.UpdateIncident{ID: h.state.Incidents[0].ID, UpdateID: h.id(), Status: "resolved",
		Body: "Fast again."})
	b.until(
		`!document.getElementById("active") && document.getElementById("words").textContent == "All Systems Operational"`)
	b.until(`document.querySelector("#past .past h4").textContent.trim() == "Search is slow"`)
	b.until(`document.getElementById("say").textContent.includes("Resolved: Search is slow.")`)
	if !eval[bool](b, `same && document.activeElement == at`) {
		t.Error("the page was thrown away, or the focus lost")
	}
	b.clean()
}

func TestAServiceTurnsBeforeThePageIsFetched(t *testing.T) {
	h, services, b := watch(t, nil)
	b.look(h)
	hold := make(chan struct{})
	h.set(func() { h.hold = hold })
	h.happen(today, h.opening("API down", status.Major, services["API"]))
	b.until(fmt.Sprintf(`document.querySelector("#s-%s .state").textContent.trim() == "Major Outage"`, services["API"]))
	if eval[bool](b, `!!document.getElementById("active")`) {
		t.Error("the page was not held")
	}
	h.set(func() { h.hold = nil })
	close(hold)
	b.until(`document.querySelector("#active h3")?.textContent == "API down"`)
}

func TestManyEventsAreFewFetches(t *testing.T) {
	h, services, b := watch(t, nil)
	b.look(h)
	eval[any](b, `performance.clearResourceTimings(); 0`)
	for i := range 30 {
		name := fmt.Sprintf("API %d", i)
		h.happen(today+status.Time(i), &page.EditService{ID: services["API"], Name: &name})
	}
	b.until(`document.querySelector(".service .name").textContent == "API 29"`)
	if n := eval[int](b,
		`performance.getEntriesByType("resource").filter(e => e.initiatorType == "xmlhttprequest").length`); n < 1 ||
		n > 4 {
		t.Errorf("%d fetches for 30 events", n)
	}
}

func TestACutConnectionComesBackForWhatItMissed(t *testing.T) {
	h, services, b := watch(t, nil)
	b.look(h)
	seen := h.state.Seq
	h.set(func() { h.refuse = 1013 })
	h.cut()
	b.mark("Not live since")
	b.until(`document.getElementById("live").dataset.live == "lost"`)
	h.happen(today, h.opening("Missed", status.Partial, services["Website"]))
	h.set(func() { h.refuse = 0 })
	b.mark("Live")
	b.until(`document.querySelector("#active h3")?.textContent == "Missed"`)
	h.set(func() {
		if last, want := h.asked[len(h.asked)-1], fmt.Sprintf("since=%d&epoch=epoch-1", seen); last != want {
			t.Errorf("it came back with %s, want %s", last, want)
		}
	})
	b.clean("WebSocket connection")
}

func TestAfterFiveTriesItSaysSoAndStartsOverWhenLookedAt(t *testing.T) {
	h, _, b := watch(t, nil)
	b.hurry()
	b.look(h)
	tried := h.read(func() int { return len(h.asked) })
	h.set(func() { h.refuse = 1013 })
	h.cut()
	b.mark("We could not reconnect.")
	if n := h.read(func() int { return len(h.asked) }) - tried; n != 5 {
		t.Errorf("%d tries", n)
	}
	if got := eval[string](b, `document.querySelector("#live button").textContent`); got != "Refresh" {
		t.Errorf("it offers %q", got)
	}
	b.until(`document.getElementById("say").textContent.includes("We could not reconnect.")`)
	time.Sleep(300 * time.Millisecond) // twelve seconds of the page's time
	if n := h.read(func() int { return len(h.asked) }) - tried; n != 5 {
		t.Errorf("%d tries after it gave up", n)
	}
	h.set(func() { h.refuse = 0 })
	eval[any](b, `dispatchEvent(new Event("online")); 0`)
	b.mark("Live")
	if eval[bool](b, `!!document.querySelector("#live button")`) {
		t.Error("a live page offers to refresh")
	}
	h.set(func() { h.refuse = 1013 })
	h.cut()
	b.mark("We could not reconnect.")
	h.set(func() { h.refuse = 0 })
	eval[any](b, `document.dispatchEvent(new Event("visibilitychange")); 0`)
	b.mark("Live")
}

func TestWhatTheServerRefusesIsSaid(t *testing.T) {
	for code, words := range map[int]string{4404: "This page is no longer here.",
		4429: "Too many pages are open in your network."} {
		h, _, b := watch(t, nil)
		b.hurry()
		b.look(h)
		h.set(func() { h.refuse = code })
		h.cut()
		b.mark(words)
		tried := h.read(func() int { return len(h.asked) })
		time.Sleep(400 * time.Millisecond)
		if n := h.read(func() int { return len(h.asked) }); n != tried {
			t.Errorf("%d: %d more tries", code, n-tried)
		}
	}
}

// Behind a proxy that lets no connection through, or in an office where many look at the page, nobody is left with an
// old one.
func TestWithoutAConnectionThePageIsLookedAtOnceAMinute(t *testing.T) {
	for code, words := range map[int]string{1013: "We could not reconnect. We look once a minute.",
		4429: "Too many pages are open in your network. We look once a minute."} {
		h, services, b := watch(t, nil)
		b.hurry()
		b.look(h)
		h.set(func() { h.refuse = code })
		h.cut()
		b.mark(words)
		tried, heads := h.read(func() int { return len(h.asked) }), h.read(func() int { return h.heads })
		h.happen(today, h.opening("Unheard", status.Partial, services["Website"]))
		b.until(`document.querySelector("#active h3")?.textContent == "Unheard"`)
		b.mark("Not live since")
		b.mark(words)
		time.Sleep(3 * time.Second) // two minutes of the page's time
		if n := h.read(func() int { return len(h.asked) }) - tried; n < 1 || n > 8 {
			t.Errorf("%d: %d more tries of a connection", code, n)
		}
		if n := h.read(func() int { return h.heads }) - heads; n < 2 || n > 30 {
			t.Errorf("%d: it asked %d times", code, n)
		}
		h.set(func() { h.down = true })
		b.mark(words) // a server that is gone is no more than that
		h.set(func() { h.down, h.refuse = false, 0 })
		eval[any](b, `dispatchEvent(new Event("online")); 0`)
		b.mark("Live")
	}
}

// listen keeps what a screen reader is told: the next thing takes its place, sooner where the page's time is hurried.
func (b *tab) listen() {
	eval[any](b,
		`window.heard = ""; new MutationObserver(() => (heard += document.getElementById("say").textContent + " ")).observe(document.getElementById("say"), {childList: true, characterData: true, subtree: true}); 0`)
}

// said waits for what a screen reader is told, since it was last waited for.
func (b *tab) said(words string) {
	b.t.Helper()
	b.until(fmt.Sprintf("heard.includes(%q)", words))
	eval[any](b, `heard = ""; 0`)
}

// Nobody touches the page, and nothing tells the browser that its network is back.
func TestAPageThatIsWatchedGoesLiveAgainAfterAnyOutage(t *testing.T) {
	for _, code := range []int{1013, 4429, 1006} {
		h, services, b := watch(t, nil)
		b.hurry()
		b.look(h)
		b.listen()
		h.set(func() { h.refuse, h.down = code, code == 1006 })
		h.cut()
		b.mark("We look once a minute.")
		tried := h.read(func() int { return len(h.asked) })
		h.happen(today, h.opening("Meanwhile", status.Partial, services["Website"]))
		h.set(func() { h.refuse, h.down = 0, false })
		b.mark("Live")
		b.until(`document.querySelector("#active h3")?.textContent == "Meanwhile"`)
		b.said("This page is live again.")
		if n := h.read(func() int { return len(h.asked) }) - tried; n < 1 || n > 3 {
			t.Errorf("%d: %d connections until it was live", code, n)
		}
		h.set(func() { h.refuse = 1013 })
		h.cut()
		b.said("This page is not live.")
	}
}

// One that is greeted and closed at once is a failed try, and is not told as live.
func TestAConnectionThatIsGreetedAndClosedIsTriedLessAndLess(t *testing.T) {
	h, _, b := watch(t, nil)
	b.hurry()
	b.look(h)
	tried := h.read(func() int { return len(h.asked) })
	eval[any](b,
		`window.said = []; new MutationObserver(() => said.push(document.getElementById("say").textContent)).observe(document.getElementById("say"), {childList: true}); 0`)
	h.set(func() { h.greet = true })
	h.cut()
	b.mark("We could not reconnect.")
	if n := h.read(func() int { return len(h.asked) }) - tried; n != 5 {
		t.Errorf("%d tries", n)
	}
	if said := eval[string](b, `said.join()`); strings.Contains(said, "live again") {
		t.Errorf("it said %q", said)
	}
	h.set(func() { h.greet = false })
	b.until(`said.join().includes("This page is live again.")`)
}

func TestAHandshakeThatHangsIsTriedAgain(t *testing.T) {
	h, _, b := watch(t, nil)
	b.look(h)
	hang := make(chan struct{})
	defer close(hang)
	h.set(func() { h.hang = hang })
	h.cut()
	b.mark("Not live since")
	tried := h.read(func() int { return len(h.asked) })
	for end := time.Now().Add(30 * time.Second); h.read(func() int { return len(h.asked) }) == tried; time.Sleep(
		20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the handshake is never tried again")
		}
	}
	h.set(func() { h.hang = nil })
	b.until(`dispatchEvent(new Event("online")), true`)
	b.mark("Live")
}

func TestADeadConnectionIsNoticed(t *testing.T) {
	h, services, b := watch(t, nil)
	b.hurry()
	b.look(h)
	h.set(func() { h.mute = true }) // open, and silent for ever
	h.happen(today, h.opening("Unheard", status.Partial, services["Website"]))
	b.until(`document.querySelector("#active h3")?.textContent == "Unheard"`)
	b.mark("Live")
	if n := h.read(func() int { return h.heads }); n == 0 {
		t.Error("the page did not ask")
	}
	// Now the whole server is gone, and nothing closes the connection.
	h.set(func() { h.down = true })
	b.mark("Not live since")
}

func TestAQuietConnectionThatIsWellStaysLive(t *testing.T) {
	h, _, b := watch(t, nil)
	b.hurry()
	b.look(h)
	heads := h.read(func() int { return h.heads })
	for end := time.Now().Add(20 * time.Second); h.read(func() int { return h.heads }) < heads+
		2; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the page never asked")
		}
		if eval[string](b, `document.getElementById("live").dataset.live`) != "yes" {
			t.Fatal("a page that is well says it is not live")
		}
	}
	if n := h.read(func() int { return len(h.asked) }); n != 1 {
		t.Errorf("%d connections", n)
	}
}

func TestAPageThatDoesNotComeIsNotLive(t *testing.T) {
	h, services, b := watch(t, nil)
	b.look(h)
	state := h.state
	h.happen(today, h.opening("API down", status.Major, services["API"]))
	h.stand.put(state) // frames came, the page lags behind
	h.happen(today+1, &page.EditPage{Name: ptr("Acme Ltd")})
	h.stand.put(state)
	b.mark("The newest page did not come yet.")
	h.stand.put(h.state)
	b.mark("Live")
	b.until(`document.querySelector(".org").textContent.includes("Acme Ltd")`)
	b.clean("status of 503")
}

func TestARestoredDatabaseIsShownThoughItIsOlder(t *testing.T) {
	h, services, b := watch(t, nil)
	older := h.state
	h.happen(today, h.opening("Of another past", status.Major, services["API"]))
	b.look(h)
	b.until(`!!document.getElementById("active")`)
	h.set(func() { h.epoch, h.state, h.log = "epoch-2", older, nil })
	h.stand.restore(older, "epoch-2")
	h.cut()
	b.until(`!document.getElementById("active") && document.getElementById("page").dataset.epoch == "epoch-2"`)
	b.mark("Live")
}

func TestARegionThatFallsBehindIsSaidOnAnOpenPage(t *testing.T) {
	behind := make(chan bool, 1)
	behind <- false
	since := utc(ago(0.5))
	h, _, b := watch(t, func(d *Deps) {
		d.Lag = func() (time.Duration, bool, time.Time) {
			now := <-behind
			behind <- now
			return time.Minute, now, since
		}
	})
	b.hurry()
	b.zone("UTC")
	b.look(h)
	<-behind
	behind <- true
	b.mark("This region is behind.")
	if got := eval[string](b, `document.querySelector("#live .when").textContent`); !strings.Contains(got,
		"Not live since 11:18") {
		t.Errorf("it says %q", got)
	}
	<-behind
	behind <- false
	b.mark("Live")
}

func TestAPageThatIsComeBackToIsTrue(t *testing.T) {
	h, services, b := watch(t, nil)
	b.look(h)
	b.visit(h.url + "/status/acme/history")
	b.ready()
	h.happen(today, h.opening("Meanwhile", status.Partial, services["API"]))
	eval[any](b, `setTimeout(() => history.back()); 0`)
	b.until(`document.querySelector("#active h3")?.textContent == "Meanwhile"`)
	b.mark("Live")
}

// News come in the reader's language: of services, of incidents, and of the connection.
func TestNewsComeInTheReadersLanguage(t *testing.T) {
	h, services, b := watch(t, nil)
	b.visit(h.url + "/status/acme?lang=de")
	b.ready()
	b.mark("Live")
	b.listen()
	h.happen(today, h.opening("API down", status.Major, services["API"]))
	b.until(`["API: Schwerer Ausfall.", "Wird untersucht: API down."].some((words) => heard.includes(words))`)
	h.set(func() { h.refuse = 4404 })
	h.cut()
	b.mark("Diese Seite gibt es nicht mehr.")
	b.said("Diese Seite ist nicht live. Diese Seite gibt es nicht mehr.")
}
