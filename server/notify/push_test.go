package notify_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"statuspage/server/notify"
	"statuspage/server/notify/notifytest"
	"statuspage/server/store"
	"statuspage/server/usecase"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// browser subscribes one at the stand-in push service, and waits until it was told that it is.
func (o *org) browser(path string, change func(*usecase.NewSubscriber)) (*notifytest.Browser, store.Subscriber) {
	o.Helper()
	b := notifytest.NewBrowser(o)
	n := o.wish(b, path)
	if change != nil {
		change(&n)
	}
	_, sent, err := o.Deliveries(ctx, store.Sent, store.Span{Limit: 1})
	if err != nil {
		o.Fatal(err)
	}
	s, err := o.cases.Subscribe(ctx, usecase.Caller{}, o.id, n)
	if err != nil {
		o.Fatal(err)
	}
	o.deliveries(store.Sent, sent+1)
	if is, err := o.Subscriber(ctx, s.ID); err != nil || is.State != store.Active {
		o.Fatalf("%+v %v", is, err)
	}
	return b, s
}

func (o *org) wish(b *notifytest.Browser, path string) usecase.NewSubscriber {
	return usecase.NewSubscriber{Channel: store.Push, Field: "push.endpoint", Address: o.hooks.URL + path,
		Base: "https://status.example.com/status/x", Push: usecase.PushKeys{P256dh: b.P256dh, Auth: b.Auth}}
}

// told is the message that came so manieth at a path, as the browser reads it.
func told(t *testing.T, o *org, b *notifytest.Browser, path string, n int) map[string]any {
	t.Helper()
	r := o.hooks.Wait(t, path, n)[n-1]
	_, public, err := o.db.PushKey(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := notifytest.CheckVAPID(r.Header, o.hooks.URL, public); err != nil {
		t.Error(err)
	}
	if r.Header.Get("TTL") != "86400" || r.Header.Get("Content-Encoding") != "aes128gcm" ||
		r.Header.Get("Urgency") == "" ||
		len(r.Header.Get("Topic")) > 32 {
		t.Errorf("%v", r.Header)
	}
	text, err := b.Read(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]any{}
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestABrowserIsToldInItsLanguageEncryptedAndSigned(t *testing.T) {
	s := open(t, time.Now())
	o := s.org("acme")
	s.run(s.worker)
	b, sub := o.browser("/push/one", func(n *usecase.NewSubscriber) { n.Language = "de" })
	if got := told(t, o, b, "/push/one", 1); got["lang"] != "de" || got["title"] == "" || got["body"] == "" ||
		!strings.Contains(got["manage"].(string), sub.Token) {
		t.Errorf("%v", got)
	}
	id := o.incident("Down")
	s.settled()
	got := told(t, o, b, "/push/one", 2)
	if got["title"] != "Down" || got["body"] != "Wird untersucht · The acme\nWe look into it." || got["tag"] != id ||
		got["url"] != "https://status.example.com/status/acme/incidents/"+id || got["again"] != true ||
		got["stop"] != "Abbestellen" {
		t.Errorf("%v", got)
	}
	o.resolve(id)
	s.settled()
	if got := told(t, o, b, "/push/one", 3); !strings.HasPrefix(got["body"].(string), "Behoben") {
		t.Errorf("%v", got)
	}
	all := o.hooks.Got("/push/one")
	if all[1].Header.Get("Topic") != all[2].Header.Get("Topic") || all[1].Header.Get("Topic") == "" ||
		all[1].Header.Get("Urgency") != "high" {
		t.Errorf("%v", all[1].Header)
	}
	if _, err := notifytest.NewBrowser(t).Read(all[1].Body); err == nil {
		t.Error("another browser can read it")
	}
}

func TestABrowserHearsOfChosenServicesOrOfOneIncident(t *testing.T) {
	s := open(t, time.Now())
	o := s.org("acme")
	s.run(s.worker)
	web := &page.OpenIncident{ID: newID(), Title: "Web is down", Description: "x", Service: &o.web,
		ToState: status.Major}
	o.do(web)
	s.settled()
	o.browser("/push/api", func(n *usecase.NewSubscriber) { n.Services = []string{o.api} })
	b, once := o.browser("/push/once", func(n *usecase.NewSubscriber) { n.Incident = web.ID })
	id := o.incident("API is down")
	s.settled()
	o.hooks.Wait(t, "/push/api", 2)
	o.resolve(web.ID)
	s.settled()
	if got := told(t, o, b, "/push/once", 2); got["title"] != "Web is down" {
		t.Errorf("%v", got)
	}
	o.resolve(id)
	s.settled()
	o.hooks.Wait(t, "/push/api", 3)
	if n := len(o.hooks.Got("/push/once")); n != 2 {
		t.Errorf("%d messages about one incident", n-1)
	}
	if done, err := s.db.ForgetFollowers(ctx, 100); err != nil || !done {
		t.Fatal(done, err)
	}
	if _, err := o.Subscriber(ctx, once.ID); err == nil {
		t.Error("the subscription to one incident goes on after its end")
	}
}

func TestAPushServiceThatKnowsNoSuchBrowserEndsIt(t *testing.T) {
	for _, code := range []int{http.StatusNotFound, http.StatusGone} {
		s := open(t, time.Now())
		o := s.org("acme")
		s.run(s.worker)
		_, sub := o.browser("/push/gone", nil)
		s.hooks.Answer(func(w http.ResponseWriter, _ notifytest.Request) { w.WriteHeader(code) })
		o.incident("Down")
		s.settled()
		o.deliveries(store.Sent, 0) // they go with their subscriber
		if _, err := o.Subscriber(ctx, sub.ID); err == nil {
			t.Errorf("after %d it is still a subscriber", code)
		}
	}
}

func TestABrowserThatAsksAgainChangesWhatItHears(t *testing.T) {
	s := open(t, time.Now())
	o := s.org("acme")
	s.run(s.worker)
	b, sub := o.browser("/push/again", nil)
	n := o.wish(b, "/push/again")
	n.Services, n.Language = []string{o.api}, "fr"
	if again, err := o.cases.Subscribe(ctx, usecase.Caller{}, o.id, n); err != nil || again.Token != sub.Token {
		t.Fatal(again.ID, err)
	}
	if is, err := o.Subscriber(ctx, sub.ID); err != nil || is.Whole || len(is.Services) != 1 || is.Language != "fr" {
		t.Errorf("%+v %v", is, err)
	}
	// Who knows the address and not the keys changes nothing.
	stranger := notifytest.NewBrowser(t)
	n.Services, n.Push = nil, usecase.PushKeys{P256dh: stranger.P256dh, Auth: stranger.Auth}
	if _, err := o.cases.Subscribe(ctx, usecase.Caller{}, o.id, n); err != nil {
		t.Fatal(err)
	}
	if is, err := o.Subscriber(ctx, sub.ID); err != nil || is.Whole || is.Secret != sub.Secret {
		t.Errorf("%+v %v", is, err)
	}
}

// The longest of everything fits into what a push service takes.
func TestAPushIsNeverTooLong(t *testing.T) {
	s := open(t, time.Now())
	o := s.org("acme")
	s.run(s.worker)
	b, _ := o.browser("/push/long", nil)
	o.do(&page.OpenIncident{ID: newID(), Title: strings.Repeat("<\U0001F600", 100),
		Description: strings.Repeat("<\U0001F600", 2500),
		Service:     &o.api, ToState: status.Major})
	s.settled()
	told(t, o, b, "/push/long", 2)
}

func TestOnlyPushServicesOfBrowsersArePushedTo(t *testing.T) {
	for address, good := range map[string]bool{
		"https://fcm.googleapis.com/fcm/send/x": true, "https://updates.push.services.mozilla.com/wpush/v2/x": true,
		"https://web.push.apple.com/x":               true,
		"https://db5p.notify.windows.com/w/?token=x": true, "http://fcm.googleapis.com/x": false,
		"https://fcm.googleapis.com.evil.example/x": false,
		"https://evil-push.apple.com.example/":      false, "https://notpush.apple.com/": false,
		"https://10.0.0.1/": false, "https://localhost/": false,
		"https://127.0.0.1:8443/": false, "https://user@fcm.googleapis.com/": false,
		"https://fcm.googleapis.com:22/": false, "https://example.com/": false,
		"https://fcm.googleapis.com/" + strings.Repeat("x", 2000): false,
	} {
		if _, _, err := notify.CheckAddress("push.endpoint", store.Push, address, false); (err == nil) != good {
			t.Errorf("%.60s: %v", address, err)
		}
	}
	b := notifytest.NewBrowser(t)
	for _, keys := range [][2]string{{"", ""}, {b.P256dh, ""}, {"", b.Auth}, {b.P256dh[:80], b.Auth},
		{b.Auth, b.P256dh},
		{b.P256dh, b.Auth + "AAAA"}, {"B" + strings.Repeat("A", 86), b.Auth}, {uuid.NewString(), b.Auth}} {
		if kept, err := notify.PushKeys("push.keys", keys[0], keys[1]); err == nil {
			t.Errorf("%q: %q", keys, kept)
		}
	}
	if kept, err := notify.PushKeys("push.keys", b.P256dh+"=", b.Auth+"=="); err != nil || kept != b.P256dh+"."+b.Auth {
		t.Errorf("%q %v", kept, err)
	}
}
