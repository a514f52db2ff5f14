package site

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"statuspage/shared/page"
)

// choose takes an option of a list, as a person does.
func (b *tab) choose(list, value string) {
	b.t.Helper()
	eval[any](b, fmt.Sprintf(`(() => {
		const list = document.querySelector("select[name=%s]");
		list.value = %q;
		list.dispatchEvent(new Event("change"));
	})()`, list, value))
}

// What a visitor chooses holds at once and on every page; paper stays white.
func TestAVisitorChoosesColoursAndZone(t *testing.T) {
	story, _ := company(t)
	zone, accent := "Asia/Tokyo", "#FFE500"
	story.do(today, &page.EditPage{TimeZone: &zone, Accent: &accent})
	s := open(t, nil, story.state)
	b := browse(t)
	b.zone("America/New_York")
	b.theme("light")
	b.do(chromedp.Navigate(s.url + "/status/acme"))
	ground := func() string { return eval[string](b, `getComputedStyle(document.body).backgroundColor`) }
	colour := func() string {
		return eval[string](b, `getComputedStyle(document.documentElement).getPropertyValue("--accent")`)
	}
	const light, dark = "rgb(251, 251, 250)", "rgb(18, 19, 22)"
	b.until(`!document.getElementById("prefs").hidden`)
	of := map[string]string{"light": colour()}
	b.choose("scheme", "dark")
	if got := ground(); got != dark || colour() == of["light"] {
		t.Errorf("dark was chosen: %s, and the organisation's colour is %s", got, colour())
	}
	b.do(chromedp.Navigate(s.url + "/status/acme/history"))
	b.until(`document.querySelector("select[name=scheme]").value === "dark"`)
	if got := ground(); got != dark {
		t.Errorf("on another page it is %s", got)
	}
	b.theme("dark")
	b.choose("scheme", "light")
	if got := ground(); got != light {
		t.Errorf("light was chosen: %s", got)
	}
	b.choose("scheme", "")
	if got := ground(); got != dark {
		t.Errorf("the system's was chosen: %s", got)
	}
	for _, c := range []struct{ value, words string }{
		{"org", "Times are in Asia/Tokyo, and so"}, {"UTC", "Times are in UTC, and so"},
		{"", "Times are in your zone, America/New_York, and so"},
	} {
		b.choose("zone", c.value)
		b.until(fmt.Sprintf(`document.getElementById("zone").textContent.startsWith(%q)`, c.words))
		b.until(fmt.Sprintf(`document.querySelector("select[name=zone]").value === %q`, c.value))
	}
	b.clean("WebSocket")
}
