package app_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"statuspage/server/auth"
)

// What people tell each other of an incident stands beside its timeline, and they find it again by its words.
func notedAndFound(t *testing.T, w *browser) {
	c, admin := house(t)
	api, _ := c.all("services")[0]["id"].(string)
	for title, to := range map[string]string{"Checkout is failing": "degraded_performance",
		"Search is slow": "major_outage"} {
		c.must("POST", "/api/v1/incidents/", map[string]any{"title": title, "service": api,
			"started_at":  in(-2 * time.Hour),
			"resolved_at": in(-time.Hour), "to_state": to})
	}
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	b.visit("/dashboard/incidents")
	b.until(`(document.querySelector('[aria-label="Search"]')?.focus(), document.activeElement.type === 'search')`)
	b.key("check" + kb.Enter)
	b.until(`location.search === '?search=check' && document.querySelectorAll('tbody tr').length === 1`)
	b.press("Checkout is failing")
	b.press("Write a note")
	b.write("Note", "Ask **Max** at the provider.")
	b.passesAxe("the form of a note")
	b.press("Save")
	b.until(`!document.querySelector('dialog[open]')`)
	b.until(`document.querySelector('.notes li')?.textContent.includes('Ask Max at')`)
	other := w.visitor(t, "http://"+c.addr)
	other.signIn(c.person("bea", auth.Member))
	other.visit(eval[string](b, `location.pathname`))
	other.until(`document.querySelector('.notes li')?.textContent.includes('Ask Max at')`)
	other.until(`!document.querySelector('.notes button')`)
	other.press("Write a note") // a member changes nothing of the page, and may answer
	other.write("Note", "Max is on holiday.")
	other.press("Save")
	other.until(`document.querySelectorAll('.notes li').length === 2`)
	other.until(`document.querySelectorAll('.notes button').length === 2`)
	other.until(`(document.querySelector('.notes button[title=Delete]').click(), true)`)
	other.press("Delete the note")
	other.until(`document.querySelectorAll('.notes li').length === 1`)
	b.until(`document.querySelectorAll('.notes li').length === 1`)
	b.passesAxe("notes on an incident")
	b.clean()
	other.clean()
}

// A visitor says with one tap that they have the problem, too, and the team sees it.
func reportedProblem(t *testing.T, w *browser) {
	c, admin := house(t)
	api, _ := c.all("services")[0]["id"].(string)
	c.must("POST", "/api/v1/incidents/", map[string]any{"title": "API is slow", "service": api,
		"to_state": "degraded_performance"})
	visitor := w.visitor(t, "http://"+c.addr)
	visitor.visit("/status/acme")
	visitor.passesAxe("a page that takes reports")
	visitor.press("I have this problem, too")
	visitor.until(`location.pathname === '/status/acme/report/'`)
	visitor.reads("The team sees that you have this problem.")
	visitor.passesAxe("after a report")
	visitor.visit("/status/acme")
	visitor.press("Report a problem")
	visitor.until(`location.pathname === '/status/acme/report'`)
	visitor.passesAxe("the form of a report")
	visitor.press("Website")
	visitor.reads("The team sees that you have this problem.")
	visitor.visit("/status/acme/services/" + api)
	visitor.passesAxe("a service that takes reports")
	visitor.clean()
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	b.visit("/dashboard/services")
	b.until(`document.querySelectorAll('.reports li').length === 2`)
	b.reads("1 report, 1 in the last half hour")
	b.choose("Time", "7d")
	b.until(`document.querySelectorAll('.reports svg path[d^=M]').length === 2`)
	b.passesAxe("the curves of reports")
	b.clean()
}
