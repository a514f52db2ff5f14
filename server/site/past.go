package site

import (
	"html/template"
	"sort"

	"statuspage/server/lang"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// pastSpan is how many days of the past stand on the page; the rest is in the history.
const pastSpan = 15

// pastDay is one day of a clock with what was over on it, or a run of days on which nothing was.
type pastDay struct {
	First, Last int64 // day numbers; Last is the later one
	Items       []pastItem
}

// pastItem is an incident, or maintenance that is over. It stands on the day on which it was over.
type pastItem struct {
	ID       string
	From, To status.Time // when it began, and when it was over: now while it is not
	Start    status.Time // From, or when it was to begin
	Verb     string      // of Start
	On       status.Time // a moment of the day on which it stands
	Link     string
	Title    string
	State    status.ServiceStatus // icon
	Words    string               // where it stands
	Took     string               // how long it lasted
	Was      string               // the worst that it did, where it is over
	Names    []string             // of services
	Latest   template.HTML        // the last word, once it is over
	latestIn string               // its language, where that is not the page's
	Learnt   bool                 // there is a post-mortem
	Why      string               // its time does not count as downtime
	Version  int64

	clock    clock
	incident *status.Incident // one of these, for its last word
	window   *status.Maintenance
}

// Over says that it is.
func (p pastItem) Over() bool { return p.window != nil || p.incident.ResolvedAt != nil }

// Lang is the attribute of one of its texts: "title", "excluded", "latest".
func (p pastItem) Lang(of string) template.HTMLAttr {
	switch {
	case of == "latest":
		return lang.Attribute(p.latestIn)
	case p.window != nil:
		return lang.Attribute(ownTexts[of].Of(p.window.Language, p.window.Translations))
	}
	return lang.Attribute(ownTexts[of].Of(p.incident.Language, p.incident.Translations))
}

// Ended is when it was over: the time of day, and the date where that is another day than the one on which it stands.
func (p pastItem) Ended() template.HTML {
	return element("until", p.To, p.clock.words(p.clock.beside(p.On, p.To), p.To), ` data-from="`+p.On.String()+`"`)
}

// Began is when it began, with its date unless it was over on the same day.
func (p pastItem) Began() template.HTML { return p.clock.until(p.On, p.Start) }

// tellLast writes the last word of each that is over.
func tellLast(items []pastItem, t *teller) []pastItem {
	for i := range items {
		switch item := &items[i]; {
		case item.window != nil:
			item.Latest, item.latestIn = t.lastWord(item.window)
		case item.incident.ResolvedAt != nil:
			item.Latest, item.latestIn = t.latest(item.incident)
		}
	}
	return items
}

// Label names the day or days.
func (d pastDay) Label() template.HTML {
	if d.First == d.Last {
		return date(d.Last)
	}
	first, last := utc(status.Time(d.First)*day), utc(status.Time(d.Last)*day)
	short := "2 January 2006"
	switch {
	case first.Year() == last.Year() && first.Month() == last.Month():
		short = "2"
	case first.Year() == last.Year():
		short = "2 January"
	}
	// In other languages the first one is written whole.
	return dated(d.First, short) + " – " + date(d.Last)
}

// ID names the day for a page that changes in place.
func (d pastDay) ID() string { return "d-" + wire.Date(d.Last) }

// pastView is a list of days. The script deals its items out anew to the days of the visitor's zone.
type pastView struct {
	Days     []pastDay
	From, To status.Time // days without anything are told between these; both are 0 where they are not told
}

// pastDays lists the last days, newest first; quiet ones in a row are one line.
func pastDays(s *page.State, path string, now status.Time) []pastDay {
	c := clockOf(&s.Org)
	items := latest(s, path, now)
	return byDay(c, tellLast(items, newTeller(len(items), c)), during(s, now), c.Day(pastFrom(s, now)), c.Day(now))
}

// latest are the items whose last change is in the last days.
func latest(s *page.State, path string, now status.Time) []pastItem {
	from, c := pastFrom(s, now), clockOf(&s.Org)
	var list []pastItem
	for i := range s.Incidents {
		if in := &s.Incidents[i]; !in.Active() && lastChange(in) >= from {
			list = append(list, incidentItem(in, path, c, now))
		}
	}
	for i := range s.Maintenances {
		if m := &s.Maintenances[i]; m.Over() && windowEnd(m) >= from {
			list = append(list, windowItem(m, path, c))
		}
	}
	return newestFirst(list)
}

func newestFirst(list []pastItem) []pastItem {
	sort.SliceStable(list, func(a, b int) bool {
		if list[a].On != list[b].On {
			return list[a].On > list[b].On
		}
		return list[a].From > list[b].From
	})
	return list
}

// pastFrom is where the days of the page begin.
func pastFrom(s *page.State, now status.Time) status.Time {
	c := clockOf(&s.Org)
	return c.midnight(max(c.Day(now)-pastSpan+1, c.Day(s.Org.CreatedAt)))
}

// lastChange is when something was last said of an incident that is over.
func lastChange(in *status.Incident) status.Time {
	at := lastEnd(in)
	if in.PostmortemAt != nil {
		at = max(at, *in.PostmortemAt)
	}
	return at
}

// windowEnd is when a window was over, or cancelled.
func windowEnd(m *status.Maintenance) status.Time {
	if m.CompletedAt != nil {
		return *m.CompletedAt
	}
	return m.ScheduledUntil
}

// windowBegin is when a window began; one that was cancelled before that has no length.
func windowBegin(m *status.Maintenance) status.Time {
	switch {
	case m.StartedAt != nil:
		return *m.StartedAt
	case m.Status == status.Cancelled:
		return windowEnd(m)
	}
	return m.ScheduledFor
}

// pastItems are those of both kinds that went on in [from, to), the newest end first. One that ended later stands on
// the last day.
func pastItems(incidents []status.Incident, windows []status.Maintenance, path string, c clock, from, to,
	now status.Time) []pastItem {
	var list []pastItem
	add := func(item pastItem) {
		if item.From < to && item.To >= from {
			item.On = min(item.To, to-1)
			list = append(list, item)
		}
	}
	for i := range incidents {
		add(incidentItem(&incidents[i], path, c, now))
	}
	for i := range windows {
		if m := &windows[i]; m.Over() {
			add(windowItem(m, path, c))
		}
	}
	return newestFirst(list)
}

func incidentItem(in *status.Incident, path string, c clock, now status.Time) pastItem {
	item := pastItem{
		ID: in.ID, From: in.CreatedAt, To: max(now, in.CreatedAt), Start: in.CreatedAt, Verb: "began",
		Link: path + "/incidents/" + in.ID, Title: in.Title, State: impactMood(in.Impact),
		Words: "Still open", Version: in.Version, Learnt: in.Postmortem != "", Why: in.Excluded, clock: c, incident: in,
	}
	if in.ResolvedAt != nil {
		item.Words, item.To, item.Took = in.Status.Display(), *in.ResolvedAt, lasted(in.CreatedAt, *in.ResolvedAt)
		if was := worst(in); was != status.Operational {
			item.Was = was.Display()
		}
	}
	for _, a := range in.Services {
		item.Names = append(item.Names, a.Name)
	}
	item.On = item.To
	return item
}

// worst is the worst that an incident did to any service.
func worst(in *status.Incident) status.ServiceStatus {
	out := status.Operational
	for _, a := range in.Services {
		out = status.Worse(out, in.Worst(a.ID))
	}
	return out
}

func windowItem(m *status.Maintenance, path string, c clock) pastItem {
	item := pastItem{
		ID: m.ID, From: windowBegin(m), To: windowEnd(m), Link: path + "/incidents/" + m.ID, Title: m.Title,
		State: status.UnderMaintenance,
		Words: windowWords(m), Version: m.Version, clock: c, window: m,
	}
	item.Start, item.Verb = item.From, "began"
	if m.StartedAt == nil && m.Status == status.Cancelled {
		item.Start, item.Verb = m.ScheduledFor, "planned for"
	}
	if m.StartedAt != nil && m.CompletedAt != nil {
		item.Took = lasted(*m.StartedAt, *m.CompletedAt)
	}
	for _, s := range m.Services {
		item.Names = append(item.Names, s.Name)
	}
	item.On = item.To
	return item
}

// windowWords say where a window stands.
func windowWords(m *status.Maintenance) string { return "Maintenance " + lower(m.Status.Display()) }

// during are the spans of a page in which something went on, whether or not it is over: a day in one of them was not
// quiet.
func during(s *page.State, now status.Time) (spans [][2]status.Time) {
	for i := range s.Incidents {
		in := &s.Incidents[i]
		end := now
		if in.ResolvedAt != nil {
			end = *in.ResolvedAt
		}
		spans = append(spans, [2]status.Time{in.CreatedAt, end})
	}
	for i := range s.Maintenances {
		switch m := &s.Maintenances[i]; {
		case m.Running():
			spans = append(spans, [2]status.Time{windowBegin(m), now})
		case m.Over():
			spans = append(spans, [2]status.Time{windowBegin(m), windowEnd(m)})
		}
	}
	return spans
}

// byDay gives each day its items; items are newest first and so are the days. From first to last, days on which nothing
// went on are told as well.
func byDay(c clock, items []pastItem, spans [][2]status.Time, first, last int64) []pastDay {
	busy := map[int64]bool{}
	for _, s := range spans {
		for d := max(c.Day(s[0]), first); d <= min(c.Day(s[1]), last); d++ {
			busy[d] = true
		}
	}
	if n := len(items); n > 0 {
		last = max(last, c.Day(items[0].On))
	}
	var list []pastDay
	for d := last; d >= first || len(items) > 0; d-- {
		var those []pastItem
		for len(items) > 0 && c.Day(items[0].On) >= d {
			those, items = append(those, items[0]), items[1:]
		}
		switch n := len(list); {
		case those != nil:
			list = append(list, pastDay{First: d, Last: d, Items: those})
		case busy[d] || d < first:
		case n > 0 && list[n-1].Items == nil && list[n-1].First == d+1:
			list[n-1].First = d
		default:
			list = append(list, pastDay{First: d, Last: d})
		}
	}
	return list
}

func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
