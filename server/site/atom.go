package site

import (
	"encoding/xml"
	"time"
)

// atomFeed is RFC 4287.
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Lang    string      `xml:"xml:lang,attr"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	About   string      `xml:"subtitle"`
	Updated string      `xml:"updated"`
	Links   []atomLink  `xml:"link"`
	Author  atomAuthor  `xml:"author"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type atomAuthor struct {
	Name string `xml:"name"`
}

type atomEntry struct {
	ID        string   `xml:"id"`
	Title     string   `xml:"title"`
	Published string   `xml:"published"`
	Updated   string   `xml:"updated"`
	Link      atomLink `xml:"link"`
	Content   atomText `xml:"content"`
}

type atomText struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}

func newAtom(f *feed) *atomFeed {
	a := &atomFeed{
		Lang: string(f.In), ID: f.ID, Title: f.Title, About: f.About, Updated: f.Updated.Format(time.RFC3339),
		Links:  []atomLink{{"self", "application/atom+xml", f.Self}, {"alternate", "text/html", f.Home}},
		Author: atomAuthor{f.Title},
	}
	for _, p := range f.Posts {
		a.Entries = append(a.Entries, atomEntry{
			ID: p.ID, Title: p.Title, Published: p.Published.Format(time.RFC3339),
			Updated: p.Updated.Format(time.RFC3339),
			Link:    atomLink{"alternate", "text/html", p.Link}, Content: atomText{"html", p.Body},
		})
	}
	return a
}
