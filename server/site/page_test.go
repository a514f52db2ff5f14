package site

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

func TestEveryAddressWorksWithAndWithoutItsSlash(t *testing.T) {
	state := trouble(t)
	s := open(t, nil, state)
	for _, c := range []struct{ path, mediaType, has string }{
		{"/", "text/html", "Tell people what is broken"},
		{"/status/acme", "text/html", "Minor Service Outage"},
		{"/status/acme/incidents/" + state.Incidents[0].ID, "text/html", "About one request in ten"},
		{"/status/acme/incidents/" + state.Maintenances[0].ID, "text/html", "Uploads may pause for a minute"},
		{"/status/acme/history", "text/html", "November 2026"},
		{"/status/acme/feed.atom", "application/atom+xml", "<feed"},
		{"/status/acme/history.atom", "application/atom+xml", "<feed"},
		{"/status/acme/feed.rss", "application/rss+xml", "<rss"},
		{"/status/acme/history.rss", "application/rss+xml", "<rss"},
		{"/status/acme/badge.svg", "image/svg+xml", "Minor Service Outage"},
		{"/status/acme/icon.svg", "image/svg+xml", "#9a6700"},
		{"/status/acme/app.webmanifest", "application/manifest+json", `"scope":"/status/acme"`},
		{"/status/acme/theme.css", "text/css", ""},
		{"/robots.txt", "text/plain", "Disallow: /api/"},
		{"/favicon.ico", "image/svg+xml", "<svg"},
	} {
		for _, path := range []string{c.path, strings.TrimSuffix(c.path, "/") + "/"} {
			res, body := s.get(t, path)
			if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), c.mediaType) ||
				!strings.Contains(body, c.has) {
				t.Errorf("%s: %d %s, %d bytes", path, res.StatusCode, res.Header.Get("Content-Type"), len(body))
			}
		}
	}
}

func TestThePageSaysWhereItStands(t *testing.T) {
	state := trouble(t)
	s := open(t, nil, state)
	res, body := s.get(t, "/status/acme")
	for name, want := range map[string]string{
		"Status-Seq": wire.Itoa(state.Seq), "Status-Region": "fra", "Status-Epoch": "epoch-1",
		"Cache-Control": "public, max-age=0, must-revalidate",
		"Vary":          "Accept-Language, Cookie, Accept-Encoding", "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": policy, "Cross-Origin-Opener-Policy": "same-origin",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, forbidden := range []string{"unsafe", "http:", "https:", "*"} {
		if strings.Contains(res.Header.Get("Content-Security-Policy"), forbidden) {
			t.Errorf("the policy has %s", forbidden)
		}
	}
	if !strings.Contains(body, `data-seq="`+wire.Itoa(state.Seq)+`" data-epoch="epoch-1"`) {
		t.Error("the page does not say which event it shows")
	}
	again, _ := s.get(t, "/status/acme", "If-None-Match", res.Header.Get("ETag"))
	if again.StatusCode != http.StatusNotModified || again.Header.Get("Status-Seq") == "" {
		t.Errorf("again: %d, %v", again.StatusCode, again.Header)
	}
}

func TestARegionThatIsBehindSaysSo(t *testing.T) {
	since := utc(ago(0.5))
	var behind atomic.Bool
	s := open(t, func(d *Deps) {
		d.Lag = func() (time.Duration, bool, time.Time) { return 90 * time.Second, behind.Load(), since }
	}, allWell(t))
	const words = "This page may be old: this region last heard from the main one at"
	if _, body := s.get(t, "/status/acme"); strings.Contains(body, words) {
		t.Error("it says so while it is not")
	}
	behind.Store(true)
	res, body := s.get(t, "/status/acme")
	if !strings.Contains(body, words) || !strings.Contains(body, "23 Nov 2026, 11:18 UTC") {
		t.Error("the page does not say that it may be old")
	}
	if res.Header.Get("Status-Lag") != "90.000" || res.Header.Get("Status-Stale-Since") != "2026-11-23T11:18:00Z" {
		t.Errorf("headers %v", res.Header)
	}
}

func TestWhatIsNotThereIsSaidInAPage(t *testing.T) {
	s := open(t, nil, allWell(t))
	for _, path := range []string{
		"/status/nobody", "/status/-x-", "/status/acme/incidents/0197a1de-0000-7000-8000-000000000000",
		"/status/acme/incidents/x", "/nowhere",
		"/status/acme/history?month=2020-01", "/status/acme/history?month=2026-12", "/status/acme/history?month=x",
		"/status/acme/history?page=2",
		"/status/acme/history?page=0", "/status/acme/history?page=99999999999999999999", "/history", "/feed.atom",
		"/assets/x.js", "/assets/../go.mod",
		"/status/%00", "/status/acme%2f..",
	} {
		res, body := s.get(t, path)
		if res.StatusCode != 404 || !strings.Contains(body, "Not found") ||
			!strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d, %d bytes", path, res.StatusCode, len(body))
		}
		if res.Header.Get("Content-Security-Policy") == "" && !strings.HasPrefix(path, "/assets") {
			t.Errorf("%s has no policy", path)
		}
	}
}

func TestAHostOfItsOwnHasTheWholePage(t *testing.T) {
	story, _ := company(t)
	host := "status.acme.example"
	story.do(today, &page.EditPage{Hostname: &host})
	story.do(today, &page.ProveHost{Hostname: host, Proved: true})
	s := open(t, func(d *Deps) { d.BaseURL = "https://status.example" }, story.state)
	in := story.state.Incidents[0].ID
	for path, has := range map[string]string{
		"/": "All Systems Operational", "/incidents/" + in: "Log-in failed", "/history": "November 2026",
		"/feed.atom":   `href="http://status.acme.example/incidents/` + in + `"`,
		"/history.rss": "http://status.acme.example/incidents/", "/badge.svg": "Acme", "/icon.svg": "<svg",
		"/app.webmanifest": `"start_url":"/"`,
	} {
		res, body := s.get(t, path, "Host", host+":443")
		if res.StatusCode != 200 || !strings.Contains(body, has) {
			t.Errorf("%s: %d, %.200s", path, res.StatusCode, body)
		}
		if strings.Contains(body, "/status/acme/") && path == "/" && strings.Contains(body, `href="/status/acme`) {
			t.Errorf("%s leads away from its host", path)
		}
	}
	if _, body := s.get(t, "/", "Host", "status.example"); !strings.Contains(body, "Tell people what is broken") {
		t.Error("our own host does not show the product")
	}
	if _, body := s.get(t, "/status/acme"); !strings.Contains(body, `href="/status/acme/history"`) {
		t.Error("under a path the links leave it")
	}
}

func TestMadeUpHostsFillNoMemory(t *testing.T) {
	s := open(t, nil, allWell(t))
	_, first := s.get(t, "/status/acme/feed.atom", "Host", "one.example")
	_, second := s.get(t, "/status/acme/feed.atom", "Host", "two.example")
	if !strings.Contains(first, "http://one.example/status/acme") ||
		!strings.Contains(second, "http://two.example/status/acme") {
		t.Error("links do not follow the request")
	}
	_, evil := s.get(t, "/status/acme/feed.atom", "Host", `x"><script>`)
	if strings.Contains(evil, "<script") {
		t.Error("a host name became markup")
	}
	p, err := s.Page(nil, "acme")
	if err != nil {
		t.Fatal(err)
	}
	kept := 0
	for i := range 20 {
		host := fmt.Sprintf("host-%d.example", i)
		s.get(t, "/status/acme/feed.atom", "Host", host)
		made := false
		if _, err := p.Doc("web/feed.atom/en@http://"+host+"/status/acme", time.Hour,
			func() (string, []byte, error) { made = true; return "", nil, nil }); err != nil {
			t.Fatal(err)
		}
		if !made {
			kept++
		}
	}
	if kept != 6 { // and the two before
		t.Errorf("the feeds of %d made-up hosts are kept", kept)
	}
}

func TestSinceIsWhenThePageCameIntoItsState(t *testing.T) {
	svc := func(s status.ServiceStatus, created, since status.Time) status.Service {
		return status.Service{Status: s, CreatedAt: created, Since: since}
	}
	const up, part, major = status.Operational, status.Partial, status.Major
	for _, c := range []struct {
		name     string
		services []status.Service
		at       status.Time
	}{
		{"nothing listed", nil, 0},
		{"never any trouble", []status.Service{svc(up, 5, 5)}, 0},
		{"the last recovery", []status.Service{svc(up, 5, 50), svc(up, 5, 70), svc(up, 90, 90)}, 70},
		{"the first of the worst", []status.Service{svc(part, 5, 20), svc(major, 5, 60), svc(major, 5, 50)}, 50},
		{"trouble from the start", []status.Service{svc(part, 30, 30), svc(up, 5, 40)}, 30},
		{"maintenance is no trouble", []status.Service{svc(status.UnderMaintenance, 5, 10),
			svc(status.Degraded, 5, 30)}, 30},
	} {
		t.Run(c.name, func(t *testing.T) {
			if at, known := since(c.services); at != c.at || known != (c.at != 0) {
				t.Errorf("got %d, want %d", at, c.at)
			}
		})
	}
}

func TestServicesStandInGroupsInTheirOrder(t *testing.T) {
	s := begin(t, "acme", "Acme", ago(99))
	for _, x := range [][2]string{{"", "a"}, {"G", "b"}, {"", "c"}, {"H", "d"}, {"G", "e"}, {"", "f"}} {
		s.service(ago(98), x[0], x[1], "")
	}
	s.open(ago(1), "x", "", status.Major, s.state.Services[4].ID)
	got := ""
	for _, b := range blocks(s.state.Services, "/status/acme", today, status.DefaultWeights) {
		got += b.Name + "("
		for _, m := range b.Member {
			got += m.Name
		}
		got += ")"
		if b.Open != (b.Name == "G") {
			t.Errorf("group %q: open %v", b.Name, b.Open)
		}
	}
	if want := "(a)G(be)(c)H(d)(f)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSpansAreWrittenShortly(t *testing.T) {
	for _, c := range []struct {
		ms   status.Time
		want string
	}{
		{0, "less than a minute"}, {59_999, "less than a minute"}, {wire.Minute, "1 minute"},
		{90 * wire.Minute, "1 hour 30 minutes"},
		{2 * wire.Hour, "2 hours"}, {25 * wire.Hour, "1 day 1 hour"}, {48*wire.Hour + wire.Minute, "2 days"},
	} {
		if got := lasted(1000, 1000+c.ms); got != c.want {
			t.Errorf("%d: %q, want %q", c.ms, got, c.want)
		}
	}
}

func TestQuietDaysAreOneLine(t *testing.T) {
	days := pastDays(ptr(allWell(t)), "", today)
	got := ""
	for _, d := range days {
		got += string(d.Label()) + ":" + strings.Repeat("x", len(d.Items)) + ";"
	}
	const dates = `<time datetime="2026-11-`
	want := dates + `21">21</time> – ` + dates + `23">23 November 2026</time>:;` + dates +
		`20">20 November 2026</time>:x;` + dates + `15">15</time> – ` + dates + `19">19 November 2026</time>:;` +
		dates + `14">14 November 2026</time>:x;` + dates + `09">9</time> – ` + dates + `13">13 November 2026</time>:;`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	young := begin(t, "new", "New", ago(30))
	if days := pastDays(&young.state, "", today); len(days) != 1 || days[0].First != ago(30).DayNumber() {
		t.Errorf("a page of yesterday tells of %v", days)
	}
}

func TestWhatWasLearntAndWhatDoesNotCountIsTold(t *testing.T) {
	s, services := company(t)
	in := s.open(ago(6), "Two things slow", "We look.", status.Degraded, services["API"], services["Search"])
	s.do(ago(5), &page.UpdateIncident{ID: in, UpdateID: s.id(), Body: "Search is back.",
		Services: []page.Move{{ID: services["Search"], To: status.Operational}}})
	st := open(t, nil, s.state)
	if _, body := st.get(t, "/status/acme/incidents/"+in); !strings.Contains(body,
		"<bdi>Search</bdi> <span class=\"dim\">has recovered</span>") {
		t.Error("a recovery is not told")
	}
	s.update(ago(4), in, status.Resolved, "All good.")
	learnt, why, text := "# Why\n\nA **cache** was cold.", "Announced load test <b>", "We move on *Friday*."
	s.do(ago(3), &page.EditIncident{ID: in, Postmortem: &learnt, Excluded: &why})
	s.do(ago(3), &page.EditPage{Announcement: &text, AnnouncementUntil: ptr(today + 1)})
	st.put(s.state)
	_, front := st.get(t, "/status/acme")
	_, whole := st.get(t, "/status/acme/incidents/"+in)
	_, feed := st.get(t, "/status/acme/feed.atom")
	for name, c := range map[string][2]string{
		"the post-mortem": {whole, "A <strong>cache</strong> was cold."},
		"its link":        {front, "/incidents/" + in + "#learnt"}, "in the feed": {feed, "was cold"},
		"the reason":             {whole, "Not counted as downtime: <bdi>Announced load test &lt;b&gt;</bdi>"},
		"the reason on the page": {front, "Announced load test &lt;b&gt;"},
		"the announcement":       {front, "We move on <em>Friday</em>."},
	} {
		if !strings.Contains(c[0], c[1]) {
			t.Errorf("%s: no %q", name, c[1])
		}
	}
	st.now.Store(int64(today + 1))
	st.put(s.state)
	if _, front := st.get(t, "/status/acme"); strings.Contains(front, "We move on") {
		t.Error("an announcement outlives its time")
	}
}

func TestUptimeIsWeighedAsTheOrganisationSays(t *testing.T) {
	s, services := company(t)
	in := s.open(ago(2), "Slow", "", status.Degraded, services["Backups"])
	s.update(ago(1), in, status.Resolved, "Fast.")
	st := open(t, nil, s.state)
	percent := func() string {
		t.Helper()
		_, body := st.get(t, "/status/acme")
		row := body[strings.Index(body, `id="s-`+services["Backups"]):]
		row = row[strings.Index(row, `class="percent">`)+16:]
		return row[:strings.IndexByte(row, '<')]
	}
	if got := percent(); got != "100% uptime" {
		t.Errorf("before: %q", got)
	}
	s.do(today, &page.EditPage{Weights: &status.Weights{Degraded: 1000, Partial: 1000, Major: 1000}})
	st.put(s.state)
	if got := percent(); got != "99.95% uptime" {
		t.Errorf("after: %q", got)
	}
}

// TestThePageCanBeInstalled asks the browser what it makes of the page's manifest: iOS tells its visitors something
// only of a page that stands on the home screen.
func TestThePageCanBeInstalled(t *testing.T) {
	state := trouble(t)
	state.Org.Style.Favicon = "0123456789abcdef.png"
	s := open(t, nil, state)
	b := browse(t)
	b.visit(s.url + "/status/acme?lang=de")
	b.ready()
	found, err := chromedp.Run(b.ctx, send(cdppage.GetAppManifest, cdppage.GetAppManifestParams{}))
	if err != nil {
		t.Fatal(err)
	}
	if found.URL != s.url+"/status/acme/app.webmanifest" || len(found.Errors) > 0 {
		t.Errorf("%s: %v", found.URL, found.Errors)
	}
	var m appManifest
	if err := json.Unmarshal([]byte(found.Data), &m); err != nil {
		t.Fatal(err)
	}
	if m.Name != "Acme – Status" || m.Short != "Acme" || m.Lang != "de" || m.ID != "/status/acme" ||
		m.Start != "/status/acme" || m.Scope != "/status/acme" || m.Display != "standalone" || m.Theme != lightPage ||
		len(m.Icons) != 4 || m.Icons[0].Src != "/status/acme/logo/0123456789abcdef.png" {
		t.Errorf("%+v", m)
	}
	res, _ := s.get(t, "/status/acme/app.webmanifest")
	if got := res.Header.Get("Cache-Control"); got != "public, max-age=300" {
		t.Errorf("it is kept as %q", got)
	}
	if first, _ := s.get(t, "/status/acme/app.webmanifest", "If-None-Match", res.Header.Get("ETag")); first.
		StatusCode != 304 {
		t.Errorf("it is sent again: %d", first.StatusCode)
	}
}

// TestTitlesBeginAtTheEdgeInBothDirections: in which direction a title is written changes nothing of where it begins.
func TestTitlesBeginAtTheEdgeInBothDirections(t *testing.T) {
	s, services := company(t)
	s.open(ago(2), "Slow uploads", "", status.Degraded, services["File storage"])
	s.open(ago(1), "بطء في التحميل", "", status.Degraded, services["Backups"])
	st := open(t, nil, s.state)
	b := browse(t)
	for _, tag := range []string{"en", "ar", "he"} {
		for _, width := range []int64{320, 1280} {
			b.size(width)
			b.visit(st.url + "/status/acme?lang=" + tag)
			b.ready()
			off := eval[[]float64](b, `[...document.querySelectorAll(".incident")].map((article) => {
				const rtl = document.documentElement.dir === "rtl", style = getComputedStyle(article);
				const words = document.createRange();
				words.selectNodeContents(article.querySelector("h3 a"));
				const [text, box] = [words, article].map((x) => x.getBoundingClientRect());
				return rtl ? box.right - parseFloat(style.paddingRight) - parseFloat(style.borderRightWidth) - text.right :
					text.left - box.left - parseFloat(style.paddingLeft) - parseFloat(style.borderLeftWidth);
			})`)
			for _, gap := range off {
				if len(off) != 2 || gap < -1 || gap > 1 {
					t.Errorf("in %s at %d px titles begin %v px from the edge", tag, width, off)
					break
				}
			}
		}
	}
}

// TestAHistoryWithoutServicesClaimsNothing, as the page of such an organisation does.
func TestAHistoryWithoutServicesClaimsNothing(t *testing.T) {
	s := open(t, nil, empty(t))
	if _, body := s.get(t, "/status/new/history"); strings.Contains(body, "–%") ||
		strings.Contains(body, "Nothing went wrong") || !strings.Contains(body, "No services are listed yet.") {
		t.Error("it says how a month was for which nothing is known")
	}
}
