package app_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"statuspage/server/auth"
)

// TestADraftIsWrittenApprovedAndPublishedInTheDashboard: one person keeps an incident as a draft and asks for a second
// one, who reads and approves it; what is on the page is what was read. A member reads drafts and changes none.
func TestADraftIsWrittenApprovedAndPublishedInTheDashboard(t *testing.T) {
	w := openBrowser(t)
	c := startSite(t, nil).tenant("acme")
	c.service("Checkout")
	ada := w.visitor(t, "http://"+c.addr)
	ada.signIn(c.person("ada", auth.Admin))
	ada.live()
	ada.visit("/dashboard/settings")
	ada.until(`document.querySelector('#second-person')?.disabled === false`)
	eval[bool](ada, `(document.querySelector('#second-person').click(), true)`)
	ada.reads("Drafts need a second person now.")

	ada.visit("/dashboard")
	ada.live()
	ada.key("i")
	ada.write("What is wrong", "Checkout fails")
	ada.tick("Checkout")
	ada.write("Message", "We are looking into it.")
	picture(t, ada, "draft-form", 1280)
	ada.press("Save as draft")
	ada.press("Look at it")
	ada.until(`document.querySelector('main h2')?.textContent.includes('Checkout fails')`)
	if n := len(c.all("incidents")); n != 0 {
		t.Fatalf("%d incidents are on the page", n)
	}
	asked := func(b *tab) { b.until(`document.querySelector('dialog[open] footer button[type=submit]')`) }
	ada.press("Publish")
	asked(ada)
	ada.press("Publish") // refused, and said so in the dialog
	ada.until(`document.querySelector('dialog[open] .problem')?.textContent.includes('a second person has approved')`)
	ada.press("Cancel")
	ada.until(`!document.querySelector('dialog[open]')`)
	ada.press("Edit")
	ada.write("What is wrong", "Checkout fails for some")
	ada.press("Save the draft")
	ada.until(`document.querySelector('main h2')?.textContent.includes('for some')`)
	ada.press("Ask for review")
	ada.reads("A second person approves it")
	if eval[bool](ada, `[...document.querySelectorAll('main button')].some((b) => b.textContent.trim() === 'Approve')`) {
		t.Error("the author is offered to approve it")
	}

	bob := w.visitor(t, "http://"+c.addr)
	bob.signIn(c.person("bob", auth.Admin))
	bob.live()
	bob.press("Drafts")
	bob.reads("Checkout fails for some")
	for _, width := range []int64{390, 1280} {
		bob.do(chromedp.EmulateViewport(width, 800))
		if over := eval[int](bob, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
			t.Errorf("at %d it is %d px too wide", width, over)
		}
		for _, scheme := range []string{"light", "dark"} {
			bob.theme(scheme)
			picture(t, bob, "drafts-"+scheme, width)
		}
	}
	bob.press("Approve")
	asked(bob)
	bob.write("What you say to it", "Yes.")
	picture(t, bob, "draft-approve", 1280)
	bob.press("Approve")
	bob.until(`document.querySelector('main .item .badge')?.textContent === 'Approved'`)
	bob.press("Schedule")
	bob.until(`document.querySelector('dialog[open] #f-due_at')`)
	picture(t, bob, "draft-schedule", 1280)
	bob.press("Save")
	bob.reads("Published by itself")
	bob.press("Publish")
	asked(bob)
	bob.press("Publish")
	bob.reads("It is published.")
	found := c.all("incidents")
	if len(found) != 1 || found[0]["title"] != "Checkout fails for some" {
		t.Errorf("the page has %v", found)
	}

	made := c.must("POST", draftsPath, j{"command": j{"kind": "open_incident", "title": "Another"}})
	eve := w.visitor(t, "http://"+c.addr)
	eve.signIn(c.person("eve", auth.Member))
	eve.live()
	eve.visit("/dashboard/drafts/" + made["id"].(string))
	eve.reads("Another")
	if text := eval[string](eve, `document.querySelector('main ul.items').innerText`); strings.Contains(text, "Publish") ||
		strings.Contains(text, "Discard") {
		t.Errorf("a member is offered %q", text)
	}
	bob.visit("/dashboard/drafts/" + made["id"].(string))
	bob.press("Discard")
	bob.press("Discard the draft")
	bob.reads("The draft is discarded.")
	for _, b := range []*tab{ada, bob, eve} {
		b.clean()
	}
}

// TestDraftsOfUpdatesAndMaintenanceWaitAlsoWithoutANetwork: both are kept, read and published; without a network the
// dashboard says that a draft needs the server, and what was typed into it is there when the network is back.
func TestDraftsOfUpdatesAndMaintenanceWaitAlsoWithoutANetwork(t *testing.T) {
	w := openBrowser(t)
	c, admin := house(t)
	incident, _ := c.must("POST", "/api/v1/incidents/", j{"title": "API is slow", "service": c.all("services")[0]["id"],
		"to_state": "degraded_performance"})["id"].(string)
	line := layCable(t, c.addr)
	b := w.visitor(t, line.url())
	b.signIn(admin)
	asked := func() { b.until(`document.querySelector('dialog[open] footer button[type=submit]')`) }
	kept := func(says string) {
		t.Helper()
		b.press("Save as draft")
		b.press("Look at it")
		b.until(`document.querySelector('main ul.items')?.innerText.includes(%q)`, says)
	}

	b.visit("/dashboard/incidents/" + incident)
	b.live()
	b.press("Update")
	b.write("Message", "A disk is full.")
	kept("A disk is full.")
	if told := c.all("incidents")[0]["updates"].([]any); len(told) != 1 {
		t.Fatalf("before it is published: %v", told)
	}
	b.press("Publish")
	asked()
	b.press("Publish")
	b.reads("It is published.")
	if told, _ := c.all("incidents")[0]["updates"].([]any); len(told) != 2 {
		t.Errorf("afterwards: %v", told)
	}

	b.visit("/dashboard/maintenance")
	b.live()
	b.press("Plan maintenance")
	b.write("What will be done", "Upgrade")
	b.tick("Website")
	kept("Upgrade")
	if n := len(c.all("maintenances")); n != 0 {
		t.Fatalf("%d windows are on the page", n)
	}
	b.press("Edit")
	asked()
	line.cut()
	b.reads("Offline: this needs the server. What you typed is kept here.")
	b.write("What will be done", "Upgrade of everything")
	b.press("Save the draft")
	b.until(`document.querySelector('dialog[open] .problem')?.innerText.includes('could not reach the server')`)
	b.passesAxe("a draft without a network")
	b.key(kb.Escape)
	b.until(`!document.querySelector('dialog[open]')`)
	b.key("i")
	b.reads("Offline: it will be kept here and sent later.")
	if eval[bool](b, `document.querySelector('dialog[open]').innerText.includes('Save as draft')`) {
		t.Error("a draft is offered without a network")
	}
	b.key(kb.Escape)
	line.plug()
	b.live()
	b.press("Edit")
	b.reads("Your text from")
	b.until(`document.querySelector('dialog[open] #f-title').value === 'Upgrade of everything'`)
	b.press("Save the draft")
	b.reads("The draft is saved.")
	b.until(`document.querySelector('main h2')?.textContent.includes('Upgrade of everything')`)
	b.press("Publish")
	asked()
	b.press("Publish")
	b.reads("It is published.")
	if found := c.stands("maintenances"); len(found) != 1 || found[0] != "Upgrade of everything" {
		t.Errorf("the page has %v", found)
	}
	b.clean()
}
