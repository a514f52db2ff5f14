package site

import (
	"bytes"
	"encoding/xml"
	"html/template"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/google/uuid"

	"statuspage/server/lang"
	"statuspage/server/site/serve"
	"statuspage/server/site/visit"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// feedLength is how many entries a feed has.
const feedLength = 50

// post is one entry of a feed: an incident or window in Atom, which has a date of the last change beside that of the
// beginning; each word about it in RSS, which has one date. Its id and address never change.
type post struct {
	ID        string
	Title     string
	Link      string
	Published time.Time
	Updated   time.Time
	Body      string // HTML, newest word first

	write func(*teller) string // makes Body
}

// feed is what both formats say. Posts are in the order of their dates, newest first, and no two have the same: readers
// keep the newest date that they have seen.
type feed struct {
	ID      string
	Title   string
	About   string
	Self    string
	Home    string
	Updated time.Time
	Posts   []post

	In    lang.In     // the language that it is written in
	state *page.State // that it tells of
}

func (s *site) atom(name string) func(*visit.Visit) error { return s.syndicate(name, s.atomOf) }

func (s *site) rss(name string) func(*visit.Visit) error { return s.syndicate(name, s.rssOf) }

// atomOf and rssOf write a feed in one of the formats.
func (s *site) atomOf(v *visit.Visit, f *feed) (mediaType string, x any) {
	f.fill(v.Home(), func(t *topic) []post { return []post{t.whole} })
	return "application/atom+xml; charset=utf-8", newAtom(f)
}

func (s *site) rssOf(v *visit.Visit, f *feed) (mediaType string, x any) {
	f.fill(v.Home(), func(t *topic) []post { return t.words })
	return "application/rss+xml; charset=utf-8", newRSS(f)
}

func (s *site) syndicate(name string, format func(*visit.Visit, *feed) (string, any)) func(*visit.Visit) error {
	return func(v *visit.Visit) error {
		shared(v.Ctx)
		return v.Document("web/"+name+"/"+string(v.Spoken()), time.Hour, func() (string, []byte, error) {
			mediaType, x := format(v, newFeed(v, name))
			body, err := marshal(x)
			return mediaType, body, err
		})
	}
}

func marshal(x any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	err := xml.NewEncoder(&b).Encode(x)
	return b.Bytes(), err
}

func newFeed(v *visit.Visit, name string) *feed {
	org, in := &v.State.Org, v.Spoken()
	f := &feed{
		In: in, ID: "urn:uuid:" + org.ID, Title: siteName(in, org),
		About: in.Say("Incidents and maintenance of {name}.", "name", org.Name),
		Self:  v.Home() + "/" + name, Home: v.Home(), Updated: utc(org.CreatedAt), state: v.Told(),
	}
	if v.Path == "" {
		f.Home += "/"
	}
	return f
}

// topic is an incident or a window as a feed may tell it.
type topic struct {
	in    lang.In
	turn  serve.Turn
	whole post
	words []post // the newest first
}

// fill writes the entries: the newest of each topic that goes on or comes soon, then the newest of all, then what is
// further ahead.
func (f *feed) fill(home string, entries func(*topic) []post) {
	var must, more, last []post
	for _, t := range topics(f.state, f.In, home) {
		switch list := entries(&t); t.turn {
		case serve.Always:
			must, more = append(must, list[0]), append(more, list[1:]...)
		case serve.Then:
			more = append(more, list...)
		default:
			last = append(last, list...)
		}
	}
	sort.SliceStable(more, func(a, b int) bool { return more[a].Updated.After(more[b].Updated) })
	f.Posts = slices.Concat(must, more, last)
	f.Posts = f.Posts[:min(len(f.Posts), feedLength)]
	distinct(f.Posts)
	tell := newTeller(len(f.Posts), inUTC)
	for i := range f.Posts {
		f.Posts[i].Body = f.Posts[i].write(tell)
	}
	if len(f.Posts) > 0 {
		f.Updated = f.Posts[0].Updated
	}
}

// distinct sorts posts by their dates, newest first, and gives each a second of its own: what came at once is a second
// apart.
func distinct(posts []post) {
	sort.SliceStable(posts, func(a, b int) bool { return posts[a].Updated.After(posts[b].Updated) })
	var before time.Time
	for i := len(posts) - 1; i >= 0; i-- {
		p := &posts[i]
		p.Updated = p.Updated.Truncate(time.Second)
		if !p.Updated.After(before) {
			p.Updated = before.Add(time.Second)
		}
		before = p.Updated
	}
}

// topics are what a feed has room for, one entry each: what goes on and what comes soonest is always there, what is far
// ahead goes first.
func topics(s *page.State, in lang.In, home string) (list []topic) {
	for _, x := range serve.Told(s, feedLength) {
		t := topic{}
		if x.Incident != nil {
			t = incidentTopic(in, x.Incident, home)
		} else {
			t = windowTopic(in, x.Maintenance, home)
		}
		t.turn = x.Turn
		list = append(list, t)
	}
	return list
}

func incidentTopic(l lang.In, in *status.Incident, home string) topic {
	var names []string
	for _, a := range in.Services {
		names = append(names, a.Name)
	}
	link := home + "/incidents/" + in.ID
	t := topic{in: l, whole: post{
		ID: "urn:uuid:" + in.ID, Title: in.Title, Link: link, Published: utc(in.CreatedAt), Updated: utc(in.UpdatedAt),
		write: func(t *teller) string {
			entries, _ := t.incident(in)
			if in.Postmortem != "" && in.PostmortemAt != nil {
				if body, ok := t.tell(in.Postmortem); ok {
					entries = append([]entry{{Words: "Post-mortem", Body: body, At: *in.PostmortemAt,
						lang: lang.Postmortem.Of(in.Language, in.Translations)}}, entries...)
				}
			}
			return prose(l, entries, names, "")
		},
	}}
	if in.Postmortem != "" && in.PostmortemAt != nil {
		t.add(postmortemID(in.ID), "#learnt", "Post-mortem", in.Postmortem,
			lang.Postmortem.Of(in.Language, in.Translations), *in.PostmortemAt, names, "")
	}
	for i := len(in.Updates) - 1; i >= max(0, len(in.Updates)-feedLength); i-- {
		u := &in.Updates[i]
		id := u.ID
		if i == 0 {
			id = in.ID
		}
		t.add(id, "#u-"+u.ID, u.Status.Display(), u.Body, lang.Body.Of(in.Language, u.Translations), u.CreatedAt, names, "")
	}
	if len(in.Updates) == 0 {
		t.add(in.ID, "", in.Status.Display(), in.Description, lang.Description.Of(in.Language, in.Translations),
			in.CreatedAt, names, "")
	}
	return t
}

// postmortemID is that of the entry which tells what was learnt.
func postmortemID(incident string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(incident+"/postmortem")).String()
}

// add is one word about the topic, older than those that were added before. language is Attribute's.
func (t *topic) add(id, anchor, word, text, language string, at status.Time, names []string, planned string) {
	in := t.in
	p := post{ID: "urn:uuid:" + id, Title: in.Say(word) + ": " + t.whole.Title, Link: t.whole.Link + anchor,
		Published: utc(at), Updated: utc(at)}
	p.write = func(t *teller) string {
		t.Turn()
		body, _ := t.tell(text)
		return prose(in, []entry{{Words: word, Body: body, At: at, lang: language}}, names, planned)
	}
	t.words = append(t.words, p)
}

func windowTopic(l lang.In, m *status.Maintenance, home string) topic {
	var names []string
	for _, s := range m.Services {
		names = append(names, s.Name)
	}
	link := home + "/incidents/" + m.ID
	planned := inUTC.moment(l, "at", m.ScheduledFor) + " – " + inUTC.moment(l, "at", m.ScheduledUntil) + " UTC"
	t := topic{in: l, whole: post{
		ID: "urn:uuid:" + m.ID, Title: l.Say("Maintenance: {title}", "title", m.Title), Link: link,
		Published: utc(m.CreatedAt), Updated: utc(m.UpdatedAt),
		write: func(t *teller) string {
			about, entries, _ := t.window(m)
			if entries == nil {
				entries = []entry{t.plannedEntry(m, about)}
			}
			return prose(l, entries, names, planned)
		},
	}}
	for i := len(m.Updates) - 1; i >= max(0, len(m.Updates)-feedLength); i-- {
		u := &m.Updates[i]
		t.add(u.ID, "#u-"+u.ID, u.Status.Display(), u.Body, lang.Body.Of(m.Language, u.Translations), u.CreatedAt,
			names, planned)
	}
	t.add(m.ID, "", status.Scheduled.Display(), m.Description, lang.Description.Of(m.Language, m.Translations),
		m.CreatedAt, names, planned)
	return t
}

// inUTC is how feeds write times: a reader takes one text to people of all zones.
var inUTC = clock{time.UTC}

// prose is a timeline in the shape that readers of Statuspage's feeds know.
func prose(in lang.In, entries []entry, names []string, planned string) string {
	var b bytes.Buffer
	if planned != "" {
		b.WriteString("<p><strong>" + in.Say("Planned for {x}", "x", planned) + "</strong></p>\n")
	}
	for _, e := range entries {
		b.WriteString("<p><small>" + inUTC.moment(in, "at", e.At) + " UTC</small><br><strong>" +
			in.Say(e.Words) + "</strong></p>\n" + e.said())
	}
	if len(names) > 0 {
		affected := in.Say("Affected: {names}", "names", strings.Join(names, ", "))
		b.WriteString("<p>" + template.HTMLEscapeString(affected) + "</p>\n")
	}
	return b.String()
}

// said is what an entry says, with its language where that is not the feed's.
func (e entry) said() string {
	if e.lang == "" || e.Body == "" {
		return string(e.Body)
	}
	return "<div" + string(e.Lang()) + ` dir="auto">` + string(e.Body) + "</div>"
}
