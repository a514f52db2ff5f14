package site

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"statuspage/server/racetest"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// maxDraw is how much CPU a picture may cost, whatever it says.
const maxDraw = 50 * time.Millisecond

// meta is what a page says in its head.
func meta(t *testing.T, body, property string) string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	out := ""
	each(doc, func(n *html.Node) {
		if n.Data == "meta" && attr(n, "property") == property {
			out = attr(n, "content")
		}
	})
	return out
}

func TestALinkHasThePictureOfWhatItLeadsTo(t *testing.T) {
	s, services := company(t)
	open1 := s.open(ago(6), "Uploads are slow", "We look.", status.Degraded, services["API"])
	done := s.state.Incidents[1].ID
	window := s.plan(ago(4), today+day, today+day+day/24, "Work", "New disks.", services["Search"])
	st := open(t, func(d *Deps) { d.BaseURL = "https://status.example" }, s.state)
	seen := map[string]string{}
	for _, path := range []string{"/status/acme", "/status/acme/incidents/" + open1, "/status/acme/incidents/" + done,
		"/status/acme/incidents/" + window} {
		_, body := st.get(t, path)
		address, own := strings.CutPrefix(meta(t, body, "og:image"), "https://status.example")
		if !own || !strings.HasPrefix(address, path+"/share.png") {
			t.Fatalf("%s: the picture is at %q", path, address)
		}
		res, picture := st.get(t, address)
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != "image/png" ||
			res.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" ||
			res.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s: %d %v", address, res.StatusCode, res.Header)
		}
		drawn, err := png.Decode(strings.NewReader(picture))
		if err != nil || drawn.Bounds().Dx() != 1200 || drawn.Bounds().Dy() != 630 || len(picture) > 60_000 {
			t.Fatalf("%s: %v, %d bytes", address, err, len(picture))
		}
		if other, same := seen[picture]; same {
			t.Errorf("%s looks as %s does", path, other)
		}
		seen[picture] = path
		r, g, b, _ := drawn.At(10, 300).RGBA()
		if grey := path == "/status/acme/incidents/"+done; grey != (r>>8 == 0x5b && g>>8 == 0x60 && b>>8 == 0x68) {
			t.Errorf("%s has the colour %x %x %x", path, r>>8, g>>8, b>>8)
		}
		if again, _ := st.get(t, address, "If-None-Match",
			res.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s again: %d", address, again.StatusCode)
		}
	}
	for _, path := range []string{"/status/acme/incidents/0197a1de-0000-7000-8000-000000000000/share.png",
		"/status/acme/incidents/x/share.png", "/status/nobody/share.png"} {
		if res, _ := st.get(t, path); res.StatusCode != 404 {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}

func TestAnyWordsAreDrawnInBoundedTime(t *testing.T) {
	racetest.Alone(t, "CPU")
	for _, words := range []string{"", "x", strings.Repeat("W", 200), strings.Repeat("w ", 100), "Störung über Zürich",
		"Авария в сети", "انقطاع جزئي", "障害が発生しています", strings.Repeat("👩‍🚀", 60), "a\x00b\u202e"} {
		racetest.Within(t, maxDraw, fmt.Sprintf("%.20q", words), func() func() {
			return func() {
				_, body, err := drawShare(&share{Site: words, Title: words, Words: "Investigating",
					Facts: "Since 23 Nov 2026, 11:48 UTC", State: status.Partial})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := png.Decode(bytes.NewReader(body)); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestProgramsReadOfAPermalinkWhatItSays(t *testing.T) {
	s, services := company(t)
	in := s.open(ago(6), "Slow </script><b>", "We look.", status.Degraded, services["API"])
	s.update(ago(5), in, status.Resolved, "A cache </script> was cold.")
	window := s.plan(ago(4), today+day, today+day+day/24, "Work", "New disks.", services["Search"])
	st := open(t, func(d *Deps) { d.BaseURL = "https://status.example" }, s.state)
	for id, want := range map[string]map[string]any{
		in: {"@type": "LiveBlogPosting", "headline": "Slow </script><b>", "coverageEndTime": ago(5).String(),
			"url": "https://status.example/status/acme/incidents/" + in},
		window: {"@type": "Event", "name": "Work", "startDate": (today + day).String(),
			"eventStatus": "https://schema.org/EventScheduled"},
	} {
		_, body := st.get(t, "/status/acme/incidents/"+id)
		doc, err := html.Parse(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]any{}
		each(doc, func(n *html.Node) {
			if n.Data == "script" && attr(n, "type") == "application/ld+json" {
				if err := json.Unmarshal([]byte(text(n)), &got); err != nil {
					t.Error(err)
				}
			}
		})
		for name, value := range want {
			if got[name] != value {
				t.Errorf("%s: %v, want %v", name, got[name], value)
			}
		}
	}
	if _, body := st.get(t, "/status/acme"); strings.Contains(body, "ld+json") {
		t.Error("the page claims to be an incident")
	}
}

func TestADeadLinkStaysWithTheOrganisation(t *testing.T) {
	s, _ := company(t)
	accent := "#0a66c2"
	s.do(today-1, &page.EditPage{Accent: &accent})
	st := open(t, nil, s.state)
	for _, path := range []string{
		"/status/acme/incidents/0197a1de-0000-7000-8000-000000000000", "/status/acme/incidents/x",
		"/status/acme/history?month=1999-01", "/status/acme/nowhere", "/status/acme/incidents/x/y/z",
	} {
		res, body := st.get(t, path)
		if res.StatusCode != 404 {
			t.Fatalf("%s: %d", path, res.StatusCode)
		}
		for _, want := range []string{"<bdi>Acme</bdi>", `href="/status/acme"`,
			`href="/status/acme/theme.css?accent=0a66c2"`, "Not found", `content="noindex"`} {
			if !strings.Contains(body, want) {
				t.Errorf("%s lacks %s", path, want)
			}
		}
		if strings.Contains(body, "canonical") || strings.Contains(body, "All Systems Operational") ||
			res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s says what it should not", path)
		}
	}
	if _, body := st.get(t, "/status/nobody/incidents/x"); strings.Contains(body, "Acme") {
		t.Error("somebody else's dead link has our name")
	}
}
