package app_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"statuspage/server/auth"
	"statuspage/server/racetest"
)

func TestDashboardAtHand(t *testing.T) {
	racetest.Outside(t, "a browser")
	b := openBrowser(t)
	for _, story := range []struct {
		name string
		tell func(*testing.T, *browser)
	}{
		{"What was just published is undone by a key, and its words are there again", undone},
		{"What waits without a network is undone before it was sent", undoneOffline},
	} {
		t.Run(story.name, func(t *testing.T) { story.tell(t, b) })
	}
}

// stands are the titles of the incidents that the server has.
func (c *tenant) stands(list string) (titles []string) {
	for _, x := range c.all(list) {
		title, _ := x["title"].(string)
		titles = append(titles, title)
	}
	return titles
}

// until waits for something at the server.
func (c *tenant) until(what string, is func() bool) {
	c.t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			c.t.Fatalf("never: %s", what)
		}
	}
}

func undone(t *testing.T, w *browser) {
	c, admin := house(t)
	api, _ := c.all("services")[0]["id"].(string)
	c.must("PATCH", "/api/v1/services/"+api+"/", map[string]any{"status": "degraded_performance"})
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(admin)
	other := w.visitor(t, "http://"+c.addr)
	other.signIn(c.person("bob", auth.Admin))

	b.openIncident("Too early", "API")
	b.reads("Subscribers are told in 10 seconds.")
	other.reads("Too early")
	b.passesAxe("what can be undone")
	b.key("z")
	b.until(`document.activeElement?.id === 'f-title' && document.querySelector('#f-title').value === 'Too early'`)
	other.until(`!document.body.innerText.includes('Too early')`)
	if got := c.stands("incidents"); len(got) != 0 {
		t.Errorf("the server has %q", got)
	}
	c.until("the service is as somebody had set it", func() bool {
		return c.all("services")[0]["status"] == "degraded_performance"
	})
	b.key(kb.Escape)
	b.do(chromedp.Reload())
	b.live()
	b.key("i")
	b.reads("Your text from")
	b.write("What is wrong", "Now")
	b.press("Publish")
	b.until(`document.querySelector('main h1')?.textContent === 'Now'`)

	b.press("Resolve")
	b.write("Message", "It is over.")
	b.press("Resolve")
	b.reads("Done: Resolve “Now”.")
	b.until(`document.querySelector('main .heading .badge').innerText === 'Resolved'`)
	b.press("Undo z")
	b.until(`document.querySelector('dialog[open] #f-body')?.value === 'It is over.'`)
	b.until(`document.querySelector('main .heading .badge').innerText === 'Investigating'`)
	if got := c.all("incidents")[0]; got["status"] != "investigating" || got["resolved_at"] != nil {
		t.Errorf("the incident is %v", got)
	}
	b.key(kb.Escape)
	b.visit("/dashboard/maintenance")
	b.live()
	b.press("Plan maintenance")
	b.write("What will be done", "Upgrade")
	b.tick("Website")
	b.press("Plan")
	b.until(`document.querySelector('main h1')?.textContent === 'Upgrade'`)
	b.reads("Done: Plan maintenance “Upgrade”.")
	b.key("z")
	b.until(`document.querySelector('dialog[open] #f-title')?.value === 'Upgrade'`)
	if got := c.stands("maintenances"); len(got) != 0 {
		t.Errorf("the server has %q", got)
	}
	b.clean()
}

func undoneOffline(t *testing.T, w *browser) {
	c, line, b := inTunnel(t, w)
	b.openIncident("In a tunnel", "API")
	b.queued(1)
	b.key("z")
	b.until(`document.querySelector('dialog[open] #f-title')?.value === 'In a tunnel'`)
	b.queued(0)
	b.key(kb.Escape)
	line.plug()
	b.live()
	b.openIncident("Outside", "Website")
	c.until("it arrived", func() bool { return len(c.stands("incidents")) == 1 })
	if got := c.stands("incidents"); got[0] != "Outside" && got[0] != "In a tunnelOutside" {
		t.Errorf("the server has %q", got)
	}
	b.clean()
}
