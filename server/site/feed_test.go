package site

import (
	"encoding/xml"
	"net/mail"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"statuspage/shared/status"
)

func TestTheAtomFeedIsValid(t *testing.T) {
	state := trouble(t)
	s := open(t, func(d *Deps) { d.BaseURL = "https://status.example/" }, state)
	_, body := s.get(t, "/status/acme/feed.atom")
	var f atomFeed
	if err := xml.Unmarshal([]byte(body), &f); err != nil {
		t.Fatal(err)
	}
	if f.ID != "urn:uuid:"+state.Org.ID || f.Title != "Acme Status" || f.Author.Name == "" ||
		f.Links[0].Href != "https://status.example/status/acme/feed.atom" ||
		f.Links[1].Href != "https://status.example/status/acme" {
		t.Errorf("head %+v", f)
	}
	if len(f.Entries) != len(state.Incidents)+len(state.Maintenances) {
		t.Errorf("%d entries of %d", len(f.Entries), len(state.Incidents)+len(state.Maintenances))
	}
	seen := map[string]bool{}
	before := time.Now().AddDate(100, 0, 0)
	for _, e := range f.Entries {
		updated, err := time.Parse(time.RFC3339, e.Updated)
		if err != nil || updated.After(before) || seen[e.ID] || e.Title == "" || e.Content.Type != "html" ||
			!strings.HasPrefix(e.Link.Href, "https://status.example/status/acme/incidents/") {
			t.Errorf("entry %+v: %v", e, err)
		}
		if _, err := time.Parse(time.RFC3339, e.Published); err != nil {
			t.Error(err)
		}
		seen[e.ID], before = true, updated
	}
	slow := f.Entries[1].Content.Text
	if newest, oldest := strings.Index(slow, "All traffic has moved"),
		strings.Index(slow, "Uploads take longer"); newest < 0 || oldest < newest {
		t.Errorf("the timeline is not newest first: %s", slow)
	}
}

func TestAnEntryKeepsItsIdAndAddress(t *testing.T) {
	story, services := company(t)
	in := story.open(ago(2), "Slow", "We look.", status.Degraded, services["API"])
	s := open(t, nil, story.state)
	read := func() atomEntry {
		t.Helper()
		_, body := s.get(t, "/status/acme/feed.atom")
		var f atomFeed
		if err := xml.Unmarshal([]byte(body), &f); err != nil {
			t.Fatal(err)
		}
		return f.Entries[0]
	}
	before := read()
	story.update(ago(1), in, status.Resolved, "Fixed.")
	s.put(story.state)
	after := read()
	if before.ID != after.ID || before.Link != after.Link || before.Published != after.Published ||
		before.Updated == after.Updated ||
		!strings.Contains(after.Content.Text, "Fixed.") {
		t.Errorf("before %+v\nafter %+v", before, after)
	}
}

func TestTheRSSFeedIsValid(t *testing.T) {
	state := trouble(t)
	s := open(t, nil, state)
	_, body := s.get(t, "/status/acme/feed.rss")
	var f struct {
		Version string `xml:"version,attr"`
		Channel struct {
			Title, Description string
			Links              []struct {
				Href string `xml:"href,attr"`
				Text string `xml:",chardata"`
			} `xml:"link"`
			Built string `xml:"lastBuildDate"`
			Items []rss  `xml:"item"`
		} `xml:"channel"`
	}
	if err := xml.Unmarshal([]byte(body), &f); err != nil {
		t.Fatal(err)
	}
	if f.Version != "2.0" || len(f.Channel.Links) != 2 || f.Channel.Links[0].Text != s.url+"/status/acme" ||
		f.Channel.Links[1].Href != s.url+"/status/acme/feed.rss" {
		t.Errorf("head %+v", f.Channel.Links)
	}
	for _, i := range f.Channel.Items {
		if _, err := mail.ParseDate(i.Published); err != nil || i.GUID.Permanent ||
			!strings.HasPrefix(i.GUID.ID, "urn:uuid:") || i.Title == "" || i.Link == "" {
			t.Errorf("item %+v: %v", i, err)
		}
		if _, err := html.Parse(strings.NewReader(i.Text)); err != nil {
			t.Error(err)
		}
	}
}
