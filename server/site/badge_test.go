package site

import (
	"encoding/xml"
	"net/url"
	"strings"
	"testing"

	"statuspage/shared/status"
)

func TestWhiteCanBeReadOnEveryBadge(t *testing.T) {
	for state, colour := range colours {
		c, ok := parseRGB(colour)
		if got := contrast(c, rgb{255, 255, 255}); !ok || got < readable {
			t.Errorf("%s: %.2f", state, got)
		}
	}
}

func TestABadgeSaysItsLabelAndNothingElse(t *testing.T) {
	s := open(t, nil, allWell(t))
	for _, c := range []struct{ label, want string }{
		{"", "Acme: All Systems Operational"}, {"our API", "our API: All Systems Operational"},
		{`"><script>alert(1)</script>`, `"><script>alert(1)</script>: All Systems Operational`},
		{"</title></svg>&amp;]]>", "</title></svg>&amp;]]>: All Systems Operational"},
		{strings.Repeat("x", 500), strings.Repeat("x", 59) + "…: All Systems Operational"},
		{"مرحبا 🚀", "مرحبا 🚀: All Systems Operational"},
	} {
		res, body := s.get(t, "/status/acme/badge.svg?label="+url.QueryEscape(c.label))
		var svg struct {
			Label string     `xml:"aria-label,attr"`
			Title string     `xml:"title"`
			Attrs []xml.Attr `xml:",any,attr"`
			Any   []struct {
				XMLName xml.Name
			} `xml:",any"`
		}
		if err := xml.Unmarshal([]byte(body), &svg); err != nil {
			t.Fatalf("%q: %v in %s", c.label, err, body)
		}
		if svg.Label != c.want || svg.Title != c.want {
			t.Errorf("%q says %q", c.label, svg.Label)
		}
		if strings.Contains(body, "<script") || res.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
			t.Errorf("%q: %s", c.label, body)
		}
	}
}

func TestABadgeHasTheColourOfTheState(t *testing.T) {
	for state, page := range map[status.ServiceStatus]string{status.Operational: "acme", "": "new"} {
		s := open(t, nil, allWell(t), empty(t))
		if _, body := s.get(t, "/status/"+page+"/badge.svg"); !strings.Contains(body, colours[state]) {
			t.Errorf("%s is not %s", page, colours[state])
		}
	}
}
