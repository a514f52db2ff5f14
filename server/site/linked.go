package site

import (
	"encoding/json"
	"html/template"

	"statuspage/server/lang"
	"statuspage/server/site/serve"
	"statuspage/shared/status"
)

// What programs read of a permalink: an incident is a live blog, and a window an event (schema.org, as JSON-LD).
const (
	maxLinked     = 20  // updates, the newest
	maxLinkedText = 500 // bytes of each
)

type linkedThing struct {
	Type string `json:"@type"`
	Name string `json:"name,omitempty"`
	URL  string `json:"url,omitempty"`
}

type linkedUpdate struct {
	Type      string `json:"@type"`
	Headline  string `json:"headline"`
	Text      string `json:"articleBody,omitempty"`
	Published string `json:"datePublished"`
}

type linked struct {
	Context     string         `json:"@context"`
	Type        string         `json:"@type"`
	Headline    string         `json:"headline,omitempty"`
	Name        string         `json:"name,omitempty"`
	Description string         `json:"description"`
	Language    string         `json:"inLanguage,omitempty"`
	URL         string         `json:"url,omitempty"`
	Image       string         `json:"image,omitempty"`
	Published   string         `json:"datePublished,omitempty"`
	Modified    string         `json:"dateModified,omitempty"`
	Begins      string         `json:"coverageStartTime,omitempty"`
	Ends        string         `json:"coverageEndTime,omitempty"`
	Start       string         `json:"startDate,omitempty"`
	End         string         `json:"endDate,omitempty"`
	Standing    string         `json:"eventStatus,omitempty"`
	Attendance  string         `json:"eventAttendanceMode,omitempty"`
	Place       *linkedThing   `json:"location,omitempty"`
	Organizer   *linkedThing   `json:"organizer,omitempty"`
	Publisher   *linkedThing   `json:"publisher,omitempty"`
	About       []linkedThing  `json:"about,omitempty"`
	Updates     []linkedUpdate `json:"liveBlogUpdate,omitempty"`
}

// linked is what a permalink says to programs.
func (e *entryView) linked() template.JS {
	org := &linkedThing{"Organization", e.Org.Name, e.Org.URL}
	out := linked{Context: "https://schema.org", Description: e.About, Language: string(e.In), URL: e.Canonical,
		Image: e.Picture}
	if e.Incident != nil {
		out.Language = or(lang.Title.Of(e.Incident.Language, e.Incident.Translations), out.Language)
		out.ofIncident(e.In, e.Incident.Incident, org)
	} else {
		out.Language = or(lang.Title.Of(e.Window.Language, e.Window.Translations), out.Language)
		out.ofWindow(e.Window.Maintenance, org)
	}
	text, err := json.Marshal(out) // writes <, > and & so that they end no element
	if err != nil {
		return "{}" // there is nothing in it that cannot be written
	}
	return template.JS(text) // #nosec G203 -- JSON, as just said
}

func (l *linked) ofIncident(tongue lang.In, in *status.Incident, org *linkedThing) {
	l.Type, l.Headline, l.Publisher = "LiveBlogPosting", in.Title, org
	l.Published, l.Begins, l.Modified = in.CreatedAt.String(), in.CreatedAt.String(), in.UpdatedAt.String()
	if in.ResolvedAt != nil {
		l.Ends = in.ResolvedAt.String()
	}
	l.About = linkedServices(len(in.Services), func(i int) string { return in.Services[i].Name })
	for i := len(in.Updates) - 1; i >= max(0, len(in.Updates)-maxLinked); i-- {
		u := &in.Updates[i]
		l.Updates = append(l.Updates, linkedUpdate{"BlogPosting", tongue.Say(u.Status.Display()),
			serve.Brief(u.Body, maxLinkedText),
			u.CreatedAt.String()})
	}
}

func (l *linked) ofWindow(m *status.Maintenance, org *linkedThing) {
	l.Type, l.Name, l.Organizer = "Event", m.Title, org
	l.Start, l.End = m.ScheduledFor.String(), m.ScheduledUntil.String()
	l.Standing, l.Attendance = "https://schema.org/EventScheduled", "https://schema.org/OnlineEventAttendanceMode"
	if m.Status == status.Cancelled {
		l.Standing = "https://schema.org/EventCancelled"
	}
	l.Place = &linkedThing{"VirtualLocation", "", l.URL}
	l.About = linkedServices(len(m.Services), func(i int) string { return m.Services[i].Name })
}

func linkedServices(n int, name func(int) string) (list []linkedThing) {
	for i := range min(n, maxLinked) {
		list = append(list, linkedThing{"Service", name(i), ""})
	}
	return list
}
