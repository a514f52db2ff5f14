package statuspagev2

import (
	"cmp"
	"slices"

	"statuspage/server/site/serve"
	"statuspage/shared/page"
	"statuspage/shared/status"
	"statuspage/shared/wire"
)

// writer writes one state of a page in Statuspage's words and order.
type writer struct {
	s    *page.State
	home string // absolute address of the page
	ids  naming
	all  []component
	at   map[string]int // service id → where it stands in all
	room *serve.Room    // for the texts of the list that is written
	// bytes for descriptions of components, each of which stands beside every incident that is about it
	left int
}

func newWriter(s *page.State, home string) *writer {
	w := &writer{s: s, home: home, ids: newNaming(s, shortID), all: tree(s.Services), at: map[string]int{},
		left: serve.MaxJSON / 2}
	for i, c := range w.all {
		if c.svc != nil {
			w.at[c.svc.ID] = i
		}
	}
	return w
}

func (w *writer) page(f *wire.Fields) {
	wire.One(f, "page", &w.s.Org, func(o *page.Org, f *wire.Fields) {
		f.Derived("id", w.ids[o.ID])
		f.Derived("name", o.Name)
		f.Derived("url", w.home)
		f.Derived("time_zone", zone(o.TimeZone))
		moment(f, "updated_at", w.s.At)
	})
}

// zone writes UTC as Statuspage does.
func zone(name string) string {
	if name == "UTC" {
		return "Etc/UTC"
	}
	return name
}

func (w *writer) status(f *wire.Fields) {
	indicator, words := status.RollUp(w.s.Services)
	object(f, "status", func(f *wire.Fields) {
		f.Derived("indicator", string(indicator))
		f.Derived("description", words)
	})
}

// component is a service, or a group of them.
type component struct {
	svc      *status.Service // nil for a group
	name     string
	children []*status.Service
	position int64 // from 1, among its siblings
}

func (w *writer) components(f *wire.Fields) {
	wire.List(f, "components", &w.all, w.component)
}

// tree lists groups and services as they stand on the page, each group before its members.
func tree(services []status.Service) []component {
	var out []component
	members := map[string][]*status.Service{}
	for i := range services {
		if g := services[i].Group; g != "" {
			members[g] = append(members[g], &services[i])
		}
	}
	var top int64
	seen := map[string]bool{}
	for i := range services {
		svc := &services[i]
		if seen[svc.Group] {
			continue
		}
		top++
		if svc.Group == "" {
			out = append(out, component{svc: svc, position: top})
			continue
		}
		seen[svc.Group] = true
		out = append(out, component{name: svc.Group, children: members[svc.Group], position: top})
		for k, child := range members[svc.Group] {
			out = append(out, component{svc: child, position: int64(k + 1)})
		}
	}
	return out
}

func (w *writer) component(c *component, f *wire.Fields) {
	if c.svc == nil {
		w.group(c, f)
		return
	}
	s := c.svc
	f.Derived("id", w.ids[s.ID])
	f.Derived("name", s.Name)
	f.Derived("status", string(s.Status))
	moment(f, "created_at", s.CreatedAt)
	moment(f, "updated_at", s.UpdatedAt)
	f.Int("position", &c.position)
	text(f, "description", w.described(s))
	yes(f, "showcase", true)
	f.Derived("start_date", wire.Date(s.Born().DayNumber()))
	group := ""
	if s.Group != "" {
		group = w.ids[groupKey(w.s, s.Group)]
	}
	text(f, "group_id", group)
	f.Derived("page_id", w.ids[w.s.Org.ID])
	yes(f, "group", false)
	yes(f, "only_show_if_degraded", false)
}

// briefly is how many bytes a description has for which there is no room.
const briefly = 120

// described is a service's description: whole, then in brief, then not at all, as there is room for it.
func (w *writer) described(s *status.Service) string {
	words := s.Description
	switch {
	case w.left < -serve.MaxJSON/4:
		return ""
	case len(words) > w.left:
		words = serve.Brief(words, briefly)
		w.left = min(w.left, 0)
	}
	w.left -= len(words)
	return words
}

// group is as old as its oldest member, as new as its newest, and as bad as its worst.
func (w *writer) group(c *component, f *wire.Fields) {
	worst, born, changed := status.Operational, c.children[0].CreatedAt, c.children[0].UpdatedAt
	var ids []string
	for _, s := range c.children {
		worst = status.Worse(worst, s.Status)
		born, changed = min(born, s.CreatedAt), max(changed, s.UpdatedAt)
		ids = append(ids, w.ids[s.ID])
	}
	f.Derived("id", w.ids[groupKey(w.s, c.name)])
	f.Derived("name", c.name)
	f.Derived("status", string(worst))
	moment(f, "created_at", born)
	moment(f, "updated_at", changed)
	f.Int("position", &c.position)
	null(f, "description")
	yes(f, "showcase", false)
	null(f, "start_date")
	null(f, "group_id")
	f.Derived("page_id", w.ids[w.s.Org.ID])
	yes(f, "group", true)
	yes(f, "only_show_if_degraded", false)
	f.Strings("components", &ids)
}

func (w *writer) incidents(f *wire.Fields, which func(*status.Incident) bool) {
	var found []status.Incident
	for _, in := range serve.Incidents(w.s.Incidents) { // none that is active is cut
		if which(&in) && len(found) < most {
			found = append(found, in)
		}
	}
	slices.SortStableFunc(found, func(a, b status.Incident) int { // the order of Statuspage
		return cmp.Or(cmp.Compare(b.CreatedAt, a.CreatedAt), cmp.Compare(b.ID, a.ID))
	})
	w.room = serve.NewRoom(serve.MaxJSON, len(found))
	wire.List(f, "incidents", &found, func(in *status.Incident, f *wire.Fields) { w.entry(w.fromIncident(in), f) })
}

func (w *writer) maintenances(f *wire.Fields, which func(*status.Maintenance) bool) {
	var found []status.Maintenance
	for _, m := range serve.Maintenances(w.s.Maintenances) {
		if which(&m) && len(found) < most {
			found = append(found, m)
		}
	}
	w.room = serve.NewRoom(serve.MaxJSON, len(found))
	wire.List(f, "scheduled_maintenances", &found, func(m *status.Maintenance, f *wire.Fields) {
		w.entry(w.fromMaintenance(m), f)
		moment(f, "scheduled_for", m.ScheduledFor)
		moment(f, "scheduled_until", m.ScheduledUntil)
	})
}

func (w *writer) entry(e *entry, f *wire.Fields) {
	f.Derived("id", w.ids[e.id])
	f.Derived("name", e.name)
	f.Derived("status", e.status)
	moment(f, "created_at", e.created)
	moment(f, "updated_at", e.updated)
	maybe(f, "monitoring_at", e.monitoring)
	maybe(f, "resolved_at", e.resolved)
	f.Derived("impact", e.impact)
	f.Derived("shortlink", w.home+"/incidents/"+e.id)
	moment(f, "started_at", e.started)
	f.Derived("page_id", w.ids[w.s.Org.ID])
	wire.List(f, "incident_updates", &e.updates, func(u *update, f *wire.Fields) { w.update(e, u, f) })
	wire.List(f, "components", &e.components, w.component)
	null(f, "reminder_intervals")
}

func (w *writer) update(e *entry, u *update, f *wire.Fields) {
	f.Derived("id", w.ids[u.id])
	f.Derived("status", u.status)
	f.Derived("body", u.body)
	f.Derived("incident_id", w.ids[e.id])
	moment(f, "created_at", u.created)
	moment(f, "updated_at", u.updated)
	moment(f, "display_at", u.created)
	if len(u.affected) == 0 {
		null(f, "affected_components")
	} else {
		wire.List(f, "affected_components", &u.affected, func(a *status.Affected, f *wire.Fields) {
			f.Derived("code", w.ids[a.ID])
			f.Derived("name", a.Name)
			f.Derived("old_status", string(a.From))
			f.Derived("new_status", string(a.To))
		})
	}
	yes(f, "deliver_notifications", true)
	null(f, "custom_tweet")
	null(f, "tweet_id")
}

// moment is RFC 3339 in UTC, with milliseconds always.
func moment(f *wire.Fields, key string, t status.Time) {
	s := t.String()
	if len(s) == len("2006-01-02T15:04:05Z") {
		s = s[:len(s)-1] + ".000Z"
	}
	f.Derived(key, s)
}

func maybe(f *wire.Fields, key string, t *status.Time) {
	if t == nil {
		null(f, key)
		return
	}
	moment(f, key, *t)
}

// text writes what is empty as null.
func text(f *wire.Fields, key, s string) {
	if s == "" {
		null(f, key)
		return
	}
	f.Derived(key, s)
}

func null(f *wire.Fields, key string) { f.Raw(key, []byte("null")) }

func yes(f *wire.Fields, key string, b bool) { f.Bool(key, &b) }

func object(f *wire.Fields, key string, write func(*wire.Fields)) {
	wire.One(f, key, &write, func(w *func(*wire.Fields), f *wire.Fields) { (*w)(f) })
}
