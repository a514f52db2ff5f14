package app_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"statuspage/server/auth"
)

// TestDestinationsAreAddedAndTriedInTheSettings: an admin adds one, tries it, and reads why it took nothing; a
// member sees none of it.
func TestDestinationsAreAddedAndTriedInTheSettings(t *testing.T) {
	w := openBrowser(t)
	c := startSite(t, nil).tenant("acme")
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(c.person("ada", auth.Admin))
	b.visit("/dashboard/settings")
	b.press("Add a destination")
	picture(t, b, "destination-form", 1280)
	made := j{"name": "On call", "kind": "ntfy", "address": "ntfy://localhost/alarms"}
	c.must("POST", "/api/v1/destinations/", made)
	b.visit("/dashboard/settings")
	b.reads("On call")
	b.press("Send a test message")
	b.reads("leads to no address on the public internet")
	for _, width := range []int64{390, 1280} {
		b.do(chromedp.EmulateViewport(width, 800))
		if over := eval[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
			t.Errorf("at %d it is %d px too wide", width, over)
		}
		for _, scheme := range []string{"light", "dark"} {
			b.theme(scheme)
			eval[bool](b, `(document.querySelector('#destinations').scrollIntoView(), true)`)
			picture(t, b, "destinations-"+scheme, width)
		}
	}
	m := w.visitor(t, "http://"+c.addr)
	m.signIn(c.person("bob", auth.Member))
	m.visit("/dashboard/settings")
	if eval[bool](m, `document.body.innerText.includes('Alerts to the team')`) {
		t.Error("a member is offered destinations")
	}
	b.clean()
	m.clean()
}
