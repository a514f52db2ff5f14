package web

import (
	"bytes"
	"encoding/xml"
	"html/template"
	"sort"
	"time"

	"statuspage/server/markdown"
	"statuspage/server/visit"
	"statuspage/shared/status"
)

// feedLength is how many incidents and windows a feed has, those that changed last.
const feedLength = 50

// post is one incident or window as a feed tells it. Its id and address never change.
type post struct {
	ID        string
	Title     string
	Link      string
	Published time.Time
	Updated   time.Time
	Body      string // HTML, newest word first
}

// feed is what both formats say.
type feed struct {
	ID      string
	Title   string
	About   string
	Self    string
	Home    string
	Updated time.Time
	Posts   []post
}

func (s *site) atom(v *visit.Visit) error {
	return s.syndicate(v, "feed.atom", "application/atom+xml; charset=utf-8", func(f *feed) any { return newAtom(f) })
}

func (s *site) rss(v *visit.Visit) error {
	return s.syndicate(v, "feed.rss", "application/rss+xml; charset=utf-8", func(f *feed) any { return newRSS(f) })
}

func (s *site) syndicate(v *visit.Visit, name, mediaType string, format func(*feed) any) error {
	shared(v.Ctx)
	return v.Document("web/"+name, time.Hour, func() (string, []byte, error) {
		body, err := marshal(format(newFeed(v, name)))
		return mediaType, body, err
	})
}

func marshal(x any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	err := xml.NewEncoder(&b).Encode(x)
	return b.Bytes(), err
}

func newFeed(v *visit.Visit, name string) *feed {
	org := &v.State.Org
	_, words := summary(&v.State)
	f := &feed{
		ID: "urn:uuid:" + org.ID, Title: org.Name + " Status", About: words + ". Incidents and maintenance of " + org.Name + ".",
		Self: v.Home() + "/" + name, Home: v.Home(), Updated: utc(v.State.At),
	}
	if v.Path == "" {
		f.Home += "/"
	}
	for i := range v.State.Incidents {
		f.Posts = append(f.Posts, incidentPost(&v.State.Incidents[i], v.Home()))
	}
	for i := range v.State.Maintenances {
		f.Posts = append(f.Posts, windowPost(&v.State.Maintenances[i], v.Home()))
	}
	sort.SliceStable(f.Posts, func(a, b int) bool { return f.Posts[a].Updated.After(f.Posts[b].Updated) })
	f.Posts = f.Posts[:min(len(f.Posts), feedLength)]
	return f
}

func incidentPost(in *status.Incident, at string) post {
	var names []string
	for _, a := range in.Services {
		names = append(names, a.Name)
	}
	entries := incidentEntries(in)
	if in.Postmortem != "" && in.PostmortemAt != nil {
		entries = append([]entry{{Words: "Post-mortem", Body: markdown.HTML(in.Postmortem), At: *in.PostmortemAt}}, entries...)
	}
	return post{
		ID: "urn:uuid:" + in.ID, Title: in.Title, Link: at + "/incidents/" + in.ID, Published: utc(in.CreatedAt),
		Updated: utc(in.UpdatedAt), Body: prose(entries, names, ""),
	}
}

func windowPost(m *status.Maintenance, at string) post {
	v := newWindowView(m, "")
	var names []string
	for _, s := range m.Services {
		names = append(names, s.Name)
	}
	planned := words("at", m.ScheduledFor) + " – " + words("at", m.ScheduledUntil) + " UTC"
	entries := v.Entries
	if entries == nil {
		entries = []entry{{ID: m.ID, Words: status.Scheduled.Display(), Body: v.About, At: m.CreatedAt}}
	}
	return post{
		ID: "urn:uuid:" + m.ID, Title: "Maintenance: " + m.Title, Link: at + v.Link(), Published: utc(m.CreatedAt),
		Updated: utc(m.UpdatedAt), Body: prose(entries, names, planned),
	}
}

// prose is a timeline in the shape that readers of Statuspage's feeds know.
func prose(entries []entry, names []string, planned string) string {
	var b bytes.Buffer
	if planned != "" {
		b.WriteString("<p><strong>Planned for " + planned + "</strong></p>\n")
	}
	for _, e := range entries {
		b.WriteString("<p><small>" + words("at", e.At) + " UTC</small><br><strong>" + e.Words + "</strong></p>\n" + string(e.Body))
	}
	for i, name := range names {
		if i == 0 {
			b.WriteString("<p>Affected: ")
		} else {
			b.WriteString(", ")
		}
		b.WriteString(template.HTMLEscapeString(name))
	}
	if len(names) > 0 {
		b.WriteString("</p>\n")
	}
	return b.String()
}
