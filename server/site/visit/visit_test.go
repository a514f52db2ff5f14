package visit

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"statuspage/server/relay"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// shelf has one page, acme's, which stands under a host name of its own, too.
type shelf struct{ page *relay.Page }

func (s shelf) Page(_ *fiber.Ctx, slug string) (*relay.Page, error) {
	if slug != "acme" {
		return nil, noPage()
	}
	return s.page, nil
}

func (s shelf) PageByHost(_ *fiber.Ctx, host string) (*relay.Page, error) {
	if host != "status.acme.example" {
		return nil, noPage()
	}
	return s.page, nil
}

func acme(at time.Time) shelf {
	state := page.State{At: status.Time(at.UnixMilli())}
	state.Org = page.Org{ID: "01890000-0000-7000-8000-000000000001", Slug: "acme", Hostname: "status.acme.example",
		HostProvedAt: 1}
	return shelf{relay.NewPage(state, "e")}
}

// site answers with where the page's links begin, and whether documents with that are kept.
func site(d *Directory) *fiber.App {
	app := fiber.New(fiber.Config{
		DisableStartupMessage: true,
		Immutable:             true,
		ErrorHandler: func(c *fiber.Ctx, err error) error {
			var f *fault.Error
			if errors.As(err, &f) {
				return c.SendStatus(f.Code.Status())
			}
			return c.SendStatus(500)
		},
	})
	say := func(v *Visit) error { return v.Ctx.SendString(fmt.Sprintf("%s %v", v.Home(), v.Keep)) }
	Shared(app, "feed.atom")
	app.Get("/status/:slug", On(d.BySlug, say))
	app.Get("/", On(d.ByHost, say))
	return app
}

func ask(t *testing.T, app *fiber.App, method, host, path string, header ...string) (*http.Response, string) {
	t.Helper()
	req := httptest.NewRequest(method, path, nil)
	req.Host = host
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := app.Test(req, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestAPageIsFoundBySlugAndByItsOwnHostAndNowhereElse(t *testing.T) {
	app := site(&Directory{Pages: acme(time.Now()), BaseURL: "https://status.example.com", Own: func(host string) bool {
		return host == "status.internal.example"
	}})
	for _, c := range []struct {
		host, path string
		code       int
		says       string
	}{
		{"status.example.com", "/status/acme", 200, "https://status.example.com/status/acme true"},
		// BASE_URL, whatever the host is
		{"evil.example", "/status/acme", 200, "https://status.example.com/status/acme true"},
		{"status.example.com", "/status/other", 404, ""},
		{"status.acme.example", "/", 200, "http://status.acme.example true"},
		{"STATUS.acme.example.:8080", "/", 200, "http://status.acme.example true"},
		{"other.example", "/", 404, ""},
		{"status.example.com", "/", 404, ""}, // our own names are nobody's page
		{"status.internal.example", "/", 404, ""},
		{"localhost:8080", "/", 404, ""},
	} {
		res, body := ask(t, app, "GET", c.host, c.path)
		if res.StatusCode != c.code || c.code == 200 && body != c.says {
			t.Errorf("%s%s: %d %q, want %d %q", c.host, c.path, res.StatusCode, body, c.code, c.says)
		}
	}
}

func TestMadeUpHostsAreLinkedToButNotKept(t *testing.T) {
	app := site(&Directory{Pages: acme(time.Now())})
	for n := range 3 * maxBases {
		host := fmt.Sprintf("host-%d.example", n)
		_, body := ask(t, app, "GET", host, "/status/acme")
		if want := fmt.Sprintf("http://%s/status/acme %v", host, n < maxBases); body != want {
			t.Errorf("host %d: %q, want %q", n, body, want)
		}
	}
	if _, body := ask(t, app, "GET", "host-0.example",
		"/status/acme"); body != "http://host-0.example/status/acme true" {
		t.Errorf("one that is kept: %q", body)
	}
	if _, body := ask(t, app, "GET", "a_b.example", "/status/acme"); body != "http://localhost/status/acme true" {
		t.Errorf("a host that may not stand in a link: %q", body)
	}
}

func TestAVisitIsCountedBeforeThePageIsLookedFor(t *testing.T) {
	looked := 0
	d := &Directory{Pages: acme(time.Now()), Limit: func(*fiber.Ctx) error {
		looked++
		return fault.New(fault.RateLimited, "no")
	}}
	if res, _ := ask(t, site(d), "GET", "x.example", "/status/other"); res.StatusCode != 429 || looked != 1 {
		t.Errorf("%d, counted %d times", res.StatusCode, looked)
	}
}

// A second is told as the newest only when it is over: what happens within it has the same date.
func TestWhoAsksByTimeAloneMissesNothing(t *testing.T) {
	at := time.Date(2026, 11, 30, 12, 0, 0, int(300*time.Millisecond), time.UTC)
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	now := at
	app.Get("/", func(c *fiber.Ctx) error {
		if unchanged(c, status.Time(at.UnixMilli()), now) {
			return nil
		}
		return c.SendString("whole")
	})
	const first, over = "Mon, 30 Nov 2026 12:00:00 GMT", "Mon, 30 Nov 2026 12:00:01 GMT"
	within, _ := ask(t, app, "GET", "x", "/", "If-Modified-Since", first)
	if within.StatusCode != 200 || within.Header.Get("Last-Modified") != first {
		t.Errorf("within the second: %d %s", within.StatusCode, within.Header.Get("Last-Modified"))
	}
	now = at.Add(time.Second)
	for since, code := range map[string]int{first: 200, over: 304, "Mon, 30 Nov 2026 12:00:02 GMT": 200, "x": 200,
		"": 200} {
		res, _ := ask(t, app, "GET", "x", "/", "If-Modified-Since", since)
		if res.StatusCode != code || res.Header.Get("Last-Modified") != over {
			t.Errorf("since %q: %d, last modified %s", since, res.StatusCode, res.Header.Get("Last-Modified"))
		}
	}
	res, _ := ask(t, app, "GET", "x", "/", "If-Modified-Since", over, "If-None-Match", `"x"`)
	if res.StatusCode != 200 {
		t.Errorf("a tag counts, not the time: %d", res.StatusCode)
	}
}

func TestOtherSitesScriptsMayAskForWhatIsShared(t *testing.T) {
	app := site(&Directory{Pages: acme(time.Now())})
	for path, shared := range map[string]bool{
		"/feed.atom": true, "/status/acme/feed.atom": true, "/status/acme/feed.atom/": true,
		"/status/acme": false, "/status/acme/dashboard": false, "/dashboard": false,
	} {
		res, _ := ask(t, app, "OPTIONS", "x.example", path)
		if is := res.StatusCode == 204 && res.Header.Get("Access-Control-Allow-Origin") == "*"; is != shared {
			t.Errorf("%s: %d %v", path, res.StatusCode, res.Header)
		}
	}
}
