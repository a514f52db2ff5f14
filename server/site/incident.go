package site

import (
	"html/template"
	"strconv"
	"strings"

	"statuspage/server/lang"
	"statuspage/server/site/serve"
	"statuspage/server/site/visit"
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
	More    int               // still older ones, which stand on the incident's own page
	Took    string            // how long it lasted, or has lasted
	Learnt  template.HTML     // the post-mortem
	Reports string            // the slug of the page, while it takes reports of it; else ""
	Was     []status.Affected // once it is over: each service in the worst state that the incident held it in
}

// entry is one word of a timeline.
type entry struct {
	ID    string
	Words string // the status it came with
	Body  template.HTML
	At    status.Time

	Edited *status.Time
	clock  clock
	Moved  []status.Affected // services whose state it changed
	lang   string            // of Body, where that is not the page's
}

// Lang is the attribute of what it says.
func (e entry) Lang() template.HTMLAttr { return lang.Attribute(e.lang) }

func newIncidentView(in *status.Incident, v *visit.Visit, now status.Time) incidentView {
	end := now
	if in.ResolvedAt != nil {
		end = *in.ResolvedAt
	}
	view := incidentView{Incident: in, Path: v.Path, Reports: reportsTo(&v.State.Org),
		State: impactMood(in.Impact), Took: lasted(in.CreatedAt, end)}
	if in.ResolvedAt != nil {
		view.State, view.Reports = "", "" // nothing is wrong any more
		for _, a := range in.Services {
			a.To = in.Worst(a.ID)
			view.Was = append(view.Was, a)
		}
	}
	return view
}

// Ago is when it was said.
func (e entry) Ago() template.HTML { return e.clock.Stamp("ago", e.At) }

func fold(list []entry) (latest, earlier []entry) {
	if len(list) <= newest+1 {
		return list, nil
	}
	return list[:newest], list[newest:]
}

// Lang is the attribute of one of the incident's own texts: "title", "postmortem", "excluded".
func (v incidentView) Lang(of string) template.HTMLAttr {
	return lang.Attribute(ownTexts[of].Of(v.Language, v.Translations))
}

// ownTexts are the texts of incidents and windows, as templates name them.
var ownTexts = map[string]lang.Text{"title": lang.Title, "description": lang.Description, "postmortem": lang.Postmortem,
	"excluded": lang.Excluded}

// Link is the permanent address.
func (v incidentView) Link() string { return v.Path + "/incidents/" + v.ID }

// entryView is an incident or a window on a page of its own.
type entryView struct {
	head
	Seq          int64
	Epoch        string
	Incident     *incidentView
	Window       *windowView
	Live         bool   // more may come
	Newer, Older string // addresses of the other parts of a long timeline, or ""
}

// summary is how it stands and its last word, for those who show a link to it.
func (e *entryView) summary() string {
	if in := e.Incident; in != nil {
		text := in.Description
		if n := len(in.Updates); n > 0 && in.Updates[n-1].Body != "" {
			text = in.Updates[n-1].Body
		}
		return e.In.Say(in.Status.Display()) + ": " + brief(text)
	}
	m := e.Window
	return e.In.Say(windowWords(m.Maintenance)) + ", " + m.clock.moment(e.In, "at", m.ScheduledFor) + " – " +
		m.clock.moment(e.In, "at", m.ScheduledUntil) + " " + m.clock.abbreviation(m.ScheduledUntil) + ": " +
		brief(m.Description)
}

// brief is the beginning of a text in one line.
func brief(text string) string {
	return serve.Brief(strings.Join(strings.Fields(text), " "), maxBrief)
}

// maxBrief is how many bytes of a text stand in the description of a link.
const maxBrief = 200

// incident is the permanent page of an incident, or of a window: both have their address here, as with Statuspage.
func (s *site) incident(v *visit.Visit) error {
	id := v.Ctx.Params("id")
	part, err := strconv.Atoi(v.Ctx.Query("page", "1"))
	if !status.ValidID(id) || err != nil || part < 1 {
		return noIncident()
	}
	if in, there := v.State.Incident(id); there {
		return s.keepEntry(v, id, part, func() (*entryView, error) { return s.incidentPart(v, in, part) })
	}
	if m, there := v.State.Maintenance(id); there {
		return s.keepEntry(v, id, part, func() (*entryView, error) { return s.windowPart(v, m, part) })
	}
	return s.olderEntry(v, id, part)
}

func noIncident() error { return fault.New(fault.NotFound, "There is no such incident.") }

// keepEntry renders once for this state of the page.
func (s *site) keepEntry(v *visit.Visit, id string, part int, make func() (*entryView, error)) error {
	doc, err := v.Doc(key(v, "incident/"+id+"/"+strconv.Itoa(part)), fresh, func() (string, []byte, error) {
		return renderEntry(v.Language(), make)
	})
	if err != nil {
		return err
	}
	return serve.Doc(v.Ctx, doc)
}

// olderEntry is rendered for each request: there may be more of them than memory should hold.
func (s *site) olderEntry(v *visit.Visit, id string, part int) error {
	in, err := s.olderIncident(v, id)
	if err == nil {
		return serveOnce(v.Ctx)(renderEntry(v.Language(),
			func() (*entryView, error) { return s.incidentPart(v, in, part) }))
	}
	if !notFound(err) {
		return err
	}
	m, err := s.olderWindow(v, id)
	if err != nil {
		return err
	}
	return serveOnce(v.Ctx)(renderEntry(v.Language(), func() (*entryView, error) { return s.windowPart(v, m, part) }))
}

// olderIncident is one that has left memory, as this page may show it.
func (s *site) olderIncident(v *visit.Visit, id string) (*status.Incident, error) {
	in, err := s.History.Incident(v.Ctx.UserContext(), v.State.Org.ID, id)
	if err != nil {
		return nil, err
	}
	if seen := v.Incidents([]status.Incident{*in}); len(seen) > 0 {
		return &seen[0], nil
	}
	return nil, noIncident()
}

// olderWindow is olderIncident of planned maintenance.
func (s *site) olderWindow(v *visit.Visit, id string) (*status.Maintenance, error) {
	m, err := s.History.Maintenance(v.Ctx.UserContext(), v.State.Org.ID, id)
	if err != nil {
		return nil, err
	}
	if seen := v.Maintenances([]status.Maintenance{*m}); len(seen) > 0 {
		return &seen[0], nil
	}
	return nil, fault.New(fault.NotFound, "There is no such maintenance.") // as of one that is nowhere
}

// renderEntry writes an entry in a language.
func renderEntry(in lang.In, make func() (*entryView, error)) (string, []byte, error) {
	view, err := make()
	if err != nil {
		return "", nil, err
	}
	return render(in, "entry", view)
}

// incidentPart is one part of an incident's timeline, which stands open here.
func (s *site) incidentPart(v *visit.Visit, in *status.Incident, part int) (*entryView, error) {
	from, to, more, ok := serve.Portion(len(in.Updates), part, func(i int) int { return len(in.Updates[i].Body) })
	if !ok {
		return nil, noIncident()
	}
	in = v.Language().Incident(in, &v.State.Org)
	view, t := ptr(newIncidentView(in, v, s.now())), newTeller(1, clockOf(&v.State.Org))
	for i := to - 1; i >= from; i-- {
		view.Latest = append(view.Latest, t.updateEntry(in, i, t.mark(in.Updates[i].Body)))
	}
	if len(in.Updates) == 0 {
		view.Latest = []entry{t.openedEntry(in, t.mark(in.Description))}
	}
	if part == 1 {
		view.Learnt = t.mark(in.Postmortem)
	}
	return s.part(v, &entryView{Incident: view, Live: in.Active() && part == 1}, view.Link(), in.Title, part, more), nil
}

// windowPart is the same of planned maintenance. Its own text ends the timeline.
func (s *site) windowPart(v *visit.Visit, m *status.Maintenance, part int) (*entryView, error) {
	from, to, more, ok := serve.Portion(len(m.Updates), part, func(i int) int { return len(m.Updates[i].Body) })
	if !ok {
		return nil, noIncident()
	}
	m = v.Language().Maintenance(m, &v.State.Org)
	view, t := windowView{Maintenance: m, Path: v.Path, clock: clockOf(&v.State.Org), now: s.now()},
		newTeller(1, clockOf(&v.State.Org))
	for i := to - 1; i >= from; i-- {
		view.Entries = append(view.Entries, t.stepEntry(m, i, t.mark(m.Updates[i].Body)))
	}
	if !more {
		if view.About = t.mark(m.Description); view.Entries != nil {
			view.Entries = append(view.Entries, t.plannedEntry(m, view.About))
		}
	}
	return s.part(v, &entryView{Window: &view, Live: !m.Over() && part == 1}, view.Link(), m.Title, part, more), nil
}

func (s *site) part(v *visit.Visit, view *entryView, link, title string, part int, more bool) *entryView {
	view.head, view.Seq, view.Epoch = s.head(v, title), v.State.Seq, v.Epoch
	view.Kind = "article"
	if in := view.Incident; in != nil && in.Active() {
		view.Offer = "?incident=" + in.ID
	}
	if view.About = view.summary(); part == 1 {
		view.Canonical = s.address(v, strings.TrimPrefix(link, v.Path))
	} else {
		view.Canonical = s.address(v, strings.TrimPrefix(link, v.Path)+"?page="+strconv.Itoa(part))
	}
	if view.Picture = ""; view.Canonical != "" {
		view.Picture = s.pictured(v, strings.TrimPrefix(link, v.Path))
	}
	view.Linked = view.linked()
	if part > 1 {
		view.Query = "page=" + strconv.Itoa(part) + "&"
	}
	if more {
		view.Older = link + "?page=" + strconv.Itoa(part+1)
	}
	if part == 2 {
		view.Newer = link
	} else if part > 2 {
		view.Newer = link + "?page=" + strconv.Itoa(part-1)
	}
	return view
}

func ptr[T any](x T) *T { return &x }
