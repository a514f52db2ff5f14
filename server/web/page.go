package web

import (
	"html/template"
	"sort"
	"time"

	"statuspage/server/markdown"
	"statuspage/server/serve"
	"statuspage/server/visit"
	"statuspage/shared/status"
)

// pageView is the public page.
type pageView struct {
	head
	Seq      int64
	Epoch    string
	Words    string // the state of everything
	Since    *status.Time
	Pinned   template.HTML // what the organisation wants everybody to read first
	Lagging  *status.Time  // when this region last heard from the primary, where that is too long ago
	Active   []incidentView
	Running  []windowView
	Blocks   []block
	Planned  []windowView
	Past     []pastDay
	Services int
}

// page is the public page.
func (s *site) page(v *visit.Visit) error {
	_, stale, heard := s.Lag()
	name := "page"
	if stale {
		name = "page/stale"
	}
	doc, err := v.Doc(key(v, name), fresh, func() (string, []byte, error) {
		return render("page", s.pageView(v, stale, heard))
	})
	if err != nil {
		return err
	}
	return serve.Doc(v.Ctx, doc)
}

func (s *site) pageView(v *visit.Visit, stale bool, heard time.Time) *pageView {
	state := &v.State
	_, words := summary(state)
	view := &pageView{
		head: s.head(v, words+" – "+state.Org.Name+" Status"), Seq: state.Seq, Epoch: v.Epoch, Words: words, Services: len(state.Services),
		Blocks: blocks(state.Services, s.now(), state.Org.UptimeWeights()), Past: pastDays(state, v.Path, s.now()),
	}
	if text := state.Org.Announced(s.now()); text != "" {
		view.Pinned = markdown.HTML(text)
	}
	if at, known := since(state.Services); known {
		view.Since = &at
	}
	if stale {
		at := moment(heard)
		view.Lagging = &at
	}
	for i := range state.Incidents {
		if in := &state.Incidents[i]; in.Active() {
			view.Active = append(view.Active, newIncidentView(in, v.Path, s.now()))
		}
	}
	sort.SliceStable(view.Active, func(a, b int) bool { return view.Active[a].UpdatedAt > view.Active[b].UpdatedAt })
	for i := range state.Maintenances {
		switch m := &state.Maintenances[i]; {
		case m.Running():
			view.Running = append(view.Running, newWindowView(m, v.Path))
		case m.Status == status.Scheduled:
			// The state lists windows newest first; a visitor wants the next one first.
			view.Planned = append([]windowView{newWindowView(m, v.Path)}, view.Planned...)
		}
	}
	return view
}
