package app_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"statuspage/server/app/apptest"
	"statuspage/server/auth"
	"statuspage/server/config"
	"statuspage/server/notify/notifytest"
)

// mailFails shows an admin, wherever he is, that mail does not get through, and lets him try it.
func mailFails(t *testing.T, w *browser) {
	server := notifytest.StartMail(t)
	c := startSite(t, func(c *config.Config) { c.SMTPURL, c.BaseURL = server.URL(), apptest.Itself }).tenant("acme")
	c.service("API")
	words := "Relay access denied, " + strings.Repeat("see-our-policy/", 12)
	server.Answer(func(step, _, _ string) error {
		if step == "rcpt" {
			return notifytest.Say(554, [3]int{5, 7, 1}, words)
		}
		return nil
	})
	c.must("POST", "/api/v1/mail/test/", nil)
	b := w.visitor(t, "http://"+c.addr)
	b.signIn(c.person("ada", auth.Admin))
	b.reads("Mail does not get through since")
	b.reads("None of your mails waits")
	b.reads("554 5.7.1 Relay access denied")
	b.visit("/dashboard/team")
	b.reads("Mail does not get through since")
	b.until(`document.querySelector('#mail-fails time')?.title`)
	b.press("Send me a test mail")
	b.reads("No mail went to ada@acme.example")
	for _, width := range []int64{320, 390, 1440} {
		b.do(chromedp.EmulateViewport(width, 800))
		if over := eval[int](b, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
			t.Errorf("at %d it is %d px too wide", width, over)
		}
		for _, scheme := range []string{"light", "dark"} {
			b.theme(scheme)
			picture(t, b, "mail-fails-"+scheme, width)
		}
	}
	server.Answer(nil)
	b.press("Send me a test mail")
	b.until(`!document.querySelector('#mail-fails')`)
	b.visit("/dashboard/subscribers")
	b.reads("Mail gets through, as far as we know.")
	b.press("Send me a test mail")
	b.reads("It took the mail to ada@acme.example")
	picture(t, b, "mail-works-dark", 1440)
	m := w.visitor(t, "http://"+c.addr)
	m.signIn(c.person("bob", auth.Member))
	m.live()
	if eval[bool](m, `document.body.innerText.includes('test mail')`) {
		t.Error("a member is offered a test mail")
	}
	b.clean()
	m.clean()
}

// picture is kept where PICTURES says, for people to look at.
func picture(t *testing.T, b *tab, name string, width int64) {
	t.Helper()
	folder := os.Getenv("PICTURES")
	if folder == "" {
		return
	}
	shot, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder+"/"+name+"-"+strconv.FormatInt(width, 10)+".png", shot, 0o600); err != nil {
		t.Fatal(err)
	}
}
