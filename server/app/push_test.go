package app_test

import (
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/serviceworker"
	"github.com/chromedp/chromedp"

	"statuspage/server/notify/notifytest"
	"statuspage/shared/status"
)

// pushWish is what a browser at the stand-in push service asks for.
func (o *office) pushWish(b *notifytest.Browser, path string) j {
	return j{"push": j{"endpoint": o.hooks.URL + path, "keys": j{"p256dh": b.P256dh, "auth": b.Auth}, "language": "sv"}}
}

func TestABrowserSubscribesAndLeavesByTheAPI(t *testing.T) {
	o := newOffice(t, nil)
	b := notifytest.NewBrowser(t)
	made := o.subscribe(o.pushWish(b, "/push/a")).is(202).has("channel", "push")
	o.subscribers("active", 1).has("results.0.channel", "push").has("results.0.whole_page", true)
	text, err := b.Read(o.hooks.Wait(t, "/push/a", 1)[0].Body)
	if err != nil || !strings.Contains(string(text), `"lang":"sv"`) {
		t.Errorf("%s %v", text, err)
	}
	// It is known by its keys: who knows only its address is told nothing of it.
	if again := o.subscribe(o.pushWish(b, "/push/a")).is(202); again.str("manage_url") != made.str("manage_url") {
		t.Error("its link is another one")
	}
	other := o.subscribe(o.pushWish(notifytest.NewBrowser(t), "/push/a")).is(202)
	if strings.Contains(string(other.raw), "token") {
		t.Errorf("a stranger is told %s", other.raw)
	}
	// Another organisation knows nothing of it.
	o.site.org().get("/api/v1/subscribers/").has("count", 0)
	for _, path := range []string{"/api/v1/subscribers/?channel=push", "/api/v1/audit-log/", "/api/v1/deliveries/"} {
		for _, secret := range []string{b.Auth, b.P256dh, o.hooks.URL + "/push/a"} {
			if strings.Contains(string(o.get(path).raw), secret) {
				t.Errorf("%s tells %q", path, secret)
			}
		}
	}
	good := o.pushWish(b, "/push/b")["push"].(j)
	for _, x := range []struct {
		push  any
		field string
	}{
		{j{}, "push.endpoint"}, {j{"endpoint": "https://example.com/x", "keys": good["keys"]}, "push.endpoint"},
		{j{"endpoint": "https://10.0.0.1/", "keys": good["keys"]}, "push.endpoint"},
		{j{"endpoint": good["endpoint"], "keys": j{"p256dh": b.Auth, "auth": b.Auth}}, "push.keys"}, {"x", "push"},
	} {
		if got := o.subscribe(j{"push": x.push}).is(422).fields(); len(got) == 0 ||
			!strings.HasPrefix(got[0], x.field) {
			t.Errorf("%v: %v", x.push, got)
		}
	}
	o.subscribe(j{"channel": "push", "address": good["endpoint"]}).refuses(422, "push.keys")
	o.do("POST", "/api/v1/subscribers/", j{"push": good}).refuses(422, "push.endpoint")
	if res, _ := o.form(made.str("manage_url"), url.Values{"List-Unsubscribe": {"One-Click"}}); res.StatusCode != 200 {
		t.Errorf("%d", res.StatusCode)
	}
	o.subscribers("", 0)
}

// fakePush is what a browser without a push service of its own has in place of it: the test's, with its keys.
const fakePush = `(() => {
  const [endpoint, p256dh, auth] = %s;
  const kept = () => JSON.parse(sessionStorage.getItem('push'));
  const s = { endpoint, toJSON: () => ({ endpoint, expirationTime: null, keys: { p256dh, auth } }),
    get options() { return { applicationServerKey: Uint8Array.from(kept()).buffer } },
    unsubscribe: async () => { sessionStorage.removeItem('push'); return true } };
  PushManager.prototype.getSubscription = async () => kept() && s;
  PushManager.prototype.subscribe = async (o) => {
    sessionStorage.setItem('push', JSON.stringify([...o.applicationServerKey]));
    return s;
  };
  Notification.requestPermission = async () => 'granted';
  document.documentElement.lang = 'de';
})()`

// TestABrowserIsToldWithThePageClosed subscribes in the dialog, and hands what was sent to the browser's worker, as its
// push service would.
func TestABrowserIsToldWithThePageClosed(t *testing.T) {
	o := newOffice(t, nil)
	base := "http://" + o.addr
	registered := make(chan serviceworker.RegistrationID, 100)
	b := newTab(t, openBrowser(t).ctx, base, chromedp.WithListener(func(event any) {
		if e, is := event.(*serviceworker.EventWorkerRegistrationUpdated); is {
			for _, r := range e.Registrations {
				if strings.HasSuffix(r.ScopeURL, "/subscription/") {
					registered <- r.RegistrationID
				}
			}
		}
	}))
	keys := notifytest.NewBrowser(t)
	words, _ := json.Marshal([]string{o.hooks.URL + "/push/tab", keys.P256dh, keys.Auth})
	b.visit("/status/" + o.slug)
	if _, err := chromedp.Run(b.ctx, command(serviceworker.Enable, cdp.Empty{})); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Run(b.ctx, command(cdpbrowser.SetPermission, cdpbrowser.SetPermissionParams{Origin: base,
		Permission: &cdpbrowser.PermissionDescriptor{Name: "notifications"}, Setting: "granted"})); err != nil {
		t.Fatal(err)
	}
	b.until(`document.documentElement.dataset.script`)
	eval[any](b, fakePush, words)
	eval[any](b, `document.querySelector('#subscribe summary').click()`)
	b.until(`document.querySelector('dialog.asking[open] [value=push]')`)
	eval[any](b, `document.querySelector('[value=push]').click()`)
	for name, scheme := range map[string]string{"light": "light", "dark": "dark"} {
		b.theme(scheme)
		pushPicture(t, b, "push-"+name)
	}
	if eval[bool](b, `((d) => d.scrollWidth > d.clientWidth)(document.querySelector('dialog.asking'))`) {
		t.Error("the dialog scrolls sideways")
	}
	if eval[bool](b, `document.querySelector('#address').checkVisibility() ||
	  !document.querySelector('.way[data-way=push]').checkVisibility()`) {
		t.Error("the tab of the browser shows another way's fields")
	}
	eval[any](b, `[...document.querySelectorAll('#ways .button.strong')].at(-1).click()`)
	b.until(`document.querySelector('dialog.asking .note[role=status]')`)
	o.subscribers("active", 1)
	o.post("/api/v1/incidents/", j{"title": "Down", "description": "We look into it.",
		"services": []j{{"id": o.service("API"), "to_state": status.Major}}})
	sent := o.hooks.Wait(t, "/push/tab", 2)[1]
	text, err := keys.Read(sent.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "Wird untersucht") {
		t.Errorf("it is not in the page's language: %s", text)
	}
	var registration serviceworker.RegistrationID
	select {
	case registration = <-registered:
	case <-b.ctx.Done():
		t.Fatal("no worker was registered")
	}
	b.visit("/status/" + o.slug + "/history") // the page is closed
	if _, err := chromedp.Run(b.ctx, command(serviceworker.DeliverPushMessage, serviceworker.DeliverPushMessageParams{
		Origin: base, RegistrationID: registration, Data: string(text)})); err != nil {
		t.Fatal(err)
	}
	eval[any](b, `setInterval(async () => {
	  const r = await navigator.serviceWorker.getRegistration('/status/`+o.slug+`/subscription/');
	  const [n] = await r.getNotifications();
	  if (n) window.seen = [n.title, n.body, n.lang].join('|');
	}, 50)`)
	b.until(`window.seen`)
	want := "Down|Wird untersucht · " + o.get("/api/v1/organization/").str("name") + "\nWe look into it.|de"
	if got := eval[string](b, `window.seen`); got != want {
		t.Errorf("%q", got)
	}
	// It is apart from the dashboard's, and controls no page.
	if eval[bool](b, `!!navigator.serviceWorker.controller`) {
		t.Error("a public page is controlled by a worker")
	}
	eval[any](b, fakePush, words)
	eval[any](b, `document.querySelector('#subscribe summary').click()`)
	b.until(`document.querySelector('#push-stop:not([hidden])')`)
	eval[any](b, `document.querySelector('[value=push]').click()`)
	eval[any](b, `document.querySelector('#push-stop button').click()`)
	o.subscribers("", 0)
	b.until(
		`document.querySelector('#push-stop').textContent.length > 5 && !document.querySelector('#push-stop button')`)
	b.clean()
}

// pushPicture draws a tab into the folder $PICTURES, to be looked at.
func pushPicture(t *testing.T, b *tab, name string) {
	t.Helper()
	folder := os.Getenv("PICTURES")
	if folder == "" {
		return
	}
	for _, width := range []int64{320, 390, 1280} {
		b.do(chromedp.EmulateViewport(width, 900))
		png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(folder+"/"+name+"-"+string(rune('a'+width/400))+".png", png, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
