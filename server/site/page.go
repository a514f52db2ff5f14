package site

import (
	"html/template"
	"sort"
	"time"

	"statuspage/server/site/serve"
	"statuspage/server/site/visit"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// pageView is the public page.
type pageView struct {
	head
	Seq      int64
	Epoch    string
	Words    string               // the state of everything
	Worst    status.ServiceStatus // of a service: the colour of the words; "" is no service
	Since    *status.Time
	Pinned   template.HTML // what the organisation wants everybody to read first
	Lagging  *status.Time  // when this region last heard from the primary, where that is too long ago
	Active   []incidentView
	Running  []windowView
	Blocks   []block
	Planned  []windowView
	Blocked  []template.HTML // what the nouns with blocks of their own show
	Past     pastView
	Services int
}

// page is the public page.
func (s *site) page(v *visit.Visit) error {
	_, stale, heard := s.age(v)
	name := "page"
	if stale {
		name = "page/stale"
	}
	doc, err := v.Doc(key(v, name), fresh, func() (string, []byte, error) {
		return render(v.Language(), "page", s.pageView(v, stale, heard))
	})
	if err != nil {
		return err
	}
	if !stale {
		serve.Keep(v.Ctx, v.Page, doc.Made.Add(fresh))
	}
	return serve.Doc(v.Ctx, doc)
}

func (s *site) pageView(v *visit.Visit, stale bool, heard time.Time) *pageView {
	state := v.Told()
	_, words := summary(state)
	view := &pageView{
		head: s.head(v, v.Language().Say(words)), Seq: state.Seq, Epoch: v.Epoch, Words: words,
		Services: len(state.Services),
		Blocks:   blocks(state.Services, v.Path, s.now(), state.Org.UptimeWeights()),
	}
	view.Blocked = ownBlocks(state)
	tellDays(view.Blocks, state, v.Path, s.now())
	view.Worst = worstOf(state.Services)
	past := latest(state, v.Path, s.now())
	tell := newTeller(ongoing(state)+len(past), view.Zone)
	view.Pinned = tell.mark(state.Org.Announced(s.now()))
	if at, known := since(state.Services); known {
		view.Since = &at
	}
	if stale {
		at := moment(heard)
		view.Lagging = &at
	}
	for i := range state.Incidents {
		if in := &state.Incidents[i]; in.Active() {
			view.Active = append(view.Active, newIncidentView(in, v, s.now()))
		}
	}
	sort.SliceStable(view.Active, func(a, b int) bool { return view.Active[a].UpdatedAt > view.Active[b].UpdatedAt })
	for i := range view.Active {
		in := &view.Active[i]
		entries, more := tell.incident(in.Incident)
		in.Latest, in.Earlier = fold(entries)
		in.More = more
	}
	// The state lists windows newest first; a visitor wants the next one first.
	for i := len(state.Maintenances) - 1; i >= 0; i-- {
		switch m := &state.Maintenances[i]; {
		case m.Running():
			view.Running = append(view.Running, newWindowView(m, v.Path, tell, s.now()))
		case m.Status == status.Scheduled:
			view.Planned = append(view.Planned, newWindowView(m, v.Path, tell, s.now()))
		}
	}
	from := pastFrom(state, s.now())
	view.Past = pastView{byDay(view.Zone, tellLast(past, tell), during(state, s.now()), view.Zone.Day(from),
		view.Zone.Day(s.now())), from, s.now()}
	return view
}

// ongoing counts what the page tells of beside the past.
func ongoing(s *page.State) (n int) {
	for i := range s.Incidents {
		if s.Incidents[i].Active() {
			n++
		}
	}
	for i := range s.Maintenances {
		if !s.Maintenances[i].Over() {
			n++
		}
	}
	return n
}
