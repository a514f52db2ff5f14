package site

import (
	"html/template"

	"statuspage/server/lang"
	"statuspage/server/site/serve"
	"statuspage/shared/page"
	"statuspage/shared/status"
)

// Limits of what days tell of incidents, so that a page of many long ones stays small.
const (
	maxReferences = 400 // on a page, the newest incidents first
	maxOfDay      = 3   // beside one day of a service
	maxTitle      = 80  // bytes of a title
)

// reference leads to an incident or a window.
type reference struct {
	ID, Link, Title string
	Lang            template.HTMLAttr // of the title
}

// references are those of each service and UTC day.
type references struct {
	of   map[string]map[int64][]reference
	left int
}

// tellDays says of each bad day what did it.
func tellDays(list []block, s *page.State, path string, now status.Time) {
	refs := &references{map[string]map[int64][]reference{}, maxReferences}
	first := now.DayNumber() - span + 1
	for i := range s.Incidents {
		in := &s.Incidents[i]
		end := now
		if in.ResolvedAt != nil {
			end = *in.ResolvedAt
		}
		to := reference{in.ID, path + "/incidents/" + in.ID, serve.Brief(in.Title, maxTitle),
			lang.Attribute(lang.Title.Of(in.Language, in.Translations))}
		for _, a := range in.Services {
			refs.add(a.ID, to, max(in.CreatedAt.DayNumber(), first), end.DayNumber())
		}
	}
	for i := range s.Maintenances {
		m := &s.Maintenances[i]
		if m.StartedAt == nil {
			continue
		}
		end := now
		if m.Over() {
			end = windowEnd(m)
		}
		to := reference{m.ID, path + "/incidents/" + m.ID, serve.Brief(m.Title, maxTitle),
			lang.Attribute(lang.Title.Of(m.Language, m.Translations))}
		for _, svc := range m.Services {
			refs.add(svc.ID, to, max(m.StartedAt.DayNumber(), first), end.DayNumber())
		}
	}
	for i := range list {
		refs.tell(&list[i])
	}
}

func (r *references) add(service string, to reference, first, last int64) {
	days := r.of[service]
	if days == nil {
		days = map[int64][]reference{}
		r.of[service] = days
	}
	for d := last; d >= first && r.left > 0; d-- {
		if len(days[d]) < maxOfDay {
			days[d] = append(days[d], to)
			r.left--
		}
	}
}

// tell gives a block's services what did their bad days, and the group what did its members'.
func (r *references) tell(b *block) {
	together := map[int64][]reference{}
	for i := range b.Member {
		m := &b.Member[i]
		days := r.of[m.ID]
		for k := range m.Strip.Trouble {
			bad := &m.Strip.Trouble[k]
			bad.Of = days[bad.Day]
			for _, ref := range bad.Of {
				if list := together[bad.Day]; len(list) < maxOfDay && !contains(list, ref.ID) {
					together[bad.Day] = append(list, ref)
				}
			}
		}
	}
	for k := range b.Strip.Trouble {
		bad := &b.Strip.Trouble[k]
		bad.Of = together[bad.Day]
	}
}

func contains(list []reference, id string) bool {
	for i := range list {
		if list[i].ID == id {
			return true
		}
	}
	return false
}
