package web

import (
	"html/template"
	"sort"

	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// pastSpan is how many days of the past stand on the page; the rest is in the history.
const pastSpan = 15

// pastDay is one UTC day with what began on it, or a run of days on which nothing did.
type pastDay struct {
	First, Last int64 // day numbers; Last is the later one
	Items       []pastItem
}

// pastItem is an incident, or maintenance that is over.
type pastItem struct {
	ID      string
	At      status.Time // when it began
	Link    string
	Title   string
	State   status.ServiceStatus // colour and icon
	Words   string               // where it stands
	Took    string               // how long it lasted
	Names   []string             // of services
	Latest  template.HTML        // the last word, once it is over
	Learnt  bool                 // there is a post-mortem
	Why     string               // its time does not count as downtime
	Version int64
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
	return template.HTML(first.Format(short)+" – ") + date(d.Last) // #nosec G203 -- made of digits and our own words
}

// ID names the day for a page that changes in place.
func (d pastDay) ID() string { return "d-" + wire.Date(d.Last) }

// pastDays lists the last days, newest first; quiet ones in a row are one line.
func pastDays(s *page.State, path string, now status.Time) []pastDay {
	today := now.DayNumber()
	from := status.Time(today-pastSpan+1) * day
	if born := s.Org.CreatedAt; born > from {
		from = status.Time(born.DayNumber()) * day
	}
	return byDay(pastItems(s.Incidents, s.Maintenances, path, from, now+1), from.DayNumber(), today)
}

// pastItems are those of both kinds that began in [from, to), newest first.
func pastItems(incidents []status.Incident, windows []status.Maintenance, path string, from, to status.Time) []pastItem {
	var list []pastItem
	for i := range incidents {
		if in := &incidents[i]; in.CreatedAt >= from && in.CreatedAt < to {
			list = append(list, incidentItem(in, path))
		}
	}
	for i := range windows {
		if m := &windows[i]; m.Over() && m.ScheduledFor >= from && m.ScheduledFor < to {
			list = append(list, windowItem(m, path))
		}
	}
	sort.SliceStable(list, func(a, b int) bool { return list[a].At > list[b].At })
	return list
}

func incidentItem(in *status.Incident, path string) pastItem {
	item := pastItem{
		ID: in.ID, At: in.CreatedAt, Link: path + "/incidents/" + in.ID, Title: in.Title, State: impactMood(in.Impact),
		Words: "Still open", Version: in.Version, Learnt: in.Postmortem != "", Why: in.Excluded,
	}
	if in.ResolvedAt != nil {
		item.Words, item.Took, item.Latest = in.Status.Display(), lasted(in.CreatedAt, *in.ResolvedAt), incidentEntries(in)[0].Body
	}
	for _, a := range in.Services {
		item.Names = append(item.Names, a.Name)
	}
	return item
}

func windowItem(m *status.Maintenance, path string) pastItem {
	v := newWindowView(m, path)
	item := pastItem{
		ID: m.ID, At: m.ScheduledFor, Link: v.Link(), Title: m.Title, State: status.UnderMaintenance,
		Words: "Maintenance " + lower(m.Status.Display()), Latest: v.About, Version: m.Version,
	}
	if len(v.Entries) > 0 && v.Entries[0].Body != "" {
		item.Latest = v.Entries[0].Body
	}
	if m.StartedAt != nil && m.CompletedAt != nil {
		item.Took = lasted(*m.StartedAt, *m.CompletedAt)
	}
	for _, s := range m.Services {
		item.Names = append(item.Names, s.Name)
	}
	return item
}

// byDay gives each day its items; items are newest first and so are the days.
func byDay(items []pastItem, first, last int64) []pastDay {
	var list []pastDay
	for d := last; d >= first; d-- {
		var those []pastItem
		for len(items) > 0 && items[0].At.DayNumber() == d {
			those, items = append(those, items[0]), items[1:]
		}
		if n := len(list); n > 0 && those == nil && list[n-1].Items == nil {
			list[n-1].First = d
			continue
		}
		list = append(list, pastDay{First: d, Last: d, Items: those})
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
