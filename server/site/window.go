package site

import (
	"html/template"

	"statuspage/server/lang"
	"statuspage/shared/status"
)

// windowView is planned maintenance as it is read.
type windowView struct {
	*status.Maintenance
	Path    string
	About   template.HTML
	Entries []entry // newest first, down to the plan; none while nothing has happened
	More    int     // older ones, which stand on the window's own page
	clock   clock
	now     status.Time
}

func newWindowView(m *status.Maintenance, path string, t *teller, now status.Time) windowView {
	v := windowView{Maintenance: m, Path: path, clock: t.clock, now: now}
	v.About, v.Entries, v.More = t.window(m)
	return v
}

// Lang is the attribute of one of the window's own texts: "title", "description".
func (v windowView) Lang(of string) template.HTMLAttr {
	return lang.Attribute(ownTexts[of].Of(v.Language, v.Translations))
}

// Link is the permanent address.
func (v windowView) Link() string { return v.Path + "/incidents/" + v.ID }

// From and Until are the window, as planned.
func (v windowView) From() template.HTML  { return v.clock.start(v.ScheduledFor) }
func (v windowView) Until() template.HTML { return v.clock.until(v.ScheduledFor, v.ScheduledUntil) }

// Lasts is how long it is planned to last.
func (v windowView) Lasts() string { return lasted(v.ScheduledFor, v.ScheduledUntil) }

// Soon says how far away its beginning is, or its end once it has begun; "" when it is over, or late.
func (v windowView) Soon() template.HTML {
	at, verb := v.ScheduledFor, "begins "
	if v.Running() {
		at, verb = v.ScheduledUntil, "ends "
	}
	if v.Over() || at <= v.now {
		return ""
	}
	// #nosec G203 -- made of digits and our own words
	return template.HTML(verb) + element("ago", at, "in "+about(v.now, at), "")
}

// Calendar is where a calendar program finds this one; "" when it is over.
func (v windowView) Calendar() string {
	if v.Over() {
		return ""
	}
	return v.Path + "/calendar.ics?window=" + v.ID
}

// Began is when it began, for the script's days; "" before that.
func (v windowView) Began() string {
	if m := v.Maintenance; m.Running() {
		return windowBegin(m).String()
	}
	return ""
}
