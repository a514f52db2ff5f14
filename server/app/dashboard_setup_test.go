package app_test

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// firstMinute goes the way of whoever has just started a server: each step passes axe, and its end is the page.
func firstMinute(t *testing.T, w *browser) {
	s := startSite(t, nil)
	secret, err := s.app.UseCases.SetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := w.visitor(t, "http://"+s.addr)
	b.visit("/login")
	b.reads("Nothing is here yet")
	b.passesAxe("the fresh login")
	b.visit("/setup")
	b.reads("a link that works once, for a day")
	b.passesAxe("the setup without its link")
	b.visit("/setup?token=" + secret)
	b.until(`document.activeElement.id === 'organization'`)
	b.passesAxe("the first step")
	b.do(chromedp.SendKeys("#organization", "United Fruit Söhne"))
	b.until(`document.getElementById('slug').value === 'united-fruit-sohne'`)
	b.do(chromedp.SendKeys("#email", "ada@people.example"), chromedp.SendKeys("#password", "short"))
	b.press("Create the page")
	b.until(`document.getElementById('password-hint').classList.contains('bad')`)
	b.do(chromedp.SendKeys("#password", " and then long"))
	b.press("Create the page")
	b.until(`document.activeElement.textContent === 'What do you run?'`)
	b.passesAxe("the second step")
	b.do(chromedp.Click(`input[value="API"]`), chromedp.SendKeys("#lines", "- Статус\nAPI\n\n* Billing"))
	b.press("Add them")
	b.until(`document.activeElement.textContent === 'How does it look?'`)
	b.passesAxe("the third step")
	b.press("Show the page")
	b.until(`location.pathname === '/status/united-fruit-sohne'`)
	for _, name := range []string{"API", "Статус", "Billing"} {
		b.reads(name)
	}
	if n := eval[int](b, `document.querySelectorAll('.service').length`); n != 3 {
		t.Errorf("%d services", n)
	}
	b.visit("/login") // who has a session is led on
	b.until(`location.pathname === '/dashboard'`)
	b.clean()
}
