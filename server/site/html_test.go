package site

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"statuspage/shared/page"
)

// each walks a tree.
func each(n *html.Node, visit func(*html.Node)) {
	visit(n)
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		each(c, visit)
	}
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var b strings.Builder
	each(n, func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
	})
	return strings.TrimSpace(b.String())
}

// everyPage is each kind of page in each kind of state, by address.
func everyPage(t *testing.T) (s *stand, paths []string) {
	states := []page.State{empty(t), awkward(t), trouble(t)}
	well := allWell(t)
	well.Org.Slug, well.Org.ID = "well", "0197a1de-0000-7000-8000-0000000000aa"
	s = open(t, func(d *Deps) { d.Measures = measures{} }, append(states, well)...)
	paths = []string{"/", "/status/nobody", "/status/well"}
	for _, state := range states {
		at := "/status/" + state.Org.Slug
		paths = append(paths, at, at+"/history", at+"/history?q=a")
		if len(state.Services) > 0 {
			paths = append(paths, at+"/services/"+state.Services[0].ID, at+"/history?service="+
				state.Services[len(state.Services)-1].ID)
		}
		for i := range state.Incidents[:min(2, len(state.Incidents))] {
			paths = append(paths, at+"/incidents/"+state.Incidents[i].ID)
		}
		for i := range state.Maintenances {
			paths = append(paths, at+"/incidents/"+state.Maintenances[i].ID)
		}
	}
	return s, paths
}

func TestEveryPageIsSoundHTML(t *testing.T) {
	s, paths := everyPage(t)
	for _, path := range paths {
		t.Run(path, func(t *testing.T) {
			_, body := s.get(t, path)
			doc, err := html.Parse(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			sound(t, doc, body)
		})
	}
}

func sound(t *testing.T, doc *html.Node, body string) {
	ids, refs, headings := map[string]bool{}, []string{}, []string{}
	count := map[string]int{}
	each(doc, func(n *html.Node) {
		if n.Type != html.ElementNode {
			return
		}
		count[n.Data]++
		for _, a := range n.Attr {
			switch {
			case a.Key == "id" && ids[a.Val]:
				t.Errorf("the id %s is there twice", a.Val)
			case a.Key == "id":
				ids[a.Val] = true
			case a.Key == "style" || strings.HasPrefix(a.Key, "on"):
				t.Errorf("<%s> has %s", n.Data, a.Key)
			case a.Key == "for" || a.Key == "aria-labelledby":
				refs = append(refs, strings.Fields(a.Val)...)
			case a.Key == "href" && strings.HasPrefix(a.Val, "#"):
				refs = append(refs, a.Val[1:])
			case (a.Key == "src" || n.Data == "link" && a.Key == "href") && !strings.HasPrefix(a.Val, "/"):
				t.Errorf("<%s> loads %s", n.Data, a.Val)
			}
		}
		switch n.Data {
		case "h1", "h2", "h3", "h4", "h5", "h6":
			headings = append(headings, n.Data)
			if text(n) == "" {
				t.Errorf("an empty %s", n.Data)
			}
		case "svg":
			if attr(n, "aria-hidden") != "true" && (attr(n, "role") != "img" || attr(n, "aria-label") == "") {
				t.Error("a picture without a label")
			}
		case "time":
			if attr(n, "datetime") == "" || text(n) == "" {
				t.Error("a time without a time")
			}
		case "script":
			if text(n) != "" && attr(n, "type") != "application/ld+json" {
				t.Error("an inline script")
			}
		case "style", "img", "iframe":
			t.Errorf("a <%s>", n.Data)
		case "a", "button", "summary":
			if text(n) == "" && attr(n, "aria-label")+attr(n, "aria-labelledby") == "" {
				t.Errorf("a <%s> without words", n.Data)
			}
		}
	})
	for _, r := range refs {
		if !ids[r] {
			t.Errorf("nothing has the id %s", r)
		}
	}
	for i, h := range headings {
		if i > 0 && h[1] > headings[i-1][1]+1 {
			t.Errorf("after %s comes %s", headings[i-1], h)
		}
	}
	if count["h1"] != 1 || count["main"] != 1 || count["title"] != 1 {
		t.Errorf("%d h1, %d main, %d title", count["h1"], count["main"], count["title"])
	}
	// What a tolerant parser had to move or close shows as a difference in the number of tags.
	for _, tag := range []string{"div", "p", "ul", "li", "details", "section", "article", "table", "tr", "td", "span",
		"a"} {
		if opened, closed := strings.Count(body, "<"+tag+" ")+strings.Count(body, "<"+tag+">"),
			strings.Count(body, "</"+tag+">"); opened != closed || opened != count[tag] {
			t.Errorf("<%s>: %d opened, %d closed, %d parsed", tag, opened, closed, count[tag])
		}
	}
}
