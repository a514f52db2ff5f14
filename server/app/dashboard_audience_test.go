package app_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"statuspage/server/auth"
)

// An admin adds an audience and lets a service be for it alone.
func TestAnAudienceIsMadeInTheDashboard(t *testing.T) {
	w := openBrowser(t)
	c := startSite(t, nil).tenant("acme")
	c.service("Checkout")
	c.service("Ledger")
	ada := w.visitor(t, "http://"+c.addr)
	ada.signIn(c.person("ada", auth.Admin))
	ada.live()
	ada.visit("/dashboard/settings")
	ada.press("Add an audience")
	for of, text := range map[string]string{"name": "Customer A", "password": "a long password"} {
		ada.until(`document.querySelector('#audience-0-%s')`, of)
		eval[bool](ada, `(() => { const field = document.querySelector('#audience-0-`+of+`');
			field.value = '`+text+`'; return field.dispatchEvent(new Event('input')); })()`)
	}
	ada.press("Save the audiences")
	ada.until(`document.querySelector('#audiences')?.parentElement.textContent.includes('/access?audience=')`)
	for _, width := range []int64{390, 1280} {
		ada.do(chromedp.EmulateViewport(width, 1000))
		eval[bool](ada, `(document.querySelector('#audiences').scrollIntoView(), true)`)
		if over := eval[int](ada, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
			t.Errorf("at %d it is %d px too wide", width, over)
		}
		picture(t, ada, "audiences", width)
	}
	ada.visit("/dashboard/services")
	ada.until(`document.querySelector('button[aria-label="Edit Ledger"]')`)
	eval[bool](ada, `(document.querySelector('button[aria-label="Edit Ledger"]').click(), true)`)
	ada.tick("Customer A")
	for _, width := range []int64{390, 1280} {
		ada.do(chromedp.EmulateViewport(width, 1000))
		picture(t, ada, "service-audience", width)
	}
	ada.press("Save")
	ada.until(`!document.querySelector('dialog[open]')`)
	c.until("the service is for the audience alone", func() bool {
		return slices.ContainsFunc(c.all("services"), func(x map[string]any) bool {
			of, _ := x["audiences"].([]any)
			return x["name"] == "Ledger" && len(of) == 1
		})
	})
	if _, body := visited(t, c.site, "GET", "/status/acme/", "", "", "", nil); strings.Contains(body, "Ledger") || !strings.Contains(body, "Checkout") {
		t.Errorf("everybody sees %s", body)
	}
	ada.clean()
}
