package site

import (
	"encoding/xml"
	"net/http"
	"time"
)

// rssFeed is RSS 2.0 with the link to itself that the RSS Advisory Board asks for.
type rssFeed struct {
	XMLName xml.Name `xml:"rss"`
	Version string   `xml:"version,attr"`
	Atom    string   `xml:"xmlns:atom,attr"`
	Title   string   `xml:"channel>title"`
	Link    string   `xml:"channel>link"`
	About   string   `xml:"channel>description"`
	Lang    string   `xml:"channel>language"`
	Built   string   `xml:"channel>lastBuildDate"`
	Self    rssSelf  `xml:"channel>atom:link"`
	Items   []rss    `xml:"channel>item"`
}

type rssSelf struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type rss struct {
	Title     string `xml:"title"`
	Link      string `xml:"link"`
	Text      string `xml:"description"`
	GUID      guid   `xml:"guid"`
	Published string `xml:"pubDate"`
}

type guid struct {
	Permanent bool   `xml:"isPermaLink,attr"`
	ID        string `xml:",chardata"`
}

func newRSS(f *feed) *rssFeed {
	r := &rssFeed{
		Version: "2.0", Atom: "http://www.w3.org/2005/Atom", Title: f.Title, Link: f.Home, About: f.About,
		Lang:  string(f.In),
		Built: rssTime(f.Updated), Self: rssSelf{"self", "application/rss+xml", f.Self},
	}
	for _, p := range f.Posts {
		r.Items = append(r.Items, rss{p.Title, p.Link, p.Body, guid{false, p.ID}, rssTime(p.Updated)})
	}
	return r
}

func rssTime(t time.Time) string { return t.UTC().Format(http.TimeFormat) }
