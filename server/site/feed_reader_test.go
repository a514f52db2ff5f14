package site

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// readRSS is a feed as a reader takes it, which must be in order, with a date of its own for each.
func readRSS(t *testing.T, s *stand) []rss {
	t.Helper()
	_, body := s.get(t, "/status/acme/feed.rss")
	var f struct {
		Items []rss `xml:"channel>item"`
	}
	if err := xml.Unmarshal([]byte(body), &f); err != nil {
		t.Fatal(err)
	}
	seen, before := map[string]bool{}, time.Now().AddDate(100, 0, 0)
	for _, i := range f.Items {
		at, err := http.ParseTime(i.Published)
		if err != nil || !at.Before(before) || seen[i.GUID.ID] || seen[i.Link] {
			t.Errorf("%s, %s, after %s: %v", i.Title, i.Published, before, err)
		}
		before, seen[i.GUID.ID], seen[i.Link] = at, true, true
	}
	return f.Items
}

func readAtom(t *testing.T, s *stand) []atomEntry {
	t.Helper()
	_, body := s.get(t, "/status/acme/feed.atom")
	var f atomFeed
	if err := xml.Unmarshal([]byte(body), &f); err != nil {
		t.Fatal(err)
	}
	before := "9"
	for _, e := range f.Entries {
		if e.Updated >= before || e.Published > e.Updated {
			t.Errorf("%s: %s, %s, after %s", e.Title, e.Published, e.Updated, before)
		}
		before = e.Updated
	}
	return f.Entries
}

func TestEveryReaderOfTheFeedSeesThatItIsResolved(t *testing.T) {
	s, services := company(t)
	in := s.open(ago(2), "Slow", "We look.", status.Degraded, services["API"])
	st := open(t, nil, s.state)
	before := readRSS(t, st)
	s.update(ago(2), in, status.Identified, "Found.")
	s.update(ago(1), in, status.Resolved, "Fixed.")
	learnt := "It was the cache."
	s.do(ago(0.5), &page.EditIncident{ID: in, Postmortem: &learnt})
	st.put(s.state)
	after := readRSS(t, st)
	if len(after) != len(before)+3 || after[0].Title != "Post-mortem: Slow" || after[1].Title != "Resolved: Slow" ||
		!strings.Contains(after[1].Text, "Fixed.") ||
		strings.Contains(after[1].Text, "We look.") || after[2].Title != "Identified: Slow" {
		t.Fatalf("it begins with %+v", after[:4])
	}
	if after[3] != before[0] {
		t.Errorf("what was there became something else: %+v, was %+v", after[3], before[0])
	}
	for _, i := range after[:3] {
		_, anchor, found := strings.Cut(i.Link, "#")
		if _, body := st.get(t, strings.TrimPrefix(i.Link, st.url)); !found ||
			!strings.Contains(body, `id="`+anchor+`"`) {
			t.Errorf("%s leads nowhere", i.Link)
		}
	}
	if e := readAtom(t, st)[0]; e.Title != "Slow" || e.Updated != "2026-11-23T11:18:00Z" {
		t.Errorf("Atom begins with %+v", e)
	}
}

func TestManyWindowsPushNothingThatMattersOutOfTheFeeds(t *testing.T) {
	s := begin(t, "acme", "Acme", ago(24*200))
	svc := s.service(ago(24*199), "", "API", "")
	down := s.open(ago(24*3), "Down", "We look.", status.Major, svc)
	over := s.open(ago(24*2), "Over", "We look.", status.Major, s.service(ago(24*2), "", "Mail", ""))
	s.update(ago(24*2-1), over, status.Resolved, "Fixed.")
	var soonest string
	for i := range 59 {
		at := today + status.Time(60-i)*day // the farthest is planned first, and all within one second
		soonest = s.plan(ago(1), at, at+wire.Hour, fmt.Sprintf("Window %d", i), "", svc)
	}
	st := open(t, nil, s.state)
	entries, items := readAtom(t, st), readRSS(t, st)
	if len(entries) != feedLength || len(items) != feedLength {
		t.Fatalf("%d entries, %d items", len(entries), len(items))
	}
	var atom, texts []string
	for _, e := range entries {
		atom = append(atom, e.ID)
	}
	for _, i := range items {
		texts = append(texts, i.Title)
	}
	for _, id := range []string{down, over, soonest} {
		if !strings.Contains(strings.Join(atom, " "), id) {
			t.Errorf("Atom lacks %s", id)
		}
	}
	all := strings.Join(texts, "\n") + "\n"
	for _, title := range []string{"Investigating: Down", "Resolved: Over", "Scheduled: Maintenance: Window 58\n"} {
		if !strings.Contains(all, title) {
			t.Errorf("RSS lacks %q", title)
		}
	}
	if strings.Contains(all, "Window 0\n") {
		t.Error("the farthest window has the place of what is nearer")
	}
}

func TestAFeedNamesItselfAndChangesWithWhatItShowsOnly(t *testing.T) {
	s, services := company(t)
	st := open(t, nil, s.state)
	for _, name := range []string{"feed.atom", "history.atom", "feed.rss", "history.rss"} {
		res, body := st.get(t, "/status/acme/"+name)
		if !strings.Contains(body, `href="`+st.url+"/status/acme/"+name+`"`) {
			t.Errorf("%s does not name itself", name)
		}
		if res.Header.Get("Access-Control-Allow-Origin") != "*" || res.Header.Get("Last-Modified") == "" {
			t.Errorf("%s: %v", name, res.Header)
		}
	}
	first, _ := st.get(t, "/status/acme/feed.rss")
	name := "Another name"
	s.do(ago(0.2), &page.EditService{ID: services["Backups"], Name: &name})
	st.put(s.state)
	second, _ := st.get(t, "/status/acme/feed.rss")
	if first.Header.Get("ETag") != second.Header.Get("ETag") {
		t.Error("the name of a service changes the ETag of a feed")
	}
	date := second.Header.Get("Last-Modified")
	for _, c := range []struct {
		header, value string
		want          int
	}{
		{"If-Modified-Since", date, 304}, {"If-None-Match", second.Header.Get("ETag"), 304},
		{"If-Modified-Since", first.Header.Get("Last-Modified"), 200},
		{"If-Modified-Since", "Mon, 01 Jan 2035 00:00:00 GMT", 200},
	} {
		if res, _ := st.get(t, "/status/acme/feed.rss", c.header, c.value); res.StatusCode != c.want {
			t.Errorf("%s %s: %d", c.header, c.value, res.StatusCode)
		}
	}
	// Who says both is answered by the ETag.
	if res, _ := st.get(t, "/status/acme/feed.rss", "If-Modified-Since", date, "If-None-Match",
		`"other"`); res.StatusCode != 200 {
		t.Errorf("an ETag that is another one, and a date that is not: %d", res.StatusCode)
	}
	s.open(ago(0.1), "Slow", "We look.", status.Degraded, services["API"])
	st.put(s.state)
	if res, _ := st.get(t, "/status/acme/feed.rss", "If-None-Match", second.Header.Get("ETag")); res.StatusCode != 200 {
		t.Error("an incident does not change it")
	}
}

func TestWhatOtherSitesMayReadTheyMayAskFor(t *testing.T) {
	s := open(t, nil, allWell(t))
	for _, name := range []string{"feed.atom", "history.atom", "feed.rss", "history.rss", "badge.svg"} {
		req, _ := http.NewRequest(http.MethodOptions, s.url+"/status/acme/"+name, nil)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != 204 || res.Header.Get("Access-Control-Allow-Origin") != "*" ||
			res.Header.Get("Access-Control-Allow-Headers") == "" {
			t.Errorf("%s: %d %v", name, res.StatusCode, res.Header)
		}
	}
}
