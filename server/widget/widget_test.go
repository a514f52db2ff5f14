package widget_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	ical "github.com/arran4/golang-ical"

	"statuspage/server/app/apptest"
	"statuspage/server/racetest"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

var now = time.Now().UTC().Truncate(time.Millisecond)

func ago(d time.Duration) time.Time { return now.Add(-d) }

func word[T ~string](s T) *string { w := string(s); return &w }

func get(o *apptest.Org, path string, header ...string) (http.Header, string) {
	o.Helper()
	res, raw := o.Get(path, header...)
	if res.StatusCode != http.StatusOK {
		o.Fatalf("%s: %s %s", path, res.Status, raw)
	}
	return res.Header, string(raw)
}

func company(t testing.TB) (o *apptest.Org, service string) {
	o = apptest.Start(t, apptest.OwnHosts).Org("acme", ago(99*time.Hour))
	service = o.Service(ago(98*time.Hour), "Core", "API </script> [x](y)")
	o.Service(ago(98*time.Hour), "", "Mail")
	return o, service
}

// customer is another site, whose policy forbids whatever it does not need for a script of ours.
func customer(t testing.TB, o *apptest.Org, body string) string {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		ours := "http://" + o.Addr
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src "+ours+"; connect-src "+ours+
			"; frame-src "+ours+"; require-trusted-types-for 'script'; trusted-types 'none'")
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprint(w, "<!doctype html><html lang=en><title>Customer</title>"+strings.ReplaceAll(body, "OURS",
			ours+"/status/acme"))
	}))
	t.Cleanup(site.Close)
	return site.URL
}

func TestTheScriptIsSmallAndCannotBeBrokenByNames(t *testing.T) {
	o, svc := company(t)
	o.Open(ago(time.Hour), "API fails", status.Partial, svc)
	h, body := get(o, "/status/acme/embed.js")
	if len(body) >= 2048 || !strings.HasPrefix(h.Get("Content-Type"), "text/javascript") ||
		h.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
		t.Errorf("%d bytes, %v", len(body), h)
	}
	if !strings.Contains(body, `"indicator":"minor","words":"Minor Service Outage"`) ||
		strings.Contains(body, "//"+" ") {
		t.Errorf("it does not begin with the state of now: %s", body)
	}
}

func TestThePillShowsTheStateOnAStrictSiteAndFollowsIt(t *testing.T) {
	o, svc := company(t)
	b := browse(t)
	b.open(customer(t, o, `<p>Before</p><script src="OURS/embed.js"></script><p>After</p>`))
	const pill = `document.querySelector("p + script + div").shadowRoot`
	b.until(pill + `.querySelector("[role=status]").textContent === "All Systems Operational"`)
	if got := b.text(`getComputedStyle(` + pill + `.querySelector("i")).backgroundColor + " " + getComputedStyle(` +
		pill + `.querySelector("a")).display`); got != "rgb(26, 127, 75) flex" {
		t.Errorf("it is drawn as %s", got)
	}
	if got := b.text(pill + `.querySelector("a").href`); got != "http://"+o.Addr+"/status/acme" {
		t.Errorf("it leads to %s", got)
	}
	b.dark()
	b.until(`getComputedStyle(` + pill + `.querySelector("i")).backgroundColor === "rgb(62, 207, 142)"`)
	o.Open(now, "API fails", status.Major, svc)
	b.until(`(dispatchEvent(new Event("focus")), ` + pill +
		`.querySelector("[role=status]").textContent === "Partial System Outage")`)
	b.until(`getComputedStyle(` + pill + `.querySelector("i")).backgroundColor === "rgb(240, 136, 62)"`)
}

func TestTheBannerComesOnlyWithTroubleAndFromTheHeadToo(t *testing.T) {
	o, svc := company(t)
	b := browse(t)
	b.open(customer(t, o, `<head><script src="OURS/embed.js" data-mode="banner"></script></head><body><p>Text</p>`))
	const link = `document.querySelector("body > div").shadowRoot.querySelector("a")`
	b.until(`document.querySelector("body > div") !== null`)
	if b.text(`getComputedStyle(`+link+`).display`) != "none" {
		t.Error("a banner while all is well")
	}
	in := o.Open(now, "API fails", status.Degraded, svc)
	b.until(`(dispatchEvent(new Event("focus")), getComputedStyle(` + link + `).position === "fixed" && ` + link +
		`.offsetWidth > 50)`)
	o.Do(time.Now(), &page.UpdateIncident{ID: in, Status: "resolved"})
	b.until(`(dispatchEvent(new Event("focus")), getComputedStyle(` + link + `).display === "none")`)
}

func TestTheFrameMayStandAnywhereAndTellsItsSize(t *testing.T) {
	o, svc := company(t)
	h, body := get(o, "/status/acme/embed?theme=dark")
	if !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors *") || h.Get("X-Frame-Options") != "" ||
		!strings.Contains(body, `data-theme="dark"`) {
		t.Errorf("%v %s", h, body)
	}
	if _, other := get(o, `/status/acme/embed?theme="><script>`); !strings.Contains(other, `data-theme="auto"`) {
		t.Errorf("any theme is taken: %s", other)
	}
	o.Open(now, "API fails", status.Partial, svc)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprintf(w,
			`<!doctype html><title>Customer</title><script>addEventListener("message", e => { document.title = JSON.stringify(e.data); });</script>
<iframe src="http://%s/status/acme/embed" title="Status"></iframe>`, o.Addr)
	}))
	defer site.Close()
	b := browse(t)
	b.open(site.URL)
	b.until(`document.title.startsWith("{")`)
	var heard struct {
		Type, Indicator, Description string
		Width, Height                int
	}
	if err := json.Unmarshal([]byte(b.text("document.title")), &heard); err != nil {
		t.Fatal(err)
	}
	if heard.Type != "statuspage" || heard.Indicator != "minor" || heard.Description != "Minor Service Outage" ||
		heard.Width < 100 || heard.Height < 20 {
		t.Errorf("the site around heard %+v", heard)
	}
}

func TestShieldsTellsTheStateInItsColour(t *testing.T) {
	o, svc := company(t)
	want := func(message, color string) {
		t.Helper()
		h, body := get(o, "/status/acme/shields.json")
		if body != `{"schemaVersion":1,"label":"status","message":"`+message+`","color":"`+color+`"}` ||
			h.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s, want %s in %s", body, message, color)
		}
	}
	want("All Systems Operational", "brightgreen")
	o.Do(now, &page.EditService{ID: svc, Status: word(status.UnderMaintenance)})
	want("Service Under Maintenance", "blue")
	o.Do(now, &page.EditService{ID: svc, Status: word(status.Operational)})
	for _, x := range [][2]string{{"Partially Degraded Service", "yellow"}, {"Minor Service Outage", "yellow"},
		{"Partial System Outage", "orange"}} {
		o.Do(now, &page.EditService{ID: svc,
			Status: word(map[string]status.ServiceStatus{"Partially Degraded Service": status.Degraded,
				"Minor Service Outage": status.Partial, "Partial System Outage": status.Major}[x[0]])})
		want(x[0], x[1])
	}
}

func TestLLMsTextTellsThePageAndItsLinks(t *testing.T) {
	o, svc := company(t)
	id := o.Open(ago(time.Hour), "API *fails*\u2028[click](javascript:x)", status.Partial, svc)
	o.Host(now, "status.acme.example")
	_, body := get(o, "/status/acme/llms.txt")
	for _, want := range []string{
		"# The acme status\n\n> Minor Service Outage. As of ",
		"- Core / API \\</script\\> \\[x\\](y): Partial Outage\n",
		"\\[click\\](javascript:x)](http://" + o.Addr + "/status/acme/incidents/" + id + "): Investigating",
		"http://" + o.Addr + "/status/acme/api/v2/summary.json",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("it lacks %q:\n%s", want, body)
		}
	}
	if _, own := get(o, "/llms.txt", "Host", "status.acme.example"); !strings.Contains(own,
		"](http://status.acme.example/calendar.ics)") {
		t.Errorf("on its own host: %s", own)
	}
	if _, all := get(o, "/llms.txt"); !strings.HasPrefix(all, "# Status Page\n") {
		t.Errorf("of the installation: %s", all)
	}
}

// window plans, and answers with what the calendar says of it.
func TestTheCalendarIsReadByALibraryAndKeepsItsPromises(t *testing.T) {
	o, svc := company(t)
	title := "Größe; a, b \\ c: " + strings.Repeat("数据库升级🚒", 12)
	begin := now.Add(48 * time.Hour).Truncate(time.Second)
	m := &page.PlanMaintenance{ID: apptest.NewID(), Title: title, Description: "One\r\ntwo; three, " +
		"\"four\"\nBEGIN:VEVENT", Services: []string{svc},
		ScheduledFor: status.Time(begin.UnixMilli()), ScheduledUntil: status.Time(begin.Add(time.Hour).UnixMilli())}
	o.Do(now, m)
	event := func() *ical.VEvent {
		t.Helper()
		h, body := get(o, "/status/acme/calendar.ics")
		if h.Get("Content-Type") != "text/calendar; charset=utf-8" {
			t.Fatalf("sent as %s", h.Get("Content-Type"))
		}
		lines(t, body)
		cal, err := ical.ParseCalendar(strings.NewReader(body))
		if err != nil {
			t.Fatalf("%v in\n%s", err, body)
		}
		if len(cal.Events()) != 1 {
			t.Fatalf("%d events in\n%s", len(cal.Events()), body)
		}
		return cal.Events()[0]
	}
	e := event()
	value := func(p ical.ComponentProperty) string { return ical.FromText(e.GetProperty(p).Value) }
	if got := value(ical.ComponentPropertySummary); got != title {
		t.Errorf("its title comes back as %q", got)
	}
	if got := value(ical.ComponentPropertyDescription); !strings.HasPrefix(got,
		"One\ntwo; three, \"four\"\nBEGIN:VEVENT\n\nServices: API </script> [x](y)") {
		t.Errorf("its text comes back as %q", got)
	}
	if from, err := e.GetStartAt(); err != nil || !from.Equal(begin) {
		t.Errorf("it starts %v %v", from, err)
	}
	if until, err := e.GetEndAt(); err != nil || !until.Equal(begin.Add(time.Hour)) {
		t.Errorf("it ends %v %v", until, err)
	}
	if e.Id() != m.ID || value(ical.ComponentPropertySequence) != "0" ||
		value(ical.ComponentPropertyStatus) != "CONFIRMED" {
		t.Errorf("%s %s %s", e.Id(), value(ical.ComponentPropertySequence), value(ical.ComponentPropertyStatus))
	}
	later := status.Time(begin.Add(3 * time.Hour).UnixMilli())
	o.Do(now.Add(time.Second), &page.EditMaintenance{ID: m.ID, ScheduledUntil: &later})
	if e = event(); e.Id() != m.ID || value(ical.ComponentPropertySequence) != "1" {
		t.Errorf("after a change: %s %s", e.Id(), value(ical.ComponentPropertySequence))
	}
	o.Do(now.Add(2*time.Second), &page.EditMaintenance{ID: m.ID, Status: word(status.Cancelled)})
	if e = event(); value(ical.ComponentPropertyStatus) != "CANCELLED" || value(ical.ComponentPropertySequence) != "2" {
		t.Errorf("after it was cancelled: %s %s", value(ical.ComponentPropertyStatus),
			value(ical.ComponentPropertySequence))
	}
}

// lines: CRLF ends each, none is longer than 75 octets, and none breaks a character.
func lines(t testing.TB, body string) {
	t.Helper()
	if strings.Count(body, "\n") != strings.Count(body, "\r\n") || !strings.HasSuffix(body, "END:VCALENDAR\r\n") {
		t.Error("a line does not end in CRLF")
	}
	for s := bufio.NewScanner(strings.NewReader(body)); s.Scan(); {
		if len(s.Text()) > 75 || !utf8.ValidString(s.Text()) {
			t.Errorf("a line of %d octets: %q", len(s.Text()), s.Text())
		}
	}
}

// tab is a chromium with one page open.
type tab struct {
	testing.TB
	ctx context.Context
}

func browse(t testing.TB) *tab {
	t.Helper()
	racetest.Outside(t, "a browser")
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	alloc, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	b := &tab{t, ctx}
	b.do() // the first command starts the browser
	b.ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.Fatal(err)
	}
}

func (b *tab) open(url string) { b.Helper(); b.do(chromedp.Navigate(url)) }

func (b *tab) dark() {
	b.Helper()
	_, err := chromedp.Run(b.ctx, func(ctx context.Context, t *chromedp.Target) (cdp.Empty, error) {
		return cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}})
	})
	if err != nil {
		b.Fatal(err)
	}
}

// text is a JavaScript string.
func (b *tab) text(script string) string {
	b.Helper()
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](script))
	if err != nil {
		b.Fatalf("%s: %v", script, err)
	}
	return got
}

// until waits, generously, for a JavaScript condition.
func (b *tab) until(condition string) {
	b.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if b.text(`String(!!(`+condition+`))`) == "true" {
			return
		}
		if time.Now().After(end) {
			b.Fatalf("never true: %s; the page is %s", condition, b.text("document.documentElement.outerHTML"))
		}
	}
}
