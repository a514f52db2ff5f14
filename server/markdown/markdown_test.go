package markdown

import (
	"crypto/sha256"
	"html/template"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

func TestWhatPeopleWriteComesThrough(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"a paragraph", "We are looking into it.", "<p>We are looking into it.</p>\n"},
		{"a line break stays one", "one\ntwo", "<p>one<br>\ntwo</p>\n"},
		{"emphasis", "**not** *lost* ~~gone~~", "<p><strong>not</strong> <em>lost</em> <del>gone</del></p>\n"},
		{"a list", "- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"},
		{"code", "`x < y`", "<p><code>x &lt; y</code></p>\n"},
		{"a heading is a bold line", "# What now", "<p><strong>What now</strong></p>\n"},
		{"a link gives no weight", "[us](https://example.com/a?b=1&c=2)",
			`<p><a href="https://example.com/a?b=1&amp;c=2" rel="nofollow noopener">us</a></p>` + "\n"},
		{"a bare address is a link", "see https://example.com",
			`<p>see <a href="https://example.com" rel="nofollow noopener">https://example.com</a></p>` + "\n"},
		{"a picture is its words", "![the graph](https://example.com/x.png)", "<p>the graph</p>\n"},
		{"angle brackets are words", "Since v2 <dashboard> is slow", "<p>Since v2 &lt;dashboard&gt; is slow</p>\n"},
		{"nothing is nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := string(HTML(c.in)); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestNothingThatRunsComesThrough(t *testing.T) {
	for _, in := range []string{
		"<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))",
		"[x](JaVaScRiPt:alert(1))",
		"[x](data:text/html;base64,PHNjcmlwdD4=)", "<a href=\"javascript:alert(1)\">x</a>", "![x](javascript:alert(1))",
		"<svg/onload=alert(1)>", "<javascript:alert(1)>", "[x](vbscript:x)", "[x](java&#115;cript:alert(1))",
		"[x](//evil.example)",
		"<iframe src=https://evil.example></iframe>", "<style>*{display:none}</style>",
		"[a](https://x \"onmouseover=alert(1)\")",
		"<div\n\n<b onclick=alert(1)>", "[x]: javascript:alert(1)\n\n[x]", "<!--><script>alert(1)</script>-->",
	} {
		out := string(HTML(in))
		nodes, err := html.ParseFragment(strings.NewReader(out), &html.Node{Type: html.ElementNode, Data: "div",
			DataAtom: atom.Div})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range nodes {
			harmless(t, in, out, n)
		}
	}
}

func harmless(t *testing.T, in, out string, n *html.Node) {
	if n.Type == html.ElementNode {
		switch n.Data {
		case "p", "a", "br", "code", "ul", "li", "strong", "em":
		default:
			t.Errorf("%q made an element %s: %s", in, n.Data, out)
		}
		for _, a := range n.Attr {
			ok := a.Key == "rel" || a.Key == "href" &&
				(strings.HasPrefix(a.Val, "https://") || strings.HasPrefix(a.Val, "mailto:"))
			if !ok {
				t.Errorf("%q made an attribute %s=%q", in, a.Key, a.Val)
			}
		}
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		harmless(t, in, out, c)
	}
}

func TestTheCacheNeverHoldsMoreThanItsLimit(t *testing.T) {
	name := func(i int) hash { return sha256.Sum256([]byte(strconv.Itoa(i))) }
	c := newCache(10_000)
	for i := range 1_000 {
		c.put(name(i), template.HTML(strings.Repeat("x", 90)))
		total := 0
		for _, m := range []map[hash]template.HTML{c.young, c.old} {
			for k, v := range m {
				total += len(k) + len(v)
			}
		}
		if total > 10_000 {
			t.Fatalf("holds %d bytes after %d", total, i)
		}
	}
	c.put(name(-1), "kept")
	for i := range 500 {
		c.put(name(i), template.HTML(strings.Repeat("z", 90)))
		if _, there := c.get(name(-1)); !there {
			t.Fatal("what is used often was dropped")
		}
	}
	c.put(name(-2), template.HTML(strings.Repeat("x", 20_000)))
	if _, there := c.get(name(-2)); there {
		t.Error("something larger than the cache was kept")
	}
}
