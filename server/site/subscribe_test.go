package site

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/gofiber/fiber/v2"
	"golang.org/x/net/html"

	"statuspage/server/store"
	"statuspage/shared/fault"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// readers are subscribers by their tokens. The server and the test look at them in turns.
type readers map[string]*store.Subscriber

var reading sync.Mutex

// now is a reader as it is at this moment; nil when there is none.
func (r readers) now(token string) *store.Subscriber {
	reading.Lock()
	defer reading.Unlock()
	s := r[token]
	if s == nil {
		return nil
	}
	is := *s
	return &is
}

func (r readers) Subscription(_ *fiber.Ctx, _, token string) (store.Subscriber, error) {
	if s := r.now(token); s != nil {
		return *s, nil
	}
	return store.Subscriber{}, fault.New(fault.NotFound, "This link is not good any more. The subscription was "+
		"ended, or it was not confirmed in time.")
}

func (r readers) Confirm(c *fiber.Ctx, org, token string) (store.Subscriber, error) {
	r.change(token, func(s *store.Subscriber) { s.State = store.Active })
	return r.Subscription(c, org, token)
}

func (r readers) Choose(
	c *fiber.Ctx, seen *page.State, token string, services []string, language string,
) (store.Subscriber, error) {
	r.change(token, func(s *store.Subscriber) {
		s.Whole, s.Services, s.Language = len(services) == 0, nil, language
		for _, id := range services {
			s.Services = append(s.Services, status.Ref{ID: id, Name: "Chosen"})
		}
	})
	return r.Subscription(c, seen.Org.ID, token)
}

func (r readers) change(token string, how func(*store.Subscriber)) {
	reading.Lock()
	defer reading.Unlock()
	if s := r[token]; s != nil {
		how(s)
	}
}

func (r readers) Unsubscribe(_ *fiber.Ctx, _, token string) error {
	reading.Lock()
	defer reading.Unlock()
	delete(r, token)
	return nil
}

func reader(state, token string) *store.Subscriber {
	return &store.Subscriber{Channel: store.Email, Address: "ada@example.com", State: state, Whole: true, Token: token}
}

// lectern is a server with readers, and the addresses of every page that is for them.
func lectern(t *testing.T, states ...page.State) (*stand, readers, []string) {
	r := readers{"pending": reader(store.Pending, "pending"), "active": reader(store.Active, "active"),
		"bouncing": reader(store.Bouncing, "bouncing")}
	s := open(t, func(d *Deps) { d.Subscriptions = r }, states...)
	var paths []string
	for _, state := range states {
		at := "/status/" + state.Org.Slug + "/subscription/"
		paths = append(paths, at, at+"?sent=1",
			at+"?problem="+url.QueryEscape(`<script>alert(1)</script> "is no address`)+"&field=email",
			at+"?token=pending", at+"?token=active", at+"?token=bouncing", at+"?token=nobody")
	}
	return s, r, paths
}

func TestSubscriptionPagesAreSoundAndForOnePerson(t *testing.T) {
	s, _, paths := lectern(t, trouble(t), awkward(t), empty(t))
	for _, path := range paths {
		t.Run(path, func(t *testing.T) {
			res, body := s.get(t, path)
			doc, err := html.Parse(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			sound(t, doc, body)
			if strings.Contains(path, "nobody") {
				if res.StatusCode != http.StatusNotFound {
					t.Errorf("answered %d", res.StatusCode)
				}
				return
			}
			if res.StatusCode != 200 || res.Header.Get("Cache-Control") != "no-store" ||
				res.Header.Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("%d %v", res.StatusCode, res.Header)
			}
			if !strings.Contains(body, `<meta name="robots" content="noindex">`) ||
				strings.Contains(body, "strict-origin") {
				t.Error("search engines may keep it, or other sites hear of it")
			}
		})
	}
}

func (s *stand) post(t *testing.T, path string, fields url.Values) (*http.Response, string) {
	t.Helper()
	res, err := http.PostForm(s.url+path, fields)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	doc, err := html.Parse(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, text(doc)
}

func TestAReaderConfirmsChoosesAndLeavesWithoutScripts(t *testing.T) {
	state := trouble(t)
	s, r, _ := lectern(t, state)
	at := "/status/" + state.Org.Slug + "/subscription/?token="
	if _, body := s.post(t, at+"pending", url.Values{"action": {"confirm"}}); !strings.Contains(body,
		"You are subscribed.") || r.now("pending").State != store.Active {
		t.Errorf("%s", body)
	}
	one := state.Services[1].ID
	if _, body := s.post(t, at+"active", url.Values{"action": {"save"}, "whole": {"0"},
		"services": {one}}); !strings.Contains(body, "Saved.") || r.now("active").Whole ||
		r.now("active").Services[0].ID != one {
		t.Errorf("%s", body)
	}
	_, page := s.get(t, at+"active")
	if strings.Count(page, " checked>") != 2 || !strings.Contains(page, `value="`+one+`" checked>`) {
		t.Errorf("the page does not show what was chosen: %s", page)
	}
	if _, body := s.post(t, at+"active", url.Values{"action": {"save"}, "whole": {"0"}}); !strings.Contains(body,
		"Choose at least one") || r.now("active").Whole {
		t.Errorf("%s", body)
	}
	if _, body := s.post(t, at+"active", url.Values{"action": {"save"}, "whole": {"1"},
		"services": {one}}); !strings.Contains(body, "Saved.") || !r.now("active").Whole {
		t.Errorf("%s", body)
	}
	// RFC 8058: one POST, with no cookie and nothing else in it, and no redirect.
	if res, body := s.post(t, at+"active", url.Values{"List-Unsubscribe": {"One-Click"}}); res.StatusCode != 200 ||
		!strings.Contains(body, "unsubscribed") || r.now("active") != nil {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	if res, _ := s.post(t, at+"bouncing", url.Values{"action": {"unsubscribe"}}); res.StatusCode != 200 ||
		r.now("bouncing") != nil {
		t.Errorf("%d", res.StatusCode)
	}
	if res, _ := s.post(t, at+"pending", url.Values{}); res.StatusCode != http.StatusBadRequest {
		t.Errorf("a form without a word answers %d", res.StatusCode)
	}
}

func TestAnOrganisationsOwnHostHasSubscriptions(t *testing.T) {
	state := trouble(t)
	state.Org.Hostname, state.Org.HostProvedAt = "status.acme.example", today
	r := readers{"active": reader(store.Active, "active")}
	s := open(t, func(d *Deps) { d.Subscriptions, d.BaseURL = r, "https://status.example" }, state)
	if res, body := s.get(t, "/subscription/?token=active", "Host", "status.acme.example"); res.StatusCode != 200 ||
		!strings.Contains(body, `action="/subscription/?token=active"`) {
		t.Errorf("%d", res.StatusCode)
	}
	if res, _ := s.get(t, "/subscription/?token=active", "Host", "elsewhere.example"); res.StatusCode != 404 {
		t.Errorf("nobody's host answers %d", res.StatusCode)
	}
}

func TestAxeFindsNothingOnSubscriptionPages(t *testing.T) {
	script := axe(t)
	s, _, paths := lectern(t, trouble(t))
	b := browse(t)
	for _, path := range paths {
		b.accessible(script, s.url+path)
		b.size(320)
		b.visit(s.url + path)
		b.ready()
		if wide := eval[int](b, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
			t.Errorf("%s is %d pixels wider than a small phone", path, wide)
		}
	}
}

// TestPicturesOfSubscriptions draws the pages into the folder $PICTURES, to be looked at.
func TestPicturesOfSubscriptions(t *testing.T) {
	folder := os.Getenv("PICTURES")
	if folder == "" {
		t.Skip("PICTURES names no folder")
	}
	s, _, paths := lectern(t, trouble(t))
	b := browse(t)
	for i, path := range paths {
		for _, scheme := range []string{"light", "dark"} {
			b.theme(scheme)
			b.size([]int64{1280, 390}[i%2])
			b.visit(s.url + path)
			b.ready()
			png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("subscription-%d-%s.png", i, scheme)), png,
				0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}
