package site

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// attacks are the usual ones, each of which would set window.pwned or open a dialog.
var attacks = []string{
	`<script>window.pwned=1;alert(1)</script>`, `"><img src=x onerror="window.pwned=1;alert(1)">`,
	`'><svg onload=window.pwned=1>`,
	`</title><script>window.pwned=1</script>`, `</textarea></style></script><script>window.pwned=1</script>`,
	`javascript:window.pwned=1`,
	`[x](javascript:window.pwned=1)`, `{{.}}<template>`,
	`<a href="javascript:window.pwned=1" autofocus onfocus=window.pwned=1 tabindex=0>x</a>`,
	`" onmouseover=window.pwned=1 "`, `<iframe srcdoc="<script>parent.pwned=1</script>">`,
	`<math><mtext></table><mglyph><style><img src onerror=window.pwned=1>`,
	`<!--><img src onerror=window.pwned=1>-->`, `]]><script>window.pwned=1</script>`,
	`<form action=//evil.example><button>x`, `<base href=//evil.example>`,
}

// hostile is a page where every text is an attack.
func hostile(t *testing.T, attack string) page.State {
	s := begin(t, "evil", attack, ago(24*40))
	url := "https://example.com/" + attack
	s.do(ago(24*40), &page.EditPage{Description: &attack, URL: &url})
	svc := s.service(ago(24*39), attack, attack, attack)
	plain := s.service(ago(24*39), "", attack, attack)
	in := s.open(ago(30), attack, attack, status.Partial, svc)
	s.update(ago(29), in, status.Resolved, attack)
	s.do(ago(29), &page.EditIncident{ID: in, Postmortem: &attack, Excluded: &attack})
	s.do(ago(29), &page.EditPage{Announcement: &attack})
	w := s.plan(ago(20), ago(10), ago(-10), attack, attack, plain)
	s.plan(ago(20), ago(-20), ago(-30), attack, attack, plain)
	s.move(ago(10), w, status.InProgress, attack)
	s.open(ago(2), attack, attack, status.Major, svc)
	return s.state
}

func hostilePaths(s page.State) []string {
	at := "/status/evil"
	return []string{at, at + "/history", at + "/incidents/" + s.Incidents[0].ID, at + "/incidents/" + s.Incidents[1].ID,
		at + "/incidents/" + s.Maintenances[0].ID}
}

func TestWhatIsWrittenIsOnlyRead(t *testing.T) {
	for _, attack := range attacks {
		state := hostile(t, attack)
		s := open(t, nil, state)
		for _, path := range hostilePaths(state) {
			res, body := s.get(t, path)
			if res.StatusCode != 200 {
				t.Fatalf("%s: %d", path, res.StatusCode)
			}
			doc, err := html.Parse(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			inert(t, attack, doc)
			if title := text(find(doc, "title")); !strings.Contains(title, " Status") {
				t.Errorf("%q broke the title: %q", attack, title)
			}
		}
		for _, path := range []string{"/status/evil/feed.atom", "/status/evil/feed.rss", "/status/evil/badge.svg"} {
			_, body := s.get(t, path)
			for d := xml.NewDecoder(strings.NewReader(body)); ; {
				token, err := d.Token()
				if err != nil {
					if err.Error() != "EOF" {
						t.Errorf("%s of %q: %v", path, attack, err)
					}
					break
				}
				if el, is := token.(xml.StartElement); is && el.Name.Local == "script" {
					t.Errorf("%s of %q has a script", path, attack)
				}
			}
		}
	}
}

func find(doc *html.Node, tag string) (found *html.Node) {
	each(doc, func(n *html.Node) {
		if n.Type == html.ElementNode && n.Data == tag && found == nil {
			found = n
		}
	})
	return found
}

// inert looks at every element: only ours, only with attributes that do nothing by themselves.
func inert(t *testing.T, attack string, doc *html.Node) {
	t.Helper()
	scripts := 0
	each(doc, func(n *html.Node) {
		if n.Type == html.CommentNode {
			t.Errorf("%q made a comment", attack)
		}
		if n.Type != html.ElementNode {
			return
		}
		switch n.Data {
		case "script":
			if attr(n, "type") != "application/ld+json" { // data, which nothing runs
				scripts++
			} else if !json.Valid([]byte(text(n))) {
				t.Errorf("%q broke the data: %s", attack, text(n))
			}
		case "img", "iframe", "object", "embed", "style", "base", "math", "template", "textarea", "mglyph":
			t.Errorf("%q made a <%s>", attack, n.Data)
		case "form":
			if attr(n, "method") == "get" && attr(n, "action") == "/status/evil/history" {
				break // what filters the history
			}
			if to := attr(n, "action"); to != "/api/v1/public/evil/subscribe/" && to != "/api/v1/public/evil/report/" {
				t.Errorf("%q made a form to %s", attack, attr(n, "action"))
			}
		}
		for _, a := range n.Attr {
			value := strings.ToLower(strings.TrimSpace(a.Val))
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcdoc" || a.Key == "autofocus" ||
				(a.Key == "href" || a.Key == "src" || a.Key == "action") &&
					(strings.HasPrefix(value, "javascript:") || strings.HasPrefix(value, "data:")) {
				t.Errorf("%q made %s=%q on <%s>", attack, a.Key, a.Val, n.Data)
			}
		}
	})
	if scripts != 2 { // prefs.js and status.js
		t.Errorf("%q: %d scripts", attack, scripts)
	}
}

func TestNoAttackRunsInABrowser(t *testing.T) {
	b := browse(t)
	all := strings.Join(attacks, "\n\n")
	state := hostile(t, attacks[1])
	// Titles are one line; the bodies take every attack at once.
	for i := range state.Incidents {
		for k := range state.Incidents[i].Updates {
			state.Incidents[i].Updates[k].Body = all
		}
	}
	for i := range state.Maintenances {
		state.Maintenances[i].Description = all
		state.Maintenances[i].ScheduledFor += wire.Minute
	}
	for i := range state.Services {
		state.Services[i].Description = all
	}
	s := open(t, nil, state)
	for _, path := range hostilePaths(state) {
		b.visit(s.url + path)
		b.ready()
		if eval[bool](b, `"pwned" in window`) {
			t.Errorf("an attack ran on %s", path)
		}
		if n := eval[int](b,
			`document.querySelectorAll("script:not([type='application/ld+json'])").length + document.images.length * 100 + document.querySelectorAll("iframe, form:not([action^='/api/'], [action$='/history'])").length * 100`); n != 2 {
			t.Errorf("%s has %d elements that it should not have", path, n)
		}
	}
	b.clean("WebSocket connection to")
}
