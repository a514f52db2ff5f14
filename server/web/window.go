package web

import (
	"html/template"

	"statuspage/server/markdown"
	"statuspage/shared/status"
)

// windowView is planned maintenance as it is read.
type windowView struct {
	*status.Maintenance
	Path    string
	About   template.HTML
	Entries []entry // newest first, down to the plan; none while nothing has happened
}

func newWindowView(m *status.Maintenance, path string) windowView {
	v := windowView{Maintenance: m, Path: path, About: markdown.HTML(m.Description)}
	for i := len(m.Updates) - 1; i >= 0; i-- {
		u := &m.Updates[i]
		v.Entries = append(v.Entries, entry{ID: u.ID, Words: u.Status.Display(), Body: markdown.HTML(u.Body), At: u.CreatedAt})
	}
	if v.Entries != nil {
		v.Entries = append(v.Entries, entry{ID: m.ID, Words: status.Scheduled.Display(), Body: v.About, At: m.CreatedAt})
	}
	return v
}

// Link is the permanent address.
func (v windowView) Link() string { return v.Path + "/incidents/" + v.ID }

// From and Until are the window, as planned.
func (v windowView) From() template.HTML  { return start(v.ScheduledFor) }
func (v windowView) Until() template.HTML { return until(v.ScheduledFor, v.ScheduledUntil) }
