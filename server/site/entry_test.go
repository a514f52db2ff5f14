package site

import (
	"strings"
	"testing"

	"statuspage/shared/status"
)

func TestALinkToAnIncidentTellsThatIncident(t *testing.T) {
	s, services := company(t)
	in := s.open(ago(6), "Slow </script><b>", "We look.", status.Degraded, services["API"])
	s.update(ago(5), in, status.Identified, "A cache\n\nis **cold** </script>.")
	window := s.plan(ago(4), today+day, today+day+day/24, "Work", "New disks.", services["Search"])
	st := open(t, func(d *Deps) { d.BaseURL = "https://status.example" }, s.state)
	_, body := st.get(t, "/status/acme/incidents/"+in)
	for _, words := range []string{
		`<meta property="og:description" content="Identified: A cache is **cold** &lt;/script&gt;.">`,
		`<meta property="og:type" content="article">`,
		`<link rel="canonical" href="https://status.example/status/acme/incidents/` + in + `">`,
		`· https://status.example/status/acme/incidents/` + in + `</p>`,
	} {
		if !strings.Contains(body, words) {
			t.Errorf("it lacks %s", words)
		}
	}
	_, body = st.get(t, "/status/acme/incidents/"+window)
	if !strings.Contains(body,
		`content="Maintenance scheduled, 24 Nov 2026, 11:48 – 24 Nov 2026, 12:48 UTC: New disks."`) {
		t.Error("the window's page does not tell the window")
	}
	for path, address := range map[string]string{"/status/acme": "https://status.example/status/acme",
		"/status/acme/history?month=2026-10": "https://status.example/status/acme/history?month=2026-10"} {
		if _, body := st.get(t, path); !strings.Contains(body, `<link rel="canonical" href="`+address+`">`) ||
			!strings.Contains(body, "· "+address+"</p>") {
			t.Errorf("%s does not say where it is", path)
		}
	}
	// Without an address of the installation, a document that is kept for everybody names none.
	if _, body := open(t, nil, s.state).get(t, "/status/acme/incidents/"+in); strings.Contains(body, "canonical") {
		t.Error("whoever asks first says what the address is")
	}
}

func TestOldTimesAreExact(t *testing.T) {
	s, services := company(t)
	in := s.open(ago(6), "Slow", "We look.", status.Degraded, services["API"])
	st := open(t, nil, s.state)
	b := browse(t)
	b.visit(st.url + "/status/acme/incidents/" + in)
	b.ready()
	const shown = `(el => el.textContent + getComputedStyle(el, "::after").content)(document.querySelector(".step time"))`
	if got := eval[string](b, shown); !strings.Contains(got, "ago") || !strings.Contains(got, "2026") {
		t.Errorf("the permalink says %q", got)
	}
	b.visit(st.url + "/status/acme")
	b.ready()
	if got := eval[string](b, shown); !strings.Contains(got, "2026") { // it is older than a day by the browser's clock
		t.Errorf("the page says %q", got)
	}
	b.clean("WebSocket")
}
