package web

import (
	"html/template"

	"statuspage/server/markdown"
	"statuspage/server/serve"
	"statuspage/server/visit"
	"statuspage/shared/fault"
	"statuspage/shared/status"
)

// newest is how many entries of a timeline stand on the page; the others are folded.
const newest = 3

// incidentView is an incident as it is read: newest word first.
type incidentView struct {
	*status.Incident
	Path    string
	State   status.ServiceStatus // its colour
	Latest  []entry
	Earlier []entry
	Took    string        // how long it lasted, or has lasted
	Learnt  template.HTML // the post-mortem
}

// entry is one word of a timeline.
type entry struct {
	ID    string
	Words string // the status it came with
	Body  template.HTML
	At    status.Time

	Edited *status.Time
	Moved  []status.Affected // services whose state it changed
}

func newIncidentView(in *status.Incident, path string, now status.Time) incidentView {
	end := now
	if in.ResolvedAt != nil {
		end = *in.ResolvedAt
	}
	v := incidentView{Incident: in, Path: path, State: impactMood(in.Impact), Took: lasted(in.CreatedAt, end)}
	v.Latest, v.Earlier = fold(incidentEntries(in))
	if in.Postmortem != "" {
		v.Learnt = markdown.HTML(in.Postmortem)
	}
	return v
}

func incidentEntries(in *status.Incident) []entry {
	list := make([]entry, 0, len(in.Updates)+1)
	for i := len(in.Updates) - 1; i >= 0; i-- {
		u := &in.Updates[i]
		e := entry{ID: u.ID, Words: u.Status.Display(), Body: markdown.HTML(u.Body), At: u.CreatedAt, Edited: u.EditedAt}
		if i > 0 { // what the first one affects stands at the top
			e.Moved = u.Services
		}
		list = append(list, e)
	}
	if len(list) == 0 {
		list = append(list, entry{ID: in.ID, Words: in.Status.Display(), Body: markdown.HTML(in.Description), At: in.CreatedAt})
	}
	return list
}

func fold(list []entry) (latest, earlier []entry) {
	if len(list) <= newest+1 {
		return list, nil
	}
	return list[:newest], list[newest:]
}

// Link is the permanent address.
func (v incidentView) Link() string { return v.Path + "/incidents/" + v.ID }

// entryView is an incident or a window on a page of its own.
type entryView struct {
	head
	Seq      int64
	Epoch    string
	Incident *incidentView
	Window   *windowView
	Live     bool // more may come
}

// incident is the permanent page of an incident, or of a window: both have their address here, as with Statuspage.
func (s *site) incident(v *visit.Visit) error {
	id := v.Ctx.Params("id")
	if !status.ValidID(id) {
		return fault.New(fault.NotFound, "There is no such incident.")
	}
	if in, there := v.State.Incident(id); there {
		return s.keepEntry(v, id, &entryView{Incident: ptr(newIncidentView(in, v.Path, s.now())), Live: in.Active()}, in.Title)
	}
	if m, there := v.State.Maintenance(id); there {
		return s.keepEntry(v, id, &entryView{Window: ptr(newWindowView(m, v.Path)), Live: !m.Over()}, m.Title)
	}
	return s.olderEntry(v, id)
}

// keepEntry renders once for this state of the page.
func (s *site) keepEntry(v *visit.Visit, id string, view *entryView, title string) error {
	doc, err := v.Doc(key(v, "incident/"+id), fresh, func() (string, []byte, error) { return s.renderEntry(v, view, title) })
	if err != nil {
		return err
	}
	return serve.Doc(v.Ctx, doc)
}

// olderEntry is rendered for each request: there may be more of them than memory should hold.
func (s *site) olderEntry(v *visit.Visit, id string) error {
	ctx, org := v.Ctx.UserContext(), v.State.Org.ID
	in, err := s.History.Incident(ctx, org, id)
	if err == nil {
		return serveOnce(v.Ctx)(s.renderEntry(v, &entryView{Incident: ptr(newIncidentView(in, v.Path, s.now()))}, in.Title))
	}
	if !notFound(err) {
		return err
	}
	m, err := s.History.Maintenance(ctx, org, id)
	if err != nil {
		return err
	}
	return serveOnce(v.Ctx)(s.renderEntry(v, &entryView{Window: ptr(newWindowView(m, v.Path))}, m.Title))
}

func (s *site) renderEntry(v *visit.Visit, view *entryView, title string) (string, []byte, error) {
	view.head, view.Seq, view.Epoch = s.head(v, title+" – "+v.State.Org.Name+" Status"), v.State.Seq, v.Epoch
	if i := view.Incident; i != nil { // here the whole timeline stands open
		i.Latest, i.Earlier = append(i.Latest[:len(i.Latest):len(i.Latest)], i.Earlier...), nil
	}
	return render("entry", view)
}

func ptr[T any](x T) *T { return &x }
